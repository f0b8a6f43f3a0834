"""Fetching again: what is the same costs little and says so; what changed is kept beside, and never over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import TestCase

from claims.media import archive
from claims.models import Capture, MediaItem
from config.demo_media import make_photo
from tests.conftest import Caller, file_claim
from verification.models import Job
from verification.services import audit, work

pytestmark = [pytest.mark.django_db, pytest.mark.database]


class Source:
    """A server that knows its marks: it gives `body`, or 304 to who names the mark that it has now."""

    def __init__(self) -> None:
        self.body = b""
        self.etag = ""
        self.modified = ""
        self.elsewhere = ""
        self.insists = False
        self.status = 200
        self.asked: list[dict[str, str]] = []
        source = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                source.asked.append({name.lower(): value for name, value in self.headers.items()})
                if source.elsewhere and self.path == "/film":
                    self.send_response(302)
                    self.send_header("Location", source.elsewhere)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                named = (self.headers["If-None-Match"], self.headers["If-Modified-Since"])
                same = source.insists or any(
                    mark and mark in named for mark in (source.etag, source.modified)
                )
                self.send_response(304 if same else source.status)
                for name, value in (("ETag", source.etag), ("Last-Modified", source.modified)):
                    if value:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(0 if same else len(source.body)))
                self.end_headers()
                if not same:
                    self.wfile.write(source.body)

            def log_message(self, *_: Any) -> None:
                """The tests look at what was asked."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.authority = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.authority}/film"


@contextmanager
def serving(settings: Any) -> Iterator[Source]:
    """A source on loopback that the opener may fetch from."""
    source = Source()
    settings.FETCH_ALLOW = [source.authority]
    thread = threading.Thread(target=source.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield source
    source.server.shutdown()
    thread.join()
    source.server.server_close()


@pytest.fixture
def source(settings: Any) -> Iterator[Source]:
    with serving(settings) as source:
        yield source


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("photos")
    return [
        make_photo(folder / f"{number}.jpg", lines=[f"Photo {number}"], seed=number).read_bytes()
        for number in range(2)
    ]


def captured(checker: Caller, source: Source) -> MediaItem:
    claim = file_claim(checker, media=[{"url": source.url}])
    item = MediaItem.objects.get(pk=claim["media"][0]["id"])
    fetch(item)
    item.refresh_from_db()
    assert item.state == "captured", item.failure
    return item


def fetch(item: MediaItem) -> Capture:
    with TestCase.captureOnCommitCallbacks(execute=True):
        assert work.run_job(Job.objects.get(subject_id=item.pk, kind="capture", state="queued").pk)
    item.refresh_from_db()
    newest = item.captures.first()
    assert newest is not None
    return newest


def fetch_again(checker: Caller, item: MediaItem) -> Capture:
    assert checker.post(f"media/{item.pk}/recapture/").status_code == 202
    return fetch(item)


@pytest.mark.parametrize(
    ("etag", "modified"), [('"one"', ""), ('W/"weak"', ""), ("", "Tue, 04 Oct 2022 09:00:00 GMT")]
)
def test_a_servers_word_that_nothing_changed_is_enough(
    etag: str, modified: str, checker: Caller, source: Source, photos: list[bytes]
) -> None:
    source.body, source.etag, source.modified = photos[0], etag, modified
    item = captured(checker, source)
    assert {"if-none-match", "if-modified-since"}.isdisjoint(source.asked[0])
    for _ in range(2):  # the second is asked by the marks of the first, which the 304 between did not repeat
        log = fetch_again(checker, item)
        assert (log.unchanged, log.asset_id, log.failure, log.hops[-1]["status"]) == (
            True,
            item.asset_id,
            None,
            304,
        )
    assert not checker.get(f"media/{item.pk}/").json()["source_changed"]
    # What did not change is not examined anew.
    assert Job.objects.filter(subject_id=item.pk, kind="examine").count() == 1
    assert list(audit.verify()) == []


def test_without_marks_the_bytes_themselves_are_compared(
    checker: Caller, source: Source, photos: list[bytes]
) -> None:
    source.body = photos[0]
    item = captured(checker, source)
    log = fetch_again(checker, item)
    assert (log.unchanged, log.hops[-1]["status"]) == (True, 200)


def test_other_bytes_are_kept_beside_and_the_item_stands_on_what_it_had(
    checker: Caller, source: Source, photos: list[bytes]
) -> None:
    source.body, source.etag = photos[0], '"one"'
    item = captured(checker, source)
    stood_on = item.asset_id
    source.body, source.etag = photos[1], '"two"'
    log = fetch_again(checker, item)
    assert (log.unchanged, item.asset_id) == (False, stood_on)
    assert log.asset_id != stood_on
    assert archive.path_of(log.asset.sha256).read_bytes() == photos[1]
    assert checker.get(f"media/{item.pk}/file/").getvalue() == photos[0]
    shown = checker.get(f"media/{item.pk}/").json()
    assert (shown["source_changed"], shown["state"], shown["failure"]) == (True, "captured", None)
    # From now on it is asked for what is not the newer one.
    assert fetch_again(checker, item).unchanged
    assert source.asked[-1]["if-none-match"] == '"two"'
    # And where the first comes back, the source is as it was.
    source.body, source.etag = photos[0], '"one"'
    assert not fetch_again(checker, item).unchanged
    assert not checker.get(f"media/{item.pk}/").json()["source_changed"]


def test_a_source_that_changed_is_said_on_the_claims_page(
    checker: Caller, source: Source, photos: list[bytes]
) -> None:
    source.body = photos[0]
    item = captured(checker, source)
    checker.client.force_login(checker.person)

    def page() -> str:
        return checker.client.get(f"/claims/{item.claim.ref}/").content.decode()

    assert "The source has changed" not in page()
    source.body = photos[1]
    fetch_again(checker, item)
    assert "The source has changed" in page()


def test_a_failed_try_takes_nothing_away(checker: Caller, source: Source, photos: list[bytes]) -> None:
    source.body, source.etag = photos[0], '"one"'
    item = captured(checker, source)
    source.body, source.etag = b"<p>gone", ""
    log = fetch_again(checker, item)
    assert (item.state, item.failure["code"], log.failure["code"]) == ("captured", "not_media", "not_media")
    source.body, source.etag = photos[0], '"one"'
    assert fetch_again(checker, item).unchanged
    assert item.failure is None


def test_a_lost_original_is_fetched_whole(checker: Caller, source: Source, photos: list[bytes]) -> None:
    source.body, source.etag = photos[0], '"one"'
    item = captured(checker, source)
    archive.erase(item.asset.sha256)
    log = fetch_again(checker, item)
    assert (log.hops[-1]["status"], archive.is_intact(item.asset.sha256)) == (200, True)


def test_marks_do_not_travel_to_another_origin(checker: Caller, source: Source, photos: list[bytes]) -> None:
    source.body, source.etag = photos[0], '"one"'
    source.elsewhere = f"http://localhost:{source.server.server_port}/photo"
    from django.conf import settings

    settings.FETCH_ALLOW = [source.authority, f"localhost:{source.server.server_port}"]
    item = captured(checker, source)
    assert fetch_again(checker, item).unchanged
    assert ["if-none-match" in asked for asked in source.asked] == [False, False, True, False]


def test_a_304_that_nobody_asked_for_is_a_failure(checker: Caller, source: Source) -> None:
    source.insists = True
    claim = file_claim(checker, media=[{"url": source.url}])
    item = MediaItem.objects.get(pk=claim["media"][0]["id"])
    log = fetch(item)
    assert (log.failure["code"], log.unchanged, item.state) == ("http_status", False, "failed")


@pytest.mark.parametrize("mark", ['"kyiv \u00fc"', '"a\tb"', '"' + "x" * 5000 + '"'])
def test_odd_marks_break_nothing(mark: str, checker: Caller, source: Source, photos: list[bytes]) -> None:
    source.body, source.etag = photos[0], mark
    item = captured(checker, source)
    assert fetch_again(checker, item).failure is None
