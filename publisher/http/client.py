"""Asking, and what is answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http.client import responses
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import requests
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError as Urllib3Error

from publisher import __version__
from publisher.http.addresses import Lookup, look_up
from publisher.http.failures import Failure, HttpError, translated
from publisher.http.retrying import retry_after
from publisher.http.sockets import CALL, Call, Dial, adapter, dial

AGENT = f"newsroom-publisher/{__version__}"
"""What we call ourselves."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a question may take, and how much is read of the answer.

    `connect` is for connection and TLS, `read` for each silence of the server, `total` for everything but a name
    server that keeps us waiting. Of `body`, in octets, 0 reads nothing at all.
    """

    connect: timedelta = timedelta(seconds=5)
    read: timedelta = timedelta(seconds=15)
    total: timedelta = timedelta(seconds=60)
    body: int = 1_000_000

    def within(self, total: timedelta) -> Limits:
        """The same, but never longer than `total`."""
        return replace(
            self, connect=min(self.connect, total), read=min(self.read, total), total=min(self.total, total)
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said. Names of `headers` are in lower case."""

    address: str = field(repr=False)
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def said(self) -> str:
        """`404 Not Found`, with the phrase of the standard and not of the server."""
        return f"{self.status} {responses.get(self.status, '')}".strip()

    @property
    def redirect(self) -> str:
        """The absolute address that it sends us to, or nothing."""
        location = self.headers.get("location", "")
        if self.status not in _REDIRECTS or not location:
            return ""
        # Headers arrive as Latin-1; who puts other letters into an address means UTF-8.
        location = location.encode("latin-1", "replace").decode("utf-8", "replace")
        try:
            return urljoin(self.address, location)
        except ValueError:
            return location

    def retry_after(self, now: datetime) -> timedelta | None:
        """How long the server wants to be left alone; None when it does not say."""
        return retry_after(self.headers.get("retry-after", ""), now)


class Client:
    """Asks servers, keeping connections open for the next question. May be used by many threads at once.

    It follows no redirect: whoever does asks again, and decides whether credentials may come along. It keeps no
    cookies, and takes nothing from the environment: no proxy, no netrc.

    Args:
        lookup: resolves hosts, and refuses those that may not be asked; see `guarded`.
        dial: makes connections.
        limits: unless a question has its own.
        ca_file: certificates (PEM) to trust in place of the usual ones.
        clean: takes our keys out of a text; some servers repeat what they were told, and what they say is kept.
    """

    def __init__(
        self,
        *,
        lookup: Lookup = look_up,
        dial: Dial = dial,
        limits: Limits = Limits(),
        ca_file: Path | None = None,
        clean: Callable[[str], str] | None = None,
    ) -> None:
        self._lookup = lookup
        self._dial = dial
        self._limits = limits
        self._clean = clean
        self._adapter = adapter(ca_file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close what is open; a question that is under way still ends in its time."""
        self._adapter.close()

    def ask(
        self,
        method: str,
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
        limits: Limits | None = None,
    ) -> Answer:
        """Ask once. Every status is an answer.

        Raises:
            HttpError: there is no answer; neither it nor its cause holds a secret.
        """
        limits = limits or self._limits
        call = Call(self._lookup, self._dial, monotonic() + limits.total.total_seconds())
        token = CALL.set(call)
        try:
            return self._ask(method, address, headers or {}, data, limits)
        except HttpError as error:
            raise HttpError(error.failure, error.words, address=address) from None
        except (OSError, ValueError, Urllib3Error) as error:  # requests' own errors are OSErrors
            raise translated(error, address) from None
        finally:
            CALL.reset(token)

    def _ask(
        self, method: str, address: str, headers: Mapping[str, str], data: bytes | None, limits: Limits
    ) -> Answer:
        if not address.lower().startswith(("http://", "https://")):
            raise HttpError(Failure.ADDRESS, "that is no address of the web")
        ours = {"User-Agent": AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
        request = requests.Request(method, address, headers={**ours, **headers}, data=data).prepare()
        timeouts = (limits.connect.total_seconds(), limits.read.total_seconds())
        response = self._adapter.send(request, stream=True, timeout=timeouts)
        raw: BaseHTTPResponse = response.raw
        try:
            body = _body(raw, limits.body) if limits.body or method == "HEAD" else b""
        finally:
            raw.close()  # a connection whose answer was read to its end is back in its pool by now
        lowered = {name.lower(): value for name, value in response.headers.items()}
        return Answer(address, response.status_code, lowered, self._without_keys(body))

    def _without_keys(self, body: bytes) -> bytes:
        """As it came, but for those; whatever letters it is in."""
        if self._clean is None:
            return body
        return self._clean(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _body(raw: BaseHTTPResponse, limit: int) -> bytes:
    """The whole body, as it was sent: nothing is unpacked, so nothing small becomes large."""
    body = bytearray()
    while len(body) <= limit:
        octets = raw.read(limit + 1 - len(body), decode_content=False)
        if not octets:  # only this read tells an end from a connection that broke off
            return bytes(body)
        body += octets
    raise HttpError(Failure.TOO_LARGE, f"the answer has more than {limit} octets")
