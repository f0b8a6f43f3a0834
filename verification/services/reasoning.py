"""The reasoning about a media item, gathered from findings, the evidence that people entered, and verdicts."""

from __future__ import annotations

from collections.abc import Iterable

from claims.errors import FieldError, InvalidInput
from claims.models import MediaItem, Person
from claims.places import Place
from claims.vocabulary import Dimension, Status
from verification.domain.findings import Finding
from verification.inference.daylight import ChosenSun, Standpoint, read_moment, sun_from
from verification.inference.locations import PinnedPlace
from verification.inference.reasoning import Reasoning, reason
from verification.models import Evidence, FindingRow, Verdict
from verification.services.examination import claimed_date_of, claimed_place_of, finding_of
from verification.services.standing import standing

_ESTABLISH = {Status.VERIFIED, Status.CONTRADICTED}


def reasoning_of(item: MediaItem, viewer: Person) -> Reasoning:
    """What is known of when and where the item was filmed, with every reason that the viewer may see."""
    rows = FindingRow.objects.current().filter(run__media=item).order_by("run__check_slug", "position")
    evidence = Evidence.objects.visible_to(viewer).filter(media=item).standing()
    verdict = standing(item.claim, draft=True, viewer=viewer).verdicts.get((item.pk, Dimension.LOCATION))
    return reason_from(item, findings=rows, evidence=evidence, verdict=verdict)


def reason_from(
    item: MediaItem,
    *,
    findings: Iterable[FindingRow],
    evidence: Iterable[Evidence],
    verdict: Verdict | None,
) -> Reasoning:
    """The same from what was read already; `verdict` is the one that speaks for the item's location."""
    reasons: list[Finding] = [finding_of(row) for row in findings]
    reasons += [found for one in evidence if (found := one.as_finding()) is not None]
    return reason(
        claimed_date=claimed_date_of(item),
        claimed_place=claimed_place_of(item),
        findings=reasons,
        pinned=_pinned(verdict),
    )


def sun_at_chosen(standpoint: Standpoint | None, at: str) -> ChosenSun:
    """The sun at a chosen time; `at` is read by the clocks of the place where it names no offset.

    InvalidInput at `at` where that is no moment, and at `claimed_location` where no point is known to reckon from.
    """
    if standpoint is None:
        raise InvalidInput(
            FieldError(
                "claimed_location",
                "No point is known to reckon the sun from. Give the claimed place its latitude and longitude.",
                "required",
            )
        )
    return sun_from(standpoint, read_moment(at, standpoint))


def _pinned(verdict: Verdict | None) -> PinnedPlace | None:
    """The place that a verdict establishes; None of one that establishes none, or none with a point."""
    value = verdict.content["value"] if verdict and verdict.status in _ESTABLISH else None
    if verdict is None or not value:
        return None
    return PinnedPlace(Place.from_json(value), verdict.by.username)
