"""A media item on the claim page: what is claimed of it beside what was found, and where it stood before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.urls import reverse

from claims.delivery import Delivery
from claims.media.working import WorkingCopy
from claims.models import Capture, MediaItem
from claims.vocabulary import (
    IN_ORDER_OF_WORK,
    CaptureState,
    Dimension,
    Examination,
    JobState,
    MediaKind,
    Stance,
)
from verification.checks.recycled_media import LIES
from verification.desk.date_axis import DateAxis, SkyBand, draw_dates, draw_sky
from verification.desk.forms.bound import TypedBound
from verification.desk.sun import SunView, sun_view
from verification.inference.reasoning import Reasoning
from verification.models import CheckRun, Contact, Evidence, FindingRow, Job, Verdict
from verification.services import playable, stills
from verification.services.jobs import GIVEN_UP
from verification.services.matches import Appearance
from verification.services.permissions import delivery_now
from verification.services.reasoning import reason_from

# What browsers of today draw by themselves; anything else is offered to take away.
_DRAWN = {"image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"}


@dataclass(frozen=True)
class ItemView:
    """A media item beside what is claimed of it and what was found in it."""

    item: MediaItem
    name: str
    findings: Sequence[FindingRow]
    runs: Sequence[CheckRun]
    captures: Sequence[Capture]
    evidence: Sequence[Evidence]
    copy_job: Job | None = None
    located: Verdict | None = None
    """The verdict that speaks for its location."""
    chosen: str = ""
    """The time to show the sun at, as it was typed."""
    typed_bound: TypedBound | None = None
    """A bound that was typed and refused."""
    contacts: Sequence[Contact] = ()
    """Contacts with its uploader, about whichever item: the open ones first."""

    @property
    def anchor(self) -> str:
        return f"item-{self.item.position}"

    @property
    def is_drawn(self) -> bool:
        asset = self.item.asset
        return bool(asset) and (self.item.kind != MediaKind.PHOTO or asset.media_type in _DRAWN)  # type: ignore[union-attr]

    @cached_property
    def _copies(self) -> list[WorkingCopy]:
        return stills.of(self.item.asset)

    @property
    def poster(self) -> str | None:
        """The still that stands for a film until it plays; none for one that is flagged."""
        shown = [] if self.item.content_flags else stills.pictures_of(self._copies)
        return shown[0].name if shown else None

    @property
    def photo_copy(self) -> str | None:
        """The working copy of a photo that browsers don't draw by themselves."""
        pictures = stills.pictures_of(self._copies)
        return next((copy.name for copy in pictures if copy.at_ms is None), None)

    @property
    def thumbnail(self) -> str | None:
        """The working copy of the thumbnail within the photo; none of one that is flagged."""
        copy = None if self.item.content_flags else stills.thumbnail_of(self._copies)
        return copy.name if copy else None

    @property
    def picture(self) -> str | None:
        """The address of the item's own picture; none of one that is flagged."""
        return picture_of(self.item, None)

    @cached_property
    def film_copy(self) -> WorkingCopy | None:
        """The working copy of a film or recording that browsers don't play by themselves."""
        return playable.of(self._copies)

    @property
    def why_no_copy(self) -> str:
        """Why there is no such copy although one is wanted, or that it is on its way; empty where none is wanted."""
        if self.copy_job is None or self.film_copy is not None:
            return ""
        if self.copy_job.state in GIVEN_UP and self.copy_job.error:
            return f"No working copy could be made: {self.copy_job.error['detail']}"
        return "" if self.copy_job.state == JobState.DONE else "A working copy is being made."

    @property
    def is_coming(self) -> bool:
        return self.item.state in {CaptureState.PENDING, CaptureState.CAPTURING}

    @property
    def is_examined(self) -> bool:
        return self.item.examination == Examination.DONE

    @property
    def is_erased(self) -> bool:
        return self.item.asset is not None and self.item.asset.redacted_at is not None

    @property
    def changed_source(self) -> Capture | None:
        """The newest capture, where it gave other bytes than those that the item stands on."""
        newest = next((capture for capture in self.captures if capture.asset_id), None)
        return newest if newest is not None and newest.asset_id != self.item.asset_id else None

    @cached_property
    def delivery(self) -> Delivery:
        """What may be shown of it outside now."""
        return delivery_now(self.item)

    @property
    def open_contacts(self) -> list[Contact]:
        return [contact for contact in self.contacts if contact.is_open]

    @cached_property
    def reasoning(self) -> Reasoning:
        return reason_from(self.item, findings=self.findings, evidence=self.evidence, verdict=self.located)

    @property
    def axis(self) -> DateAxis | None:
        return draw_dates(self.reasoning.claimed_date, self.reasoning.date)

    @property
    def sky(self) -> Sequence[SkyBand]:
        darkness = self.reasoning.darkness
        return draw_sky(darkness) if darkness else ()

    @cached_property
    def sun(self) -> SunView | None:
        """The sun at the chosen time, else at the claimed one; None where there is no place to reckon from."""
        standpoint = self.reasoning.standpoint
        return sun_view(standpoint, self.reasoning.claimed_date, self.chosen) if standpoint else None

    @property
    def by_dimension(self) -> list[tuple[Dimension, list[FindingRow], list[FindingRow]]]:
        """The findings of each dimension that has any: those that say something, against first, then the others."""
        order = [Stance.CONTRADICTS, Stance.SUPPORTS, Stance.NEUTRAL, Stance.INCONCLUSIVE]
        groups: dict[Dimension, list[FindingRow]] = defaultdict(list)
        for row in sorted(self.findings, key=lambda row: order.index(Stance(row.stance))):
            groups[Dimension(row.dimension)].append(row)
        return [
            (
                dimension,
                [row for row in groups[dimension] if row.stance != Stance.INCONCLUSIVE],
                [row for row in groups[dimension] if row.stance == Stance.INCONCLUSIVE],
            )
            for dimension in IN_ORDER_OF_WORK
            if dimension in groups
        ]

    @property
    def recorded_dates(self) -> list[tuple[str, str, str]]:
        """What the file itself says of when: field, value as written, and why it is no date where it is none."""
        facts = (self.item.asset.facts or {}) if self.item.asset else {}
        return [(one["field"], one["value"], one["unset"] or "") for one in facts.get("dates", ())]

    @property
    def map_id(self) -> str:
        return f"map-{self.item.pk}"

    @property
    def sun_id(self) -> str:
        return f"sun-{self.item.pk}"

    @property
    def lines_id(self) -> str:
        return f"lines-{self.item.pk}"

    @property
    def not_applicable_runs(self) -> list[CheckRun]:
        return [run for run in self.runs if run.state == "not_applicable"]

    @property
    def failed_runs(self) -> list[CheckRun]:
        return [run for run in self.runs if run.state == "failed"]

    @property
    def frames_per_second(self) -> float:
        """For stepping through a film; where the file does not say, the commonest rate."""
        streams = (self.item.asset.facts or {}).get("streams", ()) if self.item.asset else ()
        rates = [stream.get("frames_per_second") for stream in streams]
        return next((rate for rate in rates if rate), 25.0)

    @property
    def map_data(self) -> dict[str, Any]:
        """The places and found points for the map, each with what stands there; none where there is no point at all."""
        location = self.reasoning.location.as_json()
        standpoint = self.reasoning.standpoint
        return {
            "places": location["places"],
            "points": location["points"],
            "standpoint": standpoint.as_json() if standpoint else None,
        }


MOST_EARLIER = 8
"""How many earlier appearances of an item stand on the page; the API has all."""


@dataclass(frozen=True)
class EarlierView:
    """An earlier appearance of one of the claim's pictures, to be looked at beside it."""

    name: str
    item: MediaItem
    found: Appearance

    @property
    def picture(self) -> str | None:
        """The address of the item's own picture; none of one that is flagged."""
        return picture_of(self.item, self.found.near.at_ms)

    @property
    def earlier_picture(self) -> str | None:
        return picture_of(self.found.item, self.found.near.there_ms)

    @property
    def likeness(self) -> str:
        """How like they are, in words."""
        near = self.found.near
        if self.found.likeness == "identical":
            return "the same file"
        how = {"same": "looks the same", "possible": "may be the same: look"}[self.found.likeness]
        return f"{how}{LIES[near.turn]} ({near.distance} of 256 bits differ)"


def pictures_of(item: MediaItem) -> list[tuple[int | None, str]]:
    """What there is to look at of an item: the moment in milliseconds (None of a photo) and the address of each still;
    nothing of one that is flagged.
    """
    if item.content_flags or item.asset is None:
        return []
    copies = stills.pictures_of(stills.of(item.asset))
    if copies:
        return [(copy.at_ms, reverse("media-still", args=[item.pk, copy.name])) for copy in copies]
    if item.kind == MediaKind.PHOTO and item.asset.media_type in _DRAWN:
        return [(None, reverse("media-file", args=[item.pk]))]
    return []


def picture_of(item: MediaItem, at_ms: int | None) -> str | None:
    """The address of something small to look at, of a film the still nearest to that moment; none where flagged."""
    found = pictures_of(item)
    return min(found, key=lambda one: abs((one[0] or 0) - (at_ms or 0)))[1] if found else None
