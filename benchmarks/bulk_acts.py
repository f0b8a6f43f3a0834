"""What one act on a thousand claims takes: previewed, done, and taken back, on SQLite and on PostgreSQL.

    .venv/bin/python benchmarks/bulk_acts.py [CLAIMS]

Files CLAIMS (1,000) as a reporter would, in a database of its own each time, and does every act to all of them through
`services.bulk`, in this process and with nobody else there. PostgreSQL is looked for where `scripts/test.py` does.

Prints a table and the same as JSON, for the preview, the act and taking it back: seconds, and for each claim the
milliseconds of this process's CPU and the SQL statements.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.test import database_url, why_no_postgres

DATA = tempfile.TemporaryDirectory(prefix="stet-bulk-")
os.environ["STET_DATA"] = DATA.name
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django  # noqa: E402  settings first

django.setup()

from django.db import connection  # noqa: E402  Django first

from claims.models import Claim  # noqa: E402  Django first
from claims.vocabulary import Dimension, Priority, Role  # noqa: E402  Django first
from tests.conftest import TWO_VIDEOS, caller  # noqa: E402  Django first
from verification.domain.bulk import BulkAction  # noqa: E402  Django first
from verification.services import bulk  # noqa: E402  Django first
from verification.services.accounts import ensure_desk  # noqa: E402  Django first

CLAIMS = int(sys.argv[1]) if len(sys.argv) > 1 else 1000


def main() -> None:
    places = {"SQLite": ""}
    if why := why_no_postgres(database_url()):
        print(f"PostgreSQL is not measured: {why}")
    else:
        places["PostgreSQL"] = database_url()
    told = {}
    for name, url in places.items():
        run = subprocess.run(
            [sys.executable, __file__, str(CLAIMS), "--here"],
            env={**os.environ, "DATABASE_URL": url},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        told[name] = json.loads(run.stdout.splitlines()[-1])
        show(name, told[name])
    print(json.dumps({"claims": CLAIMS, **told}))


def show(name: str, measured: dict[str, dict[str, dict[str, float]]]) -> None:
    print(f"{name}, {CLAIMS:,} claims: seconds (CPU-milliseconds, statements a claim)")
    for act, ways in measured.items():
        cells = (
            f"{way} {took['seconds']:6.2f} ({took['cpu_ms']:5.1f}, {took['statements']:4.1f})"
            for way, took in ways.items()
        )
        print(f"  {act:<11} {'   '.join(cells)}")


def measure() -> dict[str, dict[str, dict[str, float]]]:
    """In a process whose settings name the database."""
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        return each_act()
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def each_act() -> dict[str, dict[str, dict[str, float]]]:
    desk = ensure_desk(
        "Conflict", house_name="Reuters", required=frozenset({Dimension.LOCATION, Dimension.DATE})
    )
    checker, editor = caller("bench", Role.FACT_CHECKER, desk), caller("chief", Role.EDITOR, desk)
    for batch in range(0, CLAIMS + 1, 200):
        some = [{**TWO_VIDEOS, "statement": f"{n}"} for n in range(batch, min(batch + 200, CLAIMS + 1))]
        assert checker.post("claims/bulk/", some).status_code == 200
    original, *claims = Claim.objects.order_by("ref")
    names = [claim.ref for claim in claims]
    says = {
        BulkAction.ASSIGN: {"to": "bench"},
        BulkAction.PRIORITISE: {"priority": Priority.BREAKING},
        BulkAction.TAG: {"add_tags": ["flags"]},
        BulkAction.DROP: {"reason": "because"},
        BulkAction.DUPLICATE: {"of": original, "reason": "because"},
    }
    measured: dict[str, dict[str, dict[str, float]]] = {}
    for act, said in says.items():
        arguments = bulk.Arguments(**said)
        ways: dict[str, dict[str, float]] = {}
        for way in ("preview", "act"):
            with timed(ways, way):
                done = bulk.do_in_bulk(names, actor=editor.person, act=act, arguments=arguments, preview=way == "preview")  # fmt: skip
            assert done.done == CLAIMS, done.results[0].error
        assert done.kept is not None
        with timed(ways, "undo"):
            back = bulk.undo_bulk(done.kept.pk, actor=editor.person)
        assert back.done == CLAIMS, back.results[0].error
        measured[act.value] = ways
    return measured


@contextmanager
def timed(into: dict[str, dict[str, float]], way: str) -> Iterator[None]:

    asked = 0

    def count(execute: Callable[..., Any], *given: Any) -> Any:
        nonlocal asked
        asked += 1
        return execute(*given)

    began, spent = time.perf_counter(), time.process_time()
    with connection.execute_wrapper(count):
        yield
    took = time.perf_counter() - began
    into[way] = {
        "seconds": round(took, 3),
        "cpu_ms": round((time.process_time() - spent) * 1000 / CLAIMS, 2),
        "statements": round(asked / CLAIMS, 1),
    }


if __name__ == "__main__":
    if "--here" in sys.argv:
        print(json.dumps(measure()))
    else:
        main()
