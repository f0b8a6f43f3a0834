"""Searching hashes: whatever the database, what brute force finds and nothing else."""

from __future__ import annotations

import random
import uuid

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claims.models import Asset, Claim, Desk, MediaItem
from tests.conftest import Caller, file_claim
from verification.domain.decoded import FrameHash
from verification.domain.likeness import POSSIBLE, RECIPE, SAME, Turn, distance
from verification.models import Hashed, ImageHash
from verification.models.likeness import as_bits
from verification.services.similar import BY_INDEX, EXACT, find_similar, keep_hashes, probes

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def an_asset(claim: Claim, kind: str = "photo") -> Asset:
    asset = Asset.objects.create(
        sha256=uuid.uuid4().hex * 2,
        size_bytes=1,
        media_type="image/png",
        kind=kind,
        archived_at=timezone.now(),
    )
    MediaItem.objects.create(claim=claim, asset=asset, kind=kind, position=claim.media.count() + 1)
    return asset


def hashed(digits: str, quality: int = 90) -> FrameHash:
    return FrameHash(None, quality, RECIPE, False, (digits,) + ("0" * 64,) * 7)


def flipped(digits: str, bits: list[int]) -> str:
    number = int(digits, 16)
    for bit in bits:
        number ^= 1 << bit
    return f"{number:064x}"


@pytest.fixture
def claim(checker: Caller) -> Claim:
    return Claim.objects.get(pk=file_claim(checker)["id"])


def test_exactly_what_is_near_is_found_at_every_distance(claim: Claim, desk: Desk) -> None:
    dice = random.Random(5)
    asked = f"{dice.getrandbits(256):064x}"
    kept = {}
    for apart in [*range(70), *[SAME] * 20, *[SAME + 1] * 20, *[POSSIBLE] * 5]:
        digits = flipped(asked, dice.sample(range(256), apart))
        asset = an_asset(claim)
        keep_hashes(asset, [hashed(digits)])
        kept[asset.pk] = digits
    for _ in range(200):
        asset = an_asset(claim)
        kept[asset.pk] = f"{dice.getrandbits(256):064x}"
        keep_hashes(asset, [hashed(kept[asset.pk])])
    for within in (0, 7, SAME, SAME + 1, POSSIBLE):
        expected = {asset: far for asset, one in kept.items() if (far := distance(one, asked)) <= within}
        found = find_similar([asked], desk=desk, within=within)
        assert {one.asset_id: one.distance for one in found} == expected
        assert [one.distance for one in found] == sorted(expected.values())


@pytest.mark.parametrize("lone", range(16))
def test_two_bits_off_in_every_band_but_one_are_found(claim: Claim, desk: Desk, lone: int) -> None:
    """31 bits in the layout that leaves one band only to be found by, whichever it is; a 32nd leaves none."""
    asked = f"{random.Random(lone).getrandbits(256):064x}"
    # Bit 255 is the first of band 0.
    bits = [bit for band in range(16) for bit in (255 - 16 * band, 240 - 16 * band)]
    bits.remove(240 - 16 * lone)
    keep_hashes(asset := an_asset(claim), [hashed(flipped(asked, bits))])
    keep_hashes(an_asset(claim), [hashed(flipped(asked, [*bits, 240 - 16 * lone]))])
    found = find_similar([asked], desk=desk, within=SAME)
    assert [(one.asset_id, one.distance) for one in found] == [(asset.pk, SAME)]


@given(
    st.integers(0, 2**256 - 1), st.lists(st.integers(0, 255), max_size=64, unique=True), st.sampled_from(Turn)
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_however_the_bits_lie_and_whatever_turn_has_them(
    claim: Claim, desk: Desk, number: int, bits: list[int], turn: Turn
) -> None:
    ImageHash.objects.all().delete()
    Hashed.objects.all().delete()
    digits = f"{number:064x}"
    keep_hashes(asset := an_asset_once(claim), [hashed(flipped(digits, bits))])
    # The complement of what is sought is as far off as can be.
    turns = [f"{(1 << 256) - 1 - number:064x}"] * 8
    turns[list(Turn).index(turn)] = digits
    found = find_similar(turns, desk=desk)
    assert [(one.asset_id, one.distance, one.turn) for one in found] == (
        [(asset.pk, len(bits), turn)] if len(bits) <= POSSIBLE else []
    )


def an_asset_once(claim: Claim) -> Asset:
    return Asset.objects.first() or an_asset(claim)


@given(st.integers(0, 2**256 - 1), st.lists(st.integers(0, 255), min_size=SAME, max_size=SAME, unique=True))
def test_a_hash_within_31_bits_always_shares_a_probe(number: int, bits: list[int]) -> None:
    asked = f"{number:064x}"
    other = flipped(asked, bits)
    bands = [place << 16 | int(other[4 * place : 4 * place + 4], 16) for place in range(16)]
    assert any(band in keys for band, keys in zip(bands, probes(asked), strict=True))
    assert [len(set(keys)) for keys in probes(asked)] == [17] * 16


def test_the_database_counts_the_bands_as_we_do(claim: Claim) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("bands are PostgreSQL's")
    digits = f"{random.Random(1).getrandbits(256):064x}"
    keep_hashes(an_asset(claim), [hashed(digits)])
    assert ImageHash.objects.get().hash == digits
    with connection.cursor() as cursor:
        cursor.execute("SELECT stet_bands(hash) FROM verification_imagehash")
        assert cursor.fetchone()[0] == [
            place << 16 | int(digits[4 * place : 4 * place + 4], 16) for place in range(16)
        ]


def test_the_search_goes_by_the_index_and_no_hash_waits_to_be_put_there(claim: Claim, desk: Desk) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("bands are PostgreSQL's")
    keep_hashes(an_asset(claim), [hashed("ab" * 32)])
    with connection.cursor() as cursor:
        for setting in BY_INDEX:
            cursor.execute(f"SET LOCAL {setting}")
        asked = as_bits("ab" * 32)
        cursor.execute(f"EXPLAIN {EXACT}", [asked, *probes("ab" * 32), asked, SAME, RECIPE, desk.pk])
        plan = "\n".join(row[0] for row in cursor.fetchall())
        assert plan.count("Bitmap Index Scan on image_hashes_by_band") == 16
        assert "on verification_imagehash" not in plan.replace(
            "Bitmap Heap Scan on verification_imagehash", "", 1
        )
        cursor.execute("SELECT gin_clean_pending_list('image_hashes_by_band')")
        assert cursor.fetchone()[0] == 0


def test_other_desks_erased_originals_and_plain_pictures_are_not_found(
    claim: Claim, desk: Desk, other_desk: Desk
) -> None:
    asset = an_asset(claim)
    keep_hashes(asset, [hashed("ab" * 32)])
    keep_hashes(an_asset(claim), [hashed("ab" * 32, quality=49)])
    assert [one.asset_id for one in find_similar(["ab" * 32], desk=desk)] == [asset.pk]
    assert find_similar(["ab" * 32], desk=other_desk) == []
    Asset.objects.filter(pk=asset.pk).update(redacted_at=timezone.now())
    assert find_similar(["ab" * 32], desk=desk) == []


def test_hashes_of_an_older_recipe_are_put_aside_and_replaced(claim: Claim, desk: Desk) -> None:
    asset = an_asset(claim)
    keep_hashes(asset, [hashed("ab" * 32)])
    ImageHash.objects.update(recipe="older")
    Hashed.objects.update(recipe="older")
    assert find_similar(["ab" * 32], desk=desk) == []
    for _ in range(2):
        keep_hashes(asset, [hashed("cd" * 32)])
    assert [one.hash for one in ImageHash.objects.all()] == ["cd" * 32]
    assert Hashed.objects.get().recipe == RECIPE
