"""exiftool as an optional reader: what it adds, what it may not do, and what becomes of its failures."""

import errno
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.media import make, stub_exiftool
from verification import sandbox
from verification.sandbox import decode, end_child


@pytest.fixture(autouse=True)
def fresh_child():
    end_child()
    yield
    end_child()


@pytest.fixture
def stub(tmp_path):
    """An exiftool that does as it is told with each file."""

    return lambda act: stub_exiftool.make(tmp_path / "exiftool", act)


@pytest.fixture
def photo(tmp_path):
    return make.exif_jpeg(tmp_path / "photo.jpg", dates={0x9003: "2022:10:04 14:07:00"}, make="Demo")


def read(path, exiftool):
    return decode(path, media_type="image/jpeg", exiftool=exiftool)


def failures(facts):
    return [(error.part, error.detail) for error in facts.errors if error.reader == "exiftool"]


def child():
    return sandbox._kept.child._process.pid


def helpers():
    pid = child()
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pid):
    deadline = time.monotonic() + 10
    while is_running(pid):
        assert time.monotonic() < deadline, "it outlived its child"
        time.sleep(0.01)


@pytest.mark.skipif(not shutil.which("exiftool"), reason="exiftool is not on the PATH")
class TestTheRealOne:
    program = Path(shutil.which("exiftool") or "exiftool")

    @pytest.fixture
    def marked(self, photo):
        """A photo with the lens's serial number where only exiftool looks for it."""
        subprocess.run(
            [self.program, "-q", "-overwrite_original", "-XMP-aux:LensSerialNumber=00123", photo], check=True
        )
        return photo

    def test_it_adds_what_ours_do_not_read_and_says_so(self, marked):
        facts = read(marked, self.program)
        assert (facts.device.lens_serial, facts.device.lens_serial_reader) == ("00123", "exiftool")
        assert facts.read_by("exiftool").startswith("exiftool 1")
        assert failures(facts) == []
        assert (facts.device.make, facts.dates[0].reader) == ("Demo", "exifread")

    def test_without_it_nothing_is_said_of_it(self, marked):
        facts = read(marked, None)
        assert facts.device.lens_serial is None
        assert "exiftool" not in facts.readers
        assert helpers() == []

    def test_one_serves_all_files_of_a_child_and_those_that_ask_for_none(self, marked):
        read(marked, self.program)
        first = (child(), helpers())
        assert len(first[1]) == 1
        assert "exiftool" not in read(marked, None).readers
        assert read(marked, self.program).device.lens_serial == "00123"
        assert (child(), helpers()) == first

    @pytest.mark.parametrize("ending", ["of ours", "by the kernel"])
    def test_it_ends_with_its_child(self, marked, ending):
        read(marked, self.program)
        (pid,) = helpers()
        assert is_running(pid)
        if ending == "of ours":
            end_child()
        else:
            os.kill(child(), signal.SIGKILL)
        wait_until_gone(pid)

    def test_no_name_of_a_file_is_an_option(self, marked, tmp_path, monkeypatch):
        hostile = tmp_path / "-execute\n-o=x.jpg"
        shutil.copy(marked, hostile)
        monkeypatch.chdir(tmp_path)
        assert read(Path(hostile.name), self.program).device.lens_serial == "00123"

    def test_what_it_cannot_read_is_its_failure_alone(self, tmp_path):
        body = make.exif_jpeg(tmp_path / "x.jpg").read_bytes()
        (tmp_path / "x.jpg").write_bytes(body[:2] + b"\xff" * 2 + body[2:])
        facts = read(tmp_path / "x.jpg", self.program)
        assert facts.width


def test_it_is_asked_for_by_number_and_without_a_configuration(stub, photo):
    facts = read(photo, stub("found(SerialNumber=argument, LensID=' '.join(arguments[:6]))"))
    assert facts.device.serial == f"/proc/{child()}/fd/10"
    assert facts.device.lens == "-config  -stay_open True -@ -"
    assert facts.readers["exiftool"] == "0.01"


def test_it_may_open_no_socket_and_start_no_process(stub, photo):
    act = """
    tried = []
    for attempt in (socket.socket, os.fork, lambda: os.posix_spawn("/bin/true", ["true"], {}),
                    lambda: os.write(os.open(sys.argv[0] + ".written", os.O_CREAT | os.O_WRONLY), b"x")):
        try:
            attempt()
        except OSError as error:
            tried.append(str(error.errno))
        else:
            tried.append("could")
    found(SerialNumber=" ".join(tried))
    """.strip()
    facts = read(photo, stub(act))
    assert failures(facts) == []
    assert facts.device.serial == f"{errno.EPERM} {errno.EPERM} {errno.EPERM} {errno.EFBIG}"


@pytest.mark.parametrize(
    ("act", "detail"),
    [
        ("sys.exit(1)", "it ended without an answer"),
        ("say('no JSON\\n')", "it said what is no answer"),
        ("say('[1, 2]\\n')", "it said what is no answer"),
        ("say('[[]]\\n')", "it said what is no answer"),
        ("say('[' * 100000 + '\\n')", "it said what is no answer"),
        ("say('x' * 2_000_000 + '\\n')", "it said more than it may"),
        ("say('')", "it could not open the file"),
        ('say(\'[{"ExifTool:Error": "File format error"}]\\n\')', "File format error"),
        ("time.sleep(60)", "it took longer than 5 s"),
    ],
)
def test_its_failure_is_recorded_and_is_no_other_readers(stub, photo, act, detail):
    facts = read(photo, stub(act))
    ((part, said),) = failures(facts)
    assert part == "maker notes"
    assert detail in said
    assert facts.width
    assert facts.dates[0].value == "2022:10:04 14:07:00"
    assert len(facts.errors) == 1
    assert read(photo, None).errors == ()


def test_a_program_that_cannot_be_started_fails_with_every_file(photo, tmp_path):
    for _ in range(2):
        assert ["could not be started" in said for _, said in failures(read(photo, tmp_path / "gone"))] == [
            True
        ]


def test_a_file_does_not_pay_for_what_one_before_it_did(stub, photo):
    act = """
    count = globals().get("count", 0) + 1
    if count == 3:
        sys.exit(1)
    found(SerialNumber=f"file {count} of this exiftool")
    """.strip()
    program = stub(act)
    serials = [read(photo, program).device.serial for _ in range(5)]
    assert serials == [f"file {number} of this exiftool" for number in (1, 2, 1, 2, 1)]


def test_a_serial_number_that_our_own_readers_read_stays(stub, tmp_path):
    photo = make.exif_jpeg(tmp_path / "photo.jpg", dates={0xA431: "4711"})
    device = read(photo, stub("found(SerialNumber='815', LensSerialNumber='7')")).device
    assert (device.serial, device.serial_reader) == ("4711", "exifread")
    assert (device.lens_serial, device.lens_serial_reader) == ("7", "exiftool")
