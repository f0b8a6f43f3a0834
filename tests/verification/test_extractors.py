"""An extractor is a program of others: off unless named, in a child under limits, and its answer is outside bytes."""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from claims import extractors
from claims.extractors import ExtractorFailed
from claims.extractors.yt_dlp import YtDlp
from claims.models import Capture, MediaItem
from config import system_checks
from tests.conftest import Caller, file_claim
from tests.media import mutants
from tests.stack import MediaHost
from verification.services import work

FILM = next(sample.body for sample in mutants.samples() if sample.name == "mp4-tagged")
PLAYER = b'<!doctype html><title>A post</title><meta name="twitter:player" content="/player">'

Install = Callable[[str], Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a program in yt-dlp's place whose body is given in Python; gives the file it may leave notes in."""
    folder, notes = tmp_path / "bin", tmp_path / "notes"
    folder.mkdir()

    def made(body: str) -> Path:
        program = folder / "yt-dlp"
        program.write_text(
            f"#!{sys.executable} -S\nimport json, os, sys, time\nNOTES = {str(notes)!r}\n{body}\n"
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        return notes

    return made


def answering(said: Any) -> str:
    return f"sys.stdout.write({json.dumps(said)!r})"


def extract() -> extractors.Extracted:
    return YtDlp(proxy="").extract("https://social.example/post/1")


def test_what_it_names_is_taken_the_best_first(install: Install) -> None:
    whole = {"vcodec": "h264", "acodec": "aac", "protocol": "https"}
    install(answering({
        "_version": {"version": "2026.01.01"},
        "timestamp": 1664870400,
        "formats": [
            {**whole, "url": "https://cdn.example/360.mp4", "height": 360},
            {**whole, "url": "https://cdn.example/720.mp4", "height": 720},
            {**whole, "url": "https://cdn.example/list.m3u8", "height": 1080, "protocol": "m3u8_native"},
            {"url": "https://cdn.example/silent.mp4", "vcodec": "h264", "acodec": "none", "height": 2160},
            {**whole, "url": "file:///etc/passwd", "height": 4000},
        ],
    }))  # fmt: skip
    found = extract()
    assert [one.url for one in found.candidates] == [
        "https://cdn.example/720.mp4",
        "https://cdn.example/360.mp4",
    ]
    assert found.posted_at is not None
    assert found.posted_at.isoformat() == "2022-10-04T08:00:00+00:00"
    assert found.by == "yt-dlp 2026.01.01, which fetched by itself, past the guarded opener"


def test_it_runs_under_limits_with_nothing_of_ours(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "of ours")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    notes = install(
        "import resource\n"
        "names = ('RLIMIT_CPU', 'RLIMIT_FSIZE', 'RLIMIT_NOFILE', 'RLIMIT_CORE')\n"
        "limits = {name: resource.getrlimit(getattr(resource, name)) for name in names}\n"
        "open(NOTES, 'w').write(json.dumps([dict(os.environ), sys.argv[1:], os.getcwd(), limits]))\n"
        "sys.stdout.write('{}')"
    )
    YtDlp(proxy="http://way.example:3128").extract("https://social.example/--exec")
    environment, arguments, folder, limits = json.loads(notes.read_text())
    assert set(environment) - {"LC_CTYPE"} == {"LC_ALL", "TZ", "HOME", "PATH"}
    assert folder == environment["HOME"]
    assert not Path(folder).exists()
    assert arguments[-4:] == ["--proxy", "http://way.example:3128", "--", "https://social.example/--exec"]
    assert "--ignore-config" in arguments
    assert limits == {
        "RLIMIT_CPU": [30, 30],
        "RLIMIT_FSIZE": [4194304] * 2,
        "RLIMIT_NOFILE": [64] * 2,
        "RLIMIT_CORE": [0, 0],
    }


HOSTILE = {
    "nothing": "",
    "garbage": "sys.stdout.buffer.write(bytes(range(256)) * 100)",
    "an-error": "sys.exit(1)",
    "no-object": "sys.stdout.write('[1, 2]')",
    "no-entry": "sys.stdout.write(json.dumps({'entries': ['x']}))",
    "deep": "sys.stdout.write('[' * 200000)",
    "huge": "sys.stdout.write('\"' + 'x' * 50_000_000 + '\"')",
    "memory": "x = bytearray(3 * 1024**3); sys.stdout.write('{}')",
    "killed": "os.kill(os.getpid(), 9)",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_an_answer_that_makes_no_sense_is_none(install: Install, body: str) -> None:
    install(body)
    with pytest.raises(ExtractorFailed):
        extract()


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"url": 5, "formats": 5, "timestamp": "now", "_version": 5},
        {
            "formats": [
                5,
                None,
                [],
                {"url": []},
                {"vcodec": [], "acodec": {}, "protocol": [], "url": "https://x.example/"},
            ]
        },
        {"url": "https://" + "x" * 5000},
        {"url": "javascript:alert(1)", "timestamp": 1e300},
        {"timestamp": -1e18, "_version": {"version": "9" * 500}},
    ],
)
def test_odd_fields_are_passed_over(install: Install, said: Any) -> None:
    install(answering(said))
    found = extract()
    assert (found.candidates, found.posted_at) == ((), None)
    assert found.by.startswith("yt-dlp, ")


def test_one_that_hangs_is_ended_with_all_that_it_started(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = install("child = os.fork()\nif child:\n    open(NOTES, 'w').write(str(child))\ntime.sleep(600)")
    monkeypatch.setattr(extractors, "EXTRACTING_SECONDS", 2.0)
    with pytest.raises(ExtractorFailed, match="longer than it may"):
        extract()
    assert is_gone(int(notes.read_text()))


def is_gone(process: int) -> bool:
    """Whether a killed process ended within a while; one that nobody has reaped yet has."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
    return False


# --- within a capture ------------------------------------------------------------------------------------------


@pytest.fixture
def host(settings: Any) -> Iterator[MediaHost]:
    with MediaHost() as host:
        settings.FETCH_ALLOW = [host.authority]
        yield host


def captured(checker: Caller, url: str) -> MediaItem:
    item = MediaItem.objects.get(pk=file_claim(checker, media=[{"url": url}])["media"][0]["id"])
    while work.reconcile():
        pass
    item.refresh_from_db()
    return item


@pytest.mark.django_db
def test_it_is_off_unless_named(checker: Caller, host: MediaHost, install: Install) -> None:
    notes = install("open(NOTES, 'w').write('asked')")
    item = captured(checker, host.serve("/post", PLAYER))
    assert (item.state, item.failure["code"]) == ("failed", "page_player_only")
    assert not notes.exists()
    assert "extractor" not in Capture.objects.get(media=item).versions


@pytest.mark.django_db
def test_what_it_finds_is_fetched_by_the_guarded_opener_and_the_log_says_how(
    checker: Caller, host: MediaHost, install: Install, settings: Any
) -> None:
    settings.EXTRACTORS = ["yt-dlp"]
    url = host.serve("/cdn/film.mp4", FILM)
    install(answering({"url": url, "timestamp": 1664870400}))
    item = captured(checker, host.serve("/post", PLAYER))
    log = Capture.objects.get(media=item)
    assert (item.state, log.found_url, log.found_by) == ("captured", url, "yt-dlp")
    assert "by itself, past the guarded opener" in log.versions["extractor"]
    assert [hop["url"] for hop in log.hops][-1] == url
    assert item.posted_at is not None
    assert (item.posted_at.isoformat(), item.posted_by_page) == (
        "2022-10-04T08:00:00+00:00",
        "an extractor's timestamp",
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/film.mp4",
        "http://169.254.169.254/latest",
        "http://[::1]/x",
        "http://localhost/x",
        "http://2130706433/x",
    ],
)
def test_it_leads_nobody_inside(
    checker: Caller, host: MediaHost, install: Install, settings: Any, url: str
) -> None:
    settings.EXTRACTORS = ["yt-dlp"]
    install(answering({"url": url}))
    item = captured(checker, host.serve("/post", PLAYER))
    assert item.state == "failed"
    log = Capture.objects.get(media=item)
    assert {hop["url"] for hop in log.hops} == {f"http://{host.authority}/post"}
    assert "extractor" in log.versions


@pytest.mark.django_db
def test_one_that_fails_changes_nothing(
    checker: Caller, host: MediaHost, install: Install, settings: Any
) -> None:
    settings.EXTRACTORS = ["yt-dlp"]
    install("sys.exit(1)")
    item = captured(checker, host.serve("/post", PLAYER))
    assert (item.state, item.failure["code"]) == ("failed", "page_player_only")


def test_one_that_is_not_known_or_not_installed_is_refused(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert system_checks.known_extractors(None) == []
    monkeypatch.setattr(YtDlp, "_program", staticmethod(lambda: None))
    for named in (["yt-dlp"], ["gallery-dl"]):
        settings.EXTRACTORS = named
        (found,) = system_checks.known_extractors(None)
        assert (found.id, bool(found.hint)) == ("stet.E008", True)
