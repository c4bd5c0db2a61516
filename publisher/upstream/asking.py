"""Asking for a feed: once, conditionally, with an end to everything.

The configured host may be in a private network, as the operator named it. A redirect is somebody else's word: it
may lead anywhere but into a private network, other than back to that host.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from publisher.http import Answer, Client, Dial, Limits, Lookup, dial, guarded, look_up
from publisher.upstream.model import UpstreamError

MAX_OCTETS = 5_000_000
"""Of a document, packed or not; the W3C's validator reads no more either."""

_LIMITS = Limits(total=timedelta(seconds=30), body=MAX_OCTETS)
_REDIRECTS = 5
_ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
_FOR_GOOD = frozenset({301, 308})


@dataclass(frozen=True, slots=True)
class Asked:
    """An answer that is no redirect. `has_moved` tells that every redirect on the way was meant for good."""

    answer: Answer
    has_moved: bool = False


@dataclass(frozen=True, slots=True)
class Asker:
    """The way out of this machine; tests give another.

    Args:
        lookup: resolves hosts.
        dial: makes connections.
        ca_file: certificates (PEM) to trust in place of the usual ones.
    """

    lookup: Lookup = look_up
    dial: Dial = dial
    ca_file: Path | None = None

    def ask(self, address: str, headers: Mapping[str, str]) -> Asked:
        """Ask for a feed. Whatever status comes is an answer.

        Raises:
            HttpError: there is no answer.
            UpstreamError: it redirects without end, or its body is packed as nobody asked for, or too large.
        """
        host = (urlsplit(address).hostname or "").lower()
        for_good = True
        with self._client(host) as near, self._client("") as far:
            for turn in range(_REDIRECTS + 1):
                client = near if (urlsplit(address).hostname or "").lower() == host else far
                answer = client.ask("GET", address, headers={**_OURS, **headers})
                if not answer.redirect:
                    unpacked = replace(answer, body=_unpacked(answer)) if answer.status == 200 else answer
                    return Asked(unpacked, has_moved=turn > 0 and for_good)
                address = answer.redirect
                for_good = for_good and answer.status in _FOR_GOOD
        raise UpstreamError(f"redirects more than {_REDIRECTS} times", remedy="Check the address")

    def _client(self, inside: str) -> Client:
        lookup = guarded(self.lookup, inside={inside} if inside else ())
        return Client(lookup=lookup, dial=self.dial, limits=_LIMITS, ca_file=self.ca_file)


_OURS = {"Accept": _ACCEPT, "Accept-Encoding": "gzip"}


def _unpacked(answer: Answer) -> bytes:
    """The body as it is meant. Something small that becomes large is refused before it has.

    Raises:
        UpstreamError: it cannot be unpacked, or there is too much of it.
    """
    encoding = answer.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        return answer.body
    if encoding not in ("gzip", "x-gzip"):
        raise UpstreamError("is packed in a way that nobody asked for", remedy="Tell whoever runs the server")
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        body = unpacker.decompress(answer.body, MAX_OCTETS + 1)
    except zlib.error as error:
        raise UpstreamError("cannot be unpacked", remedy="Try again later") from error
    if len(body) > MAX_OCTETS:
        raise UpstreamError(f"has more than {MAX_OCTETS} octets", remedy="Check that this is the right address")
    if not unpacker.eof:
        raise UpstreamError("is packed, and broken off", remedy="Try again later")
    return body
