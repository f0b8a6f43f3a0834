"""Dates as claimed or established: an EDTF level 1 expression with the instants it lies between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from claims import date_words, edtf
from claims.errors import FieldError, InvalidInput
from claims.vocabulary import Relation

_EASTMOST = timedelta(hours=14)
_WESTMOST = timedelta(hours=12)
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class ClaimedDate:
    """A date somebody claims or a person established.

    `edtf` is the expression as written and `timezone` the IANA zone it is read in (None = unsaid, so the
    bounds are as wide as UTC+14 to UTC-12; a date-time with an offset is read by that). `not_before` and
    `not_after` are aware, UTC and both inclusive: `not_after` is the last microsecond. None is an end that
    is open or unknown.

    A qualifier (?, ~, %) does not widen the bounds, `is_qualified` tells of it. The bounds of a season hold
    it in either hemisphere and in either year that may name it: spring and autumn are March to December,
    summer and winter December before to March after. Who knows better writes months.
    """

    edtf: str
    timezone: str | None
    not_before: datetime | None
    not_after: datetime | None

    @property
    def is_qualified(self) -> bool:
        """Whether it is said to be uncertain (?), approximate (~) or both (%)."""
        return any(mark in self.edtf for mark in "?~%")

    def as_json(self) -> dict[str, str | None]:
        """The API's form; instants are RFC 3339 with Z."""
        return {
            "edtf": self.edtf,
            "timezone": self.timezone,
            "not_before": _written(self.not_before),
            "not_after": _written(self.not_after),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ClaimedDate:
        """What `as_json` wrote. Bounds stay as recorded: zones are redrawn, evidence is not."""
        try:
            return cls(
                edtf=data["edtf"],
                timezone=data.get("timezone"),
                not_before=_instant(data.get("not_before")),
                not_after=_instant(data.get("not_after")),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            detail = 'A stored date is {"edtf", "timezone", "not_before", "not_after"}, as as_json() gives.'
            raise InvalidInput(FieldError("", detail), detail=detail) from error


def parse_date(edtf_text: str, timezone: str | None = None) -> ClaimedDate:
    """Reads an EDTF level 1 string, in an IANA zone where one is given.

    InvalidInput at "" for the expression and at "/timezone" for the zone, each with the remedy.
    """
    expression = edtf.read(edtf_text)
    zone = None if timezone is None else _zone(timezone)
    not_before = _first_instant(expression.start, zone) if expression.start else None
    not_after = _last_instant(expression.end, zone) if expression.end else None
    if not_before and not_after and not_before > not_after:
        raise edtf.refuse(
            "date_impossible",
            f"That date was skipped in {timezone}, where the calendar jumped. Write the day before or after.",
        )
    return ClaimedDate(edtf_text, timezone, not_before, not_after)


def relate(established: ClaimedDate, claimed: ClaimedDate | None) -> Relation:
    """How an established date stands to the claimed one, by their bounds.

    Dates that only overlap differ: a part of what is established lies outside what is claimed, so that
    the claim does not follow from it. An open or unknown end reaches for ever.
    """
    if claimed is None:
        return Relation.NOTHING_CLAIMED
    if same_date(established, claimed):
        return Relation.MATCHES
    if _within(established, claimed):
        return Relation.NARROWER
    if _within(claimed, established):
        return Relation.BROADER
    return Relation.DIFFERS


def same_date(a: ClaimedDate, b: ClaimedDate) -> bool:
    """Dates are the same when the interval is."""
    return (a.not_before, a.not_after) == (b.not_before, b.not_after)


def say_utc(moment: datetime) -> str:
    """A moment (aware) in UTC: "4 Oct 2022, 14:07 UTC"."""
    at = moment.astimezone(UTC)
    # Written out, not by strftime: years before 1000 lose their zeros there.
    return f"{at.day} {at:%b} {at.year}, {at:%H:%M} UTC"


def say_date(date: ClaimedDate, language: str = "en") -> str:
    """The date in running text, without a preposition: "March 3, 2022", "Oct. 13, 2020", "spring 2022"."""
    return date_words.bare(edtf.read(date.edtf), language)


def say_when(date: ClaimedDate, language: str = "en") -> str:
    """The date as an adverbial: "on March 3, 2022", "in October 2020", "between 2019 and 2021"."""
    return date_words.adverbial(edtf.read(date.edtf), language)


@cache
def known_zones() -> frozenset[str]:
    """The IANA zones this machine knows; `localtime` would mean another place on each machine."""
    return frozenset(available_timezones() - {"localtime", "Factory"})


def _zone(name: str) -> ZoneInfo:
    if not isinstance(name, str) or name not in known_zones():
        raise edtf.refuse(
            "unknown_timezone",
            "Write the time zone by its IANA name, such as Europe/Kyiv or UTC.",
            pointer="/timezone",
        )
    return ZoneInfo(name)


def _first_instant(part: edtf.Part, zone: ZoneInfo | None) -> datetime:
    if part.offset is not None:
        return _shifted(part.first.replace(tzinfo=UTC), -part.offset)
    if zone is None:
        return _shifted(part.first.replace(tzinfo=UTC), -_EASTMOST)
    if part.precision is edtf.Precision.SECOND and _skipped(part.first, zone):
        raise edtf.refuse(
            "date_impossible",
            f"The clocks of {zone.key} skipped that time when they went forward. Give the offset:"
            " 2022-10-04T10:20:00+03:00.",
        )
    # Of a time that comes twice the first, of one that is skipped the moment of the jump.
    return _in_utc(part.first.replace(fold=0), zone)


def _last_instant(part: edtf.Part, zone: ZoneInfo | None) -> datetime:
    if part.offset is not None:
        return _shifted(part.last.replace(tzinfo=UTC), -part.offset)
    if zone is None:
        return _shifted(part.last.replace(tzinfo=UTC), _WESTMOST)
    if _skipped(part.last, zone):
        # A day whose last hour is jumped over (Scoresbysund since 2024) ends where the next begins.
        return _in_utc(part.last + edtf.MICROSECOND, zone) - edtf.MICROSECOND
    return _in_utc(part.last.replace(fold=1), zone)


def _skipped(wall: datetime, zone: ZoneInfo) -> bool:
    """Whether clocks there never showed this time."""
    there = _in_utc(wall.replace(fold=0), zone)
    if there in {_EARLIEST, _LATEST}:
        return False
    return there.astimezone(zone).replace(tzinfo=None, fold=0) != wall.replace(fold=0)


def _in_utc(wall: datetime, zone: ZoneInfo) -> datetime:
    offset = wall.replace(tzinfo=zone).utcoffset() or timedelta()
    return _shifted(wall.replace(tzinfo=UTC, fold=0), -offset)


def _shifted(instant: datetime, by: timedelta) -> datetime:
    # Years 0001 and 9999 end where Python's calendar does.
    try:
        return instant + by
    except OverflowError:
        return _EARLIEST if by < timedelta() else _LATEST


def _within(inner: ClaimedDate, outer: ClaimedDate) -> bool:
    return (inner.not_before or _EARLIEST) >= (outer.not_before or _EARLIEST) and (
        inner.not_after or _LATEST
    ) <= (outer.not_after or _LATEST)


def _written(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat().replace("+00:00", "Z")


def _instant(written: str | None) -> datetime | None:
    if written is None:
        return None
    instant = datetime.fromisoformat(written)
    if instant.tzinfo is None:
        raise ValueError(written)
    return instant.astimezone(UTC)
