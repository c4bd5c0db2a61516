"""One look at an edition: what the rules need is gathered, the world is asked if need be, and the rules are run.

Rules are pure and live in `publisher.preflight`; when a digest is looked at is decided in `preflighting`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from publisher.config import Newsletter, Settings
from publisher.digests.model import Digest
from publisher.editions import Edition, Note
from publisher.facts import DomainFact, Facts, LinkFact
from publisher.ledger import Delivery
from publisher.mailings.ports import Composer
from publisher.messages import Person
from publisher.messages.headers import HeaderError
from publisher.preflight.inspect import ITSELF, blocking, blocking_first, crashed, inspect, shown
from publisher.preflight.model import Candidate, Earlier, Finding, Level, Rule
from publisher.publishing.gathering import conditions, in_mail, outside, own_hosts, sender_domains
from publisher.publishing.previewing import READER

LINKS_RULE = "links-answer"
"""The rule that the addresses in a digest are asked for; while it is off they are not."""

SENDER_RULE = "sender-domain"
"""The rule that the DNS is asked for."""


class World(Protocol):
    """Who asks outside. Both give an answer in bounded time, whatever the network does."""

    def links(self, addresses: Collection[str]) -> Mapping[str, LinkFact]:
        """What became of asking each address."""

    def sender(self, domain: str, envelope: str) -> DomainFact:
        """What the DNS says about the domain in From, and about the one that bounces go to."""


class SampleComposer(Composer, Protocol):
    """A composer that also tells what it filled in."""

    def person(self, delivery: Delivery, date: datetime) -> Person:
        """What differs in this subscriber's mail."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the database knows that matters to an inspection: octets of pictures by name, the digests that came
    before, and the notes of the digest's stored editions."""

    pictures: Mapping[str, int] = field(default_factory=dict)
    earlier: tuple[Digest, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found in an edition (the id 0 is that of one that is not stored), when, and under which conditions
    (see `gathering.conditions`)."""

    edition: Edition
    findings: tuple[Finding, ...]
    facts: Facts
    at: datetime
    conditions: str

    @property
    def digest(self) -> Digest:
        """What editors wrote."""
        return self.edition.digest

    def blocking(self, despite: Collection[str] = ()) -> tuple[Finding, ...]:
        """What keeps the digest here, but for rules that are overruled."""
        return blocking(self.findings, despite)

    def overruled(self, despite: Collection[str]) -> list[str]:
        """The rules of `despite` that would have kept it here, by name."""
        return sorted({finding.rule for finding in self.blocking() if finding.rule in despite})


class Inspector:
    """Looks at editions.

    Args:
        settings: newsletters, theme and addresses.
        rules: every rule there is.
        levels: the level that each has here.
        composer: makes the mails of an edition.
        world: asks outside.
    """

    def __init__(
        self,
        settings: Settings,
        rules: Sequence[Rule],
        levels: Mapping[str, Level],
        composer: Callable[[Edition], SampleComposer],
        world: World,
    ) -> None:
        self._settings = settings
        self._rules = rules
        self._levels = levels
        self._composer = composer
        self._world = world
        self._hosts = own_hosts(settings)

    @property
    def names(self) -> frozenset[str]:
        """Every rule that may be overruled."""
        return frozenset({ITSELF, *(rule.id for rule in self._rules)})

    def conditions(self) -> str:
        """What findings depend on beside the digest, as one word: under another one they may be others."""
        return conditions(self._settings)

    def inspect(self, edition: Edition, around: Surroundings, now: datetime, *, ask: bool = True) -> Inspection:
        """Look at an edition as it would be mailed now.

        Args:
            edition: a stored one, or one that is not published yet.
            around: what the database knows.
            now: aware.
            ask: whether the world is asked, which may take as long as [preflight] timeout.

        Raises:
            ConfigError: nothing at all could be mailed, whatever the digest says.
        """
        try:
            composer = self._composer(edition)
            message, person = composer.compose(READER, now).data, composer.person(READER, now)
        except HeaderError as error:
            words = shown(f"the mail cannot be composed: {error.message}")
            found = Finding(ITSELF, Level.BLOCK, words, error.remedy, "mail headers")
            return Inspection(edition, (found,), Facts(), now, self.conditions())
        digest, newsletter = edition.digest, self._settings.newsletter_named(edition.digest.newsletter)
        facts, troubles = self._ask(digest, newsletter) if ask else (Facts(), [])
        candidate = Candidate(
            digest=digest,
            rendered=edition.rendered,
            message=message,
            today=now.astimezone(newsletter.zone).date(),
            light=self._settings.theme.light.model_dump(),
            dark=self._settings.theme.dark.model_dump(),
            pictures=in_mail(around.pictures, edition.rendered),
            notes=_mailed_notes(edition, around.notes),
            hosts=self._hosts,
            fields=frozenset({person.email, person.unsubscribe_url, person.preferences_url}),
            earlier=tuple(Earlier(each.key, each) for each in around.earlier),
            facts=facts,
        )
        found_by_rules = inspect(candidate, self._rules, self._levels)
        findings = blocking_first((*troubles, *found_by_rules))
        return Inspection(edition, findings, facts, now, self.conditions())

    def _ask(self, digest: Digest, newsletter: Newsletter) -> tuple[Facts, list[Finding]]:
        """What the world says, and what went wrong with asking it."""
        links_level, sender_level = (self._level(rule) for rule in (LINKS_RULE, SENDER_RULE))
        known: Mapping[str, LinkFact] = {}
        sender, troubles = None, []
        if links_level is not Level.OFF and (addresses := outside(digest, self._hosts)):
            try:
                known = self._world.links(addresses)
            except Exception as error:  # noqa: BLE001 - as for a rule that crashes: it is said, and the rest goes on
                troubles.append(crashed("asking the digest's links", links_level, error))
        if sender_level is not Level.OFF:
            try:
                sender = self._world.sender(*sender_domains(newsletter))
            except Exception as error:  # noqa: BLE001 - likewise
                troubles.append(crashed("asking the DNS about the sender", sender_level, error))
        return Facts(known, sender), troubles

    def _level(self, rule_id: str) -> Level:
        return next(
            (self._levels.get(rule.id, rule.level) for rule in self._rules if rule.id == rule_id), Level.OFF
        )


def _mailed_notes(edition: Edition, stored: Sequence[Note]) -> tuple[str, ...]:
    """What the edition's mail says of corrections; of a stored one, its own note is stored, too."""
    own = Note(edition.created_at, edition.note, edition.is_minor)
    return tuple(dict.fromkeys(note.text for note in (*stored, own) if note.text and not note.minor))
