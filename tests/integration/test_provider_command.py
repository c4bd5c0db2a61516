"""`publisher provider list` and `test`, as an operator meets them: against APIs and mail servers of our own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.fakes.apis.base import answers, silent_after
from tests.fakes.apis.mailgun import DOMAIN, FakeMailgun
from tests.fakes.smtp import FakeSmtp, Rule, Step
from tests.fakes.web import reply
from tests.instance import Ended, Instance

READER = "desk@example.org"
KEY = "key-of-nobody-0123456789"
ACTIVE = reply(body=json.dumps({"domain": {"name": DOMAIN, "state": "active", "type": "custom"}}).encode())
TROUBLES = {
    "key": (answers("401 Unauthorized", b"Forbidden"), "the key (or user and password) is wrong"),
    "domain": (answers("404 Not Found", b'{"message": "Domain not found: mg"}'), "not verified there"),
    "throttled": (answers("429 Too Many Requests", b"{}", Retry_After="3600"), "Try again in some minutes"),
    "recipient": (answers("400 Bad Request", b'{"message": "to is not valid"}'), "about the recipient"),
}


@pytest.fixture
def mailgun() -> Iterator[FakeMailgun]:
    with FakeMailgun() as server:
        yield server


@pytest.fixture
def smtp() -> Iterator[FakeSmtp]:
    with FakeSmtp() as server:
        yield server


def table(server: FakeMailgun, more: str = "") -> str:
    return f'kind = "mailgun"\ndomain = "{DOMAIN}"\nkey = "{KEY}"\nurl = "{server.url()}"\n{more}'


def post(server: FakeSmtp) -> str:
    return f'kind = "smtp"\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n'


@pytest.fixture
def one(tmp_path: Path, mailgun: FakeMailgun) -> Instance:
    return Instance(tmp_path / "instance", provider=table(mailgun, 'webhook_key = "hook-key-0123456789"\n'))


@pytest.fixture
def two(tmp_path: Path, mailgun: FakeMailgun, smtp: FakeSmtp) -> Instance:
    made = Instance(tmp_path / "instance", provider=table(mailgun, 'domains = ["example.com"]\n'))
    text = made.config.read_text().replace("[provider]", "[[provider]]")
    made.config.write_text(f'{text}\n[[provider]]\nname = "own"\nper_hour = 500\n{post(smtp)}')
    return made


def told(ended: Ended) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(ended.out)
    return found


def test_providers_are_listed_with_what_goes_by_them(two: Instance, smtp: FakeSmtp) -> None:
    first, second = told(two("provider", "list", "--json"))
    assert (first["name"], first["kind"], first["place"]) == ("mailgun", "mailgun", DOMAIN)
    assert (first["gets"], second["gets"]) == ("mail to example.com", "the rest")
    assert (second["name"], second["place"]) == ("own", f"127.0.0.1:{smtp.port}")
    assert second["limits"] == {"per_second": 0, "per_hour": 500, "per_day": 0}
    assert (first["webhook"], second["webhook"]) == (None, None)
    shown = two("provider", "list").out
    assert "500 an hour" in shown
    assert "1000 a call" in shown


def test_the_address_of_a_webhook_is_whole_only_when_asked_for(one: Instance) -> None:
    hidden, whole = (told(one("provider", "list", "--json", *more))[0]["webhook"] for more in ([], ["--hooks"]))
    assert hidden == "https://news.example.org/hooks/mailgun/…"
    assert str(whole).startswith("https://news.example.org/hooks/mailgun/")
    secret = str(whole).rpartition("/")[2]
    assert len(secret) == 32
    assert secret not in one("provider", "list").out
    assert secret in one("provider", "list", "--hooks").out
    assert secret.encode() not in one.config.read_bytes()


def test_a_test_mail_is_sent_once_by_an_api_and_explained(one: Instance, mailgun: FakeMailgun) -> None:
    ended = one("provider", "test", "--to", READER)
    assert ended.code == 0, ended
    (taken,) = mailgun.taken
    assert (taken.recipient, taken.subject) == (READER, "[The Example Gazette] Test mail by mailgun")
    assert "publisher provider test" in taken.text
    assert "mailgun: accepted. It calls the mail 1@mg.example.org." in ended.out
    assert "dkim=pass" in ended.out


def test_a_test_mail_is_sent_once_by_each_provider(two: Instance, mailgun: FakeMailgun, smtp: FakeSmtp) -> None:
    ended = two("provider", "test", "--to", READER, "--json")
    assert [(each["name"], each["state"]) for each in told(ended)] == [
        ("mailgun", "accepted"),
        ("own", "accepted"),
    ]
    assert ended.code == 0
    assert [each.recipient for each in mailgun.taken] == smtp.recipients == [READER]
    ((_, data),) = smtp.received
    message = message_from_bytes(data, policy=policy.default)
    assert message["From"] == "The Example Daily <daily@news.example.org>"
    assert message["Auto-Submitted"] == "auto-generated"


def test_a_provider_is_tested_by_its_name(two: Instance, mailgun: FakeMailgun, smtp: FakeSmtp) -> None:
    assert two("provider", "test", "own", "--to", READER).code == 0
    assert (len(mailgun.taken), smtp.recipients) == (0, [READER])


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_test_mail_that_is_not_taken_ends_with_what_to_do(
    one: Instance, mailgun: FakeMailgun, trouble: str
) -> None:
    fault, words = TROUBLES[trouble]
    mailgun.faults.append(fault)
    ended = one("provider", "test", "--to", READER)
    assert ended.code == 1, ended
    assert words in ended.out
    assert len(ended.out.splitlines()) == 3
    mailgun.faults.append(fault)
    assert told(one("provider", "test", "--to", READER, "--json"))[0]["trouble"] == trouble
    assert mailgun.taken == []


def test_a_test_mail_without_an_answer_is_not_called_refused(tmp_path: Path, mailgun: FakeMailgun) -> None:
    one = Instance(tmp_path / "instance", provider=table(mailgun, 'timeout = "1 s"\n'))
    mailgun.faults.append(silent_after)
    ended = one("provider", "test", "--to", READER)
    assert ended.code == 1
    assert "nobody knows whether the mail was taken" in ended.out
    assert len(mailgun.taken) == 1


def test_a_mail_server_that_refuses_is_quoted_without_the_address(tmp_path: Path, smtp: FakeSmtp) -> None:
    smtp.rules[:] = [Rule(Step.RCPT, f"550 5.1.1 <{READER}> is unknown here")]
    ended = Instance(tmp_path / "instance", provider=post(smtp))("provider", "test", "--to", READER)
    assert ended.code == 1
    assert "5.1.1 <<recipient>> is unknown here" in ended.out or "5.1.1 <recipient> is unknown here" in ended.out
    assert READER not in ended.out


def test_without_an_address_nobody_is_mailed(two: Instance, mailgun: FakeMailgun, smtp: FakeSmtp) -> None:
    mailgun.acts[f"GET /v4/domains/{DOMAIN}"] = ACTIVE
    ended = two("provider", "test")
    assert ended.code == 0, ended
    assert "ok       mailgun:mg.example.org: the key is taken, the domain is active" in ended.out
    assert "ok       own: smtp:127.0.0.1" in ended.out
    assert (mailgun.taken, smtp.received) == ([], [])


def test_what_is_broken_is_told_with_its_remedy_and_ends_with_1(one: Instance) -> None:
    ended = one("provider", "test")
    assert ended.code == 1
    assert "BROKEN" in ended.out
    assert "Look at domain and region in [provider]" in ended.out
    (found,) = told(one("provider", "test", "--json"))
    assert found["seen"][0]["level"] == "broken"  # type: ignore[index]


def test_a_wrong_name_or_address_is_wrong_use(two: Instance) -> None:
    assert two("provider", "test", "nobody").code == 2
    assert "Configured: mailgun, own" in two("provider", "test", "nobody").err
    for address in ("desk", "Desk <desk@example.org>", "a@example.org\nBcc: b@example.org", ""):
        assert two("provider", "test", "--to", address).code == 2


def test_the_doctor_looks_at_each_provider(two: Instance, mailgun: FakeMailgun) -> None:
    mailgun.acts[f"GET /v4/domains/{DOMAIN}"] = ACTIVE
    two.config.write_text(two.config.read_text().replace('slug = "daily"', 'slug = "daily"\nverp = true'))
    checks = json.loads(two("check", "--json").out)["checks"]
    findings = next(each["findings"] for each in checks if each["name"] == "provider")
    assert [each["level"] for each in findings] == ["fine", "fine", "warning"]
    assert "newsletter[1].verp: with mailgun" in findings[2]["message"]
