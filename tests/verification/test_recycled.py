"""Recycled media on a desk: found on arrival and in what came before, told to both sides, judged by people."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import TestCase
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from PIL import Image, ImageOps

from claims.models import Asset, Claim, MediaItem
from tests.conftest import Caller, file_claim, published, refused, submitted
from tests.verification.test_pdq import pattern
from verification import sandbox
from verification.models import AuditEntry, CheckRun, FindingRow, Hashed, ImageHash, MatchDecision, MediaMatch
from verification.services import audit, reexamination, work

pytestmark = [pytest.mark.django_db, pytest.mark.database]
WHY = {"reason": "The same clouds."}


@pytest.fixture(autouse=True)
def _no_child_of_others() -> Any:
    yield
    sandbox.end_child()


def as_file(picture: Image.Image, form: str = "JPEG", **options: Any) -> bytes:
    file = io.BytesIO()
    picture.convert("RGB").save(file, form, **options)
    return file.getvalue()


def run_jobs() -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        for _ in range(40):
            if not work.reconcile() and not MediaMatch.objects.exclude(to_tell=None).exists():
                return
    raise AssertionError("the work never ends")


def added(caller: Caller, claim: str, body: bytes) -> MediaItem:
    upload = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("x", body)})
    answer = caller.call("POST", f"claims/{claim}/media/", upload, Content_Type=MULTIPART_CONTENT)
    assert answer.status_code == 202, answer.content
    return MediaItem.objects.get(pk=answer.json()["id"])


def filed(caller: Caller, body: bytes, **changes: Any) -> MediaItem:
    """A claim with this one file, examined."""
    item = added(caller, file_claim(caller, **changes)["id"], body)
    run_jobs()
    return MediaItem.objects.get(pk=item.pk)


def findings(item: MediaItem) -> list[FindingRow]:
    rows = FindingRow.objects.current().filter(run__media=item, run__check_slug="recycled_media")
    return list(rows.order_by("position"))


def similar(caller: Caller, item: MediaItem) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = caller.get(f"media/{item.pk}/similar/").json()["results"]
    return results


def test_a_mirrored_copy_is_found_on_arrival_and_told_to_both(checker: Caller) -> None:
    first = filed(checker, as_file(pattern(1)))
    second = filed(checker, as_file(ImageOps.mirror(pattern(1)), quality=50))
    filed(checker, as_file(pattern(2)))
    (one,) = similar(checker, second)
    assert (one["media"], one["ref"], one["earlier"]) == (str(first.pk), first.claim.ref, True)
    assert (one["state"], one["likeness"], one["turn"]) == ("proposed", "same", "mirrored")
    (other,) = similar(checker, first)
    assert (other["media"], other["earlier"], other["match"]) == (str(second.pk), False, one["match"])
    (finding,) = findings(second)
    assert "mirrored" in finding.sentence
    assert [bound["hard"] for bound in finding.bounds] == [False]
    assert findings(first)[0].bounds == []


def test_a_person_confirms_or_dismisses_and_the_bound_follows(checker: Caller, editor: Caller) -> None:
    first = filed(checker, as_file(pattern(1)))
    second = filed(checker, as_file(pattern(1), quality=40))
    (one,) = similar(checker, second)
    here = f"media/{second.pk}/similar/{one['match']}/"
    (said,) = checker.post(here, {**WHY, "state": "confirmed"}).json()["results"]
    assert (said["state"], said["decisions"][0]["by"], said["decisions"][0]["reason"]) == ("confirmed", "olena", "The same clouds.")  # fmt: skip
    run_jobs()
    assert [bound["hard"] for bound in findings(second)[0].bounds] == [True]
    refused(checker.post(here, {**WHY, "state": "confirmed"}), 409, code="already_so")
    # From the other side, by somebody else, who thinks better of it.
    there = f"media/{first.pk}/similar/{one['match']}/"
    assert editor.post(there, {"reason": "Other clouds.", "state": "dismissed"}).status_code == 200
    run_jobs()
    assert findings(second)[0].bounds == []
    assert [each.state for each in MatchDecision.objects.all()] == ["dismissed", "confirmed"]
    for item, by in ((second, "olena"), (first, "edith")):
        entry = AuditEntry.objects.get(chain_id=f"claim:{item.claim_id}", action="judge-match")
        assert entry.actor is not None
        assert (entry.actor.username, entry.data["match"]) == (by, one["match"])
    assert list(audit.verify()) == []


@pytest.mark.parametrize("body", [{}, {"state": "confirmed"}, {**WHY, "state": "proposed"}, {**WHY, "state": "identical"}, {**WHY, "state": "x"}])  # fmt: skip
def test_a_judgement_says_which_and_why(checker: Caller, body: dict[str, str]) -> None:
    filed(checker, as_file(pattern(1)))
    second = filed(checker, as_file(pattern(1), quality=40))
    (one,) = similar(checker, second)
    refused(checker.post(f"media/{second.pk}/similar/{one['match']}/", body), 400)
    assert not MatchDecision.objects.exists()


def test_the_same_bytes_need_no_judgement(checker: Caller) -> None:
    filed(checker, as_file(pattern(1)))
    second = filed(checker, as_file(pattern(1)))
    (one,) = similar(checker, second)
    assert (one["likeness"], one["state"], one["distance"]) == ("identical", "identical", 0)
    assert findings(second)[0].bounds[0]["hard"]
    refused(checker.post(f"media/{second.pk}/similar/{one['match']}/", {**WHY, "state": "dismissed"}), 409)


def test_a_match_stays_within_its_desk(checker: Caller, stranger: Caller) -> None:
    mine = filed(checker, as_file(pattern(1)))
    theirs = filed(stranger, as_file(pattern(1), quality=40))
    same_bytes = filed(stranger, as_file(pattern(1)))
    assert [one["media"] for one in similar(stranger, theirs)] == [str(same_bytes.pk)]
    assert similar(checker, mine) == []
    (one,) = similar(stranger, theirs)
    refused(checker.post(f"media/{mine.pk}/similar/{one['match']}/", {**WHY, "state": "confirmed"}), 404)
    refused(stranger.get(f"media/{mine.pk}/similar/"), 404)


def test_what_came_before_is_hashed_and_linked_when_nothing_else_waits(checker: Caller) -> None:
    first = filed(checker, as_file(pattern(1)))
    for table in (ImageHash, Hashed):
        table.objects.all().delete()
    CheckRun.objects.filter(check_slug="recycled_media").delete()
    Asset.objects.update(facts={key: value for key, value in first.asset.facts.items() if key != "hashes"})
    MediaItem.objects.filter(pk=first.pk).update(examined_with="earlier")
    second = added(checker, file_claim(checker)["id"], as_file(pattern(1), quality=40))
    assert reexamination.examine_some_stale() == 0
    run_jobs()
    assert reexamination.examine_some_stale() == 1
    run_jobs()
    assert [one["media"] for one in similar(checker, second)] == [str(first.pk)]
    assert "hashes" in Asset.objects.get(pk=first.asset_id).facts
    assert findings(second)[0].bounds
    assert not reexamination.stale().exists()


EARLIER = datetime(2019, 5, 1, tzinfo=UTC)


def posted_earlier(checker: Caller, body: bytes) -> MediaItem:
    """The same picture in a new claim, in a post that is older than anything known of it."""
    item = added(checker, file_claim(checker, statement="An old one.")["id"], body)
    MediaItem.objects.filter(pk=item.pk).update(posted_at=EARLIER)
    run_jobs()
    return item


def nobody_looks(editor: Caller, claim: str) -> None:
    """What was added is not reviewed, by an editor's word."""
    assert (
        editor.post(f"claims/{claim}/cancel-review/", {"reason": "For the record only."}).status_code == 200
    )
    assert not Claim.objects.get(pk=claim).queue_entries.open().exists()


@pytest.mark.parametrize("quality", [40, 75], ids=["a near copy", "the same bytes"])
def test_an_earlier_copy_asks_for_a_re_check_of_what_is_published(
    checker: Caller, editor: Caller, quality: int
) -> None:
    claim = published(checker, editor)["claim"]
    item = added(checker, claim, as_file(pattern(1), quality=75))
    run_jobs()
    nobody_looks(editor, claim)
    posted_earlier(checker, as_file(pattern(1), quality=quality))
    now = checker.get(f"claims/{claim}/").json()
    assert (now["stage"], now["under_review"], now["queue_entry"]["review"]) == ("published", True, "recheck")
    blockers = editor.get(f"claims/{claim}/gate/").json()["blockers"]
    assert "recheck_needed" in [blocker["code"] for blocker in blockers]
    said = AuditEntry.objects.filter(chain_id=f"claim:{claim}", action="examined").last()
    assert said is not None
    assert len(said.data["recheck_needed"]["earlier_copies"]) == 1
    # Told once: looking again finds nothing new.
    Claim.objects.get(pk=claim).queue_entries.open().update(state="done")
    assert checker.post(f"media/{item.pk}/recheck/").status_code == 202
    run_jobs()
    assert not Claim.objects.get(pk=claim).queue_entries.open().exists()
    assert list(audit.verify()) == []


def test_a_claim_that_awaits_its_sign_off_goes_back_to_the_queue(checker: Caller) -> None:
    item = added(checker, file_claim(checker, statement="First.", priority="low")["id"], as_file(pattern(1)))
    run_jobs()
    claim = submitted(checker, priority="breaking")["id"]
    MediaItem.objects.filter(pk=item.pk).update(claim=claim)
    posted_earlier(checker, as_file(pattern(1), quality=40))
    now = checker.get(f"claims/{claim}/").json()
    assert (now["stage"], now["queue_entry"]["review"]) == ("queued", "recheck")


def test_a_later_copy_asks_for_nothing(checker: Caller, editor: Caller) -> None:
    claim = published(checker, editor)["claim"]
    added(checker, claim, as_file(pattern(1)))
    run_jobs()
    nobody_looks(editor, claim)
    filed(checker, as_file(pattern(1), quality=40))
    assert not Claim.objects.get(pk=claim).queue_entries.open().exists()


def test_an_erased_original_is_no_copy_of_anything(checker: Caller, admin: Caller) -> None:
    first = filed(checker, as_file(pattern(1)))
    second = filed(checker, as_file(pattern(1), quality=40))
    why = {"reason": "An order.", "legal_ground": "court order", "target": "original", "id": str(first.pk)}
    assert admin.post(f"claims/{first.claim_id}/redact/", why).status_code == 200
    assert similar(checker, second) == []
    assert not ImageHash.objects.filter(asset=first.asset_id).exists()
