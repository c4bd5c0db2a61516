"""The test mail: one, whole, and nobody's secret."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest

from publisher.errors import ProviderError
from publisher.ledger import Mark, Message, Messages, Report
from publisher.messages.headers import HeaderError
from publisher.notices.carriers import Stop
from publisher.notices.letters import Letterhead
from publisher.notices.probing import Probe, Told, send

NOW = datetime(2026, 11, 22, 7, 30, tzinfo=UTC)
LETTERHEAD = Letterhead("Bücher & Co", "https://news.example.org/", "Die Zeitung <daily@bücher.example>")


class Scripted:
    """A provider that takes the mail and says what it is told to."""

    name = "scripted"

    def __init__(self, mark: Mark | None, error: ProviderError | None = None) -> None:
        self.mark = mark
        self.error = error
        self.messages: list[Message] = []
        self.closed = False

    def send(self, messages: Messages, report: Report, stop: Stop) -> None:
        self.messages = list(messages)
        report.begun(0)
        report.returned(0, "not yet")
        if self.mark is Mark.ACCEPTED:
            report.accepted(0, 250, "fine", "id-1")
        elif self.mark is Mark.DEFERRED:
            report.deferred(0, 451, "later, <reader@example.org>")
        elif self.mark is Mark.FAILED:
            report.failed(0, 550, "no <reader@example.org> here")
        elif self.mark is Mark.UNCERTAIN:
            report.uncertain(0, "no answer")
        if self.error:
            raise self.error

    def close(self) -> None:
        self.closed = True


def probe(recipient: str = "reader@example.org") -> Probe:
    return Probe(LETTERHEAD, "bounces@bücher.example", recipient, "mailgun", "0123")


def sent(provider: Scripted) -> Told:
    told = send(probe(), lambda: provider, NOW, lambda: False)
    assert provider.closed
    assert len(provider.messages) == 1
    return told


@pytest.mark.parametrize("mark", [Mark.ACCEPTED, Mark.DEFERRED, Mark.FAILED, Mark.UNCERTAIN])
def test_the_last_word_is_what_is_told_without_the_address(mark: Mark) -> None:
    told = sent(Scripted(mark))
    assert told.mark is mark
    assert "reader@example.org" not in told.text
    assert (told.provider_id == "id-1") == (mark is Mark.ACCEPTED)


def test_what_was_accepted_stays_so_whatever_fails_afterwards() -> None:
    assert sent(Scripted(Mark.ACCEPTED, ProviderError("it hung up"))).mark is Mark.ACCEPTED


def test_an_error_without_a_last_word_is_why_it_was_not_sent() -> None:
    error = ProviderError("it cannot be reached by reader@example.org", remedy="Look at host")
    told = sent(Scripted(None, error))
    assert (told.mark, told.text, told.remedy) == (
        None,
        "it cannot be reached by <recipient>",
        "Look at host",
    )
    assert not told.wants_rest


def test_a_provider_that_wants_to_be_left_alone_is_known_to_want_that() -> None:
    error = ProviderError("not now")
    error.retry_in = timedelta(minutes=10)
    assert sent(Scripted(None, error)).wants_rest


def test_no_word_at_all_is_not_taken_for_accepted() -> None:
    assert sent(Scripted(None)).mark is None


def test_the_mail_is_whole_and_says_what_it_is() -> None:
    provider = Scripted(Mark.ACCEPTED)
    told = sent(provider)
    (message,) = provider.messages
    found = message_from_bytes(message.data, policy=policy.default)
    assert found["Subject"] == "[Bücher & Co] Test mail by mailgun"
    assert found["From"].addresses[0].display_name == "Die Zeitung"
    assert found["To"] == "reader@example.org"
    assert found["Message-ID"] == told.message_id == message.message_id == "<test.0123@xn--bcher-kva.example>"
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["Date"].datetime == NOW
    assert message.envelope_from == "bounces@xn--bcher-kva.example"
    body = found.get_body(("plain",))
    assert body is not None
    assert 'the provider "mailgun" at 2026-11-22 07:30 UTC' in body.get_content()
    assert message.data.isascii()
    assert max(map(len, message.data.split(b"\r\n"))) <= 78


def test_it_is_signed_where_something_signs() -> None:
    provider = Scripted(Mark.ACCEPTED)
    one = Probe(
        LETTERHEAD, "b@example.org", "r@example.org", "own", "1", lambda data, now: b"Signed: yes\r\n" + data
    )
    send(one, lambda: provider, NOW, lambda: False)
    assert provider.messages[0].data.startswith(b"Signed: yes\r\nFrom: ")


@pytest.mark.parametrize("recipient", ["a@example.org\r\nBcc: b@example.org", "a@example.org\0"])
def test_an_address_never_begins_another_field(recipient: str) -> None:
    with pytest.raises(HeaderError):
        send(probe(recipient), lambda: Scripted(Mark.ACCEPTED), NOW, lambda: False)


def test_the_recipient_is_not_shown_by_a_repr() -> None:
    assert "reader" not in repr(probe())
