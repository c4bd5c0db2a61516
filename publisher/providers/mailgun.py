"""The `mailgun` provider: a thousand recipients a call with variables of their own, or each mail as we make it.

The API: POST /v3/DOMAIN/messages and /messages.mime, multipart/form-data. What stands between two % in a body or a
header is replaced by Mailgun; so a digest's own `%recipient...` is written in a way that is not.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from html import escape
from urllib.parse import quote

from publisher.capabilities import Capabilities, Form
from publisher.config import MailgunProvider
from publisher.drafts import Letter, filled
from publisher.http import Answer, FormField, asked_wait, form
from publisher.ledger import Mark, Message
from publisher.providers.calls import (
    Call,
    DraftSizes,
    Fate,
    Item,
    MalformedError,
    Verdict,
    at,
    read_json,
    told,
    usual_fate,
    written,
)
from publisher.providers.mime_letter import letter_of

ADDRESSES = {"us": "https://api.mailgun.net/", "eu": "https://api.eu.mailgun.net/"}
RECIPIENTS = 1000
OCTETS = 25_000_000

_VARIABLE = re.compile(r"%(?=(?:recipient|unsubscribe_url|mailing_list_unsubscribe_url|tag_unsubscribe_url)\b)")
_PERCENT = "%recipient.percent%"
_IN_HTML = "_html"
"""Ends the name of a variable as it stands in HTML."""

_WAIT = re.compile(r"after ([0-9]{1,6}) seconds")
_NO_API = b"Magnificent"
"""A wrong path is answered with 200 and "Mailgun Magnificent API"."""


def access(settings: MailgunProvider) -> tuple[str, dict[str, str]]:
    """Where the API of a domain is, without a slash at its end, and what every call has in its header."""
    login = b64encode(f"api:{settings.key.get_secret_value()}".encode()).decode()
    address = f"{settings.url or ADDRESSES[settings.region]}v3/{quote(settings.domain)}"
    return address, {"Authorization": f"Basic {login}"}


class _Mailgun:
    """What both ways have in common."""

    def __init__(self, settings: MailgunProvider) -> None:
        self.name = f"mailgun:{settings.domain}"
        self._address, self._headers = access(settings)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def fate(self, answer: Answer) -> Fate:
        """See `Dialect`."""
        return Fate.UNUSABLE if answer.status == 200 and _NO_API in answer.body[:200] else usual_fate(answer)

    def verdicts(self, answer: Answer, items: Sequence[Item]) -> Sequence[Verdict]:
        """See `Dialect`. One id is for all of them."""
        found = at(read_json(answer), ["id"])
        if not isinstance(found, str):
            raise MalformedError(f"the answer ({answer.said}) has no id")
        return [Verdict(Mark.ACCEPTED, answer.status, "queued", found.strip("<>"))] * len(items)

    def words(self, answer: Answer) -> str:
        """See `Dialect`."""
        return told(answer, ["message"], ["Error"])

    def wait(self, answer: Answer, now: datetime) -> timedelta | None:
        """See `Dialect`. It says so in words."""
        found = _WAIT.search(self.words(answer))
        return timedelta(seconds=int(found[1])) if found else asked_wait(answer.headers, now)

    def _call(self, path: str, fields: Sequence[FormField]) -> Call:
        content_type, data = form(fields)
        return Call(f"{self._address}/{path}", {**self._headers, "Content-Type": content_type}, data)


class MailgunBatch(_Mailgun):
    """A call for many: one body, with variables. What has no draft goes as MIME would, in a call of its own."""

    def __init__(self, settings: MailgunProvider) -> None:
        super().__init__(settings)
        self.capabilities = Capabilities(
            form=Form.PARTS,
            recipients=RECIPIENTS,
            octets=OCTETS,
            calls=settings.connections,
            return_path=False,
            utf8_addresses=False,
            signs=True,
            reference=True,
            lookup=True,
        )
        self._size = DraftSizes()

    def item(self, message: Message) -> Item:
        """See `Dialect`."""
        letter = message.letter or letter_of(message)
        own = {**{_variable(name): value for name, value in letter.headers.items()}, "ref": message.reference}
        own |= {name.value: value for name, value in letter.values.items()}
        own |= {f"{name.value}{_IN_HTML}": escape(value) for name, value in letter.values.items()}
        octets = 2 * len(message.recipient) + sum(len(value.encode()) + 40 for value in own.values())
        return Item(message, (letter, own), octets, letter.draft.key, self._size(letter.draft))

    def call(self, items: Sequence[Item]) -> Call:
        """See `Dialect`."""
        letters: list[tuple[Letter, dict[str, str]]] = [item.content for item in items]
        draft = letters[0][0].draft
        variables = {letter.recipient[1]: {**own, "percent": "%"} for letter, own in letters}
        fields: list[FormField] = [("from", written(draft.sender))]
        fields += [("to", _VARIABLE.sub("% ", written(letter.recipient))) for letter, _ in letters]
        fields += [
            ("subject", _literal(draft.subject)),
            ("text", filled(draft.text, _field, _literal)),
            ("html", filled(draft.html, lambda name: _field(f"{name}{_IN_HTML}"), _html_literal)),
        ]
        if draft.reply_to:
            fields.append(("h:Reply-To", written(draft.reply_to)))
        fields += [(f"h:{name}", _literal(value)) for name, value in draft.headers.items()]
        fields += [(f"h:{name}", f"%recipient.{_variable(name)}%") for name in letters[0][0].headers]
        fields += [("v:ref", "%recipient.ref%"), *_OPTIONS, ("recipient-variables", json.dumps(variables))]
        return self._call("messages", fields)


class MailgunMime(_Mailgun):
    """A call for each mail, byte for byte as we make it, with our signature."""

    def __init__(self, settings: MailgunProvider) -> None:
        super().__init__(settings)
        self.capabilities = Capabilities(
            form=Form.MIME,
            octets=OCTETS,
            calls=settings.connections,
            return_path=False,
            utf8_addresses=False,
            reference=True,
            lookup=True,
        )

    def item(self, message: Message) -> Item:
        """See `Dialect`."""
        return Item(message, message.data, len(message.data))

    def call(self, items: Sequence[Item]) -> Call:
        """See `Dialect`."""
        (item,) = items
        file = ("message.eml", item.content, "message/rfc822")
        reference = [("v:ref", item.message.reference)] if item.message.reference else []
        fields: Iterable[FormField] = [("to", item.message.recipient), ("message", file), *reference, *_OPTIONS]
        return self._call("messages.mime", list(fields))


_OPTIONS: Sequence[FormField] = (("o:tracking", "no"), ("o:tracking-clicks", "no"), ("o:tracking-opens", "no"))
"""Nobody is watched while reading, and no link leads through anybody's server."""


def _variable(name: str) -> str:
    return name.lower().replace("-", "_")


def _field(name: str) -> str:
    return f"%recipient.{name}%"


def _literal(text: str) -> str:
    return _VARIABLE.sub(_PERCENT, text)


def _html_literal(text: str) -> str:
    return _VARIABLE.sub("&#37;", text)
