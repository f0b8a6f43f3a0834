"""Logs: static event names with ids, one JSON object a line; plain lines on a terminal. Never claim text."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from config import env

_HEALTH_PATHS = ("/healthz", "/readyz", "/metrics")


def drop_health_checks(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Leaves out requests by probes, which would be most of the log. A failing one is kept."""
    path = str(event.get("request", "")).partition(" ")[2].partition("?")[0]
    if path.rstrip("/") in _HEALTH_PATHS and int(event.get("code") or 200) < 500:
        raise structlog.DropEvent
    return event


def drop_query(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Leaves out query strings: what somebody searched for may be a claim's words."""
    if "request" in event:
        event["request"] = str(event["request"]).partition("?")[0]
    return event


def frames_only(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replaces an exception by its types and places.

    Its message is left out, because a database's own ("failing row contains …") may quote a claim.
    `STET_DEBUG` brings it back.
    """
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if not isinstance(error, BaseException):
        return event
    chain: list[dict[str, Any]] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        frames = []
        trace = error.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            frames.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_qualname}")
            trace = trace.tb_next
        chain.append({"type": f"{type(error).__module__}.{type(error).__qualname__}", "frames": frames})
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    event["exception"] = chain
    return event


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    drop_query,
]


def formatter(*, console: bool) -> logging.Formatter:
    """What turns a record, ours or a library's, into a line."""
    ending: list[Processor]
    if console:
        ending = [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    elif env.flag("STET_DEBUG"):
        ending = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        ending = [frames_only, structlog.processors.JSONRenderer()]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
    )


def configure() -> None:
    """Sends structlog's events through the standard library's handlers, so that there is one way out."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            drop_health_checks,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "config.logging.formatter", "console": sys.stderr.isatty()},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # Django adds a handler of its own to these; ours is the one way out.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        # RequestMiddleware says the same, with ids.
        "django.request": {"handlers": [], "level": "CRITICAL", "propagate": True},
        # One line a message received and one a task done say nothing that the job's row doesn't.
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "_granian": {"handlers": [], "level": "INFO", "propagate": True},
    },
}
