from datetime import UTC, datetime

import pytest

from claims.vocabulary import MediaKind, Stance
from tests.media import make
from verification.checks.base import CheckFailed, Context, Media, NotApplicable
from verification.checks.file_shape import FileShape
from verification.domain.decoded import Decoded
from verification.sandbox import decode

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FILM = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42" + b"\x01" * 500


def run(facts, name=None, media_type="image/jpeg"):
    return FileShape().run(
        Media("0" * 64, media_type, MediaKind.PHOTO, facts, file_name=name), Context(now=NOW)
    )


def after(tmp_path, rest, form="JPEG"):
    path = make.photo(tmp_path / "x", form=form)
    path.write_bytes(path.read_bytes() + rest)
    media_type = f"image/{form.lower()}"
    facts = decode(path, media_type=media_type)
    (finding,) = run(facts, media_type=media_type)
    return finding


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_plain_file_has_nothing_behind_its_end(tmp_path, form):
    finding = after(tmp_path, b"", form)
    assert (finding.stance, finding.data["file_name"]) == (Stance.NEUTRAL, None)
    assert finding.sentence.startswith("Nothing follows after the picture's end")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_motion_photo_is_no_sign_of_a_change(tmp_path, form):
    finding = after(tmp_path, FILM, form)
    assert finding.stance is Stance.NEUTRAL
    assert finding.data == {"trailing_bytes": len(FILM), "trailing_kind": "film"}
    assert "as in a motion photo" in finding.sentence
    assert finding.sentence.endswith("That is no sign of a change.")


@pytest.mark.parametrize(
    ("rest", "kind"),
    [
        (b"\x00\x00\x30\x0aMotionPhoto_Data" + FILM + b"SEFH\x6b\x00\x00\x00SEFT", "samsung with film"),
        (b"\x00\x00\x01\x0aImage_UTC_Data1664881620000SEFH\x6b\x00\x00\x00SEFT", "samsung"),
        (b"\xff\xd8\xff\xe1 a second view", "jpeg"),
        (b"AXS!" + b"\x01" * 40 + b"AXS!\x00\x00\x00\x00\x00\x00\x00\x10", "captions"),
        (b"\x00" * 4096, "padding"),
        (b"PK\x03\x04" + b"a" * 60, "zip"),
        (b"\r\n<?php echo 1;", "program"),
        (b"what is this", "unknown"),
    ],
)
def test_what_follows_is_known_by_its_own_signature(tmp_path, rest, kind):
    finding = after(tmp_path, rest)
    assert (finding.data["trailing_kind"], finding.data["trailing_bytes"]) == (kind, len(rest))
    assert finding.stance is (Stance.INCONCLUSIVE if kind == "unknown" else Stance.NEUTRAL)
    assert finding.data.get("foreign", False) is (kind in ("zip", "program"))


def test_a_thumbnails_end_is_not_the_pictures(tmp_path):
    picture = make.photo(tmp_path / "plain.jpg")
    path = make.jpeg_with_thumbnail(tmp_path / "x.jpg", picture, picture.read_bytes())
    assert decode(path, media_type="image/jpeg").trailer is None


@pytest.mark.parametrize(
    ("name", "media_type", "tells"),
    [
        ("x.png", "image/jpeg", True),
        ("x.jpg", "image/webp", True),
        ("x.JPEG", "image/jpeg", False),
        ("x.jpg", "video/mp4", True),
        ("x.mov", "video/mp4", False),  # the same boxes under either name
        ("x", "image/jpeg", False),
        ("x.php", "image/jpeg", False),  # the end of an address, not of a file
        ("x.tar.jpg", "image/jpeg", False),
        (None, "image/jpeg", False),
    ],
)
def test_a_name_is_held_against_the_bytes(name, media_type, tells):
    (finding,) = run(Decoded(media_type), name, media_type) if name or media_type == "image/jpeg" else [None]
    assert ("expected" in finding.data) is tells
    assert finding.stance is Stance.NEUTRAL


def test_what_cannot_be_decoded_is_a_failure_and_its_name_still_tells():
    with pytest.raises(CheckFailed):
        run(None, "x.jpg")
    (finding,) = run(None, "x.png")
    assert finding.data["expected"] == ["jpg", "jpeg", "jpe", "jfif", "mpo"]


def test_a_film_without_a_name_is_not_looked_at():
    with pytest.raises(NotApplicable):
        run(Decoded("video/mp4"), media_type="video/mp4")
