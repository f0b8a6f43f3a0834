from datetime import UTC, datetime

import pytest

from claims.vocabulary import MediaKind, Stance
from verification.checks.base import CheckFailed, Context, Media, NotApplicable, OtherMedia
from verification.checks.same_device import SameDevice
from verification.domain.decoded import Decoded, Device, ReaderError

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
D750 = Device("NIKON CORPORATION", "NIKON D750", serial="6012345")
PHONE = Device("Apple", "iPhone 13 Pro")


def run(device, *others, errors=(), named=True):
    facts = Decoded("image/jpeg", device=device, errors=errors)
    known = tuple(OtherMedia(f"C-{number}", f"id-{number}", one) for number, one in enumerate(others, 7))
    context = Context(now=NOW, same_creator=known if named else None)
    return SameDevice().run(Media("0" * 64, "image/jpeg", MediaKind.PHOTO, facts), context)


def only(device, *others):
    (finding,) = run(device, *others)
    return finding


def test_the_same_serial_number_supports():
    finding = only(D750, D750, PHONE)
    assert finding.stance is Stance.SUPPORTS
    assert finding.sentence == (
        "The serial number of the NIKON D750 is the one in a file of C-7 by the same creator, so one camera made them, "
        "unless the tags were written in."
    )
    assert finding.data["others"][0]["media"] == "id-7"


def test_a_model_alone_is_shared_by_many_and_neutral():
    finding = only(PHONE, PHONE)
    assert finding.stance is Stance.NEUTRAL
    assert "very many people have that model" in finding.sentence


def test_another_device_contradicts_nothing():
    finding = only(PHONE, D750)
    assert finding.stance is Stance.NEUTRAL
    assert "People have several devices" in finding.sentence


def test_two_cameras_of_one_model_are_two():
    finding = only(D750, Device("NIKON CORPORATION", "NIKON D750", serial="6099999"))
    assert finding.stance is Stance.NEUTRAL
    assert "two cameras of one model" in finding.sentence


def test_one_number_of_two_models_is_two_cameras():
    other = Device("Canon", "Canon EOS 5D", serial="6012345")
    assert only(D750, other).stance is Stance.NEUTRAL


@pytest.mark.parametrize("serial", ["0", "", "None", "00000000", None])
def test_a_serial_number_that_was_never_filled_in_is_none(serial):
    blank = Device("Fuji", "X100", serial=serial)
    assert only(blank, blank).stance is Stance.NEUTRAL


def test_without_a_named_creator_nothing_is_compared():
    with pytest.raises(NotApplicable):
        run(D750, named=False)


def test_nothing_to_compare_is_no_evidence():
    assert only(D750).stance is Stance.INCONCLUSIVE
    assert only(D750, Device()).stance is Stance.INCONCLUSIVE
    assert only(Device(), D750).data == {"absent": True}
    with pytest.raises(CheckFailed):
        run(Device(), D750, errors=(ReaderError("exifread", "metadata", "broken"),))


def test_who_read_the_serial_number_is_said():
    read = Decoded(
        "image/jpeg",
        device=Device("Canon", "EOS 5D", serial="6012345", serial_reader="exiftool"),
        readers={"exiftool": "12.57"},
    )
    other = OtherMedia("C-7", "id-7", Device("Canon", "EOS 5D", serial="6012345"))
    media = Media("0" * 64, "image/jpeg", MediaKind.PHOTO, read)
    (finding,) = SameDevice().run(media, Context(now=NOW, same_creator=(other,)))
    assert "The serial number of the Canon EOS 5D, read by exiftool 12.57, is the one in" in finding.sentence
    assert finding.data["serial_reader"] == "exiftool 12.57"


LENS = Device("Canon", "EOS 5D", lens_serial="00123")


@pytest.mark.parametrize(
    ("other", "stance"),
    [
        (Device("Canon", "EOS 6D", lens_serial="00123"), Stance.SUPPORTS),
        (Device("Canon", "EOS 6D", lens_serial="00124"), Stance.NEUTRAL),
        (Device("NIKON", "D750", lens_serial="00123"), Stance.NEUTRAL),
        (Device("Canon", "EOS 6D", serial="00123"), Stance.NEUTRAL),
    ],
)
def test_one_lens_on_two_cameras_supports(other, stance):
    finding = only(LENS, other)
    assert finding.stance is stance
    assert ("lenses are lent" in finding.sentence) is (stance is Stance.SUPPORTS)


@pytest.mark.parametrize("serial", ["#00000001", "N/A", "0000000000"])
def test_what_stands_for_no_serial_number_is_none(serial):
    assert (
        only(Device("Fuji", "X100", serial=serial), Device("Fuji", "X100", serial=serial)).stance
        is Stance.NEUTRAL
    )
