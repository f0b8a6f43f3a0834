"""Which HTTP status says which error; pages and API answer alike."""

from __future__ import annotations

from claims import errors

_STATUS: tuple[tuple[type[errors.StetError], int], ...] = (
    (errors.InvalidInput, 400),
    (errors.NotAllowed, 403),
    (errors.Missing, 404),
    (errors.Gone, 410),
    (errors.IllegalState, 409),
    (errors.StaleEdit, 412),
    (errors.LeaseLost, 423),
    (errors.Unreadable, 422),
    (errors.StorageFailed, 503),
    (errors.StetError, 400),
)


def status_of(error: errors.StetError) -> int:
    """The status of a refusal."""
    return next(status for kind, status in _STATUS if isinstance(error, kind))
