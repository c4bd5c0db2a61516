"""One transaction with a repository a noun: what the use cases are given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection

from publisher.storage.alerts import Alerts
from publisher.storage.archive import Archive
from publisher.storage.corrections import Corrections
from publisher.storage.database import Database
from publisher.storage.digests import Digests
from publisher.storage.doubts import Doubts
from publisher.storage.editions import Editions
from publisher.storage.events import Events
from publisher.storage.facts import Facts
from publisher.storage.feedback import FeedbackRows
from publisher.storage.feeds import Feeds
from publisher.storage.mailings import Mailings
from publisher.storage.pacing import Pacing
from publisher.storage.plans import Plans
from publisher.storage.polls import Polls
from publisher.storage.preflights import Preflights
from publisher.storage.publications import Publications
from publisher.storage.serving import Generations, SiteVersions
from publisher.storage.standings import Standings
from publisher.storage.troubles import Troubles
from publisher.storage.upstream import Upstream
from publisher.storage.waves import Waves
from subscribers.segments.stored import Segments


@dataclass(frozen=True, slots=True)
class Unit:
    """The repositories of one transaction."""

    connection: Connection

    @property
    def digests(self) -> Digests:
        """Digests and their assets."""
        return Digests(self.connection)

    @property
    def editions(self) -> Editions:
        """Frozen editions."""
        return Editions(self.connection)

    @property
    def archive(self) -> Archive:
        """What lists, month by month, show of published digests."""
        return Archive(self.connection)

    @property
    def feeds(self) -> Feeds:
        """What feeds of sections and of corrections show."""
        return Feeds(self.connection)

    @property
    def mailings(self) -> Mailings:
        """Mailings."""
        return Mailings(self.connection)

    @property
    def doubts(self) -> Doubts:
        """Deliveries whose answer was lost."""
        return Doubts(self.connection)

    @property
    def pacing(self) -> Pacing:
        """What mailings pause by."""
        return Pacing(self.connection)

    @property
    def corrections(self) -> Corrections:
        """What is done with mailings that are not to go on as they are."""
        return Corrections(self.connection)

    @property
    def plans(self) -> Plans:
        """Deliveries, as mailings are planned."""
        return Plans(self.connection)

    @property
    def standings(self) -> Standings:
        """How the people of a digest stand."""
        return Standings(self.connection)

    @property
    def waves(self) -> Waves:
        """Mail that waits for the reader's hour."""
        return Waves(self.connection)

    @property
    def segments(self) -> Segments:
        """Named segments."""
        return Segments(self.connection)

    @property
    def publications(self) -> Publications:
        """What became of each edition at each endpoint."""
        return Publications(self.connection)

    @property
    def preflights(self) -> Preflights:
        """What was found about digests before they left."""
        return Preflights(self.connection)

    @property
    def events(self) -> Events:
        """The append-only log of acts."""
        return Events(self.connection)

    @property
    def feedback(self) -> FeedbackRows:
        """What comes back about mail."""
        return FeedbackRows(self.connection)

    @property
    def upstream(self) -> Upstream:
        """Feeds of others, and what they brought."""
        return Upstream(self.connection)

    @property
    def facts(self) -> Facts:
        """Facts about the instance."""
        return Facts(self.connection)

    @property
    def generations(self) -> Generations:
        """A number that says whether the site has changed."""
        return Generations(self.connection)

    @property
    def site_versions(self) -> SiteVersions:
        """What was last served under each address."""
        return SiteVersions(self.connection)

    @property
    def polls(self) -> Polls:
        """Who polls feeds how."""
        return Polls(self.connection)

    @property
    def alerts(self) -> Alerts:
        """What is wrong, and who was told."""
        return Alerts(self.connection)

    @property
    def troubles(self) -> Troubles:
        """What the rows say of things that do not go well."""
        return Troubles(self.connection)


class Store:
    """Opens units on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def read(self) -> Iterator[Unit]:
        """A unit that sees one snapshot and cannot write."""
        with self._database.read() as connection:
            yield Unit(connection)

    @contextmanager
    def write(self) -> Iterator[Unit]:
        """A unit that is committed at its end."""
        with self._database.write() as connection:
            yield Unit(connection)
