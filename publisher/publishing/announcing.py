"""After the push: what the public gets is compared with what was put, and then hubs are told of the feeds.

Each edition has a publication for the public site (`public:URL`) and one for each hub (`hub:URL`). That of the
public site is done when its feeds are served there; those of hubs wait for it, since a hub fetches what it passes
on. None of them keeps mail or endpoints waiting, and what fails is a warning that is tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from publisher.editions import Document, Publication, PublicationState
from publisher.errors import FeedError, HubError, PublisherError
from publisher.feeds.model import MEDIA_TYPES
from publisher.publishing.channels import retry_delay
from publisher.publishing.ports import Hubs, PublicSite, Store, Unit
from publisher.publishing.site import Site

PUBLIC = "public:"
HUB = "hub:"
ENDPOINT = "endpoint:"

NEWEST = 50
"""Of so many editions at a time the feeds are looked at: for a new hub nobody reads the whole archive."""

LOOKS = 3
PAUSE_SECONDS = 1.0
"""A server that keeps documents in memory looks once a second whether there are others."""

_FEEDS = tuple(MEDIA_TYPES.values())
_ARCHIVE = "/archive/"


@dataclass(frozen=True, slots=True)
class Announcement:
    """What came of one place: how many feeds were seen, or told of, and why not."""

    target: str
    feeds: int = 0
    error: PublisherError | None = None


class Announcing:
    """Reads the public site back, and tells hubs.

    Args:
        store: opens transactions.
        site: knows which feeds there are.
        url: where the public site is, with a slash at the end; empty where nobody can be asked: then nothing is
            compared, and nobody told.
        hubs: their addresses.
        public: reads what is served.
        pinger: tells hubs.
    """

    def __init__(
        self, store: Store, site: Site, url: str, hubs: Sequence[str], public: PublicSite, pinger: Hubs
    ) -> None:
        self._store = store
        self._site = site
        self._url = url
        self._hubs = hubs
        self._public = public
        self._pinger = pinger

    @property
    def targets(self) -> tuple[str, ...]:
        """The public site and the hubs as publications know them."""
        return targets_of(self._url, self._hubs)

    def announce(
        self, clock: Callable[[], datetime], sleep: Callable[[float], object]
    ) -> tuple[Announcement, ...]:
        """Do what is due. Never raises for a failure of the public site or of a hub: it is in the result."""
        if not self._url:
            return ()
        now = clock()
        with self._store.write() as unit:
            for target in self.targets:
                unit.publications.ensure(target, now)
        found = [self._compare(now, sleep), *(self._tell(hub, clock()) for hub in self._hubs)]
        return tuple(each for each in found if each is not None)

    def _compare(self, now: datetime, sleep: Callable[[float], object]) -> Announcement | None:
        """Compare the feeds of what is at an endpoint with what the public gets."""
        target = f"{PUBLIC}{self._url}"
        due, feeds = self._due(target, now, _is_put)
        if not due:
            return None
        error: PublisherError | None = None
        for document in feeds:
            error = self._differs(document, sleep)
            if error is not None:
                break
        self._settle(due, error, now)
        return Announcement(target, 0 if error else len(feeds), error)

    def _differs(self, document: Document, sleep: Callable[[float], object]) -> PublisherError | None:
        address = f"{self._url}{document.path}"
        for look in range(LOOKS):
            if look:
                sleep(PAUSE_SECONDS)
            try:
                served = self._public.read(address).body
            except PublisherError as error:
                return error
            if served == document.data:
                return None
        return PublisherError(
            f"{address} serves something else than what was put",
            remedy="A cache may hold the old one for a while; else let the web server show an endpoint there",
            permanent=False,
        )

    def _tell(self, hub: str, now: datetime) -> Announcement | None:
        """Tell a hub of every feed of what the public gets by now."""
        due, feeds = self._due(f"{HUB}{hub}", now, self._is_public)
        if not due:
            return None
        error: HubError | None = None
        try:
            for document in feeds:
                self._pinger.ping(hub, f"{self._url}{document.path}", now)
        except HubError as refused:
            error = refused
        self._settle(due, error, now)
        return Announcement(f"{HUB}{hub}", 0 if error else len(feeds), error)

    def _due(
        self, target: str, now: datetime, may_go: Callable[[Mapping[str, Publication]], bool]
    ) -> tuple[Sequence[Publication], Sequence[Document]]:
        """What is due at a target and may go there, and the feeds that are about it.

        Only the newest are judged, and what is older goes along with them: no feed shows more than those.
        """
        with self._store.read() as unit:
            waiting = [row for row in unit.publications.due(now) if row.target == target]
            due = [row for row in waiting[-NEWEST:] if may_go(_by_target(unit, row.edition_id))]
            feeds = tuple(self._feeds(unit, [row.edition_id for row in due])) if due else ()
        return [*waiting[:-NEWEST], *due] if due else [], feeds

    def _feeds(self, unit: Unit, editions: Collection[int]) -> Iterator[Document]:
        """The feeds that changed with these editions; archives are not among them: nobody subscribes to those."""
        newsletters = {touched.newsletter for touched in unit.archive.touched(editions)}
        for document in feeds_of(self._site, unit, editions):
            if document.path.partition("/")[0] in newsletters:
                yield document

    def _is_public(self, rows: Mapping[str, Publication]) -> bool:
        row = rows.get(f"{PUBLIC}{self._url}")
        return row is not None and row.state is PublicationState.DONE

    def _settle(self, due: Sequence[Publication], error: PublisherError | None, now: datetime) -> None:
        with self._store.write() as unit:
            for row in due:
                if error is None:
                    unit.publications.mark_done(row.id, now)
                    continue
                asked = error.retry_in if isinstance(error, HubError) and error.retry_in else retry_delay(0)
                delay = max(retry_delay(row.attempts), asked)
                unit.publications.mark_behind(row.id, str(error), now + delay, now)


def feeds_of(site: Site, unit: Unit, editions: Collection[int]) -> Iterator[Document]:
    """The feeds as they should be, of the parts that belong to these editions; without archives."""
    for part in site.parts(editions):
        with suppress(FeedError):  # it did not pass the gate: the old one stays, and whoever put it has said so
            for document in part(unit):
                if document.media_type.startswith(_FEEDS) and _ARCHIVE not in document.path:
                    yield document


def targets_of(url: str, hubs: Sequence[str]) -> tuple[str, ...]:
    """The public site at `url` and the hubs as publications know them; nobody where the site cannot be asked."""
    return (f"{PUBLIC}{url}", *(f"{HUB}{hub}" for hub in hubs)) if url else ()


def _by_target(unit: Unit, edition_id: int) -> Mapping[str, Publication]:
    return {row.target: row for row in unit.publications.of_edition(edition_id)}


def _is_put(rows: Mapping[str, Publication]) -> bool:
    """Whether some endpoint has all of an edition: before that nobody can serve it."""
    states = [row.state for target, row in rows.items() if target.startswith(ENDPOINT)]
    return PublicationState.DONE in states
