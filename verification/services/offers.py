"""Verdicts that other claims of a desk have on the same picture: offered to who decides, never taken over unasked."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import Exists, Q

from claims.errors import FieldError, InvalidInput
from claims.intake import MAX_TEXT
from claims.models import Claim, MediaItem, Person, PublicClaim
from claims.vocabulary import Dimension, MatchState, Method, Stage, Status
from verification.domain import rollup
from verification.models import DimensionStatus, MediaMatch, Review, Verdict
from verification.models.veil import blind_second_reviews
from verification.services.examination import claimed_date_of, claimed_place_of
from verification.services.matches import examine_again
from verification.services.standing import all_disagreements, given_verdicts
from verification.services.veil import is_veiled

Likeness = Literal["identical", "confirmed"]

_OF_THE_PICTURE = frozenset({Dimension.DATE, Dimension.LOCATION, Dimension.SOURCE})
_OFFERED: dict[Likeness, frozenset[Dimension]] = {
    "identical": _OF_THE_PICTURE | {Dimension.AUTHENTICITY, Dimension.PROVENANCE},
    "confirmed": _OF_THE_PICTURE,
}
"""What is the same wherever the picture stands. Statement and motivation are of the claim; whether a file is unaltered
and original is of that file, not of its copies.
"""

MOST_ITEMS = 200
"""In how many other claims' media items verdicts are looked for, the newest first."""

_KEPT_OF_BASIS = ("method", "feature", "reference", "url", "phrase")


@dataclass(frozen=True)
class Offer:
    """A verdict of another claim that may be said of an item of this one as well."""

    item: MediaItem
    verdict: Verdict
    likeness: Likeness
    """The same bytes, or a copy that a person confirmed to be the same picture."""
    version: int | None
    """The version that is on show of the other claim; None where nothing is."""
    claims_the_same: bool
    """Whether the same is claimed of both; else what was said of one claim is no status of the other."""
    is_to_be_rechecked: bool
    """Whether the other claim's dimension is itself marked to be looked at again."""

    @property
    def dimension(self) -> Dimension:
        return Dimension(self.verdict.dimension)

    @property
    def value(self) -> dict[str, Any] | None:
        """The established place or date; where another one is claimed here, what was verified there as claimed."""
        said: dict[str, Any] | None = self.verdict.content["value"]
        if said is None and self.verdict.status == Status.VERIFIED and not self.claims_the_same:
            return _claimed(self.verdict.media, self.dimension)
        return said

    def as_said(self) -> dict[str, Any]:
        """What recording it here would say, in the words of a call; without `status` where that is not to be carried
        over. Its basis names the verdict. Nothing in it is public until somebody says so.
        """
        ref, content = self.verdict.claim.ref, self.verdict.content
        of = "file" if self.likeness == "identical" else "picture"
        status = self.verdict.status.replace("_", " ")
        said: dict[str, Any] = {
            "dimension": self.dimension.value,
            "media": str(self.item.pk),
            "reason": f"As decided in {ref}: {content['reason']}"[:MAX_TEXT],
            "interim": self.verdict.interim and self.claims_the_same,
            "basis": [
                {
                    "method": Method.OTHER.value,
                    "feature": f"Decided of the same {of} in {ref}: {status}",
                    "reference": ref,
                    "verdict": str(self.verdict.pk),
                    "public": False,
                },
                *(_carried(part) for part in content["basis"] if not part.get("verdict")),
            ],
            "value": _as_given(self.value),
        }
        if self.claims_the_same:
            said["status"] = self.verdict.status
        return said


def _carried(part: Mapping[str, Any]) -> dict[str, Any]:
    """A part of a basis without what is of the other claim's own media: its findings and frames."""
    kept = {name: part[name] for name in _KEPT_OF_BASIS if part.get(name)}
    if part.get("reference_date"):
        kept["reference_date"] = _as_given(part["reference_date"])
    return {**kept, "public": False}


def _as_given(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A place or date as it is given: without what is reckoned from it."""
    if value is None:
        return None
    return {
        name: said
        for name, said in value.items()
        if said is not None and name not in {"not_before", "not_after"}
    }


def offers_of(claim: Claim, *, viewer: Person) -> list[Offer]:
    """What other claims' submitted reviews say now of the claim's pictures, as far as the viewer may know it:
    where the same is claimed first, then the newest.

    Behind the veil of a blind second review there are none, for that is to be somebody's own look. None come of a
    claim whose own blind second review is open: who does it would read here what was decided there. A verdict that
    rests on one of this claim says nothing new, and one that is in dispute nothing yet.
    """
    if is_veiled(claim, viewer):
        return []
    found = _elsewhere(list(claim.media.select_related("asset")), claim)
    if not found:
        return []
    verdicts = _speaking({other.claim_id for _, other, _ in found}, viewer)
    own = {str(pk) for pk in claim.verdicts.values_list("pk", flat=True)}
    others = {verdict.claim_id for of_item in verdicts.values() for verdict in of_item}
    versions = dict(
        PublicClaim.objects.on_show().filter(claim__in=others).values_list("claim_id", "latest__version")
    )
    marked = set(
        DimensionStatus.objects.visible_to(viewer)
        .filter(claim__in=others)
        .exclude(recheck_needed=[])
        .values_list("claim_id", "dimension")
    )
    offers = [
        Offer(
            item=item,
            verdict=verdict,
            likeness=likeness,
            version=versions.get(verdict.claim_id),
            claims_the_same=_claimed(item, verdict.dimension) == _claimed(verdict.media, verdict.dimension),
            is_to_be_rechecked=(verdict.claim_id, verdict.dimension) in marked,
        )
        for item, other, likeness in found
        for verdict in verdicts.get(other.pk, ())
        if verdict.dimension in _OFFERED[likeness] and not own & set(named_in(verdict.content["basis"]))
    ]
    return sorted(
        offers,
        key=lambda offer: (offer.claims_the_same, offer.verdict.at, str(offer.verdict.pk)),
        reverse=True,
    )


def named_in(basis: Sequence[Mapping[str, Any]]) -> list[str]:
    """The verdicts of other claims that a basis names, by id."""
    return [str(part["verdict"]) for part in basis if part.get("verdict")]


def check_named(claim: Claim, dimension: Dimension, basis: Sequence[Mapping[str, Any]]) -> None:
    """Raises InvalidInput where a basis names a verdict that is not another claim's, submitted, on the same of the same
    picture.
    """
    named = named_in(basis)
    if not named:
        return
    there = {other.pk for _, other, likeness in _elsewhere(list(claim.media.all()), claim) if dimension in _OFFERED[likeness]}  # fmt: skip
    known = {
        str(pk)
        for pk in Verdict.objects.filter(
            pk__in=named, media__in=there, dimension=dimension.value, review__state=Review.SUBMITTED
        ).values_list("pk", flat=True)
    }
    wrong = [
        FieldError(
            f"/basis/{index}/verdict",
            "No other claim of the desk has this verdict on the same picture. Name one that is offered.",
            "unknown",
        )
        for index, part in enumerate(basis)
        if part.get("verdict") and str(part["verdict"]) not in known
    ]
    if wrong:
        raise InvalidInput(wrong)


def look_again_elsewhere(claim: Claim) -> None:
    """Has media of other claims whose verdicts rest on this one's examined again, at the end of which those are held
    against what is said here now. Called within the act that changed it.
    """
    resting: dict[uuid.UUID, MediaItem] = {}
    for _, other, _ in _elsewhere(list(claim.media.all()), claim):
        resting[other.pk] = other
    spoken = _current({other.claim_id for other in resting.values()})
    for verdict in Verdict.objects.filter(pk__in=spoken).select_related("body"):
        on = (verdict.content.get("relied_on") or {}).get("verdicts", ())
        if verdict.media_id in resting and any(one["claim"] == str(claim.pk) for one in on):
            examine_again(resting.pop(verdict.media_id))


def _elsewhere(items: Sequence[MediaItem], claim: Claim) -> list[tuple[MediaItem, MediaItem, Likeness]]:
    """Where the items' pictures stand in other claims of the desk: item, the other one, and how like they are."""
    own = {item.asset_id for item in items if item.asset_id is not None}
    if not own:
        return []
    like: dict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
    confirmed = MediaMatch.objects.filter(
        Q(older__in=own) | Q(newer__in=own), desk=claim.desk_id, state=MatchState.CONFIRMED
    )
    for older, newer in confirmed.values_list("older_id", "newer_id"):
        like[older].add(newer)
        like[newer].add(older)
    sides = own.union(*(like[asset] for asset in own))
    others = (
        MediaItem.objects.filter(asset__in=sides, asset__redacted_at=None, claim__desk=claim.desk_id)
        .exclude(claim=claim.pk)
        .exclude(claim__stage=Stage.WITHDRAWN)
        .order_by("-created_at", "-id")[:MOST_ITEMS]
    )
    return [
        (item, other, "identical" if other.asset_id == item.asset_id else "confirmed")
        for other in others
        for item in items
        if item.asset_id is not None
        if other.asset_id == item.asset_id or other.asset_id in like[item.asset_id]
    ]


def _speaking(claims: Collection[uuid.UUID], viewer: Person) -> dict[uuid.UUID, list[Verdict]]:
    """The verdicts that speak for these claims' media, by item, as far as the viewer may know them."""
    told = Claim.objects.visible_to(viewer).filter(pk__in=claims).filter(~Exists(blind_second_reviews()))
    allowed = set(told.values_list("pk", flat=True))
    quarrels = all_disagreements(allowed)
    rows = (
        Verdict.objects.visible_to(viewer)
        .filter(pk__in=_current(allowed))
        .select_related("body", "by", "review", "media__claim", "claim__desk")
    )
    found: dict[uuid.UUID, list[Verdict]] = defaultdict(list)
    for verdict in rows:
        if verdict.media_id is not None and verdict.dimension not in quarrels.get(verdict.claim_id, ()):
            found[verdict.media_id].append(verdict)
    return found


def _current(claims: Collection[uuid.UUID]) -> Iterator[Any]:
    for given in given_verdicts(claims).values():
        yield from (one.id for one in rollup.effective(given).values())


def _claimed(item: MediaItem | None, dimension: str) -> dict[str, Any] | None:
    """The place or date that is claimed of an item; of other dimensions nothing is."""
    if item is None or dimension not in {Dimension.DATE, Dimension.LOCATION}:
        return None
    claimed = claimed_place_of(item) if dimension == Dimension.LOCATION else claimed_date_of(item)
    return claimed.as_json() if claimed else None
