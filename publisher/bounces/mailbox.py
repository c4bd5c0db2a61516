"""A mailbox that bounces are collected in, read by IMAP (RFC 3501) a few mails at a time.

A mail is marked, or removed, when what it says is stored, and not before: what is lost in between comes again,
with the same key.
"""

from __future__ import annotations

import imaplib
import logging
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from publisher.bounces.addressed import Ours
from publisher.bounces.mime import LARGEST
from publisher.bounces.reading import Take, read
from publisher.config import Bounces
from publisher.errors import PublisherError
from publisher.feedback import Feedback

BATCH = 20
"""Mails that are fetched, stored and marked at a time."""

TIMEOUT_SECONDS = 60
_log = logging.getLogger("publisher.bounces")

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")

_READ = "read"


class MailboxError(PublisherError):
    """The bounce mailbox cannot be read for now."""

    permanent_by_default = False


@dataclass(frozen=True, slots=True)
class Access:
    """Where a mailbox is, and how it is opened.

    Args:
        host: the server's name.
        port: its port.
        security: "tls", "starttls" or "none".
        user: the login.
        password: its password.
        folder: which folder is read.
        after: what becomes of a mail that was read: "seen" or "delete".
        context: for TLS; None: certificates are checked as usual.
    """

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    user: str
    password: str
    folder: str = "INBOX"
    after: Literal["seen", "delete"] = "seen"
    context: ssl.SSLContext | None = None

    def __repr__(self) -> str:
        return f"Access({self.host!r}, {self.port}, {self.folder!r})"

    @classmethod
    def of(cls, settings: Bounces) -> Access | None:
        """What `[bounces]` says; None when no mailbox is read."""
        if settings.imap_host is None:
            return None
        return cls(
            host=settings.imap_host,
            port=settings.imap_port,
            security=settings.imap_security,
            user=settings.user or "",
            password=settings.password.get_secret_value() if settings.password else "",
            folder=settings.folder,
            after=settings.after,
        )


def collect(access: Access, ours: Ours, take: Take, now: datetime) -> int:
    """Read what is new; gives how many mails that was.

    A mail that cannot be read is marked like the others, and said in the log: it never holds up those behind it.

    Args:
        access: the mailbox.
        ours: the addresses that are ours.
        take: stores what a mail says; what it raises ends the round, and the mail stays new.
        now: of this round; aware.

    Raises:
        MailboxError: the server is not reached, refuses the login, or breaks off; it holds no credentials.
    """
    with _session(access) as client:
        with _told(access, _READ):
            uids = _done(client.uid("SEARCH", "UNSEEN"))[0].split()
        for start in range(0, len(uids), BATCH):
            batch = uids[start : start + BATCH]
            with _told(access, _READ):
                mails = list(_fetched(client, batch))
            for raw in mails:
                take(_read(raw, ours, now))
            with _told(access, "mark what was read"):
                _mark(client, batch, access.after)
        return len(uids)


def _read(raw: bytes, ours: Ours, now: datetime) -> Sequence[Feedback]:
    try:
        return read(raw, ours, now)
    except Exception as error:  # noqa: BLE001 - a fault of ours: it is said, and the mails behind it are read
        _log.error("a mail in the bounce mailbox cannot be read: %s", type(error).__name__)
        return ()


def _fetched(client: imaplib.IMAP4, uids: Sequence[bytes]) -> Iterator[bytes]:
    """The beginnings of some mails; one that is gone meanwhile is left out. PEEK: fetching does not mark them."""
    answer = client.uid("FETCH", b",".join(uids).decode("ascii"), f"(BODY.PEEK[]<0.{LARGEST}>)")
    for each in _done(answer):
        if isinstance(each, tuple):
            yield bytes(each[1])


def _mark(client: imaplib.IMAP4, uids: Sequence[bytes], after: str) -> None:
    which = b",".join(uids).decode("ascii")
    if after == "delete":
        _done(client.uid("STORE", which, "+FLAGS.SILENT", r"(\Seen \Deleted)"))
        # With UIDPLUS (RFC 4315) only ours go, and nothing that another program has marked.
        if "UIDPLUS" in client.capabilities:
            _done(client.uid("EXPUNGE", which))
        else:
            _done(client.expunge())
    else:
        _done(client.uid("STORE", which, "+FLAGS.SILENT", r"(\Seen)"))


@contextmanager
def _session(access: Access) -> Iterator[imaplib.IMAP4]:
    """A client that is in the folder."""
    with _told(access, "reach"):
        client = _connected(access)
    try:
        with _told(access, "log in to"):
            _login(client, access)
        with _told(access, f'open the folder "{access.folder}" of'):
            _done(client.select(_quoted(access.folder)))
        yield client
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            client.logout()
        with suppress(OSError):
            client.shutdown()  # when the server did not hear the goodbye; a second time does nothing


@contextmanager
def _told(access: Access, doing: str) -> Iterator[None]:
    """Whatever the connection raises is a MailboxError, without the server's words: they may repeat ours."""
    try:
        yield
    except (OSError, imaplib.IMAP4.error) as error:
        raise MailboxError(
            f"cannot {doing} the bounce mailbox at {access.host}, port {access.port}: {_reason(error)}",
            remedy="Look at [bounces] in config.toml; it is tried again",
        ) from None


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return "no TLS is spoken there"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return getattr(error, "strerror", None) or "the server refuses, or breaks off"


def _connected(access: Access) -> imaplib.IMAP4:
    context = access.context or ssl.create_default_context()
    if access.security == "tls":
        return imaplib.IMAP4_SSL(access.host, access.port, ssl_context=context, timeout=TIMEOUT_SECONDS)
    client = imaplib.IMAP4(access.host, access.port, timeout=TIMEOUT_SECONDS)
    if access.security == "starttls":
        try:
            client.starttls(context)
        except (OSError, imaplib.IMAP4.error):
            client.shutdown()
            raise
    return client


def _login(client: imaplib.IMAP4, access: Access) -> None:
    """AUTHENTICATE PLAIN (RFC 4616) takes any letters; LOGIN, for servers without it, ASCII in one line."""
    user, password = access.user, access.password
    if "AUTH=PLAIN" in client.capabilities:
        client.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
        return
    if not f"{user}{password}".isascii() or _UNPRINTABLE.search(f"{user}{password}"):
        raise imaplib.IMAP4.error
    client.login(user, password)


def _quoted(folder: str) -> str:
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _done(answer: tuple[str, list[Any]]) -> list[Any]:
    """What a command gave.

    Raises:
        imaplib.IMAP4.error: the server refused it.
    """
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error
    return data
