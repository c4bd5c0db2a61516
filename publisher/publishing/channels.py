"""Putting editions at endpoints: pages and pictures first, then the lists and feeds that name them.

Each endpoint has its own publication row and its own retries: one that fails stops neither the others nor the
mail. Everything put is read back through the endpoint itself before it counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.editions import Document, Publication, PublicationState
from publisher.errors import EndpointDownError, EndpointError, PublisherError
from publisher.publishing.ports import Endpoint, Store, Unit
from publisher.publishing.site import FIRST_PAGE, LAST, Site

FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=1)

LOOK_AGAIN = timedelta(minutes=10)
"""How often a distant endpoint is asked whether it still has everything, when there is nothing to put."""


@dataclass(frozen=True, slots=True)
class Put:
    """What one endpoint got. `paths` are the documents that changed there."""

    endpoint: str
    editions: int = 0
    paths: tuple[str, ...] = ()
    error: PublisherError | None = None


def retry_delay(attempts: int) -> timedelta:
    """How long a publication that failed `attempts` times waits: doubled each time, an hour at most."""
    doubled: timedelta = FIRST_RETRY * 2 ** min(attempts, 10)
    return min(doubled, LONGEST_RETRY)


def target_of(endpoint: Endpoint) -> str:
    """The endpoint's name in the publications table."""
    return f"endpoint:{endpoint.name}"


class Channels:
    """Brings every endpoint up to date with what is published.

    Args:
        store: opens transactions.
        endpoints: mail waits for the first.
        site: knows which documents there are.
        distant: names of those that are asked over the network, and not with every pass.
    """

    def __init__(
        self, store: Store, endpoints: Sequence[Endpoint], site: Site, distant: Collection[str] = ()
    ) -> None:
        self._store = store
        self._endpoints = endpoints
        self._site = site
        self._distant = distant
        self._looked: dict[str, datetime] = {}

    @property
    def first(self) -> Sequence[Endpoint]:
        """The endpoint that mail waits for, when there is one."""
        return self._endpoints[:1]

    @property
    def others(self) -> Sequence[Endpoint]:
        """The endpoints that mail does not wait for."""
        return self._endpoints[1:]

    def bring_up(self, now: datetime, endpoints: Sequence[Endpoint] | None = None) -> tuple[Put, ...]:
        """Put what is due at each endpoint, or at these. Never raises for one's failure: it is in the result.

        An edition without a publication at an endpoint (a new endpoint in the configuration) gets one here, and
        an endpoint that lacks the first page or the last document (a new one, a folder that was emptied, one that
        was killed before it had all) gets everything.
        """
        with self._store.write() as unit:
            self._site.remember(unit, now)
            for endpoint in self._endpoints if endpoints is None else endpoints:
                unit.publications.ensure(target_of(endpoint), now)
        with self._store.read() as unit:
            due = list(unit.publications.due(now))
        puts = (
            self._bring_up(endpoint, [row for row in due if row.target == target_of(endpoint)], now)
            for endpoint in (self._endpoints if endpoints is None else endpoints)
        )
        return tuple(put for put in puts if put.editions or put.paths or put.error)

    def rebuild(self, now: datetime) -> tuple[Put, ...]:
        """Put every page, list and feed again wherever its bytes differ (`publisher feed build`).

        What was behind there is done by that, and the mail that waited for it may leave.
        """
        return tuple(self._put_everything(endpoint, now) for endpoint in self._endpoints)

    def push(self, now: datetime, names: Collection[str] = ()) -> tuple[Put, ...]:
        """The same at the endpoints of these names, or at all; and also what is there already is written anew."""
        wanted = [endpoint for endpoint in self._endpoints if not names or endpoint.name in names]
        return tuple(self._put_everything(_Again(endpoint), now) for endpoint in wanted)

    def _put_everything(self, endpoint: Endpoint, now: datetime) -> Put:
        everything = self._everything(endpoint)
        put = self._put(endpoint, everything, now, everything=True)
        self._settle(put, everything, (), now)
        return put

    def _everything(self, endpoint: Endpoint) -> dict[int, Publication | None]:
        """The newest edition of every digest that was ever published, with its publication while that is open."""
        target = target_of(endpoint)
        with self._store.read() as unit:
            newest = unit.archive.newest_editions()
            rows = (row for edition_id in newest for row in unit.publications.of_edition(edition_id))
            open_ = {
                row.edition_id: row
                for row in rows
                if row.target == target and row.state is not PublicationState.DONE
            }
        return {edition_id: open_.get(edition_id) for edition_id in newest}

    def _bring_up(self, endpoint: Endpoint, due: Sequence[Publication], now: datetime) -> Put:
        if not due and self._was_looked_at(endpoint, now):
            return Put(endpoint.name)
        publications: dict[int, Publication | None] = {row.edition_id: row for row in due}
        everything = False
        try:
            everything = (bool(due) or not self._rests(endpoint, now)) and any(
                endpoint.get(path) is None for path in (FIRST_PAGE, LAST)
            )
            if everything:
                publications = self._everything(endpoint) | publications
            elif not due:
                return Put(endpoint.name, paths=tuple(put_all(endpoint, self._site.pictures)))
        except PublisherError as error:
            put = Put(endpoint.name, error=error)
        else:
            put = self._put(endpoint, publications, now, everything=everything)
        self._settle(put, publications, due, now)
        return put

    def _was_looked_at(self, endpoint: Endpoint, now: datetime) -> bool:
        """Whether a distant endpoint was asked a little while ago; if not, it is now."""
        if endpoint.name not in self._distant:
            return False
        before = self._looked.get(endpoint.name)
        if before is not None and now - before < LOOK_AGAIN:
            return True
        self._looked[endpoint.name] = now
        return False

    def _rests(self, endpoint: Endpoint, now: datetime) -> bool:
        """Whether it failed lately: it is tried again at its time, and not with every pass."""
        with self._store.read() as unit:
            return unit.publications.rests(target_of(endpoint), now)

    def _settle(
        self,
        put: Put,
        publications: Mapping[int, Publication | None],
        due: Iterable[Publication],
        now: datetime,
    ) -> None:
        """Record a success for all that was put, a failure for what was due: the rest keeps its next moment."""
        with self._store.write() as unit:
            if put.error is None:
                for row in publications.values():
                    if row is not None:
                        unit.publications.mark_done(row.id, now)
                return
            for row in due:
                unit.publications.mark_behind(row.id, str(put.error), now + retry_delay(row.attempts), now)

    def _put(
        self,
        endpoint: Endpoint,
        editions: Mapping[int, Publication | None],
        now: datetime,
        *,
        everything: bool,
    ) -> Put:
        """The site's own pictures; those and the page of each edition; what names them; the sitemap, last.

        What fails is the error of the result; the other editions and newsletters are put nevertheless, but lists
        and feeds never name a page that is not there. Of an endpoint that takes nothing at all no more is asked.
        `everything`: the editions are all there are.
        """
        paths: list[str] = []
        errors: list[PublisherError] = []
        try:
            paths += put_all(endpoint, self._site.pictures)
        except PublisherError as error:
            errors.append(error)
        for edition_id, publication in editions.items():
            if _is_down(errors):
                break
            try:
                paths += self._put_edition(endpoint, edition_id)
            except PublisherError as error:
                errors.append(error)
                continue
            if publication is not None:
                with self._store.write() as unit:
                    unit.publications.mark_pages(publication.id, now)
        for documents in self._site.parts(None if everything else editions) if not errors else ():
            if _is_down(errors):
                break
            try:
                with self._store.read() as unit:
                    rendered = tuple(documents(unit))
                paths += put_all(endpoint, rendered)
            except PublisherError as error:
                errors.append(error)
        if not errors:
            try:
                with self._store.read() as unit:
                    last = self._site.last(unit)
                paths += put_all(endpoint, [last])
            except PublisherError as error:
                errors.append(error)
        return Put(endpoint.name, len(editions), tuple(paths), errors[0] if errors else None)

    def _put_edition(self, endpoint: Endpoint, edition_id: int) -> list[str]:
        with self._store.read() as unit:
            documents = self._site.digest_documents(unit, edition_id)
        return put_all(endpoint, documents)


class _Again:
    """An endpoint that writes also what it has already."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self.name = endpoint.name

    def put(self, document: Document, *, again: bool = False) -> bool:
        return self._endpoint.put(document, again=True)

    def get(self, path: str) -> bytes | None:
        return self._endpoint.get(path)


def _is_down(errors: Sequence[PublisherError]) -> bool:
    return any(isinstance(error, EndpointDownError) for error in errors)


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
