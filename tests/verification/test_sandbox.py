import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.media import make
from verification import decoder_child, sandbox
from verification.domain.decoded import Decoded
from verification.sandbox import DecodeFailed, DecodeLimits, decode, end_child

ROOT = Path(sandbox.__file__).parents[1]


def failure(path, media_type, **limits):
    with pytest.raises(DecodeFailed) as caught:
        decode(path, media_type=media_type, limits=DecodeLimits(**limits))
    return caught.value


@pytest.fixture
def misbehave(monkeypatch):
    """Makes the child put on its limits as ever, and then run these lines instead of reading the file.

    They know `request`, and answer with `say`.
    """

    def choose(lines):
        program = (
            "from verification.decoding.__main__ import prepare\n"
            "pipe = prepare()\n"
            "request = pipe.receive()\n"
            'say = lambda **answer: pipe.send({"serial": request["serial"], **answer})\n'
            f"{lines}"
        )
        end_child()
        monkeypatch.setattr(decoder_child, "COMMAND", [sys.executable, "-s", "-B", "-c", program])

    yield choose
    end_child()


@pytest.fixture
def photo(tmp_path):
    return make.photo(tmp_path / "photo.jpg")


def gone(pid, within=5.0):
    end = time.monotonic() + within
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_photo_is_read(tmp_path):
    path = make.exif_jpeg(
        tmp_path / "x.jpg", dates={0x9003: "2022:10:04 14:07:00"}, gps=make.gps_tags(*make.KYIV), make="Demo"
    )
    facts = decode(path, media_type="image/jpeg")
    assert (facts.width, facts.height, facts.device.make) == (32, 24, "Demo")
    assert [(date.field, date.value, date.offset) for date in facts.dates] == [
        ("DateTimeOriginal", "2022:10:04 14:07:00", None)
    ]
    assert (round(facts.gps.latitude, 2), round(facts.gps.longitude, 2)) == (50.46, 30.52)
    assert facts.errors == ()
    assert set(facts.readers) == {"exifread", "pillow"}


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("AVIF", "image/avif"),
        ("GIF", "image/gif"),
        ("TIFF", "image/tiff"),
    ],
)
def test_every_kind_of_picture_is_read(tmp_path, form, media_type):
    facts = decode(make.photo(tmp_path / "x", form=form), media_type=media_type)
    assert (facts.width, facts.height, facts.keyframes_decoded, facts.errors) == (32, 24, 1, ())


def test_heic_is_read(tmp_path):
    pillow_heif = pytest.importorskip("pillow_heif")
    image = pillow_heif.from_bytes("RGB", (64, 48), b"\x40" * (64 * 48 * 3))
    try:
        image.save(tmp_path / "x.heic")
    except (RuntimeError, ValueError, OSError) as error:
        pytest.skip(f"this build of pillow-heif does not write HEIC: {error}")
    facts = decode(tmp_path / "x.heic", media_type="image/heic")
    assert (facts.width, facts.height, facts.errors) == (64, 48, ())


def test_a_film_is_read(tmp_path):
    tags = {
        "creation_time": "2022-10-04T11:07:00Z",
        "com.apple.quicktime.creationdate": "2022-10-04T14:07:00+0300",
        "com.apple.quicktime.location.ISO6709": "+50.4501+030.5234+100.0/",
        "com.apple.quicktime.location.accuracy.horizontal": "12.5",
        "com.apple.quicktime.make": "Demo",
    }
    facts = decode(make.tagged_video(tmp_path / "x.mp4", tags), media_type="video/mp4")
    assert (facts.width, facts.height, facts.duration_seconds) == (64, 48, 1.0)
    assert [(date.field, date.offset, date.zone) for date in facts.dates] == [
        ("com.apple.quicktime.creationdate", "+03:00", "written"),
        ("creation_time", "+00:00", "format"),
    ]
    assert (facts.gps.latitude, facts.gps.longitude, facts.gps.uncertainty_m) == (50.4501, 30.5234, 12.5)
    assert facts.device.make == "Demo"
    assert facts.streams[0].codec == "mpeg4"
    assert facts.keyframes_decoded >= 1


@pytest.mark.parametrize(
    ("form", "media_type"),
    [("matroska", "video/x-matroska"), ("avi", "video/x-msvideo"), ("mov", "video/quicktime")],
)
def test_every_kind_of_container_is_read(tmp_path, form, media_type):
    facts = decode(make.tagged_video(tmp_path / "x", {}, form=form), media_type=media_type)
    assert (facts.width, facts.height, facts.errors) == (64, 48, ())


def test_a_movie_header_that_stands_at_zero_is_seen_as_unset(tmp_path):
    facts = decode(make.tagged_video(tmp_path / "x.mov", {}, form="mov"), media_type="video/quicktime")
    assert [(date.field, date.reader) for date in facts.dates] == [("creation_time", "boxes")]
    assert "QuickTime" in facts.dates[0].unset


def test_facts_survive_being_kept_as_json(tmp_path):
    facts = decode(
        make.tagged_video(tmp_path / "x.mp4", {"location": "+50.4501+030.5234/"}), media_type="video/mp4"
    )
    assert Decoded.from_json(json.loads(json.dumps(facts.as_json()))) == facts


def test_the_same_file_gives_the_same_facts(photo):
    assert decode(photo, media_type="image/jpeg") == decode(photo, media_type="image/jpeg")


def test_an_empty_file_is_undecodable(tmp_path):
    (tmp_path / "empty").touch()
    assert failure(tmp_path / "empty", "image/jpeg").code == "undecodable"


def test_a_pipe_in_place_of_a_file_does_not_hold_us_up(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert failure(tmp_path / "pipe", "image/jpeg").code == "undecodable"


def test_a_truncated_photo_keeps_what_could_be_read(tmp_path):
    whole = make.exif_jpeg(tmp_path / "whole.jpg", dates={0x9003: "2022:10:04 14:07:00"})
    facts = decode(make.truncated(tmp_path / "x.jpg", whole, 0.95), media_type="image/jpeg")
    assert facts.dates[0].at == "2022-10-04T14:07:00"
    assert [(error.reader, error.part) for error in facts.errors] == [("pillow", "pixels")]


def test_a_truncated_film_is_undecodable(tmp_path):
    whole = make.tagged_video(tmp_path / "whole.mp4", {})
    assert failure(make.truncated(tmp_path / "x.mp4", whole, 0.2), "video/mp4").code == "undecodable"


@pytest.mark.parametrize(
    ("form", "said"),
    [("PNG", "image/jpeg"), ("JPEG", "video/mp4"), ("JPEG", "image/heic"), ("GIF", "audio/mpeg")],
)
def test_a_file_that_is_not_what_it_is_said_to_be_is_undecodable(tmp_path, form, said):
    assert failure(make.photo(tmp_path / "x", form=form), said).code == "undecodable"


def test_a_type_without_a_reader_has_no_facts_and_no_failure(tmp_path):
    (tmp_path / "x.txt").write_bytes(b"Words.\n")
    facts = decode(tmp_path / "x.txt", media_type="text/plain")
    assert (facts.readers, facts.errors, facts.width) == ({}, (), None)


@pytest.mark.parametrize("side", [7_100, 60_000])
def test_a_picture_beyond_fifty_megapixels_is_refused_before_it_is_unpacked(tmp_path, side):
    failed = failure(make.png_bomb(tmp_path / "x.png", side, side), "image/png")
    assert (failed.code, failed.retriable) == ("too_many_pixels", False)


def test_a_list_of_files_is_not_followed(tmp_path):
    """An ffmpeg playlist under a film's name: the format is forced, so that nothing else is opened."""
    secret = tmp_path / "secret.mp4"
    make.tagged_video(secret, {"comment": "secret"})
    for body in (f"ffconcat version 1.0\nfile {secret}\n", f"#EXTM3U\n#EXTINF:1,\nfile://{secret}\n"):
        (tmp_path / "x.mp4").write_text(body)
        assert failure(tmp_path / "x.mp4", "video/mp4").code == "undecodable"


def test_the_child_never_learns_the_files_name(misbehave, tmp_path):
    path = make.photo(tmp_path / "named-by-the-user.jpg")
    misbehave("say(failed='undecodable', detail=repr(request))")
    assert "named-by-the-user" not in failure(path, "image/jpeg").detail


def test_the_child_gets_no_secrets(misbehave, photo, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "kept")
    misbehave("import os\nsay(failed='undecodable', detail=repr(dict(os.environ)))")
    assert "kept" not in failure(photo, "image/jpeg").detail


def test_the_wall_clock_stops_a_child_that_only_waits(misbehave, photo):
    misbehave("import time\ntime.sleep(60)")
    begun = time.monotonic()
    failed = failure(photo, "image/jpeg", wall_seconds=1.0)
    assert (failed.code, failed.retriable) == ("decode_timeout", False)
    assert time.monotonic() - begun < 3


def test_the_processor_limit_stops_a_child_that_never_ends(misbehave, photo):
    misbehave("while True: pass")
    begun = time.monotonic()
    assert failure(photo, "image/jpeg", cpu_seconds=1, wall_seconds=30).code == "decode_timeout"
    assert time.monotonic() - begun < 10


def test_a_child_that_answers_and_lingers_is_stopped(misbehave, photo):
    misbehave("import os, time\npipe._answers.close()\ntime.sleep(60)")
    assert failure(photo, "image/jpeg", wall_seconds=1.0).code == "decode_timeout"


def test_the_memory_limit_stops_a_hog(misbehave, photo):
    misbehave("try:\n    held = bytearray(2 * 1024**3)\nexcept MemoryError:\n    say(failed='decode_memory')")
    failed = failure(photo, "image/jpeg")
    assert (failed.code, failed.retriable) == ("decode_memory", False)


def test_a_decoder_that_runs_out_of_memory_says_so(tmp_path):
    path = make.png_bomb(tmp_path / "x.png", 7_000, 7_000)
    assert failure(path, "image/png", memory_bytes=160 * 1024**2).code == "decode_memory"


def test_the_child_can_write_no_file_and_open_few(misbehave, photo):
    lines = """
import json, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
said = {}
try:
    open('/tmp/stet-sandbox-wrote', 'wb', buffering=0).write(b'x')
    said['wrote'] = True
except OSError as error:
    said['wrote'] = False
held = []
try:
    while True:
        held.append(open('/dev/null'))
except OSError:
    said['opened'] = len(held)
say(failed='undecodable', detail=json.dumps(said))
"""
    misbehave(lines)
    said = json.loads(failure(photo, "image/jpeg").detail)
    Path("/tmp/stet-sandbox-wrote").unlink(missing_ok=True)
    assert said["wrote"] is False
    assert said["opened"] < 16


@pytest.mark.parametrize(
    "lines", ["import os\nos.abort()", "import os\nos.kill(os.getpid(), 11)", "raise SystemExit(3)"]
)
def test_a_crash_is_told_and_worth_another_try(misbehave, photo, lines):
    misbehave(lines)
    failed = failure(photo, "image/jpeg")
    assert (failed.code, failed.retriable) == ("decode_crashed", True)


FACTS = json.dumps(Decoded("image/jpeg").as_json())


@pytest.mark.parametrize(
    "said",
    [
        "",
        "not json",
        "[]",
        "{}",
        "[" * 100_000,
        '{"serial": 1}',
        '{"serial": 1, "failed": "invented"}',
        '{"serial": 1, "failed": ["undecodable"]}',
        '{"serial": 1, "failed": "undecodable", "detail": {}}',
        '{"serial": 1, "facts": {"media_type": "image/jpeg"}}',
        '{"serial": 1, "facts": []}',
        f'{{"serial": 1, "facts": {FACTS[:-1]}, "more": 1}}}}',
        f'{{"serial": 2, "facts": {FACTS}}}',
        f'{{"serial": 1, "facts": {FACTS.replace("null", "NaN", 1)}}}',
        f'{{"serial": 1, "facts": {FACTS.replace("image/jpeg", chr(92) + "u0000")}}}',
        f'{{"serial": 1, "facts": {FACTS.replace("image/jpeg", chr(92) + "ud800")}}}',
    ],
)
def test_an_answer_that_is_none_is_a_crash(misbehave, photo, said):
    lines = (
        f"body = {said!r}.encode()\n"
        "pipe._answers.write(len(body).to_bytes(4, 'big') + body)\n"
        "pipe._answers.flush()\n"
        "pipe.receive()"
    )
    misbehave(lines)
    assert failure(photo, "image/jpeg").code == "decode_crashed"


def test_text_that_only_looks_like_an_escaped_nul_is_kept(misbehave, photo):
    misbehave(f"say(facts={{**{Decoded('image/jpeg').as_json()!r}, 'tags': {{'a': r'\\u0000'}}}})")
    assert decode(photo, media_type="image/jpeg").tags == {"a": r"\u0000"}


def test_a_library_that_prints_does_not_speak_for_the_child(misbehave, photo):
    misbehave(f"import os\nos.write(1, b'x' * 4096)\nsay(facts={Decoded('image/jpeg').as_json()!r})")
    assert decode(photo, media_type="image/jpeg") == Decoded("image/jpeg")


def test_a_flood_of_words_is_cut_off(misbehave, photo):
    misbehave("while True: pipe._answers.write(b'x' * 65536)")
    assert failure(photo, "image/jpeg").code == "decode_crashed"


def test_what_the_child_started_ends_with_it(misbehave, photo, tmp_path):
    misbehave(
        "import os, time\nstarted = os.fork()\n"
        "say(failed='undecodable', detail=str(started)) if started else time.sleep(60)\n"
        "time.sleep(60)"
    )
    started = int(failure(photo, "image/jpeg").detail)
    assert not gone(started, within=0.1)
    end_child()
    assert gone(started)


@pytest.mark.skipif(sys.platform != "linux", reason="seccomp is Linux's")
@pytest.mark.parametrize(
    "lines",
    [
        "import socket\nsocket.socket()",
        "import socket\nsocket.socketpair()",
        "import os\nos.execv('/bin/true', ['true'])",
        "import subprocess\nsubprocess.run(['/bin/true'])",
        "import ctypes, os\nif ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0): raise PermissionError",
    ],
)
def test_the_child_reaches_no_network_and_no_other_program(misbehave, photo, lines):
    indented = lines.replace("\n", "\n    ")
    misbehave(
        f"try:\n    {indented}\nexcept PermissionError:\n    say(failed='undecodable', detail='refused')"
    )
    assert failure(photo, "image/jpeg").detail == "refused"


def test_the_child_dies_with_its_parent(photo):
    program = f"""
import sys
from pathlib import Path
from verification import decoder_child, sandbox
lines = "from verification.decoding.__main__ import prepare; prepare(); import os, sys, time; "
lines += "sys.stderr.write(str(os.getpid()) + chr(10)); sys.stderr.flush(); time.sleep(60)"
decoder_child.COMMAND = [sys.executable, "-s", "-B", "-c", lines]
decoder_child.subprocess.DEVNULL = None
sandbox.decode(Path({str(photo)!r}), media_type="image/jpeg")
"""
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    with parent.stderr:
        child = int(parent.stderr.readline())
        assert not gone(child, within=0.1)
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
        assert gone(child)


def test_the_engines_start_without_django_or_sockets():
    program = (
        "import sys\n"
        "import verification.sandbox, verification.decoding.reading\n"
        "import verification.checks.registry as registry\n"
        "import verification.inference.dates, verification.inference.locations\n"
        "registry.all_checks()\n"
        "print([name for name in ('django', 'socket', 'ssl', 'celery') if name in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[]"


def test_the_childs_start_loads_no_decoder():
    program = (
        "import sys, verification.decoding.__main__\n"
        "print([name for name in ('PIL', 'av', 'exifread', 'numpy') if name in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[]"
