"""How alerts are written: a line for people, a mail of plain text, JSON for a webhook."""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from publisher.messages import quoted
from publisher.messages.headers import checked_message_id, mailbox, split_address, unstructured
from publisher.notices.kinds import WORDS, Alert
from publisher.notices.planning import Telling

SHOWN = 100
"""Alerts that a summary names; of more, only how many."""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who writes: `site` is the instance's title, `url` its address, `sender` as the configuration writes it."""

    site: str
    url: str
    sender: str


@dataclass(frozen=True, slots=True)
class Notice:
    """One message: what it is known by, its subject in one line, and what it tells.

    `answers` is the name of the message that it continues, or nothing.
    """

    name: str
    subject: str
    tellings: tuple[Telling, ...]
    answers: str = ""


def notice(tellings: tuple[Telling, ...], carrier: str, secret: bytes) -> Notice:
    """The message that tells these. The same tellings give the same name: a double can be dropped by it."""
    said = ",".join(f"{each.id}{'-over' if each.over else ''}" for each in tellings)
    name = hmac.digest(secret, f"alert/{carrier}/{said}".encode(), "sha256").hex()[:40]
    if len(tellings) == 1:
        return Notice(name, headline(tellings[0].alert), tellings, tellings[0].told_in)
    over = sum(each.over for each in tellings)
    parts = [f"{len(tellings) - over} began"] * (over < len(tellings)) + [f"{over} are over"] * (over > 0)
    return Notice(name, f"{len(tellings)} more alerts: {', '.join(parts)}", tellings)


def headline(alert: Alert) -> str:
    """`Held by preflight: daily/x`, or `Over: daily/x: no longer held by preflight`."""
    words = WORDS[alert.kind]
    return f"Over: {alert.subject}: {words.over}" if alert.over_at else f"{words.title}: {alert.subject}"


def line(alert: Alert) -> str:
    """What it is, and what to do, in one line."""
    if alert.over_at is None:
        return f"{alert.text}. {alert.remedy}"
    return f"{headline(alert)} (since {_moment(alert.began_at)}: {alert.text})"


def body(notice: Notice, letterhead: Letterhead) -> str:
    """The text of a mail."""
    if len(notice.tellings) == 1:
        paragraphs = _paragraphs(notice.tellings[0].alert)
    else:
        shown = [f"- {line(each.alert)}" for each in notice.tellings[:SHOWN]]
        more = len(notice.tellings) - SHOWN
        paragraphs = ["\n".join(shown), *([f"… and {more} more"] if more > 0 else [])]
    return "\n\n".join([*paragraphs, f"-- \n{letterhead.site}, {letterhead.url}"]) + "\n"


def _paragraphs(alert: Alert) -> Sequence[str]:
    if alert.over_at is None:
        since = f"Since {_moment(alert.began_at)}. You are told once, and once more when it is over."
        return f"{alert.text}.", f"What to do: {alert.remedy}.", since
    span = f"From {_moment(alert.began_at)} to {_moment(alert.over_at)}."
    return f"{headline(alert)}.", f"It was: {alert.text}.", span


def mail(notice: Notice, recipient: str, letterhead: Letterhead, domain: str, now: datetime) -> bytes:
    """A whole mail with CRLF line ends (RFC 5322, RFC 3834), in ASCII but for an international address.

    Raises:
        HeaderError: an address cannot stand in a header.
    """
    name, address = split_address(letterhead.sender)
    fields = [
        mailbox("From", name, address),
        mailbox("To", "", recipient),
        unstructured("Subject", f"[{letterhead.site}] {notice.subject}"),
        f"Date: {format_datetime(now.astimezone(UTC))}\r\n".encode(),
        f"Message-ID: {message_id(notice.name, domain)}\r\n".encode(),
    ]
    if notice.answers:
        before = message_id(notice.answers, domain)
        fields.append(f"In-Reply-To: {before}\r\nReferences: {before}\r\n".encode())
    fields.append(
        b"Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    return b"".join([*fields, quoted.literal(body(notice, letterhead))])


def message_id(name: str, domain: str) -> str:
    """The Message-ID of a message of this name."""
    return checked_message_id(f"<alert.{name}@{domain}>")


def document(notice: Notice, letterhead: Letterhead) -> bytes:
    """JSON for a webhook. `text` alone says everything: chat services show it as it is."""
    lines = [line(each.alert) for each in notice.tellings[:SHOWN]]
    text = lines[0] if len(notice.tellings) == 1 else "\n".join([f"{notice.subject}:", *lines])
    said = {
        "id": notice.name,
        "text": f"[{letterhead.site}] {text}",
        "site": letterhead.site,
        "url": letterhead.url,
        "alerts": [_facts(each.alert) for each in notice.tellings[:SHOWN]],
    }
    return json.dumps(said, ensure_ascii=False).encode()


def _facts(alert: Alert) -> dict[str, object]:
    return {
        "alert": alert.id,
        "kind": alert.kind,
        "state": "over" if alert.over_at else "begun",
        "subject": alert.subject,
        "text": alert.text,
        "remedy": alert.remedy,
        "began_at": alert.began_at.isoformat(),
        "over_at": alert.over_at.isoformat() if alert.over_at else None,
    }


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
