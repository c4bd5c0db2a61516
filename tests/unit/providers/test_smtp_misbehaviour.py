"""A mail server that misbehaves, at each step of the dialogue in each way: what each recipient is told to be.

Whatever it does, three things hold: the mail that comes after still goes, nobody is mailed twice, nothing waits
for ever. Nothing here is timed: while the server owes a reply that will not come, the client's clock runs fast.
"""

from __future__ import annotations

import shutil
import signal
import ssl
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import uvloop

from publisher.config import SmtpProvider
from publisher.errors import ProviderError
from publisher.ledger import Message
from publisher.providers import smtp
from publisher.providers.smtp import Smtp
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

MINUTE = 60.0
LONGEST_SECONDS = 10
"""What a test may take at most; it takes less than one."""

FAST = 20.0
"""Seconds that pass for the client each time it looks at the clock, while the server owes it a reply."""


class FastLoop(uvloop.Loop):
    """A loop whose clock runs fast while the server is silent."""

    def __init__(self, server: FakeSmtp) -> None:
        super().__init__()
        self._server = server
        self._ahead = 0.0

    def time(self) -> float:
        if self._server.silent:
            self._ahead += FAST
        return float(super().time()) + self._ahead


@contextmanager
def no_longer_than(seconds: int) -> Iterator[None]:
    """What hangs fails, instead of keeping everybody waiting."""

    def over(_number: int, _frame: FrameType | None) -> None:
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Looks at deadlines often, and has a limit."""
    monkeypatch.setattr(smtp, "POLL_SECONDS", 0.005)
    monkeypatch.setattr(smtp, "QUIT_SECONDS", 0.05)
    with no_longer_than(LONGEST_SECONDS):
        yield


@contextmanager
def client_of(server: FakeSmtp, **changes: Any) -> Iterator[Smtp]:
    """A provider with one connection, whose clock follows the server's moods."""
    values: dict[str, Any] = {"kind": "smtp", "host": "127.0.0.1", "port": server.port, "security": "none"}
    values |= {"timeout": "60 s", "connections": 1}
    provider = Smtp(SmtpProvider(**values | changes), pause=lambda _: None, patience=MINUTE)
    provider._loop = FastLoop(server)
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
