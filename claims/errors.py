"""The root of the error tree. Each class is one kind of refusal; its code is stable and part of the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FieldError:
    """One bad field: `pointer` is a JSON Pointer (RFC 6901) into the body or the name of a query parameter."""

    pointer: str
    detail: str
    code: str = "invalid"


@dataclass(frozen=True)
class Blocker:
    """One reason why something can't be done or said yet."""

    code: str
    detail: str
    dimension: str | None = None

    def as_json(self) -> dict[str, str]:
        shown = {"code": self.code, "detail": self.detail}
        if self.dimension is not None:
            shown["dimension"] = self.dimension
        return shown


class StetError(Exception):
    """Something the caller asked for can't be done; `detail` says why and what to do instead."""

    code = "error"
    title = "The request could not be carried out"

    def __init__(self, detail: str, *, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        if code is not None:
            self.code = code

    def extra(self) -> dict[str, Any]:
        """Members to show beside the detail."""
        return {}


class InvalidInput(StetError):
    """The input is malformed; names every bad field."""

    code = "invalid"
    title = "The input is not valid"

    def __init__(self, errors: Sequence[FieldError] | FieldError, *, detail: str | None = None) -> None:
        self.errors = [errors] if isinstance(errors, FieldError) else list(errors)
        super().__init__(detail or "; ".join(f"{e.pointer}: {e.detail}" for e in self.errors[:5]))

    def extra(self) -> dict[str, Any]:
        return {"errors": [{"pointer": e.pointer, "detail": e.detail, "code": e.code} for e in self.errors]}


class Missing(StetError):
    """There is no such thing, or the caller may not know of it."""

    code = "not_found"
    title = "Not found"


class Gone(StetError):
    """It was public and has been withdrawn."""

    code = "withdrawn"
    title = "Withdrawn"

    def __init__(self, detail: str, *, notice: dict[str, Any]) -> None:
        super().__init__(detail)
        self.notice = notice

    def extra(self) -> dict[str, Any]:
        return {"notice": self.notice}


class NotAllowed(StetError):
    """The caller may see it but not do this."""

    code = "forbidden"
    title = "Not allowed"


class IllegalState(StetError):
    """The action is not possible in this state; says what is allowed instead, or what stands in the way."""

    code = "illegal_state"
    title = "Not possible in this state"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        allowed_actions: Sequence[str] | None = None,
        blockers: Sequence[Blocker] = (),
    ) -> None:
        super().__init__(detail, code=code)
        self.allowed_actions = allowed_actions
        self.blockers = list(blockers)

    def extra(self) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        if self.allowed_actions is not None:
            shown["allowed_actions"] = list(self.allowed_actions)
        if self.blockers:
            shown["blockers"] = [b.as_json() for b in self.blockers]
        return shown


class StaleEdit(StetError):
    """The thing changed since the caller read it (If-Match)."""

    code = "stale"
    title = "It has changed since you read it"


class LeaseLost(StetError):
    """The lease is another's, or has run out."""

    code = "lease_lost"
    title = "The lease is not yours"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        holder: str | None = None,
        expires_at: str | None = None,
    ) -> None:
        super().__init__(detail, code=code)
        self.holder = holder
        self.expires_at = expires_at

    def extra(self) -> dict[str, Any]:
        return {"holder": self.holder, "expires_at": self.expires_at} if self.holder else {}


class StorageFailed(StetError):
    """The archive could not be written or read: the disk is full, or the storage is away. Nothing half is kept."""

    code = "storage"
    title = "The archive could not be reached"
    retriable = True


class Unreadable(StetError):
    """Bytes that could not be read as what they are said to be."""

    code = "unreadable"
    title = "Unreadable"
