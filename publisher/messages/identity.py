"""The Message-ID of one subscriber's mail: always the same, and telling strangers nothing."""

from __future__ import annotations

import hmac

from publisher.messages.headers import HeaderError, ascii_domain


def message_id(edition_id: int, subscriber_id: int, secret: bytes, domain: str, again: str = "") -> str:
    """The Message-ID of an edition for a subscriber, in angle brackets (RFC 5322, 3.6.4).

    A resend of the same edition keeps it, so that a receiver that has the mail already can drop the double.

    Args:
        edition_id: the edition.
        subscriber_id: the subscriber; nobody without the secret can tell who it is.
        secret: the instance's.
        domain: the part after the @; the domain of the sender's address.
        again: what makes it another one, for a mail that is meant to arrive a second time.

    Raises:
        HeaderError: the domain is none.
    """
    if not secret:
        raise HeaderError("a Message-ID needs the instance's secret")
    said = f"message-id/{edition_id}/{subscriber_id}/{again}".encode()
    return f"<{hmac.digest(secret, said, 'sha256').hex()[:40]}@{ascii_domain(domain)}>"
