"""What Amazon SNS signs, and whether it did: RSA (PKCS #1 v1.5) over some of a message's fields, SHA-1 in version
1 of its signatures, SHA-256 in version 2. The key is in a certificate that the message names and Amazon hosts.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.x509 import load_pem_x509_certificate

from publisher.errors import PublisherError
from publisher.feedback import HookRefusedError
from publisher.providers.hook_reading import part, refused, unreadable

Fetch = Callable[[str], bytes]
"""From an address at Amazon to what is there. Raises an error of the family."""

_HOST = r"https://sns\.[a-z0-9-]{1,40}\.amazonaws\.com(?:\.cn)?"
_CERTIFICATE = re.compile(_HOST + r"/SimpleNotificationService-[a-z0-9]{1,80}\.pem", re.ASCII)
_CONFIRMATION = re.compile(_HOST + r"/\?[!-~]{1,2000}", re.ASCII)

_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_SUBSCRIPTION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")

SIGNED: Mapping[str, tuple[str, ...]] = {
    "Notification": _NOTIFICATION,
    "SubscriptionConfirmation": _SUBSCRIPTION,
    "UnsubscribeConfirmation": _SUBSCRIPTION,
}
"""The fields that are signed, by a message's type, in the order they are signed in."""

_HASHES: Mapping[str, type[HashAlgorithm]] = {"1": SHA1, "2": SHA256}
_MOST_CERTIFICATES = 8
"""Amazon changes them every few months."""


@dataclass(frozen=True, slots=True)
class _Certificate:
    key: RSAPublicKey
    begins: datetime
    ends: datetime


class Signatures:
    """Tells SNS's messages from others. Certificates are fetched once and kept in memory.

    Args:
        fetch: gets certificates; is asked for nothing but certificates at SNS's own hosts.
    """

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._certificates: OrderedDict[str, _Certificate] = OrderedDict()

    def prove(self, message: object, now: datetime) -> None:
        """Nothing, when SNS has signed the message.

        Raises:
            HookRefusedError: it has not (403), the message has no signature (400), or the certificate cannot be
                had now (503: SNS tries again).
        """
        hashed = _HASHES.get(_field(message, "SignatureVersion"))
        signed = canonical(message)
        address = _field(message, "SigningCertURL")
        if hashed is None or not _CERTIFICATE.fullmatch(address):
            raise refused("a webhook's request is not signed as SNS signs")
        certificate = self._certificate(address)
        if not certificate.begins <= now <= certificate.ends:
            raise refused("a webhook's request is signed with a certificate that is not valid")
        try:
            signature = b64decode(_field(message, "Signature"), validate=True)
            certificate.key.verify(signature, signed, PKCS1v15(), hashed())
        except (ValueError, InvalidSignature):
            raise refused("a webhook's request is not signed by SNS") from None

    def _certificate(self, address: str) -> _Certificate:
        if found := self._certificates.get(address):
            return found
        certificate = self._certificates[address] = _certificate(fetched(self._fetch, address))
        while len(self._certificates) > _MOST_CERTIFICATES:
            self._certificates.popitem(last=False)
        return certificate


def _certificate(pem: bytes) -> _Certificate:
    try:
        read = load_pem_x509_certificate(pem)
        key = read.public_key()
        begins, ends = read.not_valid_before_utc, read.not_valid_after_utc
    except (ValueError, UnsupportedAlgorithm):
        raise refused("a webhook's request is signed with what is no certificate") from None
    if not isinstance(key, RSAPublicKey):
        raise refused("a webhook's request is signed with no RSA certificate")
    return _Certificate(key, begins, ends)


def canonical(message: object) -> bytes:
    """What is signed of a message: each field's name and value on lines of their own, without a missing subject.

    Raises:
        HookRefusedError: it is no message of SNS, or a field is missing (400).
    """
    names = SIGNED.get(_field(message, "Type"))
    if names is None:
        raise unreadable("a webhook's request is no message of SNS")
    lines: list[str] = []
    for name in names:
        value = part(message, name)
        if isinstance(value, str):
            lines += [name, value]
        elif name != "Subject" or value is not None:
            raise unreadable(f"a message of SNS has no {name}")
    try:
        return "".join(f"{line}\n" for line in lines).encode()
    except UnicodeEncodeError:
        raise unreadable("a message of SNS is no text") from None


def confirm(message: object, fetch: Fetch) -> None:
    """Say yes to a subscription that a proven message asks about.

    Raises:
        HookRefusedError: its address is not SNS's (403), or does not answer (503).
    """
    address = _field(message, "SubscribeURL")
    if not _CONFIRMATION.fullmatch(address):
        raise refused("a subscription is to be confirmed elsewhere than at SNS")
    fetched(fetch, address)


def fetched(fetch: Fetch, address: str) -> bytes:
    """What is at an address of Amazon's.

    Raises:
        HookRefusedError: it cannot be had now (503).
    """
    try:
        return fetch(address)
    except PublisherError as error:
        raise HookRefusedError(
            "SNS does not answer", HTTPStatus.SERVICE_UNAVAILABLE, remedy="Check that this machine gets out"
        ) from error


def _field(message: object, name: str) -> str:
    value = part(message, name)
    return value if isinstance(value, str) else ""
