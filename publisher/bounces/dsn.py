"""Delivery status notifications (RFC 3464, and RFC 6533 for addresses beyond ASCII). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from publisher.bounces.classify import reply_in, status_in
from publisher.bounces.mime import Mail, fields
from publisher.feedback import FeedbackKind

TYPES = ("text/delivery-status", "text/global-delivery-status")
"""As `mime` reads `message/...`."""

ACTIONS: Mapping[str, FeedbackKind] = {
    "failed": FeedbackKind.BOUNCED,
    "error": FeedbackKind.BOUNCED,  # OpenSMTPD's word
    "delayed": FeedbackKind.DEFERRED,
    "delivered": FeedbackKind.DELIVERED,
    "relayed": FeedbackKind.DELIVERED,
    "expanded": FeedbackKind.DELIVERED,
}
"""RFC 3464, 2.3.3: only a failure is a bounce."""

_MOST_GROUPS = 100
_WORDS = 1000
_GROUPS = re.compile(r"\r?\n[ \t]*\r?\n")
_ESCAPED = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
_STATUS = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")
_GENERAL = re.compile(r"[245]\.0\.0")


@dataclass(frozen=True, slots=True)
class Group:
    """What is said about one recipient.

    Args:
        kind: see ACTIONS.
        recipients: the address that was mailed and the one it ended at, as far as they are said.
        status: the enhanced code; empty when there is none.
        code: the reply code.
        text: the server's words.
        action: the report's own word for it.
    """

    kind: FeedbackKind
    recipients: tuple[str, ...] = field(repr=False)
    status: str
    code: int | None
    text: str = field(repr=False)
    action: str


def groups(mail: Mail) -> tuple[Group, ...]:
    """What a report says, recipient by recipient; nothing when it is none."""
    part = mail.part(*TYPES)
    if part is None:
        return ()
    blocks = [fields(block) for block in _GROUPS.split(part.text)[:_MOST_GROUPS]]
    return tuple(_group(block) for block in blocks if "action" in block or "final-recipient" in block)


def _group(block: Mapping[str, str]) -> Group:
    action = (block.get("action", "").lower().split() or [""])[0]
    text = _typed(block.get("diagnostic-code", ""))[:_WORDS]
    named = (_address(block.get(name, "")) for name in ("original-recipient", "final-recipient"))
    return Group(
        kind=ACTIONS.get(action, FeedbackKind.UNKNOWN),
        recipients=tuple(dict.fromkeys(filter(None, named))),
        status=_status(block.get("status", ""), text),
        code=reply_in(text),
        text=text,
        action=action,
    )


def _status(said: str, text: str) -> str:
    """The report's status; the one in the server's words where that says no more than "failed"."""
    found = _STATUS.match(said.strip())
    own = found[0] if found else ""
    return own if own and not _GENERAL.fullmatch(own) else status_in(text) or own


def _typed(value: str) -> str:
    """`rfc822; somebody` or `smtp; 550 no` without its type."""
    kind, semicolon, rest = value.partition(";")
    return rest.strip() if semicolon and kind.strip().replace("-", "").isalnum() else value.strip()


def _address(value: str) -> str:
    """A recipient, with what RFC 6533 (3) escapes as it was."""
    bare = _typed(value).strip("<> ")
    return _ESCAPED.sub(lambda found: _letter(int(found[1], 16)), bare) if "@" in bare else ""


def _letter(number: int) -> str:
    return chr(number) if number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF else "\ufffd"
