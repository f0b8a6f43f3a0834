import io
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image, ImageOps

from claims.vocabulary import MediaKind, Stance
from tests.media import make
from verification.checks.base import CheckFailed, Context, Media
from verification.checks.thumbnail_mismatch import ThumbnailMismatch
from verification.domain.decoded import Decoded, ReaderError
from verification.domain.inside import Thumbnail
from verification.sandbox import decode

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def scene(seed=1, size=(640, 480)):
    """A picture with large and small shapes, another one for each seed."""
    chance = np.random.default_rng(seed)
    coarse = Image.fromarray(chance.integers(20, 235, (6, 8), dtype=np.uint8))
    return coarse.resize(size, Image.Resampling.BICUBIC).convert("RGB")


def judged(tmp_path, picture, thumbnail):
    path = make.jpeg_with_thumbnail(tmp_path / "x.jpg", picture, thumbnail)
    facts = decode(path, media_type="image/jpeg")
    assert facts.errors == ()
    (finding,) = ThumbnailMismatch().run(
        Media("0" * 64, "image/jpeg", MediaKind.PHOTO, facts), Context(now=NOW)
    )
    return finding


def test_a_thumbnail_that_fits_is_neutral_for_most_programs_renew_it(tmp_path):
    finding = judged(tmp_path, scene(), scene().resize((160, 120)))
    assert (finding.stance, finding.data["fit"], finding.data["turn"]) == (Stance.NEUTRAL, "whole", 0)
    assert finding.data["thumbnail_size"] == [160, 120]
    assert finding.data["picture_size"] == [640, 480]


def test_a_thumbnail_of_something_else_contradicts(tmp_path):
    finding = judged(tmp_path, scene(), scene(seed=2).resize((160, 120)))
    assert finding.stance is Stance.CONTRADICTS
    assert finding.sentence.startswith("The thumbnail within the file shows something else than the picture")


def test_a_picture_that_was_cropped_contradicts_its_old_thumbnail(tmp_path):
    whole = scene()
    finding = judged(tmp_path, whole.crop((320, 60, 640, 300)), whole.resize((160, 120)))
    assert finding.stance is Stance.CONTRADICTS


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_picture_is_the_same_picture(tmp_path, turn):
    finding = judged(tmp_path, scene().rotate(-turn, expand=True), scene().resize((160, 120)))
    assert (finding.stance, finding.data["turn"]) == (Stance.NEUTRAL, turn)
    assert f"turned by {turn} degrees" in finding.sentence


def test_a_mirrored_picture_is_said_to_be_one(tmp_path):
    finding = judged(tmp_path, ImageOps.mirror(scene()), scene().resize((160, 120)))
    assert (finding.stance, finding.data["mirrored"]) == (Stance.NEUTRAL, True)


@pytest.mark.parametrize("top", [15, 30, 0])
def test_black_bars_about_a_wide_picture_are_no_difference(tmp_path, top):
    wide = scene(size=(1280, 720))
    boxed = Image.new("RGB", (160, 120))
    boxed.paste(wide.resize((160, 90)), (0, top))
    finding = judged(tmp_path, wide, boxed)
    assert (finding.stance, finding.data["fit"]) == (Stance.NEUTRAL, "letterboxed")


def test_a_thumbnail_of_the_middle_is_no_difference(tmp_path):
    wide = scene(size=(1280, 720))
    finding = judged(tmp_path, wide, wide.crop((160, 0, 1120, 720)).resize((160, 120)))
    assert (finding.stance, finding.data["fit"]) == (Stance.NEUTRAL, "cropped")


def test_a_brighter_picture_is_the_same_picture(tmp_path):
    finding = judged(tmp_path, scene().point(lambda value: 40 + value * 0.7), scene().resize((160, 120)))
    assert finding.stance is Stance.NEUTRAL


def test_plain_pictures_are_not_compared(tmp_path):
    grey = Image.new("RGB", (640, 480), (90, 90, 90))
    finding = judged(tmp_path, grey, grey.resize((160, 120)))
    assert (finding.stance, finding.data["distance"]) == (Stance.INCONCLUSIVE, None)


def test_what_lies_between_is_for_a_person():
    facts = Decoded("image/jpeg", width=640, height=480, thumbnail=Thumbnail(160, 120, 0.25))
    (finding,) = ThumbnailMismatch().run(
        Media("0" * 64, "image/jpeg", MediaKind.PHOTO, facts), Context(now=NOW)
    )
    assert finding.stance is Stance.INCONCLUSIVE


def test_no_thumbnail_is_no_evidence_and_a_broken_one_no_absence(tmp_path):
    path = make.photo(tmp_path / "x.jpg")
    media = Media("0" * 64, "image/jpeg", MediaKind.PHOTO, decode(path, media_type="image/jpeg"))
    (finding,) = ThumbnailMismatch().run(media, Context(now=NOW))
    assert (finding.stance, finding.data) == (Stance.INCONCLUSIVE, {"absent": True})
    body = io.BytesIO()
    scene().resize((160, 120)).save(body, format="JPEG")
    broken = make.jpeg_with_thumbnail(tmp_path / "y.jpg", scene(), body.getvalue()[:40])
    facts = decode(broken, media_type="image/jpeg")
    assert [type(error) for error in facts.errors] == [ReaderError]
    with pytest.raises(CheckFailed):
        ThumbnailMismatch().run(Media("0" * 64, "image/jpeg", MediaKind.PHOTO, facts), Context(now=NOW))
