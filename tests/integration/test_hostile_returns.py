"""What somebody hostile sends: floods of events, mails that are bombs. What listens lives on and keeps little."""

from __future__ import annotations

import json
import os
import signal
import smtplib
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from publisher.app import App, open_app
from publisher.bounces.hook_paths import hook_path
from publisher.bounces.lmtp import LARGEST_TAKEN
from publisher.bounces.receiving import LONGEST_RAW
from publisher.messages import verp
from publisher.storage.database import Database
from publisher.storage.tables import feedback
from publisher.web import Folder, WebServer, create_app
from subscribers import suppression
from tests.fakes.hook_payloads import KINDS, NOW
from tests.fakes.lmtp import hand_over
from tests.instance import Instance
from tests.integration.test_hooks_of_providers import FILES, tables
from tests.integration.test_returned_mail import corpus, free_port
from tests.integration.test_serve import until

pytestmark = pytest.mark.slow

READER = "reader@example.org"
SENDGRID = KINDS["sendgrid"]
EVENTS, AT_ONCE = 10_000, 1_000


def bounce(email: str, link: str = "x" * 40) -> bytes:
    return corpus("postfix-unknown", "a" * 24, link, email)


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    """One that has mailed one reader, and takes returned mail."""
    made = Instance(
        tmp_path / "instance",
        newsletter='envelope_from = "bounces@news.example.org"\nverp = true\n'
        f"[bounces]\nlmtp_port = {free_port()}\n[web]\nport = 0\n",
    )
    made.config.write_text(made.config.read_text().replace(FILES, tables()))
    made.subscribe(READER)
    made.digest("2024-11-21")
    assert made("run").code == 0
    return made


@pytest.fixture
def app(instance: Instance) -> Iterator[App]:
    found = open_app(instance.config, lambda: NOW)
    yield found
    found.close()


def rows(app: App) -> int:
    with app.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(feedback)) or 0


def suppressed(app: App) -> set[str]:
    with app.database.read() as connection:
        return {one.email_key for one in suppression.suppression_page(connection)}


def token(app: App) -> str:
    return verp.mint(app.secret, 1, READER)


# --- a flood of events -----------------------------------------------------------------------------------------


def flood(app: App, url: str, text: str) -> None:
    """Many events with a genuine signature, none about a mail of ours, told by four at once."""

    def tell(start: int) -> int:
        events = [
            SENDGRID.event("bounce", sg_event_id=f"invented-{number}", reason=text, ref=f"{'a' * 20}{number:04}")
            for number in range(start, start + AT_ONCE)
        ]
        request = SENDGRID.request(events, NOW)
        path = hook_path(app.secret, "sendgrid")
        return httpx.post(f"{url}{path}", content=request.body, headers=request.headers, timeout=60).status_code

    with ThreadPoolExecutor(4) as four:
        assert set(four.map(tell, range(0, EVENTS, AT_ONCE))) == {200}


@pytest.mark.slow
def test_a_flood_of_events_about_nobody_is_worked_off_and_leaves_little(app: App, instance: Instance) -> None:
    with WebServer(
        create_app(app.links, app.signups, Folder(app.site_folder), app.returning.hooks), "127.0.0.1", 0
    ) as server:
        flood(app, server.url, "550 5.1.1 no such user " + "x" * 300)
        assert rows(app) == EVENTS
        genuine = json.loads(json.dumps(SENDGRID.event("bounce")).replace("reader@example.org", READER))
        genuine["ref"] = token(app)
        request = SENDGRID.request(genuine, NOW, "the-genuine-one")
        path = hook_path(app.secret, "sendgrid")
        answer = httpx.post(f"{server.url}{path}", content=request.body, headers=request.headers, timeout=60)
        assert answer.status_code == 200
    batches = 0

    def counted() -> bool:
        nonlocal batches
        batches += 1
        return False

    done = app.returning.processing.process(lambda: NOW, counted)
    assert done.verdicts == {"forged": EVENTS, "suppressed": 1}
    assert batches == EVENTS // 50 + 2  # each is looked at once
    with app.database.read() as connection:
        kept = func.sum(func.length(feedback.c.raw) + func.length(feedback.c.text))
        forged = connection.scalar(select(kept).where(feedback.c.verdict == "forged")) or 0
    assert forged == 0  # nobody will ask what they said


@pytest.mark.slow
def test_a_stop_ends_between_two_batches(app: App) -> None:
    with WebServer(
        create_app(app.links, app.signups, Folder(app.site_folder), app.returning.hooks), "127.0.0.1", 0
    ) as server:
        flood(app, server.url, "550 5.1.1 no such user")
    left = iter([False, False, True])
    assert app.returning.processing.process(lambda: NOW, lambda: next(left)).verdicts.total() == 100


@pytest.mark.parametrize("database_name", ["sqlite_database", "postgres_database"])
def test_two_processes_take_the_same_webhook_and_keep_one_event(
    tmp_path: Path, request: pytest.FixtureRequest, database_name: str
) -> None:
    database: Database = request.getfixturevalue(database_name)
    url = database.engine.url.render_as_string(hide_password=False)
    made = Instance(tmp_path / "instance", database=url, newsletter="[web]\nport = 0\n")
    made.config.write_text(made.config.read_text().replace(FILES, tables()))
    made.subscribe(READER)
    made.digest("2024-11-21")
    assert made("run").code == 0
    with ExitStack() as stack:
        apps = [open_app(made.config, lambda: NOW) for _ in range(2)]
        urls = []
        for each in apps:
            stack.callback(each.close)
            site = create_app(each.links, each.signups, Folder(each.site_folder), each.returning.hooks)
            urls.append(stack.enter_context(WebServer(site, "127.0.0.1", 0)).url)
        events = []
        for number in range(20):
            events.append(SENDGRID.event("bounce", ref=token(apps[0]), sg_event_id=f"invented-{number}"))
        told = [SENDGRID.request(order, NOW) for order in (events, events[::-1]) for _ in range(4)]
        path = hook_path(apps[0].secret, "sendgrid")
        together = threading.Barrier(len(told))

        def tell(number: int) -> int:
            together.wait(60)
            body, headers = told[number].body, told[number].headers
            return httpx.post(f"{urls[number % 2]}{path}", content=body, headers=headers, timeout=60).status_code

        with ThreadPoolExecutor(len(told)) as all_at_once:
            assert set(all_at_once.map(tell, range(len(told)))) == {200}
        assert rows(apps[0]) == 20
        with ThreadPoolExecutor(2) as both:
            done = list(both.map(lambda each: each.returning.processing.process(lambda: NOW), apps))
        assert done[0].verdicts + done[1].verdicts == {"suppressed": 1, "noted": 19}


# --- mails that are bombs --------------------------------------------------------------------------------------

HEAD = b"From: MAILER-DAEMON@example.org\r\nMessage-ID: <bomb@example.org>\r\nMIME-Version: 1.0\r\n"


def many_parts() -> bytes:
    part = b"--b\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\n\r\n"
    return HEAD + b"Content-Type: multipart/report; boundary=b\r\n\r\n" + part * 10_000 + b"--b--\r\n"


def deep() -> bytes:
    levels = b"".join(
        b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (n, n + 1) for n in range(5000)
    )
    return HEAD + b"Content-Type: multipart/mixed; boundary=b0\r\n\r\n" + levels


BOMBS: dict[str, Callable[[], bytes]] = {
    "almost too large": lambda: HEAD + b"\r\n" + (b"x" * 8_000 + b"\r\n") * (LARGEST_TAKEN // 8_400),
    "lines of nothing": lambda: HEAD + b"\r\n" * 500_000,
    "many parts": many_parts,
    "deep": deep,
    "a header without end": lambda: HEAD + b"X-Long: " + b"\r\n x" * 1_000_000,
    "many headers": lambda: HEAD + b"X: y\r\n" * 100_000 + b"\r\n",
    "encoded words": lambda: HEAD + b"Subject:" + b" =?utf-8?b?w6k=?=\r\n" * 60_000 + b"\r\n\r\n",
    "recipients": lambda: HEAD + b"To: " + b"a@b.example,\r\n " * 100_000 + b"x@b.example\r\n\r\n",
    "comments": lambda: HEAD + b"To: " + b"(" * 60_000 + b"\r\n\r\n",
    "base64": lambda: HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"AAAA" * 18 + b"\r\nAAA=" * 100_000,
}


@pytest.mark.slow
def test_serve_outlives_bombs_and_a_crowd_by_lmtp_and_takes_the_next_bounce(instance: Instance) -> None:
    with instance.opened() as app:
        port, recipient = app.settings.bounces.lmtp_port, f"bounces+{token(app)}@news.example.org"
    pid = instance.start("serve", afresh=True)
    log = instance.root / f"err.{pid}"
    try:
        until(lambda: "serving" in (log.read_text() if log.exists() else ""))
        for make in BOMBS.values():
            hand_over(port, recipient, make())
        with pytest.raises(smtplib.SMTPException):
            hand_over(port, recipient, HEAD + b"\r\n" + (b"x" * 8_000 + b"\r\n") * (LARGEST_TAKEN // 8_000))
        with ExitStack() as crowd:
            for number in range(100):
                each = crowd.enter_context(socket.create_connection(("127.0.0.1", port), 30))
                each.sendall([b"LHLO x\r\n", b"\0\0\r\n", b"x" * 5_000, b""][number % 4])
            hand_over(port, recipient, bounce(READER))
        with instance.opened() as app:
            until(lambda: suppressed(app) == {READER} or None)
            with app.database.read() as connection:
                longest = connection.scalar(select(func.max(func.length(feedback.c.raw))))
            assert (longest or 0) <= LONGEST_RAW
        status = Path(f"/proc/{pid}/status").read_text()
        (peak,) = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")]
        assert peak < 600_000  # kB
    finally:
        os.kill(pid, signal.SIGTERM)
        ended = instance.wait(pid)
    assert ended.code == 0, ended
    assert "Traceback" not in ended.err
    assert READER not in ended.err
