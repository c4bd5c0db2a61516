"""Resend's webhooks: one event a request, signed as Svix does (HMAC-SHA256 over id, time and body).

Each try is signed anew and has the same id, so that five minutes are enough.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from pydantic import SecretBytes, SecretStr

from publisher.errors import ConfigError
from publisher.feedback import BounceClass, Feedback, FeedbackKind, HookRequest
from publisher.providers.hook_bounces import bounce_class, bounces
from publisher.providers.hook_reading import (
    Meaning,
    fresh,
    items,
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

LONGEST = timedelta(minutes=5)
"""How old what was signed may be: what Svix's own libraries allow."""

PREFIX = "whsec_"

EVENTS: Mapping[str, Meaning | None] = {
    "email.sent": Meaning(FeedbackKind.ACCEPTED),
    "email.delivered": Meaning(FeedbackKind.DELIVERED),
    "email.delivery_delayed": Meaning(FeedbackKind.DEFERRED),
    **bounces("email.bounced"),
    "email.complained": Meaning(FeedbackKind.COMPLAINED),
    # Quotas, keys, domains of ours: no reader's fault.
    "email.failed": Meaning(FeedbackKind.BOUNCED, BounceClass.BLOCK),
    "email.suppressed": Meaning(FeedbackKind.DROPPED),
    "email.opened": None,
    "email.clicked": None,
    # None of these is about mail that has left: contacts and domains of the account, mail that it received.
    "email.received": None,
    "contact.created": None,
    "contact.updated": None,
    "contact.deleted": None,
    "domain.created": None,
    "domain.updated": None,
    "domain.deleted": None,
}
"""By type; of a bounce by its type and subtype."""

_ID = re.compile(r"[!-~]{1,200}", re.ASCII)
_TIME = re.compile(r"[0-9]{1,12}", re.ASCII)
_MOST_SIGNATURES = 16
"""There are several while a secret is being replaced."""


class ResendHook:
    """Reads Resend's webhooks.

    Args:
        webhook_key: the webhook's signing secret, `whsec_` and base64.

    Raises:
        ConfigError: it is no such secret.
    """

    def __init__(self, webhook_key: SecretStr) -> None:
        self._key = SecretBytes(_secret(webhook_key.get_secret_value()))

    def read(self, request: HookRequest, now: datetime) -> Sequence[Feedback]:
        """The event of a request; once for each recipient, when the mail had several.

        Raises:
            HookRefusedError: as `publisher.feedback.HookReader` says.
        """
        id_, signed_at = self._proven(request, within_size(request.body), now)
        event = parsed(request.body)
        if not isinstance(event, dict):
            raise unreadable("a webhook's request has no event")
        return _feedback(event, id_, signed_at)

    def _proven(self, request: HookRequest, body: bytes, now: datetime) -> tuple[str, datetime]:
        """Id and time, when Resend has signed them with the body."""
        id_, time = request.headers.get("svix-id", ""), request.headers.get("svix-timestamp", "")
        if not (_ID.fullmatch(id_) and _TIME.fullmatch(time)):
            raise unreadable("a webhook's request has no signature")
        code = hmac.digest(self._key.get_secret_value(), f"{id_}.{time}.".encode() + body, "sha256")
        genuine = b"v1," + b64encode(code)
        given = request.headers.get("svix-signature", "").encode("utf-8", "replace").split()[:_MOST_SIGNATURES]
        if not any(hmac.compare_digest(genuine, each) for each in given):
            raise refused("a webhook's request is not signed by Resend")
        return id_, fresh(moment(time), now, LONGEST)


def _secret(text: str) -> bytes:
    try:
        secret = b64decode(text.removeprefix(PREFIX), validate=True)
    except ValueError:
        secret = b""
    if not secret:
        raise ConfigError(
            "the webhook_key of Resend is no signing secret",
            remedy="Copy the signing secret that Resend shows for the webhook; it begins with whsec_",
        )
    return secret


def _feedback(event: object, id_: str, signed_at: datetime) -> list[Feedback]:
    data = part(event, "data")
    names = _names(event, data)
    meant = meaning(EVENTS, *names)
    if meant is None:
        return []
    text = _said(data)
    code, status = reply(text)
    type_ = "/".join(names)
    to = list(dict.fromkeys(_address(each) for each in items(part(data, "to")))) or [""]
    return [
        Feedback(
            key=id_ if len(to) == 1 else f"{id_}/{mark(recipient)}",
            kind=meant.kind,
            at=moment(event, "created_at") or signed_at,
            reference=_reference(part(data, "tags")),
            recipient=recipient,
            provider_id=word(data, "email_id"),
            code=code,
            status=status,
            bounce=bounce_class(type_, meant, is_told=bool(code or status)),
            text=text,
            type=type_,
            raw=raw(event),
        )
        for recipient in to
    ]


def _names(event: object, data: object) -> list[str]:
    """What Resend calls the event, the general name first."""
    bounce = part(data, "bounce")
    names = [required(event, "type"), word(bounce, "type"), word(bounce, "subType")]
    return [name for name in names if name]


def _said(data: object) -> str:
    """The receiving server's words, else Resend's."""
    return (
        words(data, "bounce", "diagnosticCode", 0)
        or words(data, "bounce", "diagnosticCode")
        or words(data, "bounce", "message")
        or words(data, "failed", "reason")
        or words(data, "suppressed", "message")
    )


def _address(value: object) -> str:
    """The address of "Name <address>"."""
    return word(value).rpartition("<")[2].removesuffix(">")


def _reference(tags: object) -> str:
    """Our reference among the tags: an object in Resend's API description, a list of pairs in its manual."""
    listed = (word(tag, "value") for tag in items(tags) if word(tag, "name") == "ref")
    return word(tags, "ref") or next(listed, "")
