from datetime import UTC, datetime

import pytest

from claims.vocabulary import Dimension, MediaKind, Stance
from verification.checks.base import CheckFailed, Context, Media
from verification.checks.dimensions import Dimensions
from verification.domain.decoded import Decoded, Device, ReaderError

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def only(real, recorded=(None, None), *, model=None, zoom=None, errors=()):
    facts = Decoded(
        "image/jpeg",
        width=real[0],
        height=real[1],
        recorded_width=recorded[0],
        recorded_height=recorded[1],
        digital_zoom=zoom,
        device=Device(model=model),
        errors=errors,
    )
    (finding,) = Dimensions().run(Media("0" * 64, "image/jpeg", MediaKind.PHOTO, facts), Context(now=NOW))
    return finding


@pytest.mark.parametrize(
    ("real", "recorded", "change", "dimension"),
    [
        ((4000, 3000), (4000, 3000), "none", Dimension.AUTHENTICITY),
        ((3000, 4000), (4000, 3000), "turned", Dimension.AUTHENTICITY),
        ((1600, 1200), (4000, 3000), "reduced", Dimension.PROVENANCE),
        ((1200, 1600), (4000, 3000), "reduced", Dimension.PROVENANCE),
        ((100, 75), (4032, 3024), "reduced", Dimension.PROVENANCE),
        ((100, 67), (3008, 2000), "reduced", Dimension.PROVENANCE),  # half a pixel of rounding
        ((8000, 6000), (4000, 3000), "enlarged", Dimension.PROVENANCE),
        ((3000, 3000), (4000, 3000), "cropped", Dimension.AUTHENTICITY),
        ((3900, 2000), (4000, 3000), "cropped", Dimension.AUTHENTICITY),
    ],
)
def test_a_change_is_named_and_never_contradicts(real, recorded, change, dimension):
    finding = only(real, recorded)
    assert (finding.data["change"], finding.dimension, finding.stance) == (change, dimension, Stance.NEUTRAL)
    assert f"{real[0]:,} by {real[1]:,}" in finding.sentence


def test_a_smaller_picture_is_what_platforms_make():
    assert only((1600, 1200), (4000, 3000)).sentence == (
        "The tags record 4,000 by 3,000 pixels and the picture has 1,600 by 1,200: it was scaled down, as most platforms "
        "and messengers do, so it is not the camera's own file."
    )


def test_digital_zoom_is_said_beside_another_size_or_shape():
    for real, recorded in (
        ((3000, 3000), (4000, 3000)),
        ((8000, 6000), (4000, 3000)),
        ((4000, 3700), (None, None)),
    ):
        finding = only(real, recorded, zoom=2.5, model="Demo")
        assert "zoomed digitally by 2.5, which crops and enlarges by itself" in finding.sentence
        assert finding.data["digital_zoom"] == 2.5
    assert "zoomed" not in only((3000, 3000), (4000, 3000), zoom=1.0).sentence


def test_an_unusual_shape_is_a_question_only_where_a_camera_is_named():
    finding = only((4000, 3700), model="Demo")
    assert finding.stance is Stance.INCONCLUSIVE
    assert "a shape that few cameras make" in finding.sentence
    assert "nothing follows" in only((4000, 3700)).sentence
    assert "nothing follows" in only((4000, 3000), model="Demo").sentence


def test_no_recorded_size_is_no_evidence_and_unreadable_tags_are_no_absence():
    assert only((4000, 3000)).stance is Stance.INCONCLUSIVE
    with pytest.raises(CheckFailed):
        only((4000, 3000), errors=(ReaderError("exifread", "metadata", "broken"),))
    with pytest.raises(CheckFailed):
        only((None, None), errors=(ReaderError("pillow", "pixels", "broken"),))
