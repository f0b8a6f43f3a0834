"""What outsiders see of a claim, as it is now and as it was; and what they never see."""

from __future__ import annotations

import json
from typing import Any

import pytest

from claims.models import Source
from tests.conftest import Caller, decide, file_claim, lease, published, refused, review

pytestmark = [pytest.mark.django_db, pytest.mark.database]

CELLAR = {"name": "Kherson", "latitude": 46.63541, "longitude": 32.61687, "radius_m": 20, "precision": "exact"}  # fmt: skip
VIDEOS = [
    {"url": "https://media.example/one.mp4", "claimed_location": CELLAR},
    {"url": "https://media.example/two.mp4"},
]
WHY = {"reason": "Another look was taken."}

# Text that only staff may read, by where it is written.
INSIDE = {
    "the reviewer": "olena",
    "the editor": "edith",
    "a reason": "inside-reason",
    "a feature": "inside-feature",
    "a reference": "inside-reference",
    "an unpublished phrase": "inside-phrase",
    "a note": "inside-note",
    "a tag": "inside-tag",
    "an outside id": "inside-external-id",
    "the confidential source": "inside-source",
    "the source's address": "inside-address",
    "an internal reason": "inside-internal-reason",
    "the account": "inside-account",
}


@pytest.fixture
def claim(checker: Caller, editor: Caller) -> str:
    """A public claim of two videos whose inside is full of text that must not get out."""
    source = {"name": "inside-source", "kind": "person", "url": "https://inside-address.example/"}
    filed = file_claim(
        checker,
        media=[{**VIDEOS[0], "account": "inside-account"}, VIDEOS[1]],
        claimed_location=CELLAR,
        source=source,
        tags=["inside-tag"],
        external_id="inside-external-id",
    )
    Source.objects.filter(name="inside-source").update(confidential=True, pseudonym="a resident")
    here = f"claims/{filed['id']}/"
    assert checker.post(f"{here}notes/", {"body": "inside-note"}).status_code == 201
    leased = lease(checker)
    basis = [
        {"method": "witness", "feature": "inside-feature", "reference": "inside-reference", "phrase": "inside-phrase"},
        {"method": "geolocation", "phrase": "a published phrase", "public": True},
    ]  # fmt: skip
    for item, status in zip(filed["media"], ("verified", "unverified"), strict=True):
        more = {"value": CELLAR, "basis": basis} if status == "verified" else {}
        verdict = decide(checker, leased, "location", status, media=item["id"], reason="inside-reason", **more)  # fmt: skip
        assert verdict.status_code == 201, verdict.content
    decide(checker, leased, "date", "unverified", reason="inside-reason")
    checker.post(f"{here}submit/", {"lease_token": leased["lease_token"]})
    assert editor.post(f"{here}publish/", {"public_location_radius_m": 5000}).status_code == 200
    amended = editor.post(f"{here}amend/", {**WHY, "internal_reason": "inside-internal-reason"})
    assert amended.status_code == 200, amended.content
    return str(filed["id"])


def all_that_is_public(client: Caller, claim: str) -> dict[str, bytes]:
    pages = ("published/", "verified/", f"published/{claim}/", f"published/{claim}/?version=1", "changes/")
    seen = {page: client.get(page) for page in pages}
    assert all(response.status_code == 200 for response in seen.values())
    snapshot = b"".join(client.get("published/snapshot/").streaming_content)
    return {page: response.content for page, response in seen.items()} | {"published/snapshot/": snapshot}


def test_nothing_from_inside_gets_out(claim: str, client_key: Caller, checker: Caller) -> None:
    inside = checker.get(f"claims/{claim}/").content + checker.get(f"claims/{claim}/verdicts/").content
    assert b"inside-reason" in inside
    assert b"inside-source" not in inside
    for page, content in all_that_is_public(client_key, claim).items():
        found = [what for what, text in INSIDE.items() if text.encode() in content]
        assert found == [], f"{page} tells of {found}"
    for text in INSIDE.values():
        assert client_key.get(f"published/?q={text}").json()["results"] == [], text


def test_the_source_is_named_by_its_pseudonym(claim: str, client_key: Caller) -> None:
    shown = client_key.get(f"published/{claim}/").json()["source"]
    assert shown == {"name": "a resident", "kind": "person", "url": None}


def test_places_are_as_coarse_as_the_editor_said_wherever_they_are_public(
    claim: str, client_key: Caller
) -> None:
    places: list[dict[str, Any]] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if "latitude" in value:
                places.append(value)
            for part in value.values():
                walk(part)
        elif isinstance(value, list):
            for part in value:
                walk(part)

    for content in all_that_is_public(client_key, claim).values():
        assert b"46.63541" not in content
        assert b"32.61687" not in content
        for line in content.splitlines():
            walk(json.loads(line))
    # The claim's, each video's, and the one established, in every publication that was read.
    assert len(places) >= 4 * 6
    for place in places:
        assert (place["name"], place["radius_m"], place["precision"]) == ("Kherson", 5000, "vicinity")
    assert len({(place["latitude"], place["longitude"]) for place in places}) == 1


def test_statuses_are_rolled_up_with_their_counts_and_stand_beside_each_item(
    claim: str, client_key: Caller
) -> None:
    shown = client_key.get(f"published/{claim}/").json()
    assert shown["statuses"]["location"] == {
        "status": "partly_verified",
        "counts": {"verified": 1, "unverified": 1},
    }
    assert shown["statuses"]["date"] == {"status": "unverified", "counts": {"unverified": 2}}
    assert shown["statuses"]["authenticity"] == {"status": "not_checked", "counts": {"not_checked": 2}}
    assert [item["statuses"]["location"] for item in shown["media"]] == ["verified", "unverified"]
    assert [sorted(item["values"]) for item in shown["media"]] == [["location"], []]
    assert set(shown["statuses"]) == {
        "statement", "provenance", "source", "date", "location", "motivation", "authenticity",
    }  # fmt: skip


def test_every_version_stays_readable_by_number_and_by_time(
    checker: Caller, editor: Caller, client_key: Caller
) -> None:
    claim = published(checker, editor)["claim"]
    here = f"published/{claim}/"
    checker.post(f"claims/{claim}/request-recheck/", WHY)
    review(checker, {"date": "verified"})
    assert editor.post(f"claims/{claim}/amend/", WHY).status_code == 200
    one, two = client_key.get("changes/").json()["changes"]
    assert client_key.get(here).json() == two["publication"]
    assert client_key.get(f"{here}?version=1").json() == one["publication"]
    assert client_key.get(f"{here}?version=2").json() == two["publication"]
    assert client_key.get(f"{here}?as_of={one['at']}").json() == one["publication"]
    assert client_key.get(f"{here}?as_of={two['at']}").json() == two["publication"]
    for asked in ("version=0", "version=3", "as_of=2022-10-04T00:00:00Z"):
        refused(client_key.get(f"{here}?{asked}"), 404)
    assert one["publication"]["statuses"]["date"]["status"] == "unverified"
    assert two["publication"]["permalink"].endswith(f"/api/v1/{here}?version=2")


def test_verified_shows_what_has_a_dimension_verified_and_none_contradicted(
    checker: Caller, editor: Caller, client_key: Caller
) -> None:
    izium = {"name": "Izium", "latitude": 49.2, "longitude": 37.26, "radius_m": 900}
    shown: dict[str, str] = {}
    for location, date in (("verified", "unverified"), ("unverified", "unverified"), ("contradicted", "verified")):  # fmt: skip
        filed = file_claim(checker, statement=f"{location}, {date}", claimed_location=CELLAR)
        leased = lease(checker)
        decide(checker, leased, "location", location, **({"value": izium} if location == "contradicted" else {}))  # fmt: skip
        decide(checker, leased, "date", date)
        checker.post(f"claims/{filed['id']}/submit/", {"lease_token": leased["lease_token"]})
        assert editor.post(f"claims/{filed['id']}/publish/").status_code == 200
        shown[filed["id"]] = location

    def seen(page: str) -> list[str]:
        return [shown[row["claim"]] for row in client_key.get(page).json()["results"]]

    assert seen("published/") == ["contradicted", "unverified", "verified"]
    assert seen("verified/") == ["verified"]
    assert seen("published/?location=verified,contradicted") == ["contradicted", "verified"]
    assert seen("published/?location=unverified&date=unverified") == ["unverified"]
    assert seen("published/?date=not_checked") == []
    assert seen("published/?language=en&page_size=1") == ["contradicted"]
    assert seen("published/?language=uk") == []
    assert seen("published/?q=contradicted, verified") == ["contradicted"]
    assert seen("published/?published_after=2100-01-01T00:00:00Z") == []
