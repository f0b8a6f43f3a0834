"""Perceptual hashes: PDQ to the bit, its turns, and what copies of a picture look like through the recipe."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import pdqhash
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageOps

from tests.media import make
from verification.decoding import likeness, pdq
from verification.domain.decoded import Decoded, FrameHash
from verification.domain.likeness import LEAST_QUALITY, POSSIBLE, RECIPE, SAME, Turn, distance
from verification.sandbox import decode, end_child

CORPORA = os.environ.get("STET_CORPORA")
with_samples = pytest.mark.skipif(
    not CORPORA, reason="STET_CORPORA does not name the folder of media samples"
)
log = logging.getLogger(__name__)


def by_the_reference(pixels: np.ndarray) -> tuple[list[str], int]:
    vectors, quality = pdqhash.compute_dihedral(np.ascontiguousarray(pixels))
    return [np.packbits(vector).tobytes().hex() for vector in vectors], quality


def hashed(picture: Image.Image) -> list[FrameHash]:
    return likeness.hashes_of(likeness.made_ready(picture.copy()))


def agrees(pixels: np.ndarray) -> bool:
    ours, quality = pdq.compute(pixels)
    theirs, their_quality = by_the_reference(pixels)
    # Of one plain surface all frequencies are rounding errors, and so is the reference's hash.
    return quality == their_quality and (ours == theirs or quality == 0)


def pattern(seed: int, width: int = 320, height: int = 240) -> Image.Image:
    """A picture with large and small shapes, another for every seed."""
    noise = np.random.default_rng(seed)
    coarse = Image.fromarray(noise.integers(0, 256, (7, 9, 3), np.uint8))
    fine = Image.fromarray(noise.integers(0, 256, (30, 40, 3), np.uint8))
    large, small = (layer.resize((width, height), Image.Resampling.BICUBIC) for layer in (coarse, fine))
    return Image.blend(large, small, 0.3)


@given(
    st.integers(0, 2**32 - 1), st.integers(64, 700), st.integers(64, 700), st.sampled_from([0, 1, 12, 127])
)
@settings(max_examples=60, deadline=None)
def test_it_is_the_published_hash_to_the_bit_whatever_the_size(
    seed: int, width: int, height: int, spread: int
) -> None:
    noise = np.random.default_rng(seed).integers(-spread, spread + 1, (height, width, 3))
    smooth = np.asarray(pattern(seed, width, height), np.int16)
    assert agrees(np.clip(smooth + noise, 0, 255).astype(np.uint8))


@given(st.integers(0, 2**32 - 1), st.integers(1, 64), st.integers(1, 300), st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_product_is_summed_in_order_however_its_factors_lie_in_memory(
    seed: int, rows: int, terms: int, columnwise: bool
) -> None:
    noise = np.random.default_rng(seed)
    left, right = (noise.normal(size=size).astype(np.float32) for size in ((rows, terms), (terms, 16)))
    expected = np.zeros((rows, 16), np.float32)
    for term in range(terms):
        expected += left[:, term, None] * right[term]
    if columnwise:
        left, right = np.asfortranarray(left), np.asfortranarray(right)
    assert (pdq._product(left, right) == expected).all()


def test_a_plain_surface_has_no_quality() -> None:
    assert pdq.compute(np.full((100, 100, 3), 90, np.uint8))[1] == 0


TURNS: dict[Turn, Callable[[Image.Image], Image.Image]] = {
    Turn.NONE: lambda picture: picture,
    Turn.BY_90: lambda picture: picture.transpose(Image.Transpose.ROTATE_90),
    Turn.BY_180: lambda picture: picture.transpose(Image.Transpose.ROTATE_180),
    Turn.BY_270: lambda picture: picture.transpose(Image.Transpose.ROTATE_270),
    Turn.MIRRORED: ImageOps.mirror,
    Turn.UPSIDE_DOWN: ImageOps.flip,
    Turn.MIRRORED_BY_90: lambda picture: picture.transpose(Image.Transpose.TRANSPOSE),
    Turn.MIRRORED_BY_270: lambda picture: picture.transpose(Image.Transpose.TRANSVERSE),
}


@pytest.mark.parametrize("turn", Turn)
def test_a_turned_copy_has_the_hash_computed_for_that_turn(turn: Turn) -> None:
    picture = pattern(7)
    expected = hashed(picture)[0].turns[list(Turn).index(turn)]
    (found,) = hashed(TURNS[turn](picture))
    assert distance(found.turns[0], expected) <= 4


@pytest.mark.parametrize("bars", [(0, 40, 0, 40), (50, 0, 50, 0), (30, 20, 60, 5)])
@pytest.mark.parametrize("colour", ["black", "white", (20, 60, 90)])
def test_bars_around_a_picture_are_seen_through(bars: tuple[int, ...], colour: object) -> None:
    picture = pattern(11)
    barred = io.BytesIO()
    ImageOps.expand(picture, bars, colour).save(barred, "JPEG", quality=80)
    whole, trimmed = hashed(Image.open(barred))
    assert (whole.trimmed, trimmed.trimmed) == (False, True)
    assert distance(trimmed.turns[0], hashed(picture)[0].turns[0]) <= SAME


def test_a_photo_with_one_plain_edge_keeps_it() -> None:
    picture = np.asarray(pattern(5)).copy()
    picture[0] = 0
    assert likeness.trimmed(Image.fromarray(picture)) is not None
    soft = np.minimum(picture, np.arange(240)[:, None, None]).astype(np.uint8)
    assert likeness.trimmed(Image.fromarray(soft)) is None


def test_a_clear_sky_and_a_plain_picture_have_no_bars() -> None:
    sky = np.tile(np.linspace(250, 20, 240)[:, None, None], (1, 320, 3)).astype(np.uint8)
    assert likeness.trimmed(Image.fromarray(sky)) is None
    assert likeness.trimmed(Image.new("RGB", (50, 40), "black")) is None


# --- through the sandbox --------------------------------------------------------------------------------------


@pytest.fixture
def _no_child_left() -> Iterator[None]:
    yield
    end_child()


@pytest.mark.usefixtures("_no_child_left")
def test_a_photo_has_one_hash_and_a_film_one_for_each_keyframe(tmp_path: Path) -> None:
    pattern(3).save(tmp_path / "x.png")
    (photo,) = decode(tmp_path / "x.png", media_type="image/png").hashes
    assert photo == hashed(pattern(3))[0]
    assert (photo.at_ms, photo.recipe, len(photo.turns)) == (None, RECIPE, 8)
    assert photo.quality >= LEAST_QUALITY
    film = decode(make.keyframes(tmp_path / "x.mp4", seconds=4, size=(320, 240)), media_type="video/mp4")
    assert [one.at_ms for one in film.hashes if not one.trimmed] == [0, 1000, 2000, 3000]


def test_facts_keep_their_hashes_and_older_facts_have_none() -> None:
    facts = Decoded("image/png", hashes=(FrameHash(None, 80, RECIPE, False, ("ab" * 32,) * 8),))
    stored = facts.as_json()
    assert Decoded.from_json(stored) == facts
    del stored["hashes"]
    assert Decoded.from_json(stored).hashes == ()


# --- over the samples -----------------------------------------------------------------------------------------


def saved(picture: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


EDITS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "recompressed": lambda picture: saved(picture, 40),
    "scaled": lambda picture: picture.resize((max(1, picture.width // 2), max(1, picture.height // 2))),
    "greyed": lambda picture: picture.convert("L"),
    "brightened": lambda picture: ImageEnhance.Brightness(picture).enhance(1.3),
    "mirrored": lambda picture: saved(ImageOps.mirror(picture), 70),
    "turned": lambda picture: saved(picture.transpose(Image.Transpose.ROTATE_90), 70),
}
# Several shots or edits of one scene each; whatever else looks alike would be a false pair.
ONE_SCENE = ("landscape_", "portrait_", "iphone_hdr_", "Canon_40D")


@pytest.fixture(scope="module")
def samples() -> dict[Path, Image.Image]:
    folders = [Path(CORPORA or "") / "pdq", Path(CORPORA or "") / "exif-samples"]
    opened = {}
    for path in sorted(path for folder in folders for path in folder.rglob("*.jpg")):
        try:
            opened[path] = Image.open(path).convert("RGB")
        except (OSError, ValueError):
            continue  # some are broken on purpose
    return opened


@with_samples
def test_every_sample_hashes_as_with_the_reference(samples: dict[Path, Image.Image]) -> None:
    assert len(samples) > 80
    different = []
    for path, picture in samples.items():
        small = picture.copy()
        small.thumbnail((512, 512))
        different += [path.name for each in (picture, small) if not agrees(np.asarray(each))]
    assert different == []


def nearest(these: list[FrameHash], those: list[FrameHash]) -> int:
    apart = [distance(turn, there.turns[0]) for here in these for turn in here.turns for there in those]
    return min(apart, default=256)


def usable(picture: Image.Image) -> list[FrameHash]:
    return [one for one in hashed(picture) if one.quality >= LEAST_QUALITY]


@with_samples
def test_edited_copies_are_found_and_unrelated_photos_are_not(samples: dict[Path, Image.Image]) -> None:
    hashes = {path: found for path, picture in samples.items() if (found := usable(picture))}
    for name, edit in EDITS.items():
        found = sum(nearest(usable(edit(samples[path])), own) <= SAME for path, own in hashes.items())
        log.info("%s: %d of %d found", name, found, len(hashes))
        assert found / len(hashes) >= 0.97, name
    pairs = false = 0
    for (path, own), (other, others) in combinations(hashes.items(), 2):
        if same_scene(path, other):
            continue
        pairs += 1
        if nearest(own, others) <= POSSIBLE:
            false += 1
            log.error("taken for the same: %s and %s", path.name, other.name)
    log.info("%d false pairs among %d", false, pairs)
    assert false == 0
    assert pairs > 1000


def same_scene(path: Path, other: Path) -> bool:
    if {"bridge-mods", "dih", "modes"} >= {path.parent.name, other.parent.name}:
        return True
    return any(path.name.startswith(name) and other.name.startswith(name) for name in ONE_SCENE)
