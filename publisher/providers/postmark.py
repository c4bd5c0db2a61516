"""The `postmark` provider: up to 500 mails a call, each whole and its own, each with a verdict of its own.

The API: POST /email/batch, a JSON array; the answer is an array in the same order. Digests and other mail go by
different message streams. A stream whose unsubscribe handling is Postmark's puts a link of Postmark's at
`{{{ pm:unsubscribe }}}`, so a digest's own words are written in a way that is not read so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from publisher.capabilities import Capabilities, Form
from publisher.config import PostmarkProvider
from publisher.errors import ProviderError, one_line
from publisher.http import Answer, asked_wait
from publisher.ledger import Mark, Message
from publisher.providers.calls import (
    Call,
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

ADDRESS = "https://api.postmarkapp.com/"
MAILS = 500
OCTETS = 50_000_000
MAIL_OCTETS = 10_000_000
BODY_OCTETS = 5_000_000

MARKS: Mapping[int, Mark] = {
    0: Mark.ACCEPTED,
    100: Mark.DEFERRED,  # maintenance: the API is offline
    300: Mark.FAILED,  # invalid email request: an address, a header, no body
    400: Mark.DEFERRED,  # the sender signature is not found
    401: Mark.DEFERRED,  # the sender signature is not confirmed
    402: Mark.FAILED,  # invalid JSON
    403: Mark.FAILED,  # incompatible JSON
    405: Mark.DEFERRED,  # not allowed to send: no credits left
    406: Mark.FAILED,  # inactive recipient: bounced, complained or suppressed before
    411: Mark.FAILED,  # an attachment of a forbidden type
    412: Mark.DEFERRED,  # the account is pending: it may mail its own domain only
    413: Mark.DEFERRED,  # the account may not send
    429: Mark.DEFERRED,  # too fast
    1235: Mark.DEFERRED,  # there is no such message stream
    1236: Mark.DEFERRED,  # nothing can be sent by this stream
}
"""What becomes of a mail whose entry has this ErrorCode. Nothing is taken with another code than 0: what is not
known here has failed."""

ACCOUNT = frozenset({10, 400, 401, 405, 412, 413, 1235, 1236})
"""Codes that are about us and not about a mail: when a whole call says so, somebody has to mend something."""

BUSY = frozenset({100, 429})
"""Codes after which the same call may be made again."""

_INACTIVE = "will not deliver to these inactive addresses"
"""Said with code 0 where some recipients of a mail are inactive; ours have one."""

_PLACEHOLDER = re.compile(r"\{\{\{(?=\s*pm:)", re.IGNORECASE)
_JOINER = "\N{WORD JOINER}"
"""Of no width, and nothing may break at it: between two braces nobody sees it."""


class Postmark:
    """Postmark's batches. See `Dialect`."""

    def __init__(self, settings: PostmarkProvider) -> None:
        self.name = "postmark"
        self._address = f"{settings.url or ADDRESS}email/batch"
        self._headers = headers(settings)
        self._streams = {True: settings.stream, False: settings.notice_stream}
        self.capabilities = Capabilities(
            form=Form.PARTS,
            recipients=MAILS,
            octets=OCTETS,
            calls=settings.connections,
            return_path=False,
            utf8_addresses=False,
            signs=True,
            reference=True,
            lookup=True,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._streams[True]!r})"

    def item(self, message: Message) -> Item:
        """See `Dialect`."""
        letter = message.letter or letter_of(message)
        own = {**letter.all_headers, "X-PM-KeepID": "true"}
        mail: dict[str, Any] = {
            "From": written(letter.draft.sender),
            "To": written(letter.recipient),
            "Subject": letter.draft.subject,
            "TextBody": _PLACEHOLDER.sub(f"{{{_JOINER}{{{{", letter.text),
            "Headers": [{"Name": name, "Value": value} for name, value in own.items()],
            "MessageStream": self._streams[message.letter is not None],
            "TrackOpens": False,
            "TrackLinks": "None",
        }
        if letter.draft.html:
            mail["HtmlBody"] = _PLACEHOLDER.sub("&#123;{{", letter.html)
        if letter.draft.reply_to:
            mail["ReplyTo"] = written(letter.draft.reply_to)
        if message.reference:
            mail["Metadata"] = {"ref": message.reference}
        return _item(message, mail)

    def call(self, items: Sequence[Item]) -> Call:
        """See `Dialect`."""
        return Call(self._address, self._headers, b"[" + b",".join(item.content for item in items) + b"]")

    def fate(self, answer: Answer) -> Fate:
        """See `Dialect`. What every entry says is said of the call."""
        codes = _codes(answer)
        if codes and codes <= ACCOUNT:
            return Fate.UNUSABLE
        if codes and codes <= BUSY:
            return Fate.NOT_NOW
        return usual_fate(answer)

    def verdicts(self, answer: Answer, items: Sequence[Item]) -> Sequence[Verdict]:
        """See `Dialect`."""
        found = read_json(answer)
        if not isinstance(found, list):
            raise MalformedError(f"the answer ({answer.said}) is no list")
        return [_verdict(entry) for entry in found]

    def words(self, answer: Answer) -> str:
        """See `Dialect`."""
        return told(answer, ["Message"], [0, "Message"])

    def wait(self, answer: Answer, now: datetime) -> timedelta | None:
        """See `Dialect`. Postmark itself does not say."""
        return asked_wait(answer.headers, now)


def headers(settings: PostmarkProvider) -> dict[str, str]:
    """What every call to the API has in its header."""
    return {
        "X-Postmark-Server-Token": settings.key.get_secret_value(),
        "Accept": "application/json",
        "Content-Type": "application/json",
    }


def _item(message: Message, mail: Mapping[str, Any]) -> Item:
    for name in ("TextBody", "HtmlBody"):
        if len(str(mail.get(name, "")).encode()) > BODY_OCTETS:
            raise ProviderError(f"Postmark takes {BODY_OCTETS} octets of a {name}", permanent=True)
    content = json.dumps(mail, ensure_ascii=False).encode()
    if len(content) > MAIL_OCTETS:
        raise ProviderError(f"Postmark takes {MAIL_OCTETS} octets of a mail", permanent=True)
    return Item(message, content, len(content) + 1)


def _codes(answer: Answer) -> set[int]:
    """The ErrorCodes of an answer, be it of the call or of its mails; none when there are none to be read."""
    try:
        found = read_json(answer)
    except MalformedError:
        return set()
    codes = [at(entry, ["ErrorCode"]) for entry in (found if isinstance(found, list) else [found])]
    return {code for code in codes if isinstance(code, int)} if all(isinstance(c, int) for c in codes) else set()


def _verdict(entry: Any) -> Verdict:
    code, text = at(entry, ["ErrorCode"]), at(entry, ["Message"])
    if not isinstance(code, int) or not isinstance(text, str):
        raise MalformedError("an entry of the answer has no ErrorCode")
    mark = MARKS.get(code, Mark.FAILED)
    if mark is Mark.ACCEPTED and _INACTIVE in text:
        mark = Mark.FAILED
    return Verdict(mark, code, one_line(text), str(at(entry, ["MessageID"]) or "") if code == 0 else "")
