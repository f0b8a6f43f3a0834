"""Perceptual hashes kept, and searched: exactly by bands on PostgreSQL, by reading through them elsewhere."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from claims.models import Asset, Desk
from verification.domain.decoded import FrameHash
from verification.domain.likeness import LEAST_QUALITY, POSSIBLE, RECIPE, SAME, Turn
from verification.models import Hashed, ImageHash
from verification.models.likeness import HASH_BITS, as_bits

BANDS, BAND_BITS = 16, 16
"""Two hashes that differ in at most 31 of 256 bits have one of 16 bands in which they differ in at most one."""

POSSIBLE_AMONG = 50_000
"""Beyond 31 bits no index helps; on PostgreSQL only so many of the desk's newest hashes are read through for those."""

BY_INDEX = ("enable_seqscan = off", "jit = off", "max_parallel_workers_per_gather = 0")
"""For the length of a search by bands. The planner expects far more hits than there are: it would take the scan for
cheaper, and spend ten times the search on compiling it and on starting workers."""

_OF_DESK = """EXISTS (
    SELECT 1 FROM claims_mediaitem item
    JOIN claims_claim claim ON claim.id = item.claim_id
    JOIN claims_asset asset ON asset.id = item.asset_id
    WHERE item.asset_id = {hashes}.asset_id AND claim.desk_id = %s AND asset.redacted_at IS NULL
)"""

# A condition a band, not one for all: GIN holds every row that it finds against every key of the condition, and 4,000
# rows by 272 keys took longer than all else. Their bitmaps are joined before a row is read.
SHARES_A_BAND = " OR ".join(["stet_bands(hash) && %s::int4[]"] * BANDS)

# The candidates first: the planner must not begin with everything that the desk has.
EXACT = f"""
WITH near AS MATERIALIZED (
    SELECT asset_id, at_ms, bit_count(hash # %s::bit(256)) AS apart
    FROM verification_imagehash
    WHERE ({SHARES_A_BAND}) AND bit_count(hash # %s::bit(256)) <= %s AND recipe = %s
)
SELECT asset_id, at_ms, apart FROM near WHERE {_OF_DESK.format(hashes="near")}
"""  # noqa: S608  our own words
READ_THROUGH = f"""
WITH newest AS MATERIALIZED (
    SELECT asset_id, at_ms, hash FROM verification_imagehash hashes
    WHERE recipe = %s AND {_OF_DESK.format(hashes="hashes")}
    ORDER BY id DESC LIMIT %s
)
SELECT asset_id, at_ms, bit_count(hash # %s::bit(256)) AS apart FROM newest
WHERE bit_count(hash # %s::bit(256)) BETWEEN %s AND %s
"""  # noqa: S608  as above


@dataclass(frozen=True)
class Similar:
    """An original with a picture like the one asked for; `at_ms` is the frame's place in a film, `distance` in bits."""

    asset_id: uuid.UUID
    distance: int
    turn: Turn
    at_ms: int | None


def keep_hashes(asset: Asset, hashes: Sequence[FrameHash]) -> None:
    """Keeps what can be compared of an original, in place of what older recipes gave. The same whenever it is done."""
    with transaction.atomic():
        _, made = Hashed.objects.get_or_create(asset=asset, defaults={"recipe": RECIPE, "at": timezone.now()})
        if not made and not Hashed.objects.filter(asset=asset).exclude(recipe=RECIPE).update(
            recipe=RECIPE, at=timezone.now()
        ):
            return
        ImageHash.objects.filter(asset=asset).delete()
        ImageHash.objects.bulk_create(
            ImageHash(
                asset=asset,
                at_ms=one.at_ms,
                hash=one.turns[0],
                trimmed=one.trimmed,
                quality=one.quality,
                recipe=one.recipe,
            )
            for one in hashes
            if one.quality >= LEAST_QUALITY and one.recipe == RECIPE
        )


def find_similar(turns: Sequence[str], *, desk: Desk, within: int = POSSIBLE) -> list[Similar]:
    """The originals in the desk's claims with a picture at most `within` bits from any of these turns.

    Each once, at its nearest, nearest first. `turns` are in the order of `likeness.Turn`; the first alone looks for
    pictures that lie as this one does. Up to 31 bits nothing is missed; see POSSIBLE_AMONG for the rest.
    """
    search = _by_bands if connection.vendor == "postgresql" else _by_reading_through
    nearest: dict[uuid.UUID, Similar] = {}
    order = {turn: place for place, turn in enumerate(Turn)}
    for found in search(list(zip(Turn, turns, strict=False)), desk, within):
        known = nearest.get(found.asset_id)
        if known is None or _rank(found, order) < _rank(known, order):
            nearest[found.asset_id] = found
    return sorted(nearest.values(), key=lambda one: (one.distance, str(one.asset_id)))


def _rank(one: Similar, order: dict[Turn, int]) -> tuple[int, int, int]:
    return one.distance, order[one.turn], one.at_ms or 0


def _by_bands(turns: list[tuple[Turn, str]], desk: Desk, within: int) -> Iterable[Similar]:
    found = []
    with transaction.atomic(), connection.cursor() as cursor:
        for setting in BY_INDEX:
            cursor.execute(f"SET LOCAL {setting}")
        for turn, digits in turns:
            bits = as_bits(digits)
            cursor.execute(EXACT, [bits, *probes(digits), bits, min(within, SAME), RECIPE, desk.pk])
            found += [Similar(asset, apart, turn, at_ms) for asset, at_ms, apart in cursor.fetchall()]
        for setting in BY_INDEX:
            cursor.execute(f"SET LOCAL {setting.partition(' ')[0]} TO DEFAULT")
        for turn, digits in turns if within > SAME else ():
            bits = as_bits(digits)
            cursor.execute(READ_THROUGH, [RECIPE, desk.pk, POSSIBLE_AMONG, bits, bits, SAME + 1, within])
            found += [Similar(asset, apart, turn, at_ms) for asset, at_ms, apart in cursor.fetchall()]
    return found


def _by_reading_through(turns: list[tuple[Turn, str]], desk: Desk, within: int) -> Iterable[Similar]:
    rows = list(
        ImageHash.objects.filter(
            recipe=RECIPE,
            asset__redacted_at=None,
            asset__in=Asset.objects.filter(items__claim__desk=desk).values("pk"),
        ).values_list("asset_id", "at_ms", "hash")
    )
    hashes = _words("".join(row[2] for row in rows))
    for turn, digits in turns:
        apart = np.bitwise_count(hashes ^ _words(digits)).sum(axis=1)
        for place in np.flatnonzero(apart <= within):
            yield Similar(rows[place][0], int(apart[place]), turn, rows[place][1])


def _words(digits: str) -> np.ndarray[tuple[int, int], np.dtype[np.uint64]]:
    return np.frombuffer(bytes.fromhex(digits), np.uint64).reshape(-1, HASH_BITS // 64)


def probes(digits: str) -> list[list[int]]:
    """For each band what it may be in a hash within 31 bits of this one: as it is here, or with one bit flipped."""
    bands = [int(digits[place : place + 4], 16) for place in range(0, len(digits), BAND_BITS // 4)]
    return [[number << BAND_BITS | band ^ flip for flip in _flips()] for number, band in enumerate(bands)]


@cache
def _flips() -> tuple[int, ...]:
    return (0, *(1 << bit for bit in range(BAND_BITS)))
