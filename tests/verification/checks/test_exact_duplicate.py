from datetime import UTC, datetime

import pytest

from claims.dates import parse_date
from claims.vocabulary import Dimension, MediaKind, Stance
from verification.checks.base import Context, EarlierCopy, Media, NotApplicable
from verification.checks.exact_duplicate import ExactDuplicate
from verification.domain.findings import Side

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OLD = EarlierCopy(
    "C-12", datetime(2020, 10, 13, 9, 12, tzinfo=UTC), url="https://example.org/old", account="@first"
)
OLDER = EarlierCopy("C-7", datetime(2019, 5, 1, 8, 0, tzinfo=UTC))


def run(*copies, claimed=None, captured_at=None, archive=True):
    media = Media("ab" * 32, "video/mp4", MediaKind.VIDEO)
    context = Context(
        now=NOW,
        claimed_date=parse_date(claimed, "Europe/Kyiv") if claimed else None,
        captured_at=captured_at,
        earlier_copies=copies if archive else None,
    )
    return ExactDuplicate().run(media, context)


def test_an_earlier_copy_is_named_by_its_claim_with_a_hard_bound():
    (finding,) = run(OLD)
    assert (finding.dimension, finding.stance) == (Dimension.PROVENANCE, Stance.NEUTRAL)
    assert finding.sentence == (
        "The same file was archived here for C-12 at 09:12 on 13 October 2020 UTC;"
        " what it shows was filmed no later than that."
    )
    (bound,) = finding.bounds
    assert (bound.side, bound.at, bound.hard) == (Side.NOT_AFTER, OLD.archived_at, True)
    assert finding.data["copies"][0]["url"] == "https://example.org/old"


def test_the_first_of_several_gives_the_bound_in_whatever_order_they_come():
    assert run(OLD, OLDER) == run(OLDER, OLD)
    assert run(OLD, OLDER)[0].bounds[0].at == OLDER.archived_at
    assert len(run(OLD, OLDER)[0].data["copies"]) == 2


def test_a_copy_older_than_the_claimed_date_contradicts_the_date_and_not_the_provenance():
    provenance, date = run(OLD, claimed="2022-03-03")
    assert provenance.stance is Stance.NEUTRAL
    assert (date.dimension, date.stance) == (Dimension.DATE, Stance.CONTRADICTS)
    assert date.sentence == (
        "The same file was archived here for C-12 at 09:12 on 13 October 2020 UTC,"
        " 505 days before the claimed day begins."
    )
    assert date.bounds == provenance.bounds


@pytest.mark.parametrize("claimed", ["2020-10-13", "2020-10", "2019", "../2022"])
def test_a_copy_within_or_after_the_claimed_date_says_nothing_against_it(claimed):
    assert len(run(OLD, claimed=claimed)) == 1


def test_no_copy_is_no_evidence():
    (finding,) = run()
    assert (finding.stance, finding.bounds) == (Stance.INCONCLUSIVE, ())
    assert "copies elsewhere" in finding.sentence


def test_a_later_copy_is_not_an_earlier_one():
    (finding,) = run(OLD, captured_at=OLD.archived_at)
    assert finding.stance is Stance.INCONCLUSIVE


def test_without_an_archive_it_does_not_apply():
    with pytest.raises(NotApplicable):
        run(archive=False)
