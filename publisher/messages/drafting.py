"""Mails in parts, for providers that put them together themselves: bodies and header fields as in MIME."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from hashlib import sha256

from publisher.drafts import Draft, Letter
from publisher.editions import EditionBlock
from publisher.messages.headers import envelope_address, refuse_breaks, split_address
from publisher.messages.skeleton import (
    VALUES,
    Letterhead,
    Person,
    Skeleton,
    compile_headers,
    compile_own_headers,
    merged,
)

ELSEWHERE = frozenset({"From", "To", "Reply-To", "Subject", "Date", "MIME-Version", "Content-Type"})
"""Fields that such a provider is told in another way, or writes by itself."""

_FOLDED = re.compile(r"\r\n[ \t]+")


class Drafting:
    """Makes the letters of one choice of blocks.

    Args:
        blocks: what they say.
        letterhead: what their headers say.
        is_reply: whether its people have an earlier mail that it continues.

    Raises:
        HeaderError: something in the letterhead cannot stand in a header.
    """

    def __init__(self, blocks: Iterable[EditionBlock], letterhead: Letterhead, *, is_reply: bool = False) -> None:
        chosen = tuple(blocks)
        self._headers: Skeleton = compile_headers(letterhead, is_reply=is_reply)
        self._own: Skeleton = compile_own_headers(letterhead, is_reply=is_reply)
        sender = split_address(letterhead.sender)
        self._bare = Draft(
            key="",
            sender=(sender[0], envelope_address(sender[1])),
            reply_to=_mailbox(letterhead.reply_to) if letterhead.reply_to else None,
            subject=" ".join(letterhead.subject.split()),
            text=tuple(merged([part for block in chosen for part in block.text])),
            html=tuple(merged([part for block in chosen for part in block.html])),
        )
        self._draft: Draft | None = None

    def letter(self, person: Person) -> Letter:
        """One person's.

        Raises:
            HeaderError: one of the person's values cannot stand in a mail; it says nothing about the others.
        """
        own = read_headers(self._own.splice(person))
        if self._draft is None:
            self._draft = self._shared(person, own)
        recipient = (refuse_breaks(person.name, "a name"), envelope_address(person.email))
        return Letter(self._draft, recipient, {name: value(person) for name, value in VALUES.items()}, own)

    def _shared(self, person: Person, own: Mapping[str, str]) -> Draft:
        """What is said to everybody, found in anybody's header."""
        fields = read_headers(self._headers.splice(person))
        headers = {name: value for name, value in fields.items() if name not in own and name not in ELSEWHERE}
        return _with_key(replace(self._bare, headers=headers))


def read_headers(block: bytes) -> dict[str, str]:
    """The fields of a header as name and unfolded value; of one that comes twice the last."""
    lines = _FOLDED.sub(" ", block.decode("utf-8")).split("\r\n")
    return {name: value.strip() for name, colon, value in (line.partition(":") for line in lines) if colon}


def _mailbox(value: str) -> tuple[str, str]:
    name, address = split_address(value)
    return name, envelope_address(address)


def _with_key(draft: Draft) -> Draft:
    said: Mapping[str, object] = {
        "from": (draft.sender, draft.reply_to, draft.subject),
        "headers": sorted(draft.headers.items()),
        "bodies": (draft.text, draft.html),
    }
    return replace(draft, key=sha256(repr(said).encode()).hexdigest()[:32])
