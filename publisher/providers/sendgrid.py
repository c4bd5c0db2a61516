"""The `sendgrid` provider: one body for up to a thousand, with what differs substituted for each.

The API: POST /v3/mail/send. SendGrid replaces whatever it is told to, wherever it stands in subject and bodies; so
our tags have a name that comes from all that is said, and nothing that is said can contain it. Each mail has its
whole header with it: what becomes of the header of all where a mail has its own is not documented.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from typing import Any

from publisher.capabilities import Capabilities, Form
from publisher.config import SendgridProvider
from publisher.drafts import Draft, Mailbox, filled
from publisher.editions import FieldName
from publisher.http import Answer, asked_wait
from publisher.ledger import Mark, Message
from publisher.providers.calls import Call, DraftSizes, Fate, Item, MalformedError, Verdict, told, usual_fate
from publisher.providers.mime_letter import letter_of

ADDRESSES = {"global": "https://api.sendgrid.com/", "eu": "https://api.eu.sendgrid.com/"}
RECIPIENTS = 1000
OCTETS = 30_000_000

RESERVED = frozenset(
    {
        *("x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding"),
        *("to", "from", "subject", "reply-to", "cc", "bcc"),
    }
)
"""Fields of the header that may not be given as such: one of them refuses the call."""

OFF: Mapping[str, Any] = {
    "tracking_settings": {
        "click_tracking": {"enable": False, "enable_text": False},
        "open_tracking": {"enable": False},
        "subscription_tracking": {"enable": False},
        "ganalytics": {"enable": False},
    },
    "mail_settings": {"footer": {"enable": False}},
}
"""Nobody is watched while reading, no link leads through anybody's server, and nothing is added."""

_ASM = re.compile(r"<(?=%asm_)")
"""How SendGrid's own links begin; in HTML words are escaped, and never have it."""
_SEPARATOR = re.compile(r"[,;]")


class Sendgrid:
    """SendGrid's version 3. See `Dialect`."""

    def __init__(self, settings: SendgridProvider) -> None:
        self.name = f"sendgrid:{settings.region}"
        self._address = f"{settings.url or ADDRESSES[settings.region]}v3/mail/send"
        self._headers = headers(settings)
        self.capabilities = Capabilities(
            form=Form.PARTS,
            recipients=RECIPIENTS,
            octets=OCTETS,
            calls=settings.connections,
            return_path=False,
            keeps_message_id=False,
            utf8_addresses=False,
            signs=True,
            reference=True,
            lookup=True,
        )
        self._size = DraftSizes()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def item(self, message: Message) -> Item:
        """See `Dialect`."""
        letter = message.letter or letter_of(message)
        own = {name: value for name, value in letter.all_headers.items() if name.lower() not in RESERVED}
        mail: dict[str, Any] = {
            "to": [_addressee(letter.recipient)],
            "headers": own,
            "substitutions": _substitutions(letter.draft, letter.values),
        }
        if message.reference:
            mail["custom_args"] = {"ref": message.reference}
        octets = len(json.dumps(mail, ensure_ascii=False).encode()) + 2
        # JSON makes two octets of a quotation mark and of the end of a line: twice the size is enough for all.
        return Item(message, (letter.draft, mail), octets, letter.draft.key, 2 * self._size(letter.draft) + 2000)

    def call(self, items: Sequence[Item]) -> Call:
        """See `Dialect`."""
        draft: Draft = items[0].content[0]
        request: dict[str, Any] = {
            "personalizations": [mail for _, mail in (item.content for item in items)],
            "from": _mailbox(draft.sender),
            "subject": draft.subject,
            "content": _contents(draft),
            **OFF,
        }
        if draft.reply_to:
            request["reply_to"] = _mailbox(draft.reply_to)
        return Call(self._address, self._headers, json.dumps(request, ensure_ascii=False).encode())

    def fate(self, answer: Answer) -> Fate:
        """See `Dialect`."""
        return usual_fate(answer)

    def verdicts(self, answer: Answer, items: Sequence[Item]) -> Sequence[Verdict]:
        """See `Dialect`. One id is for all of them, and nothing stands in the body."""
        found = answer.headers.get("x-message-id", "")
        if answer.status != 202 or not found:
            raise MalformedError(f"the answer ({answer.said}) does not say that it was taken")
        return [Verdict(Mark.ACCEPTED, answer.status, "accepted", found)] * len(items)

    def words(self, answer: Answer) -> str:
        """See `Dialect`."""
        return told(answer, ["errors", 0, "message"])

    def wait(self, answer: Answer, now: datetime) -> timedelta | None:
        """See `Dialect`. `X-RateLimit-Reset` is the moment, in seconds since 1970."""
        return asked_wait(answer.headers, now)


def headers(settings: SendgridProvider) -> dict[str, str]:
    """What every call to the API has in its header."""
    return {
        "Authorization": f"Bearer {settings.key.get_secret_value()}",
        "Content-Type": "application/json",
    }


def _contents(draft: Draft) -> list[dict[str, str]]:
    """The bodies, the plain one first as SendGrid wants it; none of them may be empty."""
    text = filled(draft.text, lambda name: _tag(draft, "text", name), lambda part: _safe(draft, part))
    html = filled(draft.html, lambda name: _tag(draft, "html", name))
    bodies = {"text/plain": text, "text/html": html}
    return [{"type": kind, "value": value} for kind, value in bodies.items() if value]


def _substitutions(draft: Draft, values: Mapping[FieldName, str]) -> dict[str, str]:
    """A tag for each field and body, since HTML has its values escaped."""
    found = {_tag(draft, "text", name): value for name, value in values.items()}
    found |= {_tag(draft, "html", name): escape(value) for name, value in values.items()}
    return {**found, _tag(draft, "text", "less"): "<"}


def _tag(draft: Draft, kind: str, name: str) -> str:
    """What is substituted. The key is a digest of all words of the draft, and so in none of them."""
    return f"-{draft.key}-{kind}-{name}-"


def _safe(draft: Draft, words: str) -> str:
    return _ASM.sub(_tag(draft, "text", "less"), words)


def _mailbox(mailbox: Mailbox) -> dict[str, str]:
    name, address = mailbox
    return {"email": address, "name": name} if name else {"email": address}


def _addressee(mailbox: Mailbox) -> dict[str, str]:
    """To. A comma or semicolon in a name ends an address for SendGrid, unless the name is in quotes."""
    name, address = mailbox
    if _SEPARATOR.search(name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return _mailbox((name, address))
