"""The child that is kept between files: what it is kept through, and what ends it."""

import os
import signal
import sys
import threading
import time

import pytest

from tests.media import make
from verification import decoder_child, sandbox
from verification.sandbox import DecodeFailed, DecodeLimits, decode, end_child


@pytest.fixture(autouse=True)
def _no_child_of_others():
    end_child()
    yield
    end_child()


@pytest.fixture
def photo(tmp_path):
    return make.photo(tmp_path / "photo.jpg")


def child_now():
    """The process id of this thread's child; None where there is none."""
    child = sandbox._kept.child
    return child and child._process.pid


def read(path, media_type="image/jpeg", **limits):
    """How the file ended: "facts" or the failure's code."""
    try:
        decode(path, media_type=media_type, limits=DecodeLimits(**limits))
    except DecodeFailed as failed:
        return failed.code
    return "facts"


def gone(pid):
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def when(monkeypatch):
    """Makes every child run these lines at the files for which a condition on `request` and `serial` holds."""

    def choose(condition, lines):
        program = f"""
from verification.decoding import __main__ as child
usual = child.answer
serial = 0
def answer(request):
    global serial
    serial += 1
    if {condition}:
        {lines}
    return usual(request)
child.answer = answer
child.main()
"""
        monkeypatch.setattr(decoder_child, "COMMAND", [sys.executable, "-s", "-B", "-c", program])

    return choose


def test_the_next_file_finds_the_same_child(photo, tmp_path):
    assert read(photo) == "facts"
    first = child_now()
    assert read(make.photo(tmp_path / "x.png", form="PNG"), "image/png") == "facts"
    assert child_now() == first is not None


def test_a_child_is_replaced_after_so_many_files(photo, monkeypatch):
    monkeypatch.setattr(sandbox, "FILES_PER_CHILD", 3)
    seen = []
    for _ in range(7):
        assert read(photo) == "facts"
        seen.append(child_now())
    assert [pid is None for pid in seen] == [False, False, True] * 2 + [False]
    assert len({*seen} - {None}) == 3


def test_a_refusal_is_an_answer_and_ends_nothing(photo, tmp_path):
    read(photo)
    first = child_now()
    assert read(make.png_bomb(tmp_path / "x.png", 60_000, 60_000), "image/png") == "too_many_pixels"
    assert read(photo, "video/mp4") == "undecodable"
    assert child_now() == first


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ("import os; os.abort()", "decode_crashed"),
        ("import os; os._exit(0)", "decode_crashed"),
        ("return {'facts': {}}", "decode_crashed"),
        ("return {'failed': 'decode_memory'}", "decode_memory"),
        ("while True: pass", "decode_timeout"),
        ("import time; time.sleep(60)", "decode_timeout"),
    ],
)
def test_a_failure_is_that_files_alone(photo, tmp_path, when, lines, code):
    when("request['media_type'] == 'image/png'", lines)
    poison = make.photo(tmp_path / "poison.png", form="PNG")
    limits = {"cpu_seconds": 1, "wall_seconds": 4.0}
    for _ in range(2):
        assert read(photo, **limits) == "facts"
        before = child_now()
        assert read(poison, "image/png", **limits) == code
        assert child_now() is None
        assert gone(before)
    assert read(photo, **limits) == "facts"


@pytest.mark.parametrize(
    "lines", ["import os; os.abort()", "return {'failed': 'decode_memory'}", "return {'unreachable': True}"]
)
def test_what_earlier_files_spoilt_is_not_held_against_a_file(photo, when, lines):
    when("serial > 1", lines)
    for _ in range(4):
        assert read(photo) == "facts"


def test_a_child_that_was_killed_between_files_is_not_missed(photo):
    read(photo)
    os.kill(child_now(), signal.SIGKILL)
    assert read(photo) == "facts"


def test_a_late_answer_is_not_taken_for_the_next_files(photo, tmp_path, when):
    """A child that answers twice would be one file behind ever after."""
    twice = (
        "real = child.Pipe.send; child.Pipe.send = lambda pipe, said: (real(pipe, said), real(pipe, said))"
    )
    when("serial == 1 and request['media_type'] == 'image/jpeg'", twice)
    wide = make.photo(tmp_path / "x.png", form="PNG", size=(99, 11))
    assert decode(photo, media_type="image/jpeg").width == 32
    assert decode(wide, media_type="image/png").width == 99


def test_other_limits_want_another_child(photo):
    read(photo)
    first = child_now()
    assert read(photo, memory_bytes=900 * 1024**2) == "facts"
    assert child_now() != first
    assert gone(first)


def test_the_processor_limit_is_for_each_file_alone(photo, when):
    when(
        "True", "import time; end = time.process_time() + 0.7\n        while time.process_time() < end: pass"
    )
    first = None
    for _ in range(6):
        assert read(photo, cpu_seconds=2) == "facts"
        first = first or child_now()
    assert child_now() == first


def test_an_interrupted_reading_leaves_no_answer_for_the_next(photo, monkeypatch):
    read(photo)
    first = child_now()

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(decoder_child.DecoderChild, "_read", interrupt)
        with pytest.raises(KeyboardInterrupt):
            decode(photo, media_type="image/jpeg")
    assert child_now() is None
    assert gone(first)


def test_a_thread_has_a_child_of_its_own_that_ends_with_it(photo):
    read(photo)
    ours, theirs = child_now(), []

    def work():
        theirs.extend([read(photo), child_now()])

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert theirs[0] == "facts"
    assert theirs[1] != ours
    assert gone(theirs[1])
    assert read(photo) == "facts"
    assert child_now() == ours


def test_a_forked_process_starts_its_own_child_and_leaves_ours(photo):
    read(photo)
    ours = child_now()
    forked = os.fork()
    if not forked:
        said = 1
        try:
            said = 0 if read(photo) == "facts" and child_now() not in (None, ours) else 2
            end_child()
        finally:
            os._exit(said)
    assert os.waitpid(forked, 0)[1] == 0
    assert read(photo) == "facts"
    assert child_now() == ours


def test_a_warm_child_says_what_a_fresh_one_says(tmp_path):
    files = [
        (make.exif_jpeg(tmp_path / "a", dates={0x9003: "2022:10:04 14:07:00"}, make="Demo"), "image/jpeg"),
        (make.tagged_video(tmp_path / "b", {"location": "+50.4501+030.5234/"}), "video/mp4"),
        (make.tagged_video(tmp_path / "c", {}, form="matroska"), "video/x-matroska"),
        (make.photo(tmp_path / "d", form="TIFF"), "image/tiff"),
        (make.photo(tmp_path / "e", form="AVIF"), "image/avif"),
    ]
    files += [
        (make.truncated(tmp_path / f"{path.name}-cut", path, 0.9), media_type) for path, media_type in files
    ]

    def said(path, media_type):
        try:
            return decode(path, media_type=media_type)
        except DecodeFailed as failed:
            return failed.code, failed.detail

    fresh = []
    for file in files:
        end_child()
        fresh.append(said(*file))
    for _ in range(3):
        assert [said(*file) for file in files] == fresh
