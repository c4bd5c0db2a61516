"""Mails with everything in them that could come out wrong, for any dialect; and a finished one."""

from __future__ import annotations

from dataclasses import replace

from publisher.editions import BlockKind, EditionBlock, Field, FieldName
from publisher.ledger import Message, Way
from publisher.providers.calls import Dialect
from tests.unit.mailings.test_composing import DELIVERY, EDITION, NOW, block, composer

WORDS = (
    "{{{ pm:unsubscribe }}} {{name}} %recipient.ref% <%asm_global_unsubscribe_url%> -ref- [unsubscribe] \x7f\n"
    '.A dot first\n{"json": "\\u0000"} \'"`$(id)` <script>&amp; 東京 🗞️ ‏אבג‏ \u2028 é e\u0301\n'
)
NAMES = ('Ann "Q" O\'Hara, Jr.', "Müller; Søren <x@example.com>", "山田 太郎", "")


def hostile_mails(dialect: Dialect) -> list[Message]:
    """Mails of one edition to people with hostile names."""
    said = EditionBlock(
        BlockKind.LEAD,
        (f"<p>{WORDS.replace('&', '&amp;').replace('<', '&lt;')}</p>", Field(FieldName.EMAIL)),
        (WORDS, "For ", Field(FieldName.EMAIL), "\n"),
    )
    rendered = replace(EDITION.rendered, blocks=(block(BlockKind.OPENING, "The daily"), said))
    made = composer(replace(EDITION, rendered=rendered))
    way = Way(dialect.name, dialect.capabilities)
    people = [
        replace(DELIVERY, id=number, subscriber_id=number, email=f"o'hara&{number}@example.org", name=name)
        for number, name in enumerate(NAMES, 1)
    ]
    return [made.compose(each, NOW, way) for each in people]


def notice() -> Message:
    """A finished mail, as confirmations are; one that says what SendGrid would not let it say."""
    data = (
        b"From: The daily <news@example.org>\r\nTo: Reader <reader1@example.org>\r\n"
        b"Subject: Please =?utf-8?q?best=C3=A4tigen?=\r\nReceived: by nobody\r\n"
        b"Message-ID: <1@example.org>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n\r\nWas it <%asm_global_unsubscribe_url%>, or you?\r\n"
    )
    return Message(1, "news@example.org", "reader1@example.org", "<1@example.org>", data)
