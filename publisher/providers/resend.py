"""The `resend` provider: a hundred mails a call, each complete, with a key that makes a repeated call harmless.

The API: POST /emails/batch, a JSON array. The batch is strict: one bad mail and nothing of it is taken. Resend
sends by way of Amazon SES, which puts a Message-ID of its own into each mail.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from publisher.capabilities import Capabilities, Form
from publisher.config import ResendProvider
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

ADDRESS = "https://api.resend.com/"
RECIPIENTS = 100
OCTETS = 20_000_000
"""Of a call. No limit is published but that of one mail (40 MB); a call that is too large (413) is halved."""

KEY_LASTS = timedelta(hours=24)

FATES: Mapping[tuple[int, str], Fate] = {
    # What the whole call has in common, or how we call: no mail is to blame.
    (400, "invalid_idempotency_key"): Fate.UNUSABLE,
    (422, "invalid_from_address"): Fate.UNUSABLE,
    (422, "invalid_access"): Fate.UNUSABLE,
    (422, "invalid_region"): Fate.UNUSABLE,
    # The call before this one with the same key is under way, and its mails may be taken any moment.
    (409, "concurrent_idempotent_requests"): Fate.UNKNOWN,
    # The key is made of the body, so this cannot be about ours; if it is said all the same, then something was
    # taken under the key, and nobody knows what.
    (409, "invalid_idempotent_request"): Fate.UNKNOWN,
}
"""By status and the name of an error, what it says of the call, where that is not what its status usually says."""

QUOTA_WAIT = timedelta(minutes=10)
_QUOTAS = frozenset({"daily_quota_exceeded", "monthly_quota_exceeded"})
_ABOUT_THE_KEY = re.compile(r"\bAPI key\b", re.IGNORECASE)


class Resend:
    """How Resend is spoken to."""

    def __init__(self, settings: ResendProvider) -> None:
        self.name = "resend"
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
            repeats_for=KEY_LASTS,
        )
        self._address = f"{settings.url or ADDRESS}emails/batch"
        self._headers = {
            "Authorization": f"Bearer {settings.key.get_secret_value()}",
            "Content-Type": "application/json",
        }

    def __repr__(self) -> str:
        return f"Resend({self.name!r})"

    def item(self, message: Message) -> Item:
        """See `Dialect`."""
        letter = message.letter or letter_of(message)
        draft = letter.draft
        mail: dict[str, object] = {
            "from": written(draft.sender),
            "to": [written(letter.recipient)],
            "subject": draft.subject,
            "text": letter.text,
            "headers": letter.all_headers,
        }
        if html := letter.html:
            mail["html"] = html
        if draft.reply_to:
            mail["reply_to"] = [written(draft.reply_to)]
        if message.reference:
            mail["tags"] = [{"name": "ref", "value": message.reference}]
        content = json.dumps(mail, ensure_ascii=False).encode()
        return Item(message, content, len(content) + 1, shared=2)

    def call(self, items: Sequence[Item]) -> Call:
        """See `Dialect`. The key is made of the body: other mails, or a half of these, have another."""
        data = b"[" + b",".join(item.content for item in items) + b"]"
        return Call(self._address, {**self._headers, "Idempotency-Key": sha256(data).hexdigest()}, data)

    def fate(self, answer: Answer) -> Fate:
        """See `Dialect`."""
        if answer.status == 409:
            return FATES.get((409, _error(answer)), Fate.UNKNOWN)
        fate = FATES.get((answer.status, _error(answer)), usual_fate(answer))
        for_everybody = fate is Fate.REFUSED and _ABOUT_THE_KEY.search(self.words(answer))
        return Fate.UNUSABLE if for_everybody else fate

    def verdicts(self, answer: Answer, items: Sequence[Item]) -> Sequence[Verdict]:
        """See `Dialect`. The answer names nobody: the first id is the first mail's."""
        found = at(read_json(answer), ["data"])
        ids = [at(each, ["id"]) for each in found] if isinstance(found, list) else []
        if len(ids) != len(items) or not all(isinstance(each, str) and each for each in ids):
            raise MalformedError(f"the answer ({answer.said}) does not have an id for each of {len(items)} mails")
        return [Verdict(Mark.ACCEPTED, answer.status, "queued", each) for each in ids]

    def words(self, answer: Answer) -> str:
        """See `Dialect`."""
        return told(answer, ["message"], ["name"])

    def wait(self, answer: Answer, now: datetime) -> timedelta | None:
        """See `Dialect`. A used-up quota is not waited for, whatever the header says about the next second."""
        return QUOTA_WAIT if _error(answer) in _QUOTAS else asked_wait(answer.headers, now)


def _error(answer: Answer) -> str:
    """The name of an error, as Resend lists them."""
    try:
        found = at(read_json(answer), ["name"])
    except MalformedError:
        return ""
    return found if isinstance(found, str) else ""
