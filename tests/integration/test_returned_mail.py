"""Mail that a real Postfix returns, or a real Dovecot keeps, is read as what it is: programs of Debian's."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from queue import Queue

import pytest

from publisher.bounces.classify import classify
from publisher.bounces.lmtp import LmtpListener
from publisher.bounces.mailbox import BATCH, Access, MailboxError, collect
from publisher.errors import StorageError
from publisher.feedback import BounceClass, Feedback, FeedbackKind
from publisher.messages import verp
from tests.fakes.dovecot import CERTIFICATE, PASSWORD, USER, Dovecot
from tests.fakes.postfix import ARRIVING, UNKNOWN, Postfix
from tests.unit.bounces.mails import OURS, SECRET, raw

pytestmark = pytest.mark.system

PATIENCE_SECONDS = 60
RETURN_PATH = verp.ReturnPath(SECRET, "bounces@news.example.org")
MAIL = b"From: daily@news.example.org\r\nTo: you\r\nSubject: The harbour opens again\r\n\r\nIt does.\r\n"


class Store:
    """Takes what came back; the first `locked` times it cannot."""

    def __init__(self, locked: int = 0) -> None:
        self.kept: Queue[Feedback] = Queue()
        self.locked = locked

    def __call__(self, feedback: Sequence[Feedback]) -> None:
        if self.locked:
            self.locked -= 1
            raise StorageError("the database is locked")
        for each in feedback:
            self.kept.put(each)

    def next(self) -> Feedback:
        return self.kept.get(timeout=PATIENCE_SECONDS)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def postfix(store: Store) -> Iterator[Postfix]:
    """A Postfix whose bounces come to the store."""
    with LmtpListener(OURS, store, "127.0.0.1", 0) as listener, Postfix(listener.port) as running:
        yield running


def mailed(postfix: Postfix, delivery: int, recipient: str, *options: str) -> None:
    """A mail as our provider sends it: with an envelope sender of its own."""
    with smtplib.SMTP("127.0.0.1", postfix.port, timeout=PATIENCE_SECONDS) as client:
        client.sendmail(RETURN_PATH.of(delivery, recipient), [recipient], MAIL, rcpt_options=options)


def test_what_a_postfix_returns_is_one_hard_bounce_of_the_right_delivery(postfix: Postfix, store: Store) -> None:
    begun = datetime.now(UTC).replace(microsecond=0)
    recipient = f"no-such-reader@{UNKNOWN}"
    mailed(postfix, 7, f"somebody@{ARRIVING}")
    mailed(postfix, 8, recipient)
    found = store.next()
    assert (found.kind, classify(found)) == (FeedbackKind.BOUNCED, BounceClass.HARD)
    assert verp.read(SECRET, found.reference, {7: f"somebody@{ARRIVING}", 8: recipient}.get) == 8
    assert (found.recipient, found.status, found.type) == (recipient, "5.1.1", "failed")
    assert "unknown user" in found.text
    assert begun <= found.at <= datetime.now(UTC)
    mailed(postfix, 9, f"no-such-other@{UNKNOWN}")
    assert (
        verp.read(SECRET, store.next().reference, {9: f"no-such-other@{UNKNOWN}"}.get) == 9
    )  # and no second one before


def test_a_postfix_keeps_a_bounce_until_it_is_stored(postfix: Postfix, store: Store) -> None:
    store.locked = 1
    mailed(postfix, 8, f"no-such-reader@{UNKNOWN}")
    assert verp.read(SECRET, store.next().reference, {8: f"no-such-reader@{UNKNOWN}"}.get) == 8
    assert store.locked == 0


def test_a_success_that_was_asked_for_is_delivered(postfix: Postfix, store: Store) -> None:
    mailed(postfix, 8, f"somebody@{ARRIVING}", "NOTIFY=SUCCESS")
    found = store.next()
    assert (found.kind, found.recipient) == (FeedbackKind.DELIVERED, f"somebody@{ARRIVING}")
    assert verp.read(SECRET, found.reference, {8: f"somebody@{ARRIVING}"}.get) == 8


# --- a mailbox at a real Dovecot -------------------------------------------------------------------------------


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    """A Dovecot with one mailbox."""
    with Dovecot() as running:
        yield running


def trusting() -> ssl.SSLContext:
    """A client that knows the server's certificate; it is made out for another name."""
    context = ssl.create_default_context(cafile=str(CERTIFICATE))
    context.check_hostname = False
    return context


def access(dovecot: Dovecot, security: str, **changes: str) -> Access:
    port = dovecot.tls_port if security == "tls" else dovecot.port
    made = Access("127.0.0.1", port, "tls", USER, PASSWORD, context=trusting())
    return replace(made, security=security, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_a_mailbox_is_read_once_however_it_is_reached(dovecot: Dovecot, security: str) -> None:
    found: list[Feedback] = []
    dovecot.deliver(raw("postfix-unknown"), raw("spam"), *[raw("qmail")] * BATCH)
    now = datetime.now(UTC)
    assert collect(access(dovecot, security), OURS, found.extend, now) == BATCH + 2
    assert [each.kind for each in found] == [FeedbackKind.BOUNCED] * (BATCH + 1)
    assert (dovecot.new, dovecot.kept) == (0, BATCH + 2)
    assert collect(access(dovecot, security), OURS, found.extend, now) == 0


def test_a_mailbox_is_emptied_of_what_was_read(dovecot: Dovecot) -> None:
    dovecot.deliver(raw("postfix-unknown"), raw("spam"))
    store = Store(locked=1)
    with pytest.raises(StorageError):
        collect(access(dovecot, "tls", after="delete"), OURS, store, datetime.now(UTC))
    assert dovecot.kept == 2
    collect(access(dovecot, "tls", after="delete"), OURS, store, datetime.now(UTC))
    assert dovecot.kept == 0
    assert store.next().kind is FeedbackKind.BOUNCED


@pytest.mark.parametrize(
    ("changes", "doing"),
    [({"password": "wrong"}, "log in to"), ({"folder": "Absent"}, 'open the folder "Absent" of')],
)
def test_what_a_server_refuses_is_said_without_credentials(
    dovecot: Dovecot, changes: dict[str, str], doing: str
) -> None:
    with pytest.raises(MailboxError, match=f"cannot {doing} the bounce mailbox") as caught:
        collect(access(dovecot, "tls", **changes), OURS, Store(), datetime.now(UTC))
    assert PASSWORD not in str(caught.value)


def test_a_certificate_that_nobody_knows_ends_it_before_the_login(dovecot: Dovecot) -> None:
    unknown = replace(access(dovecot, "tls"), context=None)
    with pytest.raises(MailboxError, match="its certificate is not trusted: self-signed certificate"):
        collect(unknown, OURS, Store(), datetime.now(UTC))
