"""The one guarded opener: whatever goes to an address that outsiders can influence goes through it.

A URL is read strictly and put together again; its name is resolved once a hop; all answers must be public
(or allowed by the operator) and only those are connected to, while the name stays for SNI, certificate and
Host. Every redirect goes round again. One deadline covers the whole, from the first look-up to the last
byte. Proxy variables, cookies and connection reuse do not exist here.

`OutboundError.code`, stable, and whether trying again later can help (`retriable`):

| code | | meaning |
|---|---|---|
| `url_refused` | no | the URL is malformed, or its scheme, host or port is not fetched from |
| `address_refused` | no | the host, or one a redirect leads to, is not on the public internet |
| `dns_failed` | yes | the host's name could not be resolved |
| `connect_failed` | yes | no connection came about, or it was lost |
| `tls_failed` | no | certificate expired, untrusted or for another name; or not TLS at all |
| `timed_out` | yes | the deadline, or the time to connect, ran out |
| `too_large` | no | more bytes than the limit, as sent or decompressed |
| `too_many_redirects` | no | a chain longer than the limit, or a circle |
| `redirect_refused` | no | a redirect to a URL that is refused, or where none is followed |
| `protocol_error` | no* | not sound HTTP: framing, headers, encoding. *Yes where it broke off |
| `http_status` | no* | the status is not 2xx; `hops[-1].status` has it. *Yes for 408, 425, 429 and 5xx |

What `write` raises passes through as it is.
"""

from claims.addresses import AllowList, Hop, OutboundError, ParsedUrl, parse_url
from claims.outbound.limits import FetchLimits
from claims.outbound.names import system_resolve
from claims.outbound.opener import TRAVELLING_HEADERS, Fetched, fetch
from claims.outbound.wire import tcp_connect, verifying_context

__all__ = [
    "TRAVELLING_HEADERS",
    "AllowList",
    "FetchLimits",
    "Fetched",
    "Hop",
    "OutboundError",
    "ParsedUrl",
    "fetch",
    "parse_url",
    "system_resolve",
    "tcp_connect",
    "verifying_context",
]
