"""Putting editions at endpoints: pages and pictures first, then the lists and feeds that name them.

Each endpoint has its own publication row and its own retries: one that fails stops neither the others nor the
mail. Everything put is read back through the endpoint itself before it counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.editions import Document, Publication
from publisher.errors import EndpointError, PublisherError
from publisher.publishing.ports import Endpoint, Store, Unit

FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=1)

SiteDocuments = Callable[[Unit], Iterable[Document]]
"""The lists and feeds of the whole instance as they stand now: index, archives, feeds; checked already."""


@dataclass(frozen=True, slots=True)
class Put:
    """What one endpoint got. `paths` are the documents that changed there."""

    endpoint: str
    editions: int = 0
    paths: tuple[str, ...] = ()
    error: PublisherError | None = None


def retry_delay(attempts: int) -> timedelta:
    """How long a publication that failed `attempts` times waits: doubled each time, an hour at most."""
    return min(FIRST_RETRY * 2 ** min(attempts, 10), LONGEST_RETRY)


def target_of(endpoint: Endpoint) -> str:
    """The endpoint's name in the publications table."""
    return f"endpoint:{endpoint.name}"


def edition_documents(unit: Unit, edition_id: int) -> tuple[Document, ...]:
    """An edition's own documents: its pictures, then its page."""
    edition = unit.editions.get(edition_id)
    pictures = (
        Document(f"assets/{asset.name}", asset.media_type, asset.data)
        for asset in unit.digests.assets_of(edition.digest_id)
    )
    path = f"{edition.digest.newsletter}/{edition.digest.slug}/index.html"
    return (*pictures, Document(path, "text/html; charset=utf-8", edition.rendered.page))


class Channels:
    """Brings every endpoint up to date with what is published."""

    def __init__(self, store: Store, endpoints: Sequence[Endpoint], site: SiteDocuments) -> None:
        self._store = store
        self._endpoints = endpoints
        self._site = site

    def bring_up(self, now: datetime) -> tuple[Put, ...]:
        """Put what is due at each endpoint. Never raises for an endpoint's failure: it is in the result.

        An edition without a publication at an endpoint (a new endpoint in the configuration) gets one here.
        """
        with self._store.write() as unit:
            for endpoint in self._endpoints:
                unit.publications.ensure(target_of(endpoint), now)
        with self._store.read() as unit:
            due = list(unit.publications.due(now))
        return tuple(
            self._bring_up(endpoint, wanted, now)
            for endpoint in self._endpoints
            if (wanted := [row for row in due if row.target == target_of(endpoint)])
        )

    def rebuild(self) -> tuple[Put, ...]:
        """Put every page, list and feed again wherever its bytes differ (`publisher feed build`)."""
        with self._store.read() as unit:
            editions = [
                edition.id
                for record in unit.digests.all()
                if record.published_at and (edition := unit.editions.newest(record.id))
            ]
        return tuple(self._rebuild_at(endpoint, editions) for endpoint in self._endpoints)

    def _bring_up(self, endpoint: Endpoint, due: Sequence[Publication], now: datetime) -> Put:
        paths: list[str] = []
        try:
            for publication in due:
                paths += self._put_edition(endpoint, publication.edition_id)
                with self._store.write() as unit:
                    unit.publications.mark_pages(publication.id, now)
            paths += self._put_site(endpoint)
        except PublisherError as error:
            self._mark_behind(due, error, now)
            return Put(endpoint.name, paths=tuple(paths), error=error)
        with self._store.write() as unit:
            for publication in due:
                unit.publications.mark_done(publication.id, now)
        return Put(endpoint.name, len(due), tuple(paths))

    def _rebuild_at(self, endpoint: Endpoint, editions: Sequence[int]) -> Put:
        paths: list[str] = []
        try:
            for edition_id in editions:
                paths += self._put_edition(endpoint, edition_id)
            paths += self._put_site(endpoint)
        except PublisherError as error:
            return Put(endpoint.name, paths=tuple(paths), error=error)
        return Put(endpoint.name, len(editions), tuple(paths))

    def _mark_behind(self, due: Sequence[Publication], error: PublisherError, now: datetime) -> None:
        with self._store.write() as unit:
            for publication in due:
                delay = retry_delay(publication.attempts)
                unit.publications.mark_behind(publication.id, str(error), now + delay, now)

    def _put_edition(self, endpoint: Endpoint, edition_id: int) -> list[str]:
        with self._store.read() as unit:
            documents = edition_documents(unit, edition_id)
        return put_all(endpoint, documents)

    def _put_site(self, endpoint: Endpoint) -> list[str]:
        with self._store.read() as unit:
            documents = tuple(self._site(unit))
        return put_all(endpoint, documents)


def put_all(endpoint: Endpoint, documents: Iterable[Document]) -> list[str]:
    """Put documents in order, each read back at once; the paths of those whose bytes changed.

    Raises:
        EndpointError: one could not be stored, or came back different.
    """
    changed = []
    for document in documents:
        if endpoint.put(document):
            changed.append(document.path)
            if endpoint.get(document.path) != document.data:
                raise EndpointError(
                    f"{document.path} came back different from {endpoint.name}",
                    remedy="Look at who else writes there",
                    endpoint=endpoint.name,
                )
    return changed


def pages_stored(unit: Unit, edition_id: int, first_target: str) -> bool:
    """Whether the first endpoint has this edition's pages, so that links in its mail lead somewhere."""
    return any(
        row.target == first_target and row.pages_at is not None for row in unit.publications.of_edition(edition_id)
    )


