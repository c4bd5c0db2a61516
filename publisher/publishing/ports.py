"""What the use cases need of the world, declared by them and fulfilled by storage and endpoints."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import Select

from publisher.digests.model import Asset, Digest, DigestState
from publisher.digests.record import DigestRecord, MailChoice
from publisher.editions import (
    Amendment,
    Change,
    Document,
    Edition,
    EditionFacts,
    Headline,
    Month,
    Neighbour,
    Note,
    Publication,
    PublishedEdition,
    RenderedEdition,
    Touched,
    Withdrawn,
)
from publisher.ledger import (
    AT_ONCE,
    Concerned,
    DeliveryState,
    Failure,
    Latest,
    Mailing,
    MailingKind,
    MailingState,
    Spread,
    Standing,
)
from publisher.mailings.ports import Acts, Outside, Waves, WhyNot
from publisher.upstream.model import Item, Poll, Waiting
from subscribers.segments.counting import Share
from subscribers.segments.evaluating import Ground
from subscribers.segments.frozen import Frozen
from subscribers.segments.model import Expression
from subscribers.segments.stored import Segment


class Digests(Protocol):
    """The digests the database knows."""

    def get(self, digest_id: int) -> DigestRecord: ...
    def by_source(self, newsletter: str, source: str) -> DigestRecord | None: ...
    def find(self, text: str) -> Sequence[DigestRecord]: ...
    def all(self, newsletter: str | None = None) -> Sequence[DigestRecord]: ...
    def content(self, digest_id: int) -> Digest: ...
    def assets_of(self, digest_id: int) -> tuple[Asset, ...]: ...
    def add_assets(self, digest_id: int, assets: Iterable[Asset]) -> None: ...
    def asset_sizes(self, digest_id: int) -> Mapping[str, int]: ...
    def add(
        self,
        digest: Digest,
        *,
        state: DigestState,
        source: str,
        source_hash: str,
        assets: Iterable[Asset],
        now: datetime,
    ) -> int: ...
    def replace(
        self,
        digest_id: int,
        digest: Digest,
        *,
        state: DigestState,
        source: str,
        source_hash: str,
        assets: Iterable[Asset],
        now: datetime,
    ) -> None: ...
    def set_state(
        self,
        digest_id: int,
        state: DigestState,
        *,
        held_because: str = "",
        from_states: Collection[DigestState],
        now: datetime,
    ) -> bool: ...
    def publish(
        self,
        digest_id: int,
        *,
        slot: datetime | None,
        mail: MailChoice,
        entry_id: str,
        now: datetime,
        from_states: Collection[DigestState],
    ) -> bool: ...
    def correct(self, digest_id: int, digest: Digest, *, source: str, source_hash: str) -> bool: ...
    def know_file(self, digest_id: int, *, source: str, source_hash: str) -> None: ...
    def earlier_files(self) -> Sequence[tuple[int, str]]: ...
    def withdraw(self, digest_id: int, *, because: str, now: datetime) -> bool: ...
    def set_mail(self, digest_id: int, mail: MailChoice) -> None: ...
    def title_published_before(
        self, newsletter: str, title: str, exclude_id: int, *, moment: datetime | None = None
    ) -> bool: ...


class Editions(Protocol):
    """The frozen editions."""

    def add(
        self,
        *,
        digest_id: int,
        number: int,
        digest: Digest,
        rendered: RenderedEdition,
        source_hash: str,
        note: str,
        created_at: datetime,
        updated_at: datetime,
    ) -> int: ...
    def get(self, edition_id: int) -> Edition: ...
    def newest(self, digest_id: int) -> Edition | None: ...
    def withdrawn(self, digest_id: int) -> Withdrawn | None: ...
    def history(self, digest_id: int) -> Sequence[EditionFacts]: ...
    def entries(self, newsletter: str, limit: int, section: str = "") -> Sequence[PublishedEdition]: ...
    def entries_of_days(self, newsletter: str, first: date, last: date) -> Sequence[PublishedEdition]: ...
    def earlier(self, newsletter: str, limit: int, exclude: str = "") -> Sequence[Digest]: ...
    def sections(self, newsletter: str, limit: int) -> Sequence[tuple[str, str]]: ...


class Archive(Protocol):
    """What lists show of published digests, a stretch of days at a time."""

    def months(self, newsletter: str) -> Sequence[Month]: ...
    def headlines(self, newsletter: str, first: date, last: date) -> Sequence[Headline]: ...
    def changes(self, newsletter: str, year: int) -> Sequence[Change]: ...
    def beside(self, digest_id: int, day: date | None = None) -> tuple[Neighbour | None, Neighbour | None]: ...
    def touched(self, edition_ids: Collection[int]) -> Sequence[Touched]: ...
    def newest_editions(self) -> Sequence[int]: ...


class Feeds(Protocol):
    """What the feeds of sections and of corrections show, the newest first."""

    def sections(self, newsletter: str, digests_looked_at: int) -> Sequence[tuple[str, str]]: ...
    def all_sections(self, newsletter: str) -> Sequence[str]: ...
    def section_name(self, newsletter: str, section: str) -> str: ...
    def amendments(self, newsletter: str, limit: int) -> Sequence[Amendment]: ...


class Mailings(Protocol):
    """The mailings."""

    def add(
        self,
        *,
        digest_id: int,
        edition_id: int,
        kind: MailingKind,
        state: MailingState,
        actor: str,
        reason: str,
        selection: Sequence[int] | None,
        now: datetime,
        act: str = "",
        token: str | None = None,
        again: bool = False,
        segment: Frozen | None = None,
    ) -> int | None: ...
    def get(self, mailing_id: int) -> Mailing: ...
    def by_token(self, token: str) -> Mailing | None: ...
    def selection(self, mailing_id: int) -> Sequence[int]: ...
    def all(self, digest_id: int | None = None) -> Sequence[Mailing]: ...
    def waiting(self) -> Sequence[Mailing]: ...
    def set_state(
        self, mailing_id: int, state: MailingState, from_states: Collection[MailingState], now: datetime
    ) -> bool: ...
    def counts(self, mailing_id: int) -> Mapping[DeliveryState, int]: ...
    def failures(self, mailing_id: int, limit: int | None = None) -> Sequence[Failure]: ...


class Corrections(Protocol):
    """What corrections, withdrawals and cancellations ask of mailings."""

    def end(self, mailing_id: int) -> bool: ...
    def hand_over(self, mailing_id: int, heir_id: int) -> None: ...
    def retarget(self, mailing_id: int, edition_id: int, state: MailingState) -> bool: ...
    def await_page(self, mailing_id: int) -> None: ...
    def begin(self, mailing_id: int, now: datetime) -> bool: ...
    def has_unfinished(self, mailing_id: int) -> bool: ...
    def notes(self, digest_id: int) -> tuple[Note, ...]: ...
    def reached_by_others(self, digest_id: int, edition_id: int) -> Mapping[DeliveryState, int]: ...


class Plans(Protocol):
    """The planning of mailings in the ledger."""

    def plan(
        self,
        mailing_id: int,
        *,
        audience: Select[*tuple[Any, ...]],
        left_out: Any,
        why_not: WhyNot,
        now: datetime,
        spread: Spread = AT_ONCE,
    ) -> bool: ...
    def lock_digest(self, digest_id: int) -> None: ...


class Standings(Protocol):
    """How the people of a digest stand, over all its mailings."""

    def sums(
        self, digest_id: int, newsletter: str, why_not: WhyNot, outside: Outside | None = None
    ) -> Mapping[Standing, int]: ...
    def latest(
        self,
        digest_id: int,
        newsletter: str,
        why_not: WhyNot,
        states: Collection[DeliveryState],
        outside: Outside | None = None,
    ) -> Sequence[Latest]: ...
    def one(self, digest_id: int, email_key: str, why_not: WhyNot) -> Latest | None: ...
    def concerned(
        self,
        digest_id: int,
        newsletter: str,
        why_not: WhyNot,
        subscriber_id: int | None = None,
        outside: Outside | None = None,
    ) -> Iterator[Concerned]: ...
    def addresses(self, subscriber_ids: Sequence[int]) -> Sequence[str]: ...
    def mark(self, digest_id: int) -> tuple[object, ...]: ...


class Segments(Protocol):
    """Named segments."""

    def get(self, name: str) -> Segment | None: ...
    def all(self) -> Sequence[Segment]: ...
    def save(self, name: str, expression: str, *, actor: str, now: datetime) -> Segment: ...
    def delete(self, name: str) -> bool: ...
    def share(self, newsletter: str, expression: Expression, ground: Ground) -> Share: ...
    def warnings(self, expression: str) -> Sequence[str]: ...


class Publications(Protocol):
    """What became of each edition at each endpoint."""

    def ensure(self, target: str, now: datetime) -> int: ...
    def renew(self, digest_id: int, now: datetime) -> int: ...
    def due(self, now: datetime) -> Sequence[Publication]: ...
    def rests(self, target: str, now: datetime) -> bool: ...
    def of_edition(self, edition_id: int) -> Sequence[Publication]: ...
    def mark_pages(self, publication_id: int, now: datetime) -> None: ...
    def mark_done(self, publication_id: int, now: datetime) -> None: ...
    def mark_behind(self, publication_id: int, error: str, due_at: datetime, now: datetime) -> None: ...


class Preflight(Protocol):
    """A stored inspection of a digest."""

    @property
    def edition_id(self) -> int | None: ...
    @property
    def source_hash(self) -> str: ...
    @property
    def conditions(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def findings(self) -> Sequence[Mapping[str, str]]: ...
    @property
    def despite(self) -> Sequence[str]: ...


class Preflights(Protocol):
    """What was found about digests before they left."""

    def newest(self, digest_id: int) -> Preflight | None: ...
    def add(
        self,
        *,
        digest_id: int,
        edition_id: int | None,
        source_hash: str,
        conditions: str,
        at: datetime,
        findings: Iterable[Mapping[str, str]],
        despite: Iterable[str],
    ) -> None: ...


class Event(Protocol):
    """One act of the log."""

    @property
    def at(self) -> datetime: ...
    @property
    def kind(self) -> str: ...
    @property
    def actor(self) -> str: ...
    @property
    def mailing_id(self) -> int | None: ...
    @property
    def data(self) -> Mapping[str, Any]: ...


class Events(Acts, Protocol):
    """The append-only log of acts."""

    def of_digest(self, digest_id: int) -> Sequence[Event]: ...


class Upstream(Protocol):
    """Feeds of others, and what they brought."""

    def poll(self, key: str) -> Poll: ...
    def keep_poll(self, key: str, poll: Poll) -> None: ...
    def known(self, newsletter: str, marks: Sequence[str]) -> Mapping[str, str]: ...
    def remember(self, newsletter: str, marks: Iterable[str], key: str) -> None: ...
    def add_items(self, key: str, items: Iterable[Item], now: datetime) -> None: ...
    def waiting(self, sources: Mapping[str, str]) -> Sequence[Waiting]: ...
    def number_waiting(self, key: str) -> int: ...
    def take_items(self, item_ids: Sequence[int]) -> int: ...
    def slugs(self, newsletter: str, beginning: str) -> Collection[str]: ...
    def add_digest(self, newsletter: str, slug: str, *, feed: str, content: bytes, now: datetime) -> None: ...
    def unwritten(self) -> Sequence[tuple[str, str, str, bytes]]: ...
    def mark_written(self, newsletter: str, slug: str) -> None: ...
    def origins(self) -> Mapping[tuple[str, str], str]: ...
    def looked_at(self, newsletter: str, feed: str) -> datetime | None: ...
    def set_looked_at(self, newsletter: str, feed: str, now: datetime) -> None: ...


class Facts(Protocol):
    """Facts about the instance, by name."""

    def get(self, name: str) -> str | None: ...
    def set_once(self, name: str, value: str) -> bool: ...


class Unit(Protocol):
    """One transaction, with a repository a noun."""

    @property
    def digests(self) -> Digests: ...
    @property
    def editions(self) -> Editions: ...
    @property
    def archive(self) -> Archive: ...
    @property
    def feeds(self) -> Feeds: ...
    @property
    def mailings(self) -> Mailings: ...
    @property
    def corrections(self) -> Corrections: ...
    @property
    def plans(self) -> Plans: ...
    @property
    def waves(self) -> Waves: ...
    @property
    def standings(self) -> Standings: ...
    @property
    def segments(self) -> Segments: ...
    @property
    def publications(self) -> Publications: ...
    @property
    def preflights(self) -> Preflights: ...
    @property
    def events(self) -> Events: ...
    @property
    def upstream(self) -> Upstream: ...
    @property
    def facts(self) -> Facts: ...


class Store(Protocol):
    """Opens transactions; `write` commits at its end."""

    def read(self) -> AbstractContextManager[Unit]: ...
    def write(self) -> AbstractContextManager[Unit]: ...


class Endpoint(Protocol):
    """A place where documents are put so that the public can get them."""

    @property
    def name(self) -> str: ...
    def put(self, document: Document, *, again: bool = False) -> bool:
        """Store it atomically; False when the same bytes were there; `again` writes them nevertheless."""

    def get(self, path: str) -> bytes | None:
        """What is stored at this path, or None."""


class Served(Protocol):
    """What a public address serves. Names of `headers` are in lower case."""

    @property
    def body(self) -> bytes: ...
    @property
    def headers(self) -> Mapping[str, str]: ...


class PublicSite(Protocol):
    """The public site as readers get it."""

    def read(self, address: str) -> Served:
        """What is served there, unpacked. Raises EndpointError when that is nothing."""


class Hubs(Protocol):
    """WebSub hubs."""

    def ping(self, hub: str, topic: str, now: datetime) -> None:
        """Tell a hub of a feed that has changed. Raises HubError when it does not take it."""
