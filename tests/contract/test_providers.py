"""What every provider promises, the one in memory included."""

from __future__ import annotations

import mailbox
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from publisher.config import SmtpProvider
from publisher.errors import LedgerError, ProviderError
from publisher.ledger import Message
from publisher.mailings.ports import Provider
from publisher.providers.maildir import Maildir
from publisher.providers.smtp import Smtp
from tests.fakes.provider import MemoryProvider, Recorder
from tests.fakes.smtp import CLOSE, FakeSmtp, Rule, Step


@dataclass
class Case:
    """A provider, what has arrived through it, and a way to make it unusable."""

    provider: Provider
    arrived: Callable[[], list[bytes]]
    breaks: Callable[[], None]


@contextmanager
def _memory(_folder: Path) -> Iterator[Case]:
    provider = MemoryProvider()
    yield Case(
        provider, lambda: [message.data for message in provider.taken], lambda: setattr(provider, "down", True)
    )


@contextmanager
def _maildir(folder: Path) -> Iterator[Case]:
    path = folder / "outbox"

    def arrived() -> list[bytes]:
        return [file.read_bytes() for file in sorted(path.glob("*/*")) if file.parent.name != "tmp"]

    yield Case(Maildir(path), arrived, path.touch)  # a file where the folder should be


@contextmanager
def _smtp(_folder: Path, connections: int = 8) -> Iterator[Case]:
    with FakeSmtp() as server:
        settings = SmtpProvider(
            kind="smtp", host="127.0.0.1", port=server.port, security="none", connections=connections
        )
        provider = Smtp(settings, pause=lambda _: None)
        yield Case(
            provider,
            lambda: [data for _, data in server.received],
            lambda: server.rules.append(Rule(Step.CONNECT, CLOSE)),
        )
        provider.close()


CASES: dict[str, Callable[[Path], AbstractContextManager[Case]]] = {
    "memory": _memory,
    "maildir": _maildir,
    "smtp": _smtp,
    "smtp, one connection": partial(_smtp, connections=1),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    with CASES[request.param](tmp_path) as found:
        yield found


def message(number: int, text: str = "Good morning.\r\n") -> Message:
    identity = f"<{number}@example.org>"
    data = f"Message-ID: {identity}\r\nSubject: One\r\n\r\n{text}".encode()
    return Message(number, "news@example.org", f"reader{number}@example.org", identity, data)


def never() -> bool:
    return False


def test_every_message_is_begun_then_accepted_and_arrives_byte_for_byte(case: Case) -> None:
    report = Recorder()
    messages = [message(1), message(2, ".\r\n..\r\n.dots at the beginning\r\n"), message(3, "x" * 60_000 + "\r\n")]
    case.provider.send(messages, report, never)
    assert [report.marks(number) for number in (1, 2, 3)] == ["ba", "ba", "ba"]
    assert sorted(case.arrived()) == sorted(found.data for found in messages)


def test_nothing_is_handed_over_before_begun_is_written(case: Case) -> None:
    class Full(Recorder):
        def begun(self, delivery_id: int, call: str = "") -> None:
            raise LedgerError("the journal cannot be written")

    with pytest.raises(LedgerError):
        case.provider.send([message(1)], Full(), never)
    assert case.arrived() == []


def test_messages_are_asked_for_once(case: Case) -> None:
    """Asking composes them, and reports those that cannot be."""

    class Once:
        asked = 0

        def __len__(self) -> int:
            return 3

        def __iter__(self) -> Iterator[Message]:
            self.asked += 1
            yield from (message(number, f"Words {self.asked}.\r\n") for number in (1, 2))

    report, once = Recorder(), Once()
    case.provider.send(once, report, never)
    assert once.asked == 1
    assert [report.marks(number) for number in (1, 2)] == ["ba", "ba"]


def test_stop_before_the_first_message_begins_nothing(case: Case) -> None:
    report = Recorder()
    case.provider.send([message(1), message(2)], report, lambda: True)
    assert report.words == []
    assert case.arrived() == []


def test_stop_between_messages_leaves_the_rest_untouched(case: Case) -> None:
    report = Recorder()
    numbers = range(1, 41)  # more than a provider may have under way at once
    case.provider.send([message(number) for number in numbers], report, lambda: bool(report.words))
    begun = [number for number in numbers if report.marks(number)]
    assert 1 <= len(begun) < len(numbers)
    assert all(report.marks(number) == "ba" for number in begun)
    assert sorted(case.arrived()) == sorted(message(number).data for number in begun)


def test_a_provider_that_cannot_be_used_says_so_and_accepts_nothing(case: Case) -> None:
    case.breaks()
    report = Recorder()
    with pytest.raises(ProviderError) as caught:
        case.provider.send([message(1)], report, never)
    assert caught.value.remedy
    assert "a" not in report.marks(1)


@pytest.mark.parametrize("case", ["maildir"], indirect=True)
def test_an_idempotent_provider_makes_no_second_mail(case: Case) -> None:
    assert case.provider.idempotent
    again = Message(1, "news@example.org", "reader1@example.org", "<1@example.org>", message(1).data, attempt=2)
    for found in (message(1), again, message(1)):
        report = Recorder()
        case.provider.send([found], report, never)
        assert report.marks(1) == "ba"
    assert len(case.arrived()) == 1


def test_closing_is_harmless(case: Case) -> None:
    case.provider.close()
    case.provider.send([message(1)], Recorder(), never)
    case.provider.close()
    case.provider.close()


def test_the_name_tells_where_it_hands_over(case: Case) -> None:
    kind, _, place = case.provider.name.partition(":")
    assert kind
    assert place


def test_a_maildir_is_read_by_mail_readers(tmp_path: Path) -> None:
    Maildir(tmp_path / "outbox").send([message(1)], Recorder(), never)
    box = mailbox.Maildir(tmp_path / "outbox", create=False)
    assert [found["Message-ID"] for found in box] == ["<1@example.org>"]
