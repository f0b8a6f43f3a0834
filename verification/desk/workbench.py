"""What the claim page shows, gathered in a number of queries that does not grow with the claim."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from claims.models import Capture, Claim, MediaItem, Person, SourceLink
from claims.vocabulary import (
    IN_ORDER_OF_WORK,
    ContentFlag,
    Dimension,
    ReviewKind,
    Stance,
    Status,
)
from verification.desk.forms.bound import TypedBound
from verification.desk.forms.verdict import VerdictForm, what_is_typed
from verification.desk.items import MOST_EARLIER, EarlierView, ItemView, pictures_of
from verification.domain import rollup
from verification.domain.evidence import EvidenceKind
from verification.domain.rollup import applies_to
from verification.domain.transitions import EDITORS, Action, Situation, allowed_actions
from verification.models import (
    Ask,
    Evidence,
    FindingRow,
    HandOver,
    Invitation,
    Note,
    QueueEntry,
    Review,
    Verdict,
)
from verification.services import playable, telling
from verification.services.acting import situation
from verification.services.contacts import contacts_around
from verification.services.drafts import typed_by
from verification.services.duplicates import Candidate, Original, duplicates_of, original_of
from verification.services.matches import appearances_of
from verification.services.offers import Offer, offers_of
from verification.services.reliance import reasons_of
from verification.services.sayings import Saying, sayings_of
from verification.services.signoff import OfDimension, OfItem, decisions_of
from verification.services.standing import Line, Standing, disputes_of, face_of, line_of, standing
from verification.services.veil import is_veiled
from verification.services.waiting import why_not

MOST_OFFERS = 5
"""How many verdicts of other claims stand beside a form; the API has all."""


@dataclass(frozen=True)
class TargetView:
    """One media item, or the claim itself, within a dimension: what stands of it, or what this review says of it."""

    name: str
    status: Status
    verdict: Verdict | None


@dataclass(frozen=True)
class OfferView:
    """What another claim has decided of the same picture, to be said of an item of this one."""

    name: str
    offer: Offer


@dataclass(frozen=True)
class DimensionView:
    """A dimension to be decided."""

    dimension: Dimension
    needed: bool
    status: Status
    counts: Mapping[Status, int]
    targets: Sequence[TargetView]
    form: VerdictForm
    contradicting: int
    unrecorded: Sequence[str]
    """What was typed and not recorded: a reason, a basis, a value."""
    has_draft: bool
    is_wanted: bool
    """Whether this review is there to decide it: the policy needs it, or an earlier review decided it."""
    recheck: Sequence[tuple[str, str]] = ()
    """Why it should be looked at again: the media item by name, and the sentence."""
    earlier: Sequence[TargetView] = ()
    """What earlier reviews said, where this one is another look at them."""
    offers: Sequence[OfferView] = ()
    """What other claims have decided of what is not decided here yet, where the same is claimed first."""
    disputed: Sequence[Sequence[TargetView]] = ()
    """Where this review is there to settle it: by item the two verdicts that differ, the first one first."""

    left: Sequence[TargetView] = ()
    """What others recorded in this very review before they gave it on, of what is not decided in it yet."""

    @property
    def decided(self) -> list[TargetView]:
        return [target for target in self.targets if target.verdict is not None]


@dataclass
class Workbench:
    """Everything of one claim for one person."""

    claim: Claim
    person: Person
    bound: VerdictForm | None = None
    refused_submit: str = ""
    """`next` or `stay` where a submission was refused for what is typed and not recorded."""
    sun_times: Mapping[uuid.UUID, str] = field(default_factory=dict)
    """The time that somebody chose to see the sun at, as it was typed, by media item."""
    typed_bounds: Mapping[uuid.UUID, TypedBound] = field(default_factory=dict)
    entry: QueueEntry | None = field(init=False)

    def __post_init__(self) -> None:
        self.entry = (
            self.claim.queue_entries.open()
            .select_related("holder", "assignee", "need", "desk__policy")
            .prefetch_related("asks__by")
            .first()
        )

    @cached_property
    def lease(self) -> str:
        """`mine`, `invited` (the holder asked me in), `others`, `free` (I may take it), `barred` (I may not) or `none`
        (nothing waits).
        """
        entry = self.entry
        if entry is None:
            return "none"
        if QueueEntry.objects.held().filter(pk=entry.pk).exists():
            if entry.holder_id == self.person.pk:
                return "mine"
            return "invited" if self.situation.is_invited else "others"
        return "free" if Action.LEASE in self.actions else "barred"

    @property
    def token(self) -> str:
        return self.entry.token if self.entry and self.may_decide else ""

    @property
    def may_decide(self) -> bool:
        return self.lease in {"mine", "invited"}

    @cached_property
    def invited(self) -> list[Person]:
        """Whom the holder asked in."""
        if self.entry is None or self.entry.holder_id is None:
            return []
        asked = Invitation.objects.filter(
            review__entry=self.entry, review__reviewer=self.entry.holder, review__state=Review.OPEN
        )
        return [one.person for one in asked.select_related("person").order_by("at")]

    @cached_property
    def taken_away_by(self) -> str:
        """Who took the review away from its last holder, where nobody has it since."""
        last = self.entry.events.select_related("person").order_by("-id").first() if self.entry else None
        return last.person.display_name if last and last.kind == "broken" and last.person else ""

    @cached_property
    def why_barred(self) -> str:
        return why_not(self.entry, self.person) if self.entry else ""

    @cached_property
    def handed(self) -> HandOver | None:
        """What whoever gave the open review on last says of it."""
        if self.entry is None:
            return None
        return self.entry.hand_overs.select_related("by", "to", "body").first()

    @cached_property
    def said(self) -> list[Saying]:
        """What was said with acts on the claim since a review was last submitted."""
        return [one for one in sayings_of(self.claim, viewer=self.person, current=True) if one.text]

    @property
    def asks(self) -> list[Ask]:
        """What editors want decided by an hour."""
        return self.entry.standing_asks if self.entry else []

    @cached_property
    def actions(self) -> list[Action]:
        return allowed_actions(self.situation)

    @cached_property
    def situation(self) -> Situation:
        return situation(self.claim, self.person)

    @property
    def is_editor(self) -> bool:
        """On the claim's own desk, whichever desk they look at."""
        return bool(self.situation.roles & EDITORS)

    @cached_property
    def is_veiled(self) -> bool:
        """Whether what others decided is kept from this person by a blind second review."""
        return is_veiled(self.claim, self.person)

    @property
    def is_blind(self) -> bool:
        """Whether a second review that waits or is under way is blind: what is written in notes may give it away."""
        entry = self.entry
        is_second = entry is not None and entry.review_kind == ReviewKind.SECOND
        return is_second and self.claim.desk.policy.blind_second_review

    @property
    def flags(self) -> list[ContentFlag]:
        return list(ContentFlag)

    @property
    def bound_kinds(self) -> list[EvidenceKind]:
        return list(EvidenceKind)

    @property
    def may_edit(self) -> bool:
        return Action.EDIT in self.actions

    @property
    def may_erase(self) -> bool:
        return Action.REDACT in self.actions

    @property
    def may_queue(self) -> bool:
        return Action.QUEUE in self.actions

    @property
    def may_add_media(self) -> bool:
        return Action.ADD_MEDIA in self.actions

    @cached_property
    def media(self) -> list[MediaItem]:
        return list(self.claim.media.all())

    @cached_property
    def pictures(self) -> dict[str, list[dict[str, Any]]]:
        """What a box may be drawn on, by item: each still with its moment and address; only to who decides."""
        shown = {str(item.pk): pictures_of(item) for item in self.media} if self.may_decide else {}
        return {
            item: [{"at_ms": at_ms, "url": url} for at_ms, url in stills]
            for item, stills in shown.items()
            if stills
        }

    @cached_property
    def names(self) -> dict[uuid.UUID, str]:
        """The items by kind and number: "Video 2"; the only one of its kind goes without."""
        kinds = [item.kind for item in self.media]
        named: dict[uuid.UUID, str] = {}
        seen: dict[str, int] = defaultdict(int)
        for item in self.media:
            seen[item.kind] += 1
            number = f" {seen[item.kind]}" if kinds.count(item.kind) > 1 else ""
            named[item.pk] = f"{item.kind.capitalize()}{number}"
        return named

    @cached_property
    def items(self) -> list[ItemView]:
        findings: dict[uuid.UUID, list[FindingRow]] = defaultdict(list)
        for row in self.findings:
            findings[row.run.media_id].append(row)
        captures: dict[uuid.UUID, list[Capture]] = defaultdict(list)
        for capture in Capture.objects.filter(media__claim=self.claim).select_related("asset"):
            captures[capture.media_id].append(capture)
        evidence: dict[uuid.UUID, list[Evidence]] = defaultdict(list)
        for entered in Evidence.objects.visible_to(self.person).filter(claim=self.claim).standing():
            evidence[entered.media_id].append(entered)
        copy_jobs = playable.jobs_of(self.media)
        contacts = contacts_around(self.media, self.person)
        return [
            ItemView(
                item,
                self.names[item.pk],
                findings[item.pk],
                list(item.check_runs.all()),
                captures[item.pk],
                evidence[item.pk],
                copy_jobs.get(item.pk),
                self.standing.verdicts.get((item.pk, Dimension.LOCATION)),
                self.sun_times.get(item.pk, ""),
                self.typed_bounds.get(item.pk),
                contacts.get(item.pk, ()),
            )
            for item in self.media
        ]

    @cached_property
    def findings(self) -> list[FindingRow]:
        rows = FindingRow.objects.current().filter(run__media__claim=self.claim).select_related("run")
        return list(rows.order_by("run__media__position", "run__check_slug", "position"))

    @cached_property
    def standing(self) -> Standing:
        return standing(self.claim, draft=True, viewer=self.person)

    @cached_property
    def line(self) -> Line:
        return line_of(face_of(self.claim, draft=True, viewer=self.person))

    @cached_property
    def typed(self) -> Mapping[str, Mapping[str, list[str]]]:
        """What the person typed and did not record, by dimension."""
        return typed_by(self.claim, self.person)

    @property
    def unrecorded(self) -> list[DimensionView]:
        return [view for view in self.dimensions if view.unrecorded]

    @property
    def opens(self) -> str:
        """The dimension to look at first where a submission was refused."""
        return self.unrecorded[0].dimension.value if self.refused_submit and self.unrecorded else ""

    @cached_property
    def looks_again(self) -> bool:
        """Whether this person is at a second review, a re-check or an adjudication: its decisions count apart then."""
        entry = self.entry
        return self.may_decide and entry is not None and entry.review_kind != ReviewKind.FIRST

    @cached_property
    def own(self) -> Mapping[tuple[uuid.UUID | None, Dimension], Verdict]:
        """What is said in the review that the person holds, or was asked into."""
        if not self.may_decide or self.entry is None:
            return {}
        given = self.claim.verdicts.filter(
            review__entry=self.entry, review__reviewer=self.entry.holder, review__state=Review.OPEN
        )
        newest = {
            (verdict.media_id, Dimension(verdict.dimension)): verdict
            for verdict in given.select_related("review", "body", "by").order_by("seq")
        }
        return {of: verdict for of, verdict in newest.items() if verdict.status != Status.NOT_CHECKED}

    @cached_property
    def before(self) -> Mapping[Dimension, OfDimension]:
        """What the reviews before this one said; nothing where it is the first."""
        if not self.looks_again:
            return {}
        return {each.dimension: each for each in decisions_of(self.claim, self.person)}

    def wants(self, dimension: Dimension) -> bool:
        """Whether the review is there to decide it."""
        before = self.before.get(dimension)
        if self.adjudicates:
            return before is not None and before.disagree
        said = before is not None and any(item.beside for item in before.items)
        return said or dimension in self.claim.desk.policy.required

    @cached_property
    def may_undo(self) -> bool:
        """Whether the open review of this person has anything to take back."""
        if not self.may_decide or self.entry is None:
            return False
        given = self.claim.verdicts.filter(review__entry=self.entry, review__reviewer=self.entry.holder)
        if self.lease == "invited":
            given = given.filter(by=self.person)
        return given.filter(undoes=None, undone_by=None).exists()

    @property
    def still_needed(self) -> list[Dimension]:
        """What this review is there to decide and has not."""
        return [
            view.dimension for view in self.dimensions if view.is_wanted and view.status == Status.NOT_CHECKED
        ]

    @property
    def uncaptured(self) -> list[str]:
        """Items that nobody could look at yet, by name."""
        return [self.names[item.pk] for item in self.media if item.asset_id is None]

    @property
    def is_decided(self) -> bool:
        """Whether a review by this person has anything to submit."""
        return bool(self.own)

    @cached_property
    def dimensions(self) -> list[DimensionView]:
        """All dimensions, those that the review is there to decide first."""
        return [
            self.dimension(each)
            for each in sorted(
                IN_ORDER_OF_WORK, key=lambda one: (one not in self.recheck, not self.wants(one))
            )
        ]

    @cached_property
    def recheck(self) -> Mapping[Dimension, Sequence[tuple[str, str]]]:
        """Why dimensions should be looked at again, of those that this review has not decided anew."""
        own = {(media, dimension) for media, dimension in self.own}
        found: dict[Dimension, list[tuple[str, str]]] = {}
        for dimension, reasons in reasons_of(self.claim).items():
            for reason in reasons:
                media = uuid.UUID(reason["media"]) if reason["media"] else None
                if not {(media, dimension), (None, dimension)} & own:
                    name = self.names[media] if media else "The claim"
                    found.setdefault(dimension, []).append((name, reason["sentence"]))
        return found

    def dimension(self, dimension: Dimension) -> DimensionView:
        now = self.standing
        typed = self.typed.get(dimension.value)
        speaking = self.own if self.looks_again else now.verdicts
        targets = [
            self._target(target, speaking.get((target, dimension))) for target in now.targets[dimension]
        ]
        statuses = [target.status for target in targets]
        return DimensionView(
            dimension=dimension,
            needed=dimension in self.claim.desk.policy.required,
            status=rollup.roll_up(statuses),
            counts=rollup.counts(statuses),
            targets=targets,
            unrecorded=what_is_typed(typed or {}),
            is_wanted=self.wants(dimension),
            recheck=self.recheck.get(dimension, ()),
            earlier=self._earlier(dimension),
            offers=self._offers(dimension, speaking),
            left=[
                self._target(target, verdict)
                for (target, of), verdict in self.left.items()
                if of == dimension and (target, of) not in speaking
            ],
            disputed=self._disputed(dimension),
            form=self._form(dimension, typed),
            contradicting=sum(
                row.stance == Stance.CONTRADICTS and row.dimension == dimension for row in self.findings
            ),
            has_draft=bool(typed),
        )

    def _target(self, target: uuid.UUID | None, verdict: Verdict | None) -> TargetView:
        status = Status(verdict.status) if verdict else Status.NOT_CHECKED
        return TargetView(self.names[target] if target else "The claim", status, verdict)

    def _earlier(self, dimension: Dimension) -> list[TargetView]:
        return [
            self._target(item.media.pk if item.media else None, verdict)
            for item in self._beside(dimension)
            for verdict in item.beside
        ]

    @cached_property
    def adjudicates(self) -> bool:
        """Whether this person is settling what two reviews disagree on."""
        return (
            self.looks_again and self.entry is not None and self.entry.review_kind == ReviewKind.ADJUDICATION
        )

    @cached_property
    def disputes(self) -> Mapping[Dimension, list[rollup.Dispute]]:
        """What this review is there to settle."""
        found: dict[Dimension, list[rollup.Dispute]] = defaultdict(list)
        for dispute in disputes_of(self.claim) if self.adjudicates else ():
            found[dispute.first.dimension].append(dispute)
        return found

    def _disputed(self, dimension: Dimension) -> list[list[TargetView]]:
        shown = {verdict.pk: verdict for item in self._beside(dimension) for verdict in item.beside}
        return [
            [self._target(dispute.first.target, shown[side.id]) for side in (dispute.first, dispute.second)]  # type: ignore[arg-type, index]
            for dispute in self.disputes.get(dimension, ())
        ]

    def _beside(self, dimension: Dimension) -> Sequence[OfItem]:
        before = self.before.get(dimension)
        return before.items if before else ()

    @cached_property
    def offers(self) -> list[Offer]:
        """What other claims have decided of the same pictures; only to who decides."""
        return offers_of(self.claim, viewer=self.person) if self.may_decide else []

    @cached_property
    def left(self) -> Mapping[tuple[uuid.UUID | None, Dimension], Verdict]:
        """What others recorded in the review before it came to whoever holds it now. It counts once that is recorded
        anew, by who submits it; behind a veil it is as hidden as all else.
        """
        if not self.may_decide or self.entry is None:
            return {}
        given = Verdict.objects.visible_to(self.person).filter(
            review__entry=self.entry, review__state=Review.OPEN
        )
        newest = {
            (verdict.media_id, Dimension(verdict.dimension)): verdict
            for verdict in given.exclude(review__reviewer=self.entry.holder)
            .select_related("review", "body", "by")
            .order_by("seq")
        }
        return {of: verdict for of, verdict in newest.items() if verdict.status != Status.NOT_CHECKED}

    def _offers(
        self, dimension: Dimension, speaking: Mapping[tuple[uuid.UUID | None, Dimension], Verdict]
    ) -> list[OfferView]:
        return [
            OfferView(self.names[offer.item.pk], offer)
            for offer in self.offers
            if offer.dimension == dimension and (offer.item.pk, dimension) not in speaking
        ][:MOST_OFFERS]

    def _form(self, dimension: Dimension, typed: Mapping[str, list[str]] | None) -> VerdictForm:
        if self.bound is not None and self.bound.dimension == dimension:
            return self.bound
        return VerdictForm.for_dimension(self, dimension, typed=typed)

    def targets_to_choose(self, dimension: Dimension) -> list[tuple[str, str]]:
        """Whom a verdict may be for: every item at once, or one."""
        if dimension == Dimension.STATEMENT and self.media:
            return [("", "The claim"), *((str(item.pk), self.names[item.pk]) for item in self.media)]
        if applies_to(dimension, bool(self.media)) == "claim" or len(self.media) < 2:
            return []
        everything = f"All {len(self.media)} items"
        return [("", everything), *((str(item.pk), self.names[item.pk]) for item in self.media)]

    @cached_property
    def sources(self) -> list[SourceLink]:
        return list(self.claim.source_links.select_related("source", "media").order_by("media__position"))

    @cached_property
    def notes(self) -> list[Note]:
        return list(
            Note.objects.visible_to(self.person)
            .filter(claim=self.claim)
            .select_related("body", "by", "strike", "media")
            .order_by("at")
        )

    @property
    def noted(self) -> list[tuple[Note, list[str]]]:
        """The notes, each with whom its mentions reached."""
        reached = telling.mentions_on(self.claim)
        return [(note, reached.get(str(note.pk), [])) for note in self.notes]

    @property
    def is_followed(self) -> bool:
        return telling.is_followed(self.claim, person=self.person)

    @cached_property
    def earlier(self) -> list[EarlierView]:
        """Where the claim's pictures stood before, of each item the first known first."""
        found = appearances_of(self.media, viewer=self.person)
        return [
            EarlierView(self.names[item.pk], item, one)
            for item in self.media
            for one in [each for each in found[item.pk] if each.is_before(item)][:MOST_EARLIER]
        ]

    @property
    def may_judge(self) -> bool:
        return Action.JUDGE_MATCH in self.actions

    @cached_property
    def original(self) -> Original | None:
        """What the claim is a duplicate of, with its published line."""
        return original_of(self.claim)

    @cached_property
    def duplicates(self) -> list[Candidate]:
        """What may be the same; nothing where that is decided."""
        return [] if self.claim.duplicate_of_id else duplicates_of(self.claim)

    @property
    def may_mark_duplicate(self) -> bool:
        return Action.DUPLICATE in self.actions

    @property
    def may_reopen(self) -> bool:
        return Action.REOPEN in self.actions

    @property
    def latest_version(self) -> int | None:
        return max((one.version for one in self.claim.publications.all()), default=None)
