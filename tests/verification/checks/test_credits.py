from datetime import UTC, datetime

import pytest

from claims.vocabulary import MediaKind, Stance
from verification.checks.base import CheckFailed, Context, Media
from verification.checks.credits import Credits
from verification.domain.decoded import Decoded, ReaderError
from verification.domain.inside import FoundText

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def run(*named, errors=()):
    found = tuple(FoundText(value, field, "iptc") for field, value in named)
    facts = Decoded("image/jpeg", credits=found, errors=errors, readers={"iptc": "1"})
    return Credits().run(Media("0" * 64, "image/jpeg", MediaKind.PHOTO, facts), Context(now=NOW))


def test_an_author_says_whom_to_ask_and_proves_nothing():
    (finding,) = run(("IPTC By-line", "Olena Demo"), ("EXIF Copyright", "© 2022 Olena Demo"))
    assert finding.stance is Stance.NEUTRAL
    assert finding.sentence == (
        "The file names “Olena Demo” as its author (IPTC By-line) and “© 2022 Olena Demo” as its owner (EXIF Copyright); "
        "anybody can write that, so it says whom to ask and proves nothing."
    )
    assert [one["role"] for one in finding.data["credits"]] == ["author", "owner"]


@pytest.mark.parametrize("credit", ["Getty Images", "AFP via Getty Images", "REUTERS", "Bild: dpa"])
def test_an_agencys_template_names_no_photographer(credit):
    (finding,) = run(("IPTC Credit", credit))
    assert finding.stance is Stance.NEUTRAL
    assert "agencies write such lines by template" in finding.sentence
    assert finding.data["agency"]


def test_a_name_that_only_contains_an_agencys_letters_is_none():
    (finding,) = run(("IPTC By-line", "Stefan Pereuters"))
    assert finding.data["agency"] is None


@pytest.mark.parametrize(
    "value",
    [
        "Picasa 3.0",
        "unknown",
        "KODAK DC240 ZOOM DIGITAL CAMERA",
        "(C) by Caplio RR1 User",
        "Copyright,",
        "COPYRIGHT, 2005",
        "Photographer's Name",
        "-",
    ],
)
def test_what_cameras_and_programs_fill_in_is_nobodys_name(value):
    (finding,) = run(("EXIF Artist", value))
    assert (finding.stance, finding.data["template"]) == (Stance.INCONCLUSIVE, True)
    assert "nobody's name" in finding.sentence


def test_a_template_beside_a_name_does_not_hide_it():
    (finding,) = run(("EXIF Artist", "Picasa 3.0"), ("IPTC By-line", "Olena Demo"))
    assert "“Olena Demo” as its author (IPTC By-line)" in finding.sentence


def test_nobody_named_is_no_evidence_and_unreadable_tags_are_no_absence():
    (finding,) = run()
    assert (finding.stance, finding.data) == (Stance.INCONCLUSIVE, {"absent": True})
    with pytest.raises(CheckFailed):
        run(errors=(ReaderError("iptc", "packets", "cut short"),))
