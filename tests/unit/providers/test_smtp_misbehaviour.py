"""A mail server that misbehaves, at each step of the dialogue in each way: what each recipient is told to be.

Whatever it does, three things hold: the mail that comes after still goes, nobody is mailed twice, nothing waits
for ever. Nothing here is timed: while the server owes a reply that will not come, the client's clock runs fast.
"""

from __future__ import annotations

import faulthandler
import shutil
import ssl
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, select

from publisher.config import SmtpProvider
from publisher.errors import LedgerError, ProviderError
from publisher.ledger import MailingState, Message
from publisher.mailings.outcomes import RetryPolicy
from publisher.mailings.rescue import Rescuer
from publisher.mailings.sending import SenderParts, run_sender
from publisher.providers import smtp
from publisher.providers.smtp import Smtp
from publisher.providers.smtp_replies import ReplyReader
from publisher.providers.smtp_wire import Wire
from publisher.storage.database import Database
from publisher.storage.ledger import LedgerStore
from publisher.storage.tables import batches, deliveries, editions, mailings, senders
from tests.fakes.mailing import PlainComposer, add_mailing, mailing_state, plan, planned, states
from tests.fakes.provider import Recorder
from tests.fakes.smtp import (
    CLOSE,
    DRIP,
    ENDLESS,
    HALF,
    HANG,
    RESET,
    SWALLOW,
    TRICKLE,
    TWICE,
    FakeSmtp,
    Rule,
    Step,
)

SLOW_ON_POSTGRES = True

MINUTE = 60.0
LONGEST_SECONDS = 60
"""What a conversation may take at most; it takes far less than one."""

FAST = 20.0
"""Seconds that pass for the client each time it looks at the clock, while the server owes it a reply."""

MOST_LOOKS = 10
"""How often that happens for one silence: the server may not have noticed yet that the client has left."""


class FastLoop(uvloop.Loop):
    """A loop whose clock runs fast while the server is silent."""

    def __init__(self, server: FakeSmtp) -> None:
        super().__init__()
        self._server = server
        self._ahead = 0.0
        self._silence = self._looks = 0

    def time(self) -> float:
        if self._server.fallen_silent != self._silence:
            self._silence, self._looks = self._server.fallen_silent, 0
        if self._server.silent and self._looks < MOST_LOOKS:
            self._looks += 1
            self._ahead += FAST
        return float(super().time()) + self._ahead


@contextmanager
def no_longer_than(seconds: float) -> Iterator[None]:
    """What hangs ends the test's process and shows where, whatever an event loop does with exceptions."""
    faulthandler.dump_traceback_later(seconds, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks at deadlines often."""
    monkeypatch.setattr(smtp, "POLL_SECONDS", 0.005)
    monkeypatch.setattr(smtp, "QUIT_SECONDS", 0.05)


def settings_of(server: FakeSmtp, **changes: Any) -> SmtpProvider:
    values: dict[str, Any] = {"kind": "smtp", "host": "127.0.0.1", "port": server.port, "security": "none"}
    return SmtpProvider(**values | {"timeout": "60 s", "connections": 1} | changes)


@contextmanager
def client_of(server: FakeSmtp, **changes: Any) -> Iterator[Smtp]:
    """A provider with one connection, whose clock follows the server's moods."""
    provider = Smtp(settings_of(server, **changes), pause=lambda _: None, patience=MINUTE)
    provider._loop = FastLoop(server)
    with no_longer_than(LONGEST_SECONDS):
        try:
            yield provider
        finally:
            provider.close()


def message(number: int) -> Message:
    data = f"Message-ID: <{number}@example.org>\r\nSubject: One\r\n\r\nGood morning.\r\n".encode()
    return Message(number, "news@example.org", f"reader{number}@example.org", f"<{number}@example.org>", data)


def never() -> bool:
    return False


@pytest.fixture(params=["in turns", "pipelined"])
def features(request: pytest.FixtureRequest) -> list[str]:
    """What servers offer: every promise is kept with PIPELINING and without."""
    return ["SIZE 1000000", *(["PIPELINING"] if request.param == "pipelined" else [])]


def _in_no_hurry(connection: Any, *_: object) -> None:
    """Nothing here has to outlive the machine."""
    connection.execute("PRAGMA synchronous=OFF")


def _same(moment: datetime) -> datetime:
    return moment


def anew(database: Database) -> int:
    """A running mailing, and no other; gives its id."""
    with database.write() as connection:
        for table in (deliveries, batches, mailings, senders):
            connection.execute(delete(table))
        known = connection.scalars(select(editions.c.id)).first()
    if known is None:
        return planned(database, READERS, NOW, batch_size=READERS)
    with database.read() as connection:
        digest_id = connection.scalars(select(editions.c.digest_id)).one()
    mailing = add_mailing(database, digest_id, known, NOW)
    assert plan(database, mailing, NOW, batch_size=READERS)
    return mailing


def _plausible(rule: Rule) -> bool:
    """Without the replies of which nobody can tell that they are missing: the next one is taken for them."""
    return not (rule.act == SWALLOW and rule.step in (Step.DOT, Step.BODY))


# --- the table -------------------------------------------------------------------------------------------------

WAYS: Mapping[str, str] = {
    "closes": CLOSE,
    "resets": RESET,
    "hangs": HANG,
    "421": "421 4.3.2 going down",
    "4xx": "451 4.3.0 not now",
    "5xx": "554 5.3.0 not at all",
    "garbage": "what do you want?",
    "control characters": "\x00\x07\x1b[2J",
    "another code": "999 what",
    "a line of two codes": "250-one\r\n550 another",
    "an empty line": "",
    "slow bytes": DRIP,
    "half a line": HALF,
    "an endless line": TRICKLE,
    "an endless reply": ENDLESS,
    "a reply too many": TWICE,
    "a reply too few": SWALLOW,
}

GOES = "goes"
"""Accepted in the end, received once; nothing was ever in doubt."""

DEFERRED, FAILED, UNCERTAIN, STOPS = "deferred", "failed", "uncertain", "stops"
"""STOPS: one error that ends the run before anybody is mailed."""

FOR_NOW = {"421": GOES, "4xx": DEFERRED, "5xx": FAILED}
EXPECTED: Mapping[Step, Mapping[str, str]] = {
    Step.CONNECT: {},
    Step.EHLO: {"5xx": STOPS},  # greeted the old way then, and that knows no TLS
    Step.STARTTLS: {},
    Step.TLS: {},
    Step.AUTH: {"5xx": STOPS},
    Step.MAIL: {"4xx": DEFERRED, "5xx": STOPS},
    Step.RCPT: FOR_NOW,
    Step.DATA: FOR_NOW,
    Step.BODY: {"hangs": UNCERTAIN} | FOR_NOW,
    Step.DOT: dict.fromkeys(WAYS, UNCERTAIN)
    | {"421": DEFERRED, "4xx": DEFERRED, "5xx": FAILED, "slow bytes": GOES, "a reply too many": GOES},
    Step.RSET: {},
    Step.NOOP: {},
    Step.QUIT: {},
}
"""What becomes of the one who has the bad luck; GOES where nothing stands."""

_SENSELESS = {
    (Step.BODY, "a reply too few"),
    *((Step.TLS, way) for way in ("slow bytes", "a reply too many", "a reply too few")),
}
CASES = [
    pytest.param(step, way, id=f"{step}: {way}")
    for step in EXPECTED
    for way in WAYS
    if (step, way) not in _SENSELESS
]
UNLUCKY = 3
FIRST, SECOND = range(1, 6), range(6, 8)
"""Two windows: a connection has carried something when the bad luck comes, and should carry more after it."""

SECURE = (Step.CONNECT, Step.EHLO, Step.STARTTLS, Step.TLS, Step.AUTH)
"""Steps that are looked at with TLS and login, where more can go wrong."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A throwaway certificate for localhost that is its own authority, with its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command to make a throwaway certificate")
    folder = tmp_path_factory.mktemp("certificate")
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    files = ["-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "certificate.pem"]
    subprocess.run([openssl, *words.split(), *files], cwd=folder, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text((folder / "certificate.pem").read_text("ascii") + (folder / "key.pem").read_text("ascii"))
    return both


def script(step: Step, act: str) -> list[Rule]:
    """The act, once; where the step is about a message, at the unlucky one's."""
    if step is Step.MAIL:
        return [Rule(step, act, times=1, after=UNLUCKY - 1)]
    if step in (Step.RCPT, Step.DATA, Step.BODY, Step.DOT):
        return [Rule(step, act, f"reader{UNLUCKY}@", times=1)]
    refused = [Rule(Step.RCPT, "550 5.1.1 unknown", f"reader{UNLUCKY}@")] if step is Step.RSET else []
    return [*refused, Rule(step, act, times=1)]


@contextmanager
def server_of(
    rules: Sequence[Rule], features: Sequence[str], certificate: Path | None
) -> Iterator[tuple[FakeSmtp, dict[str, Any]]]:
    """A server, and what a client needs for it; with a certificate it has TLS and wants a login."""
    context, secure = None, dict[str, Any]()
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        features = [*features, "AUTH PLAIN"]
        secure = {"security": "starttls", "host": "localhost", "user": "news", "password": "x"}
        secure |= {"ca_file": certificate}
    with FakeSmtp(rules, features, context) as server:
        yield server, secure


def became(report: Recorder, number: int) -> str:
    """What became of a message; one word and no more was said about it at last."""
    last = [mark for mark in report.marks(number) if mark in _WORDS]
    assert len(last) <= 1, report.marks(number)
    return _WORDS[last[0]] if last else STOPS


_WORDS = {"a": GOES, "d": DEFERRED, "f": FAILED, "u": UNCERTAIN}


def send(client: Smtp, numbers: Iterable[int], report: Recorder) -> ProviderError | None:
    """Send; gives the error that ended it."""
    try:
        client.send([message(number) for number in numbers], report, never)
    except ProviderError as error:
        return error
    return None


@pytest.mark.parametrize(("step", "way"), CASES)
def test_each_recipient_is_what_the_server_said_and_the_next_mail_goes(
    step: Step,
    way: str,
    features: list[str],
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = EXPECTED[step].get(way, GOES)
    if step is Step.RSET:
        expected = FAILED
    if step is Step.DOT and way == "a reply too few" and "PIPELINING" in features:
        expected = GOES  # the reply to the next command was taken for it: nobody can tell
    if step is Step.NOOP:
        monkeypatch.setattr(smtp, "IDLE_SECONDS", 0)
    certificate = request.getfixturevalue("certificate") if step in SECURE else None
    report = Recorder()

    with server_of(script(step, WAYS[way]), features, certificate) as (server, secure):
        with client_of(server, **secure) as client:
            error = send(client, FIRST, report)
            assert (error is not None) == (expected == STOPS), error
            assert became(report, UNLUCKY) == expected, report.words
            assert send(client, [number for number in FIRST if became(report, number) == STOPS], report) is None
            assert send(client, SECOND, report) is None
        assert all(rule.times == 0 for rule in server.rules if rule.times is not None), "it never came to that"

    for number in (*FIRST, *SECOND):
        if number != UNLUCKY or expected == STOPS:
            assert became(report, number) == GOES
    assert len(server.recipients) == len(set(server.recipients))
    for number in (*FIRST, *SECOND):
        if became(report, number) == GOES:
            assert f"reader{number}@example.org" in server.recipients


# --- again and again -------------------------------------------------------------------------------------------

LOST_WAYS = ["closes", "resets", "hangs", "421", "garbage", "half a line", "an endless reply", "a reply too few"]
ONCE_EACH = [Step.CONNECT, Step.EHLO, Step.MAIL, Step.RCPT, Step.DATA]


@pytest.mark.parametrize("way", LOST_WAYS)
@pytest.mark.parametrize("step", ONCE_EACH)
def test_a_server_that_never_mends_is_left_with_one_line(step: Step, way: str, features: list[str]) -> None:
    report = Recorder()
    with FakeSmtp([Rule(step, WAYS[way])], features) as server, client_of(server) as client:
        error = send(client, range(1, 20), report)
    assert isinstance(error, ProviderError)
    assert len(str(error).splitlines()) == 1
    assert not error.permanent
    assert server.received == []
    assert set("".join(mark for mark, *_ in report.words)) <= {"d"}
    assert len(report.words) <= 5


@pytest.mark.parametrize("fault", ["deaf", "doubled", "crossed"])
def test_pipelining_that_is_offered_but_broken_costs_nobody_anything(fault: str) -> None:
    report = Recorder()
    with FakeSmtp(features=["PIPELINING"]) as server, client_of(server) as client:
        server.fault = fault
        assert send(client, range(1, 9), report) is None
        assert server.connections <= 4  # it is believed a few times, and no longer
    assert {became(report, number) for number in range(1, 9)} == {GOES}
    assert len(server.recipients) == len(set(server.recipients)) == 8


def test_a_bad_word_too_many_is_not_the_next_ones() -> None:
    """With PIPELINING nobody could tell: it may stand where the next answer should."""
    report = Recorder()
    rules = [Rule(Step.DOT, "250 2.0.0 taken\r\n554 5.3.0 and go away", f"reader{UNLUCKY}@", times=1)]
    with FakeSmtp(rules, features=[]) as server, client_of(server) as client:
        assert send(client, FIRST, report) is None
    assert {became(report, number) for number in FIRST} == {GOES}
    assert server.recipients == [f"reader{number}@example.org" for number in FIRST]


# --- between two windows ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", [b"421 4.4.2 you were idle\r\n", b"250 2.0.0 and another thing\r\n", b"what?\r\n", b"2", b"\x00"]
)
@pytest.mark.parametrize("asked", [False, True], ids=["trusted", "asked"])
def test_what_an_idle_connection_was_told_is_no_answer_to_anything(
    words: bytes, asked: bool, features: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if asked:
        monkeypatch.setattr(smtp, "IDLE_SECONDS", 0)
    report = Recorder()
    with FakeSmtp(features=features) as server, client_of(server) as client:
        assert send(client, FIRST, report) is None
        server.speak_up(words)
        assert send(client, SECOND, report) is None
    assert {became(report, number) for number in (*FIRST, *SECOND)} == {GOES}
    assert len(server.recipients) == len(set(server.recipients)) == len(FIRST) + len(SECOND)


# --- one byte at a time ----------------------------------------------------------------------------------------


def test_bytes_that_come_one_at_a_time_mean_the_same(
    features: list[str], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Wire.data_received

    def one_by_one(self: Wire, data: bytes) -> None:
        for byte in data:
            whole(self, bytes([byte]))

    monkeypatch.setattr(Wire, "data_received", one_by_one)
    rules = [
        Rule(Step.EHLO, "451 4.3.0 not now", times=1),
        Rule(Step.RCPT, "550-5.1.1 nobody\r\n550 5.1.1 of that name", "reader1@"),
        Rule(Step.DOT, "452 4.2.2 full", "reader2@"),
        Rule(Step.BODY, "552 5.3.4 too much", "reader3@"),
    ]
    report = Recorder()
    with server_of(rules, features, certificate) as (server, secure), client_of(server, **secure) as client:
        assert send(client, FIRST, report) is None
    assert [became(report, number) for number in FIRST] == [FAILED, DEFERRED, FAILED, GOES, GOES]
    assert report.last(1)[2:] == (550, "5.1.1 nobody 5.1.1 of that name")
    assert report.last(2)[2:] == (452, "4.2.2 full")


REPLIES = b"220 ready\r\n250-one\r\n250-two\r\n250 three\r\n354 go\n550 5.1.1 n\xc3\xb6\r\n"


@settings(max_examples=100, deadline=None, derandomize=True)
@given(cuts=st.lists(st.integers(0, len(REPLIES)), max_size=12).map(sorted))
def test_replies_are_the_same_wherever_their_bytes_are_cut(cuts: list[int]) -> None:
    reader = ReplyReader()
    for start, end in pairwise([0, *cuts, len(REPLIES)]):
        reader.feed(REPLIES[start:end])
    assert [str(reply) for reply in reader.replies] == [
        "220 ready",
        "250 one two three",
        "354 go",
        "550 5.1.1 n\u00f6",
    ]
    assert reader.replies[1].lines == ("one", "two", "three")


# --- the whole sender ------------------------------------------------------------------------------------------

NOW = datetime(2024, 11, 21, 7, 30, tzinfo=UTC)
POLICY = RetryPolicy(timedelta(minutes=5), timedelta(hours=24))
READERS = 9
ROUNDS = 30
"""So many times the sender is started again, a while later; a script is over long before."""

STEPS = [step for step in EXPECTED if step not in (Step.STARTTLS, Step.TLS, Step.AUTH, Step.QUIT)]
RULES = st.builds(
    Rule,
    st.sampled_from(STEPS),
    st.sampled_from(list(WAYS.values())),
    times=st.integers(1, 4),
    after=st.integers(0, 6),
).filter(_plausible)


@settings(
    max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rules=st.lists(RULES, min_size=1, max_size=6), connections=st.integers(1, 3), window=st.sampled_from([1, 4])
)
def test_whatever_the_server_does_everybody_is_mailed_once_or_uncertain(
    database: Database,
    tmp_path: Path,
    features: list[str],
    rules: list[Rule],
    connections: int,
    window: int,
) -> None:
    if database.is_sqlite:
        event.listen(database.engine, "checkout", _in_no_hurry)
    mailing = anew(database)
    store, moment = LedgerStore(database), NOW
    with (
        FakeSmtp([replace(rule) for rule in rules], features) as server,
    ):
        rescuer = Rescuer(store, tmp_path / "journal", Smtp(settings_of(server)), POLICY)
        for _ in range(ROUNDS):
            rescuer.sweep(moment)
            if mailing_state(database, mailing) is MailingState.DONE:
                break
            with client_of(server, connections=connections) as client:
                now = partial(_same, moment)
                parts = SenderParts(
                    store, client, lambda _: PlainComposer(), tmp_path / "journal", POLICY, window, now
                )
                assert not isinstance(run_sender(parts, never).error, LedgerError)
            moment += timedelta(hours=5)
    found, got = states(database), Counter(server.recipients)
    by_state = {state: {who for who, its in found.items() if its == state} for state in found.values()}
    accepted, uncertain = by_state.get("accepted", set()), by_state.get("uncertain", set())
    assert mailing_state(database, mailing) is MailingState.DONE
    assert set(got.values()) <= {1}, "somebody was mailed twice"
    assert accepted <= set(got), "accepted, and never handed over"
    assert accepted | uncertain | by_state.get("failed", set()) == set(found)
    assert set(got) <= accepted | uncertain
    assert list((tmp_path / "journal").iterdir()) == []
