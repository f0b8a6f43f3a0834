from datetime import UTC, datetime

import pytest

from claims.dates import parse_date
from claims.vocabulary import MediaKind, Stance
from verification.checks.base import Context, Media, NotApplicable
from verification.checks.date_order import DateOrder
from verification.domain.clocks import read_clock
from verification.domain.decoded import Decoded, FoundDate

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
POSTED, FETCHED = datetime(2022, 10, 4, 18, tzinfo=UTC), datetime(2022, 10, 5, 8, tzinfo=UTC)


def taken(text, offset=None):
    read = read_clock(text, offset)
    zone = "written" if read.offset else None
    return FoundDate(
        text, "DateTimeOriginal", "exifread", at=read.at, offset=read.offset, zone=zone, unset=read.unset
    )


def run(*dates, claimed=None, posted=POSTED, fetched=FETCHED, decoded=True):
    facts = Decoded("image/jpeg", dates=dates, readers={"exifread": "3.5.1"}) if decoded else None
    context = Context(
        now=NOW,
        claimed_date=parse_date(claimed, "Europe/Kyiv") if claimed else None,
        posted_at=posted,
        captured_at=fetched,
    )
    return DateOrder().run(Media("0" * 64, "image/jpeg", MediaKind.PHOTO, facts), context)


def test_times_in_their_order_are_told_as_such():
    (finding,) = run(taken("2022:10:04 14:07:00"), claimed="2022-10-04")
    assert (finding.stance, finding.bounds) == (Stance.NEUTRAL, ())


def test_a_claimed_day_after_the_post_is_contradicted_softly_and_after_our_copy_hard():
    after_post, after_copy = run(claimed="2022-10-06")
    assert (after_post.stance, after_copy.stance) == (Stance.CONTRADICTS, Stance.CONTRADICTS)
    assert [bound.hard for finding in (after_post, after_copy) for bound in finding.bounds] == [False, True]
    assert after_post.sentence == (
        "The claimed day begins 27 hours after the media was posted, as is said, at 18:00 on 4 October 2022 UTC."
    )


def test_a_claimed_day_that_has_begun_by_then_is_in_order():
    assert run(claimed="2022-10-05", posted=None)[0].stance is Stance.NEUTRAL


@pytest.mark.parametrize(
    ("text", "offset", "late"),
    [
        # A clock without zone is late only where it is so in every zone.
        ("2022:10:05 07:59:00", None, False),
        ("2022:10:05 09:00:00", None, True),
        ("2022:10:04 19:00:00", None, False),
        ("2022:10:04 22:00:00", "+03:00", True),
        ("2022:10:04 20:00:00", "+03:00", False),
        # Minutes apart are two clocks, not two events.
        ("2022:10:04 21:04:00", "+03:00", False),
    ],
)
def test_a_camera_clock_after_the_post(text, offset, late):
    (finding,) = run(taken(text, offset), fetched=None)
    assert (finding.stance is Stance.INCONCLUSIVE) is late
    assert ("or the post showed something else" in finding.sentence) is late
    assert finding.bounds == ()


def test_a_camera_clock_after_our_copy_was_wrong():
    (finding,) = run(taken("2022:10:07 14:07:00"), posted=None)
    assert finding.sentence.endswith("after the media was fetched; so the clock was wrong.")


@pytest.mark.parametrize("text", ["0000:00:00 00:00:00", "2038:99:01 00:00:00"])
def test_unset_and_unreadable_clocks_are_in_no_order(text):
    assert run(taken(text))[0].stance is Stance.NEUTRAL


def test_a_post_after_our_copy_came_from_elsewhere():
    (finding,) = run(posted=datetime(2022, 10, 6, tzinfo=UTC))
    assert finding.stance is Stance.INCONCLUSIVE
    assert "by another way than that post" in finding.sentence


def test_files_that_could_not_be_decoded_still_have_an_order():
    assert run(claimed="2022-10-06", posted=None, decoded=False)[0].stance is Stance.CONTRADICTS


def test_with_neither_post_nor_copy_it_does_not_apply():
    with pytest.raises(NotApplicable):
        run(taken("2022:10:04 14:07:00"), posted=None, fetched=None)
