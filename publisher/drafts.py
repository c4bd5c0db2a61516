"""A mail in parts, for providers that put it together themselves: what is the same for many, and what differs.

Pure data, below `messages`, which makes it, and providers, which turn it into their requests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape

from publisher.editions import FieldName, Part, Parts

Mailbox = tuple[str, str]
"""(name, address); the name may be empty, the address has its domain in ASCII."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What the mails of one choice of sections have in common.

    Args:
        key: the same for the same draft, and for no other.
        sender: From.
        reply_to: where answers go; None: to the sender.
        subject: plain text in one line, any characters.
        text: the plain-text part, `\\n` line ends.
        html: the HTML part.
        headers: the other header fields that are the same for everybody, each name with its value in one line of
            ASCII (RFC 2047 where needed).
    """

    key: str
    sender: Mailbox
    reply_to: Mailbox | None
    subject: str
    text: Parts = field(repr=False)
    html: Parts = field(repr=False)
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)

    @property
    def octets(self) -> int:
        """How large its bodies and its subject are, in UTF-8, without what stands at their fields."""
        said = [self.subject, *(part for part in (*self.text, *self.html) if isinstance(part, str))]
        return sum(len(part.encode()) for part in said)


@dataclass(frozen=True, slots=True)
class Letter:
    """One person's mail made of a draft.

    Args:
        draft: what others get, too.
        recipient: To.
        values: what stands at the draft's fields.
        headers: the fields of the header that are this mail's own; all letters of a draft have the same names.
    """

    draft: Draft
    recipient: Mailbox = field(repr=False)
    values: Mapping[FieldName, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    @property
    def text(self) -> str:
        """Their plain-text part."""
        return filled(self.draft.text, lambda name: self.values[name])

    @property
    def html(self) -> str:
        """Their HTML part."""
        return filled(self.draft.html, lambda name: escape(self.values[name]))

    @property
    def all_headers(self) -> dict[str, str]:
        """Every header field beside From, To, Reply-To, Subject and those of MIME."""
        return {**self.draft.headers, **self.headers}


def filled(parts: Parts, value: Callable[[FieldName], str], literal: Callable[[str], str] = str) -> str:
    """A body with something at the place of each field.

    Args:
        parts: literals and fields.
        value: what stands for a field.
        literal: what is made of the rest, say because a provider has its own meaning for some of it.
    """

    def one(part: Part) -> str:
        return literal(part) if isinstance(part, str) else value(part.name)

    return "".join(map(one, parts))
