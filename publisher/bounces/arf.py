"""Feedback reports of mailbox providers (ARF, RFC 5965): somebody called our mail spam. Pure.

Such a report comes to an address of its own, and providers take the reader's out of it. What is left is the
envelope sender of the mail that it returns, and that holds our token.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from publisher.bounces.mime import Mail, fields
from publisher.feedback import FeedbackKind

TYPE = "text/feedback-report"
"""As `mime` reads `message/...`."""

KINDS: Mapping[str, FeedbackKind] = {
    "abuse": FeedbackKind.COMPLAINED,
    "fraud": FeedbackKind.COMPLAINED,
    "virus": FeedbackKind.COMPLAINED,
    "other": FeedbackKind.COMPLAINED,
}
"""RFC 5965, 7.3. "not-spam" says the opposite, and "auth-failure" (RFC 6591) is about no reader."""

_RETURNED = ("text/rfc822", "text/rfc822-headers", "text/global", "text/global-headers")
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a report says.

    Args:
        kind: COMPLAINED, or UNKNOWN for a type that is about something else.
        type: the report's word, "abuse".
        senders: envelope senders that the mail is said to have had, the most trustworthy first.
        recipient: whom it was sent to; often not said.
        text: who reports, for people.
    """

    kind: FeedbackKind
    type: str
    senders: tuple[str, ...] = field(repr=False)
    recipient: str = field(repr=False)
    text: str


def complaint(mail: Mail) -> Complaint | None:
    """What a feedback report says; None when it is none."""
    part = mail.part(TYPE)
    if part is None:
        return None
    report = fields(part.text)
    kind = report.get("feedback-type", "").lower()[:_LONGEST]
    by = report.get("user-agent", "")[:_LONGEST] or "a mailbox provider"
    return Complaint(
        kind=KINDS.get(kind, FeedbackKind.UNKNOWN),
        type=kind,
        senders=tuple(_senders(mail, report)),
        recipient=report.get("original-rcpt-to", "").strip("<> "),
        text=f"reported as {kind or 'nothing'} by {by}",
    )


def _senders(mail: Mail, report: Mapping[str, str]) -> Iterator[str]:
    returned = mail.part(*_RETURNED)
    headers = fields(returned.text) if returned else {}
    for value in (report.get("original-mail-from", ""), headers.get("return-path", "")):
        if value:
            yield value.strip("<> ")
