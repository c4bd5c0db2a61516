"""What rules are given, and what they say.

A rule is a pure function from a `Candidate` to what is wrong with it. It neither reads a clock nor asks the world:
what the world says is in `publisher.facts`, gathered beforehand by `publisher.probes`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from publisher.digests.model import Digest
from publisher.editions import RenderedEdition
from publisher.facts import Facts


class Level(StrEnum):
    """How much a rule weighs: not at all, a word to the editor, or the digest stays here."""

    OFF = "off"
    WARN = "warn"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a rule found. Each text is one line.

    `place` says where, in the editor's words: `subject`, `lead`, `section "Harbour"`, `footer`, `[theme.dark]`.
    `unknown`: it could not be found out whether anything is wrong. That is a warning, whatever the rule's level.
    """

    message: str
    remedy: str
    place: str = ""
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem with the rule that found it and that rule's level."""

    rule: str
    level: Level
    message: str
    remedy: str
    place: str = ""

    def __str__(self) -> str:
        """One line: where, what, and the rule that says so."""
        return f"{self.where}{self.message} ({self.rule})"

    @property
    def where(self) -> str:
        """The place as the beginning of a line, or nothing."""
        return f"{self.place}: " if self.place else ""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A digest of the same newsletter that was published before."""

    key: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class Candidate:
    """Everything there is to look at.

    Args:
        digest: what editors wrote, as it would be published.
        rendered: what readers would get.
        message: the whole mail as one reader with all sections would get it.
        today: the date in the newsletter's zone.
        light: the theme's colours by name (ink, paper, page, muted, rule, accent), `#rrggbb`.
        dark: the same in the dark.
        pictures: octets of each picture of ours in the mail, by `asset:NAME`.
        notes: what the mail says of corrections, of this edition and of those before it.
        hosts: hosts that are ours (site, links), in lower case.
        fields: what stood in the places of the message's fields for that reader (address, links), so that no
            rule takes it for the editors' words.
        earlier: the newsletter's last seven published digests, newest first.
        facts: what the world says.
    """

    digest: Digest
    rendered: RenderedEdition
    message: bytes = field(repr=False)
    today: date
    light: Mapping[str, str]
    dark: Mapping[str, str]
    pictures: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    hosts: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    earlier: tuple[Earlier, ...] = ()
    facts: Facts = field(default_factory=Facts)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its id in the configuration, its level unless that says otherwise, what it is for, and its check."""

    id: str
    level: Level
    about: str
    check: Callable[[Candidate], Iterable[Problem]] = field(repr=False)
