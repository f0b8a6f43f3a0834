"""Changing what is said of a claim, and drafts that are put into the queue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from claims.models import Claim
from tests.conftest import Caller, file_claim
from verification.models import Job

Pages = Callable[[Caller], Client]
KHERSON = {"name": "Kherson", "latitude": 46.64, "longitude": 32.61, "radius_m": 5000}


def form_of(claim: dict[str, Any], **changes: str) -> dict[str, str]:
    """What the page sends when nothing was touched, but for the changes."""
    place = claim["claimed_location"] or {}
    return {
        "revision": str(Claim.objects.get(pk=claim["id"]).revision),
        "statement": claim["statement"],
        "language": claim["language"],
        "priority": claim["priority"],
        "tags": ", ".join(claim["tags"]),
        "date": claim["claimed_date"]["edtf"],
        "zone": claim["claimed_date"]["timezone"],
        "place": place.get("name", ""),
        "point": f"{place['latitude']}, {place['longitude']}" if place else "",
        "radius": "5" if place else "",
        "precision": "",
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"statement": "Three flags were raised."}, {"statement": "Three flags were raised."}),
        ({"priority": "breaking"}, {"priority": "breaking"}),
        ({"tags": "flags, Kherson"}, {"tags": ["flags", "Kherson"]}),
        ({"language": "uk"}, {"language": "uk"}),
        ({"place": "Kherson region", "radius": "90"}, {"claimed_location": {**KHERSON, "name": "Kherson region", "radius_m": 90_000.0, "precision": None}}),
        ({"place": "", "point": "", "radius": ""}, {"claimed_location": None}),
        ({"date": "", "zone": ""}, {"claimed_date": None}),
    ],
)  # fmt: skip
def test_what_is_changed_is_changed_and_nothing_else(
    changes: dict[str, str], expected: dict[str, Any], pages: Pages, checker: Caller
) -> None:
    before = file_claim(checker, claimed_location=KHERSON)
    browser = pages(checker)
    page = browser.get(f"/claims/{before['ref']}/edit/").content.decode()
    assert before["statement"] in page
    response = browser.post(f"/claims/{before['ref']}/edit/", form_of(before, **changes))
    assert response["Location"] == f"/claims/{before['ref']}/"
    after = checker.get(f"claims/{before['id']}/").json()
    kept = ("statement", "language", "priority", "tags", "claimed_date", "claimed_location")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept} | expected


def test_nothing_touched_changes_nothing(pages: Pages, checker: Caller) -> None:
    claim = file_claim(checker, claimed_location=KHERSON, statement="Flags were raised.\nIn two villages.")
    revision = Claim.objects.get().revision
    # A browser ends lines in its own way.
    sent = form_of(claim, statement=claim["statement"].replace("\n", "\r\n"))
    assert pages(checker).post(f"/claims/{claim['ref']}/edit/", sent).status_code == 302
    assert Claim.objects.get().revision == revision
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"statement": ""}, "Write what is claimed"),
        ({"date": "last Tuesday"}, "EDTF"),
        ({"point": "somewhere"}, "latitude and longitude"),
        ({"language": "?"}, "BCP 47"),
    ],
)
def test_what_can_t_be_read_is_said_and_kept(
    changes: dict[str, str], said: str, pages: Pages, checker: Caller
) -> None:
    claim = file_claim(checker, claimed_location=KHERSON)
    response = pages(checker).post(
        f"/claims/{claim['ref']}/edit/", form_of(claim, tags="typed just now", **changes)
    )
    html = response.content.decode()
    assert response.status_code == 422
    assert said in html
    assert "typed just now" in html


def test_a_change_on_top_of_another_s_is_refused_and_kept_in_the_form(
    pages: Pages, checker: Caller, second_checker: Caller
) -> None:
    claim = file_claim(checker)
    mine = form_of(claim, statement="My wording.")
    pages(second_checker).post(f"/claims/{claim['ref']}/edit/", form_of(claim, statement="Their wording."))
    response = pages(checker).post(f"/claims/{claim['ref']}/edit/", mine)
    assert response.status_code == 409
    assert "My wording." in response.content.decode()
    assert checker.get(f"claims/{claim['id']}/").json()["statement"] == "Their wording."


def test_a_draft_is_put_into_the_queue_from_its_page(pages: Pages, checker: Caller, stranger: Caller) -> None:
    claim = file_claim(checker, draft=True)
    browser = pages(checker)
    assert "A draft." in browser.get(f"/claims/{claim['ref']}/").content.decode()
    assert pages(stranger).post(f"/claims/{claim['ref']}/queue/").status_code == 404
    browser.post(f"/claims/{claim['ref']}/queue/")
    html = browser.get(f"/claims/{claim['ref']}/").content.decode()
    assert "Take this claim" in html
    assert browser.post(f"/claims/{claim['ref']}/queue/").status_code == 409
