"""A bucket as an endpoint, at Amazon S3 or a store that speaks as it does.

One PUT replaces an object as a whole, so readers get the old bytes or the new ones. What they are told with
them (Content-Type, Cache-Control, Content-Encoding) is stored beside them.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from publisher import config
from publisher.editions import Document
from publisher.endpoints.headers import PACKED, headers_of, is_text, pack
from publisher.endpoints.paths import parts_of
from publisher.errors import EndpointDownError, EndpointError

if TYPE_CHECKING:
    from obstore.store import ClientConfig, S3Config

_T = TypeVar("_T")

_CONNECT = timedelta(seconds=5)
_RETRIES = 2
_STATUS = re.compile(r"status code: (?P<status>[1-5][0-9]{2}) ?(?P<phrase>[A-Za-z ]{0,40})")
_CODE = re.compile(r"<Code>(?P<code>[A-Za-z]{1,60})</Code>")
_KEYS = "Look at access_key and secret_key, and at what the bucket lets them do"


class S3Endpoint:
    """Documents as objects whose keys begin with a prefix. Nothing is asked before the first use.

    Args:
        settings: which bucket, where, and the keys to it. Without keys those of the machine are used.
    """

    def __init__(self, settings: config.S3Endpoint) -> None:
        self.name = settings.name
        self._bucket = settings.bucket
        self._packs = settings.gzip
        self._store = _open(settings)

    def __repr__(self) -> str:
        return f"S3Endpoint({self.name!r})"

    def put(self, document: Document, *, again: bool = False) -> bool:
        """Store a document; False when the same bytes are there, packed in the same way, and nothing was written.

        Args:
            document: what to store.
            again: write it in any case, and with it what readers are told.

        Raises:
            EndpointError: the path is odd, or the store refused; the old bytes stay.
        """
        path = "/".join(parts_of(document.path, self.name))
        packed = self._packs and is_text(document)
        body = pack(document.data) if packed else document.data
        headers = headers_of(document, packed=packed)
        found = None if again else self._read(path)
        if found is not None and found == (body, headers.get("Content-Encoding", "")):
            return False
        self._ask(path, lambda: self._write(path, body, headers))
        return True

    def get(self, path: str) -> bytes | None:
        """The stored bytes, unpacked, or None when there is no such document.

        Raises:
            EndpointError: the path is odd, or the store did not give it.
        """
        path = "/".join(parts_of(path, self.name))
        found = self._read(path)
        if found is None:
            return None
        data, encoding = found
        try:
            return gzip.decompress(data) if encoding == PACKED else data
        except (OSError, EOFError, zlib.error) as error:
            raise EndpointError(
                f"{self.name}: {path} is stored as gzip, and is none",
                remedy="Look at who else writes there; `publisher feed push` writes it anew",
                endpoint=self.name,
                document=path,
            ) from error

    def remove(self, path: str) -> None:
        """Remove a document; it need not be there.

        Raises:
            EndpointError: the store refused.
        """
        path = "/".join(parts_of(path, self.name))
        self._ask(path, lambda: obstore.delete(self._store, path))

    def _read(self, path: str) -> tuple[bytes, str] | None:
        def read() -> tuple[bytes, str] | None:
            try:
                found = obstore.get(self._store, path)
                return bytes(found.bytes()), str(found.attributes.get("Content-Encoding", ""))
            except FileNotFoundError as error:
                if _code(error) == "NoSuchBucket":
                    raise
                return None

        return self._ask(path, read)

    def _write(self, path: str, body: bytes, headers: Mapping[str, str]) -> None:
        obstore.put(self._store, path, body, attributes=dict(headers), use_multipart=False)

    def _ask(self, path: str, ask: Callable[[], _T]) -> _T:
        """Do it; the store's errors as the family's. The library's own words fill a page."""
        try:
            return ask()
        except FileNotFoundError:
            raise self._down(path, f"there is no bucket {self._bucket}", "Make it, or mend url") from None
        except (PermissionDeniedError, UnauthenticatedError) as error:
            raise self._down(path, f"the store refuses: {_code(error) or 'access denied'}", _KEYS) from None
        except (BaseError, OSError, ValueError) as error:
            raise self._told(path, error) from None

    def _told(self, path: str, error: Exception) -> EndpointError:
        match = _STATUS.search(str(error))
        if match is None:
            return self._down(path, "the store does not answer", "Look at url, server and the network")
        said = f"{match['status']} {match['phrase'].strip()}".strip()
        code = _code(error)
        words = f"the store says {said}{f' ({code})' if code else ''}"
        if match["status"][0] in "35":
            return self._down(path, words, "Look at region and server" if said[0] == "3" else "It is tried again")
        return EndpointError(
            f"{self.name}: {path}: {words}",
            remedy="Look at region, server and the keys",
            endpoint=self.name,
            document=path,
        )

    def _down(self, path: str, words: str, remedy: str) -> EndpointDownError:
        return EndpointDownError(f"{self.name}: {path}: {words}", remedy=remedy, endpoint=self.name, document=path)


def _code(error: Exception) -> str:
    """The error code in a store's answer, such as `NoSuchBucket`; nothing when there is none."""
    match = _CODE.search(str(error))
    return match["code"] if match else ""


def _open(settings: config.S3Endpoint) -> S3Store:
    keys: S3Config = {"bucket": settings.bucket, "region": settings.region}
    if settings.access_key is not None and settings.secret_key is not None:
        keys["access_key_id"] = settings.access_key.get_secret_value()
        keys["secret_access_key"] = settings.secret_key.get_secret_value()
    if settings.server is not None:
        keys["endpoint"] = settings.server.rstrip("/")
    plain = settings.server is not None and settings.server.startswith("http://")
    client: ClientConfig = {
        "timeout": settings.timeout,
        "connect_timeout": min(_CONNECT, settings.timeout),
        "allow_http": plain,
    }
    return S3Store(
        prefix=settings.prefix or None,
        client_options=client,
        retry_config={"max_retries": _RETRIES, "retry_timeout": settings.timeout},
        **keys,
    )
