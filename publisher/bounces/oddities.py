"""Bounces in no standard's form, by flufl.bounce: it knows many servers' ways, and gives addresses alone. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email import message_from_bytes

from flufl.bounce import all_failures

from publisher.bounces.addressed import addresses
from publisher.bounces.classify import reply_in, status_in
from publisher.bounces.mime import FOREIGN_RUBBISH, Mail
from publisher.feedback import FeedbackKind

TYPE = "odd bounce"

_LOOKED_AT = 100_000
"""Octets: its detectors are many, and go over every line."""

_WORDS = 500
_PARAGRAPHS = re.compile(r"\r?\n[ \t]*\r?\n")
_NESTED = re.compile(rb"content-type:\s{0,80}message/", re.I)
_MOST_NESTED = 10
_DAEMONS = re.compile(r"^(?:mailer[-_]?daemon|postmaster|mail[-_ ]?delivery|mdaemon|bounces?)\b", re.I)


@dataclass(frozen=True, slots=True)
class OddBounce:
    """What was found.

    Args:
        kind: BOUNCED, or DEFERRED where the server tries on.
        recipients: whom it is about.
        status: an enhanced code in the words; empty when there is none.
        code: a reply code in them.
        text: the paragraph with an address, or the first one.
    """

    kind: FeedbackKind
    recipients: tuple[str, ...] = field(repr=False)
    status: str
    code: int | None
    text: str = field(repr=False)


def is_of_a_daemon(mail: Mail) -> bool:
    """Whether a mail server wrote it, by its sender or by what Exim says."""
    if mail.header("x-failed-recipients"):
        return True
    return any(_DAEMONS.match(address) for address in addresses(mail, ("from", "sender")))


def odd_bounce(raw: bytes, mail: Mail) -> OddBounce | None:
    """What a mail says that may be a bounce of an odd form; None when nothing in it does."""
    cut = raw[:_LOOKED_AT]
    if len(_NESTED.findall(cut)) > _MOST_NESTED:
        return None
    try:
        temporary, permanent = all_failures(message_from_bytes(cut))
    except FOREIGN_RUBBISH:
        return None
    found = permanent or temporary
    if not found:
        return None
    recipients = tuple(sorted(address.decode("utf-8", "replace") for address in found))
    text = _paragraph(mail.text, recipients)
    return OddBounce(
        kind=FeedbackKind.BOUNCED if permanent else FeedbackKind.DEFERRED,
        recipients=recipients,
        status=status_in(text),
        code=reply_in(text),
        text=text,
    )


def _paragraph(text: str, recipients: tuple[str, ...]) -> str:
    """The words about these recipients, in one line."""
    paragraphs = [" ".join(each.split()) for each in _PARAGRAPHS.split(text)]
    about = [each for each in paragraphs if any(address in each for address in recipients)]
    # A code stands in the paragraph of the address, or in the one after it.
    told = about[0] if about else next(iter(filter(None, paragraphs)), "")
    if about and not (status_in(told) or reply_in(told)):
        following = paragraphs[paragraphs.index(told) + 1 :][:1]
        told = " ".join([told, *following])
    return told[:_WORDS]
