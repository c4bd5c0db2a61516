"""`publisher run`, `mailing show` and `resend` over SMTP, as an editor meets them on a bad morning."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.smtp import CLOSE, FakeSmtp, Rule, Step
from tests.instance import Instance

DIGEST = "daily/2024-11-21-news"
REFUSED, DEFERRED, SILENT, CUT = ("refused", "deferred", "silent", "cut")


@pytest.fixture
def server() -> Iterator[FakeSmtp]:
    rules = [
        Rule(Step.RCPT, "550 5.7.1 <refused@example.org> is not welcome here", REFUSED, times=1),
        Rule(Step.RCPT, "451 4.7.1 greylisted, come back later", DEFERRED, times=1),
        Rule(Step.DOT, CLOSE, SILENT, times=1),
        Rule(Step.BODY, CLOSE, CUT, times=1),
    ]
    with FakeSmtp(rules) as server:
        yield server


@pytest.fixture
def morning(tmp_path: Path, server: FakeSmtp) -> Instance:
    """Eight readers, four of them with trouble, after the run."""
    instance = Instance(
        tmp_path / "instance",
        provider=f'kind = "smtp"\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n',
    )
    instance.digest("2024-11-21")
    others = [f"reader{number}@example.org" for number in range(4)]
    instance.subscribe(*others, *(f"{who}@example.org" for who in (REFUSED, DEFERRED, SILENT, CUT)))
    ended = instance("run")
    assert ended.code == 1, ended  # something failed
    return instance


def counts(instance: Instance, mailing: str = "1") -> dict[str, int]:
    shown = json.loads(instance("mailing", "show", mailing, "--json").out)
    return {
        state: number for state, number in shown.items() if isinstance(number, int) and number and state != "id"
    }


def test_each_reader_stands_as_the_server_said(morning: Instance, server: FakeSmtp) -> None:
    assert counts(morning) == {"mails": 8, "accepted": 5, "deferred": 1, "failed": 1, "uncertain": 1}
    received = server.recipients
    assert len(received) == len(set(received)) == 6
    assert f"{SILENT}@example.org" in received
    assert f"{CUT}@example.org" in received
    shown = morning("mailing", "show", "1").out
    assert "refused@example.org" in shown
    assert "5.7.1 <recipient> is not welcome here" in shown
    assert "451" in shown
    assert f"publisher resend {DIGEST} --failed" in shown


def test_deferred_mail_leaves_by_itself_and_the_uncertain_one_never(morning: Instance, server: FakeSmtp) -> None:
    before = len(server.recipients)
    with morning.opened() as app, app.database.write() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET due_at = '2000-01-01 00:00:00' WHERE state = 'deferred'")
    morning("run")
    assert server.recipients[before:] == [f"{DEFERRED}@example.org"]


@pytest.mark.slow
def test_resend_failed_reaches_only_the_refused_one_and_only_once(morning: Instance, server: FakeSmtp) -> None:
    before = len(server.recipients)
    dry = morning("resend", DIGEST, "--failed", "--dry-run")
    assert dry.code == 0
    assert "1 subscriber would get it" in dry.out
    assert len(server.recipients) == before

    first = morning("resend", DIGEST, "--failed", "--reason", "the server was told about us", "--yes")

    assert first.code == 0, first
    assert server.recipients[before:] == [f"{REFUSED}@example.org"]
    again = morning("resend", DIGEST, "--failed", "--reason", "once more", "--yes")
    assert again.code == 2
    assert "nobody" in again.err
    assert len(server.recipients) == before + 1


REFUSALS = [
    (("--failed", "--yes"), "--reason"),
    (("--failed", "--reason", "x"), "--yes"),
    (("--reason", "x", "--yes"), "one of --failed, --missed"),
    (("--to", "reader0@example.org", "--reason", "x", "--yes"), "already"),
    (("--to", "silent@example.org", "--reason", "x", "--yes"), "may have this digest"),
    (("--to", "stranger@example.org", "--reason", "x", "--yes"), "no subscriber"),
    (("--to", "no address", "--reason", "x", "--yes"), "no address"),
]


@pytest.mark.slow
def test_resend_refuses_in_one_line_that_says_what_to_do(morning: Instance, server: FakeSmtp) -> None:
    before = len(server.recipients)
    for words, complaint in REFUSALS:
        ended = morning("resend", DIGEST, *words)
        assert ended.code != 0
        assert complaint in ended.err
        assert len(ended.err.strip().splitlines()) == 1
    assert len(server.recipients) == before


@pytest.mark.slow
def test_resend_to_one_who_failed_mails_just_them(morning: Instance, server: FakeSmtp) -> None:
    before = len(server.recipients)
    ended = morning("resend", DIGEST, "--to", "Refused@Example.org", "--reason", "asked by phone", "--yes")
    assert ended.code == 0, ended
    assert server.recipients[before:] == [f"{REFUSED}@example.org"]


@pytest.mark.slow
def test_a_server_that_is_away_is_one_line_and_nothing_is_lost(tmp_path: Path) -> None:
    with FakeSmtp() as gone:
        port = gone.port
    instance = Instance(
        tmp_path / "instance",
        provider=f'kind = "smtp"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n',
    )
    instance.digest("2024-11-21")
    instance.subscribe("reader@example.org")
    ended = instance("run")
    assert ended.code == 1
    assert "Traceback" not in ended.err
    assert counts(instance) == {"mails": 1, "pending": 1}
