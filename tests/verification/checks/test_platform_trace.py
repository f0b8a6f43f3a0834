from datetime import UTC, datetime

import pytest

from claims.vocabulary import MediaKind, Stance
from verification.checks.base import CheckFailed, Context, Media
from verification.checks.platform_trace import PlatformTrace
from verification.domain.decoded import Decoded, ReaderError

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def run(name=None, *, instructions=None, errors=(), decoded=True):
    facts = (
        Decoded("image/jpeg", instructions=instructions, errors=errors, readers={"iptc": "1"})
        if decoded
        else None
    )
    media = Media("0" * 64, "image/jpeg", MediaKind.PHOTO, facts, file_name=name)
    return PlatformTrace().run(media, Context(now=NOW))


def test_facebooks_mark_says_that_the_copy_went_through_it():
    (finding,) = run(instructions="FBMD01000a99030000c5040000e7040000")
    assert (finding.stance, finding.data["platform"]) == (Stance.NEUTRAL, "Facebook")
    assert "not the camera's own file" in finding.sentence


@pytest.mark.parametrize("instructions", ["FBMD", "Please credit FBMD01000a99030000c504", "No sales"])
def test_other_instructions_are_no_mark(instructions):
    (finding,) = run(instructions=instructions)
    assert finding.data["absent"]


@pytest.mark.parametrize(
    ("name", "platform", "day"),
    [
        ("IMG-20221004-WA0007.jpg", "WhatsApp", "2022-10-04"),
        ("VID-20221004-WA0012.mp4", "WhatsApp", "2022-10-04"),
        ("WhatsApp Image 2022-10-04 at 14.07.00.jpeg", "WhatsApp", "2022-10-04"),
        ("WhatsApp Video 2022-10-04 at 14.07.00 (1).mp4", "WhatsApp", "2022-10-04"),
        ("photo_2022-10-04_14-07-00.jpg", "Telegram", "2022-10-04"),
        ("photo_5@04-10-2022_14-07-00.jpg", "Telegram", "2022-10-04"),
        ("telegram-cloud-photo-size-2-5210-y.jpg", "Telegram", None),
        ("FB_IMG_1664881620000.jpg", "Facebook", None),
        ("310000000_1234567890123_9876543210987_n.jpg", "Facebook", None),
    ],
)
def test_a_name_is_recognised_and_called_weak(name, platform, day):
    (finding,) = run(name)
    assert (finding.stance, finding.data["platform"], finding.data["named_day"]) == (
        Stance.NEUTRAL,
        platform,
        day,
    )
    assert "anybody can rename a file, so this is weak" in finding.sentence
    assert finding.bounds == ()


@pytest.mark.parametrize(
    "name", ["IMG_20221004_140700.jpg", "DSC_0042.JPG", "photo.jpg", "my IMG-20221004-WA0007.jpg"]
)
def test_other_names_are_no_trace(name):
    (finding,) = run(name)
    assert (finding.stance, finding.data["absent"]) == (Stance.INCONCLUSIVE, True)


def test_mark_and_name_are_told_apart():
    assert len(run("IMG-20221004-WA0007.jpg", instructions="FBMD01000a99030000c5040000e7040000")) == 2


def test_a_name_is_read_even_where_the_file_cannot_be():
    (finding,) = run("IMG-20221004-WA0007.jpg", decoded=False)
    assert finding.data["platform"] == "WhatsApp"
    with pytest.raises(CheckFailed):
        run(decoded=False)
    with pytest.raises(CheckFailed):
        run(errors=(ReaderError("iptc", "packets", "cut short"),))
