"""`publisher digest correct` and `withdraw`, killed with -9 between their steps while a mailing is half done.

What must hold: nobody who was still to be mailed gets the old edition, each of them gets the new one once, and
what was committed is completed by the next `publisher run` alone.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet
from sqlalchemy import select, update

from publisher.storage.database import Database
from publisher.storage.tables import batches, deliveries
from tests.instance import Instance

pytestmark = pytest.mark.slow

KEY = "daily/2024-11-21-news"
PAGE = "daily/2024-11-21-news/index.html"
NEW = "The right news"
READERS, HAVE_IT = 30, 10

PUBLISHING = "publisher.publishing"
BEFORE = {
    "mail paused, not committed": f"{PUBLISHING}.correcting:suspend:1:after",
    "mail paused": f"{PUBLISHING}.correcting:Correcting.stop:1:after",
    "looked at": f"{PUBLISHING}.preflighting:Gate.let_pass:1:after",
    "edition added, not committed": "publisher.storage.editions:Editions.add:1:after",
    "mailing ended, not committed": "publisher.storage.corrections:Corrections.hand_over:1:after",
}
"""Points after which the command has to be given again."""

AFTER = {
    "corrected, nobody carried over": "publisher.mailings.rescue:Rescuer.leave:1:before",
    "some carried over, not committed": "publisher.storage.closings:Closings.leave_unsent:1:after",
    "some carried over": "publisher.storage.closings:Closings.leave_unsent:2:before",
    "carried over": "publisher.mailings.rescue:Rescuer.leave:1:after",
    "before the page": "publisher.endpoints.directory:DirectoryEndpoint.put:1:before",
    "page put, not recorded": "publisher.storage.publications:Publications.mark_pages:1:before",
    "mail let go, not committed": "publisher.storage.corrections:Corrections.begin:1:after",
}
"""Points after which the next run completes it."""

SHORT = {"mail paused", "edition added, not committed", "corrected, nobody carried over", "some carried over"}


def cases() -> list[ParameterSet]:
    return [
        pytest.param(
            kind,
            name,
            marks=[] if kind == "sqlite" and name in SHORT else [pytest.mark.slow],
            id=f"{kind}: {name}",
        )
        for kind in ("sqlite", "postgres")
        for name in (*BEFORE, *AFTER)
    ]


def half_done(database: Database, root: Path) -> Instance:
    """An instance whose mailing is planned, and sent to ten of its readers; nobody sends it at the moment."""
    instance = Instance(root / "instance", database=database.engine.url.render_as_string(hide_password=False))
    instance.subscribe(*(f"reader{number}@example.org" for number in range(READERS)))
    instance.digest("2024-11-21")
    with instance.opened() as app:
        app.run_pass(sleep=lambda _seconds: None)
    first = select(deliveries.c.id).order_by(deliveries.c.id).limit(HAVE_IT)
    with database.write() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id.in_(first)).values(state="accepted"))
        connection.execute(update(batches).values(begun=True))
    return instance


@pytest.mark.parametrize(("kind", "point"), cases())
def test_a_correction_killed_between_two_steps_is_completed_and_mails_each_once(
    kind: str, point: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    instance = half_done(request.getfixturevalue(f"{kind}_database"), tmp_path)
    words = ("digest", "correct", str(instance.digest("2024-11-21", NEW)), "--note", "It was wrong.")

    killed = instance(*words, kill=(BEFORE | AFTER)[point])

    assert killed.code == -9, killed
    if point in BEFORE:
        assert instance(*words).code == 0
    ended = instance("run")
    assert ended.code == 0, ended
    mails = instance.mails()
    assert {str(mail["Subject"]) for mail in mails} == {f"Corrected: {NEW}"}
    assert sorted(Counter(str(mail["To"]) for mail in mails).values()) == [1] * (READERS - HAVE_IT)
    assert NEW.encode() in instance.public_bytes()[PAGE]
    with instance.opened() as app, app.store.read() as unit:
        record = app.editorial.find(KEY)
        newest = unit.editions.newest(record.id)
        assert newest is not None
        assert newest.number == 2
        assert all(mailing.finished_at for mailing in unit.mailings.all())
        assert dict(unit.mailings.counts(1)) == {"accepted": HAVE_IT, "skipped": READERS - HAVE_IT}


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def test_a_withdrawal_that_was_killed_is_completed_by_the_next_run(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    instance = half_done(request.getfixturevalue(f"{kind}_database"), tmp_path)
    words = ("digest", "withdraw", KEY, "--reason", "wrong", "--notice", "It is gone.", "--yes")
    killed = instance(*words, kill="publisher.mailings.rescue:Rescuer.leave:1:before")
    assert killed.code == -9, killed
    assert instance("run").code == 0
    assert instance.mails() == []
    assert b"It is gone." in instance.public_bytes()[PAGE]
    with instance.opened() as app:
        assert dict(app.mailroom.facts(1).counts) == {"accepted": HAVE_IT, "skipped": READERS - HAVE_IT}
