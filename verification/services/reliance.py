"""What verdicts relied on: written down with them, held against what there is now, and marked where it is another."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from claims.models import Claim, MediaItem
from claims.vocabulary import (
    CheckRunState,
    Dimension,
    MatchState,
    Notice,
    RecheckReason,
    ReviewKind,
    Stage,
    Stance,
)
from verification.checks import registry
from verification.checks.recycled_media import RecycledMedia
from verification.domain.reliance import GONE, Change, Ground, changed
from verification.models import CheckRun, DimensionStatus, FindingRow, Verdict
from verification.services import telling
from verification.services.entries import open_queue_entry
from verification.services.following import next_round
from verification.services.standing import standing, unsaid

DECIDED = frozenset({Stage.AWAITING_SIGNOFF, Stage.SCHEDULED, Stage.PUBLISHED, Stage.HELD})
"""Where a review has ended, so that another has to be asked for."""

_NOT_THERE = frozenset({404, 410})
_DECIDING = frozenset({Stance.SUPPORTS.value, Stance.CONTRADICTS.value})
_STANCES = {
    Stance.SUPPORTS: "supports what is claimed",
    Stance.CONTRADICTS: "contradicts what is claimed",
    Stance.NEUTRAL: "says nothing for or against it",
    Stance.INCONCLUSIVE: "comes to no conclusion",
}

_SENTENCES = {
    RecheckReason.SOURCE_CHANGED: "The address that it came from gives another file by now.",
    RecheckReason.SOURCE_GONE: "The address that it came from says that it is not there any more.",
    RecheckReason.EARLIER_COPY: "An earlier copy of the picture turned up{where}.",
    RecheckReason.MATCH_JUDGED: "The earlier copy{where} does not count as one any more.",
    RecheckReason.FINDING_GONE: "What “{check}” found when this was decided is not found any more.",
    RecheckReason.INTERIM: "It was published as unverified for now: somebody is to try again.",
    RecheckReason.VERDICT_UNSAID: "The verdict in {ref} that it rests on does not stand any more.",
    RecheckReason.FINDING_REVERSED: "“{check}” says otherwise than when this was decided: now it {now}.",
}
_CONFIRMED = "A person confirmed that the earlier copy{where} is the same picture."


# --- when a verdict is recorded -------------------------------------------------------------------------------


def relied_on(
    claim: Claim, target: MediaItem | None, dimension: Dimension, basis: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    """What a verdict on the target relies on, as ids and words: to be kept in its body.

    Its original, what its address gave last, earlier copies where the dimension is about them, verdicts of other claims
    that the basis names, and findings: those that the basis names, and those for and against what is claimed that stand
    beside the form.
    """
    named = {str(part["finding"]) for part in basis if part.get("finding")}
    rows = (
        FindingRow.objects.filter(run__media__claim=claim)
        .select_related("run")
        .only("dimension", "stance", "run__media", "run__check_slug", "run__version")
        .order_by()
    )
    shown = rows.current().filter(dimension=dimension.value, stance__in=_DECIDING)
    if target is not None:
        shown = shown.filter(run__media=target)
    found = {row.pk: row for row in [*shown, *(rows.filter(pk__in=named) if named else ())]}
    copies = None
    if target is not None and dimension in RecycledMedia.dimensions:
        copies = copies_told(target)
    return {
        "asset": target.asset.sha256 if target and target.asset else None,
        "source": _source_of(target) if target else None,
        "copies": copies,
        "verdicts": [
            {"id": str(pk), "claim": str(of_claim), "ref": ref}
            for pk, of_claim, ref in Verdict.objects.filter(
                pk__in=[part["verdict"] for part in basis if part.get("verdict")]
            )
            .order_by("pk")
            .values_list("pk", "claim_id", "claim__ref")
        ],
        "findings": [
            {
                "id": str(row.pk),
                "media": str(row.run.media_id),
                "check": row.run.check_slug,
                "version": row.run.version,
                "dimension": row.dimension,
                "stance": row.stance,
            }
            for row in sorted(found.values(), key=lambda row: str(row.pk))
            if row.run.check_slug != RecycledMedia.slug
        ],
    }


def copies_told(item: MediaItem) -> dict[str, str] | None:
    """The earlier copies that the last examination named, by media id, with the state of each match; None where it
    could not look for any.
    """
    run = CheckRun.objects.current().filter(media=item, check_slug=RecycledMedia.slug).first()
    if run is None or run.state == CheckRunState.FAILED:
        return None
    first = run.findings.filter(position=0).exclude(bounds=[]).first()
    return {copy["media"]: copy["state"] for copy in first.data["copies"]} if first else {}


# --- when something else is known -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Marked:
    """Dimensions that were newly found to need a re-check, each with what it was found for."""

    reasons: Mapping[Dimension, Sequence[Mapping[str, Any]]]

    def __bool__(self) -> bool:
        return bool(self.reasons)

    def as_json(self) -> dict[str, Any]:
        """Ids and words, for the audit entry."""
        return {
            dimension.value: [
                {word: reason[word] for word in ("code", "about", "media", "verdict")} for reason in reasons
            ]
            for dimension, reasons in self.reasons.items()
        }


def mark(claim: Claim, items: Iterable[MediaItem], *, at: datetime) -> Marked:
    """Marks what was decided in submitted reviews on ground that is another by now, and drops what is decided anew.

    Called within the transaction of what changed, or of the submission, which holds the claim's chain.
    """
    speaking = list(standing(claim).verdicts.values())
    found = []
    for item in items if speaking else ():
        now = _ground_of(item)
        for verdict in speaking:
            then = _relied_on(verdict, item)
            found += [
                (verdict, _reason(verdict, change.code, _say(change), at, media=item.pk, about=change.about))
                for change in (changed(then, now) if then else ())
            ]
    return _keep(claim, speaking, [*found, *_rested_in_vain(speaking, at)])


def mark_interim(claim: Claim, *, at: datetime) -> bool:
    """Marks what stands as unverified for now; whether anything does. Called where the claim is published."""
    speaking = list(standing(claim).verdicts.values())
    found = [
        (
            each,
            _reason(each, RecheckReason.INTERIM, _SENTENCES[RecheckReason.INTERIM], at, media=each.media_id),
        )
        for each in speaking
        if each.interim
    ]
    _keep(claim, speaking, found)
    return bool(found)


def _rested_in_vain(speaking: Iterable[Verdict], at: datetime) -> Iterator[tuple[Verdict, dict[str, Any]]]:
    """Verdicts that rest on another claim's which does not stand any more, each with that as the reason."""
    rests = [
        (verdict, on)
        for verdict in speaking
        for on in (verdict.content.get("relied_on") or {}).get("verdicts", ())
    ]
    gone = unsaid([on["id"] for _, on in rests])
    for verdict, on in rests:
        if on["id"] in gone:
            sentence = _SENTENCES[RecheckReason.VERDICT_UNSAID].format(ref=on["ref"])
            yield (
                verdict,
                _reason(
                    verdict,
                    RecheckReason.VERDICT_UNSAID,
                    sentence,
                    at,
                    media=verdict.media_id,
                    about=on["id"],
                ),
            )


def _reason(
    verdict: Verdict,
    code: RecheckReason,
    sentence: str,
    at: datetime,
    *,
    media: uuid.UUID | None,
    about: str = "",
) -> dict[str, Any]:
    return {
        "code": code.value,
        "about": about,
        "sentence": sentence,
        "media": str(media) if media else None,
        "verdict": str(verdict.pk),
        "at": at.isoformat(),
    }


def _keep(
    claim: Claim, speaking: Sequence[Verdict], found: Iterable[tuple[Verdict, dict[str, Any]]]
) -> Marked:
    """Keeps the reasons that are new beside those whose verdicts speak still; gives the new ones."""
    rows = {Dimension(row.dimension): row for row in claim.dimension_statuses.all()}
    kept = {dimension: _still_so(row.recheck_needed, speaking) for dimension, row in rows.items()}
    new: dict[Dimension, list[dict[str, Any]]] = {}
    for verdict, reason in found:
        dimension = Dimension(verdict.dimension)
        if _same(reason) not in map(_same, kept[dimension]):
            kept[dimension].append(reason)
            new.setdefault(dimension, []).append(reason)
    for dimension, row in rows.items():
        if row.recheck_needed != kept[dimension]:
            DimensionStatus.objects.filter(pk=row.pk).update(recheck_needed=kept[dimension])
    return Marked(new)


def notice(item: MediaItem, *, at: datetime, turned_up: Collection[str] = ()) -> dict[str, Any]:
    """Marks what relied on what is another by now, and asks for a re-check of a decided claim where none is open.

    `turned_up` are earlier copies found just now: they ask for a re-check whatever was decided. Gives what the audit is
    to say of it. Called within the transaction that stored what changed and holds the claim's chain.
    """
    claim = Claim.objects.select_related("desk__policy").get(pk=item.claim_id)
    marked = mark(claim, [item], at=at)
    # A review that somebody asked for is from now on called for by this as well: it is nobody's to cancel.
    is_open = bool(marked or turned_up) and bool(claim.queue_entries.open().update(asked_by=None))
    if claim.stage in {Stage.DROPPED, Stage.DUPLICATE} and (marked or turned_up):
        # Who wants to take that back looks at it again first: it is not as it was.
        Claim.objects.filter(pk=claim.pk).update(revision=claim.revision + 1, updated_at=timezone.now())
    if claim.stage not in DECIDED:
        return {"recheck_needed": {"reasons": marked.as_json()}} if marked else {}
    to_open = (marked or turned_up) and not is_open
    if not marked and not to_open:
        return {}
    said: dict[str, Any] = {
        "recheck_needed": {"earlier_copies": sorted(turned_up), "reasons": marked.as_json()}
    }
    if to_open:
        open_queue_entry(claim, kind=ReviewKind.RECHECK, review_round=next_round(claim))
        if claim.stage == Stage.AWAITING_SIGNOFF:
            Claim.objects.filter(pk=claim.pk).update(
                stage=Stage.QUEUED, revision=claim.revision + 1, updated_at=timezone.now()
            )
            said["stage"] = {"from": claim.stage, "to": Stage.QUEUED.value}
    tell(claim, marked, at=at)
    return said


def tell(claim: Claim, marked: Marked, *, at: datetime) -> None:
    """Tells followers that a claim is to be checked again, and the desk's editors where they used its line."""
    people = list(telling.followers_of(claim))
    if claim.publications.exists() or claim.stage == Stage.SCHEDULED:
        people += telling.editors_of(claim.desk)
    telling.tell(
        people,
        occasion=Notice.RECHECK_NEEDED,
        claim=claim,
        by=None,
        at=at,
        about={"dimensions": ",".join(one.value for one in Dimension if one in marked.reasons)},
    )


def reasons_of(claim: Claim) -> dict[Dimension, list[dict[str, Any]]]:
    """Why dimensions of a claim need a re-check; those that need none are absent."""
    return {
        Dimension(row.dimension): row.recheck_needed
        for row in claim.dimension_statuses.all()
        if row.recheck_needed
    }


def say_reasons(reasons: Iterable[Mapping[str, Any]]) -> str:
    """The reasons in sentences, each once."""
    return " ".join(dict.fromkeys(reason["sentence"] for reason in reasons))


def _still_so(reasons: Iterable[dict[str, Any]], speaking: Iterable[Verdict]) -> list[dict[str, Any]]:
    ids = {str(verdict.pk) for verdict in speaking}
    return [reason for reason in reasons if reason["verdict"] in ids]


def _same(reason: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(reason[word] for word in ("verdict", "media", "code", "about"))


def _ground_of(item: MediaItem) -> Ground:
    """What there is of an item now."""
    findings: dict[tuple[str, str], set[Stance]] = {}
    for check, dimension, stance in (
        FindingRow.objects.current()
        .filter(run__media=item)
        .values_list("run__check_slug", "dimension", "stance")
    ):
        findings.setdefault((check, dimension), set()).add(Stance(stance))
    failed = CheckRun.objects.current().filter(media=item, state=CheckRunState.FAILED)
    return Ground(
        asset=item.asset.sha256 if item.asset else None,
        source=_source_of(item),
        copies=_states(copies_told(item)),
        findings=findings,
        silent=set(failed.values_list("check_slug", flat=True)),
    )


def _relied_on(verdict: Verdict, item: MediaItem) -> Ground | None:
    """The ground of the item that a verdict relied on; None where it did not, or was recorded before that was kept."""
    said = verdict.content.get("relied_on")
    if not said:
        return None
    findings: dict[tuple[str, str], set[Stance]] = {}
    for one in said["findings"]:
        if one["media"] == str(item.pk):
            findings.setdefault((one["check"], one["dimension"]), set()).add(Stance(one["stance"]))
    if verdict.media_id != item.pk:
        return Ground(source=_source_of(item), findings=findings) if findings else None
    # A file that came only after the verdict is no change of what it relied on.
    source = said["source"] or _source_of(item)
    return Ground(said["asset"], source, _states(said["copies"]), findings)


def _states(copies: Mapping[str, str] | None) -> dict[str, MatchState] | None:
    return None if copies is None else {media: MatchState(state) for media, state in copies.items()}


def _source_of(item: MediaItem) -> str | None:
    """What the item's address gave last: the SHA-256 of the file, or that it is not there any more.

    A server that is away or refuses says nothing of either.
    """
    for capture in item.captures.select_related("asset"):
        if capture.asset is not None:
            return capture.asset.sha256
        refused = (capture.failure or {}).get("code") == "http_status" and capture.hops
        if refused and capture.hops[-1]["status"] in _NOT_THERE:
            return GONE
    return None


def _say(change: Change) -> str:
    """The reason as a sentence."""
    if change.code in {RecheckReason.SOURCE_CHANGED, RecheckReason.SOURCE_GONE}:
        return _SENTENCES[change.code]
    if change.code in {RecheckReason.EARLIER_COPY, RecheckReason.MATCH_JUDGED}:
        confirmed = change.now == MatchState.CONFIRMED
        return (_CONFIRMED if confirmed else _SENTENCES[change.code]).format(where=_in_claim(change.about))
    now = " and ".join(_STANCES[Stance(word)] for word in change.now.split(",") if word)
    return _SENTENCES[change.code].format(check=_title(change.about), now=now)


def _in_claim(media: str) -> str:
    item = MediaItem.objects.select_related("claim").filter(pk=media).first()
    return f" in {item.claim.ref}" if item else ""


def _title(check: str) -> str:
    """The title of a check, or its name where there is no such check any more."""
    try:
        return registry.get(check).title
    except KeyError:
        return check
