"""Mail handed over by LMTP: taken when it is stored, kept by the mail server when it cannot be."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import pytest

from publisher.bounces.lmtp import LmtpListener
from publisher.errors import StorageError, UsageError
from publisher.feedback import Feedback, FeedbackKind
from tests.unit.bounces.mails import ADA, BOUNCES, LINK, NOW, OURS, TOKEN, raw


class Store:
    """Keeps what it is told, or raises what it is told to."""

    def __init__(self) -> None:
        self.kept: list[Feedback] = []
        self.fault: Exception | None = None

    def __call__(self, feedback: Sequence[Feedback]) -> None:
        if self.fault:
            raise self.fault
        self.kept.extend(feedback)


def clock() -> datetime:
    return NOW


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def listener(store: Store) -> Iterator[LmtpListener]:
    with LmtpListener(OURS, store, "127.0.0.1", 0, now=clock) as listening:
        yield listening


@contextmanager
def client(listener: LmtpListener) -> Iterator[smtplib.LMTP]:
    """A client that has said hello."""
    with smtplib.LMTP("127.0.0.1", listener.port, timeout=30) as connection:
        connection.ehlo_or_helo_if_needed()
        yield connection


def handed(listener: LmtpListener, data: bytes, recipient: str = BOUNCES, sender: str = "") -> None:
    """A mail by LMTP, from nobody as bounces are."""
    with client(listener) as connection:
        connection.sendmail(sender, [recipient], data)


def test_a_bounce_from_nobody_is_taken_and_stored(listener: LmtpListener, store: Store) -> None:
    handed(listener, raw("postfix-unknown"))
    (found,) = store.kept
    assert (found.kind, found.reference, found.recipient) == (FeedbackKind.BOUNCED, TOKEN, ADA)


def test_the_envelope_says_whose_it_is(listener: LmtpListener, store: Store) -> None:
    handed(listener, raw("a-persons-answer").replace(BOUNCES.encode(), b"x@example.com"), BOUNCES.upper())
    handed(listener, raw("leave-by-mail"), "leave@news.example.org", ADA)
    assert [each.reference for each in store.kept] == [TOKEN, LINK]


def test_whatever_letters_and_lines_a_mail_has_it_is_taken(listener: LmtpListener, store: Store) -> None:
    handed(listener, b"To: x\r\n\r\n\xff\x80 " + b"x" * 20_000 + b"\r\n.leading\r\n")
    assert "x" * 10_000 in store.kept[0].raw
    assert store.kept[0].reference == TOKEN


@pytest.mark.parametrize(
    "address", ["nobody@news.example.org", f"bounces+{TOKEN}@example.org", "bounces@evil.example", "postmaster"]
)
def test_mail_for_anybody_else_is_refused(listener: LmtpListener, store: Store, address: str) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        handed(listener, raw("spam"), address)
    assert caught.value.recipients[address][0] == 550
    assert store.kept == []


@pytest.mark.parametrize("fault", [StorageError("the database is locked"), OSError(28, "no space"), KeyError("x")])
def test_what_cannot_be_stored_stays_with_the_mail_server(
    listener: LmtpListener, store: Store, fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    store.fault = fault
    with pytest.raises(smtplib.SMTPDataError) as caught:
        handed(listener, raw("postfix-unknown"))
    assert caught.value.smtp_code == 451
    assert "could not be stored, and will come again" in caplog.text
    assert ADA not in caplog.text
    store.fault = None
    handed(listener, raw("postfix-unknown"))
    assert len(store.kept) == 1


def test_after_a_fault_the_same_connection_goes_on(listener: LmtpListener, store: Store) -> None:
    with client(listener) as connection:
        for fault, code in ((KeyError("x"), 451), (None, 250)):
            store.fault = fault
            assert connection.mail("")[0] == 250
            assert connection.rcpt(BOUNCES)[0] == 250
            assert connection.data(raw("postfix-unknown"))[0] == code
    assert len(store.kept) == 1


def test_recipients_come_one_at_a_time(listener: LmtpListener, store: Store) -> None:
    with client(listener) as connection:
        connection.mail("")
        assert connection.rcpt(BOUNCES)[0] == 250
        assert connection.rcpt("leave@news.example.org")[0] == 452
        assert connection.data(raw("postfix-unknown"))[0] == 250
        connection.mail("")
        assert connection.rcpt("leave@news.example.org")[0] == 250
    assert len(store.kept) == 1


def test_a_mail_that_is_far_too_large_is_refused_and_the_next_is_taken(
    listener: LmtpListener, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("publisher.bounces.lmtp.LARGEST_TAKEN", 10_000)
    with client(listener) as connection:
        with pytest.raises(smtplib.SMTPSenderRefused) as caught:
            connection.sendmail("", [BOUNCES], raw("postfix-unknown") + b"x\r\n" * 10_000)
        assert caught.value.smtp_code == 552
        connection.sendmail("", [BOUNCES], raw("postfix-unknown"))
    assert len(store.kept) == 1


def test_what_is_no_lmtp_is_answered_and_ends_nothing(listener: LmtpListener, store: Store) -> None:
    with (
        socket.create_connection(("127.0.0.1", listener.port), 30) as connection,
        connection.makefile("rb") as lines,
    ):
        assert lines.readline().startswith(b"220 ")
        for line in (b"EHLO x\r\n", b"\xff\xfe\r\n", b"DATA\r\n", b"x" * 100_000 + b"\r\n"):
            connection.sendall(line)
            assert lines.readline()[:1] == b"5"
    handed(listener, raw("qmail"))
    assert len(store.kept) == 1


def test_a_client_that_leaves_in_the_middle_stores_nothing(listener: LmtpListener, store: Store) -> None:
    with client(listener) as connection:
        connection.mail("")
        connection.rcpt(BOUNCES)
        connection.putcmd("data")
        assert connection.getreply()[0] == 354
        connection.send(b"Subject: half a mail\r\n")
        connection.close()
    handed(listener, raw("qmail"))
    assert len(store.kept) == 1


def test_it_stops_while_somebody_is_connected_and_can_be_stopped_twice(store: Store) -> None:
    listener = LmtpListener(OURS, store, "127.0.0.1", 0)
    listener.start()
    assert [listener.running] == [True]
    with socket.create_connection(("127.0.0.1", listener.port), 30) as connection:
        assert connection.recv(4) == b"220 "
        listener.stop()
        assert [listener.running] == [False]
        listener.stop()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", listener.port), 30)


def test_a_port_that_is_taken_is_an_error_at_once(listener: LmtpListener, store: Store) -> None:
    with pytest.raises(UsageError, match=rf"cannot listen at 127\.0\.0\.1, port {listener.port}: "):
        LmtpListener(OURS, store, "127.0.0.1", listener.port).start()


def test_an_address_that_is_none_is_an_error_at_once(store: Store) -> None:
    with pytest.raises(UsageError, match="lmtp_host"):
        LmtpListener(OURS, store, "no.such.host.invalid", 0).start()
