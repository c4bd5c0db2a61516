"""SendGrid's signed Event Webhook: many events a request, all signed together (ECDSA P-256, SHA-256, over time and
body). It tries again for 24 hours.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pydantic import SecretStr

from publisher.errors import ConfigError
from publisher.feedback import BounceClass, Feedback, FeedbackKind, HookRequest
from publisher.providers.hook_reading import (
    Meaning,
    fresh,
    meaning,
    moment,
    parsed,
    raw,
    refused,
    reply,
    required,
    unreadable,
    within_size,
    word,
    words,
)

LONGEST = timedelta(hours=25)
"""How old what was signed may be."""

SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"

EVENTS: Mapping[str, Meaning | None] = {
    "processed": Meaning(FeedbackKind.ACCEPTED),
    "deferred": Meaning(FeedbackKind.DEFERRED),
    "delivered": Meaning(FeedbackKind.DELIVERED),
    "bounce": Meaning(FeedbackKind.BOUNCED),
    "bounce/bounce/Invalid Address": Meaning(FeedbackKind.BOUNCED, BounceClass.HARD),
    "bounce/bounce/Mailbox Unavailable": Meaning(FeedbackKind.BOUNCED, BounceClass.SOFT),
    "bounce/bounce/Technical": Meaning(FeedbackKind.BOUNCED, BounceClass.SOFT),
    "bounce/bounce/Technical Failure": Meaning(FeedbackKind.BOUNCED, BounceClass.SOFT),
    "bounce/bounce/Content": Meaning(FeedbackKind.BOUNCED, BounceClass.CONTENT),
    "bounce/bounce/Reputation": Meaning(FeedbackKind.BOUNCED, BounceClass.BLOCK),
    "bounce/bounce/Frequency or Volume Too High": Meaning(FeedbackKind.BOUNCED, BounceClass.THROTTLE),
    # What SendGrid calls blocked was refused for now: it is no word about the mailbox, whatever its class.
    "bounce/blocked": Meaning(FeedbackKind.BOUNCED, BounceClass.BLOCK),
    "bounce/blocked/Mailbox Unavailable": Meaning(FeedbackKind.BOUNCED, BounceClass.SOFT),
    "bounce/blocked/Technical": Meaning(FeedbackKind.BOUNCED, BounceClass.SOFT),
    "bounce/blocked/Technical Failure": Meaning(FeedbackKind.BOUNCED, BounceClass.SOFT),
    "bounce/blocked/Content": Meaning(FeedbackKind.BOUNCED, BounceClass.CONTENT),
    "bounce/blocked/Frequency or Volume Too High": Meaning(FeedbackKind.BOUNCED, BounceClass.THROTTLE),
    "dropped": Meaning(FeedbackKind.DROPPED),
    "dropped/Bounced Address": Meaning(FeedbackKind.DROPPED, BounceClass.HARD),
    "dropped/Invalid": Meaning(FeedbackKind.DROPPED, BounceClass.HARD),
    "spamreport": Meaning(FeedbackKind.COMPLAINED),
    "unsubscribe": Meaning(FeedbackKind.UNSUBSCRIBED),
    "group_unsubscribe": Meaning(FeedbackKind.UNSUBSCRIBED),
    "open": None,
    "click": None,
}
"""By event; of a bounce by type and classification, of what was dropped by reason."""

_TIME = re.compile(r"[0-9]{1,12}", re.ASCII)


class SendgridHook:
    """Reads SendGrid's webhooks.

    Args:
        webhook_key: the verification key: a public key, SubjectPublicKeyInfo in base64.

    Raises:
        ConfigError: it is no such key.
    """

    def __init__(self, webhook_key: SecretStr) -> None:
        self._key = _public_key(webhook_key.get_secret_value())

    def read(self, request: HookRequest, now: datetime) -> Sequence[Feedback]:
        """The events of a request, in its order.

        Raises:
            HookRefusedError: as `publisher.feedback.HookReader` says.
        """
        signed_at = self._proven(request, within_size(request.body), now)
        events = parsed(request.body)
        if not isinstance(events, list):
            raise unreadable("a webhook's request is no list of events")
        read = [_feedback(event, signed_at) for event in events]
        return [feedback for feedback in read if feedback is not None]

    def _proven(self, request: HookRequest, body: bytes, now: datetime) -> datetime:
        """When SendGrid has signed the body."""
        time = request.headers.get(TIMESTAMP, "")
        if not _TIME.fullmatch(time):
            raise unreadable("a webhook's request has no signature")
        try:
            signature = b64decode(request.headers.get(SIGNATURE, ""), validate=True)
            self._key.verify(signature, time.encode() + body, ECDSA(SHA256()))
        except (ValueError, InvalidSignature):
            raise refused("a webhook's request is not signed by SendGrid") from None
        return fresh(moment(time), now, LONGEST)


def _public_key(text: str) -> EllipticCurvePublicKey:
    try:
        key = load_der_public_key(b64decode("".join(text.split()), validate=True))
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, EllipticCurvePublicKey):
        raise ConfigError(
            "the webhook_key of SendGrid is no public key",
            remedy="Copy the verification key that SendGrid shows for the signed Event Webhook",
        )
    return key


def _feedback(event: object, signed_at: datetime) -> Feedback | None:
    text = words(event, "reason") or words(event, "response")
    names = _names(event)
    meant = meaning(EVENTS, *names)
    if meant is None:
        return None
    code, status = reply(text)
    return Feedback(
        key=required(event, "sg_event_id"),
        kind=meant.kind,
        at=moment(event, "timestamp") or signed_at,
        reference=word(event, "ref"),
        recipient=word(event, "email"),
        provider_id=word(event, "sg_message_id"),
        code=code,
        status=word(event, "status") or status,
        bounce=meant.bounce,
        text=text,
        type="/".join(names),
        raw=raw(event),
    )


def _names(event: object) -> list[str]:
    """What SendGrid calls the event, the general name first."""
    name = required(event, "event")
    if name == "bounce":
        more = [word(event, "type"), word(event, "bounce_classification")]
    else:
        more = [word(event, "reason")] if name == "dropped" else []
    return [name, *(each for each in more if each)]
