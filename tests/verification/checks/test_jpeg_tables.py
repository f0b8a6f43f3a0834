import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from claims.vocabulary import MediaKind, Stance
from verification.checks.base import CheckFailed, Context, Media
from verification.checks.jpeg_tables import JpegTables
from verification.domain.decoded import Decoded
from verification.domain.inside import JpegCoding
from verification.domain.quantisation import CHROMINANCE, LUMINANCE, scaled, standard_quality
from verification.sandbox import decode

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def run(coding):
    facts = Decoded("image/jpeg", jpeg=coding, readers={"pillow": "13"})
    return JpegTables().run(Media("0" * 64, "image/jpeg", MediaKind.PHOTO, facts), Context(now=NOW))


def saved(tmp_path, **options):
    body = io.BytesIO()
    Image.linear_gradient("L").resize((64, 48)).convert("RGB").save(body, format="JPEG", **options)
    (tmp_path / "x.jpg").write_bytes(body.getvalue())
    return decode(tmp_path / "x.jpg", media_type="image/jpeg").jpeg


@pytest.mark.parametrize("quality", [1, 30, 49, 50, 75, 92, 100])
def test_libjpegs_own_tables_are_recognised_at_every_quality(tmp_path, quality):
    assert standard_quality(saved(tmp_path, quality=quality).tables) == quality


def test_the_standards_tables_name_no_program(tmp_path):
    (finding,) = run(saved(tmp_path, quality=92, subsampling="4:2:0"))
    assert finding.stance is Stance.NEUTRAL
    assert finding.sentence == (
        "The JPEG was last saved with the standard's tables at quality 92 (colour sampling 4:2:0), as libjpeg does; so do "
        "most programs and platforms and some cameras, so that names none of them."
    )
    assert finding.data["family"] == "standard"


def test_tables_of_somebodys_own_name_none_either(tmp_path):
    own = [min(255, number + 3) for number in scaled(LUMINANCE, 80)]
    (finding,) = run(saved(tmp_path, qtables=[own, own], subsampling="4:4:4"))
    assert (finding.stance, finding.data["family"], finding.data["quality"]) == (Stance.NEUTRAL, "own", None)
    assert finding.data["subsampling"] == "4:4:4"
    assert 70 <= finding.data["nearest_quality"] <= 80


def test_many_files_share_one_family():
    tables = (scaled(LUMINANCE, 80), scaled(CHROMINANCE, 80))
    (one,), (other,) = run(JpegCoding(tables, "4:2:0")), run(JpegCoding(tables, "4:4:4"))
    assert one.data["fingerprint"] == other.data["fingerprint"]
    (third,) = run(JpegCoding((tables[0], tables[0]), "4:2:0"))
    assert third.data["fingerprint"] != one.data["fingerprint"]


def test_standard_luminance_with_other_chrominance_is_not_the_standard():
    assert standard_quality((scaled(LUMINANCE, 80), scaled(CHROMINANCE, 81))) is None
    assert standard_quality((scaled(LUMINANCE, 80),)) == 80
    assert standard_quality(()) is None


@given(st.integers(1, 100))
def test_every_table_fits_a_byte_and_is_coarser_at_lower_quality(quality):
    table = scaled(LUMINANCE, quality)
    assert all(1 <= number <= 255 for number in table)
    assert all(a >= b for a, b in zip(table, scaled(LUMINANCE, min(100, quality + 1)), strict=True))


def test_a_grey_jpeg_has_one_table(tmp_path):
    Image.linear_gradient("L").save(tmp_path / "grey.jpg", quality=80)
    coding = decode(tmp_path / "grey.jpg", media_type="image/jpeg").jpeg
    assert (len(coding.tables), coding.subsampling) == (1, "grey")
    (finding,) = run(coding)
    assert "(no colour)" in finding.sentence


def test_tables_that_could_not_be_read_are_a_failure():
    with pytest.raises(CheckFailed):
        run(None)
