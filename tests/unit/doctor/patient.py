"""A whole and healthy instance with a world of its own, for faults to be planted in."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Table, insert, select

from publisher.app import ground
from publisher.doctor.model import Finding, Ground, Result
from publisher.doctor.outside import Room, Surroundings
from publisher.doctor.registry import CHECKS
from publisher.doctor.running import run
from publisher.http import Client, Limits, dial
from publisher.messages.dkim_keys import KeyKind, make_key, public_record, read_key
from publisher.probes.names import Names
from publisher.storage import migrate, tables
from publisher.storage.database import connect
from tests.fakes.smtp import FakeSmtp
from tests.fakes.web import LOOPBACK, FakeWeb, names, reply
from tests.fakes.zone import FakeZone, text

NOW = datetime(2026, 11, 22, 7, 30, tzinfo=UTC)
CERTIFICATE = Path(__file__).parents[2] / "fakes" / "certificates" / "press.pem"
PASSWORD = "hush-password-4711"
SECRET = "hush-secret-4711-4711"
TOKEN = "hush-token-4711"
PAGE = b"<!doctype html><title>The Example Gazette</title>"
OWN = "93.184.216.34"

CONFIG = """
[site]
title = "The Example Gazette"
url = "https://press.internal/"
secret = "{secret}"

[[newsletter]]
slug = "daily"
title = "The Example Daily"
from = "The Example Daily <daily@press.internal>"
reply_to = "desk@press.internal"
envelope_from = "bounces@mail.press.internal"
postal_address = "1 Quay Street, Exampleton"
{newsletter}

[storage]
url = "{database}"

[provider]
kind = "smtp"
host = "127.0.0.1"
port = {port}
security = "none"
user = "publisher"
password = "{password}"

[[endpoint]]
kind = "directory"

[[dkim]]
domain = "press.internal"
selector = "s1"
key = {{ file = "var/dkim/press.internal.s1.pem" }}
"""


@cache
def key() -> bytes:
    """A key that signs, PEM: the same for all, for making one takes a while."""
    return make_key(KeyKind.RSA)


@cache
def record() -> str:
    """Its public half as the DNS has it."""
    return public_record(read_key(key(), "the test's key"))


def healthy_zone() -> dict[str, list[str]]:
    return {
        "press.internal MX": ["10 mx.press.internal."],
        "press.internal A": [OWN],
        "mail.press.internal MX": ["10 mx.press.internal."],
        "mx.press.internal A": [OWN],
        "mail.press.internal TXT": [text("v=spf1 include:_spf.press.internal mx -all")],
        "_spf.press.internal TXT": [text("v=spf1 ip4:93.184.216.0/24 ~all")],
        "_dmarc.press.internal TXT": [text("v=DMARC1; p=quarantine")],
        "s1._domainkey.press.internal TXT": [text(record())],
        "34.216.184.93.in-addr.arpa PTR": ["mx.press.internal."],
    }


ROOMY = Room(100_000_000_000, 50_000_000_000, 1_000_000)


@dataclass
class FakeMachine:
    """A machine with room, and an address everybody knows."""

    room: Room = ROOMY
    address: str = OWN

    def space(self, folder: Path) -> Room:
        assert folder.is_dir()
        return self.room

    def own_address(self) -> str:
        return self.address


@dataclass
class Patient:
    """The instance below `root`; faults change its fields, its files, its database or its world."""

    root: Path
    zone: FakeZone
    web: FakeWeb
    smtp: FakeSmtp
    database: str = "sqlite:///var/publisher.db"
    newsletter: str = ""
    now: datetime = NOW
    machine: FakeMachine = field(default_factory=FakeMachine)
    mode: int = 0o600
    hosts: dict[str, str | list[str]] = field(default_factory=lambda: {"press__internal": "127.0.0.1"})
    changes: list[tuple[str, str]] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.root / "config.toml"

    def change(self, old: str, new: str) -> None:
        """Write something else into config.toml."""
        self.changes.append((old, new))

    def write(self) -> None:
        """The configuration, with what was changed."""
        content = CONFIG.format(
            secret=SECRET,
            newsletter=self.newsletter,
            database=self.database,
            port=self.smtp.port,
            password=PASSWORD,
        )
        for old, new in self.changes:
            assert old in content, old
            content = content.replace(old, new)
        self.config.write_text(content, encoding="utf-8")
        self.config.chmod(self.mode)

    def prepare(self) -> None:
        """Files and folders of a fresh instance that has published its first page."""
        (self.root / "digests").mkdir(parents=True)
        pem = self.root / "var" / "dkim" / "press.internal.s1.pem"
        pem.parent.mkdir(parents=True)
        pem.write_bytes(key())
        pem.chmod(0o600)
        (self.root / "var" / "site").mkdir()
        (self.root / "var" / "site" / "index.html").write_bytes(PAGE)
        prepared = connect(self.database, self.root)
        migrate.prepare(prepared)
        prepared.close()

    def insert(self, table: Table, **values: Any) -> int:
        """A row of the database."""
        database = connect(self.database, self.root)
        try:
            with database.write() as connection:
                connection.execute(insert(table).values(**values))
                first = next(iter(table.primary_key.columns))
                newest = connection.execute(select(first).order_by(first.desc())).scalars().first()
                return newest if isinstance(newest, int) else 0
        finally:
            database.close()

    def digest(self, state: str, **values: Any) -> int:
        """A digest in the database."""
        return self.insert(
            tables.digests,
            newsletter="daily",
            slug="news",
            title="News",
            date=NOW.date(),
            state=state,
            content={},
            source="news.txt",
            source_hash="0",
            seen_at=NOW - timedelta(hours=2),
            **values,
        )

    def edition(self) -> tuple[int, int]:
        """A published digest with its edition."""
        moment = NOW - timedelta(hours=2)
        digest_id = self.digest("published", published_at=moment, finalized_at=moment)
        return digest_id, self.insert(
            tables.editions,
            digest_id=digest_id,
            number=1,
            content={},
            source_hash="0",
            subject="News",
            page=b"",
            entry="",
            created_at=moment,
            updated_at=moment,
        )

    def mailing(self, state: str, started_at: datetime | None = None) -> int:
        """A mailing of two hours ago."""
        digest_id, edition_id = self.edition()
        return self.insert(
            tables.mailings,
            digest_id=digest_id,
            edition_id=edition_id,
            kind="scheduled",
            state=state,
            actor="schedule",
            created_at=NOW - timedelta(hours=2),
            started_at=started_at,
        )

    @contextmanager
    def ground(self) -> Iterator[Ground]:
        """What checks stand on here."""
        self.write()
        limits = Limits(connect=timedelta(seconds=5), total=timedelta(seconds=10))
        with Client(
            lookup=names(**self.hosts),
            dial=lambda _address, _port, seconds: dial(LOOPBACK, self.web.port, seconds),
            ca_file=CERTIFICATE,
            limits=limits,
        ) as client:
            around = Surroundings(Names(timedelta(seconds=10), self.zone.resolver()), client, self.machine)
            with ground(self.config, lambda: self.now, around) as stood_on:
                yield stood_on

    def results(self, *checks: str) -> tuple[Result, ...]:
        """What the checks of these names find; without any, all of them."""
        wanted = [check for check in CHECKS if check.name in checks or not checks]
        with self.ground() as stood_on:
            return run(wanted, stood_on, seconds=60)

    def findings(self, check: str) -> tuple[Finding, ...]:
        """What one check finds."""
        (result,) = self.results(check)
        return result.findings


@contextmanager
def patient(root: Path) -> Iterator[Patient]:
    """A healthy instance and its world."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    acts = {"/": reply(body=PAGE), "POST /u/check": reply(body=b"Not subscribed\n")}
    with ExitStack() as stack:
        zone = stack.enter_context(FakeZone(healthy_zone()))
        web = stack.enter_context(FakeWeb(acts, tls=context))
        smtp = stack.enter_context(FakeSmtp(features=["SIZE 1000000", "AUTH PLAIN LOGIN"]))
        made = Patient(root, zone, web, smtp)
        made.prepare()
        yield made
