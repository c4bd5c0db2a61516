"""Every secret that an instance can be given, planted, and looked for wherever something is told, kept or sent.

It is looked for as it is, and as base64 has it at any place of a longer text; what the web, mails and programs
write otherwise leaves its letters as they are. The mail server repeats whatever it was told, in every form.
"""

from __future__ import annotations

import json
import os
import quopri
import re
import signal
import socket
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from pydantic import BaseModel, SecretStr
from sqlalchemy import make_url, select, text

from publisher.bounces.hook_paths import hook_path
from publisher.cli import main
from publisher.messages.dkim_keys import KeyKind, make_key
from publisher.storage.database import Database
from subscribers.tables import metadata
from tests.fakes.imap import FakeImap
from tests.fakes.smtp import CLOSE, FakeSmtp, Rule, Step
from tests.fakes.web import Exchange, FakeWeb, hang_up, reply
from tests.instance import Ended, Instance
from tests.integration.test_serve import until

pytestmark = pytest.mark.slow

SITE, LOGIN, BASE, HOOK, QUERY = (f"qz{name}plantedsecret" for name in ("site", "login", "base", "hook", "query"))
API = {
    name: f"qz{name}plantedsecret"
    for name in ("key", "access", "secretkey", "session", "webhook", "callword", "mailbox")
}
"""What providers with an API are given: keys to call them, and what they call us with. And a bounce mailbox's."""

DKIM_KEY = make_key(KeyKind.RSA).decode()
PASSWORD = f"{LOGIN} &+/%=é<\"'"
"""A password with everything that some form of writing changes."""

USER = "daily"
DIGEST = "daily/2024-11-21-news"
REFUSED, DEFERRED, SILENT = "refused", "deferred", "silent"


def marks() -> dict[str, Sequence[str]]:
    """By the secret: what cannot be there by chance, and means that it is."""
    found: dict[str, Sequence[str]] = {}
    told = {"site": SITE, "login": LOGIN, "storage": BASE, "hook": HOOK, "query": QUERY}
    for name, secret in (told | API).items():
        cores = []
        for before in range(3):
            whole = b64encode(b"\0" * before + secret.encode()).decode().rstrip("=")
            cores.append(whole[(0, 2, 3)[before] : -2])
        found[name] = [secret, secret.encode().hex(), *cores]
    lines = [line for line in DKIM_KEY.splitlines() if not line.startswith("-----")]
    return found | {"dkim": [line[:40] for line in lines if len(line) >= 40]}


MARKS = marks()


def leaks(data: str | bytes) -> list[str]:
    """The secrets in it; soft line breaks of mails aside."""
    seen = data.decode("latin-1") if isinstance(data, bytes) else data
    seen = seen.replace("=\r\n", "").replace("=\n", "").lower()
    return [name for name, each in MARKS.items() if any(mark.lower() in seen for mark in each)]


def echo(code: str, secret: str) -> str:
    """A reply that repeats what we said when we logged in, in every form that somebody might think of."""
    forms = [
        secret,
        b64encode(secret.encode()).decode(),
        b64encode(f"\0{USER}\0{secret}".encode()).decode(),
        b64encode(f"user={USER}\1auth=Bearer {secret}\1\1".encode()).decode(),
        quote(secret, safe=""),
        quopri.encodestring(secret.encode()).decode().replace("=\n", ""),
        json.dumps(secret),
    ]
    return f"{code} you said {' or '.join(forms)}"


@dataclass
class Planted:
    """An instance full of secrets, and everything it has said so far."""

    instance: Instance
    server: FakeSmtp
    hook: FakeWeb
    meant: Sequence[Path]
    """The files that hold the secrets."""
    ended: list[Ended] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    """The secret parts of webhook addresses, where a test has some."""

    def leaks(self, data: str | bytes) -> list[str]:
        """The secrets in it, those of webhook addresses too."""
        seen = data.decode("latin-1") if isinstance(data, bytes) else data
        return leaks(data) + [name for name in self.addresses if name in seen.lower()]

    def __call__(self, *words: str) -> Ended:
        self.ended.append(self.instance(*words))
        return self.ended[-1]

    def due(self) -> None:
        """Whatever waits for its time need not wait."""
        with self.instance.opened() as app, app.database.write() as connection:
            connection.execute(text("UPDATE alert_tellings SET due_at = '2000-01-01 00:00:00'"))
            connection.execute(
                text("UPDATE deliveries SET due_at = '2000-01-01 00:00:00' WHERE state = 'deferred'")
            )

    def assert_nothing_is_told(self) -> None:
        """Not by a command, in a file, in the database, in a mail, or to the webhook."""
        assert self.ended
        for each in self.ended:
            assert self.leaks(each.out + each.err) == [], each
        for path in self.instance.root.rglob("*"):
            if path.is_file() and path not in self.meant:
                assert self.leaks(path.read_bytes()) == [], path
        for _, data in self.server.received:
            assert self.leaks(data) == [], data
        for asked in self.hook.asked:
            assert self.leaks(asked.body) == [], asked.body
            assert self.leaks("".join(asked.headers.values())) == []
        with self.instance.opened() as app, app.database.read() as connection:
            for table in metadata.sorted_tables:
                for row in connection.execute(select(table)):
                    assert self.leaks(repr(row)) == [], (table.name, row)


Plant = Callable[..., Planted]


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plant]:
    """Makes such an instance; the secrets stand in the environment, or in files beside config.toml."""
    rules: list[Rule] = []
    with FakeSmtp(rules, ["AUTH PLAIN LOGIN XOAUTH2", "PIPELINING"]) as server, FakeWeb() as hook:

        def planted(database: Database, by: str, login: str, apis: str = "") -> Planted:
            root = tmp_path / "instance"
            folder = root / "secrets"
            folder.mkdir(parents=True)
            url = make_url(database.engine.url.render_as_string(hide_password=False))
            if not database.is_sqlite:
                url = url.set(password=BASE)
            hook.acts[f"POST /services/{HOOK}"] = reply("500 Internal Server Error", HOOK.encode())
            secrets = {
                "SITE": SITE,
                "LOGIN": PASSWORD,
                "STORAGE": url.render_as_string(hide_password=False),
                "HOOK": hook.url(f"/services/{HOOK}?key={QUERY}"),
                "DKIM": DKIM_KEY,
                **{name.upper(): secret for name, secret in API.items()},
            }
            for name, secret in secrets.items():
                monkeypatch.setenv(f"PLANTED_{name}", secret)
                (folder / name).write_text(secret if by == "file" else "")
            references = {
                name: f'{{ env = "PLANTED_{name}" }}' if by == "env" else f'{{ file = "secrets/{name}" }}'
                for name in secrets
            }
            instance = Instance(
                root,
                provider=(
                    f'kind = "smtp"\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n'
                    f'user = "{USER}"\n{login} = {references["LOGIN"]}\n'
                ),
                newsletter=(
                    f'[alerts]\ndisk = "1 MB"\nmail = ["desk@example.org"]\nwebhook = {references["HOOK"]}\n'
                    f'[[dkim]]\ndomain = "news.example.org"\nselector = "s"\nkey = {references["DKIM"]}\n'
                    "[web]\nport = 0\n"
                    '[preflight]\nrules = { links-answer = "off", sender-domain = "off" }\n'
                ),
            )
            config = instance.config.read_text()
            config = config.replace("[site]\n", f"[site]\nsecret = {references['SITE']}\n")
            config = config.replace('url = "sqlite:///var/publisher.db"', f"url = {references['STORAGE']}")
            if apis:
                tables = "[[provider]]" if "[[provider]]" in apis else "[provider]"
                config = f"{config.replace('[provider]', tables)}\n{apis.format(**references)}"
            instance.config.write_text(config)
            return Planted(instance, server, hook, [folder / name for name in secrets])

        yield planted


# --- a morning on which much goes wrong ------------------------------------------------------------------------


def a_morning(planted: Planted) -> None:
    """Login refused, mails refused in the server's echo, alerts that fail and that arrive, resends, a preview."""
    instance, server = planted.instance, planted.server
    instance.digest("2024-11-21")
    readers = ["reader", REFUSED, DEFERRED, SILENT]
    instance.subscribe(*(f"{name}@example.org" for name in readers))
    server.rules[:] = [Rule(Step.AUTH, echo("535 5.7.8", PASSWORD))]
    refused = planted("--debug", "run")
    assert refused.code == 1
    assert "535 5.7.8 you said <secret> or " in refused.err
    assert "webhook was not told of" in refused.err
    server.rules[:] = [
        Rule(Step.RCPT, echo("550 5.7.1", PASSWORD), REFUSED),
        Rule(Step.RCPT, echo("451 4.7.1", PASSWORD), DEFERRED),
        Rule(Step.DOT, CLOSE, SILENT),
        Rule(Step.QUIT, echo("221 2.0.0", PASSWORD)),
    ]
    planted.hook.acts = {path: reply("200 OK", HOOK.encode()) for path in planted.hook.acts}
    planted.due()
    assert planted("--debug", "run").code == 1
    shown = planted("mailing", "show", "1", "--json")
    assert "550" in shown.out
    assert "<secret>" in shown.out
    planted("mailing", "list", "--json")
    planted("digest", "show", DIGEST, "--json")
    planted("resend", DIGEST, "--failed", "--dry-run", "--json")
    again = planted("resend", DIGEST, "--failed", "--reason", "they were told", "--yes", "--json")
    assert again.code == 1
    assert planted("preview", DIGEST).code == 0
    planted("check", DIGEST)
    assert any(b"dkim-signature" in data.lower() for _, data in server.received)
    assert any(recipient == "desk@example.org" for recipient, _ in server.received)
    assert len(planted.hook.asked) > 1


@pytest.mark.slow
@pytest.mark.parametrize("by", ["env", "file"])
@pytest.mark.parametrize("login", ["password", "token"])
def test_a_morning_tells_no_secret(plant: Plant, database: Database, by: str, login: str) -> None:
    planted = plant(database, by, login)
    a_morning(planted)
    planted.assert_nothing_is_told()


@pytest.mark.slow
def test_a_server_that_repeats_what_it_was_told_is_quoted_without_it(
    plant: Plant, sqlite_database: Database
) -> None:
    """The short form: one refusal of a mail, and one of everything."""
    planted = plant(sqlite_database, "env", "password")
    planted.instance.digest("2024-11-21")
    planted.instance.subscribe("reader@example.org", f"{REFUSED}@example.org")
    planted.hook.acts = {path: reply("200 OK") for path in planted.hook.acts}
    planted.server.rules[:] = [Rule(Step.RCPT, echo("550 5.7.1", PASSWORD), REFUSED)]
    assert planted("run").code == 1
    assert "<secret>" in planted("mailing", "show", "1", "--json").out
    planted.server.rules[:] = [Rule(Step.AUTH, echo("535 5.7.8", PASSWORD))]
    refused = planted("--debug", "resend", DIGEST, "--failed", "--reason", "they were told", "--yes")
    assert "535 5.7.8 you said <secret> or " in refused.err
    planted.assert_nothing_is_told()


@pytest.mark.slow
def test_the_doctor_tells_no_secret_that_it_tries(plant: Plant, sqlite_database: Database) -> None:
    planted = plant(sqlite_database, "env", "password")
    planted.server.rules[:] = [Rule(Step.AUTH, echo("535 5.7.8", PASSWORD))]
    assert "<secret>" in planted("check").out
    assert "<secret>" in planted("--debug", "check", "--json").out
    planted.assert_nothing_is_told()


@pytest.mark.slow
def test_serve_tells_no_secret(plant: Plant, sqlite_database: Database) -> None:
    planted = plant(sqlite_database, "env", "password")
    planted.instance.digest("2024-11-21")
    planted.instance.subscribe("reader@example.org", f"{REFUSED}@example.org")
    planted.server.rules[:] = [Rule(Step.AUTH, echo("535 5.7.8", PASSWORD))]
    pid = planted.instance.start("--debug", "serve")
    give_up = time.monotonic() + 60
    log = planted.instance.root / f"err.{pid}"
    while "535 5.7.8 you said <secret>" not in (log.read_text() if log.exists() else ""):
        assert time.monotonic() < give_up
        time.sleep(0.05)
    os.kill(pid, signal.SIGTERM)
    planted.ended.append(planted.instance.wait(pid))
    planted.assert_nothing_is_told()


# --- providers with an API ------------------------------------------------------------------------------------

TABLES = """
[[provider]]
kind = "mailgun"
domain = "mg.example.org"
key = {KEY}
webhook_key = {WEBHOOK}
url = "URL"
[[provider]]
kind = "postmark"
key = {KEY}
webhook_user = "postmark"
webhook_password = {CALLWORD}
url = "URL"
[[provider]]
kind = "sendgrid"
key = {KEY}
url = "URL"
[[provider]]
kind = "resend"
key = {KEY}
url = "URL"
[[provider]]
kind = "ses"
region = "eu-west-1"
access_key = {ACCESS}
secret_key = {SECRETKEY}
session_token = {SESSION}
url = "URL"
"""
CALLS = (
    *("POST /v3/mg.example.org/messages", "POST /email/batch", "POST /v3/mail/send", "POST /emails/batch"),
    *("POST /v2/email/outbound-emails", "GET /v4/domains/mg.example.org", "GET /server", "GET /domains"),
    *(
        "GET /message-streams/broadcast",
        "GET /message-streams/outbound",
        "GET /v3/scopes",
        "GET /v2/email/account",
    ),
)


@pytest.mark.parametrize("by", ["env", "file"])
@pytest.mark.parametrize("status", ["400 Bad Request", "403 Forbidden", "500 Internal Server Error"])
def test_an_api_that_repeats_what_it_was_told_is_quoted_without_it(
    plant: Plant, sqlite_database: Database, by: str, status: str
) -> None:
    words = " ".join(echo("", secret) for secret in API.values())
    body = json.dumps({"message": words, "Message": words, "errors": [{"message": words}]}).encode()
    with FakeWeb({call: reply(status, body) for call in CALLS}) as api:
        planted = plant(sqlite_database, by, "password", TABLES.replace("URL", api.url()))
        names = [each["name"] for each in json.loads(planted("provider", "list", "--json").out)]
        assert names == ["smtp", "mailgun", "postmark", "sendgrid", "resend", "ses"]
        planted("provider", "list", "--hooks")
        assert planted("--debug", "provider", "test").code == 1
        for name in names:
            assert planted("provider", "test", name, "--to", "desk@example.org").code == (name != "smtp")
        assert (
            "<secret>" in planted("--debug", "provider", "test", "ses", "--to", "desk@example.org", "--json").out
        )
        assert set(CALLS) == set(api.paths)
    planted.assert_nothing_is_told()


# --- what comes back ------------------------------------------------------------------------------------------

ASKED = {
    "mailgun": ("POST /v3/mg.example.org/messages", "GET /v3/mg.example.org/events"),
    "postmark": ("POST /email/batch", "GET /messages/outbound"),
    "sendgrid": ("POST /v3/mail/send", "GET /v3/messages"),
    "resend": ("POST /emails/batch",),
    "ses": ("POST /v2/email/outbound-emails",),
}
"""Where each provider is given mail, and where it is asked what became of it."""


FAULT = "500 Internal Server Error"


def slow(value: str) -> Any:
    """A parameter of the longer form of a test."""
    return pytest.param(value, marks=pytest.mark.slow)


def echoed(kind: str) -> bytes:
    """A body that repeats the keys of a provider, in every form and wherever it has words."""
    names = {
        "ses": ("access", "secretkey", "session"),
        "mailgun": ("key", "webhook"),
        "postmark": ("key", "callword"),
    }
    words = " ".join(echo("", API[name]) for name in names.get(kind, ("key",)))
    return json.dumps({"message": words, "Message": words, "errors": [{"message": words}]}).encode()


def each_its_own(tables: str) -> str:
    """Providers of which each gets the mail for a domain of its name."""
    for kind in ASKED:
        tables = tables.replace(f'kind = "{kind}"', f'kind = "{kind}"\ndomains = ["{kind}.example.org"]')
    return tables


@pytest.mark.parametrize("status", [slow("401 Unauthorized"), slow("429 Too Many Requests"), FAULT])
def test_a_mailing_by_apis_that_repeat_their_key_tells_none(
    plant: Plant, sqlite_database: Database, status: str
) -> None:
    """None of them takes any; where nothing is uncertain, it goes by the server that is there as well."""
    acts = {
        call: reply(status, echoed(kind), Retry_After="3600") for kind, calls in ASKED.items() for call in calls
    }
    with FakeWeb(acts) as api:
        planted = plant(sqlite_database, "env", "password", each_its_own(TABLES.replace("URL", api.url())))
        planted.instance.digest("2024-11-21")
        planted.instance.subscribe(*(f"reader@{kind}.example.org" for kind in ASKED))
        planted("--debug", "run")
        assert {calls[0] for calls in ASKED.values()} <= set(api.paths)
        shown = planted("--debug", "mailing", "show", "1", "--json")
        assert ("<secret>" in shown.out) == status.startswith("500")
        planted("--debug", "check")
    recipients = {recipient for recipient, _ in planted.server.received}
    if not status.startswith("500"):
        assert {f"reader@{kind}.example.org" for kind in ASKED} <= recipients
    planted.assert_nothing_is_told()


@pytest.mark.parametrize("status", [slow("200 OK"), "401 Unauthorized", slow(FAULT)])
def test_asking_what_became_of_mail_tells_no_key(plant: Plant, sqlite_database: Database, status: str) -> None:
    acts: dict[str, Any] = {}
    for kind, calls in ASKED.items():
        acts |= {calls[0]: hang_up} | {call: reply(status, echoed(kind)) for call in calls[1:]}
    with FakeWeb(acts) as api:
        planted = plant(sqlite_database, "env", "password", each_its_own(TABLES.replace("URL", api.url())))
        planted.instance.digest("2024-11-21")
        planted.instance.subscribe(*(f"reader@{kind}.example.org" for kind in ASKED))
        assert planted("--debug", "run").code == 1
        with planted.instance.opened() as app, app.database.write() as connection:  # it is asked after a while
            connection.execute(text("UPDATE deliveries SET changed_at = '2024-11-21 00:00:00'"))
        ended = planted("--debug", "mailing", "reconcile", "1")
        assert ended.code == 1
        assert "cannot be asked what became of mail" in ended.out + ended.err
        assert {call for calls in ASKED.values() for call in calls[1:]} <= {
            path.partition("?")[0] for path in api.paths
        }
        planted("mailing", "reconcile", "1", "--json")
    planted.assert_nothing_is_told()


MAILBOX = """
[bounces]
imap_host = "127.0.0.1"
imap_port = PORT
imap_security = "none"
user = "bounces"
password = {MAILBOX}
"""


@pytest.mark.parametrize("capabilities", ["IMAP4rev1 AUTH=PLAIN", "IMAP4rev1"])
def test_a_mailbox_that_refuses_the_login_and_repeats_it_is_told_without_it(
    plant: Plant, sqlite_database: Database, capabilities: str
) -> None:
    with FakeImap([], capabilities=capabilities, refused="LOGIN" if capabilities == "IMAP4rev1" else "") as server:
        server.refuses_login = True
        planted = plant(sqlite_database, "env", "password", MAILBOX.replace("PORT", str(server.port)))
        ended = planted("--debug", "run")
        assert "cannot log in to the bounce mailbox at 127.0.0.1" in ended.err
        planted("--debug", "check")
        assert any(leaks(command) for command in server.commands)  # it has heard it
    planted.assert_nothing_is_told()


def test_a_webhook_tells_nobody_its_address(plant: Plant, sqlite_database: Database) -> None:
    """Calls that are refused, broken or unreadable, at an address that is right; and commands that know it."""
    planted = plant(sqlite_database, "env", "password", TABLES.replace("URL", "http://127.0.0.1:9/"))
    with planted.instance.opened() as app:
        paths = {each: hook_path(app.secret, each) for each in ("mailgun", "postmark")}
    planted.addresses = [path.rpartition("/")[2] for path in paths.values()]
    pid = planted.instance.start("--debug", "serve")
    try:
        log = planted.instance.root / f"err.{pid}"
        address = until(
            lambda: re.search(r"at (http://127\.0\.0\.1:(\d+)/)", log.read_text() if log.exists() else "")
        )
        for path in paths.values():
            assert_refused(address[1] + path, int(address[2]), path)
    finally:
        os.kill(pid, signal.SIGTERM)
        planted.ended.append(planted.instance.wait(pid))
    assert "webhook of mailgun refused" in planted.ended[-1].err
    for words in (
        ("provider", "list"),
        ("provider", "list", "--json"),
        ("check",),
        ("--debug", "check", "--json"),
    ):
        planted(*words)
    assert planted.addresses[0] in planted.instance("provider", "list", "--hooks").out
    (planted.instance.root / "hooks").mkdir()  # what was just told on purpose is no leak
    for log in planted.instance.root.glob("out.*"):
        if planted.addresses[0] in log.read_text():
            log.rename(planted.instance.root.parent / log.name)
    planted.assert_nothing_is_told()


def assert_refused(url: str, port: int, path: str) -> None:
    """Whatever is called there without a proof is refused."""
    wrong = {"Authorization": f"Basic {b64encode(b'postmark:wrong').decode()}"}
    for body in (b"{}", b"no JSON", b'{"signature": {"timestamp": "1", "token": "t", "signature": "00"}}'):
        assert httpx.post(url, content=body, headers=wrong).status_code in (400, 403)
    assert httpx.post(url, content=b"x" * 1_100_000).status_code == 413
    assert httpx.get(url).status_code == 405
    assert httpx.post(f"{url}x", content=b"{}").status_code == 404
    assert httpx.post(f"{url}/", content=b"{}").status_code in (404, 405)
    for line in (f"POST /{path} HTTP/9.9", f"POST /{path}", f"POST /{path}\0 HTTP/1.1"):
        with socket.create_connection(("127.0.0.1", port), 30) as connection:
            connection.sendall(f"{line}\r\nHost: x\r\nContent-Length: x\r\n\r\n".encode())
            assert connection.recv(12).startswith(b"HTTP/1.1 4")


# --- configurations that are wrong -----------------------------------------------------------------------------

STORAGES = {
    "no port": f"postgresql+psycopg://daily:{BASE}@127.0.0.1:{BASE}/x",
    "no @": f"postgresql+psycopg://daily:{BASE}/x",
    "two @": f"postgresql+psycopg://daily:x@{BASE}@127.0.0.1/x",
    "a bracket": f"postgresql+psycopg://daily:[{BASE}@127.0.0.1:1/x",
    "letters that are none": f"postgresql+psycopg://daily:\u2100{BASE}@127.0.0.1:1/x",
    "another database": f"mysql://daily:{BASE}@127.0.0.1/x",
    "no address": f"daily:{BASE}@127.0.0.1",
    "nobody there": f"postgresql+psycopg://daily:{BASE}@127.0.0.1:1/x",
    "in the query": f"postgresql+psycopg://daily@127.0.0.1:1/x?password={BASE}",
    "an option of no driver": f"postgresql+psycopg://daily:{BASE}@127.0.0.1:1/x?{BASE}={BASE}",
}
WRONG: dict[str, tuple[str, str]] = {
    "an unknown key": ('kind = "smtp"', f'kind = "smtp"\npasword = "{LOGIN}"'),
    "a number that is none": ("port = ", f'timeout = "{LOGIN}"\nport = '),
    "both ways to log in": ('kind = "smtp"', f'kind = "smtp"\ntoken = "{LOGIN}"'),
    "a secret that is no text": ("[site]\nsecret = ", f'[site]\nsecret = ["{SITE}"]\n#'),
    "a key that is none": ("key = ", f'key = "{HOOK}"\n#'),
    "a webhook that is none": ("webhook = ", f'webhook = "{HOOK}"\n#'),
    "no TOML": ("[site]\nsecret = ", f'[site]\nsecret = "{SITE}" "'),
    "TOML twice": ("[site]\nsecret = ", f'[site]\nsecret = "{SITE}"\nsecret = '),
}


def spoil(planted: Planted, old: str, new: str) -> None:
    config = planted.instance.config
    before = config.read_text()
    config.write_text(before.replace(old, new, 1))
    assert config.read_text() != before


def told_wrong(planted: Planted, *commands: tuple[str, ...]) -> None:
    """Each command fails, in few words or in a trace, and tells nothing."""
    for words in commands:
        ended = planted(*words)
        assert ended.code in (1, 2), ended
        assert leaks(ended.out + ended.err) == [], (words, ended)
        if "--debug" not in words:
            assert "Traceback" not in ended.err, ended


TRACE = [("--debug", "run")]
IN_FEW_WORDS = pytest.param([("run",), ("check",), ("check", "--json")], marks=pytest.mark.slow, id="in few words")
COMMANDS = [pytest.param(TRACE, id="in a trace"), IN_FEW_WORDS]
"""A trace holds the words, and more."""


@pytest.mark.parametrize("commands", COMMANDS)
@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_beside_a_secret_is_told_without_it(
    plant: Plant, sqlite_database: Database, wrong: str, commands: Sequence[tuple[str, ...]]
) -> None:
    planted = plant(sqlite_database, "env", "password")
    spoil(planted, *WRONG[wrong])
    planted.instance.digest("2024-11-21")
    told_wrong(planted, *commands)


@pytest.mark.parametrize("commands", COMMANDS)
@pytest.mark.parametrize("storage", STORAGES)
def test_a_database_that_does_not_open_is_told_without_its_password(
    plant: Plant,
    sqlite_database: Database,
    monkeypatch: pytest.MonkeyPatch,
    storage: str,
    commands: Sequence[tuple[str, ...]],
) -> None:
    planted = plant(sqlite_database, "env", "password")
    monkeypatch.setenv("PLANTED_STORAGE", STORAGES[storage])
    told_wrong(planted, *commands)


@pytest.mark.parametrize("act", [reply("500 Internal Server Error", HOOK.encode()), hang_up])
def test_a_webhook_that_fails_is_told_without_its_address(
    plant: Plant, sqlite_database: Database, act: Any
) -> None:
    planted = plant(sqlite_database, "file", "password")
    planted.hook.acts = dict.fromkeys(planted.hook.acts, act)
    spoil(planted, 'disk = "1 MB"', 'disk = "999999 TB"')
    assert "webhook was not told of" in planted("--debug", "run").err
    planted.assert_nothing_is_told()


def test_a_fault_of_ours_tells_no_secret(
    plant: Plant, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever is raised, whoever raised it: one door takes the secrets out."""
    planted = plant(sqlite_database, "env", "password")

    def crash(*_: object) -> None:
        try:
            raise ValueError(echo("x" * 180, PASSWORD))
        except ValueError as error:
            raise RuntimeError(f"{'x' * 180} {SITE} {DKIM_KEY}") from error

    monkeypatch.setattr("publisher.cli.run.instance", crash)
    for words in (["run"], ["--debug", "run"], ["run", f"--config={planted.instance.config}", "--debug"]):
        with pytest.raises(SystemExit) as ended:
            main(["--config", str(planted.instance.config), *words])
        assert ended.value.code == 1
        said = capsys.readouterr()
        assert leaks(said.out + said.err) == []
        assert "RuntimeError" in said.err


# --- what hangs on an open instance ----------------------------------------------------------------------------


def hanging_on(start: object) -> Iterator[object]:
    """Every object that can be reached from one of ours by its attributes, and is more than a text or a number."""
    seen: dict[int, object] = {}
    queue = [start]
    while queue:
        each = queue.pop()
        if id(each) in seen or type(each) in (str, bytes, int, float, bool, type(None), type):
            continue
        seen[id(each)] = each
        yield each
        if isinstance(each, BaseModel):  # what it does not show is a secret, and no object that hangs on it
            queue += [getattr(each, name) for name, field in type(each).model_fields.items() if field.repr]
        elif isinstance(each, dict):
            queue += each.values()
        elif isinstance(each, list | tuple | set | frozenset):
            queue += each
        elif type(each).__module__.partition(".")[0] in ("publisher", "subscribers", "functools"):
            queue += vars(each).values() if hasattr(each, "__dict__") else []
            slots = (name for kind in type(each).__mro__ for name in getattr(kind, "__slots__", ()))
            queue += [getattr(each, name) for name in slots if hasattr(each, name)]
            queue += [each.func, each.args] if isinstance(each, partial) else []


@pytest.mark.parametrize("database_name", ["sqlite_database", "postgres_database"])
def test_nothing_that_hangs_on_an_open_instance_shows_a_secret(
    plant: Plant, request: pytest.FixtureRequest, database_name: str
) -> None:
    planted = plant(request.getfixturevalue(database_name), "env", "password")
    with planted.instance.opened() as app:
        names = [name for kind in type(app).__mro__ for name in vars(kind) if not name.startswith("_")]
        for name in names:
            value = getattr(app, name)  # built, if it was not yet
            assert leaks(f"{value!r} {value}") == [], name
        app.signing.of(app.settings.newsletter[0])
        found = list(hanging_on(app))
        kinds = {type(each).__name__ for each in found}
        assert kinds >= {
            "Settings",
            "SecretStr",
            "Smtp",
            "Connector",
            "Signing",
            "Dkim",
            "Engine",
            "InstanceSecret",
        }
        for each in found:
            if not isinstance(each, list | tuple | set | frozenset | dict):
                assert leaks(f"{each!r} {each}") == [], type(each)
        assert isinstance(app.settings.site.secret, SecretStr)
        assert leaks(repr(app.settings) + str(app.settings)) == []


# --- endpoints ------------------------------------------------------------------------------------------------

PLACES = """
[[endpoint]]
kind = "s3"
url = "s3://gazette/site"
server = "URL"
access_key = {ACCESS}
secret_key = {SECRETKEY}
timeout = "5 s"
[[endpoint]]
kind = "webdav"
url = "URLsite/"
user = "daily"
password = {KEY}
timeout = "5 s"
"""


class Parrot(FakeWeb):
    """Refuses everything with the same words, and with whatever it was told."""

    def __init__(self, status: str) -> None:
        super().__init__()
        self._status = status

    def _answer(self, exchange: Exchange) -> None:
        words = " ".join([*(echo("", secret) for secret in API.values()), *exchange.asked.headers.values()])
        exchange.send(reply(self._status, f"<Error><Code>Odd</Code>{words}</Error>".encode()))


@pytest.mark.parametrize("status", ["403 Forbidden", "500 Internal Server Error"])
def test_endpoints_that_repeat_what_they_were_told_are_quoted_without_it(
    plant: Plant, sqlite_database: Database, status: str
) -> None:
    with Parrot(status) as web:
        planted = plant(sqlite_database, "env", "password", PLACES.replace("URL", web.url()))
        planted.instance.digest("2024-11-21")
        ended = planted("--debug", "run")
        assert ended.code == 1
        assert "s3: " in ended.err
        assert "webdav: " in ended.err
        for words in (("feed", "build"), ("feed", "push"), ("check",), ("digest", "show", DIGEST, "--json")):
            planted("--debug", *words)
        assert {asked.headers.get("authorization", "")[:5] for asked in web.asked} >= {"AWS4-", "Basic"}
    planted.assert_nothing_is_told()
