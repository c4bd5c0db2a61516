"""What became of a test mail, in plain lines: which kind of trouble it is, and what to do about it. Pure.

Providers name the same troubles in words of their own; a table knows them. What it does not know stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from publisher.ledger import Mark
from publisher.notices.probing import Told


class Trouble(StrEnum):
    """What keeps a mail from leaving."""

    SANDBOX = "sandbox"
    DOMAIN = "domain"
    KEY = "key"
    THROTTLED = "throttled"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    RECIPIENT = "recipient"
    OTHER = "other"


class Advice(NamedTuple):
    """What a trouble means, and what to do."""

    means: str
    todo: str


ADVICE: Mapping[Trouble, Advice] = {
    Trouble.SANDBOX: Advice(
        "The account is still on trial: it mails addresses that it knows, and nobody else.",
        "Ask the provider to open it for everybody; until then take an address that is verified there.",
    ),
    Trouble.DOMAIN: Advice(
        "The provider does not take mail from the domain in From: it is not verified there.",
        "Add the domain at the provider, publish the records that it shows in the DNS, and try again.",
    ),
    Trouble.KEY: Advice(
        "The provider does not let us in: the key (or user and password) is wrong, ended, or may not send.",
        "Make a new one there, put it where [provider] takes it from, and look at the region, too.",
    ),
    Trouble.THROTTLED: Advice(
        "The provider, or the recipient's server, takes nothing for now: too much, too fast, or a first meeting.",
        "Try again in some minutes; if it is usual, give [provider] a limit such as per_second.",
    ),
    Trouble.TIMEOUT: Advice(
        "No answer came in time, so nobody knows whether the mail was taken: look into the mailbox.",
        "Look at the provider's own log for it before you try again.",
    ),
    Trouble.CONNECTION: Advice(
        "There is no connection: nothing was sent.",
        "Look at host and port (or url), and whether this machine gets out to there.",
    ),
    Trouble.RECIPIENT: Advice(
        "The mail was refused for good; the login was fine. Mostly that is about the recipient.",
        "Read the words above, look at how the address is written, and try another one.",
    ),
    Trouble.OTHER: Advice(
        "The provider did not take it.",
        "Read the words above; `publisher provider test` without --to looks at what can be seen without mailing.",
    ),
}
"""In one line each."""

_KNOWN: Sequence[tuple[Trouble, str]] = (
    (Trouble.CONNECTION, r"cannot be reached|certificate of|no STARTTLS"),
    (
        Trouble.SANDBOX,
        r"sandbox|only send testing emails|authorized recipients|free accounts are for test"
        r"|pending approval|not verified\b.*<recipient>",
    ),
    (
        Trouble.DOMAIN,
        r"not verified|unverified|verified sender identity|sender signature|domain not found|MailFromDomain"
        r"|invalid_from_address|refuses mail from",
    ),
    (
        Trouble.KEY,
        r"refuses the login|no login that fits|\b(401|403)\b|API (key|token)|unauthorized|forbidden"
        r"|InvalidClientTokenId|SignatureDoesNotMatch|UnrecognizedClient|AccessDenied",
    ),
    (Trouble.THROTTLED, r"takes nothing for now|\b429\b|too many|throttl|rate limit|\bquota\b"),
    (Trouble.TIMEOUT, r"no answer|does not answer|in time|may have been taken"),
)
"""What words mean, the first that fits. A sandbox is told before a domain: both say "not verified"."""

_MARKS: Mapping[Mark, Trouble] = {
    Mark.UNCERTAIN: Trouble.TIMEOUT,
    Mark.DEFERRED: Trouble.THROTTLED,
    Mark.FAILED: Trouble.RECIPIENT,
}
"""What a last word means when nothing in it is known."""


def trouble(told: Told) -> Trouble | None:
    """Which it is; None: the mail was accepted."""
    if told.mark is Mark.ACCEPTED:
        return None
    if told.mark is Mark.UNCERTAIN:  # whatever is said beside it, that nobody knows comes first
        return Trouble.TIMEOUT
    if told.wants_rest:
        return Trouble.THROTTLED
    for found, words in _KNOWN:
        if re.search(words, told.text, re.IGNORECASE):
            return found
    return Trouble.OTHER if told.mark is None else _MARKS[told.mark]


def explained(told: Told, name: str, recipient: str) -> Sequence[str]:
    """What to tell, line by line."""
    found = trouble(told)
    if found is None:
        called = f" It calls the mail {told.provider_id}." if told.provider_id else ""
        return (
            f"{name}: accepted.{called}",
            f"  Look into the mailbox of {recipient}, its folder for spam, too: Message-ID {told.message_id}.",
            "  Its source says spf=pass, dkim=pass and dmarc=pass under Authentication-Results when all is well.",
        )
    said = f"{told.code} {told.text}" if told.code and str(told.code) not in told.text else told.text
    means, todo = ADVICE[found]
    return f"{name}: {_HEADS.get(told.mark, 'not sent')}: {said}", f"  {means}", f"  {todo}"


_HEADS: Mapping[Mark | None, str] = {
    Mark.FAILED: "refused",
    Mark.DEFERRED: "not taken for now",
    Mark.UNCERTAIN: "nobody knows",
}
