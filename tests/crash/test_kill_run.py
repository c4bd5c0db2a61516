"""`publisher run`, killed with -9 between each pair of its steps and at random moments, and then run to the end.

What must hold: one edition, one scheduled mailing, every page and feed, exactly one mail a subscriber.
"""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from publisher.storage.database import Database
from tests.fakes.smtp import WAIT, FakeSmtp, Rule, Step
from tests.instance import Instance
from tests.integration.test_serve import until

SLOW_ON_POSTGRES = True

PUBLISHING = "publisher.publishing"
TURN = "publisher.mailings.turns:Turn.result"
LEDGER = "publisher.storage.ledger:Ledger"

POINTS = {
    "digest taken in, not committed": f"{PUBLISHING}.intake:Intake._keep:2:after",
    "digest taken in": f"{PUBLISHING}.intake:Intake._carry_out:1:after",
    "digest looked at, not published": f"{PUBLISHING}.preflighting:Gate.let_pass:1:after",
    "findings kept, not committed": "publisher.storage.preflights:Preflights.add:1:after",
    "edition added, not committed": "publisher.storage.editions:Editions.add:2:after",
    "edition published": f"{PUBLISHING}.publish:Publisher._publish:2:after",
    "before the page": "publisher.endpoints.directory:DirectoryEndpoint.put:1:before",
    "after the page": "publisher.endpoints.directory:DirectoryEndpoint.put:2:after",
    "pages recorded": "publisher.storage.publications:Publications.mark_pages:2:after",
    "between the feeds": "publisher.endpoints.directory:DirectoryEndpoint.put:4:after",
    "site put, not recorded": "publisher.storage.publications:Publications.mark_done:1:before",
    "endpoint done": f"{PUBLISHING}.channels:Channels.bring_up:1:after",
    "mailing planned, not committed": "publisher.storage.plans:Plans.plan:1:after",
    "mailing planned": f"{PUBLISHING}.mailroom:Mailroom.start:1:after",
    "senders started": "publisher.engines.local:_Sender.__init__:1:after",
    "sender: batch leased": f"{LEDGER}.lease_batch:1:after",
    "sender: window not committed": f"{LEDGER}.commit_window:1:after",
    "sender: window committed": f"{TURN}:1:after",
    "sender: first mail begun": "publisher.mailings.journal:Journal.write:1:after",
    "sender: some mails accepted": "publisher.mailings.journal:Journal.write:20:after",
    "sender: window sent": "publisher.providers.maildir:Maildir.send:1:after",
    "sender: window settled, not committed": f"{LEDGER}.settle:1:after",
    "sender: window settled, the next committed": f"{TURN}:2:after",
    "sender: ended": f"{LEDGER}.end_sender:1:after",
    "mailing finished": f"{LEDGER}.finish_mailings:2:after",
}
SHORT = {"edition added, not committed", "sender: some mails accepted"}
"""The points of `make test`: one while publishing, one while sending. `make check` has them all."""


def cases() -> list[ParameterSet]:
    return [
        pytest.param(kind, name, marks=[] if name in SHORT else [pytest.mark.slow], id=f"{kind}: {name}")
        for kind in ("sqlite", "postgres")
        for name in POINTS
    ]


def instance_on(database: Database, root: Path) -> Instance:
    url = database.engine.url.render_as_string(hide_password=False)
    instance = Instance(root / "instance", database=url)
    instance.digest("2024-11-20")
    instance.digest("2024-11-21")
    return instance


def run_to_the_end(instance: Instance) -> None:
    ended = instance("run")
    assert ended.code == 0, ended


def assert_everybody_has_one(instance: Instance, readers: int) -> None:
    received = Counter(str(mail["To"]) for mail in instance.mails())
    assert len(received) == readers
    assert set(received.values()) == {1}
    with instance.opened() as app:
        assert [facts.digest.slug for facts in app.mailroom.all()] == ["2024-11-21-news"]
        assert dict(app.mailroom.all()[0].counts) == {"accepted": readers}
        with app.store.read() as unit:
            assert [unit.editions.newest(record.id).number for record in unit.digests.all()] == [1, 1]
    public = set(instance.public_bytes())
    assert public >= {
        "index.html",
        "daily/index.html",
        "daily/rss.xml",
        "daily/atom.xml",
        "daily/feed.json",
        "daily/archive/2024-11/index.html",
        "sitemap.xml",
    }
    assert {path for path in public if path.endswith("news/index.html")} == {
        "daily/2024-11-20-news/index.html",
        "daily/2024-11-21-news/index.html",
    }
    for name in ("daily/rss.xml", "daily/atom.xml", "daily/feed.json"):
        document = instance.public_bytes()[name]
        assert b"2024-11-20-news" in document
        assert b"2024-11-21-news" in document


@pytest.mark.parametrize(("kind", "point"), cases())
def test_run_killed_between_two_steps_is_completed_by_the_next(
    kind: str, point: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    instance = instance_on(request.getfixturevalue(f"{kind}_database"), tmp_path)
    instance.subscribe(*(f"reader{number}@example.org" for number in range(70)))

    killed = instance("run", kill=POINTS[point])

    assert (instance.root / "killed").exists(), f"the kill point was never reached: {killed}"
    if not point.startswith("sender"):
        assert killed.code == -9
    run_to_the_end(instance)
    assert_everybody_has_one(instance, 70)


@pytest.mark.parametrize(
    ("kind", "readers", "kills"),
    [
        pytest.param("sqlite", 500, 3, marks=pytest.mark.slow),
        pytest.param("sqlite", 2_000, 6, marks=pytest.mark.slow),
        pytest.param("postgres", 2_000, 6, marks=pytest.mark.slow),
    ],
)
def test_run_killed_at_random_moments_mails_everybody_exactly_once(
    kind: str, readers: int, kills: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    instance = instance_on(request.getfixturevalue(f"{kind}_database"), tmp_path)
    instance.subscribe(*(f"reader{number}@example.org" for number in range(readers)))
    chance = random.Random(20241121)

    for _ in range(kills):
        instance("run", after=chance.uniform(0.05, 2.5))
    run_to_the_end(instance)

    assert_everybody_has_one(instance, readers)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
@pytest.mark.slow
def test_run_sends_what_the_slow_sender_of_a_killed_one_gives_back(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with FakeSmtp([Rule(Step.DOT, WAIT, after=20)]) as server:
        instance = instance_on(request.getfixturevalue(f"{kind}_database"), tmp_path)
        instance.provider = f'kind = "smtp"\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n'
        instance.configure()
        instance.subscribe(*(f"reader{number}@example.org" for number in range(300)))
        killed = instance.start("run")
        until(lambda: server.silent)
        os.kill(killed, signal.SIGKILL)
        assert instance.wait(killed).code == -signal.SIGKILL

        with instance.opened() as app:
            # Told first when it waits: it has found the batch in the hands of a sender that lives.
            ended = app.send(tick=server.released.set)

        assert not ended.errors
        assert sorted(server.recipients) == sorted(f"reader{number}@example.org" for number in range(300))


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
@pytest.mark.slow
def test_two_runs_at_once_publish_once(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    instance = instance_on(request.getfixturevalue(f"{kind}_database"), tmp_path)
    instance.subscribe(*(f"reader{number}@example.org" for number in range(70)))

    ended = [instance.wait(pid) for pid in [instance.start("run"), instance.start("run")]]

    assert [one.code for one in ended] == [0, 0], ended
    assert_everybody_has_one(instance, 70)
