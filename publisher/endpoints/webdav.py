"""A folder of a WebDAV server (RFC 4918) as an endpoint.

A document is put beside the one it replaces and then moved over it, so that readers never see half of it, also
when we are killed in between. WebDAV carries no Cache-Control, and most servers keep no Content-Type: what readers
are told is up to the server.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from threading import Lock
from urllib.parse import quote

from publisher import config
from publisher.editions import Document
from publisher.endpoints.paths import parts_of
from publisher.errors import EndpointDownError, EndpointError
from publisher.http import Answer, Client, HttpError, Limits

MOST_OCTETS = 64_000_000
"""Of a document that is read back."""

_CONNECT = timedelta(seconds=5)
_GONE = frozenset({404, 410})
_NO_DOCUMENT = _GONE | {403, 405, 409}
"""What a GET is answered with where there is nothing, or a folder. Who may not read at all hears it at the PUT."""
_NO_FOLDER = frozenset({404, 409})
"""What servers say to a PUT where there is no folder yet; 409 is the standard's."""

_REASONS: Mapping[int, tuple[str, str]] = {
    401: ("the server does not know us", "Look at user and password; the server has to take Basic authentication"),
    403: ("the server does not allow it", "Let this user write there"),
    405: ("the server takes no documents there", "Look whether url is a WebDAV folder"),
    409: ("a folder is missing, or a file stands in its place", "Look at what stands there"),
    413: ("the document is too large for the server", "Raise its limit"),
    423: ("somebody has locked it", "Remove the lock"),
    429: ("the server wants to be left alone", "It is tried again"),
    507: ("the disk is full", "Free space there; it is tried again"),
}
"""What a status means here, and the remedy."""

_DOWN = frozenset({401, 429, 502, 503, 504})
"""After these the next document would fare no better."""


class WebDavEndpoint:
    """Documents as files below an address. Nothing is asked before the first use.

    Args:
        settings: where, and who we are there.
        client: asks; the endpoint's own when not given.
    """

    def __init__(self, settings: config.WebDavEndpoint, client: Client | None = None) -> None:
        self.name = settings.name
        self._url = settings.url
        self._moves = settings.replace == "move"
        connect = min(_CONNECT, settings.timeout)
        limits = Limits(connect=connect, read=settings.timeout, total=settings.timeout, body=MOST_OCTETS)
        self._client = client or Client(limits=limits)
        self._login = _login(settings)
        self._writing = Lock()

    def __repr__(self) -> str:
        return f"WebDavEndpoint({self.name!r})"

    def put(self, document: Document, *, again: bool = False) -> bool:
        """Store a document; False when the same bytes are there and nothing was written.

        Args:
            document: what to store.
            again: write it in any case.

        Raises:
            EndpointError: the path is odd, or the server refused; the old bytes stay.
        """
        parts = parts_of(document.path, self.name)
        with self._writing:
            if not again and self._read(parts) == document.data:
                return False
            self._replace(parts, document)
        return True

    def get(self, path: str) -> bytes | None:
        """The stored bytes, or None when there is no such document.

        Raises:
            EndpointError: the path is odd, or the server did not give it.
        """
        return self._read(parts_of(path, self.name))

    def remove(self, path: str) -> None:
        """Remove a document; it need not be there.

        Raises:
            EndpointError: the server refused.
        """
        parts = parts_of(path, self.name)
        answer = self._ask("DELETE", parts)
        if answer.status not in _GONE:
            self._accept(answer, parts)

    def _read(self, parts: tuple[str, ...]) -> bytes | None:
        answer = self._ask("GET", parts)
        if answer.status == 200:
            return answer.body
        folder = self._address(parts) + "/"
        if answer.status in _NO_DOCUMENT or answer.redirect.partition("?")[0] == folder:
            return None
        raise self._refusal(answer, parts)

    def _replace(self, parts: tuple[str, ...], document: Document) -> None:
        if not self._moves:
            self._write(parts, document)
            return
        beside = (*parts[:-1], _beside(document.path))
        try:
            self._write(beside, document)
            headers = {"Destination": self._address(parts), "Overwrite": "T"}
            self._accept(self._ask("MOVE", beside, headers=headers), parts)
        except EndpointError as error:
            if not isinstance(error, EndpointDownError):
                with suppress(EndpointError):  # the first error is the one to tell; the next put takes its place
                    self._ask("DELETE", beside)
            raise

    def _write(self, parts: tuple[str, ...], document: Document) -> None:
        headers = {"Content-Type": document.media_type}
        answer = self._ask("PUT", parts, headers=headers, data=document.data)
        if answer.status in _NO_FOLDER:
            self._make_folder(parts[:-1])
            answer = self._ask("PUT", parts, headers=headers, data=document.data)
        self._accept(answer, parts)

    def _make_folder(self, parts: tuple[str, ...]) -> None:
        """Make a folder, and what is missing above it; of one that is there 405 is said (RFC 4918, 9.3.1)."""
        answer = self._ask("MKCOL", parts, is_folder=True)
        if answer.status in _NO_FOLDER and parts:
            self._make_folder(parts[:-1])
            answer = self._ask("MKCOL", parts, is_folder=True)
        if answer.status != 405:
            self._accept(answer, parts)

    def _ask(
        self,
        method: str,
        parts: tuple[str, ...],
        *,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
        is_folder: bool = False,
    ) -> Answer:
        address = self._address(parts) + ("/" if is_folder and parts else "")
        try:
            return self._client.ask(method, address, headers={**self._login, **(headers or {})}, data=data)
        except HttpError as error:
            raise EndpointDownError(
                f"{self.name}: {'/'.join(parts)}: {error.words}",
                remedy=error.remedy,
                endpoint=self.name,
                document="/".join(parts),
            ) from None

    def _address(self, parts: tuple[str, ...]) -> str:
        return self._url + "/".join(quote(part, safe="") for part in parts)

    def _accept(self, answer: Answer, parts: tuple[str, ...]) -> None:
        """Let a success pass; 207 (Multi-Status) is none: it tells of parts that failed."""
        if not 200 <= answer.status < 300 or answer.status == 207:
            raise self._refusal(answer, parts)

    def _refusal(self, answer: Answer, parts: tuple[str, ...]) -> EndpointError:
        words, remedy = _REASONS.get(answer.status, (f"the server says {answer.said}", "Look at its log"))
        if answer.redirect:  # whoever it leads to is not told our password
            words, remedy = "the server sends us elsewhere", "Write the address that it has now into url"
        kind = EndpointDownError if answer.status in _DOWN or answer.redirect else EndpointError
        path = "/".join(parts)
        return kind(f"{self.name}: {path}: {words}", remedy=remedy, endpoint=self.name, document=path)


def _beside(path: str) -> str:
    """The name of the file that a document is written to first: always the same: at most one is ever left."""
    return f".publisher-{hashlib.sha256(path.encode()).hexdigest()[:16]}.tmp"


def _login(settings: config.WebDavEndpoint) -> Mapping[str, str]:
    """The header of Basic authentication (RFC 7617); nothing without a user."""
    if settings.user is None or settings.password is None:
        return {}
    pair = f"{settings.user}:{settings.password.get_secret_value()}"
    return {"Authorization": f"Basic {b64encode(pair.encode()).decode('ascii')}"}
