"""Asking upstream feeds, and keeping what is new: one transaction an address, so that nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

from publisher.config import InboxFeed
from publisher.http import Answer, HttpError
from publisher.publishing.ports import Store
from publisher.upstream import documents
from publisher.upstream.asking import Asked
from publisher.upstream.marks import Marked, marks_of, source_key, told_apart
from publisher.upstream.model import Document, Item, Poll, UpstreamError
from publisher.upstream.polling import answered, failed

_AT_ONCE = 8
"""Addresses that are asked at the same time: each may take half a minute."""

_UNCHANGED = 304
_OK = 200
_LATER = frozenset({429, 503})


class Asks(Protocol):
    """The way out; see `upstream.asking.Asker`."""

    def ask(self, address: str, headers: Mapping[str, str]) -> Asked: ...  # noqa: D102 - see the class


@dataclass(frozen=True, slots=True)
class Source:
    """An address of a feed. `place` names it for people, without the address: that may be a secret."""

    feed: InboxFeed
    address: str
    place: str

    @property
    def key(self) -> str:
        """What the database calls it."""
        return source_key(self.feed.newsletter, self.address)

    @property
    def host(self) -> str:
        """Its host."""
        return urlsplit(self.address).hostname or ""

    def name(self, poll: Poll) -> str:
        """What readers know it as."""
        return self.feed.names.get(self.address) or poll.title or self.host


def sources_of(feed: InboxFeed) -> tuple[Source, ...]:
    """The addresses of a feed."""
    hosts = [urlsplit(address).hostname or "" for address in feed.addresses]
    return tuple(
        Source(
            feed, address, f"feed {feed.name}, {host}" + (f", address {place}" if hosts.count(host) > 1 else "")
        )
        for place, (address, host) in enumerate(zip(feed.addresses, hosts, strict=True), 1)
    )


@dataclass(frozen=True, slots=True)
class Polled:
    """What became of asking one address.

    `new` is how many items were new and are kept. `note` is for whoever looks after the configuration. An `error`
    never stops the others.
    """

    source: Source
    new: int = 0
    note: str = ""
    error: UpstreamError | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """What an address says now, without anything being kept of it."""

    source: Source
    items: tuple[Marked, ...] = ()
    title: str = ""
    error: UpstreamError | None = None


class Polling:
    """Asks upstream feeds.

    Args:
        store: opens transactions.
        asker: the way out.
        clock: the present moment.
    """

    def __init__(self, store: Store, asker: Asks, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._asker = asker
        self._clock = clock

    def poll(self, sources: Sequence[Source]) -> Iterator[Polled]:
        """Ask the addresses that may be asked now, and keep what they bring that is new."""
        now = self._clock()
        with self._store.read() as unit:
            polls = [(source, unit.upstream.poll(source.key)) for source in sources]
        due = [(source, poll) for source, poll in polls if poll.is_due(now)]
        for (source, poll), outcome in zip(due, self._ask(due), strict=True):
            yield self._settled(source, poll, outcome)

    def look(self, sources: Sequence[Source]) -> Iterator[Looked]:
        """Ask every address for all it has, and tell which items would be new. Nothing is kept."""
        asked = [(source, Poll()) for source in sources]
        for (source, _), outcome in zip(asked, self._ask(asked), strict=True):
            found = _read(outcome) if isinstance(outcome, Asked) else outcome
            if isinstance(found, UpstreamError):
                yield Looked(source, error=_placed(source, found))
            else:
                yield Looked(source, self._told_apart(source, found), found.title)

    def _ask(self, due: Sequence[tuple[Source, Poll]]) -> Iterator[Asked | UpstreamError]:
        """Each answer in the order of the questions; the questions are asked at the same time."""

        def one(question: tuple[Source, Poll]) -> Asked | UpstreamError:
            source, poll = question
            try:
                return self._asker.ask(source.address, poll.headers)
            except HttpError as error:
                return UpstreamError(error.words, remedy=error.remedy)  # its own text holds the address
            except UpstreamError as error:
                return error

        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="feeds") as threads:
            yield from threads.map(one, due)

    def _settled(self, source: Source, poll: Poll, outcome: Asked | UpstreamError) -> Polled:
        now, every = self._clock(), source.feed.every
        if isinstance(outcome, UpstreamError):
            return self._failed(source, poll, outcome, None, now)
        answer = outcome.answer
        if answer.status == _UNCHANGED:
            same = answered(poll, answer, every=every, now=now, ttl=None, title="", whole=True)
            self._keep(source, same)
            return Polled(source)
        document = _read(outcome)
        if isinstance(document, UpstreamError):
            return self._failed(source, poll, document, answer, now)
        after = answered(
            poll, answer, every=every, now=now, ttl=document.ttl, title=document.title, whole=document.is_whole
        )
        moved = f"{source.place}: has moved for good; put its new address into [[inbox.feed]]"
        new = self._keep_items(source, after, document, now)
        return Polled(source, new, note=moved if outcome.has_moved else "")

    def _failed(
        self, source: Source, poll: Poll, error: UpstreamError, answer: Answer | None, now: datetime
    ) -> Polled:
        """Ask less often, as the server wishes; a wish to be left alone for a while is no failure of it."""
        wish = answer.retry_after(now) if answer else None
        after = failed(poll, error.message, every=source.feed.every, now=now, wish=wish)
        self._keep(source, after)
        if wish and answer and answer.status in _LATER:
            return Polled(source, note=f"{source.place}: wants to be left alone; asked again {_in(after, now)}")
        return Polled(source, error=_placed(source, error, f"; it is asked again {_in(after, now)}"))

    def _keep(self, source: Source, poll: Poll) -> None:
        with self._store.write() as unit:
            unit.upstream.keep_poll(source.key, poll)

    def _keep_items(self, source: Source, poll: Poll, document: Document, now: datetime) -> int:
        """What is known of an address, and its new items, in one transaction; how many there are.

        Kept apart, a crash between them would lose the items: the next answer is that nothing has changed.
        """
        newsletter = source.feed.newsletter
        with self._store.write() as unit:
            unit.upstream.keep_poll(source.key, poll)
            known = unit.upstream.known(newsletter, _marks(document.items, source.key))
            marked = told_apart(document.items, source.key, known)
            unit.upstream.remember(newsletter, (mark for each in marked for mark in each.marks), source.key)
            new = [each.item for each in marked if each.is_new and not _is_old(each.item, source.feed, now)]
            unit.upstream.add_items(source.key, reversed(new), now)  # feeds have the newest first
        return len(new)

    def _told_apart(self, source: Source, document: Document) -> tuple[Marked, ...]:
        with self._store.read() as unit:
            known = unit.upstream.known(source.feed.newsletter, _marks(document.items, source.key))
        now = self._clock()
        return tuple(
            each
            for each in told_apart(document.items, source.key, known)
            if not _is_old(each.item, source.feed, now)
        )


def _read(asked: Asked) -> Document | UpstreamError:
    """The document of an answer, or why there is none."""
    answer = asked.answer
    if answer.status != _OK:
        return UpstreamError(f"answers {answer.said}", remedy="Check the address")
    try:
        return documents.read(answer.body, address=answer.address)
    except UpstreamError as error:
        return error
    except Exception as error:  # noqa: BLE001 - a fault of ours: it is said, and the other feeds go on
        return UpstreamError(
            f"reading it failed with {type(error).__name__}", remedy="This is a fault of the publisher: report it"
        )


def _placed(source: Source, error: UpstreamError, more: str = "") -> UpstreamError:
    return UpstreamError(f"{source.place}: {error.message}", remedy=f"{error.remedy}{more}", feed=source.feed.name)


def _marks(items: Sequence[Item], key: str) -> list[str]:
    return [mark for item in items for mark in marks_of(item, key) if mark]


def _is_old(item: Item, feed: InboxFeed, now: datetime) -> bool:
    return item.published is not None and item.published < now - feed.max_age


def _in(poll: Poll, now: datetime) -> str:
    rest = (poll.due_at or now) - now
    minutes = max(round(rest / timedelta(minutes=1)), 1)
    return f"in {minutes} min" if minutes < 120 else f"in {round(minutes / 60)} h"
