"""One mail for many people: everything that is the same is encoded once, and a mail is a join of bytes.

A skeleton belongs to one choice of blocks. Its messages are multipart/alternative with CRLF line ends, both parts
quoted-printable: no line is longer than 998 octets, no CR or LF stands alone, and no line begins with a dot.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256
from itertools import zip_longest
from operator import attrgetter
from urllib.parse import quote

from publisher.editions import EditionBlock, Field, FieldName, Part
from publisher.messages import quoted
from publisher.messages.headers import (
    HeaderError,
    checked_message_id,
    envelope_address,
    mailbox,
    needs_smtputf8,
    phrase,
    split_address,
    unstructured,
    web_link,
    with_address,
)


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What the headers say that is the same for everybody.

    Args:
        subject: the edition's.
        sender: `Name <local@domain>` or `local@domain`, as the configuration writes it.
        list_id: the list's name in the form of a domain (RFC 2919), `daily.news.example.org`.
        list_title: the newsletter's title, shown with the list's name.
        reply_to: where answers go, if not to the sender.
        feedback_id: for Gmail's feedback loop, `campaign:list:type:SenderId`; empty: none.
        unsubscribe_mailto: an address where a mail with `Person.token` takes people off the list.
        language: of the content (RFC 3282); empty: not said.
    """

    subject: str
    sender: str
    list_id: str
    list_title: str = ""
    reply_to: str | None = None
    feedback_id: str = ""
    unsubscribe_mailto: str | None = None
    language: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """What differs from mail to mail. `message_id` has its angle brackets; `date` is aware.

    `references` are the Message-IDs of the thread that this mail continues, the oldest first; the last is what it
    answers. Only a skeleton for replies has a place for them. `token` is that of their links, for a mail that asks
    to unsubscribe: From can be invented by anybody.
    """

    email: str
    unsubscribe_url: str
    preferences_url: str
    message_id: str
    date: datetime
    name: str = ""
    references: tuple[str, ...] = ()
    token: str = ""

    @property
    def needs_smtputf8(self) -> bool:
        """Whether this mail can only go to a server that offers SMTPUTF8 (RFC 6531)."""
        return needs_smtputf8(self.email)


CRLF = "\r\n"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,200}")
Filler = Callable[[Person], bytes]


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A compiled message. `pieces` holds its literals, with nothing at the places that `fillers` fill."""

    pieces: tuple[bytes, ...] = field(repr=False)
    fillers: tuple[tuple[int, Filler], ...] = field(repr=False)

    def splice(self, person: Person) -> bytes:
        """The whole message for one person.

        Raises:
            HeaderError: one of the person's values cannot stand in a mail; it says nothing about the others.
        """
        pieces = list(self.pieces)
        for index, fill in self.fillers:
            pieces[index] = fill(person)
        return b"".join(pieces)


def compile_message(blocks: Iterable[EditionBlock], letterhead: Letterhead, *, is_reply: bool = False) -> Skeleton:
    """The message that these blocks make, with places for what differs.

    Args:
        blocks: what it says.
        letterhead: what its headers say.
        is_reply: whether its people have an earlier mail that it continues: then `Person.references` is not empty.

    Raises:
        HeaderError: something in the letterhead cannot stand in a header.
    """
    chosen = tuple(blocks)
    text = _body("text", [part for block in chosen for part in block.text])
    html = _body("html", [part for block in chosen for part in block.html])
    boundary = _boundary([*text, *html])
    return _skeleton(
        [
            *_headers(letterhead, boundary, is_reply),
            *(_part_head(boundary, "plain"), *text),
            *(_part_head(boundary, "html"), *html),
            f"\r\n--{boundary}--\r\n".encode(),
        ]
    )


def compile_headers(letterhead: Letterhead, *, is_reply: bool = False) -> Skeleton:
    """The header of such a message alone.

    Raises:
        HeaderError: something in the letterhead cannot stand in a header.
    """
    return _skeleton(_headers(letterhead, "none", is_reply))


def compile_own_headers(letterhead: Letterhead, *, is_reply: bool = False) -> Skeleton:
    """Of such a header, the fields that are each mail's own but for From, To and Date; no line end at its end."""
    return _skeleton([*_identity(is_reply), *_leaving(letterhead)])


def _skeleton(parts: Sequence[bytes | Filler]) -> Skeleton:
    """Neighbouring literals joined, and fillers by their place among them."""
    pieces: list[bytes] = []
    fillers: list[tuple[int, Filler]] = []
    literal = b""
    for part in parts:
        if isinstance(part, bytes):
            literal += part
            continue
        pieces += [literal, b""]
        fillers.append((len(pieces) - 1, part))
        literal = b""
    return Skeleton((*pieces, literal), tuple(fillers))


# --- bodies ----------------------------------------------------------------------------------------------------


def _body(kind: str, parts: Sequence[Part]) -> list[bytes | Filler]:
    """One body; a soft line break stands wherever a value meets text inside a line."""
    body: list[bytes | Filler] = []
    joined = merged(parts)
    for part, following in zip_longest(joined, joined[1:]):
        if isinstance(part, Field):
            body.append(_BODY_FILLERS[kind, part.name])
            at_end = following is None or (isinstance(following, str) and following.startswith("\n"))
            body.append(b"" if at_end else quoted.SOFT)
        else:
            encoded = quoted.literal(part)
            body.append(encoded if following is None else encoded + quoted.join_after(encoded))
    return body


def merged(parts: Sequence[Part]) -> list[Part]:
    """The same with neighbouring literals as one."""
    joined: list[Part] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return joined


def _boundary(parts: Sequence[bytes | Filler]) -> str:
    """A line that no body holds: quoted-printable never has `=` before `_`, in text and values alike."""
    content = sha256()
    for part in parts:
        content.update(part if isinstance(part, bytes) else b"\0")
    return f"=_{content.hexdigest()[:32]}"


def _part_head(boundary: str, subtype: str) -> bytes:
    """The line before a part, and the part's own headers. The line break before the boundary belongs to it."""
    return (
        f"\r\n--{boundary}\r\n"
        f"Content-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    ).encode()


# --- headers ---------------------------------------------------------------------------------------------------


def _headers(letterhead: Letterhead, boundary: str, is_reply: bool) -> list[bytes | Filler]:
    """The header fields in order, each with its line end."""
    head = letterhead
    fields: list[bytes | Filler] = [mailbox("From", *split_address(head.sender))]
    if head.reply_to:
        fields.append(mailbox("Reply-To", *split_address(head.reply_to)))
    fields += [_to, unstructured("Subject", head.subject), _date, *_identity(is_reply)]
    fields += [_list_id(head), *_leaving(head), _STANDING]
    if head.feedback_id:
        fields.append(unstructured("Feedback-ID", head.feedback_id))
    if head.language:
        fields.append(unstructured("Content-Language", head.language))
    fields.append(
        f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n'.encode()
    )
    return fields


def _identity(is_reply: bool) -> list[bytes | Filler]:
    return [_message_id, _thread] if is_reply else [_message_id]


def _leaving(head: Letterhead) -> list[bytes | Filler]:
    """List-Unsubscribe without its line end."""
    if not head.unsubscribe_mailto:
        return [_unsubscribe]
    return [_unsubscribe, _mailto(envelope_address(head.unsubscribe_mailto))]


_STANDING = (
    b"\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"Precedence: bulk\r\n"
    b"Auto-Submitted: auto-generated\r\n"
    b"X-Auto-Response-Suppress: OOF, AutoReply\r\n"
)
"""RFC 8058; then what keeps absence notices from answering: old programs, RFC 3834, Exchange."""


def _list_id(head: Letterhead) -> bytes:
    """RFC 2919: the list's name, at most 255 octets, after its title."""
    name = f"<{head.list_id}>"
    if (
        not head.list_id.isascii()
        or not head.list_id.replace(".", "").replace("-", "").isalnum()
        or len(name) > 255
    ):
        raise HeaderError(
            f'"{head.list_id}" is no name of a list', remedy="Look at the newsletter's slug and [site] url"
        )
    title = phrase(head.list_title, len("List-Id: "))
    return f"List-Id: {with_address(title, name, len('List-Id: '))}\r\n".encode()


def _to(person: Person) -> bytes:
    return mailbox("To", person.name, person.email)


def _date(person: Person) -> bytes:
    return _date_field(person.date)


@lru_cache(maxsize=16)
def _date_field(date: datetime) -> bytes:
    """The same for a whole window."""
    if date.tzinfo is None:
        raise HeaderError("the date of a mail needs a time zone")
    return f"Date: {format_datetime(date)}\r\n".encode()


def _message_id(person: Person) -> bytes:
    return f"Message-ID: {checked_message_id(person.message_id)}\r\n".encode()


def _thread(person: Person) -> bytes:
    """RFC 5322, 3.6.4: what it answers, and the thread up to that, an identifier a line."""
    thread = [checked_message_id(each) for each in person.references]
    if not thread:
        raise HeaderError("a reply needs to know what it answers")
    return f"In-Reply-To: {thread[-1]}\r\nReferences: {f'{CRLF} '.join(thread)}\r\n".encode()


def _unsubscribe(person: Person) -> bytes:
    return f"List-Unsubscribe: {web_link(person.unsubscribe_url)}".encode()


def _mailto(address: str) -> Filler:
    """Leaving by mail (RFC 2369, 3.2): an address, and what the subject has to be (RFC 6068)."""
    before = f",\r\n <mailto:{quote(address, safe='@+')}?subject=unsubscribe%20".encode("ascii")

    def fill(person: Person) -> bytes:
        if not _TOKEN.fullmatch(person.token):
            raise HeaderError("a mail that can be answered to unsubscribe needs a token")
        return b"%b%b>" % (before, person.token.encode("ascii"))

    return fill


VALUES: Mapping[FieldName, Callable[[Person], str]] = {
    FieldName.EMAIL: attrgetter("email"),
    FieldName.UNSUBSCRIBE_URL: attrgetter("unsubscribe_url"),
    FieldName.PREFERENCES_URL: attrgetter("preferences_url"),
}
"""What stands at the fields of a body."""


def _filler(encode: Callable[[str], bytes], value: Callable[[Person], str]) -> Filler:
    return lambda person: encode(value(person))


_BODY_FILLERS: Mapping[tuple[str, FieldName], Filler] = {
    (kind, name): _filler(encode, value)
    for kind, encode in (("text", quoted.text_value), ("html", quoted.html_value))
    for name, value in VALUES.items()
}
