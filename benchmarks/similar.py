"""How much faster a hash is searched by bands than by reading through all of them, on PostgreSQL.

    .venv/bin/python benchmarks/similar.py [HASHES] [QUERIES]

Looks for PostgreSQL where `scripts/test.py` does, makes a database of its own there, fills it, searches each hash both
ways in turn with the product's own statement, checks that both find the same, and drops it again. The scan runs in one
process, and as the server does it when left to itself, on several. Half of the hashes are copies of a few pictures, up
to 110 bits off, if CLUSTERED=1. Besides, what it takes to keep a photo's two hashes in one transaction.

Prints a table and the same as JSON: median milliseconds of each way, and how many times faster than each scan the
bands are. A million hashes take minutes to load, most of it for the index.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.test import database_url, why_no_postgres

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ["DATABASE_URL"] = database_url()

import django

django.setup()

from django.db import connection, transaction  # noqa: E402  Django first
from django.utils import timezone  # noqa: E402  Django first

from claims.models import Asset, Desk, MediaItem  # noqa: E402  Django first
from claims.vocabulary import Role  # noqa: E402  Django first
from tests.conftest import TWO_VIDEOS, caller  # noqa: E402  Django first
from verification.domain.likeness import RECIPE, SAME  # noqa: E402  Django first
from verification.models import ImageHash  # noqa: E402  Django first
from verification.models.likeness import as_bits  # noqa: E402  Django first
from verification.services.accounts import ensure_desk  # noqa: E402  Django first
from verification.services.similar import BY_INDEX, EXACT, SHARES_A_BAND, probes  # noqa: E402  Django first

BITS = 256
SCAN = EXACT.replace(SHARES_A_BAND, "TRUE")
"""The same statement without its index."""
SETTINGS = {"bands": BY_INDEX, "scan": BY_INDEX[1:], "scan_parallel": ()}
KEPT = 500


def main() -> None:
    hashes = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    queries = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    if why := why_no_postgres(database_url()):
        print(f"Searching hashes is not measured: {why}")
        return
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        show(measure(hashes, queries))
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def show(measured: dict[str, Any]) -> None:
    print(f"{measured['hashes']:,} hashes, median of {measured['queries']} searches")
    for way in SETTINGS:
        times = measured.get(f"times_faster_than_{way}", "")
        print(f"  {way:<14} {measured[f'{way}_ms']:>9.2f} ms  {times and f'bands are {times} times faster'}")
    print(json.dumps(measured))


def measure(hashes: int, queries: int) -> dict[str, Any]:
    dice = random.Random(1)
    desk = ensure_desk("Conflict", house_name="Reuters")
    asset = an_original(desk)
    fill(asset, hashes, dice)
    by: dict[str, list[float]] = {way: [] for way in SETTINGS}
    for digits in sample(queries):
        # A copy that was altered as far as it may be.
        asked = f"{altered(int(digits, 16), SAME, dice):064x}"
        found = {way: timed(by[way], partial(search, way, asked, desk)) for way in by}
        assert sorted(found["bands"]) == sorted(found["scan"]) != []
    medians = {way: statistics.median(times) for way, times in by.items()}
    keeping: list[float] = []
    for _ in range(KEPT):
        timed(keeping, partial(keep, asset, dice))
    return {
        "hashes": hashes,
        "queries": queries,
        **{f"{way}_ms": round(value, 2) for way, value in medians.items()},
        **{
            f"times_faster_than_{way}": round(medians[way] / medians["bands"], 1)
            for way in ("scan", "scan_parallel")
        },
        "keep_two_ms": round(statistics.median(keeping), 2),
        "keep_two_longest_ms": round(max(keeping), 2),
    }


def an_original(desk: Desk) -> Asset:
    """One in a claim of the desk."""
    checker = caller("bench", Role.FACT_CHECKER, desk)
    media = [{"url": "https://media.example/a.jpg"}]
    assert checker.post("claims/", {**TWO_VIDEOS, "media": media}).status_code == 201
    asset = Asset.objects.create(
        sha256="ab" * 32, size_bytes=1, media_type="image/jpeg", kind="photo", archived_at=timezone.now()
    )
    MediaItem.objects.update(asset=asset)
    return asset


def fill(asset: Asset, hashes: int, dice: random.Random) -> None:
    """So many hashes of one original, loaded before the index is built, as a restore does it."""
    pictures = [dice.getrandbits(BITS) for _ in range(hashes // 5_000 + 1)]
    clustered = os.environ.get("CLUSTERED") == "1"
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'image_hashes_by_band'")
        index = cursor.fetchone()[0]
        cursor.execute("DROP INDEX image_hashes_by_band")
        copy = "COPY verification_imagehash (id, asset_id, hash, trimmed, quality, recipe) FROM STDIN"
        with cursor.copy(copy) as rows:
            for number in range(hashes):
                if clustered and number % 2:
                    value = altered(dice.choice(pictures), dice.randrange(110), dice)
                else:
                    value = dice.getrandbits(BITS)
                identity = f"{number:08x}-0000-7000-8000-000000000000"
                rows.write_row((identity, str(asset.pk), f"{value:0{BITS}b}", False, 90, RECIPE))
        cursor.execute(index)
        cursor.execute("VACUUM ANALYZE")


def altered(number: int, count: int, dice: random.Random) -> int:
    for bit in dice.sample(range(BITS), count):
        number ^= 1 << bit
    return number


def keep(asset: Asset, dice: random.Random) -> None:
    with transaction.atomic():
        ImageHash.objects.bulk_create(
            ImageHash(
                asset=asset, hash=f"{dice.getrandbits(BITS):064x}", trimmed=trimmed, quality=90, recipe=RECIPE
            )
            for trimmed in (False, True)
        )


def sample(count: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT hash FROM verification_imagehash ORDER BY md5(id::text) LIMIT %s", [count])
        return [f"{int(row[0], 2):064x}" for row in cursor.fetchall()]


def search(way: str, digits: str, desk: Desk) -> list[tuple[Any, ...]]:
    bits = as_bits(digits)
    with transaction.atomic(), connection.cursor() as cursor:
        for setting in SETTINGS[way]:
            cursor.execute(f"SET LOCAL {setting}")
        bands = probes(digits) if way == "bands" else ()
        cursor.execute(EXACT if way == "bands" else SCAN, [bits, *bands, bits, SAME, RECIPE, desk.pk])
        return cursor.fetchall()


def timed(times: list[float], work: Callable[[], Any]) -> Any:
    begun = time.perf_counter()
    found = work()
    times.append((time.perf_counter() - begun) * 1000)
    return found


if __name__ == "__main__":
    main()
