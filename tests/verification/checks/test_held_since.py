from datetime import UTC, datetime, timedelta, timezone

import pytest

from claims.dates import parse_date
from claims.vocabulary import Dimension, MediaKind, Stance
from verification.checks.base import Context, Media, NotApplicable
from verification.checks.held_since import HeldSince
from verification.domain.findings import Side

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HELD = datetime(2022, 10, 5, 8, tzinfo=UTC)
STAMPED = datetime(2022, 10, 5, 8, 3, tzinfo=UTC)


def run(*, held=HELD, stamped=None, claimed=None):
    context = Context(
        now=NOW,
        captured_at=held,
        stamped_at=stamped,
        stamp_authority="https://tsa.example/" if stamped else None,
        claimed_date=parse_date(claimed, "UTC") if claimed else None,
    )
    (finding,) = HeldSince().run(Media("ab" * 32, "image/jpeg", MediaKind.PHOTO), context)
    assert (finding.dimension, finding.stance) == (Dimension.PROVENANCE, Stance.NEUTRAL)
    return finding


def test_possession_is_told_and_no_capture():
    finding = run()
    assert finding.sentence == (
        "This archive has held the file since 08:00 on 5 October 2022 UTC; no time-stamp authority has signed for "
        "that. That proves possession, not capture."
    )
    assert [(one.side, one.at, one.hard) for one in finding.bounds] == [(Side.NOT_AFTER, HELD, True)]


def test_the_time_stamp_token_is_named_with_its_authority():
    finding = run(stamped=STAMPED)
    assert "https://tsa.example/ signed its hash at 08:03 on 5 October 2022 UTC" in finding.sentence
    assert [(one.at, one.hard) for one in finding.bounds] == [(HELD, True), (STAMPED, True)]
    assert finding.data["sha256"] == "ab" * 32


@pytest.mark.parametrize(
    ("claimed", "bounds"), [("2022-10-04", 0), ("2022-10-05", 1), ("2022-10-09", 1), ("2022-10-04/..", 1)]
)
def test_it_bounds_only_what_was_claimed_to_lie_later(claimed, bounds):
    """Else every claim ever captured would be called consistent with its findings."""
    assert len(run(claimed=claimed).bounds) == bounds


def test_times_are_told_in_utc_whatever_zone_they_come_in():
    assert run(held=HELD.astimezone(timezone(timedelta(hours=3)))) == run()


def test_without_an_archive_it_does_not_apply():
    with pytest.raises(NotApplicable):
        HeldSince().run(Media("ab" * 32, "image/jpeg", MediaKind.PHOTO), Context(now=NOW))
