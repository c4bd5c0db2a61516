"""A finished message in parts: what means something goes along, what means nothing does not."""

from __future__ import annotations

from publisher.ledger import Message
from publisher.providers.mime_letter import letter_of

WRITTEN = (
    b"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s; b=AAAA\r\n"
    b"From: The Daily <daily@example.org>\r\nTo: Desk <desk@example.org>\r\nSubject: A test\r\n"
    b"Message-ID: <1@example.org>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\nHello\r\n"
)


def test_our_signature_does_not_go_along_with_a_mail_that_is_put_together_anew() -> None:
    """It would be of other bytes than those that arrive: a broken signature is worse than none."""
    letter = letter_of(Message(1, "b@example.org", "desk@example.org", "<1@example.org>", WRITTEN))
    assert letter.all_headers == {"Auto-Submitted": "auto-generated", "Message-ID": "<1@example.org>"}
    assert (letter.draft.subject, letter.recipient) == ("A test", ("Desk", "desk@example.org"))
