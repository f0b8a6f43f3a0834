from datetime import UTC, datetime, timedelta, timezone

from config.demo_media import COMMENT, make_photo, make_video
from verification.sandbox import decode

NOON = datetime(2022, 10, 4, 12, 30, tzinfo=UTC)


def test_the_film_says_what_was_asked_and_that_it_is_synthetic(tmp_path):
    path = make_video(
        tmp_path / "x.mp4",
        lines=["Izium"],
        seconds=1,
        size=(320, 180),
        created_at=NOON,
        location=(-33.8568, 151.2153),
    )
    facts = decode(path, media_type="video/mp4")
    assert facts.tags["comment"] == COMMENT
    assert [(date.field, date.at) for date in facts.dates] == [("creation_time", "2022-10-04T12:30:00+00:00")]
    assert (facts.gps.latitude, facts.gps.longitude) == (-33.8568, 151.2153)
    assert [stream.codec for stream in facts.streams] == ["h264", "aac"]
    assert (facts.width, facts.height, facts.errors) == (320, 180, ())


def test_browsers_can_begin_before_they_have_it_all(tmp_path):
    body = make_video(tmp_path / "x.mp4", lines=[], seconds=1, size=(160, 90)).read_bytes()
    assert 0 < body.index(b"moov") < body.index(b"mdat")


def test_the_same_arguments_give_the_same_bytes_and_another_seed_others(tmp_path):
    films = [
        make_video(tmp_path / f"{n}.mp4", lines=["a"], seconds=1, size=(160, 90), seed=seed)
        for n, seed in enumerate((1, 1, 2))
    ]
    photos = [make_photo(tmp_path / f"{n}.jpg", lines=["a"], seed=seed) for n, seed in enumerate((1, 1, 2))]
    for first, same, other in (films, photos):
        assert first.read_bytes() == same.read_bytes()
        assert first.read_bytes() != other.read_bytes()


def test_the_photo_carries_local_time_offset_and_position(tmp_path):
    taken = datetime(2022, 10, 4, 14, 7, tzinfo=timezone(timedelta(hours=3)))
    facts = decode(
        make_photo(tmp_path / "x.jpg", lines=["Kherson"], taken_at=taken, gps=(46.6354, -32.6169)),
        media_type="image/jpeg",
    )
    assert (facts.dates[0].field, facts.dates[0].at) == (
        "DateTimeOriginal",
        "2022-10-04T14:07:00+03:00",
    )
    assert round(facts.gps.latitude, 4) == 46.6354
    assert round(facts.gps.longitude, 4) == -32.6169
    assert facts.device.software == "Stet demo"


def test_a_photo_need_not_carry_anything(tmp_path):
    facts = decode(make_photo(tmp_path / "x.jpg", lines=[]), media_type="image/jpeg")
    assert (facts.dates, facts.gps) == ((), None)
