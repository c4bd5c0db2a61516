"""What people ask for themselves, by forms and by links in their mail: the use cases over `subscribers`.

Whatever has to be mailed is a row of the outbox when a method returns: nothing here looks up, for a stranger,
whether an address is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from publisher.people import Connections, Holder
from subscribers import acts, listing, moving, outbox, portrait, preferences, rates, signup
from subscribers.acts import Act, Purpose
from subscribers.addresses import normalise
from subscribers.model import Subscriber, SubscriptionState
from subscribers.moving import Moved
from subscribers.outbox import NoticeKind
from subscribers.preferences import Profile
from subscribers.rates import Asked
from subscribers.signup import Evidence

BY_FORM = "sign-up form"
BY_LINK = "link in mail"
BY_PAGE = "preferences page"
"""The ways people agree and choose, for the consent log."""

_HOST = re.compile(r"https?://([A-Za-z0-9.:\[\]-]{1,100})")


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose act it is, and what the token of their link said."""

    act: Act
    subscriber: Subscriber


class Erase(Protocol):
    """Forgets whoever has an address, out of everything; the contract is at `keeping.erasing.Erasing.erase`."""

    def __call__(self, written: str, *, reason: str, actor: str, now: datetime) -> object: ...  # noqa: D102 - ditto


class Mailed(Protocol):
    """What a person was mailed, for their own eyes."""

    def __call__(self, subscriber_id: int) -> Sequence[Mapping[str, Any]]: ...  # noqa: D102 - see the class


class Readers:
    """Acts of readers.

    Args:
        connections: the database.
        secret: signs tokens, and hides whose tries are counted.
        erase: forgets a person.
        mailed: tells what a person was mailed.
    """

    def __init__(self, connections: Connections, secret: bytes, erase: Erase, mailed: Mailed) -> None:
        self._connections = connections
        self._secret = secret
        self._erase = erase
        self._mailed = mailed

    # --- signing up --------------------------------------------------------------------------------------------

    def may_ask(self, network: str, now: datetime) -> bool:
        """Whether somebody of this network may sign up now."""
        with self._connections.read() as connection:
            return rates.refused(connection, [self._of_network(network)], now) is None

    def sign_up(
        self, address: tuple[str, str], newsletter: str, network: str, facts: Mapping[str, str], now: datetime
    ) -> bool:
        """Have the owner of an address asked whether they want it; False when the network asks too often.

        An address that was written to lately is passed over without a word.

        Args:
            address: that of `addresses.normalise`.
            newsletter: its slug.
            network: the truncated one.
            facts: `language` of the reader, `text` that they were shown, `source` where the form stood.
            now: aware UTC.
        """
        asking, own = self._of_network(network), self._of_address(address, newsletter)
        with self._connections.write() as connection:
            refused = rates.refused(connection, [asking, own], now)
            if refused is None:
                rates.keep(connection, [asking, own], now)
                told = {**facts, "network": network}
                outbox.put(connection, NoticeKind.SIGNUP, newsletter, address, facts=told, now=now)
        return refused is not asking

    def confirm(self, reader: Reader, text: str, network: str, now: datetime) -> bool:
        """Begin the subscription that a confirmation link is for; whether they are subscribed now."""
        evidence = Evidence(BY_LINK, text, network, "form")
        with self._connections.write() as connection:
            act = reader.act
            return signup.confirm_link(
                connection,
                act.subscriber_id,
                act.newsletter,
                act.made_at,
                evidence,
                secret=self._secret,
                now=now,
            )

    def confirmable(self, reader: Reader) -> bool:
        """Whether a confirmation link still leads to a subscription."""
        with self._connections.read() as connection:
            standing = listing.subscription(connection, reader.act.subscriber_id, reader.act.newsletter)
        return signup.confirmable(standing, reader.act.made_at)

    # --- preferences -------------------------------------------------------------------------------------------

    def keep_preferences(
        self,
        holder: Holder,
        sections: tuple[str, ...] | None,
        profile: Profile,
        now: datetime,
        *,
        chosen: bool = True,
    ) -> bool:
        """Keep what a reader chose, all of it or nothing; False when they have left.

        Args:
            holder: whose link it is.
            sections: what they want, None being all.
            profile: what they say about themselves.
            now: aware UTC.
            chosen: whether sections were asked for at all.
        """
        who, newsletter = holder.subscriber.id, holder.newsletter
        with self._connections.write() as connection:
            standing = listing.subscription(connection, who, newsletter)
            if standing is None or standing.state is SubscriptionState.LEFT:
                return False
            if chosen:
                preferences.choose_sections(connection, who, newsletter, sections, how=BY_PAGE, now=now)
            preferences.describe(connection, who, newsletter, profile, how=BY_PAGE, now=now)
        return True

    def give_reason(self, holder: Holder, reason: str) -> bool:
        """Keep why somebody left; False when they have not."""
        with self._connections.write() as connection:
            return preferences.tell_reason(connection, holder.subscriber.id, holder.newsletter, reason)

    # --- one's own data ----------------------------------------------------------------------------------------

    def ask_fresh_link(self, holder: Holder, now: datetime) -> bool:
        """Mail somebody a fresh link; False when they asked too often."""
        who = holder.subscriber
        asked = [Asked(rates.key_of(self._secret, "fresh", str(who.id)), rates.FRESH_LINKS)]
        return self._put(NoticeKind.FRESH, holder.newsletter, (who.email, who.email_key), who.id, asked, now)

    def ask_move(self, reader: Reader, address: tuple[str, str], now: datetime) -> bool:
        """Ask at a new address whether it is theirs; False when it was asked too often, by whomever."""
        who, newsletter = reader.subscriber, reader.act.newsletter
        own = Asked(rates.key_of(self._secret, "move", str(who.id)), rates.FRESH_LINKS)
        asked = [own, self._of_address(address, newsletter)]
        return self._put(NoticeKind.MOVE, newsletter, address, who.id, asked, now)

    def move(self, reader: Reader, network: str, now: datetime) -> Moved:
        """Mail them at the address that their link names, and tell the old one."""
        who, act = reader.subscriber, reader.act
        address = normalise(act.said)
        with self._connections.write() as connection:
            moved = moving.move(
                connection,
                who.id,
                act.newsletter,
                address,
                how=BY_LINK,
                network=network,
                secret=self._secret,
                now=now,
            )
            if moved is Moved.MOVED:
                old = (who.email, who.email_key)
                outbox.put(connection, NoticeKind.MOVED, act.newsletter, old, subscriber_id=who.id, now=now)
        return moved

    def data(self, reader: Reader) -> dict[str, Any]:
        """Everything that is known about somebody."""
        with self._connections.read() as connection:
            known = portrait.of(connection, reader.subscriber)
        return known | {"mails": list(self._mailed(reader.subscriber.id))}

    def erase(self, reader: Reader, now: datetime) -> None:
        """Forget somebody."""
        self._erase(reader.subscriber.email, reason="their own wish, by a fresh link", actor="reader", now=now)

    def reader(self, token: str, purpose: Purpose, now: datetime) -> Reader | None:
        """Whose act a token allows; None for any other text, for one that has ended, and a person gone."""
        act = acts.read(self._secret, token, purpose, now)
        if act is None:
            return None
        with self._connections.read() as connection:
            found = listing.by_id(connection, act.subscriber_id)
        return None if found is None or found.link_version != act.link_version else Reader(act, found)

    def _put(
        self,
        kind: NoticeKind,
        newsletter: str,
        address: tuple[str, str],
        who: int,
        asked: Sequence[Asked],
        now: datetime,
    ) -> bool:
        with self._connections.write() as connection:
            if rates.refused(connection, asked, now) is not None:
                return False
            rates.keep(connection, asked, now)
            outbox.put(connection, kind, newsletter, address, subscriber_id=who, now=now)
        return True

    def _of_network(self, network: str) -> Asked:
        return Asked(rates.key_of(self._secret, "network", network), rates.NETWORK)

    def _of_address(self, address: tuple[str, str], newsletter: str) -> Asked:
        return Asked(rates.key_of(self._secret, "address", newsletter, address[1]), rates.CONFIRMATIONS)


def source_of(origin: str) -> str:
    """Where a form stood, for the consent log: the host that a browser names, if it names one."""
    found = _HOST.fullmatch(origin)
    return f"form at {found[1].lower()}" if found else "form"
