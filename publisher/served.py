"""What is known of documents as they are served, and of those who poll them. Plain records, shared by all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Version:
    """The bytes that were last served under an address, and what was said of their age.

    Args:
        digest: SHA-256 of the bytes, in hexadecimal.
        modified: aware UTC, whole seconds; `Last-Modified`.
    """

    digest: str
    modified: datetime


@dataclass(frozen=True, slots=True)
class Poll:
    """How often programs of one family asked for one feed on one day. No address is in it.

    Args:
        day: in UTC.
        family: what the programs call themselves, without version: `NetNewsWire`.
        document: the feed's path, relative to the site.
        requests: all of them.
        conditional: those that said what they have.
        not_modified: those that were answered by 304.
        refused: those that came too often and were answered by 429.
        subscribers: how many readers the program said it asks for; 0 when it did not say.
    """

    day: date
    family: str
    document: str
    requests: int
    conditional: int = 0
    not_modified: int = 0
    refused: int = 0
    subscribers: int = 0


@dataclass(frozen=True, slots=True)
class Habit:
    """How a family of programs polls, over some days and all feeds. `subscribers` are those it announced last."""

    family: str
    requests: int
    conditional: int
    not_modified: int
    refused: int
    subscribers: int
