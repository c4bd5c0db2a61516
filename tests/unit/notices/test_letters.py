"""How alerts read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from publisher.messages.headers import HeaderError
from publisher.notices.kinds import Alert, Kind
from publisher.notices.letters import SHOWN, Letterhead, document, mail, notice
from publisher.notices.planning import Telling

NOW = datetime(2024, 11, 21, 7, 30, tzinfo=UTC)
HEAD = Letterhead("The Harbour Gazette", "https://news.example.org/", "Häfen <daily@news.example.org>")


def telling(number: int = 7, over: bool = False, **more: Any) -> Telling:
    ended = NOW + timedelta(minutes=5) if over else None
    text = "daily/x is not mailed: “Ärger” and 3 more"
    alert = Alert(number, Kind.PREFLIGHT, "daily/x", text, "`publisher check daily/x` shows it", NOW, ended)
    return Telling(number, alert, **more)


def parsed(*tellings: Telling) -> EmailMessage:
    data = mail(
        notice(tellings, "mail:desk@example.org", b"secret"), "desk@example.org", HEAD, "news.example.org", NOW
    )
    assert data.isascii()
    assert b"\n" not in data.replace(b"\r\n", b"")
    found = message_from_bytes(data, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def test_a_mail_says_what_is_wrong_and_what_to_do() -> None:
    found = parsed(telling())
    assert found["Subject"] == "[The Harbour Gazette] Held by preflight: daily/x"
    assert found["From"] == "Häfen <daily@news.example.org>"
    assert found["To"] == "desk@example.org"
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["Date"] == "Thu, 21 Nov 2024 07:30:00 +0000"
    assert found.get_content_type() == "text/plain"
    text = found.get_content()
    assert "daily/x is not mailed: “Ärger” and 3 more." in text
    assert "What to do: `publisher check daily/x` shows it." in text
    assert "Since 2024-11-21 07:30 UTC." in text
    assert found["In-Reply-To"] is None


def test_the_end_continues_the_thread_and_says_from_when_to_when() -> None:
    first = parsed(telling())
    name = notice((telling(),), "mail:desk@example.org", b"secret").name
    last = parsed(telling(over=True, told_at=NOW, told_in=name))
    assert last["In-Reply-To"] == last["References"] == first["Message-ID"] != last["Message-ID"]
    assert last["Subject"].endswith("Over: daily/x: no longer held by preflight")
    assert "From 2024-11-21 07:30 UTC to 2024-11-21 07:35 UTC." in last.get_content()


def test_the_same_is_told_under_the_same_name_to_each_recipient() -> None:
    one = notice((telling(),), "mail:a@example.org", b"secret")
    assert one.name == notice((telling(),), "mail:a@example.org", b"secret").name
    others = [
        notice((telling(),), "webhook", b"secret"),
        notice((telling(),), "mail:a@example.org", b"other"),
        notice((telling(over=True),), "mail:a@example.org", b"secret"),
    ]
    assert one.name not in {other.name for other in others}


def test_a_summary_has_a_line_each() -> None:
    found = parsed(telling(1), telling(2, over=True), telling(3))
    assert found["Subject"] == "[The Harbour Gazette] 3 more alerts: 2 began, 1 are over"
    assert sum(line.startswith("- ") for line in found.get_content().splitlines()) == 3


def test_a_summary_stays_readable_however_much_goes_wrong() -> None:
    found = parsed(*(telling(number) for number in range(SHOWN + 20)))
    assert "… and 20 more" in found.get_content()


def test_the_webhook_gets_one_line_of_text_and_the_facts() -> None:
    said = json.loads(document(notice((telling(),), "webhook", b"secret"), HEAD))
    assert said["text"].startswith("[The Harbour Gazette] daily/x is not mailed")
    assert "\n" not in said["text"]
    assert "publisher check daily/x" in said["text"]
    (facts,) = said["alerts"]
    assert (facts["kind"], facts["state"], facts["over_at"]) == ("preflight", "begun", None)
    over = json.loads(document(notice((telling(over=True),), "webhook", b"secret"), HEAD))
    assert over["alerts"][0]["state"] == "over"
    assert "Over: daily/x" in over["text"]


def test_no_line_break_gets_into_a_header() -> None:
    alert = Alert(1, Kind.DISK, "/x\r\nBcc: all@example.org", "text", "remedy", NOW)
    with pytest.raises(HeaderError):
        parsed(Telling(1, alert))
