"""Webhook requests as the five providers would send them: invented events, signed with keys made here.

>>> signed("mailgun", event("mailgun", "failed", severity="permanent"))

Each `Kind` knows its provider's form: `event` makes one event, `request` signs it at a time, `reader` trusts the
keys used here, and `stranger` trusts others. A test that wants something odd changes the event, or the request
after signing.
"""

from __future__ import annotations

import hmac
import json
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from publisher.feedback import HookReader, HookRequest
from publisher.providers.hooks import READERS
from publisher.providers.sendgrid_hook import SIGNATURE, TIMESTAMP

NOW = datetime(2026, 3, 9, 7, 0, 12, tzinfo=UTC)
REF = "abcdefghijklmnopqrstuvw2"
RECIPIENT = "reader@example.org"
MAILGUN_KEY = "an-invented-signing-key"
POSTMARK_USER, POSTMARK_PASSWORD = "hooks", "an invented pässword"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail-events"
CERTIFICATE_AT = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123abcd.pem"
CONFIRM_AT = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t0k3n"

ID = "invented-0000000000001"

Event = dict[str, Any]


@dataclass(frozen=True)
class Keys:
    """The settings of one provider, as `publisher.providers.hooks` reads them."""

    kind: str
    name: str
    webhook_key: SecretStr | None = None
    webhook_user: str | None = None
    webhook_password: SecretStr | None = None
    topic: str | None = None


class Kind(ABC):
    """One provider's form of webhooks."""

    kind: str
    signs_time = True
    """Whether a request says when it was signed, so that an old one is refused."""
    delivered: str
    bounced: str
    opened: str

    def event(self, type_: str, **more: Any) -> Event:
        """One event of the provider's name `type_`; `more` is put into the object that is its own."""
        return deepcopy(self._event(type_, **more))

    @abstractmethod
    def _event(self, type_: str, **more: Any) -> Event: ...

    def request(self, event: Any, at: datetime = NOW, id_: str = ID) -> HookRequest:
        """The event in a request, signed at that time. `id_` makes it another one than all others."""
        return self.proven(_bytes(event), at, id_)

    @abstractmethod
    def proven(self, told: bytes, at: datetime = NOW, id_: str = ID) -> HookRequest:
        """A request that is signed as it should be, with any bytes in place of the event."""

    @abstractmethod
    def settings(self, whose: str = "") -> Keys:
        """What trusts the keys that sign here; or, of anybody else, other ones."""

    def reader(self, fetch: Callable[[str], bytes] | None = None) -> HookReader:
        """A reader that trusts the keys that sign here."""
        reader = READERS[self.kind](self.settings(), fetch or amazon)
        assert reader is not None
        return reader

    def stranger(self) -> HookReader:
        """A reader that trusts other keys."""
        reader = READERS[self.kind](self.settings("another"), lambda address: certificate(whose="another"))
        assert reader is not None
        return reader


class _Mailgun(Kind):
    kind = "mailgun"
    delivered, bounced, opened = "delivered", "failed", "opened"

    def _event(self, type_: str, **more: Any) -> Event:
        failed = {"severity": "permanent", "reason": "bounce", "delivery-status": _MAILGUN_STATUS}
        return {
            "event": type_,
            "timestamp": NOW.timestamp() - 3,
            "recipient": RECIPIENT,
            "user-variables": {"ref": REF},
            "message": {"headers": {"message-id": "20260309.1@example.org"}},
            **(failed if type_ == "failed" else {}),
            **more,
        }

    def proven(self, told: bytes, at: datetime = NOW, id_: str = ID) -> HookRequest:
        time, token = str(int(at.timestamp())), f"{id_:0<50}"
        code = hmac.digest(MAILGUN_KEY.encode(), f"{time}{token}".encode(), "sha256").hex()
        signature = _bytes({"timestamp": time, "token": token, "signature": code})
        return _json(b'{"signature":' + signature + b',"event-data":' + told + b"}")

    def settings(self, whose: str = "") -> Keys:
        return Keys("mailgun", "mailgun", webhook_key=SecretStr(MAILGUN_KEY + whose))


_MAILGUN_STATUS = {"code": 550, "message": "5.1.1 no such user", "enhanced-code": "5.1.1"}


class _Sendgrid(Kind):
    kind = "sendgrid"
    delivered, bounced, opened = "delivered", "bounce", "open"

    def _event(self, type_: str, **more: Any) -> Event:
        bounce = {"type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 no such user"}
        return {
            "event": type_,
            "timestamp": int(NOW.timestamp()) - 3,
            "email": RECIPIENT,
            "ref": REF,
            "sg_event_id": _SENDGRID_ID,
            "sg_message_id": "invented-message.1",
            **(bounce if type_ == "bounce" else {}),
            **more,
        }

    def request(self, event: Any, at: datetime = NOW, id_: str = ID) -> HookRequest:
        """One event, or a list of them. A single one gets `id_` as its own."""
        own = isinstance(event, dict) and event.get("sg_event_id") == _SENDGRID_ID
        events = event if isinstance(event, list) else [{**event, "sg_event_id": id_} if own else event]
        return self.proven(_bytes(events), at)

    def proven(self, told: bytes, at: datetime = NOW, id_: str = ID) -> HookRequest:
        request, time = _json(told), str(int(at.timestamp()))
        code = _sendgrid_key("").sign(time.encode() + told, ec.ECDSA(SHA256()))
        return replace(request, headers={**request.headers, SIGNATURE: b64encode(code).decode(), TIMESTAMP: time})

    def settings(self, whose: str = "") -> Keys:
        key = _sendgrid_key(whose).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return Keys("sendgrid", "sendgrid", webhook_key=SecretStr(b64encode(key).decode()))


_SENDGRID_ID = "invented-event-1"


class _Postmark(Kind):
    kind = "postmark"
    signs_time = False
    delivered, bounced, opened = "Delivery", "Bounce", "Open"

    def _event(self, type_: str, **more: Any) -> Event:
        forms: Mapping[str, Event] = {
            "Delivery": {"Recipient": RECIPIENT, "DeliveredAt": _time(), "Details": "smtp;250 2.0.0 OK"},
            "Bounce": {**_POSTMARK_BOUNCE, "Type": "HardBounce", "TypeCode": 1},
            "SpamComplaint": {**_POSTMARK_BOUNCE, "Type": "SpamComplaint", "TypeCode": 512, "Details": ""},
            "SubscriptionChange": {
                "Recipient": RECIPIENT,
                "ChangedAt": _time(),
                "SuppressSending": True,
                "SuppressionReason": "ManualSuppression",
                "Origin": "Recipient",
            },
            "Open": {"Recipient": RECIPIENT, "ReceivedAt": _time()},
        }
        common = {"RecordType": type_, "MessageID": _POSTMARK_ID, "ServerID": 23, "Metadata": {"ref": REF}}
        return {**common, **forms.get(type_, {"Recipient": RECIPIENT}), **more}

    def request(self, event: Any, at: datetime = NOW, id_: str = ID) -> HookRequest:
        own = isinstance(event, dict) and event.get("MessageID") == _POSTMARK_ID
        return self.proven(_bytes({**event, "MessageID": id_} if own else event))

    def proven(self, told: bytes, at: datetime = NOW, id_: str = ID) -> HookRequest:
        request = _json(told)
        login = b64encode(f"{POSTMARK_USER}:{POSTMARK_PASSWORD}".encode()).decode()
        return replace(request, headers={**request.headers, "authorization": f"Basic {login}"})

    def settings(self, whose: str = "") -> Keys:
        password = SecretStr(POSTMARK_PASSWORD + whose)
        return Keys("postmark", "postmark", webhook_user=POSTMARK_USER, webhook_password=password)


_POSTMARK_ID = "invented-message-1"


class _Resend(Kind):
    kind = "resend"
    delivered, bounced, opened = "email.delivered", "email.bounced", "email.opened"

    def _event(self, type_: str, **more: Any) -> Event:
        bounce = {"type": "Permanent", "subType": "NoEmail", "diagnosticCode": ["smtp; 550 5.1.1 no such user"]}
        data = {
            "email_id": "invented-1",
            "created_at": _time(),
            "from": "Daily <daily@example.com>",
            "to": [RECIPIENT],
            "tags": {"ref": REF},
            **({"bounce": {"message": "It bounced", **bounce}} if type_ == "email.bounced" else {}),
            **more,
        }
        return {"type": type_, "created_at": _time(), "data": data}

    def proven(self, told: bytes, at: datetime = NOW, id_: str = ID) -> HookRequest:
        request, time = _json(told), str(int(at.timestamp()))
        code = hmac.digest(_RESEND_SECRET, f"{id_}.{time}.".encode() + told, "sha256")
        signature = f"v1,{b64encode(b'of an older secret').decode()} v1,{b64encode(code).decode()}"
        ours = {"svix-id": id_, "svix-timestamp": time, "svix-signature": signature}
        return replace(request, headers={**request.headers, **ours})

    def settings(self, whose: str = "") -> Keys:
        key = "whsec_" + b64encode(_RESEND_SECRET + whose.encode()).decode()
        return Keys("resend", "resend", webhook_key=SecretStr(key))


_RESEND_SECRET = b"an invented secret of 24"


class _Ses(Kind):
    kind = "ses"
    delivered, bounced, opened = "Delivery", "Bounce", "Open"

    def _event(self, type_: str, **more: Any) -> Event:
        failed = {"emailAddress": RECIPIENT, "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 no such user"}
        delayed = {"emailAddress": RECIPIENT, "status": "4.4.1", "diagnosticCode": "smtp; 421 4.4.1 later"}
        forms: Mapping[str, tuple[str, Event]] = {
            "Send": ("send", {}),
            "Delivery": ("delivery", {"recipients": [RECIPIENT], "smtpResponse": "250 2.0.0 OK"}),
            "Bounce": (
                "bounce",
                {"bounceType": "Permanent", "bounceSubType": "NoEmail", "bouncedRecipients": [failed]},
            ),
            "Complaint": (
                "complaint",
                {"complainedRecipients": [{"emailAddress": RECIPIENT}], "complaintFeedbackType": "abuse"},
            ),
            "Reject": ("reject", {"reason": "Bad content"}),
            "DeliveryDelay": (
                "deliveryDelay",
                {"delayType": "TransientCommunicationFailure", "delayedRecipients": [delayed]},
            ),
            "Rendering Failure": ("failure", {"errorMessage": "no such variable", "templateName": "daily"}),
            "Subscription": ("subscription", {"source": "UnsubscribeHeader"}),
        }
        name, own = forms.get(type_, (type_.lower(), {}))
        timed = {} if name in {"send", "reject", "failure"} else {"timestamp": _time()}
        return {"eventType": type_, "mail": _SES_MAIL, name: {**timed, **own, **more}}

    def proven(self, told: bytes, at: datetime = NOW, id_: str = ID) -> HookRequest:
        return self.message("Notification", at, MessageId=id_, Message=told.decode("utf-8", "replace"))

    def message(self, type_: str, at: datetime = NOW, *, version: str = "2", **more: Any) -> HookRequest:
        """A message of SNS, signed; `more` are its fields."""
        asks = {"Token": "t0k3n", "SubscribeURL": CONFIRM_AT} if type_ != "Notification" else {}
        message = {
            "Type": type_,
            "MessageId": "invented-1",
            "TopicArn": TOPIC,
            "Message": "You have chosen to subscribe",
            "Timestamp": f"{at:%Y-%m-%dT%H:%M:%S.000Z}",
            **asks,
            **more,
        }
        hashed = SHA1() if version == "1" else SHA256()
        lines = [line for name in sorted(message) for line in (name, message[name])]
        code = _sns_key("").sign("".join(f"{line}\n" for line in lines).encode(), PKCS1v15(), hashed)
        proof = {"SignatureVersion": version, "SigningCertURL": CERTIFICATE_AT}
        body = _bytes({**message, **proof, "Signature": b64encode(code).decode()})
        return HookRequest({"content-type": "text/plain; charset=UTF-8"}, body)

    def settings(self, whose: str = "") -> Keys:
        return Keys("ses", "ses", topic=TOPIC)


_SES_MAIL = {
    "timestamp": "2026-03-09T07:00:03.000Z",
    "messageId": "invented-1",
    "destination": [RECIPIENT],
    "tags": {"ref": [REF], "ses:configuration-set": ["daily"]},
}

SES = _Ses()
KINDS: Mapping[str, Kind] = {each.kind: each for each in (_Mailgun(), _Sendgrid(), _Postmark(), _Resend(), SES)}


def event(kind: str, type_: str, **more: Any) -> Event:
    """One event; see `Kind.event`."""
    return KINDS[kind].event(type_, **more)


def signed(kind: str, event: Any, *, at: datetime = NOW, id_: str = ID) -> HookRequest:
    """A request with that event, as its provider would send it at that time."""
    return KINDS[kind].request(event, at, id_)


def amazon(address: str) -> bytes:
    """What is at SNS: the certificate of the key that signs here, and a page that takes confirmations."""
    if address == CERTIFICATE_AT:
        return certificate()
    assert address == CONFIRM_AT, f"nobody may be led to {address}"
    return b"<ConfirmSubscriptionResponse/>"


@cache
def certificate(begins: datetime = NOW - timedelta(days=30), days: int = 365, whose: str = "") -> bytes:
    """A certificate for the key that signs SNS's messages here, or for somebody else's (PEM)."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(_sns_key(whose).public_key())
        .serial_number(1)
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
        .sign(_sns_key(whose), SHA256())
    )
    return made.public_bytes(Encoding.PEM)


_POSTMARK_BOUNCE: Event = {
    "ID": 4323372036854775807,
    "Email": RECIPIENT,
    "BouncedAt": "2026-03-09T02:00:09.1234567-05:00",
    "Description": "The server was unable to deliver your message.",
    "Details": "smtp;550 5.1.1 no such user",
    "Inactive": True,
    "CanActivate": True,
}


def _time() -> str:
    return f"{NOW - timedelta(seconds=3):%Y-%m-%dT%H:%M:%S.000Z}"


def _json(body: bytes) -> HookRequest:
    return HookRequest({"content-type": "application/json"}, body)


def _bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")


@cache
def _sendgrid_key(whose: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def _sns_key(whose: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
