from datetime import UTC, datetime

import pytest

from claims.dates import parse_date
from claims.vocabulary import Dimension, MatchState, MediaKind, Stance
from verification.checks.base import CheckFailed, Context, Media, NearCopy, NotApplicable
from verification.checks.recycled_media import COMMON, RecycledMedia
from verification.domain.decoded import Decoded, FrameHash
from verification.domain.findings import Side
from verification.domain.likeness import POSSIBLE, RECIPE, SAME, Turn

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ARRIVED = datetime(2022, 3, 4, 9, tzinfo=UTC)
OLD = datetime(2020, 10, 13, 9, 12, tzinfo=UTC)


def copy(**said):
    default = {
        "match": "m", "claim": "C-12", "media": "i", "distance": 4, "turn": Turn.NONE,
        "state": MatchState.PROPOSED, "archived_at": OLD,
    }  # fmt: skip
    return NearCopy(**default | said)


def run(*copies, claimed=None, captured_at=ARRIVED, posted_at=None, files=1, quality=90, archive=True):
    hashes = (FrameHash(None, quality, RECIPE, False, ("ab" * 32,) * 8),)
    media = Media("ab" * 32, "image/jpeg", MediaKind.PHOTO, Decoded("image/jpeg", hashes=hashes))
    context = Context(
        now=NOW,
        claimed_date=parse_date(claimed, "Europe/Kyiv") if claimed else None,
        captured_at=captured_at,
        posted_at=posted_at,
        near_copies=copies if archive else None,
        near_files=files,
    )
    return RecycledMedia().run(media, context)


@pytest.mark.parametrize(
    ("said", "hard", "words"),
    [
        ({"state": MatchState.IDENTICAL, "distance": 0}, True, "The same file was archived here for C-12"),
        ({"state": MatchState.CONFIRMED}, True, "The same picture was archived here for C-12"),
        ({"state": MatchState.CONFIRMED, "distance": POSSIBLE}, True, "The same picture was"),
        ({"distance": SAME}, False, "What looks like the same picture was archived here for C-12"),
    ],
)
def test_the_bound_is_hard_only_for_the_same_bytes_or_by_a_persons_word(said, hard, words):
    (finding,) = run(copy(**said))
    assert (finding.dimension, finding.stance) == (Dimension.PROVENANCE, Stance.NEUTRAL)
    (bound,) = finding.bounds
    assert (bound.side, bound.at, bound.hard) == (Side.NOT_AFTER, OLD, hard)
    assert finding.sentence.startswith(words)
    assert ("if a person confirms it" in finding.sentence) is not hard
    assert finding.data["copies"][0]["claim"] == "C-12"


@pytest.mark.parametrize(
    ("turn", "words"),
    [
        (Turn.MIRRORED, "picture, mirrored, was"),
        (Turn.BY_90, "picture, turned by a quarter, was"),
        (Turn.BY_180, "picture, turned upside down, was"),
        (Turn.MIRRORED_BY_270, "picture, mirrored and turned by a quarter, was"),
    ],
)
def test_a_mirrored_or_turned_copy_is_said_to_be_one(turn, words):
    assert words in run(copy(turn=turn))[0].sentence


def test_what_is_only_possible_binds_nothing_and_asks_a_person_to_look():
    (finding,) = run(copy(distance=SAME + 1), claimed="2022-03-03")
    assert (finding.stance, finding.bounds) == (Stance.INCONCLUSIVE, ())
    assert finding.sentence == (
        "A picture in C-12 is somewhat like this one (32 of 256 bits differ): a person should look."
    )


def test_what_a_person_dismissed_is_no_copy():
    (finding,) = run(copy(state=MatchState.DISMISSED, distance=0), claimed="2022-03-03")
    assert (finding.stance, finding.bounds) == (Stance.INCONCLUSIVE, ())
    assert finding.sentence.startswith("No earlier copy")


def test_a_copy_older_than_the_claimed_date_contradicts_it():
    provenance, date = run(copy(state=MatchState.CONFIRMED), claimed="2022-03-03")
    assert provenance.stance is Stance.NEUTRAL
    assert (date.dimension, date.stance) == (Dimension.DATE, Stance.CONTRADICTS)
    assert date.sentence == (
        "The same picture was archived here for C-12 at 09:12 on 13 October 2020 UTC, "
        "505 days before the claimed day begins."
    )
    assert [bound.hard for bound in date.bounds] == [True]


@pytest.mark.parametrize("claimed", ["2020-10-13", "2019", "../2022"])
def test_a_copy_within_or_after_the_claimed_date_says_nothing_against_it(claimed):
    assert len(run(copy(), claimed=claimed)) == 1


def test_when_it_was_posted_is_a_soft_bound_even_of_the_same_bytes():
    posted = datetime(2019, 1, 1, tzinfo=UTC)
    (finding,) = run(copy(state=MatchState.IDENTICAL, posted_at=posted, posted_by_page=True))
    assert [(bound.at, bound.hard) for bound in finding.bounds] == [(OLD, True), (posted, False)]
    assert "as its page says" in finding.bounds[1].reason


def test_a_copy_archived_later_but_posted_before_is_an_earlier_one():
    later = datetime(2023, 1, 1, tzinfo=UTC)
    posted = datetime(2019, 1, 1, tzinfo=UTC)
    found = run(copy(archived_at=later, posted_at=posted), claimed="2022-03-03")
    assert [bound.at for one in found for bound in one.bounds] == [posted, posted]
    assert "was posted at 00:00 on 1 January 2019 UTC (C-12)" in found[1].sentence
    assert run(copy(archived_at=later))[0].bounds == ()
    assert run(copy(posted_at=posted), posted_at=datetime(2018, 1, 1, tzinfo=UTC))[0].bounds == ()


def test_logos_and_templates_are_not_flagged_unless_a_person_confirmed_one():
    (finding,) = run(copy(), claimed="2022-03-03", files=COMMON)
    assert (finding.stance, finding.bounds) == (Stance.INCONCLUSIVE, ())
    assert finding.sentence.startswith("20 other files here look like this one")
    assert len(run(copy(), files=COMMON - 1)[0].bounds) == 1
    found = run(copy(), copy(state=MatchState.CONFIRMED, media="j"), files=COMMON)
    assert [len(one.bounds) for one in found] == [1, 0]


def test_a_black_frame_is_compared_with_nothing():
    (finding,) = run(quality=49)
    assert "too plain" in finding.sentence
    # The same bytes are the same bytes, however plain.
    assert run(copy(state=MatchState.IDENTICAL), quality=0)[0].bounds[0].hard


def test_the_order_of_the_copies_never_matters():
    copies = [copy(media=str(n), archived_at=OLD.replace(day=n), distance=n) for n in range(1, 9)]
    assert run(*copies) == run(*reversed(copies))
    assert run(*copies)[0].sentence.count("1 October 2020") == 1


def test_without_an_archive_it_does_not_apply_and_undecoded_it_fails():
    with pytest.raises(NotApplicable):
        run(archive=False)
    undecoded = Media("ab" * 32, "image/jpeg", MediaKind.PHOTO, decode_error="It is broken.")
    with pytest.raises(CheckFailed, match="It is broken"):
        RecycledMedia().run(undecoded, Context(now=NOW, near_copies=()))


def test_its_help_says_what_it_misses():
    assert "Crops" in RecycledMedia.help
    assert "missed" in RecycledMedia.help
