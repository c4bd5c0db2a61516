"""Postmark's webhooks: one event a request, proven by a user and a password (HTTP basic, RFC 7617) over TLS.

Nothing is signed, so a time in it proves nothing, and old ones are not refused. Events have no id: their key is
made of what they say, which stays the same when they are told again.
"""

from __future__ import annotations

import hmac
from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import SecretStr

from publisher.feedback import BounceClass, Feedback, FeedbackKind, HookRequest
from publisher.providers.hook_reading import (
    Meaning,
    mark,
    meaning,
    moment,
    parsed,
    part,
    raw,
    refused,
    reply,
    required,
    unreadable,
    within_size,
    word,
    words,
)

EVENTS: Mapping[str, Meaning | None] = {
    "Delivery": Meaning(FeedbackKind.DELIVERED),
    "Bounce": Meaning(FeedbackKind.BOUNCED),
    "Bounce/HardBounce": Meaning(FeedbackKind.BOUNCED, BounceClass.HARD),
    "Bounce/Transient": Meaning(FeedbackKind.DEFERRED),
    "Bounce/Unsubscribe": Meaning(FeedbackKind.UNSUBSCRIBED),
    "Bounce/Subscribe": Meaning(FeedbackKind.UNKNOWN),
    "Bounce/AutoResponder": Meaning(FeedbackKind.ANSWERED),
    "Bounce/AddressChange": Meaning(FeedbackKind.ANSWERED),
    "Bounce/DnsError": Meaning(FeedbackKind.BOUNCED, BounceClass.SOFT),
    "Bounce/SpamNotification": Meaning(FeedbackKind.BOUNCED, BounceClass.BLOCK),
    "Bounce/OpenRelayTest": Meaning(FeedbackKind.UNKNOWN),
    "Bounce/Unknown": Meaning(FeedbackKind.BOUNCED),
    "Bounce/SoftBounce": Meaning(FeedbackKind.BOUNCED, BounceClass.SOFT),
    "Bounce/VirusNotification": Meaning(FeedbackKind.BOUNCED, BounceClass.CONTENT),
    "Bounce/ChallengeVerification": Meaning(FeedbackKind.ANSWERED),
    "Bounce/BadEmailAddress": Meaning(FeedbackKind.BOUNCED, BounceClass.HARD),
    "Bounce/SpamComplaint": Meaning(FeedbackKind.COMPLAINED),
    "Bounce/ManuallyDeactivated": Meaning(FeedbackKind.DROPPED),
    "Bounce/Unconfirmed": Meaning(FeedbackKind.DROPPED),
    "Bounce/Blocked": Meaning(FeedbackKind.BOUNCED, BounceClass.BLOCK),
    "Bounce/SMTPApiError": Meaning(FeedbackKind.DROPPED),
    "Bounce/InboundError": Meaning(FeedbackKind.UNKNOWN),
    "Bounce/DMARCPolicy": Meaning(FeedbackKind.BOUNCED, BounceClass.BLOCK),
    "Bounce/TemplateRenderingFailed": Meaning(FeedbackKind.DROPPED, BounceClass.CONTENT),
    "SpamComplaint": Meaning(FeedbackKind.COMPLAINED),
    "SubscriptionChange": Meaning(FeedbackKind.UNKNOWN),
    "SubscriptionChange/HardBounce": Meaning(FeedbackKind.BOUNCED, BounceClass.HARD),
    "SubscriptionChange/SpamComplaint": Meaning(FeedbackKind.COMPLAINED),
    # A reader who leaves by Postmark's link or header; everybody else's manual suppression is the newsroom's own.
    "SubscriptionChange/ManualSuppression/Recipient": Meaning(FeedbackKind.UNSUBSCRIBED),
    "Open": None,
    "Click": None,
}
"""By record; of a bounce by type, of a suppression by reason and origin."""

_TIMES = ("DeliveredAt", "BouncedAt", "ChangedAt", "ReceivedAt")


class PostmarkHook:
    """Reads Postmark's webhooks.

    Args:
        webhook_user: of the basic authentication that stands in the webhook's settings at Postmark.
        webhook_password: of it, too.
    """

    def __init__(self, webhook_user: str, webhook_password: SecretStr) -> None:
        self._user = webhook_user
        self._password = webhook_password

    def read(self, request: HookRequest, now: datetime) -> Sequence[Feedback]:
        """The event of a request.

        Raises:
            HookRefusedError: as `publisher.feedback.HookReader` says.
        """
        body = within_size(request.body)
        self._prove(request.headers.get("authorization", ""))
        event = parsed(body)
        if not isinstance(event, dict):
            raise unreadable("a webhook's request has no event")
        feedback = _feedback(event, now)
        return [] if feedback is None else [feedback]

    def _prove(self, authorization: str) -> None:
        scheme, _, credentials = authorization.strip().partition(" ")
        try:
            given = b64decode(credentials.strip(), validate=True)
        except ValueError:
            given = b""
        genuine = f"{self._user}:{self._password.get_secret_value()}".encode()
        if not hmac.compare_digest(genuine, given) or scheme.lower() != "basic":
            raise refused("a webhook's request has not the user and password of Postmark's")


def _feedback(event: object, now: datetime) -> Feedback | None:
    names = _names(event)
    meant = meaning(EVENTS, *names)
    if meant is None:
        return None
    text = words(event, "Details") or words(event, "Description")
    code, status = reply(text)
    recipient = word(event, "Recipient") or word(event, "Email")
    return Feedback(
        key=_key(event, names[0], recipient),
        kind=meant.kind,
        at=next(filter(None, (moment(event, name) for name in _TIMES)), now),
        reference=word(event, "Metadata", "ref"),
        recipient=recipient,
        provider_id=word(event, "MessageID"),
        code=code,
        status=status,
        bounce=meant.bounce,
        text=text,
        type="/".join(names),
        raw=raw(event),
    )


def _names(event: object) -> list[str]:
    """What Postmark calls the event, the general name first."""
    record = required(event, "RecordType")
    if record == "Bounce":
        more = [word(event, "Type")]
    elif record == "SubscriptionChange" and part(event, "SuppressSending") is True:
        more = [word(event, "SuppressionReason"), word(event, "Origin")]
    else:
        more = []
    return [record, *(each for each in more if each)]


def _key(event: object, record: str, recipient: str) -> str:
    """What makes this event another than all others.

    Raises:
        HookRefusedError: it says neither which mail it is about nor whom.
    """
    ids = [word(event, "ID"), word(event, "MessageID"), recipient and mark(recipient)]
    if not any(ids):
        raise unreadable("a webhook's event is about no mail")
    times = [word(event, name) for name in _TIMES]
    return "/".join([record, *ids, *filter(None, times)])
