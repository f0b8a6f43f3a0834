"""Reading what callers send: strict JSON of bounded size, and uploads that were streamed to disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import IO, Any

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from rest_framework.exceptions import APIException
from rest_framework.parsers import BaseParser, MultiPartParser

from claims.errors import FieldError, InvalidInput


class BodyTooLarge(APIException):
    status_code = 413
    default_code = "too_large"
    default_detail = "The body is larger than this call takes."


def _read(stream: IO[bytes]) -> bytes:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    body = b""
    while chunk := stream.read(64 * 1024):
        body += chunk
        if len(body) > limit:
            raise BodyTooLarge(f"The body is larger than {limit} bytes. Send less at once.")
    return body


MAX_DEPTH = 50


def loads(body: bytes, *, pointer: str = "") -> Any:
    """Strict JSON: no NaN, no lone surrogates, no NUL, not endlessly nested. Raises InvalidInput naming the place."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(FieldError(pointer, f"This is not JSON: {error}.", "malformed")) from error
    for found in _unstorable(value, pointer, MAX_DEPTH):
        raise InvalidInput(found)
    return value


def _unstorable(value: Any, pointer: str, depth: int) -> Iterator[FieldError]:
    if isinstance(value, str):
        if "\x00" in value:
            yield _nul(pointer)
    elif isinstance(value, list | dict) and depth == 0:
        yield FieldError(
            pointer, f"This is nested deeper than {MAX_DEPTH} levels. Send it flatter.", "too_deep"
        )
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _unstorable(part, f"{pointer}/{index}", depth - 1)
    elif isinstance(value, dict):
        for key, part in value.items():
            here = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
            if "\x00" in key:
                yield _nul(here.replace("\x00", ""))
            yield from _unstorable(part, here, depth - 1)


def _nul(pointer: str) -> FieldError:
    return FieldError(pointer, "Text can't hold the character U+0000. Leave it out.", "nul")


class StrictJSONParser(BaseParser):
    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,  # noqa: ARG002  the framework's signature
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Any:
        body = _read(stream)
        return loads(body) if body.strip() else {}


class NDJSONParser(BaseParser):
    """A JSON value a line. A line that is not JSON is kept as the error that it is, for a result of its own."""

    media_type = "application/x-ndjson"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,  # noqa: ARG002
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Any:
        values: list[Any] = []
        for number, line in enumerate(line for line in _read(stream).splitlines() if line.strip()):
            try:
                values.append(loads(line, pointer=f"/{number}"))
            except InvalidInput as error:
                values.append(error)
        return values


class BoundedUploadHandler(TemporaryFileUploadHandler):
    """Streams an upload to disk, up to the size that Stet takes."""

    received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.received += len(raw_data)
        if self.received > settings.UPLOAD_MAX_BYTES:
            self.file.close()
            # Django's own, for a page's upload is read before any view of ours can answer.
            raise RequestDataTooBig(
                f"An upload has at most {settings.UPLOAD_MAX_BYTES} bytes. Send a shorter cut."
            )
        return super().receive_data_chunk(raw_data, start)


class UploadParser(MultiPartParser):
    """Multipart, its files streamed to disk by Django's handler."""
