"""The public site as readers get it: whether what was put at an endpoint is what the public address serves."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from publisher.endpoints.headers import PACKED
from publisher.errors import EndpointError
from publisher.http import Client, HttpError, Limits

MOST_OCTETS = 8_000_000

_ANSWER = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Served:
    """What an address answered. Names of `headers` are in lower case."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


class PublicSite:
    """Asks as readers do: without credentials, and without telling caches to ask again.

    Args:
        client: asks; one of its own when not given.
    """

    def __init__(self, client: Client | None = None) -> None:
        self._client = client or Client(limits=Limits(total=_ANSWER, body=MOST_OCTETS))

    def read(self, address: str) -> Served:
        """What an address serves, unpacked. Redirects are not followed: feeds say their own address.

        Raises:
            EndpointError: nobody answers there, or something else than 200.
        """
        try:
            answer = self._client.ask("GET", address)
        except HttpError as error:
            raise EndpointError(error.message, remedy=error.remedy) from None
        if answer.redirect:
            raise EndpointError(
                f"{address} sends readers to {answer.redirect}",
                remedy="Write the address that it has now into [site] url",
            )
        if answer.status != 200:
            raise EndpointError(
                f"{address} says {answer.said}",
                remedy="Let the web server show the first endpoint there, or mend [site] url",
            )
        packed = answer.headers.get("content-encoding", "").strip().lower() == PACKED
        return Served(_unpacked(address, answer.body) if packed else answer.body, answer.headers)


def _unpacked(address: str, data: bytes) -> bytes:
    """The octets in gzip, as many as are read at most: a few may hold very many."""
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        found = unpacking.decompress(data, MOST_OCTETS)
    except zlib.error as error:
        raise EndpointError(
            f"{address} says that it is gzip, and is none", remedy="Look at the web server's settings"
        ) from error
    if not unpacking.eof:
        raise EndpointError(
            f"{address} is cut off, or too long when unpacked", remedy="Look at the web server's settings"
        )
    return found
