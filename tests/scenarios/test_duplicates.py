"""What may be the same claim: found before and after filing, marked, merged and taken back."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.utils import timezone
from PIL import Image

from claims.models import Asset, Capture, Claim, MediaItem
from tests.conftest import (
    Caller,
    decide,
    everything,
    file_claim,
    lease,
    published,
    refused,
    review,
)
from tests.scenarios.test_transitions import ROAD, brought_to
from verification.models import Job, MediaMatch, Verdict
from verification.services import audit

pytestmark = [pytest.mark.django_db, pytest.mark.database]

WHY = {"reason": "the same hail"}
HAIL = "A video shows hail the size of tennis balls in Milan on 21 July 2023."
SIMILAR = "Video shows hail as big as tennis balls in Milan, 21 July 2023"
OTHER = "The prime minister of Latvia resigned after a vote of no confidence."
LINK = "https://media.example/hail.mp4"


def original(size: int = 1) -> Asset:
    """An asset as if its bytes were in the archive."""
    out = io.BytesIO()
    Image.new("RGB", (size, size)).save(out, "PNG")
    return Asset.objects.create(
        sha256=f"{size:064x}",
        size_bytes=size,
        media_type="image/png",
        kind="photo",
        archived_at=timezone.now(),
    )


def captured(claim: str, asset: Asset, position: int = 0) -> MediaItem:
    """Makes an item of the claim stand on an asset, as a capture would."""
    item = MediaItem.objects.filter(claim=claim).order_by("position")[position]
    MediaItem.objects.filter(pk=item.pk).update(state="captured", asset=asset)
    at = timezone.now()
    Capture.objects.create(media=item, asset=asset, requested_url=item.url, started_at=at, finished_at=at)
    return item


def looked_for(caller: Caller, claim: str) -> dict[str, tuple[str, float | None]]:
    answer = caller.get(f"claims/{claim}/duplicates/")
    assert answer.status_code == 200, answer.content
    return {one["ref"]: (one["why"], one["score"]) for one in answer.json()["possible_duplicates"]}


def test_each_reason_is_named_the_strongest_of_several_first(checker: Caller) -> None:
    words = file_claim(checker, statement=SIMILAR, draft=True)
    link = file_claim(checker, statement=OTHER, media=[{"url": LINK}])
    looks = file_claim(checker, statement=f"{OTHER} Twice.", media=[{"url": f"{LINK}?looks"}])
    dismissed = file_claim(checker, statement=f"{OTHER} Thrice.", media=[{"url": f"{LINK}?no"}])
    first, second, third = original(1), original(2), original(3)
    captured(link["id"], first), captured(looks["id"], second), captured(dismissed["id"], third)
    desk = Claim.objects.get(pk=link["id"]).desk
    for newer, state in ((second, "proposed"), (third, "dismissed")):
        MediaMatch.objects.create(
            desk=desk, older=first, newer=newer, distance=8, turn="none", state=state, found_at=timezone.now()
        )
    asked = {"statement": HAIL, "media": [{"url": LINK}]}
    before = everything()
    answer = checker.post("claims/duplicates/", asked)
    assert everything() == before
    found = answer.json()["possible_duplicates"]
    assert [(one["ref"], one["why"]) for one in found] == [
        (link["ref"], "same_media_url"),
        (looks["ref"], "similar_media"),
        (words["ref"], "similar_statement"),
    ]
    assert [one["score"] for one in found[:2]] == [None, round(1 - 8 / 256, 3)]
    assert 0.5 <= found[2]["score"] < 1
    filed = file_claim(checker, **asked)
    assert filed["possible_duplicates"] == found
    assert looked_for(checker, filed["id"]) == {one["ref"]: (one["why"], one["score"]) for one in found}
    same = file_claim(checker, statement=HAIL.upper())
    assert same["possible_duplicates"][0]["why"] == "same_statement"


def test_a_published_line_is_shown_at_once_wherever_it_is_a_duplicate(
    checker: Caller, editor: Caller
) -> None:
    publication = published(checker, editor, statement=HAIL)
    line = {"line": publication["line"], "version": 1}
    asked = checker.post("claims/duplicates/", {"statement": SIMILAR}).json()["possible_duplicates"]
    assert [{**one, **line} for one in asked] == asked
    assert asked[0]["line_of"] == publication["ref"]
    filed = file_claim(checker, statement=SIMILAR)
    assert filed["original"] is None
    marked = checker.post(f"claims/{filed['id']}/duplicate/", {**WHY, "of": publication["ref"]}).json()
    assert marked["duplicate_of"] == publication["claim"]
    assert marked["original"] == {
        "id": publication["claim"],
        "ref": publication["ref"],
        "stage": "published",
        **line,
    }
    # A third that is worded like the duplicate alone is still told the line.
    again = checker.post("claims/duplicates/", {"statement": SIMILAR}).json()["possible_duplicates"]
    assert {(one["ref"], one["line_of"]) for one in again} >= {(filed["ref"], publication["ref"])}
    editor.post(f"claims/{publication['claim']}/hold/", WHY)
    held = checker.get(f"claims/{filed['id']}/").json()["original"]
    assert (held["stage"], held["line"], held["version"]) == ("held", None, None)


def test_every_line_of_a_bulk_has_its_own(checker: Caller) -> None:
    first = file_claim(checker, statement=HAIL)
    base = {"language": "en", "source": {"name": "A"}}
    answer = checker.post("claims/bulk/", [{**base, "statement": SIMILAR}, {**base, "statement": OTHER}])
    one, other = answer.json()["results"]
    assert [found["ref"] for found in one["possible_duplicates"]] == [first["ref"]]
    assert other["possible_duplicates"] == []


def test_nothing_of_another_desk_is_found(checker: Caller, stranger: Caller) -> None:
    file_claim(stranger, statement=HAIL, media=[{"url": LINK}])
    asked = {"statement": HAIL, "media": [{"url": LINK}]}
    assert checker.post("claims/duplicates/", asked).json() == {"possible_duplicates": []}
    refused(checker.post("claims/duplicates/", {**asked, "desk": "elsewhere"}), 400, pointer="/desk")
    refused(checker.post("claims/duplicates/", {"media": [{"url": "ftp://a"}]}), 400, pointer="/media/0/url")


def test_a_chain_leads_to_its_end_and_makes_no_circle(checker: Caller) -> None:
    one, two, three = (file_claim(checker, statement=f"Claim {n}.") for n in range(3))
    for claim, of in ((one, two), (two, three)):
        assert checker.post(f"claims/{claim['id']}/duplicate/", {**WHY, "of": of["id"]}).status_code == 200
    assert checker.get(f"claims/{one['id']}/").json()["original"]["ref"] == three["ref"]
    problem = refused(
        checker.post(f"claims/{three['id']}/duplicate/", {**WHY, "of": one["id"]}), 400, pointer="/of"
    )
    assert f"a duplicate too, of {three['ref']}" in problem["detail"]
    checker.post(f"claims/{two['id']}/reopen/", WHY)
    assert checker.get(f"claims/{one['id']}/").json()["original"]["ref"] == two["ref"]


def test_merging_takes_the_media_in_and_leaves_both_histories(
    checker: Caller, second_checker: Caller
) -> None:
    into = file_claim(
        checker, statement=HAIL, media=[{"url": LINK}], claimed_date={"edtf": "2023-07-21"}, priority="low"
    )
    asset, shared = original(1), original(2)
    captured(into["id"], shared)
    links = [f"{LINK}?own", f"{LINK}?shared", LINK, f"{LINK}?waits"]
    duplicate = file_claim(
        checker, statement=SIMILAR, media=[{"url": link, "caption": link} for link in links]
    )
    own = captured(duplicate["id"], asset)
    captured(duplicate["id"], shared, 1)
    leased = lease(checker)
    assert leased["claim"]["id"] == duplicate["id"]
    assert decide(checker, leased, "location", "verified").status_code == 201
    verdicts = list(Verdict.objects.values_list("pk", "media", "claim"))

    body = {**WHY, "of": into["ref"], "merge": True}
    done = second_checker.post(f"claims/{duplicate['id']}/duplicate/", body)
    assert (done.status_code, done.json()["stage"], done.json()["queue_entry"]) == (200, "duplicate", None)
    refused(decide(checker, leased, "date", "unverified"), 423)

    target = checker.get(f"claims/{into['id']}/").json()
    taken = target["media"][1:]
    # The same bytes and the same link are there already.
    assert [item["caption"] for item in taken] == [links[0], links[3]]
    assert [item.position for item in MediaItem.objects.filter(claim=into["id"])] == [1, 2, 3]
    assert taken[0]["taken_from"] == {
        "media": str(own.pk),
        "claim": duplicate["id"],
        "ref": duplicate["ref"],
    }
    assert (taken[0]["state"], taken[0]["asset"]["sha256"]) == ("captured", asset.sha256)
    assert taken[1]["state"] == "pending"
    jobs = set(
        Job.objects.filter(subject_id__in=[item["id"] for item in taken]).values_list("kind", flat=True)
    )
    assert jobs == {"examine", "capture"}
    # What was said of the items is still said of them; what was decided of them is not taken over.
    assert taken[0]["claimed_date"] == duplicate["claimed_date"] != target["claimed_date"]
    assert target["statuses"]["location"]["status"] == "not_checked"
    assert target["statuses"]["location"]["counts"] == {"not_checked": 3}
    assert list(Verdict.objects.values_list("pk", "media", "claim")) == verdicts
    assert len(checker.get(f"claims/{duplicate['id']}/").json()["media"]) == 4
    assert Capture.objects.filter(media=taken[0]["id"], asset=asset).count() == 1
    here, there = (
        checker.get(f"claims/{claim}/history/").json()["results"][-1]
        for claim in (duplicate["id"], into["id"])
    )
    assert (here["action"], here["data"]["of"]) == ("duplicate", into["id"])
    assert (there["action"], there["data"]["merged"]) == ("add-media", duplicate["id"])
    assert here["data"]["taken"] == there["data"]["taken"] == {item["taken_from"]["media"]: item["id"] for item in taken}  # fmt: skip
    assert not [str(one) for one in audit.verify() if "original" not in str(one)]

    back = checker.post(f"claims/{duplicate['id']}/reopen/", WHY).json()
    assert (back["stage"], back["duplicate_of"], back["original"], len(back["media"])) == ("queued", None, None, 4)  # fmt: skip
    assert len(checker.get(f"claims/{into['id']}/").json()["media"]) == 3
    # Merged once more, nothing comes twice.
    assert second_checker.post(f"claims/{duplicate['id']}/duplicate/", body).status_code == 200
    assert len(checker.get(f"claims/{into['id']}/").json()["media"]) == 3


MERGES_FROM = {"draft", "queued", "in_review", "awaiting_signoff"}
TAKES_MEDIA = {"draft", "queued", "in_review", "awaiting_signoff", "published", "published under re-check", "published, asked", "held", "held unpublished"}  # fmt: skip


@pytest.mark.parametrize("stage", ROAD)
def test_which_stages_may_be_merged_and_merged_into(
    stage: str, checker: Caller, editor: Caller, admin: Caller, client_key: Caller
) -> None:
    claim = brought_to(stage, checker, editor)
    other = file_claim(checker, draft=True, media=[{"url": f"{LINK}?other"}])["id"]
    for caller in (checker, editor, admin):
        before = everything()
        answer = caller.post(f"claims/{claim}/duplicate/", {**WHY, "of": other, "merge": True})
        if stage in MERGES_FROM:
            assert answer.status_code == 200, (stage, answer.content)
            break
        problem = refused(answer, 409)
        assert "duplicate" not in problem["allowed_actions"]
        assert everything() == before, caller.person.username
    else:
        # A claim that can't be a duplicate may be what another one is merged into.
        answer = checker.post(f"claims/{other}/duplicate/", {**WHY, "of": claim, "merge": True})
        if stage in TAKES_MEDIA:
            assert answer.status_code == 200, (stage, answer.content)
        else:
            refused(answer, 400, pointer="/of")
            assert everything() == before
    refused(client_key.post(f"claims/{other}/duplicate/", {**WHY, "of": claim, "merge": True}), 403)


@pytest.mark.parametrize("stage", sorted(MERGES_FROM))
def test_an_open_claim_takes_media_in(stage: str, checker: Caller, editor: Caller) -> None:
    claim = brought_to(stage, checker, editor)
    other = file_claim(checker, draft=True, media=[{"url": f"{LINK}?other"}])["id"]
    answer = checker.post(f"claims/{other}/duplicate/", {**WHY, "of": claim, "merge": True})
    assert answer.status_code == 200, answer.content
    assert MediaItem.objects.filter(claim=claim).count() == 2


def test_more_media_than_a_claim_may_have_are_refused_whole(checker: Caller, settings: Any) -> None:
    into = file_claim(checker, statement=HAIL, media=[{"url": f"{LINK}?{n}"} for n in range(99)])["id"]
    other = file_claim(checker, statement=OTHER, media=[{"url": f"{LINK}?more{n}"} for n in range(2)])["id"]
    before = everything()
    problem = refused(
        checker.post(f"claims/{other}/duplicate/", {**WHY, "of": into, "merge": True}), 400, pointer="/of"
    )
    assert "101 media items" in problem["detail"]
    assert everything() == before


def test_a_review_that_was_decided_before_is_asked_again_of_what_came_in(
    checker: Caller, editor: Caller
) -> None:
    into = file_claim(checker, statement=HAIL, media=[{"url": LINK}])["id"]
    review(checker, {"location": "verified", "date": "unverified"}, entry_of=into)
    other = file_claim(checker, statement=OTHER, media=[{"url": f"{LINK}?b"}])["id"]
    assert checker.post(f"claims/{other}/duplicate/", {**WHY, "of": into, "merge": True}).status_code == 200
    said = editor.get(f"claims/{into}/").json()["statuses"]["location"]
    assert (said["status"], said["counts"]) == ("not_checked", {"verified": 1, "not_checked": 1})
