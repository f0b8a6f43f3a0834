from datetime import UTC, datetime

import pytest

from claims.vocabulary import Dimension, MediaKind, Stance
from tests.media import make
from verification.checks.base import CheckFailed, Context, Media, NotApplicable
from verification.checks.no_capture_data import NoCaptureData
from verification.domain.decoded import Decoded, Device, FoundDate, FoundGps, ReaderError
from verification.sandbox import decode

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DATED = FoundDate("2022:10:04 14:07:00", "DateTimeOriginal", "exifread", at="2022-10-04T14:07:00")
UNSET = FoundDate("0000:00:00 00:00:00", "DateTimeOriginal", "exifread", unset="zeros")
PLACED = FoundGps("50.45, 30.52", "GPS", "exifread", latitude=50.45, longitude=30.5234)
NO_PLACE = FoundGps("0, 0", "GPS", "exifread", problem="unset")


def run(url=None, **facts):
    media = Media("0" * 64, "image/jpeg", MediaKind.PHOTO, Decoded("image/jpeg", **facts))
    return NoCaptureData().run(media, Context(now=NOW, url=url))


@pytest.mark.parametrize(
    "facts", [{}, {"dates": (UNSET,)}, {"gps": NO_PLACE}, {"device": Device(software="Some Editor 3")}]
)
def test_a_stripped_file_is_neutral_and_never_held_against_the_claim(facts):
    (finding,) = run(**facts)
    assert (finding.dimension, finding.stance) == (Dimension.PROVENANCE, Stance.NEUTRAL)
    assert (finding.bounds, finding.points) == ((), ())
    assert "nothing follows from it" in finding.sentence


def test_it_names_platforms_that_strip():
    sentence = run()[0].sentence
    for platform in ("Facebook", "Instagram", "X", "WhatsApp", "Telegram", "TikTok"):
        assert platform in sentence


@pytest.mark.parametrize(
    ("url", "platform"),
    [
        ("https://x.com/someone/status/1", "X"),
        ("https://pbs.twimg.com/media/x.jpg", "X"),
        ("https://t.me/channel/1", "Telegram"),
        ("https://notx.com/someone/status/1", None),
        ("https://[broken", None),
        (None, None),
    ],
)
def test_the_platform_that_it_comes_from_is_named(url, platform):
    (finding,) = run(url)
    assert finding.data["platform"] == platform
    assert ("where it is said to come from" in finding.sentence) is (platform is not None)


@pytest.mark.parametrize("facts", [{"dates": (DATED,)}, {"gps": PLACED}, {"device": Device(model="A7")}])
def test_a_file_that_carries_something_is_not_stripped(facts):
    with pytest.raises(NotApplicable):
        run(**facts)


def test_tags_that_could_not_be_read_are_not_taken_for_absent():
    with pytest.raises(CheckFailed):
        run(errors=(ReaderError("exifread", "metadata", "broken"),))


def test_a_real_file_from_end_to_end(tmp_path):
    path = make.exif_jpeg(tmp_path / "x.jpg", dates={0x9003: "0000:00:00 00:00:00"})
    media = Media("0" * 64, "image/jpeg", MediaKind.PHOTO, decode(path, media_type="image/jpeg"))
    assert NoCaptureData().run(media, Context(now=NOW))[0].stance is Stance.NEUTRAL
