"""A desk's numbers, day by day: how much came and went, how long it took, what waits, how often reviewers agree.

They are of the desk and never of a person: nothing here groups by who did it.
"""

from __future__ import annotations

import re
import uuid
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypedDict, TypeVar
from zoneinfo import ZoneInfo

from django.db.models import Model, QuerySet
from django.utils import timezone

from claims.dates import known_zones
from claims.errors import FieldError, InvalidInput
from claims.models import Claim, Desk, Publication
from claims.vocabulary import ChangeKind, Dimension, ReviewKind, Status
from verification.domain.days import Days
from verification.domain.percentiles import percentile
from verification.domain.rollup import GivenVerdict, second_opinions
from verification.domain.transitions import Action
from verification.models import AuditEntry, LeaseEvent, QueueEntry, Review, Skip, Verdict

MOST_DAYS = 366
USUAL_DAYS = 28
PARAMETERS = frozenset({"from", "to", "timezone"})

_A_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EARLIEST = date(1970, 1, 1)
_ENDED = ("submitted", "cancelled")
_CHUNK = 5_000


class Figures(TypedDict):
    """What a stretch of time came to. Of nothing there is no median: None, never 0.

    Times are whole seconds, rounded down. `seconds_to_…` are of the claims that got their first verdict, or their first
    publication, in the stretch, counted from their filing; `first_verdicts` and `first_publications` say how many those
    were. `backlog` is of the stretch's end, or of now: reviews that wait or are under way, at most one a claim, and how
    long they have been in the queue. `dimensions_compared` are those on which second reviews submitted in the stretch
    and the first ones of their rounds both say something, `dimensions_agreeing` those of them where they say the same.
    """

    filed: int
    reviews_submitted: int
    published: int
    corrected: int
    withdrawn: int
    dropped: int
    skips: int
    leases_expired: int
    first_verdicts: int
    seconds_to_first_verdict_median: int | None
    seconds_to_first_verdict_p90: int | None
    first_publications: int
    seconds_to_publication_median: int | None
    seconds_to_publication_p90: int | None
    backlog: int
    backlog_seconds_median: int | None
    backlog_seconds_oldest: int | None
    dimensions_compared: int
    dimensions_agreeing: int


class DayFigures(Figures):
    """The figures of one calendar day, named as YYYY-MM-DD."""

    day: str


@dataclass(frozen=True)
class Numbers:
    """The figures of each day in order, and of all of them together, whose backlog is that of the end.

    `as_of` is when they were read: a day that is not over counts as far as then.
    """

    desk: Desk
    days: Days
    as_of: datetime
    by_day: list[DayFigures]
    total: Figures


def read_days(said: Mapping[str, str], *, now: datetime) -> Days:
    """The days asked for by `from`, `to` (YYYY-MM-DD, both counted) and `timezone` (IANA name, else UTC).

    Without `to` they end today, without `from` they are 28. Raises InvalidInput naming each bad parameter.
    """
    errors = []
    zone = said.get("timezone", "UTC")
    if zone not in known_zones():
        detail = "Write the time zone by its IANA name, such as Europe/Kyiv or UTC."
        errors.append(FieldError("timezone", detail, "unknown_timezone"))
        zone = "UTC"
    today = now.astimezone(ZoneInfo(zone)).date()
    given: dict[str, date] = {}
    for name in ("from", "to"):
        if name in said:
            try:
                given[name] = _read_day(name, said[name], today)
            except InvalidInput as error:
                errors += error.errors
    if errors:
        raise InvalidInput(errors)
    last = given.get("to", today)
    days = Days(given.get("from", max(last - timedelta(days=USUAL_DAYS - 1), _EARLIEST)), last, zone)
    if days.first > days.last:
        raise InvalidInput(FieldError("from", "Give a day that is not after the last one.", "order"))
    if len(days) > MOST_DAYS:
        detail = f"These are {len(days):,} days. Ask for {MOST_DAYS} at once at most."
        raise InvalidInput(FieldError("from", detail, "too_long"))
    return days


def _read_day(name: str, text: str, today: date) -> date:
    try:
        if not _A_DAY.fullmatch(text):
            raise ValueError(text)
        day = date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(FieldError(name, "Give a day as YYYY-MM-DD: 2026-11-02.", "date")) from error
    if day > today:
        raise InvalidInput(FieldError(name, f"This day has not begun. Today is {today}.", "future"))
    if day < _EARLIEST:
        raise InvalidInput(FieldError(name, f"Give a day from {_EARLIEST} on.", "too_early"))
    return day


def numbers_of(desk: Desk, days: Days, *, now: datetime | None = None) -> Numbers:
    """The desk's numbers. Reads the database a fixed number of times, and streams what it reads."""
    now = now or timezone.now()
    tallies = [_Tally() for _ in days]
    _count_claims_and_reviews(desk, days, tallies)
    _count_publications(desk, days, tallies)
    _count_drops(desk, days, tallies)
    _count_agreement(desk, days, tallies)
    _follow_the_queue(desk, days, tallies, now)
    total = _Tally()
    for tally in tallies:
        total.add(tally)
    by_day = [
        DayFigures(day=day.isoformat(), **tally.figures()) for day, tally in zip(days, tallies, strict=True)
    ]
    return Numbers(desk, days, now, by_day, total.figures())


@dataclass
class _Tally:
    """What is counted of a day, or of several, before it is put into figures. Seconds stand in lists."""

    counts: dict[str, int] = field(default_factory=dict)
    to_verdict: list[int] = field(default_factory=list)
    to_publication: list[int] = field(default_factory=list)
    backlog: int = 0
    backlog_median: int | None = None
    backlog_oldest: int | None = None

    def count(self, name: str, number: int = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + number

    def add(self, later: _Tally) -> None:
        """Takes up the day after."""
        for name, number in later.counts.items():
            self.count(name, number)
        self.to_verdict += later.to_verdict
        self.to_publication += later.to_publication
        self.backlog, self.backlog_median, self.backlog_oldest = (
            later.backlog,
            later.backlog_median,
            later.backlog_oldest,
        )

    def figures(self) -> Figures:
        counted = self.counts.get
        to_verdict, to_publication = sorted(self.to_verdict), sorted(self.to_publication)
        return {
            "filed": counted("filed", 0),
            "reviews_submitted": counted("reviews_submitted", 0),
            "published": counted(ChangeKind.PUBLISHED, 0),
            "corrected": counted(ChangeKind.CORRECTED, 0),
            "withdrawn": counted(ChangeKind.WITHDRAWN, 0),
            "dropped": counted("dropped", 0),
            "skips": counted("skips", 0),
            "leases_expired": counted("leases_expired", 0),
            "first_verdicts": len(to_verdict),
            "seconds_to_first_verdict_median": percentile(to_verdict, 50),
            "seconds_to_first_verdict_p90": percentile(to_verdict, 90),
            "first_publications": len(to_publication),
            "seconds_to_publication_median": percentile(to_publication, 50),
            "seconds_to_publication_p90": percentile(to_publication, 90),
            "backlog": self.backlog,
            "backlog_seconds_median": self.backlog_median,
            "backlog_seconds_oldest": self.backlog_oldest,
            "dimensions_compared": counted("compared", 0),
            "dimensions_agreeing": counted("agreeing", 0),
        }


M = TypeVar("M", bound=Model)


def _within(rows: QuerySet[M], days: Days, column: str) -> QuerySet[M]:
    return rows.filter(**{f"{column}__gte": days.start, f"{column}__lt": days.end}).order_by()


def _count_claims_and_reviews(desk: Desk, days: Days, tallies: list[_Tally]) -> None:
    counted: tuple[tuple[str, QuerySet[Any], str], ...] = (
        ("filed", Claim.objects.filter(desk=desk), "created_at"),
        (
            "reviews_submitted",
            Review.objects.filter(claim__desk=desk, state=Review.SUBMITTED),
            "submitted_at",
        ),
        ("skips", Skip.objects.filter(entry__desk=desk), "at"),
    )
    for name, rows, column in counted:
        for at in _within(rows, days, column).values_list(column, flat=True).iterator(_CHUNK):
            tallies[days.place_of(at)].count(name)
    first = _within(Verdict.objects.filter(claim__desk=desk, seq=1), days, "at")
    for at, filed_at in first.values_list("at", "claim__created_at").iterator(_CHUNK):
        tallies[days.place_of(at)].to_verdict.append(_seconds(filed_at, at))


def _count_publications(desk: Desk, days: Days, tallies: list[_Tally]) -> None:
    rows = _within(Publication.objects.filter(claim__desk=desk), days, "at")
    for kind, version, at, filed_at in rows.values_list(
        "kind", "version", "at", "claim__created_at"
    ).iterator(_CHUNK):
        tally = tallies[days.place_of(at)]
        tally.count(kind)
        if version == 1:
            tally.to_publication.append(_seconds(filed_at, at))


def _count_drops(desk: Desk, days: Days, tallies: list[_Tally]) -> None:
    # That a claim was dropped, when, and perhaps reopened since, only the audit knows. It names no desk; but whatever
    # was done to a claim since then has touched it.
    ours = set(
        Claim.objects.filter(desk=desk, updated_at__gte=days.start)
        .values_list("pk", flat=True)
        .iterator(_CHUNK)
    )
    drops = _within(AuditEntry.objects.filter(action=Action.DROP), days, "at")
    for chain, at in drops.values_list("chain_id", "at").iterator(_CHUNK):
        if uuid.UUID(chain.removeprefix("claim:")) in ours:
            tallies[days.place_of(at)].count("dropped")


def _count_agreement(desk: Desk, days: Days, tallies: list[_Tally]) -> None:
    seconds = Review.objects.filter(claim__desk=desk, kind=ReviewKind.SECOND, state=Review.SUBMITTED)
    seconds = _within(seconds, days, "submitted_at")
    submitted: dict[tuple[uuid.UUID, int], Any] = {
        (claim, round_): at
        for claim, round_, at in seconds.values_list("claim_id", "round", "submitted_at").iterator(_CHUNK)
    }
    given: dict[tuple[uuid.UUID, int], list[GivenVerdict]] = {}
    rows = Verdict.objects.filter(
        review__state=Review.SUBMITTED, claim__in=seconds.values("claim")
    ).order_by()
    for claim, media, dimension, kind, round_, seq, status in rows.values_list(
        "claim_id", "media_id", "dimension", "review__kind", "review__round", "seq", "status"
    ).iterator(_CHUNK):
        if (claim, round_) in submitted:
            given.setdefault((claim, round_), []).append(
                GivenVerdict(
                    target=media,
                    dimension=Dimension(dimension),
                    review_kind=ReviewKind(kind),
                    round=round_,
                    submitted=True,
                    recorded_seq=seq,
                    status=Status(status),
                )
            )
    for (claim, round_), verdicts in given.items():
        agreed = second_opinions(verdicts, round_=round_)
        tally = tallies[days.place_of(submitted[claim, round_])]
        tally.count("compared", len(agreed))
        tally.count("agreeing", sum(agreed.values()))


def _follow_the_queue(desk: Desk, days: Days, tallies: list[_Tally], now: datetime) -> None:
    """Counts leases that ran out, and what was in the queue at each day's end."""
    # What is open is read first: an entry that ends meanwhile is then seen to end, and not missed.
    entries = QueueEntry.objects.open().filter(desk=desk, created_at__lt=days.end)
    came = dict(entries.values_list("pk", "created_at").iterator(_CHUNK))
    still_open = frozenset(came)
    went: dict[uuid.UUID, datetime] = {}
    events = LeaseEvent.objects.filter(
        kind__in=("expired", *_ENDED),
        entry__desk=desk,
        entry__created_at__lt=days.end,
        at__gte=days.start,
    )
    rows = events.order_by().values_list("kind", "at", "entry_id", "entry__created_at")
    for kind, at, entry, created_at in rows.iterator(_CHUNK):
        if kind in _ENDED:
            # What was cancelled and is open, or ended later, had been restored.
            if entry not in still_open and went.get(entry, at) <= at:
                came[entry], went[entry] = created_at, at
        elif at < days.end:
            tallies[days.place_of(at)].count("leases_expired")
    ends = [min(midnight, now) for midnight in days.midnights[1:]]
    queues = _in_queue_at(
        ends, sorted(came.values()), sorted((at, came[entry]) for entry, at in went.items())
    )
    for tally, end, waiting in zip(tallies, ends, queues, strict=True):
        tally.backlog = len(waiting)
        if waiting:
            # The eldest stand first and ages fall, so the nearest rank of the median is counted from the end.
            tally.backlog_oldest = _seconds(waiting[0], end)
            tally.backlog_median = _seconds(waiting[len(waiting) // 2], end)


def _in_queue_at(
    ends: Sequence[datetime], came: Sequence[datetime], went: Sequence[tuple[datetime, datetime]]
) -> Iterator[Sequence[datetime]]:
    """When what is in the queue at each of these instants came into it, the eldest first.

    `went` says of what left when it did, and when it had come. All three rise. It is one list, kept up to date.
    """
    waiting: list[datetime] = []
    taken_up = left = 0
    for end in ends:
        while taken_up < len(came) and came[taken_up] < end:
            waiting.append(came[taken_up])
            taken_up += 1
        while left < len(went) and went[left][0] < end:
            del waiting[bisect_left(waiting, went[left][1])]
            left += 1
        yield waiting


def _seconds(start: datetime, end: datetime) -> int:
    # Hosts' clocks differ by a little; nothing takes less than no time.
    return max(0, int((end - start).total_seconds()))
