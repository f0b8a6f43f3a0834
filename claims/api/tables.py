"""Tables for spreadsheets: CSV as RFC 4180 has it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from claims.api.rendering import JSONRenderer


class CSVRenderer(JSONRenderer):
    """For views that give CSV, as bytes, to who asks for it; what refuses them stays a problem in JSON."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"  # type: ignore[assignment]


def csv_of(rows: Iterable[Mapping[str, int | str | None]], columns: Sequence[str]) -> bytes:
    """A line of the columns' names, then one a row, each ended by CR LF; None is empty.

    For numbers, days and words of ours: text that somebody typed could begin a spreadsheet's formula, and would have
    to be disarmed first.
    """
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(columns)
    writer.writerows([row[column] for column in columns] for row in rows)
    return written.getvalue().encode()
