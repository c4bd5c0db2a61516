"""A mailbox with bounces: each mail is read once it is stored what it says, and none holds up the others."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace

import pytest

from publisher.bounces import mailbox, reading
from publisher.bounces.mailbox import BATCH, Access, MailboxError, collect
from publisher.bounces.mime import LARGEST
from publisher.config import Bounces
from publisher.errors import StorageError
from publisher.feedback import Feedback, FeedbackKind
from tests.fakes.imap import CLOSE, FakeImap
from tests.unit.bounces.mails import NOW, OURS, TOKEN, raw

PASSWORD = "correct horse / battery"
BOUNCE = raw("postfix-unknown")


def access(server: FakeImap, **changes: str) -> Access:
    made = Access("127.0.0.1", server.port, "none", "bounces", PASSWORD)
    return replace(made, **changes)  # type: ignore[arg-type]


def test_new_mails_are_read_stored_and_marked() -> None:
    found: list[Feedback] = []
    with FakeImap([BOUNCE, raw("spam"), raw("leave-by-mail")]) as server:
        server.mails[0].flags.add("\\Answered")
        assert collect(access(server), OURS, found.extend, NOW) == 3
        assert [each.kind for each in found] == [FeedbackKind.BOUNCED, FeedbackKind.UNSUBSCRIBED]
        assert found[0].reference == TOKEN
        assert server.unseen == []
        assert collect(access(server), OURS, found.extend, NOW) == 0
        assert len(server.mails) == 3


@pytest.mark.parametrize("capabilities", ["IMAP4rev1 UIDPLUS AUTH=PLAIN", "IMAP4rev1"])
def test_mails_are_removed_when_that_is_wanted_and_no_others(capabilities: str) -> None:
    with FakeImap([BOUNCE] * (2 * BATCH + 1), capabilities=capabilities) as server:
        server.mails[0].flags.add("\\Seen")
        assert collect(access(server, after="delete"), OURS, lambda _: None, NOW) == 2 * BATCH
        assert [mail.uid for mail in server.mails] == [1]


def test_a_mail_that_could_not_be_stored_is_new_the_next_time() -> None:
    found: list[str] = []

    def take(feedback: Sequence[Feedback]) -> None:
        found.extend(each.key for each in feedback)
        if len(found) == BATCH + 2:
            raise StorageError("the database is locked")

    with FakeImap([raw("qmail")] * BATCH + [BOUNCE] * 3) as server:
        with pytest.raises(StorageError):
            collect(access(server), OURS, take, NOW)
        assert server.unseen == [BATCH + 1, BATCH + 2, BATCH + 3]
        collect(access(server), OURS, take, NOW)
        assert server.unseen == []
    assert len(set(found)) == 2  # the second time they had the same keys


def test_a_mail_that_crashes_our_reading_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def read(data: bytes, *rest: object) -> Sequence[Feedback]:
        if data == b"bad":
            raise ZeroDivisionError("ada@example.net")
        return reading.read(data, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(mailbox, "read", read)
    found: list[Feedback] = []
    with FakeImap([b"bad", BOUNCE]) as server:
        assert collect(access(server), OURS, found.extend, NOW) == 2
        assert server.unseen == []
    assert len(found) == 1
    assert "ZeroDivisionError" in caplog.text
    assert "ada@" not in caplog.text


def test_no_more_than_the_beginning_of_a_mail_is_fetched() -> None:
    found: list[Feedback] = []
    with FakeImap([BOUNCE + b"x" * 3_000_000]) as server:
        collect(access(server), OURS, found.extend, NOW)
        assert [command for command in server.commands if "FETCH" in command] == [
            f"UID FETCH 1 (BODY.PEEK[]<0.{LARGEST}>)"
        ]
    assert found[0].status == "5.1.1"


def test_a_login_takes_any_letters_when_the_server_can() -> None:
    with FakeImap([]) as server:
        collect(access(server, user="üser", password='pä"ss\r\n'), OURS, lambda _: None, NOW)
        sent = base64.b64decode(server.commands[server.commands.index("AUTHENTICATE PLAIN") + 1])
        assert sent.decode() == '\0üser\0pä"ss\r\n'


def test_a_password_is_no_second_command() -> None:
    with FakeImap([], capabilities="IMAP4rev1") as server:
        with pytest.raises(MailboxError):
            collect(access(server, password="x\r\na1 DELETE INBOX"), OURS, lambda _: None, NOW)
        assert not any("DELETE" in command for command in server.commands)


def test_a_folder_may_have_any_name() -> None:
    with FakeImap([]) as server:
        collect(access(server, folder='The "bounces" \\ all'), OURS, lambda _: None, NOW)
        assert 'SELECT "The \\"bounces\\" \\\\ all"' in server.commands


@pytest.mark.parametrize("refused", ["CAPABILITY", "LOGIN", "SELECT", "SEARCH", "FETCH", "STORE"])
@pytest.mark.parametrize("how", ["", f":{CLOSE}"])
def test_whatever_goes_wrong_is_one_line_without_credentials(refused: str, how: str) -> None:
    with FakeImap([BOUNCE], capabilities="IMAP4rev1", refused=refused + how) as server:
        with pytest.raises(MailboxError) as caught:
            collect(access(server), OURS, lambda _: None, NOW)
        assert server.unseen == [1]
    told = f"{caught.value} {caught.value!r}"
    assert not caught.value.permanent
    assert f"the bounce mailbox at 127.0.0.1, port {server.port}" in told
    assert "battery" not in told
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_refused_authentication_shows_no_credentials_either() -> None:
    with (
        FakeImap([BOUNCE], refused="AUTHENTICATE") as server,
        pytest.raises(MailboxError, match="cannot log in to"),
    ):
        collect(access(server), OURS, lambda _: None, NOW)


def test_a_server_that_is_not_there_is_said() -> None:
    with FakeImap([]) as server:
        gone = access(server)
    with pytest.raises(MailboxError, match=r"cannot reach the bounce mailbox at .*: Connection refused"):
        collect(gone, OURS, lambda _: None, NOW)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_no_login_is_tried_without_the_encryption_that_was_asked_for(security: str) -> None:
    with FakeImap([BOUNCE], refused="STARTTLS") as server:
        with pytest.raises(MailboxError, match=r"cannot reach .*(no TLS|the server refuses)"):
            collect(access(server, security=security), OURS, lambda _: None, NOW)
        assert not any("LOGIN" in command or "AUTH" in command for command in server.commands)


def test_what_the_configuration_says_is_where_it_reads() -> None:
    assert Access.of(Bounces()) is None
    made = Access.of(
        Bounces(imap_host="imap.example.org", user="bounces", password="hunter2", after="delete")  # type: ignore[arg-type]
    )
    assert made == Access("imap.example.org", 993, "tls", "bounces", "hunter2", "INBOX", "delete")
    assert "hunter2" not in repr(made)
