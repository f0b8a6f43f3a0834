"""Undoing a Content-Encoding without ever holding more than a piece of what comes out."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from claims.outbound.failures import broke_off, unsound
from claims.outbound.limits import PIECE_BYTES


class Decoder:
    """Undoes a Content-Encoding piece by piece, never giving more than PIECE_BYTES at a time."""

    def __init__(self, headers: tuple[tuple[str, str], ...]) -> None:
        named = [value.strip().lower() for name, value in headers if name.lower() == "content-encoding"]
        self._encodings = [encoding for encoding in named if encoding not in ("", "identity")]
        self._inflater: zlib._Decompress | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What these bytes unfold to. Raises OutboundError `protocol_error`."""
        if not self._encodings:
            yield data
            return
        if self._encodings not in (["gzip"], ["x-gzip"], ["deflate"]):
            raise unsound("it is packed in a way that was not asked for")
        full = False
        # A full piece may have left output waiting inside zlib with no input left over.
        while data or full:
            if self._inflater is None or self._inflater.eof:
                self._inflater = self._begin(data)
            try:
                decoded = self._inflater.decompress(data, PIECE_BYTES)
            except zlib.error as error:
                raise unsound("its compressed content is damaged") from error
            yield decoded
            data = self._inflater.unconsumed_tail or self._inflater.unused_data
            full = len(decoded) == PIECE_BYTES and not self._inflater.eof

    def finish(self) -> None:
        """Raises OutboundError `protocol_error` where the packed content is not whole."""
        if self._inflater is not None and not self._inflater.eof:
            raise broke_off()

    def _begin(self, data: bytes) -> zlib._Decompress:
        if self._encodings != ["deflate"]:
            return zlib.decompressobj(16 + zlib.MAX_WBITS)
        # "deflate" means zlib's format; some servers send it bare, and zlib's first byte tells them apart.
        return zlib.decompressobj(zlib.MAX_WBITS if data[0] & 0x0F == zlib.DEFLATED else -zlib.MAX_WBITS)
