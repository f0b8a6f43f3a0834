"""The exchange of a capture as a WARC file (ISO 28500): every hop's request, response and where it led from.

A body that was fetched whole stands in its response as it was handed on: without chunks and unpacked, the headers that
spoke of that renamed as archives do (`X-Archive-Orig-…`). A body that was not read is marked `WARC-Truncated`. The
opener does not keep the words beside a status, so they are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import IO

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from claims.addresses import Hop, parse_url
from claims.media import archive
from claims.outbound import TRAVELLING_HEADERS

MEDIA_TYPE = "application/warc"

_OF_THE_WAY = frozenset({"content-length", "content-encoding", "transfer-encoding"})
_NO_BODY = frozenset({204, 304})
_CUT_OFF_BY = {"too_large": "length", "timed_out": "time", "connect_failed": "disconnect"}


@dataclass(frozen=True)
class Asked:
    """What was asked of the opener: the headers beside its own, and where the address came from."""

    headers: Mapping[str, str]
    via: str = ""
    found_by: str = ""


class Exchange:
    """A WARC file that grows hop by hop while a capture goes on. Uncompressed: media don't shrink."""

    def __init__(self, arriving: archive.Arriving, *, software: str) -> None:
        self._file = arriving
        self._writer = WARCWriter(arriving, gzip=False, warc_version="1.1")
        info = {"software": software, "format": "WARC File Format 1.1"}
        self._writer.write_record(self._writer.create_warcinfo_record("", info))

    def add(
        self, hops: Sequence[Hop], asked: Asked, *, body: archive.Stored | None = None, cut_off: str = ""
    ) -> None:
        """Writes one fetch. `body` is what the last hop gave, from the archive; `cut_off` the error that ended it."""
        headers, via = dict(asked.headers), asked.via
        origin = parse_url(hops[0].url).origin if hops else None
        for number, hop in enumerate(hops):
            target = parse_url(hop.url)
            if target.origin != origin:
                # As the opener does: what could be a secret meant for the first origin goes no further.
                headers = {name: said for name, said in headers.items() if name.lower() in TRAVELLING_HEADERS}
                origin = target.origin
            is_last = number == len(hops) - 1
            self._hop(
                hop,
                headers,
                body if is_last else None,
                _CUT_OFF_BY.get(cut_off if is_last else "", "unspecified"),
            )
            self._led_from(hop, via, asked.found_by if number == 0 else "")
            via = hop.url

    def keep(self) -> archive.Stored:
        return self._file.keep()

    def _hop(self, hop: Hop, headers: Mapping[str, str], body: archive.Stored | None, cut_off: str) -> None:
        target = parse_url(hop.url)
        sent = [("Host", target.authority), *headers.items()]
        sent += [("Accept-Encoding", "identity"), ("Connection", "close")]
        request = self._writer.create_warc_record(
            hop.url,
            "request",
            http_headers=StatusAndHeaders(f"GET {target.target} HTTP/1.1", sent, is_http_request=True),
        )
        about = {"WARC-IP-Address": hop.address, "WARC-Date": hop.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}
        declared = {value for name, value in hop.headers if name.lower() == "content-length"}
        if body is not None:
            about["WARC-Payload-Digest"] = f"sha256:{body.sha256}"
        elif hop.status not in _NO_BODY and declared != {"0"}:
            about["WARC-Truncated"] = cut_off
        received = StatusAndHeaders(f"{hop.status} ", _as_handed_on(hop, body), protocol="HTTP/1.1")
        with archive.storing(), _payload(body) as payload:
            response = self._writer.create_warc_record(
                hop.url,
                "response",
                payload=payload,
                length=body.size_bytes if body else 0,
                http_headers=received,
                warc_headers_dict=about,
            )
            self._writer.write_request_response_pair(request, response)

    def _led_from(self, hop: Hop, via: str, found_by: str) -> None:
        fields = "".join(
            f"{name}: {value}\r\n"
            for name, value in (("via", via), ("found-by", found_by), ("ip", hop.address))
            if value
        ).encode()
        self._writer.write_record(
            self._writer.create_warc_record(
                hop.url,
                "metadata",
                payload=BytesIO(fields),
                length=len(fields),
                warc_content_type="application/warc-fields",
            )
        )


@contextmanager
def _payload(body: archive.Stored | None) -> Iterator[IO[bytes]]:
    if body is None:
        yield BytesIO()
        return
    with archive.local_copy(body.sha256) as path, path.open("rb") as file:
        yield file


def _as_handed_on(hop: Hop, body: archive.Stored | None) -> list[tuple[str, str]]:
    renamed = [
        (f"X-Archive-Orig-{name}" if name.lower() in _OF_THE_WAY else name, value)
        for name, value in hop.headers
    ]
    return [*renamed, ("Content-Length", str(body.size_bytes if body else 0))]
