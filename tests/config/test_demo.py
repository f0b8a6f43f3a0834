"""The demo case: what a newcomer finds, that it is made once, and that a cut leaves nothing half made."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from claims.errors import LeaseLost
from claims.models import Claim, Desk, MediaItem, Person, Publication
from claims.publishing import standing_publication
from claims.vocabulary import ChangeKind, CheckRunState, Dimension, JobKind, Role, Stage, Stance, Status
from config.demo import seeding
from config.demo.seeding import DEMO_NOTE, demo_desk, seed
from config.demo.words import DATE_UNVERIFIED, Medium, location_verified
from config.demo_media import COMMENT, MARK, make_recording
from tests.conftest import Caller, caller, file_claim
from verification.models import AuditEntry, CheckRun, Contact, FindingRow, Job, QueueEntry
from verification.sandbox import decode
from verification.services import audit, publication, queue, review, submissions, verdicts, work
from verification.services.reasoning import reasoning_of
from verification.services.standing import face_of, line_of, standing

pytestmark = pytest.mark.django_db

SENTENCE = "Reuters has verified the locations in the videos, but could not independently verify the date."
STAGES = {
    "two-flags": Stage.QUEUED,
    "tram": Stage.DRAFT,
    "hail": Stage.QUEUED,
    "announcer": Stage.QUEUED,
    "bridges": Stage.QUEUED,
    "grandstand": Stage.QUEUED,
    "chernivtsi": Stage.QUEUED,
    "galway": Stage.IN_REVIEW,
    "dakar": Stage.AWAITING_SIGNOFF,
    "regensburg": Stage.AWAITING_SIGNOFF,
    "vina": Stage.SCHEDULED,
    "wellington": Stage.PUBLISHED,
    "mombasa": Stage.PUBLISHED,
    "red-paint": Stage.PUBLISHED,
    "cafayate": Stage.PUBLISHED,
    "kyoto": Stage.HELD,
    "seville": Stage.WITHDRAWN,
    "reindeer": Stage.DROPPED,
    "hail-again": Stage.DUPLICATE,
    "old-snow": Stage.QUEUED,
}
LINES = {
    "wellington": SENTENCE,
    "mombasa": "Reuters has verified the location, date and authenticity of the photo.",
    "red-paint": "Evidence reviewed by Reuters contradicts the claim: the city issued no such order.",
    "cafayate": "Reuters has established that the photo shows Tupungato, not Cafayate as claimed, "
    "but could not independently verify the date.",
}
AWAITED_LINES = {
    "dakar": "Reuters has verified the location in the photo, but could not independently verify the date.",
    "regensburg": "Reuters has established that the video shows Passau, not Regensburg as claimed, "
    "but could not independently verify the date.",
}
DRAWN: dict[str, bytes] = {}
"""The files by caption, drawn once for all tests."""


@pytest.fixture(autouse=True)
def archive(settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ARCHIVE_URL = str(tmp_path / "archive")
    draw = Medium.drawn

    def drawn(medium: Medium) -> bytes:
        caption = medium.said.caption
        if caption not in DRAWN:
            DRAWN[caption] = draw(medium)
        return DRAWN[caption]

    monkeypatch.setattr(Medium, "drawn", drawn)


@pytest.fixture
def empty_desk() -> Desk:
    return demo_desk()


@pytest.fixture
def seeded(empty_desk: Desk) -> Desk:
    assert seed(empty_desk)
    return empty_desk


def the(name: str) -> Claim:
    return Claim.objects.select_related("desk__policy", "source").get(external_id=f"demo:{name}")


def stages(desk: Desk) -> dict[str, str]:
    rows = desk.claims.values_list("external_id", "stage")
    return {str(name).removeprefix("demo:"): stage for name, stage in rows}


def newcomer(desk: Desk, role: Role = Role.FACT_CHECKER) -> Person:
    return caller(f"new-{role}", role, desk).person


def test_the_case_covers_every_stage(seeded: Desk) -> None:
    assert stages(seeded) == STAGES
    assert set(STAGES.values()) == set(Stage)
    assert list(audit.verify()) == []
    assert not Job.objects.filter(kind=JobKind.CAPTURE).exists()  # nothing is fetched from anywhere
    assert Job.objects.filter(kind=JobKind.EXAMINE).count() == MediaItem.objects.count()


def test_what_is_published_has_its_line(seeded: Desk) -> None:
    lines = {}
    for claim in seeded.claims.filter(stage=Stage.PUBLISHED):
        standing_now = standing_publication(claim)
        assert standing_now is not None
        assert standing_now.rendered is not None
        lines[str(claim.external_id).removeprefix("demo:")] = standing_now.rendered["line"]
    assert lines == LINES
    kinds = [publication.kind for publication in the("cafayate").publications.order_by("version")]
    assert kinds == [ChangeKind.PUBLISHED, ChangeKind.CORRECTED]
    assert the("kyoto").publications.latest("version").kind == ChangeKind.HELD
    assert the("seville").publications.latest("version").kind == ChangeKind.WITHDRAWN
    week = the("vina").schedules.get().due_at - timezone.now()
    assert timedelta(days=6, hours=23) < week <= timedelta(days=7)
    assert the("hail-again").duplicate_of == the("hail")


def test_all_of_it_says_that_it_is_a_demo(seeded: Desk) -> None:
    for claim in seeded.claims.select_related("source"):
        assert "demo" in claim.tags
        assert "(demo)" in claim.source.name
        assert claim.notes.order_by("at").first().body.content == DEMO_NOTE
        assert not claim.headline or claim.headline.startswith("Demo: ")
    for item in MediaItem.objects.all():
        assert item.caption.startswith("Demo, synthetic: ")
        assert item.credit == COMMENT
    assert not any(person.has_usable_password() for person in Person.objects.all())


def test_the_two_videos_come_first_to_whoever_asks(seeded: Desk) -> None:
    lease = queue.lease_next(newcomer(seeded))
    assert lease is not None
    assert lease.claim == the("two-flags")
    assert lease.claim.priority == "high"
    assert lease.claim.claimed_date == {
        "edtf": "2022-10-04",
        "timezone": "Europe/Kyiv",
        "not_before": "2022-10-03T21:00:00Z",
        "not_after": "2022-10-04T20:59:59.999999Z",
    }
    one, other = lease.claim.media.all()
    assert [item.kind for item in (one, other)] == ["video", "video"]
    assert [(item.claimed_date, item.claimed_location["name"]) for item in (one, other)] == [
        (None, "Borivska Andriivka"),
        (None, "a village in the Kherson region"),
    ]


def test_the_road_from_the_first_lease_to_the_sentence(seeded: Desk) -> None:
    person, editor = newcomer(seeded), newcomer(seeded, Role.EDITOR)
    lease = queue.lease_next(person)
    assert lease is not None
    for verdict in (location_verified("the church"), DATE_UNVERIFIED):
        verdicts.record_verdict(lease.claim, actor=person, lease_token=lease.token, new=verdict)
    claim = review.submit_review(lease.claim, actor=person, lease_token=lease.token)
    signed = publication.publish(claim, actor=editor)
    assert isinstance(signed, Publication)
    assert (signed.rendered or {})["line"] == SENTENCE


def test_what_awaits_sign_off_can_be_signed_by_a_newcomer(seeded: Desk) -> None:
    editor = newcomer(seeded, Role.EDITOR)
    for name, line in AWAITED_LINES.items():
        assert line_of(face_of(the(name))).text == line
        signed = publication.publish(the(name), actor=editor)
        assert isinstance(signed, Publication)
        assert (signed.rendered or {})["line"] == line


def test_the_review_under_way_is_held_and_has_its_draft(seeded: Desk) -> None:
    claim = the("galway")
    entry = QueueEntry.objects.get(claim=claim)
    assert entry.holder.username == "demo-checker"
    assert entry.lease_until > timezone.now() + timedelta(hours=23)
    assert standing(claim).status(Dimension.LOCATION) == Status.NOT_CHECKED
    assert standing(claim, draft=True).status(Dimension.LOCATION) == Status.VERIFIED
    with pytest.raises(LeaseLost, match="demo-checker holds this review"):
        queue.lease_entry(entry, newcomer(seeded))


def test_an_uploader_was_asked_and_has_not_answered(seeded: Desk) -> None:
    contact = Contact.objects.get()
    assert (contact.claim, contact.uploader_name, contact.is_open) == (
        the("two-flags"),
        "frontline_demo",
        True,
    )
    assert the("two-flags").media.all()[0].permission == "asked"


def test_a_second_seed_makes_nothing(seeded: Desk) -> None:
    before = AuditEntry.objects.count()
    assert not seed(seeded)
    Claim.objects.filter(external_id="demo:hail").update(external_id=None)  # gone: not made again
    assert not seed(seeded)
    assert AuditEntry.objects.count() == before


def test_a_desk_with_claims_of_its_own_is_left_alone(empty_desk: Desk) -> None:
    file_claim(Caller(newcomer(empty_desk), caller("mine", Role.FACT_CHECKER, empty_desk).key))
    assert not seed(empty_desk)
    assert empty_desk.claims.count() == 1


class CutError(Exception):
    """The machine went down."""


def failing_at(number: int, works: Callable[..., Any]) -> Callable[..., Any]:
    calls = iter(range(1, 1000))

    def call(*args: Any, **words: Any) -> Any:
        if next(calls) == number:
            raise CutError
        return works(*args, **words)

    return call


CUTS = [  # at which call of what, counted anew in every seed; how many claims are there afterwards
    (seeding, "issue_account", 2, 0),
    (submissions, "file_claim", 1, 0),
    (submissions, "add_media", 2, 0),  # between the two videos
    (submissions, "file_claim", 6, 5),
    (verdicts, "record_verdict", 2, 7),  # between two drafts
    (review, "submit_review", 2, 9),
    (publication, "correct", 1, 14),
    (publication, "withdraw", 1, 16),
    (seeding, "_is_seeded", 2, 20),  # before it says that all is there
]


def test_a_seed_that_was_cut_off_is_completed_by_the_next(
    empty_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name, number, made in CUTS:
        with monkeypatch.context() as patched:
            patched.setattr(module, name, failing_at(number, getattr(module, name)))
            with pytest.raises(CutError):
                seed(empty_desk)
        assert stages(empty_desk) == dict(list(STAGES.items())[:made]), name
    assert seed(empty_desk)
    assert stages(empty_desk) == STAGES
    assert not seed(empty_desk)
    assert list(audit.verify()) == []
    assert Person.objects.count() == 3


def findings_of(item: MediaItem, check: str) -> list[FindingRow]:
    """What a check found once the item's examination has run."""
    assert work.run_job(Job.objects.get(subject_id=item.pk).pk)
    assert not CheckRun.objects.filter(state=CheckRunState.FAILED).exists()
    return list(FindingRow.objects.filter(run__media=item, run__check_slug=check))


def test_the_same_bytes_are_one_original_known_by_its_first_claim(seeded: Desk) -> None:
    first, second = the("cafayate").media.get(), the("old-snow").media.get()
    assert first.asset == second.asset
    assert the("hail").media.get().asset == the("hail-again").media.get().asset
    assets = set(MediaItem.objects.values_list("asset", flat=True))
    assert len(assets) == MediaItem.objects.count() - 2
    (new,), (known,) = (findings_of(item, "exact_duplicate") for item in (first, second))
    assert (new.stance, new.data["copies"]) == (Stance.INCONCLUSIVE, [])
    assert (known.stance, known.data["copies"][0]["claim"]) == (Stance.NEUTRAL, the("cafayate").ref)


def test_the_place_of_a_video_agrees_and_the_dates_of_both_settle_nothing(seeded: Desk) -> None:
    items = list(the("two-flags").media.all())
    positions = [findings_of(item, "gps_location")[0].stance for item in items]
    assert positions == [Stance.SUPPORTS, Stance.INCONCLUSIVE]
    viewer = newcomer(seeded)
    for item in items:
        date = reasoning_of(item, viewer).date
        assert not any(each.bound.hard or each.bites for each in date.bounds)
        of_date = FindingRow.objects.filter(run__media=item, dimension=Dimension.DATE)
        assert {finding.stance for finding in of_date} == {Stance.INCONCLUSIVE, Stance.NEUTRAL}
    assert not FindingRow.objects.filter(stance=Stance.CONTRADICTS).exists()


def test_the_recording_says_what_it_is(tmp_path: Any) -> None:
    one, other = (make_recording(tmp_path / name, seconds=1) for name in ("one.m4a", "other.m4a"))
    assert one.read_bytes() == other.read_bytes()
    facts = decode(one, media_type="audio/mp4")
    assert (facts.tags["title"], facts.tags["comment"]) == (MARK, COMMENT)


def told(*words: str) -> str:
    out = io.StringIO()
    call_command("demo", *words, stdout=out)
    return out.getvalue()


def test_the_command_says_what_it_made_and_that_it_is_there() -> None:
    made = json.loads(told("--json"))
    assert made["made"] is True
    assert (made["desk"], made["claims"], made["stages"]["queued"]) == ("demo", 20, 7)
    assert json.loads(told("--json")) == {**made, "made": False}
    said = told()
    assert said.startswith("Nothing to do: the desk has its claims already. Demo desk (demo): 20 claims.\n")
    assert "    2  awaiting signoff\n" in said


def test_the_command_wants_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "config.management.commands.demo.MigrationExecutor.migration_plan", lambda *_: ["one"]
    )
    with pytest.raises(CommandError, match=r"manage\.py migrate") as refused:
        told()
    assert refused.value.returncode == 1
