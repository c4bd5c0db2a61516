"""What a request says that matters for a document: read from its headers once. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from starlette.types import Scope

from subscribers.consents import truncated

_ASKED = {
    b"if-none-match": 0,
    b"if-modified-since": 1,
    b"accept-encoding": 2,
    b"user-agent": 3,
    b"cache-control": 4,
    b"pragma": 4,
    b"accept": 5,
}


class Asked(NamedTuple):
    """What the headers of a request say that matters here; None for what is not there."""

    match: str | None
    since: str | None
    accepts: str | None
    agent: bytes
    anew: bool
    """Whether the reader, or a proxy, wants us to look before we answer."""
    browsing: bool = False
    """Whether it is a browser that shows what it gets to a person: it takes HTML."""

    @property
    def conditional(self) -> bool:
        """Whether the reader says what it has."""
        return self.match is not None or self.since is not None


def asked(headers: Iterable[tuple[bytes, bytes]]) -> Asked:
    """Read the headers of a request; of one that comes twice, both, as in a list."""
    found: list[bytes | None] = [None] * 6
    for name, value in headers:
        place = _ASKED.get(name)
        if place is not None:
            before = found[place]
            found[place] = value if before is None else before + b", " + value
    match, since, accepts, agent, fresh, media = found
    return Asked(
        None if match is None else match.decode("latin-1"),
        None if since is None else since.decode("latin-1"),
        None if accepts is None else accepts.decode("latin-1"),
        agent or b"",
        fresh is not None and b"no-cache" in fresh.lower(),
        media is not None and b"text/html" in media.lower(),
    )


def network_of(scope: Scope) -> str:
    """Where a request comes from, shortened; "" for this machine: whoever stands in front speaks for many."""
    client = scope.get("client")
    host = client[0] if client else ""
    if host.startswith("127.") or host == "::1":
        return ""
    bytes_of = host.split(".")
    return ".".join(bytes_of[:3]) if len(bytes_of) == 4 and ":" not in host else truncated(host)
