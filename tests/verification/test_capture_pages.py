"""A link to a page: its media is found and captured, the page kept, the posted time noted; or it says why not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import TestCase

from claims.media import archive
from claims.models import Asset, Capture, MediaItem
from config.demo_media import make_photo, make_video
from tests.conftest import Caller, file_claim
from tests.stack import MediaHost, Page
from verification.models import Job
from verification.services import audit, work

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("film")
    return make_video(
        folder / "film.mp4", lines=["A village"], seconds=1, size=(160, 90), seed=3
    ).read_bytes()


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_photo(tmp_path_factory.mktemp("photo") / "photo.jpg", lines=["A flag"], seed=4).read_bytes()


@pytest.fixture
def host(settings: Any) -> Iterator[MediaHost]:
    with MediaHost() as host:
        settings.FETCH_ALLOW = [host.authority]
        yield host


def html(*head: str, body: str = "<p>Seen in the village.") -> Page:
    return Page(
        f"<!doctype html><title>A post</title>{''.join(head)}{body}".encode(),
        headers={"Content-Type": "text/html; charset=utf-8"},
    )


def meta(name: str, content: str) -> str:
    return f'<meta property="{name}" content="{content}">'


def capture(checker: Caller, url: str, **more: Any) -> MediaItem:
    """A media item once its capture job has run as often as it is due at once."""
    claim = file_claim(checker, media=[{"url": url, **more}])
    work.run_job(Job.objects.get(subject_id=claim["media"][0]["id"], kind="capture").pk)
    return MediaItem.objects.get(pk=claim["media"][0]["id"])


def test_the_film_on_a_page_is_captured_and_the_page_kept(
    checker: Caller, host: MediaHost, film: bytes, photo: bytes
) -> None:
    host.serve("/film.mp4", film)
    host.serve("/poster.jpg", photo)
    page = html(
        meta("og:image", "/poster.jpg"),
        meta("og:video", "/film.mp4"),
        meta("article:published_time", "2022-10-04T18:20:00+03:00"),
    )
    item = capture(checker, host.serve("/post", page))
    assert (item.state, item.kind, item.failure) == ("captured", "video", None)
    assert (item.posted_at, item.posted_by_page) == (
        datetime(2022, 10, 4, 15, 20, tzinfo=UTC),
        "article:published_time",
    )
    shown = checker.get(f"media/{item.pk}/").json()
    (log,) = shown["captures"]
    assert (log["found_by"], log["found_url"]) == ("og:video", f"http://{host.authority}/film.mp4")
    assert [hop["url"].rpartition("/")[2] for hop in log["hops"]] == ["post", "film.mp4"]
    assert archive.path_of(log["sha256"]).read_bytes() == film
    assert archive.path_of(log["page"]["sha256"]).read_bytes() == page.body
    assert archive.path_of(log["page"]["text_sha256"]).read_text() == "A post\n\nSeen in the village.\n"
    assert host.requests["/poster.jpg"] == 0
    assert {asset.kind for asset in Asset.objects.all()} == {"video", "page", "page_text", "exchange"}
    assert list(audit.verify()) == []


def test_what_a_person_said_of_the_posted_time_stays(checker: Caller, host: MediaHost, photo: bytes) -> None:
    host.serve("/p.jpg", photo)
    page = html(meta("og:image", "/p.jpg"), meta("article:published_time", "2022-10-04T18:20:00Z"))
    item = capture(checker, host.serve("/post", page), posted_at="2022-10-03T08:00:00Z")
    assert (item.posted_at, item.posted_by_page) == (datetime(2022, 10, 3, 8, tzinfo=UTC), "")
    log = Capture.objects.get()
    assert log.posted["at"] == "2022-10-04T18:20:00Z"


def test_the_next_address_is_tried_where_one_fails(checker: Caller, host: MediaHost, film: bytes) -> None:
    host.serve("/film.mp4", film)
    host.serve("/player", html())
    item = capture(
        checker,
        host.serve("/post", html(*(meta("og:video", url) for url in ("/gone.mp4", "/player", "/film.mp4")))),
    )
    assert item.state == "captured"
    assert [hop["status"] for hop in Capture.objects.get().hops] == [200, 404, 200, 200]


def test_a_photo_is_found_by_oembed(checker: Caller, host: MediaHost, photo: bytes) -> None:
    host.serve("/p.jpg", photo)
    host.serve("/oembed", b'{"type": "photo", "url": "/p.jpg"}')
    link = '<link rel="alternate" type="application/json+oembed" href="/oembed">'
    item = capture(checker, host.serve("/post", html(link)))
    assert (item.state, Capture.objects.get().found_by) == ("captured", "oembed url")


HOPELESS = {
    "a page of words": ([], "not_media", False),
    "a player": ([meta("og:video", "/embed"), meta("og:video:type", "text/html")], "page_player_only", False),
    "a film that is gone": (
        [meta("og:video", "/gone.mp4"), meta("og:image", "/poster.jpg")],
        "page_media_failed",
        False,
    ),
    "a film that may come": ([meta("og:video", "/busy.mp4")], "page_media_failed", True),
    "itself": ([meta("og:video", "/post")], "page_player_only", False),
    "a page that names a page": ([meta("og:video", "/other")], "page_media_failed", False),
    "inside": ([meta("og:image", "http://10.0.0.1/camera.jpg")], "not_media", False),
}


@pytest.mark.parametrize("case", HOPELESS)
def test_a_page_without_media_to_be_had_says_so_and_is_kept(
    case: str, checker: Caller, host: MediaHost, photo: bytes
) -> None:
    head, code, retriable = HOPELESS[case]
    host.serve("/poster.jpg", photo)
    host.serve("/other", html(meta("og:video", "/third.mp4")))
    host.serve("/busy.mp4", Page(b"", 503))
    item = capture(checker, host.serve("/post", html(*head)))
    assert item.asset is None
    assert (item.failure["code"], item.failure["retriable"]) == (code, retriable)
    assert item.failure["detail"].endswith(".")
    log = Capture.objects.get()
    assert log.page is not None
    assert archive.is_intact(log.page.sha256)
    assert host.requests["/poster.jpg"] == host.requests["/third.mp4"] == 0


def test_no_more_addresses_are_tried_than_may(checker: Caller, host: MediaHost) -> None:
    head = [meta("og:image", f"/{number}.jpg") for number in range(50)]
    assert capture(checker, host.serve("/post", html(*head))).state == "failed"
    assert sum(host.requests.values()) == 1 + 5


def test_a_page_too_large_to_read_says_so(checker: Caller, host: MediaHost) -> None:
    huge = html(meta("og:image", "/p.jpg"), body="<p>" * 3_000_000)
    item = capture(checker, host.serve("/post", huge))
    assert item.failure["code"] == "page_unreadable"


def test_a_page_is_not_offered_as_media(checker: Caller, host: MediaHost) -> None:
    item = capture(checker, host.serve("/post", html()))
    assert checker.get(f"media/{item.pk}/file/").status_code == 404
    assert not Job.objects.filter(kind="examine").exists()


def test_the_page_is_erased_with_its_media(
    checker: Caller, admin: Caller, host: MediaHost, film: bytes, tmp_path: Path
) -> None:
    host.serve("/film.mp4", film)
    item = capture(checker, host.serve("/post", html(meta("og:video", "/film.mp4"))))
    kept = list(Asset.objects.values_list("sha256", flat=True))
    assert len(kept) == 4
    with TestCase.captureOnCommitCallbacks(execute=True):
        answer = admin.post(
            f"claims/{item.claim_id}/redact/",
            {"target": "original", "id": str(item.pk), "reason": "x", "legal_ground": "court order"},
        )
    assert answer.status_code == 200, answer.content
    assert not any(archive.holds(sha256) for sha256 in kept)
    with TestCase.captureOnCommitCallbacks(execute=True):
        checker.post(f"media/{item.pk}/recapture/")
        work.run_job(Job.objects.filter(kind="capture").latest("created_at").pk)
    everything = Asset.objects.values_list("sha256", flat=True)
    assert len(everything) > len(kept)  # the second exchange had the erased bytes in it
    assert not any(archive.holds(sha256) for sha256 in everything)
    assert list(audit.verify()) == []
