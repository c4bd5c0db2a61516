"""What operators do with subscribers, and what links in mails do: the use cases over `subscribers`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from publisher.errors import SubscriberError, UsageError
from publisher.keeping.rehearsing import rehearsed
from subscribers import consents, listing, preferences, signup, suppression, tokens
from subscribers.addresses import normalise
from subscribers.hashing import keyed
from subscribers.importing import ImportReport, import_csv
from subscribers.listing import Line
from subscribers.model import Consent, Intake, Subscriber, Subscription, SubscriptionState, Suppression

ADDED: dict[Intake, str] = {
    Intake.ADDED: "{email} is subscribed to {newsletter}",
    Intake.UPDATED: "{email} was known; what is new is kept",
    Intake.UNCHANGED: "{email} is subscribed already; nothing changed",
}


class Connections(Protocol):
    """Opens transactions."""

    def read(self) -> AbstractContextManager[Connection]: ...  # noqa: D102 - see the class
    def write(self) -> AbstractContextManager[Connection]: ...  # noqa: D102 - see the class


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose link it is, and of which newsletter. `subscription` None: they never had one, or it is erased."""

    subscriber: Subscriber
    newsletter: str
    subscription: Subscription | None

    @property
    def subscribed(self) -> bool:
        """Whether they get the newsletter, or will once they have confirmed."""
        return self.subscription is not None and self.subscription.state is not SubscriptionState.LEFT


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything about one person. `subscriber` None: the address is only suppressed."""

    subscriber: Subscriber | None
    subscriptions: Sequence[Line]
    consents: Sequence[Consent]
    suppressions: Sequence[Suppression]


class People:
    """Acts on subscribers.

    Args:
        connections: the database.
        secret: signs the tokens of links.
    """

    def __init__(self, connections: Connections, secret: bytes) -> None:
        self._connections = connections
        self._secret = secret

    def add(
        self,
        email: str,
        newsletter: str,
        *,
        name: str = "",
        language: str = "",
        timezone: str = "",
        confirmed: bool,
        actor: str,
        now: datetime,
    ) -> str:
        """Subscribe one address; gives what was done, one line.

        Raises:
            UsageError: the address, name, language or time zone cannot be taken, they left, or the address is
                suppressed.
        """
        email = email.strip()
        try:
            with self._connections.write() as connection:
                done = signup.add(
                    connection,
                    email,
                    newsletter,
                    name=name,
                    language=language,
                    timezone=timezone,
                    confirmed=confirmed,
                    how=f"operator {actor}",
                    source="operator",
                    now=now,
                    secret=self._secret,
                )
        except SubscriberError as error:
            raise UsageError(error.message, remedy=error.remedy or "Nothing was changed") from error
        if done is Intake.LEFT:
            raise UsageError(f"{email} left {newsletter}", remedy="Only they themselves can come back")
        if done is Intake.SUPPRESSED:
            raise UsageError(f"{email} must not be mailed", remedy="The address is suppressed")
        line = ADDED[done].format(email=email, newsletter=newsletter)
        return line if confirmed else f"{line}; not mailed until confirmed"

    def import_csv(
        self,
        source: Iterable[bytes],
        newsletter: str,
        *,
        confirmed: bool,
        source_name: str,
        now: datetime,
        progress: Callable[[int], object],
        dry_run: bool = False,
    ) -> ImportReport:
        """Import a CSV file, or only count what that would do; see `subscribers.importing`."""
        write = rehearsed(self._connections.write) if dry_run else self._connections.write
        return import_csv(
            write,
            source,
            newsletter=newsletter,
            confirmed=confirmed,
            source_name=source_name,
            secret=self._secret,
            now=now,
            progress=progress,
        )

    def list(
        self, newsletter: str | None, limit: int | None, which: listing.Which | None = None
    ) -> Sequence[Line]:
        """Subscriptions by address; all of them without a limit."""
        with self._connections.read() as connection:
            if limit is None:
                return list(listing.every_line(connection, newsletter, which))
            return listing.page(connection, newsletter, which, limit=limit)

    def show(self, email: str) -> Shown:
        """Everything about one person.

        Raises:
            UsageError: it is no address, or nobody has it.
        """
        try:
            _, key = normalise(email)
        except SubscriberError as error:
            raise UsageError(error.message, remedy=error.remedy) from error
        with self._connections.read() as connection:
            person = listing.by_key(connection, key)
            held = suppression.suppressions_of(connection, [key, keyed(self._secret, key)])
            if person is None and not held:
                raise UsageError(f"nobody has the address {email}", remedy="See `publisher subscriber list`")
            lines = list(listing.lines_of(connection, key)) if person else []
            said = consents.of_person(connection, person.id) if person else []
        return Shown(person, lines, said, held)

    def count(self, newsletter: str | None, which: listing.Which | None = None) -> int:
        """How many subscriptions there are."""
        with self._connections.read() as connection:
            return listing.count(connection, newsletter, which)

    def holder(self, token: str) -> Holder | None:
        """Whom the token of a link in a mail names; None for any other text, revoked tokens too."""
        link = tokens.read(self._secret, token)
        if link is None:
            return None
        with self._connections.read() as connection:
            found = listing.by_id(connection, link.subscriber_id)
            if found is None or found.link_version != link.link_version:
                return None
            return Holder(found, link.newsletter, listing.subscription(connection, found.id, link.newsletter))

    def unsubscribe(self, holder: Holder, *, how: str, now: datetime) -> bool:
        """End the subscription; False when it had ended before."""
        with self._connections.write() as connection:
            return preferences.unsubscribe(connection, holder.subscriber.id, holder.newsletter, how=how, now=now)

    def choose_sections(
        self, holder: Holder, sections: tuple[str, ...] | None, *, how: str, now: datetime
    ) -> bool:
        """Keep which sections they want, None being all; False when they have left. See `preferences`."""
        with self._connections.write() as connection:
            return preferences.choose_sections(
                connection, holder.subscriber.id, holder.newsletter, sections, how=how, now=now
            )
