"""Erasure: no byte of a person's address or name stays in the instance, and no list brings them back."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select, text, update

from publisher.app import App
from publisher.bounces.receiving import discreet, hash_of
from publisher.errors import UsageError
from publisher.feedback import Feedback, FeedbackKind
from publisher.storage.database import Database
from publisher.storage.events import Events
from publisher.storage.feedback import FeedbackRows
from publisher.storage.scrubbing import SCRUBBED
from publisher.storage.tables import alerts, deliveries, events, feedback, mailings
from subscribers import preferences, suppression
from subscribers.importing import ImportReport
from subscribers.model import SuppressionReason
from subscribers.tables import metadata, subscribers
from tests.instance import Instance

pytestmark = pytest.mark.slow


PEOPLE = 61
ADDRESS = "Zara.Quist+news@Example.org"
NAME = "Zara Quistgaard-Öberg"
FORMS = (b"zara.quist+news@", b"quistgaard", "öberg".encode(), b"\\u00f6berg")
WHY = ("--reason", f"their own wish: {NAME} wrote from {ADDRESS}", "--yes")


@pytest.fixture(params=["sqlite", "postgres"])
def instance(request: pytest.FixtureRequest, tmp_path: Path) -> Instance:
    """People in no order, one of whom is everywhere that a person can be."""
    url = "sqlite:///var/publisher.db"
    if request.param == "postgres":
        database: Database = request.getfixturevalue("postgres_database")
        url = database.engine.url.render_as_string(hide_password=False)
    made = Instance(tmp_path / "instance", database=url, environment={"PUBLISHER_ACTOR": "op"})
    people = [f"reader{number}@example.org" for number in range(PEOPLE - 1)]
    random.Random(7).shuffle(people)
    rows = [*people[:30], f"{ADDRESS},{NAME}", *people[30:], f"jo{ADDRESS}"]
    made.digest("2024-11-21")
    with made.opened() as app:
        take(app, "email,name\n" + "\n".join(rows))
        app.run_pass(sleep=lambda _: None)
    _be_everywhere(made)
    return made


def take(app: App, rows: str) -> ImportReport:
    return app.people.import_csv(
        io.BytesIO(rows.encode()),
        "daily",
        confirmed=True,
        source_name="list.csv",
        now=app.clock(),
        progress=lambda _: None,
    )


def _be_everywhere(instance: Instance) -> None:
    with instance.opened() as app, app.database.write() as connection:
        now = app.clock()
        person = connection.scalars(select(subscribers.c.id).where(subscribers.c.name == NAME)).one()
        preferences.choose_sections(
            connection, person, "daily", ("courts",), how="page", now=now, text=f"Dear {NAME}"
        )
        growing = {"attributes": {"note": f"{NAME} " * 20}}
        connection.execute(update(subscribers).where(subscribers.c.id == person).values(growing))
        referred = {"attributes": {"referred by": ADDRESS, "city": "Malmö"}}
        other = subscribers.c.email == "reader7@example.org"
        connection.execute(update(subscribers).where(other).values(referred))
        theirs = update(deliveries).where(deliveries.c.subscriber_id == person)
        connection.execute(theirs.values(state="failed", code=550, reason=f"no {ADDRESS.lower()} here"))
        connection.execute(update(mailings).values(reason=f"for {NAME}"))
        Events(connection).append(
            "digest.held", at=now, digest_id=1, data={"reason": f"{NAME} ({ADDRESS.upper()})"}
        )
        _come_back(app, connection, person)
        alert = {"kind": "held", "subject": "x", "text": f"ask {NAME}", "remedy": ADDRESS, "began_at": now}
        connection.execute(insert(alerts).values(alert))
        suppression.suppress(
            connection,
            ADDRESS.lower(),
            newsletter="weekly",
            reason=SuppressionReason.BOUNCED,
            detail=f"550 {ADDRESS}",
            now=now - timedelta(days=1),
        )
    links = {"links": {f"mailto:{ADDRESS}": {"reach": "silent", "detail": NAME, "asked": "2024-11-21T07:30:00"}}}
    (instance.root / "var" / "links.json").write_text(json.dumps(links))


def _come_back(app: App, connection: Connection, person: int) -> None:
    """A bounce of hers that was acted on, one that waits, and somebody else's that names her."""
    own = select(deliveries.c.id).where(deliveries.c.subscriber_id == person)
    delivery_id: int = connection.execute(own).scalar_one()
    secret, now = app.secret, app.clock()
    for number, recipient in enumerate((ADDRESS, ADDRESS, "reader7@example.org")):
        told = f"550 {NAME} has left, says {ADDRESS}"
        event = Feedback(
            f"k{number}", FeedbackKind.BOUNCED, now, recipient=recipient, text=told, raw=told, type=f"to {NAME}"
        )
        FeedbackRows(connection).append("post", [discreet(event, secret)], now)
    known = {"subscriber_id": person, "delivery_id": delivery_id, "mailing_id": 1, "processed_at": now}
    connection.execute(update(feedback).where(feedback.c.key == "k0").values(known | {"held": True}))


def traces(instance: Instance) -> list[str]:
    """Where the instance still knows them: files but the Maildir by their bytes, tables by their rows as text."""
    found = []
    for path in sorted(instance.root.rglob("*")):
        if path.is_file() and instance.outbox not in path.parents:
            data = path.read_bytes().lower()
            found += [f"{path.name}: {form!r}" for form in FORMS if form in data.replace(b"jozara", b"")]
    with instance.opened() as app:
        found += list(_in_rows(app.database))
    return found


def _in_rows(database: Database) -> Iterator[str]:
    with database.read() as connection:
        for name in metadata.tables:
            for row in connection.execute(text(f"SELECT * FROM {name}")):
                words = repr(tuple(row)).lower().replace("jozara", "")
                yield from (f"{name}: {form!r}" for form in FORMS if form.decode() in words)


def test_no_trace_stays_and_nobody_else_is_touched(instance: Instance) -> None:
    assert len(traces(instance)) > 10
    ended = instance("subscriber", "erase", ADDRESS.upper(), *WHY)
    assert (ended.code, ended.err) == (0, "")
    assert "erased; the address is blocked from now on" in ended.out
    for log in instance.root.glob("*.[0-9]*"):
        log.unlink()
    assert traces(instance) == []
    with instance.opened() as app, app.database.read() as connection:
        assert connection.scalar(select(mailings.c.reason)) == "for [erased]"
        others = connection.scalars(select(subscribers.c.email)).all()
        assert f"jo{ADDRESS.replace('Example', 'example')}" in others
        assert len(others) == PEOPLE
        seven = select(subscribers.c.attributes).where(subscribers.c.email == "reader7@example.org")
        assert connection.scalar(seven) == {"referred by": "[erased]", "city": "Malmö"}
        held = suppression.suppression_page(connection)
        assert {(one.newsletter, one.reason.value, one.detail) for one in held} == {
            ("weekly", "bounced", "550 [erased]"),
            (None, "erased", ""),
        }
        returned = connection.execute(select(feedback).order_by(feedback.c.id)).all()
        assert [row.subscriber_id or row.delivery_id for row in returned] == [None] * 3
        assert [row.mailing_id for row in returned] == [1, None, None]
        assert [row.recipient_hash for row in returned] == ["", "", hash_of("reader7@example.org", app.secret)]
        assert (returned[0].held, returned[2].raw) == (False, "550 [erased] has left, says <address>")
        (event,) = connection.execute(select(events).where(events.c.kind == "subscriber.erased"))
        assert (event.actor, event.data) == ("op", {"reason": "their own wish: [erased] wrote from [erased]"})
        assert sum(app.mailroom.facts(1).counts.values()) == PEOPLE + 1  # the sums are those of before


def test_the_hash_keeps_lists_and_operators_from_bringing_them_back(instance: Instance) -> None:
    with instance.opened() as app:
        words = {"reason": "their own wish", "actor": "op", "now": app.clock()}
        assert app.erasing.erase(ADDRESS, **words).known
        before = app.people.list("daily", None)
        assert take(app, f"email,name\n{ADDRESS.upper()},{NAME}\n").left_out == 1
        terms = {"confirmed": True, "actor": "op", "now": app.clock()}
        with pytest.raises(UsageError, match="must not be mailed"):
            app.people.add(ADDRESS, "daily", **terms)
        blocked = {"newsletter": None, "actor": "op", "now": app.clock()}
        assert not app.blocking.suppress(ADDRESS, reason=SuppressionReason.OPERATOR, detail="", **blocked)
        assert app.people.list("daily", None) == before
        again = app.erasing.erase(ADDRESS, **words)
        assert (again.known, again.blocked_before, again.remaining) == (False, True, ())
        with pytest.raises(UsageError, match="for a reason"):
            app.blocking.unsuppress(ADDRESS, reason=" ", **blocked)
        assert app.blocking.unsuppress(ADDRESS, reason=f"{ADDRESS} came back", **blocked) == 1
        assert not [form for form in _in_rows(app.database) if "suppressions" in form]
        app.people.add(ADDRESS, "daily", **terms)


def test_a_mailing_under_way_does_not_reach_them(instance: Instance) -> None:
    with instance.opened() as app:
        (running,) = app.mailroom.running()
        with app.database.write() as connection:  # as it was before it went wrong for her
            connection.execute(update(deliveries).values(state="pending", reason="", code=None))
        app.erasing.erase(ADDRESS, reason="their own wish", actor="op", now=app.clock())
        app.send()
        counts = app.mailroom.facts(running.id).counts
    assert {state.value: number for state, number in counts.items()} == {"accepted": PEOPLE, "skipped": 1}
    mails = instance.mails()
    assert len(mails) == PEOPLE
    assert not any(ADDRESS.lower() in str(mail["To"]).lower().replace("jozara", "") for mail in mails)


def test_a_file_that_is_not_ours_is_named_and_left(instance: Instance) -> None:
    kept = instance.root / "var" / "notes.txt"
    kept.write_text(f"call {ADDRESS}")
    ended = instance("subscriber", "erase", ADDRESS, *WHY)
    assert ended.code == 1
    assert f"{kept} still holds the address" in ended.err
    assert not (instance.root / "var" / "links.json").exists()
    kept.unlink()
    assert instance("subscriber", "erase", ADDRESS, *WHY).code == 0


LEFT_ALONE = {
    "subscribers": "the person's own row, which goes",
    "subscriptions": "goes with the person",
    "consents": "goes with the person",
    "suppressions.email_key": "hashed by erasure",
    "digests": "what editors published may name anybody",
    "editions": "the same",
    "edition_blocks": "the same",
    "assets": "the same",
    "digest_assets": "the same",
    "preflights.despite": "names of rules",
    "alert_tellings.carrier": "the desk's addresses, of the configuration",
    "facts": "facts about the instance",
    "batches": "numbers and a process",
    "segments": "what editors call groups of readers",
    "paces": "domains, and how many mails",
    "mailings.segment": "as segments",
    "mailings.local_time": "a time of the day",
    "senders": "machines and processes",
    "deliveries": "scrubbed by subscriber",
    "publications.target": "endpoints, of the configuration",
    "mailings.selection": "numbers",
    "mailings.left_out": "numbers",
    "mailings.token": "computed",
    "notices": "those to the address or about the person go with the person",
    "tries": "keyed hashes",
    "feedback.recipient_hash": "the person's own is emptied",
    "feedback.source": "providers, of the configuration",
    "feedback.key": "ids; one that may hold an address is stored as a keyed hash",
    "feedback.reference": "computed",
    "feedback.status": "a code",
    "feedback.bounce": "a class",
    "feedback.verdict": "one of a few words",
    "feedback.alike": "computed",
    "digest_sections": "what editors called sections",
    "upstream_addresses": "what feeds of others say of themselves",
    "upstream_marks": "computed",
    "upstream_items": "what others published, until it stands in a digest of ours",
    "upstream_digests": "names of digests and feeds",
    "upstream_turns": "names of feeds",
    "generations": "names of what changed",
    "site_versions": "paths of documents, and computed",
    "feed_polls": "names of programs and paths of feeds: no addresses",
}
CODED = {"kind", "state", "act", "newsletter", "slug", "conditions", "source_hash", "reason"}


def test_every_column_for_words_is_scrubbed_or_left_alone_for_a_reason() -> None:
    for table in metadata.tables.values():
        for column in table.columns:
            wordy = column.type.python_type in (str, dict)
            scrubbed = column.name in SCRUBBED.get(table, ())
            said = table.name in LEFT_ALONE or f"{table.name}.{column.name}" in LEFT_ALONE
            coded = column.name in CODED or column.name.endswith("_in")
            where = f"{table.name}.{column.name}"
            assert not wordy or scrubbed or said or coded, (
                f"{where}: scrub it (storage/scrubbing.py), or say why not"
            )
