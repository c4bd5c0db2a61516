"""Mailgun's webhooks: one event a request, its signature inside the JSON.

Signed are time and token, and not the event (HMAC-SHA256, hex): so the token is the event's key, and whoever uses
one twice says nothing new. Mailgun tries again for 8 hours; a try may carry the first one's time.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from pydantic import SecretStr

from publisher.feedback import BounceClass, Feedback, FeedbackKind, HookRequest
from publisher.providers.hook_reading import (
    Meaning,
    fresh,
    meaning,
    moment,
    number,
    parsed,
    part,
    raw,
    refused,
    reply,
    required,
    smtp_code,
    unreadable,
    within_size,
    word,
    words,
)

LONGEST = timedelta(hours=12)
"""How old what was signed may be."""

EVENTS: Mapping[str, Meaning | None] = {
    "accepted": Meaning(FeedbackKind.ACCEPTED),
    "rejected": Meaning(FeedbackKind.DROPPED),
    "delivered": Meaning(FeedbackKind.DELIVERED),
    "failed/temporary": Meaning(FeedbackKind.DEFERRED),
    "failed/permanent": Meaning(FeedbackKind.BOUNCED),
    "failed/permanent/old": Meaning(FeedbackKind.BOUNCED, BounceClass.SOFT),
    "failed/permanent/espblock": Meaning(FeedbackKind.BOUNCED, BounceClass.BLOCK),
    "failed/permanent/suppress-bounce": Meaning(FeedbackKind.DROPPED, BounceClass.HARD),
    "failed/permanent/suppress-complaint": Meaning(FeedbackKind.DROPPED),
    "failed/permanent/suppress-unsubscribe": Meaning(FeedbackKind.DROPPED),
    "complained": Meaning(FeedbackKind.COMPLAINED),
    "unsubscribed": Meaning(FeedbackKind.UNSUBSCRIBED),
    "opened": None,
    "clicked": None,
}
"""By event, severity and reason."""

_TIME = re.compile(r"[0-9]{1,12}", re.ASCII)
_TOKEN = re.compile(r"[!-~]{20,100}", re.ASCII)
_SIGNATURES = ("signature", "parent-signature")
"""The second is the main account's, where a subaccount has sent."""


class MailgunHook:
    """Reads Mailgun's webhooks.

    Args:
        webhook_key: the account's HTTP webhook signing key.
    """

    def __init__(self, webhook_key: SecretStr) -> None:
        self._key = webhook_key

    def read(self, request: HookRequest, now: datetime) -> Sequence[Feedback]:
        """The event of a request.

        Raises:
            HookRefusedError: as `publisher.feedback.HookReader` says.
        """
        told = parsed(within_size(request.body))
        token, signed_at = self._proven(part(told, "signature"), now)
        event = part(told, "event-data")
        if not isinstance(event, dict):
            raise unreadable("a webhook's request has no event")
        names = _names(event)
        meant = meaning(EVENTS, *names)
        return [] if meant is None else [_feedback(event, token, signed_at, meant, names)]

    def _proven(self, signature: object, now: datetime) -> tuple[str, datetime]:
        """Token and time, when Mailgun has signed them."""
        time, token = word(signature, "timestamp"), word(signature, "token")
        if not (_TIME.fullmatch(time) and _TOKEN.fullmatch(token)):
            raise unreadable("a webhook's request has no signature")
        key = self._key.get_secret_value().encode()
        genuine = hmac.digest(key, f"{time}{token}".encode(), "sha256").hex().encode()
        given = [word(signature, name).encode() for name in _SIGNATURES]
        if not any(hmac.compare_digest(genuine, each) for each in given):
            raise refused("a webhook's request is not signed by Mailgun")
        return token, fresh(moment(time), now, LONGEST)


def _names(event: object) -> list[str]:
    """What Mailgun calls the event, the general name first."""
    names = [required(event, "event"), word(event, "severity"), word(event, "reason")]
    return [name for name in names if name]


def _feedback(event: object, token: str, signed_at: datetime, meant: Meaning, names: Sequence[str]) -> Feedback:
    status = part(event, "delivery-status")
    text = words(status, "message") or words(status, "description") or words(event, "reject", "reason")
    code, enhanced = reply(text)
    given = number(status, "code")
    return Feedback(
        key=token,
        kind=meant.kind,
        at=moment(event, "timestamp") or signed_at,
        reference=word(event, "user-variables", "ref"),
        recipient=word(event, "recipient"),
        provider_id=word(event, "message", "headers", "message-id"),
        code=code if given is None else smtp_code(given),
        status=word(status, "enhanced-code") or enhanced,
        bounce=meant.bounce,
        text=text,
        type="/".join(names),
        raw=raw(event),
    )
