"""An endpoint in memory, which passes the same contract as the real ones, for tests of those who use endpoints."""

from __future__ import annotations

from threading import Lock

from publisher.editions import Document
from publisher.endpoints.paths import parts_of
from publisher.errors import EndpointError


class MemoryEndpoint:
    """Documents in a dictionary. While `refuse` is true every call fails as a full disk would."""

    def __init__(self, name: str = "memory") -> None:
        self.name = name
        self.refuse = False
        self.documents: dict[str, Document] = {}
        self.written: list[str] = []
        """The path of each put that changed bytes, in order."""
        self._lock = Lock()

    def put(self, document: Document, *, again: bool = False) -> bool:
        """Store a document; False when the same bytes are there."""
        self._check(document.path)
        with self._lock:
            stored = self.documents.get(document.path)
            if not again and stored is not None and stored.data == document.data:
                return False
            self.documents[document.path] = document
            self.written.append(document.path)
            return True

    def get(self, path: str) -> bytes | None:
        """The stored bytes, or None."""
        self._check(path)
        with self._lock:
            stored = self.documents.get(path)
        return None if stored is None else stored.data

    def _check(self, path: str) -> None:
        parts_of(path, self.name)
        if self.refuse:
            raise EndpointError(f"{self.name}: {path}: refused", remedy="Stop refusing", endpoint=self.name)
