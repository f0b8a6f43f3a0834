"""Failures that more than one part of the opener reports, in a fact-checker's words."""

from __future__ import annotations

from claims.addresses import OutboundError


def timed_out() -> OutboundError:
    return OutboundError("It took too long to answer.", code="timed_out")


def too_large(limit_bytes: int) -> OutboundError:
    return OutboundError(f"It is larger than {limit_bytes} bytes, the limit.", code="too_large")


def unsound(reason: str) -> OutboundError:
    return OutboundError(f"The server's answer cannot be relied on: {reason}.", code="protocol_error")


def broke_off() -> OutboundError:
    detail = "The server broke off before it had sent everything."
    return OutboundError(detail, code="protocol_error", retriable=True)
