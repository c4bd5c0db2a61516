"""From upstream feeds into the inbox: a digest of what is new, written as a file that editors may change.

Three steps, each begun from what the database holds: items are kept with the answer that brought them; they become
a digest in one transaction; its file is written, and only then forgotten here. Killed between any two, the next
pass goes on: the file has a name that is minted once, so writing it again writes the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from publisher.editions import Document
from publisher.errors import EndpointError, PublisherError, StorageError
from publisher.publishing.fetched import Fetched
from publisher.publishing.polling import Looked, Polling, Source, sources_of
from publisher.publishing.ports import Endpoint, Store, Unit
from publisher.upstream.composing import Setting, chosen, composed
from publisher.upstream.model import Waiting
from publisher.upstream.polling import is_turn


@dataclass(frozen=True, slots=True)
class Standing:
    """How an address stands."""

    source: Source
    title: str
    asked_at: datetime | None
    due_at: datetime | None
    waiting: int
    error: str


class Fetching:
    """Makes digests of feeds.

    Args:
        store: opens transactions.
        polling: asks the feeds.
        settings: the feeds of the configuration.
        inbox: where digests are put, as an endpoint.
        clock: the present moment.
    """

    def __init__(
        self,
        store: Store,
        polling: Polling,
        settings: Sequence[Setting],
        inbox: Endpoint,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._polling = polling
        self._settings = settings
        self._inbox = inbox
        self._clock = clock

    def fetch(self) -> Fetched:
        """Ask what is due, make digests whose turn it is, put them into the inbox. One failure stops no other."""
        lines: list[str] = []
        notes: list[str] = []
        errors: list[PublisherError] = []
        for polled in self._polling.poll([source for each in self._settings for source in sources_of(each.feed)]):
            notes += [polled.note] if polled.note else []
            errors += [polled.error] if polled.error else []
        for setting in self._settings:
            try:
                lines += self._compose(setting)
            except EndpointError as error:
                errors.append(_unwritten(setting.feed.name, error))
        errors += self._write()
        return Fetched(tuple(lines), tuple(notes), tuple(errors))

    def look(self) -> Iterator[Looked]:
        """What the feeds have now, without anything being kept."""
        return self._polling.look([source for each in self._settings for source in sources_of(each.feed)])

    def standings(self) -> list[Standing]:
        """How each address stands."""
        found: list[Standing] = []
        with self._store.read() as unit:
            for source in (each for setting in self._settings for each in sources_of(setting.feed)):
                poll = unit.upstream.poll(source.key)
                waiting = unit.upstream.number_waiting(source.key)
                found.append(Standing(source, source.name(poll), poll.asked_at, poll.due_at, waiting, poll.error))
        return found

    def _compose(self, setting: Setting) -> Iterator[str]:
        """Make a digest, if it is the feed's turn and something waits."""
        feed, now = setting.feed, self._clock()
        with self._store.read() as unit:
            looked_at = unit.upstream.looked_at(feed.newsletter, feed.name)
            if not is_turn(feed.schedule, setting.zone, every=feed.every, looked_at=looked_at, now=now):
                return
            sources = {source.key: source.name(unit.upstream.poll(source.key)) for source in sources_of(feed)}
            waiting = unit.upstream.waiting(sources)
            slug = self._free_slug(unit, setting, now)
        if not waiting:
            self._pass_over(setting, now)
            return
        items = chosen(waiting, feed.limit)
        content = composed(setting, items, slug=slug, now=now)
        self._keep(setting, waiting, slug, content, now)
        older = len(waiting) - len(items)
        yield f"{feed.name}: {_count(len(items))} in {feed.newsletter}/{slug}" + (
            f"; {_count(older)} older, beyond the limit, left out" if older else ""
        )

    def _pass_over(self, setting: Setting, now: datetime) -> None:
        """Nothing new means no digest: a slot is over then, and what comes later waits for the next."""
        if setting.feed.schedule is not None:
            with self._store.write() as unit:
                unit.upstream.set_looked_at(setting.feed.newsletter, setting.feed.name, now)

    def _keep(
        self, setting: Setting, waiting: Sequence[Waiting], slug: str, content: bytes, now: datetime
    ) -> None:
        """The items leave and the digest is there, or neither.

        Raises:
            StorageError: somebody else took the items meanwhile.
        """
        feed = setting.feed
        with self._store.write() as unit:
            if unit.upstream.take_items([each.id for each in waiting]) != len(waiting):
                raise StorageError(
                    f"the items of {feed.name} were taken by another process",
                    remedy="Run it again",
                    permanent=False,
                )
            unit.upstream.add_digest(feed.newsletter, slug, feed=feed.name, content=content, now=now)
            unit.upstream.set_looked_at(feed.newsletter, feed.name, now)

    def _free_slug(self, unit: Unit, setting: Setting, now: datetime) -> str:
        """`YYYY-MM-DD-NAME`, with a number when that is taken: by a digest, or by a file in the inbox."""
        feed = setting.feed
        first = f"{now.astimezone(setting.zone).date().isoformat()}-{feed.name}"
        taken = unit.upstream.slugs(feed.newsletter, first)
        slug, number = first, 1
        while (
            slug in taken
            or unit.digests.find(f"{feed.newsletter}/{slug}")
            or self._inbox.get(path_of(feed.newsletter, slug)) is not None
        ):
            number += 1
            slug = f"{first}-{number}"
        return slug

    def _write(self) -> Iterator[UnwrittenError]:
        """Put the files of digests that are not known to lie in the inbox."""
        with self._store.read() as unit:
            unwritten = unit.upstream.unwritten()
        for newsletter, slug, feed, content in unwritten:
            try:
                self._put(newsletter, slug, content)
            except EndpointError as error:
                yield _unwritten(feed, error)
                continue
            with self._store.write() as unit:
                unit.upstream.mark_written(newsletter, slug)

    def _put(self, newsletter: str, slug: str, content: bytes) -> None:
        """Put a file, unless it lies there, or was taken as a digest: then somebody was killed before saying so.

        Raises:
            EndpointError: it cannot be written, or another file has its name.
        """
        path = path_of(newsletter, slug)
        with self._store.read() as unit:
            if unit.digests.by_source(newsletter, path):
                return
        there = self._inbox.get(path)
        if there is not None and there != content:
            raise EndpointError(f"another file lies at {path}", remedy="Move it away")
        self._inbox.put(Document(path, "application/json", content))


class UnwrittenError(PublisherError):
    """A digest that was made of feeds is not in the inbox yet; it is tried again."""

    permanent_by_default = False


def _unwritten(feed: str, error: EndpointError) -> UnwrittenError:
    return UnwrittenError(
        f"feed {feed}: its digest cannot be put into the inbox: {error.message}", remedy=error.remedy
    )


def path_of(newsletter: str, slug: str) -> str:
    """Where in the inbox the file of a digest lies."""
    return str(PurePosixPath(newsletter) / f"{slug}.json")


def _count(number: int) -> str:
    return f"{number} item{'s' if number != 1 else ''}"
