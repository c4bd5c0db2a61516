"""A mailing over SMTP to aiosmtpd, a server that is not ours: refusals, lost connections, TLS and login."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email import message_from_bytes
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword, syntax
from sqlalchemy import select

from publisher.config import SmtpProvider
from publisher.errors import ConfigError, ProviderError
from publisher.ledger import DeliveryState, MailingKind, Message
from publisher.mailings import audience
from publisher.mailings.outcomes import RetryPolicy
from publisher.mailings.rescue import Rescuer
from publisher.mailings.resending import plan_resend
from publisher.mailings.sending import SenderParts, SenderResult, run_sender
from publisher.mailings.verdicts import Act, Wish, states_for
from publisher.providers.smtp import Smtp
from publisher.storage.database import Database
from publisher.storage.ledger import LedgerStore
from publisher.storage.standings import Standings
from publisher.storage.tables import deliveries
from tests.fakes.mailing import NEWSLETTER, PlainComposer, add_mailing, count_states, plan, planned, states
from tests.fakes.provider import Recorder

POLICY = RetryPolicy(timedelta(minutes=5), timedelta(hours=24))
REFUSED, DEFERRED, SILENT, CUT = (f"reader{number}@example.org" for number in (1, 2, 3, 4))


def never() -> bool:
    return False


class Handler:
    """Refuses, defers, and closes after the dot without a reply; counts a message when its dot was read."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.messages: list[bytes] = []
        self.mends = False

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name for it
        self, _server: SMTP, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if address == REFUSED and not self.mends:
            return f"550 5.7.1 <{address}> is not welcome here"
        if address == DEFERRED and not self.mends:
            return "451 4.7.1 greylisted, come back later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: SMTP, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.received += envelope.rcpt_tos
        self.messages.append(envelope.content)
        if SILENT in envelope.rcpt_tos:
            assert server.transport is not None
            server.transport.close()
        return "250 2.0.0 taken"


class CuttingSMTP(SMTP):
    """Closes the connection before the final dot, once for one recipient."""

    cuts = 0

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        assert self.envelope is not None
        if CUT in self.envelope.rcpt_tos and type(self).cuts == 0:
            type(self).cuts += 1
            assert self.transport is not None
            connection = self.transport.get_extra_info("socket")
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)  # reply and close in one segment
            await self.push("354 go on")
            self.transport.close()
            return
        await super().smtp_DATA(arg)


@contextmanager
def serving(
    handler: Handler, *, kind: type[SMTP] = SMTP, tls: ssl.SSLContext | None = None, **options: Any
) -> Iterator[int]:
    """aiosmtpd on a free port, in a thread. (Its own Controller cannot be given port 0.)"""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def do(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(10)

    async def end() -> None:
        server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    try:
        server = do(loop.create_server(lambda: kind(handler, loop=loop, **options), "127.0.0.1", 0, ssl=tls))
        yield server.sockets[0].getsockname()[1]
        do(end())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def smtp(port: int, **settings: Any) -> Smtp:
    values: dict[str, Any] = {"kind": "smtp", "host": "127.0.0.1", "port": port, "security": "none"}
    return Smtp(SmtpProvider(**values | settings), pause=lambda _: None, patience=10)


def send(database: Database, port: int, folder: Path, now: datetime) -> SenderResult:
    provider = smtp(port)
    store = LedgerStore(database)
    Rescuer(store, folder, provider, POLICY).sweep(now)
    return run_sender(SenderParts(store, provider, PlainComposer, folder, POLICY, 64, lambda: now), never)


def test_each_recipient_gets_the_state_that_the_server_gave_it(
    database: Database, tmp_path: Path, now: datetime
) -> None:
    CuttingSMTP.cuts = 0
    handler = Handler()
    planned(database, 12, now)
    with serving(handler, kind=CuttingSMTP) as port:
        result = send(database, port, tmp_path / "journal", now)
        assert result.error is None
        assert states(database) == {f"reader{number}@example.org": "accepted" for number in range(4, 13)} | {
            REFUSED: "failed",
            DEFERRED: "deferred",
            SILENT: "uncertain",
        }
        assert CuttingSMTP.cuts == 1
        assert sorted(handler.received) == sorted(
            f"reader{number}@example.org" for number in range(3, 13)
        )  # nobody twice, the one that was cut included
        with database.read() as connection:
            reason = connection.scalar(select(deliveries.c.reason).where(deliveries.c.state == "failed"))
        assert reason == "5.7.1 <recipient> is not welcome here"

        handler.mends = True
        handler.received.clear()
        send(database, port, tmp_path / "journal", now + timedelta(minutes=6))
        assert handler.received == [DEFERRED]

        handler.received.clear()
        assert resend_failed(database, now) == 1
        send(database, port, tmp_path / "journal", now + timedelta(minutes=7))
        assert handler.received == [REFUSED]
    assert count_states(database) == {"accepted": 11, "failed": 1, "uncertain": 1}


def resend_failed(database: Database, now: datetime) -> int:
    """What `publisher resend DIGEST --failed` does; gives how many it mails."""
    why_not = partial(audience.why_not, newsletter=NEWSLETTER, now=now)
    with database.read() as connection:
        people = Standings(connection).latest(1, NEWSLETTER, why_not, states_for(Act.FAILED))
    chosen = plan_resend(Wish(Act.FAILED), people, {}, digest_id=1, edition_id=1, newest=1)
    mailing_id = add_mailing(database, 1, 1, now, kind=MailingKind.RESEND, selection=chosen.selection)
    assert plan(database, mailing_id, now)
    return chosen.mailed


def test_a_server_that_is_down_leaves_everything_pending(
    database: Database, tmp_path: Path, now: datetime
) -> None:
    planned(database, 3, now)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    result = send(database, port, tmp_path / "journal", now)
    assert isinstance(result.error, ProviderError)
    assert count_states(database) == {str(DeliveryState.PENDING): 3}
    handler = Handler()
    handler.mends = True
    with serving(handler) as port:
        send(database, port, tmp_path / "journal", now)
    assert count_states(database) == {"accepted": 2, "uncertain": 1}


# --- TLS and login ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A throwaway authority (ca.pem) and a certificate it signed for localhost (server.pem with its key)."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command to make a throwaway certificate")
    folder = tmp_path_factory.mktemp("certificates")

    def run(*arguments: str) -> None:
        subprocess.run([openssl, *arguments], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    run("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Throwaway authority")
    (folder / "names").write_text("subjectAltName=DNS:localhost", encoding="ascii")
    run("req", *key[:-2], "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    sign = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names")
    run("x509", "-req", "-in", "server.csr", *sign, "-out", "server.crt")
    joined = (folder / "server.crt").read_text("ascii") + (folder / "server.key").read_text("ascii")
    (folder / "server.pem").write_text(joined, encoding="ascii")
    return folder


def _authenticate(_server: Any, _session: Any, _envelope: Any, mechanism: str, data: Any) -> AuthResult:
    assert isinstance(data, LoginPassword)
    good = (data.login, data.password) == (b"news", "p\u00e4ssword".encode())
    return AuthResult(success=good and mechanism in ("PLAIN", "LOGIN"), handled=False)


@contextmanager
def secure_server(certificates: Path, security: str, handler: Handler, **options: Any) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem")
    options |= {"authenticator": _authenticate}
    if security == "tls":
        options |= {"tls": context, "auth_require_tls": False}
    else:
        options |= {"tls_context": context, "require_starttls": True, "auth_required": True}
    with serving(handler, **options) as port:
        yield port


def a_message() -> Message:
    data = (
        b"Message-ID: <9@example.org>\r\nSubject: One\r\n\r\n.dot\r\nGood morning.\r\n"
        + b"All is well.\r\n" * 3_000
    )
    return Message(9, "news@example.org", "reader9@example.org", "<9@example.org>", data)


@pytest.mark.parametrize("excluded", ["LOGIN", "PLAIN"])
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_travels_over_verified_tls_after_login(certificates: Path, security: str, excluded: str) -> None:
    handler, report = Handler(), Recorder()
    with secure_server(certificates, security, handler, auth_exclude_mechanism=[excluded]) as port:
        secret = {"user": "news", "password": "p\u00e4ssword", "ca_file": certificates / "ca.pem"}
        provider = smtp(port, host="localhost", security=security, **secret)
        provider.send([a_message()], report, never)
        provider.close()
    assert report.marks(9) == "ba"
    assert message_from_bytes(handler.messages[0])["Message-ID"] == "<9@example.org>"
    assert handler.messages[0] == a_message().data


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize(("host", "ca_file"), [("localhost", None), ("127.0.0.1", "ca.pem")])
def test_a_certificate_that_does_not_hold_ends_the_run_before_any_mail(
    certificates: Path, security: str, host: str, ca_file: str | None
) -> None:
    handler, report = Handler(), Recorder()
    with secure_server(certificates, security, handler) as port:
        provider = smtp(
            port,
            host=host,
            security=security,
            user="news",
            password="x",
            ca_file=ca_file and certificates / ca_file,
        )
        with pytest.raises(ProviderError, match="cannot be trusted") as caught:
            provider.send([a_message()], report, never)
        provider.close()
    assert caught.value.permanent
    assert report.words == []
    assert handler.received == []


def test_a_wrong_password_ends_the_run_before_any_mail(certificates: Path) -> None:
    handler, report = Handler(), Recorder()
    with secure_server(certificates, "starttls", handler) as port:
        provider = smtp(
            port,
            host="localhost",
            security="starttls",
            user="news",
            password="wrong",
            ca_file=certificates / "ca.pem",
        )
        with pytest.raises(ProviderError, match="refuses the login of news: 535") as caught:
            provider.send([a_message()], report, never)
        provider.close()
    assert caught.value.permanent
    assert "wrong" not in str(caught.value)
    assert report.words == []


def test_a_ca_file_that_is_none_is_an_error_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate", encoding="ascii")
    with pytest.raises(ConfigError, match=r"provider\.ca_file"):
        smtp(25, security="tls", ca_file=tmp_path / "ca.pem")
