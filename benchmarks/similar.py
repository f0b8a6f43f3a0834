"""How much faster a hash is searched by bands than by reading through all of them, on PostgreSQL.

    DATABASE_URL=postgres://… .venv/bin/python benchmarks/similar.py [HASHES] [QUERIES]

Makes a database of its own beside the one named, fills it, searches each hash both ways in turn with the product's
own statement, checks that both find the same, and drops it again. Prints JSON: the median milliseconds of each way
and their ratio.
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
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.db import connection, transaction  # noqa: E402  Django first
from django.utils import timezone  # noqa: E402  Django first

from claims.models import Asset, Desk  # noqa: E402  Django first
from claims.vocabulary import Role  # noqa: E402  Django first
from tests.conftest import TWO_VIDEOS, caller  # noqa: E402  Django first
from verification.domain.likeness import RECIPE, SAME  # noqa: E402  Django first
from verification.models.likeness import as_bits  # noqa: E402  Django first
from verification.services.accounts import ensure_desk  # noqa: E402  Django first
from verification.services.similar import BY_INDEX, EXACT, probes  # noqa: E402  Django first

BITS = 256
SCAN = EXACT.replace("stet_bands(hash) && %s::int4[]", "%s::int4[] IS NOT NULL")
"""The same statement without its index."""


def main() -> None:
    hashes = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    queries = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    if connection.vendor != "postgresql":
        raise SystemExit("DATABASE_URL does not name a PostgreSQL database.")
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        print(json.dumps(measure(hashes, queries)))
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def measure(hashes: int, queries: int) -> dict[str, Any]:
    dice = random.Random(1)
    desk = ensure_desk("Conflict", house_name="Reuters")
    fill(desk, hashes, dice)
    kept = sample(queries)
    by: dict[str, list[float]] = {"bands": [], "scan": [], "scan_parallel": []}
    for digits in kept:
        # A copy that was altered as far as it may be.
        number = int(digits, 16)
        for bit in dice.sample(range(BITS), SAME):
            number ^= 1 << bit
        asked = f"{number:064x}"
        found = {way: timed(by[way], partial(search, way, asked, desk)) for way in by}
        assert sorted(found["bands"]) == sorted(found["scan"]) != []
    medians = {way: statistics.median(times) for way, times in by.items()}
    return {
        "hashes": hashes,
        "queries": queries,
        **{f"{way}_ms": round(value, 2) for way, value in medians.items()},
        "times_faster": round(medians["scan"] / medians["bands"], 1),
    }


def fill(desk: Desk, hashes: int, dice: random.Random) -> None:
    """One original in a claim of the desk, with so many random hashes."""
    checker = caller("bench", Role.FACT_CHECKER, desk)
    media = [{"url": "https://media.example/a.jpg"}]
    assert checker.post("claims/", {**TWO_VIDEOS, "media": media}).status_code == 201
    asset = Asset.objects.create(
        sha256="ab" * 32, size_bytes=1, media_type="image/jpeg", kind="photo", archived_at=timezone.now()
    )
    with connection.cursor() as cursor:
        cursor.execute("UPDATE claims_mediaitem SET asset_id = %s", [asset.pk])
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'image_hashes_by_band'")
        index = cursor.fetchone()[0]
        cursor.execute("DROP INDEX image_hashes_by_band")
        copy = "COPY verification_imagehash (id, asset_id, hash, trimmed, quality, recipe) FROM STDIN"
        with cursor.copy(copy) as rows:
            for number in range(hashes):
                bits = f"{dice.getrandbits(BITS):0{BITS}b}"
                identity = f"{number:08x}-0000-7000-8000-000000000000"
                rows.write_row((identity, str(asset.pk), bits, False, 90, RECIPE))
        cursor.execute(index)
        cursor.execute("VACUUM ANALYZE")


def sample(count: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT hash FROM verification_imagehash ORDER BY md5(id::text) LIMIT %s", [count])
        return [f"{int(row[0], 2):064x}" for row in cursor.fetchall()]


def search(way: str, digits: str, desk: Desk) -> list[tuple[Any, ...]]:
    bits = as_bits(digits)
    with transaction.atomic(), connection.cursor() as cursor:
        # One process each; the scan also as the server does it when left to itself, on all processors.
        for setting in {"bands": BY_INDEX, "scan": BY_INDEX[1:]}.get(way, ()):
            cursor.execute(f"SET LOCAL {setting}")
        statement = EXACT if way == "bands" else SCAN
        cursor.execute(statement, [bits, probes(digits), bits, SAME, RECIPE, desk.pk])
        return cursor.fetchall()


def timed(times: list[float], search: Callable[[], list[tuple[Any, ...]]]) -> list[tuple[Any, ...]]:
    begun = time.perf_counter()
    found = search()
    times.append((time.perf_counter() - begun) * 1000)
    return found


if __name__ == "__main__":
    main()
