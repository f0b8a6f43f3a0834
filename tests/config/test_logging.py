"""Logs say what happened by names and ids, and never a claim's words."""

from __future__ import annotations

import json
import logging

import pytest
import structlog

from config.logging import drop_health_checks, drop_query, formatter, frames_only


def line_of(record: logging.LogRecord) -> dict[str, object]:
    content: dict[str, object] = json.loads(formatter(console=False).format(record))
    return content


def record_with(error: BaseException) -> logging.LogRecord:
    try:
        raise error
    except type(error) as raised:
        return logging.LogRecord(
            "lib", logging.ERROR, "", 1, "job_failed", None, (type(raised), raised, raised.__traceback__)
        )


def test_a_query_is_left_out_since_a_search_may_quote_a_claim() -> None:
    event = drop_query(None, "info", {"request": "GET /api/v1/claims/?q=the+dam+broke"})
    assert event["request"] == "GET /api/v1/claims/"


def test_an_exception_is_told_by_type_and_place_without_its_message() -> None:
    line = line_of(record_with(ValueError("Failing row contains (the dam broke)")))
    assert "the dam broke" not in json.dumps(line)
    assert '"type": "builtins.ValueError"' in json.dumps(line)
    assert "test_logging.py" in json.dumps(line)


def test_what_led_to_an_exception_is_told_too() -> None:
    outer = RuntimeError("outer")
    outer.__cause__ = KeyError("inner")
    event = frames_only(None, "error", {"exc_info": (RuntimeError, outer, None)})
    assert [link["type"] for link in event["exception"]] == ["builtins.RuntimeError", "builtins.KeyError"]


def test_a_library_record_is_one_json_object() -> None:
    line = line_of(logging.LogRecord("lib", logging.INFO, "", 1, "sent %s", ("x",), None))
    assert line["event"] == "sent x"
    assert line["level"] == "info"
    assert str(line["timestamp"]).endswith("Z")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/readyz?verbose=1", "/metrics"])
def test_a_probe_that_finds_all_well_is_no_news(path: str) -> None:
    with pytest.raises(structlog.DropEvent):
        drop_health_checks(None, "info", {"request": f"GET {path}", "code": 200})


def test_a_probe_that_fails_is_news() -> None:
    event = {"request": "GET /readyz", "code": 503}
    assert drop_health_checks(None, "error", dict(event)) == event
