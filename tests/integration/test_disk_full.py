"""No room, no right to write, no database in the middle of a mailing: one line, nothing lost, it goes on after.

The trouble is real where a test can have it without mounting anything: see `tests/fakes/trouble`.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from publisher.storage.database import Database
from tests.fakes.smtp import FakeSmtp
from tests.instance import Ended, Instance

pytestmark = pytest.mark.slow

TROUBLE = Path(__file__).parents[1] / "fakes" / "trouble"
READERS = 150
CONNECTIONS = 2
LEDGER = "publisher.storage.ledger:Ledger"
JOURNAL = "publisher.mailings.journal:Journal"

PLACES = {
    "no room for the first window": (f"{LEDGER}.commit_window:1:full", "disk"),
    "no room for the next window": (f"{LEDGER}.commit_window:3:full", "disk"),
    "no room to settle": (f"{LEDGER}.settle:2:full", "disk"),
    "no room inside the database": (f"{LEDGER}.settle:2:pages", "full. Make room"),
    "no room for the sender's row": (f"{LEDGER}.register_sender:1:full", "disk"),
    "no room for the journal's last word": (f"{JOURNAL}._append:50:journal full", "."),
    "no room for the journal alone": (f"{JOURNAL}._append:50:journal alone full", "journal cannot be written"),
    "read-only while settling": (f"{LEDGER}.settle:2:read-only", "readonly database. Let the publisher's user"),
    "read-only before a window": (f"{LEDGER}.commit_window:1:read-only", "readonly database"),
    "var has vanished": ("publisher.storage.database:connect:1:gone", "batches open. Look whether [storage] url"),
}
SHORT = {
    "no room for the next window",
    "no room to settle",
    "no room for the journal alone",
    "read-only while settling",
    "cut off while settling",
}
"""Those of `make test`; `make check` has them all."""

CUTS = {
    "cut off before a window": f"{LEDGER}.commit_window:2:cut",
    "cut off while settling": f"{LEDGER}.settle:2:cut",
    "cut off at the end": f"{LEDGER}.end_sender:1:cut",
}


@pytest.fixture
def server() -> Iterator[FakeSmtp]:
    with FakeSmtp() as server:
        yield server


def cases(names: Iterable[str]) -> list[ParameterSet]:
    return [pytest.param(name, marks=[] if name in SHORT else [pytest.mark.slow]) for name in names]


def instance_of(server: FakeSmtp, folder: Path, database: str = "sqlite:///var/publisher.db") -> Instance:
    instance = Instance(
        folder / "instance",
        database=database,
        provider=f'kind = "smtp"\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n'
        f"connections = {CONNECTIONS}\n",
    )
    instance.digest("2024-11-21")
    instance.subscribe(*(f"reader{number}@example.org" for number in range(READERS)))
    return instance


def in_trouble(instance: Instance, place: str) -> Ended:
    """`publisher run`, whose senders get into it; the one line that it has to be."""
    path = os.pathsep.join(filter(None, [str(TROUBLE), os.environ.get("PYTHONPATH", "")]))
    instance.environment = {
        "PUBLISHER_TROUBLE": place,
        "PUBLISHER_TROUBLE_VAR": str(instance.root / "var"),
        "PYTHONPATH": path,
    }
    ended = instance("run")
    instance.environment = {}
    elsewhere = instance.root / "var.elsewhere"
    if elsewhere.exists():
        (instance.root / "var").rename(instance.root / "var.made")
        elsewhere.rename(instance.root / "var")
    return ended


def assert_one_line(ended: Ended, told: str) -> None:
    assert ended.code == 1, ended
    lines = [line for line in ended.err.splitlines() if not line.startswith("Sending ")]  # how far it is
    assert len(lines) == 1, ended.err
    assert lines[0].startswith("publisher: ")
    assert told in lines[0]
    assert re.search(r"\. [A-Z].* run it again", lines[0]), "no remedy"


def assert_completes(instance: Instance, server: FakeSmtp) -> None:
    """With room again the next run mails the rest: everybody has it, or is uncertain; nobody has it twice."""
    ended = instance("run")
    shown = json.loads(instance("mailing", "show", "1", "--json").out)
    assert shown["state"] == "done", ended
    assert shown["accepted"] + shown["uncertain"] == READERS
    assert shown["uncertain"] <= CONNECTIONS
    assert ended.code == (1 if shown["uncertain"] else 0)
    got = Counter(server.recipients)
    assert set(got.values()) == {1}
    assert READERS - shown["uncertain"] <= len(got) <= READERS
    assert list((instance.root / "var" / "journal").iterdir()) == []


@pytest.mark.parametrize("name", cases(PLACES))
def test_the_run_stops_in_one_line_and_the_next_completes_it(name: str, server: FakeSmtp, tmp_path: Path) -> None:
    place, told = PLACES[name]
    instance = instance_of(server, tmp_path)
    assert_one_line(in_trouble(instance, place), told)
    assert len(server.recipients) < READERS
    assert_completes(instance, server)


@pytest.mark.slow
@pytest.mark.parametrize("name", cases(CUTS))
def test_a_database_server_that_cuts_us_off_stops_the_run_in_one_line(
    name: str, server: FakeSmtp, tmp_path: Path, postgres_database: Database
) -> None:
    url = postgres_database.engine.url.render_as_string(hide_password=False)
    instance = instance_of(server, tmp_path, url)
    assert_one_line(in_trouble(instance, CUTS[name]), "the database does not answer: ")
    assert_completes(instance, server)
