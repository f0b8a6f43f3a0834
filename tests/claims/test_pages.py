"""What is read of a page: where it names its media, when it says it was posted, and that no page gets the better of us."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claims.addresses import AllowList
from claims.media.found import candidates_of, candidates_of_oembed, posted_at
from claims.pages import READING_SECONDS, PageSays, PageUnreadable, is_page, read_page
from claims.pages.reading import read

NOWHERE = AllowList()


def page(*head: str, body: str = "") -> PageSays:
    return read(f"<!doctype html><head>{''.join(head)}</head><body>{body}".encode(), charset="")


def meta(name: str, content: str) -> str:
    return f'<meta property="{name}" content="{content}">'


def linked(data: Any) -> str:
    return f'<script type="application/ld+json">{json.dumps(data)}</script>'


def found(says: PageSays) -> list[tuple[str, str]]:
    return [(one.found_by, one.url) for one in candidates_of(says, "https://news.example/a/b", allow=NOWHERE)]


def test_video_comes_before_audio_before_photo_wherever_it_stands() -> None:
    says = page(
        meta("og:image", "/poster.jpg"),
        linked({"@type": "AudioObject", "contentUrl": "/sound.mp3"}),
        linked(
            {"@graph": [{"@type": ["Thing", "https://schema.org/VideoObject"], "contentUrl": "film.mp4"}]}
        ),
        '<meta name="twitter:player:stream" content="//cdn.example/stream.mp4">',
    )
    assert found(says) == [
        ("twitter:player:stream", "https://cdn.example/stream.mp4"),
        ("json-ld VideoObject.contentUrl", "https://news.example/a/film.mp4"),
        ("json-ld AudioObject.contentUrl", "https://news.example/sound.mp3"),
        ("og:image", "https://news.example/poster.jpg"),
    ]


def test_addresses_are_read_against_the_base_and_those_of_no_use_are_dropped() -> None:
    says = page(
        '<base href="https://cdn.example/files/">',
        meta("og:image", "one.jpg"),
        meta("og:image", "https://cdn.example/files/one.jpg"),
        meta("og:image", "data:image/png;base64,AAAA"),
        meta("og:image", " BLOB:https://cdn.example/x"),
        meta("og:image", "http://127.0.0.1/inside.jpg"),
        meta("og:image", "http://169.254.169.254/latest"),
        meta("og:image", "ftp://cdn.example/x"),
        meta("og:image", "https://user:secret@cdn.example/x"),
        meta("og:image", "https://news.example/a/b"),
    )
    assert found(says) == [("og:image", "https://cdn.example/files/one.jpg")]


def test_a_base_that_leads_inside_is_not_used() -> None:
    says = page('<base href="http://10.0.0.1/">', meta("og:image", "one.jpg"))
    assert found(says) == [("og:image", "https://news.example/a/one.jpg")]


def test_a_player_is_no_file() -> None:
    player = page(
        meta("og:video:url", "/embed/1"), meta("og:video:type", "text/html"), meta("og:image", "/p.jpg")
    )
    assert (found(player), player.has_player) == ([("og:image", "https://news.example/p.jpg")], True)
    embedded = page(linked({"@type": "VideoObject", "embedUrl": "/embed/1", "thumbnailUrl": "/p.jpg"}))
    assert (found(embedded), embedded.has_player) == ([], True)
    assert not page(meta("og:image", "/p.jpg")).has_player


def test_the_publishers_logo_is_not_the_picture() -> None:
    logo = {"@type": "ImageObject", "url": "/logo.png"}
    says = page(
        linked(
            {
                "@type": "NewsArticle",
                "publisher": {"@type": "Organization", "logo": logo},
                "author": {"image": logo},
                "image": [{"@type": "ImageObject", "url": "/shown.jpg"}],
            }
        )
    )
    assert found(says) == [("json-ld ImageObject.url", "https://news.example/shown.jpg")]


def test_the_time_is_that_of_what_was_taken_before_that_of_the_page() -> None:
    says = page(
        meta("article:published_time", "2022-10-07T00:00:00Z"),
        linked({"@type": "VideoObject", "contentUrl": "/other.mp4", "uploadDate": "2020-01-01T00:00:00Z"}),
        linked(
            {"@type": "VideoObject", "contentUrl": "/film.mp4", "uploadDate": "2022-10-04T18:20:00+03:00"}
        ),
        linked({"@type": "NewsArticle", "datePublished": "2022-10-06T00:00:00Z"}),
    )
    film = next(
        one for one in candidates_of(says, "https://news.example/", allow=NOWHERE) if "film" in one.url
    )
    posted = posted_at(says, film)
    assert posted is not None
    assert (posted.as_json()["at"], posted.text) == ("2022-10-04T15:20:00Z", "2022-10-04T18:20:00+03:00")
    assert posted.found_by == "json-ld VideoObject.uploadDate"


@pytest.mark.parametrize(
    "stated",
    [
        "2022-10-04",
        "2022-10-04T09:30:00",
        "4 October 2022",
        "",
        "1970-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00+14:00",
        "-1",
    ],
)
def test_what_is_no_instant_is_no_posted_time(stated: str) -> None:
    assert posted_at(page(meta("article:published_time", stated)), None) is None


def test_oembed_gives_photos_only() -> None:
    def named(**said: Any) -> list[str]:
        answer = json.dumps(said).encode()
        return [one.url for one in candidates_of_oembed(answer, "https://news.example/oembed", allow=NOWHERE)]

    assert named(type="photo", url="/p.jpg") == ["https://news.example/p.jpg"]
    assert named(type="video", html="<iframe>", thumbnail_url="/p.jpg") == []
    assert named(type="photo", url=["/p.jpg"]) == []
    for odd in (b"", b"[]", b"[" * 200_000, b"\xff", b'{"type":"photo"}'):
        assert candidates_of_oembed(odd, "https://news.example/oembed", allow=NOWHERE) == []


def test_the_text_is_what_a_reader_sees() -> None:
    says = page(
        "<title> A  film </title>", "<style>x{}</style>", body="<p>One<script>no()</script><p> two  <b>three"
    )
    assert (says.title, says.text) == ("A film", "One\ntwo\nthree")


@pytest.mark.parametrize(
    ("bytes_", "charset"),
    [
        ("<title>Київ".encode("windows-1251"), "windows-1251"),
        (b"<meta charset=windows-1251>" + "<title>Київ".encode("windows-1251"), ""),
        ("<title>Київ".encode(), "no-such-charset"),
        ("<title>Київ".encode(), "zip"),
        (b"\xff\xfe" + "<title>Київ".encode("utf-16-le"), "utf-8"),
    ],
)
def test_letters_are_read_in_the_pages_own_character_set(bytes_: bytes, charset: str) -> None:
    assert read(bytes_, charset=charset).title == "Київ"


@pytest.mark.parametrize(
    ("head", "content_type", "expected"),
    [
        (b"\n<!DOCTYPE html>", "", True),
        (b"anything", "text/html; charset=utf-8", True),
        (b'<?xml version="1.0"?><html xmlns=', "application/octet-stream", True),
        (b"<svg>", "image/svg+xml", False),
        (b"{}", "application/json", False),
        (b"<htmlish>", "", False),
    ],
)
def test_a_page_is_known_by_its_name_or_its_beginning(head: bytes, content_type: str, expected: bool) -> None:
    assert is_page(head, content_type) is expected


HOSTILE = {
    "deep": b"<div>" * 1_600_000,
    "entangled": b"<p><b><i><u><a>" * 300_000,
    "attributes": b"<p " + b" ".join(b"a%d=1" % n for n in range(800_000)) + b">",
    "metas": b"<meta property=og:image content=x>" * 240_000,
    "json": b'<script type="application/ld+json">' + b"[" * 4_000_000,
    "zeros": b"\0" * 8_000_000,
    "surrogates": b'<script type="application/ld+json">{"@type":"ImageObject","url":"/\\ud800"}</script>',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_ends_in_time_with_an_answer_or_a_reason(name: str, tmp_path: Path) -> None:
    file = tmp_path / "page"
    file.write_bytes(HOSTILE[name])
    began = time.monotonic()
    try:
        assert len(read_page(file, charset="").candidates) <= 100
    except PageUnreadable as error:
        assert error.detail.endswith(".")
    assert time.monotonic() - began < READING_SECONDS + 2


@given(st.binary(max_size=2000), st.text(max_size=12))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_and_their_answer_survives_the_way_back(noise: bytes, charset: str) -> None:
    says = read(b'<meta property="og:image" content="' + noise, charset=charset)
    assert all(one.url for one in says.candidates)
    candidates_of(says, "https://news.example/", allow=NOWHERE)
    posted_at(says, None)
