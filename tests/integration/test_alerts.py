"""Somebody is told: by mails in a Maildir and at a mail server, and by a webhook; and never a secret."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import dkim as verifier
import pytest

from tests.fakes.smtp import FakeSmtp, Rule, Step
from tests.fakes.web import Act, FakeWeb, hang_up, reply, to
from tests.instance import Ended, Instance
from tests.integration.test_preflight import FALSE_LINK, KEY
from tests.integration.test_signing_run import KEY as DKIM

pytestmark = pytest.mark.slow

DESK = "desk@example.org"
PATH = "/services/planted-in-the-path"
PASSWORD, LINK_SECRET = "planted-password", "planted-link-secret"
PATIENCE = 60


def told(text: str = "", *, mail: bool = True) -> str:
    """`[alerts]`; a limit for the disk that no machine meets."""
    return f'[alerts]\ndisk = "1 MB"\n{f"mail = [{DESK!r}]" if mail else ""}\n{text}\n'


def held(tmp_path: Path, alerts: str, **more: Any) -> Instance:
    """An instance with a digest that preflight will hold."""
    made = Instance(tmp_path / "instance", newsletter=alerts, **more)
    made.put("ferry.md", FALSE_LINK.format(other="https://www.example.org/map"))
    return made


def mend(instance: Instance) -> None:
    instance.put(
        "ferry.md", FALSE_LINK.replace("[www.example.org]", "[it]").format(other="https://www.example.org/")
    )


@pytest.fixture
def hook() -> Iterator[FakeWeb]:
    with FakeWeb({f"POST {PATH}": reply("204 No Content")}) as web:
        yield web


def said(hook: FakeWeb) -> list[tuple[str, str]]:
    """What the webhook was told: kind and state of each alert."""
    bodies = [json.loads(asked.body) for asked in hook.asked]
    return [(each["kind"], each["state"]) for body in bodies for each in body["alerts"]]


def all_due(instance: Instance) -> None:
    with instance.opened() as app, app.database.write() as connection:
        connection.exec_driver_sql("UPDATE alert_tellings SET due_at = '2000-01-01 00:00:00'")


def test_a_held_digest_is_mailed_to_the_desk_once_and_its_end_once(tmp_path: Path) -> None:
    instance = held(tmp_path, told())
    for _ in range(2):
        assert instance("run").code == 1
    (mail,) = instance.mails()
    assert (mail["To"], mail["From"]) == (DESK, "The Example Daily <daily@news.example.org>")
    assert mail["Subject"] == f"[The Example Gazette] Held by preflight: {KEY}"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert f"`publisher check {KEY}`" in mail.get_content()
    assert f"publisher digest release {KEY} --despite RULE --reason TEXT" in mail.get_content()
    with instance.opened() as app:
        assert [alert.subject for alert in app.alerting.watch.open()] == [KEY]

    mend(instance)
    for _ in range(2):
        assert instance("run").code == 0
    (last,) = [each for each in instance.mails() if "Over: " in each["Subject"]]
    assert last["In-Reply-To"] == mail["Message-ID"]
    assert len(instance.mails()) == 2
    with instance.opened() as app:
        assert app.alerting.watch.open() == ()


def test_each_address_has_a_mail_of_its_own_and_no_ledger_knows_of_it(tmp_path: Path) -> None:
    instance = held(tmp_path, told('mail = ["a@example.org", "b@example.org"]', mail=False))
    instance("run")
    assert sorted(mail["To"] for mail in instance.mails()) == ["a@example.org", "b@example.org"]
    assert json.loads(instance("mailing", "list", "--json").out) == []


def test_alerts_are_signed_like_the_newsletter(tmp_path: Path) -> None:
    instance = held(tmp_path, told())
    made = json.loads(instance("dkim", "new", "news.example.org", "--json").out)
    selector = made["name"].partition(".")[0]
    instance.config.write_text(instance.config.read_text() + DKIM.format(selector=selector, file=made["file"]))
    instance("run")
    (file,) = (instance.outbox / "new").iterdir()
    data = file.read_bytes()
    assert verifier.DKIM(data).verify(dnsfunc=lambda name, timeout=5: made["value"].encode())


def smtp(server: FakeSmtp) -> str:
    return (
        f'kind = "smtp"\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n'
        f'user = "daily"\npassword = "{PASSWORD}"\n'
    )


def test_a_provider_that_refuses_is_told_by_webhook_and_by_mail_when_it_works_again(
    tmp_path: Path, hook: FakeWeb
) -> None:
    refuses = Rule(Step.AUTH, f"535 5.7.8 {PASSWORD} is wrong")
    with FakeSmtp([refuses], ["AUTH PLAIN LOGIN"]) as server:
        instance = Instance(
            tmp_path / "instance", newsletter=told(f'webhook = "{hook.url(PATH)}"'), provider=smtp(server)
        )
        instance.digest("2024-11-21")
        instance.subscribe("reader@example.org")
        ended = [instance("--debug", "run")]
        assert ended[0].code == 1
        assert said(hook) == [("provider", "begun")]
        assert server.received == []

        server.rules.clear()
        all_due(instance)
        ended.append(instance("--debug", "run"))
        assert ended[1].code == 0, ended[1]
        assert said(hook) == [("provider", "begun"), ("provider", "over")]
        assert sorted(server.recipients) == [DESK, "reader@example.org"]
        mail = mail_to(server, DESK)
        assert "Over: smtp:127.0.0.1" in mail["Subject"]
        assert "Sending does not work" not in mail["Subject"]
        assert "535 5.7.8 <secret> is wrong" in ended[0].err  # the server repeats the password
        nothing_leaked(instance, ended, [*(asked.body for asked in hook.asked), mail.as_bytes()])


def mail_to(server: FakeSmtp, recipient: str) -> EmailMessage:
    (data,) = (data for to_, data in server.received if to_ == recipient)
    found = message_from_bytes(data, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


TROUBLE: dict[str, tuple[Act, str]] = {
    "an error": (reply("500 Internal Server Error", b"planted-in-the-path"), "500 Internal Server Error"),
    "a redirect": (to(f"https://example.com{PATH}"), "302 Found"),
    "a hang-up": (hang_up, "cannot be reached"),
}


@pytest.mark.parametrize("trouble", TROUBLE)
def test_a_webhook_that_fails_is_tried_again_and_its_address_is_nowhere(
    tmp_path: Path, hook: FakeWeb, trouble: str
) -> None:
    act, words = TROUBLE[trouble]
    hook.acts[f"POST {PATH}"] = act
    instance = held(tmp_path, told('webhook = { env = "ALERTS_HOOK" }\n', mail=False))
    instance.environment = {"ALERTS_HOOK": hook.url(f"{PATH}?key=planted-in-the-query")}
    os.environ["ALERTS_HOOK"] = instance.environment["ALERTS_HOOK"]
    try:
        ended = [instance("--debug", "run")]
        assert words in ended[0].err
        assert f"webhook was not told of {KEY}" in ended[0].err
        ended.append(instance("run"))
        assert len(hook.asked) == 1  # it rests
        hook.acts[f"POST {PATH}"] = reply("200 OK", b"thanks")
        all_due(instance)
        ended.append(instance("run"))
        ended.append(instance("run"))
        assert len(hook.asked) == 2
        assert said(hook)[-1] == ("preflight", "begun")
        assert hook.asked[-1].headers["content-type"] == "application/json"
        nothing_leaked(instance, ended, [])
    finally:
        del os.environ["ALERTS_HOOK"]


def test_a_webhook_that_nobody_serves_stops_nothing(tmp_path: Path) -> None:
    with FakeWeb() as gone:
        address = gone.url(PATH)
    instance = Instance(tmp_path / "instance", newsletter=told(f'webhook = "{address}"', mail=False))
    instance.config.write_text(instance.config.read_text().replace('disk = "1 MB"', 'disk = "999999 TB"'))
    instance.digest("2024-11-21")
    instance.subscribe("reader@example.org")
    ended = instance("--debug", "run")
    assert ended.code == 0, ended
    assert len(instance.mails()) == 1
    assert "webhook was not told of" in ended.err
    nothing_leaked(instance, [ended], [])


def test_a_wrong_webhook_is_one_line_without_it(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "instance", newsletter=told('webhook = "planted-no-address"'))
    ended = instance("run")
    assert ended.code == 2
    assert "alerts.webhook: is no address" in ended.err
    assert len(ended.err.splitlines()) == 1
    nothing_leaked(instance, [ended, instance("--debug", "run")], [])


def nothing_leaked(instance: Instance, ended: list[Ended], sent: list[bytes]) -> None:
    """Nothing planted stands in what was said or sent, in the database or in any other file of ours."""
    assert "planted" not in "".join(each.out + each.err for each in ended)
    assert not any(b"planted" in body for body in sent)
    files = [path for path in instance.root.rglob("*") if path.is_file() and path != instance.config]
    assert [path.name for path in files if b"planted" in path.read_bytes()] == []


@pytest.mark.slow
def test_serve_tells_while_it_runs(tmp_path: Path) -> None:
    instance = held(tmp_path, told("[web]\nport = 0\n"))
    pid = instance.start("serve")
    try:
        until(lambda: len(instance.mails()) == 1)
        mend(instance)
        until(lambda: any("Over: " in mail["Subject"] for mail in instance.mails()))
    finally:
        os.kill(pid, signal.SIGTERM)
        ended = instance.wait(pid)
    assert ended.code == 0, ended
    assert f"alert: {KEY} is not mailed" in ended.err
    assert "alert over: " in ended.err
    assert len(instance.mails()) == 2


def until(look: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not look():
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.05)
