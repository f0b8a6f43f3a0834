"""`manage.py examine`: all checks on local files, without a database."""

from __future__ import annotations

import json
import os
import re
import sys
from argparse import ArgumentParser
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import track

from claims.dates import parse_date
from claims.errors import InvalidInput
from claims.places import Place, parse_place, timezone_at
from verification.checks.base import Check
from verification.checks.registry import all_checks, get
from verification.examination import examine_file

_SOME_FAILED = 1
_USAGE = 2
_MOST_AT_ONCE = 8
"""Each decoder child takes some 70 MB, and up to a gigabyte of a hostile file."""


class Command(BaseCommand):
    help = "Examines local files: what they carry, and how that stands to what is claimed of them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", metavar="FILE", help="a file, or a folder with all in it")
        parser.add_argument("--claimed-date", metavar="EDTF", help="when it is said to be filmed: 2022-10-04")
        parser.add_argument("--timezone", help="its IANA time zone: Europe/Kyiv (default: the place's)")
        # A place south of the equator begins with a minus and is no option.
        parser._negative_number_matcher = re.compile(r"-\d")
        parser.add_argument(
            "--claimed-location", metavar="LAT,LON,RADIUS_M", help="what it is said to show: 50.45,30.52,5000"
        )
        parser.add_argument("--check", action="append", metavar="SLUG", help="only this check; repeatable")
        parser.add_argument(
            "--exiftool", action="store_true", help="have exiftool read maker notes too: slower"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object a file, a line each")

    def handle(self, **options: Any) -> None:
        """Exit status: 0 all examined, 1 some failed, 2 wrong usage."""
        try:
            claimed_location = _place(options["claimed_location"]) if options["claimed_location"] else None
            zone = options["timezone"] or _zone_of(claimed_location)
            claimed_date = parse_date(options["claimed_date"], zone) if options["claimed_date"] else None
        except InvalidInput as error:
            raise CommandError(error.detail, returncode=_USAGE) from error
        checks = _chosen(options["check"])
        if options["exiftool"] and settings.EXIFTOOL is None:
            raise CommandError(
                "There is no exiftool on PATH. Install it, or name it in STET_EXIFTOOL.", returncode=_USAGE
            )
        files = list(_files(options["paths"]))

        def examined(path: Path) -> dict[str, Any]:
            return _examined(
                path,
                claimed_date=claimed_date,
                claimed_location=claimed_location,
                checks=checks,
                trust_list=settings.C2PA_TRUST,
                exiftool=settings.EXIFTOOL if options["exiftool"] else None,
                now=datetime.now(UTC),
            )

        failed = 0
        for shown in _with_progress(_in_order(examined, files), len(files)):
            failed += shown["error"] is not None or any(
                run["state"] == "failed" for run in shown["check_runs"]
            )
            self.stdout.write(json.dumps(shown, ensure_ascii=False) if options["json"] else _as_text(shown))
        if failed:
            sys.exit(_SOME_FAILED)


def _examined(path: Path, **claimed: Any) -> dict[str, Any]:
    try:
        return examine_file(path, **claimed)
    except OSError as error:
        nothing = {"sha256": None, "media_type": None, "gps": None}
        device = dict.fromkeys(("make", "model", "software"))
        empty: dict[str, Any] = {
            name: [] for name in ("capture_dates", "findings", "check_runs", "reader_errors")
        }
        return {
            "file": str(path),
            **nothing,
            "device": device,
            **empty,
            "error": f"unreadable: {error.strerror}",
        }


def _place(text: str) -> Place:
    try:
        latitude, longitude, radius_m = (float(part) for part in text.split(","))
    except ValueError as error:
        raise CommandError(
            "--claimed-location is LAT,LON,RADIUS_M, such as 50.45,30.52,5000.", returncode=_USAGE
        ) from error
    return parse_place(
        {
            "name": f"{latitude:g}, {longitude:g}",
            "latitude": latitude,
            "longitude": longitude,
            "radius_m": radius_m,
        }
    )


def _zone_of(place: Place | None) -> str | None:
    if place is None or place.latitude is None or place.longitude is None:
        return None
    return timezone_at(place.latitude, place.longitude)


def _chosen(slugs: list[str] | None) -> list[Check] | None:
    if slugs is None:
        return None
    try:
        return [get(slug) for slug in slugs]
    except KeyError as error:
        known = ", ".join(check.slug for check in all_checks())
        raise CommandError(f"There is no check {error}; there are {known}.", returncode=_USAGE) from error


def _files(paths: list[str]) -> Iterator[Path]:
    """The files named, and all files in the folders named, each folder in the order of its names."""
    for name in paths:
        path = Path(name)
        if not path.exists():
            raise CommandError(f"There is no file {name}.", returncode=_USAGE)
        if path.is_dir():
            yield from sorted(inner for inner in path.rglob("*") if inner.is_file())
        else:
            yield path


def _in_order(examined: Callable[[Path], dict[str, Any]], files: list[Path]) -> Iterator[dict[str, Any]]:
    """What was found of each file in turn, while as many as there are processors are examined.

    Each thread has a decoder child of its own. No more is kept than two files a thread.
    """
    threads = min(_MOST_AT_ONCE, os.cpu_count() or 1, len(files) or 1)
    waiting: deque[Future[dict[str, Any]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for path in files:
            waiting.append(pool.submit(examined, path))
            if len(waiting) == 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _with_progress(all_shown: Iterator[dict[str, Any]], total: int) -> Iterator[dict[str, Any]]:
    """The same, with a bar on the error output where a person watches and there is more than one."""
    console = Console(stderr=True)
    if not console.is_terminal or total < 2:
        yield from all_shown
        return
    yield from track(all_shown, description="Examining", total=total, console=console, transient=True)


def _as_text(shown: dict[str, Any]) -> str:
    lines = [f"{shown['file']}: {shown['media_type'] or 'not media'}"]
    if shown["error"]:
        lines.append(f"  {shown['error']}")
    lines += [f"  {one['field']}: {one['value']}" for one in shown["capture_dates"]]
    lines += [f"  [{one['dimension']}: {one['stance']}] {one['sentence']}" for one in shown["findings"]]
    lines += [
        f"  {run['check']} {run['state']}: {run['error']}" for run in shown["check_runs"] if run["error"]
    ]
    return "\n".join(lines)
