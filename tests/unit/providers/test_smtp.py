"""The SMTP provider against a server that misbehaves at every step: the right word for each recipient."""

from __future__ import annotations

import base64
import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from publisher.config import SmtpProvider
from publisher.errors import ProviderError, StorageError
from publisher.ledger import Mark, Message
from publisher.providers import tcp
from publisher.providers.smtp import Smtp
from publisher.providers.smtp_envelope import wire_body
from publisher.providers.smtp_wire import Wire
from tests.fakes.provider import Recorder
from tests.fakes.smtp import CLOSE, HANG, RESET, STALL, FakeSmtp, Rule, Step

TCP_STATE = struct.Struct("B")
CLOSE_WAIT = 8  # the first byte of struct tcp_info, as linux/tcp_states.h counts


def message(number: int, **changes: Any) -> Message:
    data = f"Message-ID: <{number}@example.org>\r\nSubject: One\r\n\r\nGood morning.\r\n".encode()
    values: dict[str, Any] = {
        "delivery_id": number,
        "envelope_from": "news@example.org",
        "recipient": f"reader{number}@example.org",
        "message_id": f"<{number}@example.org>",
        "data": data,
    }
    return Message(**values | changes)


def never() -> bool:
    return False


@pytest.fixture(autouse=True, params=["in turns", "pipelined"])
def offered(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What servers offer unless a test says otherwise: every promise is kept with PIPELINING and without."""
    features = ["SIZE 1000000", "8BITMIME", *(["PIPELINING"] if request.param == "pipelined" else [])]
    monkeypatch.setattr("tests.fakes.smtp.FEATURES", features)
    return features


def provider_of(port: int, *, patience: float = 5, pause: Any = lambda _: None, **changes: Any) -> Smtp:
    values: dict[str, Any] = {"kind": "smtp", "host": "127.0.0.1", "port": port, "security": "none"}
    values |= {"timeout": "5 s", "connections": 1}
    return Smtp(SmtpProvider(**values | changes), pause=pause, patience=patience)


@contextmanager
def sending(server: FakeSmtp, **changes: Any) -> Iterator[Smtp]:
    provider = provider_of(server.port, **changes)
    try:
        yield provider
    finally:
        provider.close()


def run(
    rules: Sequence[Rule],
    count: int = 3,
    features: Sequence[str] | None = None,
    stop: Callable[[], bool] = never,
    **settings_: Any,
) -> tuple[Recorder, FakeSmtp]:
    """Send `count` messages to a server with these rules."""
    report = Recorder()
    with FakeSmtp(rules, features) as server, sending(server, **settings_) as provider:
        provider.send([message(number) for number in range(1, count + 1)], report, stop)
    return report, server


# --- refusals --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "reply", "marks", "code"),
    [
        (Step.RCPT, "550 5.7.1 not wanted", "f", 550),
        (Step.RCPT, "451 4.7.1 greylisted", "d", 451),
        (Step.DATA, "554 5.5.1 no", "f", 554),
        (Step.DATA, "451 4.3.0 later", "d", 451),
        (Step.DOT, "550 5.7.1 spam", "bf", 550),
        (Step.DOT, "452 4.2.2 full", "bd", 452),
        (Step.BODY, "552 5.3.4 too much", "f", 552),
        (Step.BODY, "451 4.3.0 trouble", "d", 451),
        (Step.DOT, "421 4.3.2 going down", "bd", 421),
    ],
)
def test_a_refusal_concerns_its_recipient_alone_in_the_servers_words(
    step: Step, reply: str, marks: str, code: int
) -> None:
    report, server = run([Rule(step, reply, "reader2", times=1)])
    assert [report.marks(number) for number in (1, 2, 3)] == ["ba", marks, "ba"]
    _, _, found_code, text = report.last(2)
    assert found_code == code
    assert text.removeprefix(f"{code} ") == reply[4:]
    taken = ["reader1@example.org", "reader3@example.org"]
    assert [found for found in server.recipients if "reader2" not in found] == taken


def test_after_a_refused_recipient_the_envelope_is_forgotten() -> None:
    _, server = run([Rule(Step.RCPT, "550 5.1.1 unknown", "reader2")])
    assert server.connections == 1
    at = server.commands.index("RCPT TO:<reader2@example.org>")
    assert "RSET" in server.commands[at + 1 : at + 3]


def test_a_server_that_asks_for_the_body_of_nobodys_mail_gets_none() -> None:
    report = Recorder()
    with FakeSmtp([Rule(Step.RCPT, "550 5.1.1 unknown", "reader2")]) as server, sending(server) as provider:
        server.lenient = True
        provider.send([message(number) for number in (1, 2, 3)], report, never)
    assert [report.marks(number) for number in (1, 2, 3)] == ["ba", "f", "ba"]
    assert server.recipients == ["reader1@example.org", "reader3@example.org"]
    assert server.connections == 1


def test_a_multiline_reply_is_kept_whole() -> None:
    report, _ = run([Rule(Step.RCPT, "550-5.7.1 one\r\n550-5.7.1 two\r\n550 5.7.1 three", "reader1")], count=1)
    assert report.last(1) == (Mark.FAILED, 1, 550, "5.7.1 one 5.7.1 two 5.7.1 three")


def test_a_refused_sender_stops_the_run_instead_of_failing_everybody() -> None:
    report = Recorder()
    with (
        FakeSmtp([Rule(Step.MAIL, "553 5.7.1 sender not owned by user")]) as server,
        sending(server) as provider,
        pytest.raises(ProviderError, match=r"refuses mail from news@example\.org: 553 5\.7\.1") as caught,
    ):
        provider.send([message(1), message(2)], report, never)
    assert caught.value.permanent
    assert report.words == []


def test_a_server_that_takes_nothing_for_now_is_left_after_a_few() -> None:
    report = Recorder()
    with (
        FakeSmtp([Rule(Step.MAIL, "452 4.3.1 no room")]) as server,
        sending(server) as provider,
        pytest.raises(ProviderError, match="in a row"),
    ):
        provider.send([message(number) for number in range(1, 20)], report, never)
    assert [word[:3] for word in report.words] == [(Mark.DEFERRED, number, 452) for number in range(1, 6)]


# --- lost connections ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", [CLOSE, RESET])
@pytest.mark.parametrize("step", [Step.CONNECT, Step.EHLO, Step.MAIL, Step.RCPT, Step.DATA, Step.RSET])
def test_a_connection_lost_before_the_body_costs_nobody_anything(step: Step, act: str) -> None:
    refused = [Rule(Step.RCPT, "550 5.1.1 unknown", "reader1")] if step is Step.RSET else []
    report, server = run([*refused, Rule(step, act, times=1)])
    assert [report.marks(number) for number in (1, 2, 3)] == ["f" if refused else "ba", "ba", "ba"]
    assert len(server.recipients) == len(set(server.recipients))


@pytest.mark.parametrize(("act", "marks"), [(CLOSE, "brba"), (RESET, "ba")])  # a reset takes the 354 with it
def test_lost_before_the_final_dot_is_not_delivered_and_tried_again(act: str, marks: str) -> None:
    report, server = run([Rule(Step.BODY, act, "reader2", times=1)])
    assert report.marks(2) == marks
    assert server.recipients == [f"reader{number}@example.org" for number in (1, 2, 3)]


def test_lost_before_the_final_dot_again_and_again_is_deferred() -> None:
    report, server = run([Rule(Step.BODY, CLOSE, "reader2")])
    assert [report.marks(number) for number in (1, 2, 3)] == ["ba", "brbrbrd", "ba"]
    assert len(server.recipients) == 2


@pytest.mark.parametrize("act", [CLOSE, RESET, "nonsense", "354 go on"])
def test_lost_after_the_final_dot_is_uncertain_and_never_tried_again(act: str) -> None:
    report, server = run([Rule(Step.DOT, act, "reader2")])
    assert [report.marks(number) for number in (1, 2, 3)] == ["ba", "bu", "ba"]
    assert server.recipients == [f"reader{number}@example.org" for number in (1, 2, 3)]


def _closing_under_the_dot(monkeypatch: pytest.MonkeyPatch, server: FakeSmtp) -> None:
    """The server's close arrives here in the moment between the last look at the connection and the first body."""
    say = Wire.say_body
    done: list[bool] = []

    def outrun(self: Wire, body: Sequence[bytes], ahead: bytes = b"") -> int | None:
        if not done:
            done.append(True)
            server.hang_up()
            while (
                TCP_STATE.unpack_from(self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1))[0]
                != CLOSE_WAIT
            ):
                pass
        return say(self, body, ahead)

    monkeypatch.setattr(Wire, "say_body", outrun)


def test_a_dot_that_crosses_the_servers_close_is_proven_undelivered(monkeypatch: pytest.MonkeyPatch) -> None:
    report = Recorder()
    with FakeSmtp() as server, sending(server) as provider:
        _closing_under_the_dot(monkeypatch, server)
        provider.send([message(1)], report, never)
    assert report.marks(1) == "brba"
    assert server.recipients == ["reader1@example.org"]


def test_without_the_kernels_word_a_crossed_dot_is_uncertain(monkeypatch: pytest.MonkeyPatch) -> None:
    report = Recorder()
    monkeypatch.setattr(tcp, "acknowledged", lambda _: None)
    with FakeSmtp() as server, sending(server) as provider:
        _closing_under_the_dot(monkeypatch, server)
        provider.send([message(1)], report, never)
    assert report.marks(1) == "bu"
    assert server.recipients == []


def test_a_long_body_that_a_reset_cuts_off_is_proven_undelivered() -> None:
    report = Recorder()
    long = message(1, data=b"Subject: One\r\n\r\n" + b"All is well, and this goes on and on and on.\r\n" * 400_000)
    with FakeSmtp([Rule(Step.BODY, STALL, times=1)], ["PIPELINING"]) as server, sending(server) as provider:
        provider.send([long, message(2)], report, never)
    assert [report.marks(number) for number in (1, 2)] == ["brba", "ba"]
    assert sorted(server.recipients) == ["reader1@example.org", "reader2@example.org"]


def test_a_server_that_never_answers_the_dot_is_uncertain() -> None:
    report = Recorder()
    with FakeSmtp([Rule(Step.DOT, HANG, times=1)]) as server:
        provider = provider_of(server.port, patience=0.2)
        provider.send([message(1), message(2)], report, never)
        provider.close()
    assert [report.marks(number) for number in (1, 2)] == ["bu", "ba"]


@pytest.mark.parametrize("step", [Step.CONNECT, Step.EHLO, Step.MAIL, Step.RCPT, Step.DATA])
def test_a_server_that_hangs_is_left(step: Step) -> None:
    report, _ = run([Rule(step, HANG, times=1)], count=2, timeout="1 s")
    assert [report.marks(number) for number in (1, 2)] == ["ba", "ba"]


@pytest.mark.parametrize("step", [Step.CONNECT, Step.EHLO, Step.MAIL, Step.RCPT, Step.DATA, Step.RSET])
@pytest.mark.parametrize("act", ["421 4.3.2 closing", "250-not\r\n251 one reply", "what?", "", "999 what"])
def test_nonsense_before_the_body_costs_nobody_anything(step: Step, act: str) -> None:
    if step is Step.RCPT and act.startswith("250-"):
        act = "250-not\r\n550 one reply"
    refused = [Rule(Step.RCPT, "550 5.1.1 unknown", "reader1")] if step is Step.RSET else []
    report, _ = run([*refused, Rule(step, act, times=1)], count=2)
    assert [report.marks(number)[-1] for number in (1, 2)] == ["f" if refused else "a", "a"]
    assert "u" not in report.marks(1) + report.marks(2)


def test_a_reply_out_of_turn_is_not_taken_for_the_next_ones() -> None:
    report, server = run([Rule(Step.DOT, "250 2.0.0 taken\r\n451 4.4.2 idle", "reader1")])
    assert [report.marks(number) for number in (1, 3)] == ["ba", "ba"]
    assert report.marks(2) in ("ba", "d")  # with PIPELINING nobody can tell that it answers nothing
    assert server.connections == 2


def test_a_server_that_closes_again_and_again_is_left_and_says_why() -> None:
    report = Recorder()
    with (
        FakeSmtp([Rule(Step.MAIL, CLOSE)]) as server,
        sending(server) as provider,
        pytest.raises(ProviderError, match="closed the connection"),
    ):
        provider.send([message(number) for number in range(1, 20)], report, never)
    assert len(report.words) == 5


def test_nobody_listening_is_one_error_with_a_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    pauses: list[float] = []
    provider = provider_of(port, pause=pauses.append)
    with pytest.raises(ProviderError, match="cannot be reached") as caught:
        provider.send([message(1)], Recorder(), never)
    assert not caught.value.permanent
    assert sum(pauses) == pytest.approx(6)


# --- several connections ---------------------------------------------------------------------------------------


def test_several_connections_share_the_messages_and_nobody_is_mailed_twice() -> None:
    report, server = run([], count=60, connections=4)
    assert {report.marks(number) for number in range(1, 61)} == {"ba"}
    assert len(server.recipients) == len(set(server.recipients)) == 60
    assert 1 <= server.connections <= 4


def test_a_server_that_allows_one_connection_is_content_with_it() -> None:
    report = Recorder()
    with FakeSmtp() as server, sending(server, connections=4) as provider:
        server.most_connections = 1
        for start in (1, 31):
            provider.send([message(number) for number in range(start, start + 30)], report, never)
        assert server.connections <= 4  # after the first refusal nobody asks for more
    assert {report.marks(number) for number in range(1, 61)} == {"ba"}


def test_an_error_of_the_server_lets_the_other_connections_finish_what_they_began() -> None:
    report = Recorder()
    rules = [Rule(Step.MAIL, "553 5.7.1 not yours", times=1)]
    with FakeSmtp(rules) as server, sending(server, connections=4) as provider, pytest.raises(ProviderError):
        provider.send([message(number) for number in range(1, 41)], report, never)
    marks = [report.marks(number) for number in range(1, 41)]
    assert set(marks) <= {"", "ba"}
    assert len(server.recipients) == marks.count("ba")


def test_a_connection_carries_no_more_than_it_may() -> None:
    report, server = run([], count=7, messages_per_connection=3)
    assert {report.marks(number) for number in range(1, 8)} == {"ba"}
    assert server.connections == 3


def test_a_connection_that_was_idle_is_asked_before_it_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("publisher.providers.smtp.IDLE_SECONDS", 0)
    report = Recorder()
    with FakeSmtp() as server, sending(server) as provider:
        provider.send([message(1)], report, never)
        provider.send([message(2)], report, never)
        server.rules.append(Rule(Step.NOOP, CLOSE))
        provider.send([message(3)], report, never)
    assert [report.marks(number) for number in (1, 2, 3)] == ["ba", "ba", "ba"]
    assert server.commands.count("NOOP") == 2
    assert server.connections == 2


def test_a_connection_closed_between_two_windows_costs_nobody_anything() -> None:
    report = Recorder()
    with FakeSmtp() as server, sending(server) as provider:
        provider.send([message(1)], report, never)
        server.hang_up()
        provider.send([message(2)], report, never)
    assert [report.marks(number) for number in (1, 2)] == ["ba", "ba"]


@pytest.mark.parametrize("fault", ["deaf", "doubled"])
def test_pipelining_that_is_offered_but_broken_is_given_up(fault: str) -> None:
    report = Recorder()
    with FakeSmtp(features=["PIPELINING"]) as server, sending(server, timeout="1 s") as provider:
        server.fault = fault
        provider.send([message(number) for number in range(1, 9)], report, never)
    assert [report.marks(number)[-1] for number in range(1, 9)] == ["a"] * 8
    assert len(server.recipients) == len(set(server.recipients)) == 8


def test_nothing_is_begun_while_the_next_message_is_asked_for() -> None:
    """Asking settles and commits windows: it takes time, and may fail."""

    class Stream:
        def __len__(self) -> int:
            return 2

        def __iter__(self) -> Iterator[Message]:
            yield message(1)
            assert report.marks(1) != "b"
            yield message(2)
            assert "b" not in (report.marks(1), report.marks(2))
            raise StorageError("the database is gone")

    report = Recorder()
    with FakeSmtp() as server, sending(server) as provider, pytest.raises(StorageError):
        provider.send(Stream(), report, never)
    assert report.marks(1) == "ba"
    assert report.marks(2) in ("", "ba")
    assert len(server.recipients) == sum(report.marks(number) == "ba" for number in (1, 2))


# --- stopping --------------------------------------------------------------------------------------------------


def test_stop_while_a_reply_is_awaited_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("publisher.providers.smtp.GRACE_SECONDS", 0.2)
    report = Recorder()
    with FakeSmtp([Rule(Step.DOT, HANG)]) as server:
        provider = provider_of(server.port)
        provider.send([message(1), message(2)], report, lambda: bool(report.words))
        provider.close()
    assert [report.marks(number) for number in (1, 2)] == ["bu", ""]


def test_stop_while_connecting_begins_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    answers = iter([False, True])
    report = Recorder()
    provider = provider_of(port)
    provider.send([message(1)], report, lambda: next(answers, True))
    assert report.words == []


# --- what the server offers ------------------------------------------------------------------------------------


def test_size_and_8bitmime_are_declared_where_they_are_offered() -> None:
    eight_bit = message(1, data="Subject: One\r\n\r\nGrüße\r\n".encode())
    with FakeSmtp() as server, sending(server) as provider:
        provider.send([eight_bit], Recorder(), never)
    assert f"MAIL FROM:<news@example.org> SIZE={len(eight_bit.data)} BODY=8BITMIME" in server.commands


@pytest.mark.parametrize(
    ("changes", "features", "text"),
    [
        ({"data": b"Subject: One\r\n\r\n" + b"x" * 200 + b"\r\n"}, ["SIZE 100"], "too big: 218 bytes"),
        ({"data": "Subject: One\r\n\r\nGrüße\r\n".encode()}, [], "8BITMIME"),
        ({"recipient": "jürgen@example.org"}, [], "SMTPUTF8"),
        ({"recipient": "a@example.org>\r\nRCPT TO:<b@example.org"}, [], "no address may have"),
        ({"data": b"Subject: One\r\n\r\nbare\nline\r\n"}, [], "not CR LF"),
        ({"data": b"Subject: One\r\n\r\n.\n.\r\n"}, [], "not CR LF"),
        ({"data": b"Subject: One\r\n\r\nbare\rreturn\r\n"}, [], "not CR LF"),
    ],
)
def test_what_the_server_cannot_take_fails_alone_and_is_explained(
    changes: dict[str, Any], features: list[str], text: str
) -> None:
    report = Recorder()
    with FakeSmtp(features=features) as server, sending(server) as provider:
        provider.send([message(1, **changes), message(2)], report, never)
    mark, _, code, found = report.last(1)
    assert (mark, code) == (Mark.FAILED, None)
    assert text in found
    assert report.marks(2) == "ba"
    assert server.recipients == ["reader2@example.org"]


def test_smtputf8_is_used_where_it_is_offered() -> None:
    with FakeSmtp(features=["SMTPUTF8", "8BITMIME"]) as server, sending(server) as provider:
        provider.send([message(1, recipient="jürgen@example.org")], Recorder(), never)
    assert "MAIL FROM:<news@example.org> SMTPUTF8" in server.commands
    assert server.recipients == ["jürgen@example.org"]


def test_a_server_without_ehlo_is_greeted_the_old_way() -> None:
    report, server = run([Rule(Step.EHLO, "502 5.5.1 not known")], count=1, helo="mail.example.org")
    assert server.commands[:2] == ["EHLO mail.example.org", "HELO mail.example.org"]
    assert report.marks(1) == "ba"


def test_no_starttls_is_no_mail_in_clear() -> None:
    with (
        FakeSmtp() as server,
        sending(server, security="starttls") as provider,
        pytest.raises(ProviderError, match="offers no STARTTLS") as caught,
    ):
        provider.send([message(1)], Recorder(), never)
    assert caught.value.permanent
    assert server.recipients == []


def test_no_login_offered_is_an_error_and_the_password_stays_here() -> None:
    with (
        FakeSmtp() as server,
        sending(server, user="news", password=SecretStr("hunter2")) as provider,
        pytest.raises(ProviderError, match="offers no login") as caught,
    ):
        provider.send([message(1)], Recorder(), never)
    assert caught.value.permanent
    assert not any("hunter2" in command for command in server.commands)


def test_a_token_is_used_in_place_of_a_password() -> None:
    report = Recorder()
    with (
        FakeSmtp(features=["AUTH PLAIN XOAUTH2"]) as server,
        sending(server, user="news@example.org", token=SecretStr("ya29.abc")) as provider,
    ):
        provider.send([message(1)], report, never)
    said = next(command for command in server.commands if command.startswith("AUTH"))
    mechanism, answer = said.split(" ")[1:]
    assert mechanism == "XOAUTH2"
    assert base64.b64decode(answer) == b"user=news@example.org\x01auth=Bearer ya29.abc\x01\x01"
    assert report.marks(1) == "ba"


def test_a_refused_token_is_told_without_the_token() -> None:
    with (
        FakeSmtp([Rule(Step.AUTH, "334 eyJzdGF0dXMiOiI0MDEifQ==")], ["AUTH XOAUTH2"]) as server,
        sending(server, user="news@example.org", token=SecretStr("ya29.abc")) as provider,
        pytest.raises(ProviderError, match=r"refuses the login of news@example\.org: 535") as caught,
    ):
        provider.send([message(1)], Recorder(), never)
    assert caught.value.permanent
    assert "ya29" not in str(caught.value)
    assert "eWEyOS5" not in str(caught.value)


# --- the wire --------------------------------------------------------------------------------------------------

LINES = st.lists(st.binary(max_size=8).map(lambda line: line.replace(b"\r", b"").replace(b"\n", b"")), max_size=8)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(lines=LINES)
def test_no_body_ends_the_message_early_and_every_one_comes_back(lines: list[bytes]) -> None:
    data = b"".join(line + b"\r\n" for line in lines)
    body = b"".join(wire_body(message(1, data=data)))
    assert (b"\r\n" + body).index(b"\r\n.\r\n") == len(body) - 3  # the dot at the end is the first one
    received = [line[1:] if line.startswith(b".") else line for line in body.split(b"\r\n")[:-2]]
    assert received == lines


@pytest.mark.parametrize("code", ["535", "454"])
@pytest.mark.parametrize("repeated", ["hunter2", "AG5ld3MAaHVudGVyMg==", "AUTH PLAIN AG5ld3MAaHVudGVyMg=="])
def test_a_server_that_repeats_a_password_is_told_without_it(code: str, repeated: str) -> None:
    rules = [Rule(Step.AUTH, f"{code} 5.7.8 wrong: {repeated}")]
    with (
        FakeSmtp(rules, ["AUTH PLAIN"]) as server,
        sending(server, user="news", password=SecretStr("hunter2")) as provider,
        pytest.raises(ProviderError, match=r"wrong: .*<secret>") as caught,
    ):
        provider.send([message(1)], Recorder(), never)
    told = f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"
    assert "hunter2" not in told
    assert "aHVudGVyMg" not in told


@pytest.mark.parametrize(
    "features", [["AUTH PLAIN"], ["AUTH PLAIN", "PIPELINING"]], ids=["in turns", "pipelining"]
)
@pytest.mark.parametrize(
    "rule",
    [
        Rule(Step.RCPT, "550 5.7.1 %s"),
        Rule(Step.RCPT, "451 4.7.1 %s"),
        Rule(Step.DATA, "554 5.7.1 %s"),
        Rule(Step.DOT, "554 5.7.1 %s"),
        Rule(Step.DOT, "250 2.0.0 %s"),
        Rule(Step.DOT, "421 4.3.2 %s"),
        Rule(Step.DOT, "354 %s"),
    ],
    ids=lambda rule: f"{rule.step}-{rule.act[:3]}",
)
def test_a_password_that_is_repeated_at_any_step_reaches_no_report(rule: Rule, features: list[str]) -> None:
    """Reports go to the journal, the ledger and the log."""
    told = ["hunter2", "aHVudGVyMg==", "AG5ld3MAaHVudGVyMg=="]  # as it is, and as LOGIN and PLAIN have it
    said = Rule(rule.step, rule.act % " ".join(told))
    report, _ = run([said], 1, features, user="news", password=SecretStr("hunter2"))
    assert "<secret>" in report.last(1)[3]
    assert [each for each in ("hunter2", "aHVudGVyMg") if each in repr(report.words)] == []
