"""A claim's public page: what readers find there, what they never find, and who may read it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from claims.models import Publication, Source
from tests.conftest import Caller, decide, file_claim, lease, published, review

pytestmark = [pytest.mark.django_db, pytest.mark.database]

Pages = Callable[[Caller], Client]
WHY = {"reason": "Another look was taken."}
CELLAR = {"name": "Kherson", "latitude": 46.63541, "longitude": 32.61687, "radius_m": 20, "precision": "exact"}  # fmt: skip
INSIDE = (
    "olena", "edith", "inside-reason", "inside-feature", "inside-reference", "inside-phrase", "inside-note",
    "inside-tag", "inside-external-id", "inside-source", "inside-address", "inside-internal-reason",
    "inside-account", "46.635", "32.616",
)  # fmt: skip


def page(browser: Client, claim: str, asked: str = "", **headers: str) -> Any:
    return browser.get(f"/published/{claim}/{asked}", headers=headers)


def text(response: Any) -> str:
    """What a reader reads: without tags, in single spaces."""
    without = re.sub(r"<head>.*?</head>|<[^>]+>", " ", response.content.decode(), flags=re.DOTALL)
    return " ".join(without.replace("&#x27;", "'").replace("&quot;", '"').split())


@pytest.fixture
def laden(checker: Caller, editor: Caller) -> str:
    """A public claim whose inside is full of text that must not get out, amended once."""
    source = {"name": "inside-source", "kind": "person", "url": "https://inside-address.example/"}
    filed = file_claim(
        checker,
        media=[
            {"url": "https://media.example/one.mp4", "claimed_location": CELLAR, "account": "inside-account"},
            {"url": "https://media.example/two.jpg", "kind": "photo", "content_flags": ["injury"], "credit": "A. Witness"},
        ],
        claimed_location=CELLAR,
        source=source,
        tags=["inside-tag"],
        external_id="inside-external-id",
    )  # fmt: skip
    Source.objects.filter(name="inside-source").update(confidential=True, pseudonym="a resident")
    here = f"claims/{filed['id']}/"
    checker.post(f"{here}notes/", {"body": "inside-note"})
    leased = lease(checker)
    basis = [
        {"method": "witness", "feature": "inside-feature", "reference": "inside-reference", "phrase": "inside-phrase"},
        {"method": "geolocation", "phrase": "a published phrase", "public": True},
    ]  # fmt: skip
    for item, status in zip(filed["media"], ("verified", "unverified"), strict=True):
        more = {"value": CELLAR, "basis": basis} if status == "verified" else {}
        decided = decide(checker, leased, "location", status, media=item["id"], reason="inside-reason", **more)  # fmt: skip
        assert decided.status_code == 201, decided.content
    decide(checker, leased, "date", "unverified", reason="inside-reason")
    checker.post(f"{here}submit/", {"lease_token": leased["lease_token"]})
    assert editor.post(f"{here}publish/", {"public_location_radius_m": 5000}).status_code == 200
    assert (
        editor.post(f"{here}amend/", {**WHY, "internal_reason": "inside-internal-reason"}).status_code == 200
    )
    return str(filed["id"])


@pytest.fixture
def corrected(checker: Caller, editor: Caller) -> str:
    """A claim whose verified location was taken back."""
    claim: str = published(checker, editor)["claim"]
    checker.post(f"claims/{claim}/request-recheck/", WHY)
    review(checker, {"location": "unverified"})
    assert (
        editor.post(f"claims/{claim}/correct/", {"reason": "The church is another one."}).status_code == 200
    )
    return claim


def test_a_reader_finds_the_line_and_what_became_of_each_part(
    laden: str, pages: Pages, client_key: Caller
) -> None:
    response = page(pages(client_key), laden)
    said = text(response)
    rendered = Publication.objects.get(claim=laden, version=2).rendered
    assert rendered is not None
    for expected in (
        "Reuters", rendered["line"], rendered["statement"], "Claimed by a resident (person)",
        "Verified Kherson", "within 5 km", "Could not be independently verified", "Injury", "Credit: A. Witness",
        "Not checked: authenticity, provenance, source.", "a published phrase", "Claimed: Oct. 4, 2022",
        rendered["usage_terms"], rendered["permalink"], "https://media.example/two.jpg",
        "Amended", "Another look was taken.",
    ):  # fmt: skip
        assert expected in said, expected
    assert f'data-copy="{rendered["line"]}"' in response.content.decode()
    assert 'data-copy-version="2"' in response.content.decode()
    assert said.count("Video") >= 1
    assert said.count("Photo") >= 1


@pytest.mark.parametrize("asked", ["", "?version=1", "?version=2"])
def test_nothing_from_inside_gets_onto_the_page(
    asked: str, laden: str, pages: Pages, client_key: Caller
) -> None:
    content = page(pages(client_key), laden, asked).content.decode()
    assert [word for word in INSIDE if word in content] == []


def test_the_page_reads_publications_and_no_inner_row(laden: str, pages: Pages, client_key: Caller) -> None:
    browser = pages(client_key)
    with CaptureQueriesContext(connection) as asked:
        assert page(browser, laden).status_code == 200
    read = " ".join(query["sql"] for query in asked)
    inner = ("verification_", "claims_source", "claims_mediaitem", "claims_asset", "claims_capture")
    assert [table for table in inner if table in read] == []


def test_corrections_are_told_with_what_was(corrected: str, pages: Pages, client_key: Caller) -> None:
    said = text(page(pages(client_key), corrected))
    assert "The church is another one." in said
    assert "Location: verified → , now unverified" in said
    assert "The line read:" in said
    assert said.index("Corrected") < said.index("Published")


@pytest.mark.parametrize("asked", ["?version=1", "?as_of={first}"])
def test_an_older_version_says_so_and_leads_to_the_latest(
    asked: str, corrected: str, pages: Pages, client_key: Caller
) -> None:
    first = Publication.objects.get(claim=corrected, version=1).at.isoformat().replace("+00:00", "Z")
    response = page(pages(client_key), corrected, asked.format(first=first))
    said = text(response)
    assert "This is version 1" in said
    assert "Version 2 is the latest." in said
    assert f'href="/published/{corrected}/"' in response.content.decode()
    assert "data-copy=" not in response.content.decode()
    latest = text(page(pages(client_key), corrected))
    assert "is the latest" not in latest


@pytest.mark.parametrize(
    ("asked", "status"),
    [("?version=0", 404), ("?version=9", 404), ("?version=x", 400), ("?as_of=yesterday", 400),
     ("?as_of=2000-01-01T00:00:00Z", 404), ("?version=1", 200)],
)  # fmt: skip
def test_what_is_asked_for_wrongly_is_refused_in_words(
    asked: str, status: int, corrected: str, pages: Pages, client_key: Caller
) -> None:
    response = page(pages(client_key), corrected, asked)
    assert response.status_code == status
    assert "<h1" in response.content.decode()


def test_of_an_unpublished_claim_there_is_no_page(checker: Caller, pages: Pages) -> None:
    filed = file_claim(checker)
    assert page(pages(checker), filed["id"]).status_code == 404


def test_what_is_held_says_so_and_nothing_of_the_claim(
    checker: Caller, editor: Caller, pages: Pages, client_key: Caller
) -> None:
    publication = published(checker, editor)
    editor.post(f"claims/{publication['claim']}/hold/", {"reason": "We look into an older copy."})
    said = text(page(pages(client_key), publication["claim"]))
    assert "Withheld" in said
    assert "We look into an older copy." in said
    assert publication["statement"] not in said
    older = text(page(pages(client_key), publication["claim"], "?version=1"))
    assert "This is withheld since" in older


@pytest.mark.parametrize(("cause", "suppressed"), [("error", False), ("rights", False), ("privacy", True), ("safety", True), ("legal", True)])  # fmt: skip
def test_withdrawn_is_410_with_the_notice_and_suppressed_versions_are_bare(
    cause: str, suppressed: bool, checker: Caller, editor: Caller, pages: Pages, client_key: Caller
) -> None:
    publication = published(checker, editor)
    claim = publication["claim"]
    editor.post(f"claims/{claim}/withdraw/", {"reason": "It shows another day.", "cause": cause})
    browser = pages(client_key)
    response = page(browser, claim)
    assert response.status_code == 410
    assert {"private", "no-cache"} <= set(response["Cache-Control"].split(", "))
    assert "It shows another day." in text(response)
    assert publication["line"] not in text(response)
    older = page(browser, claim, "?version=1")
    position = Publication.objects.get(claim=claim, version=1).position
    if suppressed:
        assert older.status_code == 410
        assert f"position {position}" in text(older)
        assert publication["line"] not in text(older)
        assert publication["statement"] not in text(older)
        assert "Not shown any more" in text(response)
    else:
        assert older.status_code == 200
        assert "This was withdrawn on" in text(older)
        assert publication["line"] in text(older)


@pytest.mark.parametrize("is_open", [False, True])
def test_who_may_read_is_the_rule_of_the_api(
    is_open: bool, corrected: str, settings: Any, pages: Pages, stranger: Caller
) -> None:
    settings.PUBLIC_READ = is_open
    response = page(Client(), corrected)
    if is_open:
        assert response.status_code == 200
        assert "sign-off" not in response.content.decode()
    else:
        assert response.status_code == 302
        assert response["Location"] == f"/login/?next=/published/{corrected}/"
    assert page(pages(stranger), corrected).status_code == 200
    assert Client().post(f"/published/{corrected}/").status_code == 405


def test_only_the_claims_own_desk_is_led_inside(
    corrected: str, pages: Pages, checker: Caller, stranger: Caller, client_key: Caller
) -> None:
    assert "/sign-off/" in page(pages(checker), corrected).content.decode()
    for caller in (stranger, client_key):
        assert "/sign-off/" not in page(pages(caller), corrected).content.decode()


def test_an_unchanged_page_is_not_sent_again(
    corrected: str, pages: Pages, client_key: Caller, editor: Caller
) -> None:
    browser = pages(client_key)
    tag = page(browser, corrected)["ETag"]
    assert page(browser, corrected, **{"If-None-Match": tag}).status_code == 304
    editor.post(f"claims/{corrected}/hold/", WHY)
    assert page(browser, corrected, **{"If-None-Match": tag}).status_code == 200


def test_a_long_history_costs_no_more_queries(
    corrected: str, pages: Pages, client_key: Caller, editor: Caller
) -> None:
    browser = pages(client_key)

    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert page(browser, corrected).status_code == 200
        return len(asked)

    few = cost()
    for _ in range(4):
        editor.post(f"claims/{corrected}/amend/", WHY)
    assert cost() == few <= 8


def test_an_address_that_is_no_web_address_is_no_link(checker: Caller, editor: Caller, pages: Pages) -> None:
    source = {"name": "A leak", "kind": "unknown", "url": "ftp://leak.example/"}
    claim = published(checker, editor, source=source)["claim"]
    content = page(pages(checker), claim).content.decode()
    assert "A leak" in content
    assert "ftp://" not in content
