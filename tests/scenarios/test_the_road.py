"""The seed sentence, from a filed claim to a withdrawal, as each of the three kinds of people see it."""

from __future__ import annotations

import pytest

from tests.conftest import Caller, decide, file_claim, lease

pytestmark = [pytest.mark.django_db, pytest.mark.database]

SEED = "Reuters has verified the locations in the videos, but could not independently verify the date."
VIDEOS = [
    {
        "url": "https://media.example/one.mp4",
        "claimed_location": {
            "name": "Borivska Andriivka",
            "latitude": 49.42,
            "longitude": 37.64,
            "radius_m": 3000,
        },
    },
    {
        "url": "https://media.example/two.mp4",
        "claimed_location": {
            "name": "Kherson region",
            "latitude": 46.8,
            "longitude": 33.2,
            "radius_m": 120000,
        },
    },
]


def test_from_a_filed_claim_to_the_printed_sentence(
    checker: Caller, editor: Caller, client_key: Caller
) -> None:
    claim = file_claim(checker, media=VIDEOS)
    here = f"claims/{claim['id']}/"
    before = checker.get(f"{here}status-line/")
    assert before.status_code == 409
    assert {b["dimension"] for b in before.json()["blockers"]} == {"location", "date"}

    leased = lease(checker)
    decide(checker, leased, "location", "verified")
    decide(checker, leased, "date", "unverified")
    assert checker.get(f"{here}status-line/").json() == {
        "text": SEED,
        "version": None,
        "language": "en",
        "form": "short",
    }
    gate = editor.get(f"{here}gate/").json()
    assert gate["can_publish"] is False
    assert "review_open" in {b["code"] for b in gate["blockers"]}

    done = checker.post(f"{here}submit/", {"lease_token": leased["lease_token"]})
    assert done.json()["stage"] == "awaiting_signoff"
    assert editor.get(f"{here}gate/").json()["can_publish"] is True
    publication = editor.post(f"{here}publish/").json()
    assert (publication["version"], publication["line"]) == (1, SEED)
    assert checker.get(f"{here}status-line/").json() == {
        "text": SEED,
        "version": 1,
        "language": "en",
        "form": "short",
    }
    assert [row["claim"] for row in client_key.get("verified/").json()["results"]] == [claim["id"]]

    withdrawn = editor.post(f"{here}withdraw/", {"reason": "The place was another one."})
    assert withdrawn.status_code == 200
    changes = client_key.get("changes/?after=0").json()
    assert [(c["position"], c["kind"], c["reason"]) for c in changes["changes"]] == [
        (1, "published", None),
        (2, "withdrawn", "The place was another one."),
    ]
    assert client_key.get(f"published/{claim['id']}/").status_code == 410
    assert checker.get(f"{here}status-line/").json()["code"] == "withdrawn"
