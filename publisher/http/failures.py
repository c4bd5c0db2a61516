"""Why there is no answer, in words that hold no secret."""

from __future__ import annotations

import errno
import http.client
import ssl
from collections.abc import Iterator, Mapping
from enum import StrEnum
from urllib.parse import urlsplit

import requests
import urllib3.exceptions as urllib3

from publisher.errors import PublisherError


class Failure(StrEnum):
    """What stood between the question and an answer."""

    ADDRESS = "address"  # what was to be asked is no address of the web
    UNRESOLVED = "unresolved"  # its host has no address
    PRIVATE = "private"  # its host leads into a private network, where this question may not go
    UNREACHABLE = "unreachable"  # no way there, or nobody takes the connection in time
    CLOSED = "closed"  # the machine is there, and refuses the connection
    TLS = "tls"  # no trustworthy encryption
    TIMEOUT = "timeout"  # connected, but no whole answer in time
    BROKEN = "broken"  # what came is not HTTP, or ended too early
    TOO_LARGE = "too large"  # more than we read


_REMEDIES: Mapping[Failure, str] = {
    Failure.ADDRESS: "An address begins with https:// or http://",
    Failure.UNRESOLVED: "Check how the host is written, and that this machine has a name server",
    Failure.PRIVATE: "Use an address that everybody can reach",
    Failure.UNREACHABLE: "Check that this machine gets out, and try again",
    Failure.CLOSED: "Check host and port, and that the server runs",
    Failure.TLS: "The server needs a certificate that browsers accept",
    Failure.TIMEOUT: "Try again later",
    Failure.BROKEN: "Try again later; if it stays, tell whoever runs the server",
    Failure.TOO_LARGE: "Check that this is the right address",
}

_PERMANENT = frozenset({Failure.ADDRESS, Failure.PRIVATE, Failure.TOO_LARGE})


class HttpError(PublisherError):
    """There is no answer. An answer with a status of 400 and above is one, and no error.

    Args:
        failure: what kind of failure it is.
        words: the same for people, without address and full stop: "the connection was refused".
        address: what was asked; only its `redacted` form is kept.
    """

    def __init__(self, failure: Failure, words: str, *, address: str = "") -> None:
        super().__init__(
            f"{redacted(address)}: {words}" if address else words,
            remedy=_REMEDIES[failure],
            permanent=failure in _PERMANENT,
        )
        self.failure = failure
        self.words = words


def redacted(address: str) -> str:
    """The address as it may stand in messages: without user, password, fragment, and values of its query."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "an address that cannot be read"
    keys = "&".join(f"{pair.partition('=')[0]}=…" if "=" in pair else "…" for pair in parts.query.split("&"))
    query = f"?{keys}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}{query}"


# X509_V_ERR_* of OpenSSL, as ssl.SSLCertVerificationError.verify_code gives them.
_CERTIFICATES: Mapping[int, str] = {
    9: "its certificate is not valid yet",
    10: "its certificate has expired",
    18: "its certificate is signed by itself",
    19: "its certificate is signed by itself",
    20: "its certificate is signed by nobody known here, or an intermediate one is missing",
    21: "its certificate is signed by nobody known here, or an intermediate one is missing",
    23: "its certificate was revoked",
    62: "its certificate is for another host",
    64: "its certificate is for another host",
}

_NO_WAY = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.EADDRNOTAVAIL})


def unconnected(error: OSError) -> HttpError:
    """What a failed connection means."""
    if isinstance(error, TimeoutError):
        return HttpError(Failure.UNREACHABLE, "no connection in time")
    if isinstance(error, ConnectionRefusedError):
        return HttpError(Failure.CLOSED, "the connection was refused")
    if error.errno in _NO_WAY:
        return HttpError(Failure.UNREACHABLE, "there is no way to it from here")
    return HttpError(Failure.UNREACHABLE, "no connection")


def translated(error: Exception, address: str) -> HttpError:
    """What an error of requests, urllib3 or below means.

    Their texts hold whole addresses and headers, so none of them is shown, and none kept as the cause.
    """
    for cause in _causes(error):
        if isinstance(cause, HttpError):
            return HttpError(cause.failure, cause.words, address=address)
        if isinstance(cause, ssl.SSLCertVerificationError):
            words = _CERTIFICATES.get(cause.verify_code, "its certificate is not accepted")
            return HttpError(Failure.TLS, words, address=address)
        if isinstance(cause, TimeoutError | urllib3.TimeoutError):
            return HttpError(Failure.TIMEOUT, "no answer in time", address=address)
        if isinstance(cause, ssl.SSLError):
            return HttpError(Failure.TLS, "no encrypted connection comes about", address=address)
        if isinstance(cause, ConnectionError | urllib3.ProtocolError | http.client.HTTPException):
            return HttpError(Failure.BROKEN, "the answer is broken off, or is none", address=address)
    if isinstance(error, requests.exceptions.InvalidHeader):
        return HttpError(Failure.ADDRESS, "a header of the question holds what no header may", address=address)
    if isinstance(error, ValueError):  # among them requests' InvalidURL, InvalidSchema, MissingSchema
        return HttpError(Failure.ADDRESS, "that is no address of the web", address=address)
    return HttpError(Failure.BROKEN, "there is no answer that we understand", address=address)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it came from, the innermost first: it says most."""
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__
    return reversed(chain)
