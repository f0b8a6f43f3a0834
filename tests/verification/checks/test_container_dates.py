from datetime import UTC, datetime, timedelta

import pytest

from claims.dates import parse_date
from claims.vocabulary import Dimension, MediaKind, Stance
from verification.checks.base import CheckFailed, Context, Media, applies_to
from verification.checks.container_dates import ContainerDates
from verification.domain.clocks import read_clock
from verification.domain.decoded import Decoded, Device, FoundDate, ReaderError
from verification.domain.findings import Side

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
APPLE = "com.apple.quicktime.creationdate"


def date(field, text):
    reading = read_clock(text)
    zone = None if reading.offset is None else "format" if field == "creation_time" else "written"
    return FoundDate(
        text, field, "pyav", at=reading.at, offset=reading.offset, zone=zone, unset=reading.unset
    )


def run(
    *dates, claimed=None, zone="Europe/Kyiv", duration=10.0, device=None, encoder=None, errors=(), **context
):
    facts = Decoded(
        "video/mp4",
        dates=tuple(date(field, text) for field, text in dates),
        duration_seconds=duration,
        device=device or Device(),
        encoder=encoder,
        readers={"pyav": "18.1.0"},
        errors=errors,
    )
    media = Media("0" * 64, "video/mp4", MediaKind.VIDEO, facts)
    claimed_date = parse_date(claimed, zone) if claimed else None
    return ContainerDates().run(media, Context(now=NOW, claimed_date=claimed_date, **context))


def only(*dates, **more):
    (finding,) = run(*dates, **more)
    assert finding.dimension is Dimension.DATE
    return finding


def test_it_looks_at_films_and_recordings_only():
    assert applies_to(ContainerDates(), "video/mp4")
    assert applies_to(ContainerDates(), "audio/mp4")
    assert not applies_to(ContainerDates(), "image/jpeg")


def test_a_date_with_its_zone_within_the_claimed_day_supports_it():
    finding = only((APPLE, "2022-10-04T14:07:00+0300"), claimed="2022-10-04")
    assert finding.stance is Stance.SUPPORTS
    assert finding.sentence == (
        "The file's Apple creation date says 14:07 on 4 October 2022 at UTC+3;"
        " that is within the claimed day in Kyiv."
    )
    assert finding.data["reader"] == "pyav 18.1.0"


def test_its_bounds_are_soft_and_on_both_sides():
    finding = only((APPLE, "2022-10-04T14:07:00+0300"), claimed="2022-10-04")
    assert {(bound.side, bound.at, bound.hard) for bound in finding.bounds} == {
        (Side.NOT_BEFORE, datetime(2022, 10, 4, 11, 5, tzinfo=UTC), False),
        (Side.NOT_AFTER, datetime(2022, 10, 4, 11, 9, tzinfo=UTC), False),
    }


def test_a_date_before_or_after_the_claimed_day_contradicts_it():
    before = only((APPLE, "2022-10-01T14:07:00+0300"), claimed="2022-10-04")
    after = only((APPLE, "2022-10-07T14:07:00+0300"), claimed="2022-10-04")
    assert (before.stance, after.stance) == (Stance.CONTRADICTS, Stance.CONTRADICTS)
    assert before.sentence.endswith("that is at least 2 days before the claimed day begins.")
    assert after.sentence.endswith("that is at least 2 days after the claimed day ends.")


def test_a_time_without_zone_is_compared_in_all_zones_and_never_printed_as_utc():
    finding = only(("creation_time", "2022-10-04 14:07:00"), claimed="2022-10-04")
    assert finding.stance is Stance.SUPPORTS
    assert finding.sentence == (
        "The file's creation time says 14:07 on 4 October 2022, without a time zone;"
        " that is within the claimed day in Kyiv"
        " unless the clock was set to UTC\N{MINUS SIGN}7 or further west."
    )
    assert finding.bounds[-1].at == datetime(2022, 10, 5, 4, 7, tzinfo=UTC)


def test_a_time_without_zone_on_the_next_day_settles_nothing():
    finding = only(("creation_time", "2022-10-05 03:00:00"), claimed="2022-10-04")
    assert finding.stance is Stance.INCONCLUSIVE
    assert "only if the clock was set between UTC+7 and UTC+14" in finding.sentence


def test_a_time_without_zone_further_off_than_any_zone_contradicts():
    assert only(("creation_time", "2022-10-02 03:00:00"), claimed="2022-10-04").stance is Stance.CONTRADICTS


def test_a_header_that_the_format_calls_utc_may_be_local_time_all_the_same():
    finding = only(("creation_time", "2022-10-04T14:07:00.000000Z"), claimed="2022-10-04")
    assert finding.stance is Stance.SUPPORTS
    assert "many cameras write local time there" in finding.sentence
    assert finding.bounds[0].at == datetime(2022, 10, 5, 4, 7, tzinfo=UTC)


@pytest.mark.parametrize("gap", [17, 34])
def test_a_header_seconds_after_the_cameras_own_date_agrees_with_it(gap):
    header = (
        (datetime(2022, 10, 4, 11, 7, tzinfo=UTC) + timedelta(seconds=gap)).isoformat().replace("+00:00", "Z")
    )
    found = run((APPLE, "2022-10-04T14:07:00+0300"), ("creation_time", header), claimed="2022-10-04")
    assert [finding.stance for finding in found] == [Stance.SUPPORTS, Stance.SUPPORTS]
    assert "in UTC as the camera's own date confirms" in found[1].sentence


def test_a_long_films_header_may_lag_by_its_length():
    dates = (APPLE, "2022-10-04T14:07:00+0300"), ("creation_time", "2022-10-04T11:57:00Z")
    assert len(run(*dates, duration=3_000.0)) == 2
    assert len(run(*dates, duration=10.0)) == 3


def test_a_header_days_after_the_cameras_own_date_tells_of_another_saving():
    found = run((APPLE, "2022-10-04T14:07:00+0300"), ("creation_time", "2022-10-07T11:07:00Z"))
    assert found[-1].stance is Stance.NEUTRAL
    assert found[-1].sentence == (
        "The container was written 3 days after the camera's own creation date,"
        " so the file has been saved again."
    )


def test_a_header_in_local_time_is_no_disagreement():
    assert len(run((APPLE, "2022-10-04T14:07:00+0300"), ("creation_time", "2022-10-04T14:07:20Z"))) == 2


def test_a_later_header_may_be_a_later_saving_and_bounds_one_side_only():
    finding = only(("creation_time", "2022-11-20T11:07:00Z"), claimed="2022-10-04")
    assert finding.stance is Stance.INCONCLUSIVE
    assert "an older film was saved again" in finding.sentence
    assert [bound.side for bound in finding.bounds] == [Side.NOT_AFTER]


def test_a_later_header_that_a_camera_wrote_contradicts():
    camera = Device(make="Apple", model="iPhone 12")
    finding = only(("creation_time", "2022-11-20T11:07:00Z"), claimed="2022-10-04", device=camera)
    assert finding.stance is Stance.CONTRADICTS
    assert len(finding.bounds) == 2
    resaved = only(
        ("creation_time", "2022-11-20T11:07:00Z"), claimed="2022-10-04", device=camera, encoder="Lavf60"
    )
    assert resaved.stance is Stance.INCONCLUSIVE


def test_an_earlier_header_contradicts_whoever_wrote_it():
    assert only(("creation_time", "2020-10-13T11:07:00Z"), claimed="2022-10-04").stance is Stance.CONTRADICTS


def test_a_date_tag_may_be_a_year():
    neutral = only(("date", "2022"), claimed="2022-10-04")
    assert neutral.stance is Stance.NEUTRAL
    assert neutral.sentence == (
        "The file's date tag says 2022; that is compatible with the claimed day, and too coarse to say more."
    )
    assert only(("date", "2022"), claimed="2022").stance is Stance.SUPPORTS
    assert only(("date", "2020"), claimed="2022-10-04").stance is Stance.CONTRADICTS


def test_a_date_tag_may_be_a_day():
    assert only(("date", "2022-10-04"), claimed="2022-10-04").stance is Stance.SUPPORTS
    assert only(("date", "2022-10-03"), claimed="2022-10-04").stance is Stance.NEUTRAL
    assert only(("date", "2022-10-04"), claimed="2022-10-04", zone=None).stance is Stance.SUPPORTS
    assert only(("date", "2022-10-03"), claimed="2022-10-04", zone=None).stance is Stance.NEUTRAL


@pytest.mark.parametrize(
    "text",
    ["1904-01-01T00:00:00", "0000:00:00 00:00:00", "1970-01-01T00:00:00Z", "  ", "2000-01-01T00:00:00"],
)
def test_an_unset_date_is_said_to_be_unset_and_bounds_nothing(text):
    finding = only(("creation_time", text), claimed="2022-10-04")
    assert (finding.stance, finding.bounds) == (Stance.INCONCLUSIVE, ())
    assert "was never set" in finding.sentence


def test_a_date_that_cannot_be_read_tells_nothing():
    finding = only(("date", "spring, I think"), claimed="2022-10-04")
    assert (finding.stance, finding.bounds) == (Stance.INCONCLUSIVE, ())


def test_a_date_after_we_got_the_file_is_a_wrong_clock():
    finding = only((APPLE, "2027-10-04T14:07:00+0300"), claimed="2022-10-04")
    assert (finding.stance, finding.bounds) == (Stance.INCONCLUSIVE, ())
    captured = only((APPLE, "2022-10-06T14:07:00+0300"), captured_at=datetime(2022, 10, 5, tzinfo=UTC))
    assert captured.data["impossible"]


def test_no_date_is_no_evidence():
    finding = only(claimed="2022-10-04")
    assert (finding.stance, finding.bounds) == (Stance.INCONCLUSIVE, ())
    assert "nothing follows" in finding.sentence


def test_tags_that_could_not_be_read_are_not_taken_for_absent():
    with pytest.raises(CheckFailed):
        run(errors=(ReaderError("pyav", "metadata", "broken"),))


def test_a_file_that_could_not_be_decoded_fails_the_check():
    media = Media("0" * 64, "video/mp4", MediaKind.VIDEO, None, "decode_timeout: too slow")
    with pytest.raises(CheckFailed, match="too slow"):
        ContainerDates().run(media, Context(now=NOW))


def test_where_nothing_is_claimed_a_date_is_neutral_and_still_bounds():
    finding = only((APPLE, "2022-10-04T14:07:00+0300"))
    assert finding.stance is Stance.NEUTRAL
    assert len(finding.bounds) == 2


def test_a_claim_without_zone_is_met_only_by_a_clock_that_shows_its_day():
    within = only((APPLE, "2022-10-04T14:07:00+0300"), claimed="2022-10-04", zone=None)
    beside = only((APPLE, "2022-10-04T14:07:00+0300"), claimed="2022-10-05", zone=None)
    assert (within.stance, beside.stance) == (Stance.SUPPORTS, Stance.INCONCLUSIVE)


@pytest.mark.parametrize("claimed", ["../2022-10-05", "2022-10-01/..", "2022-10", "2022-10-03/2022-10-04"])
def test_open_and_long_and_short_intervals_are_understood(claimed):
    assert only((APPLE, "2022-10-04T14:07:00+0300"), claimed=claimed).stance is Stance.SUPPORTS
    assert only(("creation_time", "2022-10-04 14:07:00"), claimed=claimed).stance is Stance.SUPPORTS
