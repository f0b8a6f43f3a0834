"""What ends the reading of a whole file."""

from __future__ import annotations


class BeyondLimits(Exception):
    """The file as a whole can't be read; `code` is one of sandbox.DecodeFailed's."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
