from datetime import UTC, datetime

import pytest

from claims.vocabulary import MediaKind, Stance
from verification.checks.base import CheckFailed, Context, Media
from verification.checks.editor_software import EditorSoftware
from verification.domain.decoded import Decoded, ReaderError
from verification.domain.inside import EditStep, FoundText

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def run(*programs, steps=(), errors=()):
    named = tuple(FoundText(value, field, "exifread") for field, value in programs)
    facts = Decoded("image/jpeg", programs=named, steps=steps, errors=errors, readers={"exifread": "3.5.1"})
    return EditorSoftware().run(Media("0" * 64, "image/jpeg", MediaKind.PHOTO, facts), Context(now=NOW))


def test_an_editors_name_is_neutral_for_a_quarter_of_honest_photos_carry_one():
    (finding,) = run(("EXIF Software", "Adobe Photoshop 7.0"), ("XMP xmp:CreatorTool", "Adobe Photoshop 7.0"))
    assert finding.stance is Stance.NEUTRAL
    assert finding.sentence == (
        "The file names “Adobe Photoshop 7.0” as a program that it was saved with; about a quarter of honest photos "
        "carry an editor's name, so that alone says nothing of content."
    )
    assert [one["field"] for one in finding.data["programs"]] == ["EXIF Software", "XMP xmp:CreatorTool"]


@pytest.mark.parametrize(
    "firmware", ["Ver.1.00", "14.4.2", "Digital Camera FinePix40i Ver1.39", "HDR+ 1.0.57"]
)
def test_a_cameras_own_version_is_no_editor(firmware):
    (finding,) = run(("EXIF Software", firmware))
    assert finding.stance is Stance.INCONCLUSIVE
    assert "cameras write their own version there" in finding.sentence


def test_a_comment_is_no_program_unless_it_names_one():
    (finding,) = run(("text comment", "Lovely smoke effect here"))
    assert finding.data == {"absent": True}
    (finding,) = run(("text comment", "File written by Adobe Photoshop 4.0"))
    assert finding.stance is Stance.NEUTRAL


def test_a_program_that_makes_pictures_is_named_as_such_and_decides_nothing():
    (finding,) = run(("text Software", "Midjourney v6"))
    assert finding.stance is Stance.NEUTRAL
    assert "makes pictures out of words" in finding.sentence


def test_steps_are_told_with_what_they_do_not_say():
    steps = (EditStep("saved", "Adobe Photoshop CS4", "2022-10-04T14:07:00Z", "/"), EditStep("converted"))
    (finding,) = run(steps=steps)
    assert finding.stance is Stance.NEUTRAL
    assert "has 2 steps (“saved”, “converted”); such steps name no change of what is seen" in finding.sentence
    assert finding.data["steps"][0]["software"] == "Adobe Photoshop CS4"
    (finding,) = run(steps=(EditStep("color_adjustments"),))
    assert "what was changed in them is not recorded" in finding.sentence


def test_no_program_is_no_evidence_and_unreadable_tags_are_no_absence():
    (finding,) = run()
    assert (finding.stance, finding.data) == (Stance.INCONCLUSIVE, {"absent": True})
    with pytest.raises(CheckFailed):
        run(errors=(ReaderError("xmp", "packets", "broken"),))


def test_who_read_the_history_is_said():
    facts = Decoded(
        "image/jpeg",
        steps=(EditStep(action="saved", software="Adobe Photoshop CS4", reader="exiftool"),),
        readers={"exiftool": "12.57"},
    )
    media = Media("0" * 64, "image/jpeg", MediaKind.PHOTO, facts)
    (finding,) = EditorSoftware().run(media, Context(now=datetime(2026, 11, 22, tzinfo=UTC)))
    assert "An editor's history in the file, read by exiftool 12.57, has 1 step" in finding.sentence
    assert finding.data["reader"] == "exiftool 12.57"
