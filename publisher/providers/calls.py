"""Calls to a provider's API as data: which mails go together, what an answer means. Pure.

A provider's file says how it writes a call and reads an answer (`Dialect`); `api` makes the calls.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any, Protocol

from publisher.capabilities import Capabilities
from publisher.drafts import Draft, Mailbox
from publisher.errors import PublisherError, one_line
from publisher.http import Answer
from publisher.ledger import Mark, Message

CALL = "call:"
"""Begins the name of a call, where the provider's word for a mail would stand."""


class Fate(StrEnum):
    """What an answer says of a whole call."""

    TAKEN = "taken"  # it was understood: there is a verdict on each mail
    REFUSED = "refused"  # nothing of it was taken, because of something in it
    NOT_NOW = "not now"  # nothing of it was taken: too fast, or too busy
    UNUSABLE = "unusable"  # nothing of it was taken, nor will anything be before somebody mends something
    UNKNOWN = "unknown"  # all of it, some or nothing may have been taken


class MalformedError(PublisherError):
    """An answer to a call that was taken cannot be read: what became of its mails is not known."""


@dataclass(frozen=True, slots=True)
class Item:
    """A mail as it stands in a call. Those of different groups never share one.

    Args:
        message: what it was made of.
        content: what the dialect puts into the call.
        octets: how much of the call it takes, at most.
        group: names what all mails of a call have in common.
        shared: how large that is.
    """

    message: Message = field(repr=False)
    content: Any = field(repr=False)
    octets: int
    group: str = ""
    shared: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """A request. Its headers hold a secret."""

    address: str
    headers: Mapping[str, str] = field(repr=False)
    data: bytes = field(repr=False)
    method: str = "POST"

    @property
    def name(self) -> str:
        """Names what is asked: another call of the same content has the same."""
        return f"{CALL}{sha256(self.data).hexdigest()[:48]}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A provider's last word on one mail of a call."""

    mark: Mark
    code: int | None = None
    text: str = ""
    provider_id: str = ""


class Dialect(Protocol):
    """How one provider is spoken to. Pure, but for a clock where requests are dated."""

    @property
    def name(self) -> str:
        """Its kind, a colon, and where it hands over to."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can carry."""

    def item(self, message: Message) -> Item:
        """A mail as it will stand in a call.

        Raises:
            PublisherError: it cannot be carried; that says nothing about others.
        """

    def call(self, items: Sequence[Item]) -> Call:
        """The request for mails of one group, at most as many as it takes. The same mails make the same one."""

    def fate(self, answer: Answer) -> Fate:
        """What an answer says of the whole call."""

    def verdicts(self, answer: Answer, items: Sequence[Item]) -> Sequence[Verdict]:
        """What it says of each mail, in their order.

        Raises:
            MalformedError: it does not say so.
        """

    def words(self, answer: Answer) -> str:
        """Why it took nothing."""

    def wait(self, answer: Answer, now: datetime) -> timedelta | None:
        """How long it wants to be left alone; None when it does not say."""


_FATES: Mapping[int, Fate] = {
    400: Fate.REFUSED,
    413: Fate.REFUSED,
    422: Fate.REFUSED,
    429: Fate.NOT_NOW,
    # RFC 9110, 15.6.4: it did not handle the request. Other 5xx may come from a server in between, after it did.
    503: Fate.NOT_NOW,
}


def usual_fate(answer: Answer) -> Fate:
    """What a status means where the provider has no meaning of its own for it."""
    if answer.status in _FATES:
        return _FATES[answer.status]
    if answer.status >= 500:
        return Fate.UNKNOWN
    return Fate.TAKEN if 200 <= answer.status < 300 else Fate.UNUSABLE


def together(items: Iterable[Item], capabilities: Capabilities) -> list[list[Item]]:
    """Mails as they share calls: of one group, no more than are allowed, no larger than is allowed, in order."""
    calls: list[list[Item]] = []
    open_calls: dict[str, tuple[list[Item], int]] = {}
    for item in items:
        call, octets = open_calls.get(item.group, ([], 0))
        full = len(call) >= capabilities.recipients
        too_large = capabilities.octets and octets + item.octets > capabilities.octets
        if not call or full or too_large:
            call, octets = [], item.shared
            calls.append(call)
        call.append(item)
        open_calls[item.group] = (call, octets + item.octets)
    return calls


def halves(items: Sequence[Item]) -> tuple[Sequence[Item], Sequence[Item]]:
    """A call that was refused, as two: one bad mail makes some providers refuse all that came with it."""
    middle = len(items) // 2
    return items[:middle], items[middle:]


def read_json(answer: Answer) -> Any:
    """The body of an answer as JSON.

    Raises:
        MalformedError: it is none.
    """
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"the answer ({answer.said}) is no JSON", remedy="Ask again") from error


def told(answer: Answer, *paths: Sequence[str | int]) -> str:
    """The first text at one of these places of an answer in JSON; else its status, and what it says.

    Addresses are left out: the words end up in an error, and some providers name the reader.
    """
    try:
        body = read_json(answer)
    except MalformedError:
        return f"{answer.said}: {_nameless(answer.body[:300].decode(errors='replace'))}".rstrip(": ")
    for path in paths:
        found = at(body, path)
        if isinstance(found, str) and found.strip():
            return f"{answer.status}: {_nameless(found)}"
    return answer.said


_ADDRESS = re.compile(r"[^\s<>\"'(),:;]{1,320}@[^\s<>\"'(),:;]{1,320}")


def _nameless(text: str) -> str:
    return _ADDRESS.sub("<address>", one_line(text))


def at(value: Any, path: Sequence[str | int]) -> Any:
    """What stands at a path in JSON; None when there is no such place."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


_BARE = re.compile(r"[\w !#$%&'*+/=?^`{|}~-]*")


def written(mailbox: Mailbox) -> str:
    """`Name <address>` as APIs take it: any characters, the name in quotes where it needs them."""
    name, address = mailbox
    if not name:
        return address
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f"{name} <{address}>" if _BARE.fullmatch(name) else f'"{quoted}" <{address}>'


class DraftSizes:
    """How large drafts are, each measured once: a thousand mails of a call share one."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def __call__(self, draft: Draft) -> int:
        """In octets."""
        if draft.key not in self._known:
            if len(self._known) >= _DRAFTS_KNOWN:
                self._known.clear()
            self._known[draft.key] = draft.octets
        return self._known[draft.key]


_DRAFTS_KNOWN = 256
