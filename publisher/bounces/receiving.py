"""Events as they may be kept: no address of a person, nothing that a database refuses, nothing without end. Pure.

In place of the recipient stands the keyed hash of the address (`subscribers.hashing`): by it an event is compared
with its delivery, and found when somebody is erased.
"""

from __future__ import annotations

import hmac
import json
import re
from dataclasses import replace
from urllib.parse import quote

from publisher.bounces import leaving
from publisher.errors import SubscriberError, visible
from publisher.feedback import Feedback, FeedbackKind
from publisher.mailings.outcomes import redact
from subscribers.addresses import normalise
from subscribers.hashing import keyed

LONGEST_RAW = 16_000
LONGEST_TYPE = 64
"""Characters that are kept."""

MAIL = "mail"
"""The source of what was read in returned mail; no provider is called so."""

NO_REFERENCE = "-"
"""In place of a reference that is none of ours, whatever it was."""

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_.:/+-]{1,128}")
_KEY_PURPOSE = b"publisher: ids of events\0"
_TOKEN = re.compile(r"[a-z2-7]{24}")
_LINK_TOKEN = re.compile(r"[A-Za-z0-9_-]{28,200}")
_LINKS = re.compile(r"((?:/|%2F)[uscm](?:/|%2F)|unsubscribe(?:%20|\s+))(?:[\w-]|=\r?\n){20,200}", re.IGNORECASE)
"""Links of our own mails, in those that come back: their tokens are secrets."""

_STATUS = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")
_AT = r"(?:@|%40|=40|\\u0040)"
_ADDRESS = re.compile(
    rf"[^\s<>()\[\],;:\"'=/?&@\\]{{1,128}}{_AT}[^\s<>()\[\],;:\"'@/?&\\]{{1,255}}", re.IGNORECASE
)
"""Its parts have an end, so that a long text without a sign for "at" is read in linear time."""

_WITHOUT_RAW = frozenset(
    {FeedbackKind.ACCEPTED, FeedbackKind.DELIVERED, FeedbackKind.DEFERRED, FeedbackKind.ANSWERED}
)
"""Most of what comes, and all that it says stands in the other columns."""


def discreet(event: Feedback, secret: bytes) -> Feedback:
    """The event as it is stored.

    Args:
        event: as a reader has read it.
        secret: the instance's.
    """
    form = hash_of(event.recipient, secret)
    return replace(
        event,
        key=_key(event.key, secret),
        reference=(_link_token if event.type == leaving.TYPE else _token)(event.reference),
        recipient=form,
        provider_id="",
        code=event.code if event.code is not None and 200 <= event.code <= 599 else None,
        status=event.status if _STATUS.fullmatch(event.status) else "",
        text=visible(redact(event.text, event.recipient)) if event.text else "",
        type=visible(redact(event.type, event.recipient))[:LONGEST_TYPE],
        raw="" if event.kind in _WITHOUT_RAW else _without_addresses(event.raw, event.recipient, form),
    )


def hash_of(recipient: str, secret: bytes) -> str:
    """The keyed hash of an address in any spelling; "" for none."""
    if not recipient.strip():
        return ""
    try:
        _, key = normalise(recipient.strip().strip("<>"))
    except SubscriberError:
        key = recipient.strip().casefold()
    return keyed(secret, key)


def _key(key: str, secret: bytes) -> str:
    """The source's id of an event; where it may hold an address, or is too long, a keyed hash of it."""
    if _PLAIN_KEY.fullmatch(key):
        return key
    return hmac.digest(secret, _KEY_PURPOSE + key.encode("utf-8", "surrogatepass"), "sha256").hex()


def _token(reference: str) -> str:
    """The token in a reference, which may be a whole address (`messages.verp`)."""
    if not reference:
        return ""
    local = reference.rpartition("@")[0] or reference
    token = local.rpartition("+")[2].lower()
    return token if _TOKEN.fullmatch(token) else NO_REFERENCE


def _link_token(reference: str) -> str:
    """The token of a link, which is forgotten when it was acted on."""
    return reference if _LINK_TOKEN.fullmatch(reference) else NO_REFERENCE


def _without_addresses(raw: str, recipient: str, form: str) -> str:
    """What came, with the hash in place of the recipient and a word in place of anybody else."""
    text = visible(raw[:LONGEST_RAW].replace("\r\n", "\n"))
    spelled = {recipient, json.dumps(recipient)[1:-1], quote(recipient), _in_ascii(recipient)} if form else set()
    for each in sorted(spelled, key=len, reverse=True):
        text = re.sub(re.escape(each), form, text, flags=re.IGNORECASE)
    return _ADDRESS.sub("<address>", _LINKS.sub(r"\1-", text))[:LONGEST_RAW]


def _in_ascii(address: str) -> str:
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return address
