"""Who is written what: from a row of the outbox to a whole mail, or to nothing.

Whom a sign-up names is looked up here and not in the request. An address that must not be mailed gets nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from sqlalchemy import Connection

from publisher.config import Newsletter
from publisher.ledger import Message
from publisher.messages import quoted
from publisher.messages.headers import (
    ascii_domain,
    ascii_url,
    checked_message_id,
    envelope_address,
    mailbox,
    needs_smtputf8,
    split_address,
    unstructured,
)
from publisher.rendering.letters import Letter, LetterKind, letter
from publisher.rendering.look import Look
from subscribers import acts, listing, signup, tokens
from subscribers.acts import Act, Purpose
from subscribers.model import Subscriber
from subscribers.outbox import Notice, NoticeKind
from subscribers.signup import Evidence, Reply
from subscribers.suppression import suppressed_keys

BY_FORM = "sign-up form"
"""The way somebody asked, for the consent log."""

Sign = Callable[[bytes, datetime], bytes]


@dataclass(frozen=True, slots=True)
class Desk:
    """One newsletter, as it writes to people: its settings, its look, and what signs its mail."""

    newsletter: Newsletter
    look: Look
    sign: Sign | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a notice has become: this letter for this person."""

    kind: LetterKind
    subscriber: Subscriber


class Writer:
    """Writes notices.

    Args:
        desks: the newsletters by slug.
        links_url: where dynamic pages live, with a slash at the end.
        secret: the instance's.
    """

    def __init__(self, desks: Callable[[str], Desk | None], links_url: str, secret: bytes) -> None:
        self._desks = desks
        self._links_url = ascii_url(links_url)
        self._secret = secret

    def plan(self, connection: Connection, notice: Notice, now: datetime) -> Plan | None:
        """What is to be written, decided in the caller's writing transaction; None is nothing, for good."""
        if self._desks(notice.newsletter) is None:
            return None
        if suppressed_keys(connection, [notice.email_key], notice.newsletter, self._secret):
            return None
        if notice.kind is NoticeKind.SIGNUP:
            return self._signing_up(connection, notice, now)
        who = None if notice.subscriber_id is None else listing.by_id(connection, notice.subscriber_id)
        return None if who is None else Plan(_LETTERS[notice.kind], who)

    def _signing_up(self, connection: Connection, notice: Notice, now: datetime) -> Plan | None:
        said = notice.facts
        asked = signup.ask(
            connection,
            (notice.email, notice.email_key),
            notice.newsletter,
            said.get("language", ""),
            Evidence(BY_FORM, said.get("text", ""), said.get("network", ""), said.get("source", "")),
            secret=self._secret,
            now=now,
            once=notice.attempts == 0,
        )
        return None if asked is None else Plan(_REPLIES[asked[0]], asked[1])

    def write(self, notice: Notice, plan: Plan, now: datetime) -> Message:
        """The whole mail. Its Message-ID stays when it is tried again; its link begins to count now.

        Raises:
            PublisherError: a template is wrong, or something cannot stand in a mail.
        """
        desk = self._desks(notice.newsletter)
        if desk is None:
            raise LookupError(notice.newsletter)
        who, look = plan.subscriber, desk.look
        written = letter(
            plan.kind,
            look,
            language=who.language or look.language,
            email=notice.email,
            url=self._link(notice, plan, now),
        )
        sender = split_address(desk.newsletter.sender)[1]
        message_id = self._message_id(notice, sender.rpartition("@")[2])
        data = mime(written, desk.newsletter, notice.email, message_id, now)
        return Message(
            delivery_id=notice.id,
            envelope_from=envelope_address(desk.newsletter.bounces_to),
            recipient=envelope_address(notice.email),
            message_id=message_id,
            data=data if desk.sign is None else desk.sign(data, now),
            attempt=notice.attempts + 1,
            proven=not needs_smtputf8(notice.email),
        )

    def _link(self, notice: Notice, plan: Plan, now: datetime) -> str:
        who = plan.subscriber
        if plan.kind is LetterKind.ALREADY:
            return f"{self._links_url}s/{tokens.mint(self._secret, who.id, notice.newsletter, who.link_version)}"
        purpose = _PURPOSES.get(plan.kind)
        if purpose is None:
            return ""
        said = notice.email if purpose is Purpose.MOVE else ""
        token = acts.mint(self._secret, Act(purpose, who.id, notice.newsletter, who.link_version, now, said))
        return f"{self._links_url}{_PAGES[purpose]}/{token}"

    def _message_id(self, notice: Notice, domain: str) -> str:
        said = f"notice/{notice.id}/{notice.created_at.isoformat()}".encode()
        name = hmac.digest(self._secret, said, "sha256").hex()[:40]
        return checked_message_id(f"<notice.{name}@{ascii_domain(domain)}>")


_LETTERS: Mapping[NoticeKind, LetterKind] = {
    NoticeKind.FRESH: LetterKind.FRESH,
    NoticeKind.MOVE: LetterKind.MOVE,
    NoticeKind.MOVED: LetterKind.MOVED,
}
_REPLIES: Mapping[Reply, LetterKind] = {Reply.CONFIRM: LetterKind.CONFIRM, Reply.ALREADY: LetterKind.ALREADY}
_PURPOSES: Mapping[LetterKind, Purpose] = {
    LetterKind.CONFIRM: Purpose.CONFIRM,
    LetterKind.FRESH: Purpose.MANAGE,
    LetterKind.MOVE: Purpose.MOVE,
}
_PAGES: Mapping[Purpose, str] = {Purpose.CONFIRM: "c", Purpose.MANAGE: "m", Purpose.MOVE: "c"}


def mime(written: Letter, newsletter: Newsletter, recipient: str, message_id: str, now: datetime) -> bytes:
    """A whole mail with CRLF line ends, text and HTML. No List-Unsubscribe: it belongs to no list.

    Raises:
        HeaderError: something cannot stand in a header.
    """
    text, html = quoted.literal(written.text), quoted.literal(written.html)
    boundary = f"=_{hashlib.sha256(text + html).hexdigest()[:32]}"
    fields = [mailbox("From", *split_address(newsletter.sender))]
    if newsletter.reply_to:
        fields.append(mailbox("Reply-To", *split_address(newsletter.reply_to)))
    fields += [
        mailbox("To", "", recipient),
        unstructured("Subject", written.subject),
        f"Date: {format_datetime(now.astimezone(UTC))}\r\n".encode(),
        f"Message-ID: {message_id}\r\n".encode(),
        unstructured("Content-Language", written.language),
        b"Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: OOF, AutoReply\r\nMIME-Version: 1.0\r\n",
        f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n'.encode(),
    ]
    parts = [
        b"\r\n--%b\r\nContent-Type: text/%b; charset=utf-8\r\n" % (boundary.encode(), kind)
        + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        + body
        for kind, body in ((b"plain", text), (b"html", html))
    ]
    return b"".join([*fields, *parts, f"\r\n--{boundary}--\r\n".encode()])
