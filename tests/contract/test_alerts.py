"""What alerts guarantee, on SQLite and on PostgreSQL: told once when it begins, and once when it is over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from publisher.config.discretion import Discretion
from publisher.errors import StorageError
from publisher.ledger import MailingKind
from publisher.notices.carriers import Carrier, NoticeError, Stop
from publisher.notices.kinds import Kind
from publisher.notices.letters import Notice
from publisher.notices.situation import Limits, Seen, Space
from publisher.notices.watching import Watch, Watched
from publisher.storage import locks
from publisher.storage.database import Database
from publisher.storage.store import Store
from publisher.storage.tables import (
    alert_tellings,
    alerts,
    batches,
    deliveries,
    digests,
    events,
    feedback,
    mailings,
    publications,
)
from publisher.upstream.model import Poll
from tests.fakes.mailing import add_edition, add_mailing, planned

SLOW_ON_POSTGRES = True

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
QUIET = Seen(puts={}, sending=())


class Desk:
    """A carrier that remembers what it was told, and fails when a test says so."""

    def __init__(self, name: str = "mail:desk@example.org") -> None:
        self.name = name
        self.told: list[Notice] = []
        self.failure: Exception | None = None
        self.tries = 0
        self.during: Callable[[], object] = lambda: None

    def carry(self, notice: Notice, now: datetime, stop: Stop) -> None:
        self.tries += 1
        self.during()
        if self.failure:
            raise self.failure
        self.told.append(notice)

    @property
    def said(self) -> list[str]:
        """`kind` or `over kind` of each alert, message by message."""
        return [
            " + ".join(f"{'over ' if each.over else ''}{each.alert.kind}" for each in notice.tellings)
            for notice in self.told
        ]


class World:
    """One instance: what is free on its disk, what its processes saw, and a clock that a test drives."""

    def __init__(self, database: Database, root: Path, now: datetime) -> None:
        self.database, self.root, self.now = database, root, now
        self.free = {"/x": 10**10}
        self.desk = Desk()
        self.carriers: list[Carrier] = [self.desk]
        self.seen = QUIET
        self.hourly = 12

    def watch(self) -> Watch:
        """What a process builds when it starts."""
        watched = Watched(
            [("daily", "daily 07:00", "UTC")],
            ["endpoint:site"],
            "smtp:mail.example.org:587",
            Limits(0.05, 10**9, 15 * MINUTE, 10 * MINUTE, 0.001),
            lambda: [Space(folder, free) for folder, free in self.free.items()],
            [("feed wire, wire.example.org", "k1")],
        )
        secret = lambda: b"secret"  # noqa: E731
        discretion = Discretion(["planted-password"])
        return Watch(Store(self.database), watched, self.carriers, self.hourly, self.lock, discretion, secret)

    @contextmanager
    def lock(self, wait: float) -> Iterator[bool]:
        with locks.exclusive(self.database, "alerts", root=self.root, wait=wait) as held:
            yield held

    def look(self, after: timedelta = MINUTE) -> list[str]:
        """A process starts, looks and ends; gives what it could not tell.

        It waits for its turn: PostgreSQL frees the lock of the one before when it notices that its session ended.
        """
        self.now += after
        return list(self.watch().look(self.seen, lambda: self.now, wait=30).errors)

    def fill(self, free: int, *folders: str) -> None:
        for folder in folders or ("/x",):
            self.free[folder] = free

    def change(self, table: Any, row_id: int, **values: Any) -> None:
        with self.database.write() as connection:
            connection.execute(update(table).where(table.c.id == row_id).values(values))

    def event(self, kind: str, actor: str, **columns: Any) -> None:
        with self.database.write() as connection:
            connection.execute(insert(events).values(kind=kind, actor=actor, at=self.now, **columns))

    def rows(self, table: Any) -> list[Any]:
        with self.database.read() as connection:
            return list(connection.execute(select(table)))


@pytest.fixture
def world(database: Database, tmp_path: Path, now: datetime) -> World:
    return World(database, tmp_path, now)


# --- each kind, in the rows ------------------------------------------------------------------------------------

Change = Callable[[World], object]
Case = tuple[Change, Change]


def both(*steps: Change) -> Change:
    def change(world: World) -> None:
        for step in steps:
            step(world)

    return change


def hold(because: str) -> Case:
    def begin(world: World) -> None:
        digest_id, _ = add_edition(world.database, world.now)
        world.change(digests, digest_id, state="held", held_because=because, published_at=None)
        world.event("digest.held", "schedule", digest_id=digest_id, data={})

    return begin, lambda world: world.change(digests, 1, state="finalized", held_because="")


def miss(world: World) -> None:
    """Published in time two days ago; since then nothing."""
    digest_id, _ = add_edition(world.database, world.now)
    slot = world.now.replace(hour=7, minute=0) - timedelta(days=1)
    world.change(digests, digest_id, published_at=slot, slot=slot)


def wait_for_page(world: World) -> None:
    digest_id, edition_id = add_edition(world.database, world.now)
    add_mailing(world.database, digest_id, edition_id, world.now - 10 * MINUTE)
    row = {"edition_id": edition_id, "target": "endpoint:site", "state": "pending", "changed_at": world.now}
    with world.database.write() as connection:
        connection.execute(insert(publications).values(row))


def pause(world: World) -> None:
    mailing_id = planned(world.database, 3, world.now)
    world.change(mailings, mailing_id, state="paused")
    world.event("mailing.paused", "schedule", mailing_id=mailing_id, digest_id=1, data={"reason": "refused"})


def lose(world: World, state: str = "failed") -> None:
    planned(world.database, 40, world.now)
    with world.database.write() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id <= 3).values(state=state))
        connection.execute(update(deliveries).where(deliveries.c.id > 3).values(state="accepted"))


def complain(world: World) -> None:
    lose(world, "complained")
    world.change(batches, 1, begun=True, done_at=world.now)


def hold_suppressions(world: World) -> None:
    mailing_id = planned(world.database, 3, world.now)
    told = {"source": "post", "kind": "bounced", "at": world.now, "received_at": world.now, "held": True}
    with world.database.write() as connection:
        connection.execute(insert(feedback).values(told | {"key": "one", "mailing_id": mailing_id}))


def reach_again(world: World) -> None:
    mailing_id = add_mailing(world.database, 1, 1, world.now, kind=MailingKind.RESEND)
    row = {"mailing_id": mailing_id, "digest_id": 1, "state": "accepted", "changed_at": world.now}
    with world.database.write() as connection:
        connection.execute(insert(deliveries), [row | {"subscriber_id": each} for each in (1, 2, 3)])


def fall_behind(world: World) -> None:
    _, edition_id = add_edition(world.database, world.now)
    row = {"edition_id": edition_id, "target": "endpoint:site", "state": "behind", "error": "no room"}
    with world.database.write() as connection:
        connection.execute(insert(publications).values(row | {"changed_at": world.now, "attempts": 1}))


def ask_in_vain(world: World, failures: int) -> None:
    with Store(world.database).write() as unit:
        unit.upstream.keep_poll("k1", Poll(failures=failures, error="it answers 404" if failures else ""))


def see(**seen: Any) -> Change:
    def change(world: World) -> None:
        world.seen = Seen(**{"puts": {}, "sending": ()} | seen)

    return change


CASES: dict[Kind, list[Case]] = {
    Kind.PREFLIGHT: [hold("preflight: no alt text")],
    Kind.LATE: [hold("7 h late: its slot was 07:00 on 2024-11-20")],
    Kind.HELD: [hold("it cannot be rendered: no title")],
    Kind.MISSED: [(miss, lambda world: world.change(digests, 1, slot=world.now.replace(hour=7, minute=0)))],
    Kind.WAITING: [
        (wait_for_page, lambda world: world.change(publications, 1, pages_at=world.now)),
        (
            both(
                wait_for_page,
                lambda world: world.change(mailings, 1, state="running", started_at=world.now),
            ),
            lambda world: world.change(publications, 1, state="done", pages_at=world.now),
        ),
        (wait_for_page, lambda world: world.change(mailings, 1, state="cancelled")),
    ],
    Kind.PAUSED: [(pause, lambda world: world.change(mailings, 1, state="running"))],
    Kind.FAILURES: [
        (lose, reach_again),
        (lambda world: lose(world, "bounced"), reach_again),
        (lambda world: lose(world, "uncertain"), lambda world: setattr(world, "now", world.now + 73 * HOUR)),
    ],
    Kind.COMPLAINTS: [(complain, lambda world: setattr(world, "now", world.now + 73 * HOUR))],
    Kind.SUPPRESSIONS: [(hold_suppressions, lambda world: world.change(feedback, 1, held=False))],
    Kind.BEHIND: [
        (fall_behind, lambda world: world.change(publications, 1, state="done")),
        (see(puts={"endpoint:site": "gone"}), see()),
    ],
    Kind.UPSTREAM: [(lambda world: ask_in_vain(world, 5), lambda world: ask_in_vain(world, 0))],
    Kind.DISK: [(lambda world: world.fill(10**8), lambda world: world.fill(10**10))],
    Kind.PROVIDER: [(see(sending=("no login",)), see())],
}


def test_every_kind_has_a_case() -> None:
    assert set(CASES) == set(Kind)


@pytest.mark.parametrize(
    ("kind", "begin", "end"),
    [(kind, *case) for kind, cases in CASES.items() for case in cases],
    ids=[f"{kind}-{number}" for kind, cases in CASES.items() for number in range(len(cases))],
)
def test_it_is_told_once_when_it_begins_and_once_when_it_is_over(
    world: World, kind: Kind, begin: Change, end: Change
) -> None:
    world.look()
    assert world.desk.said == []
    begin(world)
    for _ in range(3):
        assert world.look() == []
    assert world.desk.said == [kind]
    assert [alert.kind for alert in world.watch().open()] == [kind]
    end(world)
    for _ in range(3):
        assert world.look() == []
    assert world.desk.said == [kind, f"over {kind}"]
    assert world.watch().open() == ()


BY_HAND: dict[str, Change] = {
    "a digest held by an editor": both(
        hold("wait for the mayor")[0],
        lambda world: world.event("digest.held", "ed", digest_id=1, data={}),
    ),
    "a mailing paused by an editor": both(
        pause, lambda world: world.event("mailing.paused", "ed", mailing_id=1, digest_id=1, data={})
    ),
    "failures of a mail to one person": both(lose, lambda world: world.change(mailings, 1, act="to")),
    "a page of long ago that is put anew": both(
        wait_for_page,
        lambda world: world.change(mailings, 1, state="done", started_at=world.now - 10 * MINUTE),
    ),
    "a page of a digest that was withdrawn": both(
        wait_for_page, lambda world: world.change(digests, 1, state="withdrawn")
    ),
    "an endpoint that is no longer configured": both(
        fall_behind, lambda world: world.change(publications, 1, target="endpoint:old")
    ),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_nobody_is_told_of(world: World, name: str) -> None:
    BY_HAND[name](world)
    world.look()
    assert world.desk.said == []


# --- once, whoever looks ---------------------------------------------------------------------------------------


def test_two_processes_at_once_tell_it_once(world: World) -> None:
    world.fill(10**8)
    both = threading.Barrier(2, timeout=30)

    def process(wait: float) -> None:
        watch = world.watch()
        both.wait()
        watch.look(world.seen, lambda: world.now, wait=wait)

    for wait in (0, 30):
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(process, [wait, wait]))
        assert world.desk.said == ["disk"]
        assert len(world.rows(alerts)) == 1


def test_who_looks_while_another_tells_does_nothing(world: World) -> None:
    world.fill(10**8)
    world.desk.during = lambda: world.watch().look(world.seen, lambda: world.now)
    world.look()
    assert world.desk.said == ["disk"]


def test_what_comes_back_is_told_again_as_another(world: World) -> None:
    for free in (10**8, 10**10, 10**8):
        world.fill(free)
        world.look()
    assert world.desk.said == ["disk", "over disk", "disk"]
    assert len({notice.name for notice in world.desk.told}) == 3
    assert world.desk.told[1].answers == world.desk.told[0].name


def test_a_process_that_has_not_sent_does_not_say_that_sending_works_again(world: World) -> None:
    world.seen = Seen(puts={}, sending=("no login",))
    world.look()
    world.seen = Seen()
    world.look()
    assert world.desk.said == ["provider"]


def test_killed_between_telling_and_remembering_it_is_told_again_under_the_same_name(world: World) -> None:
    class KilledError(BaseException):
        pass

    def die() -> None:
        raise KilledError

    world.fill(10**8)
    carry = world.desk.carry

    def carry_and_die(notice: Notice, now: datetime, stop: Stop) -> None:
        carry(notice, now, stop)
        die()

    world.desk.carry = carry_and_die  # type: ignore[method-assign]
    with pytest.raises(KilledError):
        world.look()
    world.desk.carry = carry  # type: ignore[method-assign]
    world.look()
    world.look()
    assert world.desk.said == ["disk", "disk"]
    assert len({notice.name for notice in world.desk.told}) == 1


def test_somebody_new_is_told_of_what_lasts(world: World) -> None:
    world.carriers = []
    world.fill(10**8, "/x", "/y")
    world.look()
    world.fill(10**10, "/y")
    world.look()
    world.carriers = [world.desk]
    world.look()
    world.look()
    assert world.desk.said == ["disk"]


# --- telling that fails ----------------------------------------------------------------------------------------


def test_what_could_not_be_told_is_told_later_after_growing_rests(world: World) -> None:
    world.fill(10**8)
    world.desk.failure = NoticeError("no answer")
    said = [world.look(timedelta(seconds=30)) for _ in range(2 * 16)]
    assert world.desk.tries == 5  # at once and after 1, 2, 4 and 8 minutes
    assert [line for lines in said for line in lines] == [
        "mail:desk@example.org was not told of /x: no answer"
    ] * 5
    world.desk.failure = None
    world.look(HOUR)
    world.look(HOUR)
    assert world.desk.said == ["disk"]
    (row,) = world.rows(alert_tellings)
    assert (row.attempts, row.due_at, row.error) == (0, None, "")


def test_a_carrier_that_fails_keeps_no_other_from_telling(world: World) -> None:
    other = Desk("webhook")
    world.carriers = [world.desk, other]
    world.desk.failure = OSError("no way there")
    world.fill(10**8)
    world.look()
    world.look()
    assert (world.desk.said, other.said) == ([], ["disk"])


def test_of_many_only_one_is_tried_while_telling_fails(world: World) -> None:
    world.desk.failure = NoticeError("no answer")
    world.fill(10**8, *(f"/{n}" for n in range(5)))
    world.look()
    assert world.desk.tries == 1


def test_who_asks_to_be_left_alone_is(world: World) -> None:
    world.fill(10**8)
    world.desk.failure = NoticeError("429", wait=timedelta(minutes=20))
    world.look()
    world.desk.failure = None
    world.look(19 * MINUTE)
    assert world.desk.tries == 1
    world.look()
    assert world.desk.said == ["disk"]


def test_what_was_over_before_it_could_be_told_is_told_once_as_over(world: World) -> None:
    world.desk.failure = NoticeError("no answer")
    world.fill(10**8)
    world.look()
    world.fill(10**10)
    world.look()
    world.desk.failure = None
    for _ in range(3):
        world.look(HOUR)
    assert world.desk.said == ["over disk"]


def test_what_was_over_days_ago_is_not_told_any_more(world: World) -> None:
    world.desk.failure = NoticeError("no answer")
    world.fill(10**8)
    world.look()
    world.fill(10**10)
    world.look()
    world.desk.failure = None
    world.look(timedelta(days=4))
    assert world.desk.said == []


def test_a_stop_ends_telling_and_the_next_look_goes_on(world: World) -> None:
    world.fill(10**8, "/x", "/y")
    world.watch().look(world.seen, lambda: world.now, wait=30, stop=lambda: len(world.desk.told) == 1)
    assert world.desk.said == ["disk"]
    world.look()
    assert world.desk.said == ["disk", "disk"]


def test_a_database_that_does_not_answer_is_an_error_and_nothing_is_told(world: World) -> None:
    world.fill(10**8)

    class Broken(Store):
        def write(self) -> Any:
            raise StorageError("the database does not answer")

    watch = world.watch()
    watch._store = Broken(world.database)
    with pytest.raises(StorageError):
        watch.look(world.seen, lambda: world.now)
    assert world.desk.said == []


# --- no storm, no secret ---------------------------------------------------------------------------------------


def test_in_no_hour_are_there_more_messages_than_allowed_and_nothing_is_left_out(world: World) -> None:
    world.hourly = 4
    sent: list[datetime] = []
    world.desk.during = lambda: sent.append(world.now)
    for minute in range(180):
        world.fill(10**8 if minute % 2 else 10**10, *(f"/{n}" for n in range(7)))
        world.look()
    for _ in range(120):
        world.look()
    for at in sent:
        assert sum(at <= other < at + HOUR for other in sent) <= 4
    stored = {(row.id, row.over_at is not None) for row in world.rows(alerts)}
    told = {(each.alert.id, each.over) for notice in world.desk.told for each in notice.tellings}
    assert stored <= told


def test_what_exceeds_the_hour_is_summed_up_in_one(world: World) -> None:
    world.hourly = 3
    world.fill(10**8, *(f"/{n}" for n in range(10)))
    world.look()
    assert world.desk.said == [
        "disk",
        "disk",
        " + ".join(["disk"] * 8),
    ]


def test_no_secret_is_told_or_stored(world: World) -> None:
    world.seen = Seen(puts={"endpoint:site": "401 for planted-password"}, sending=("no: planted-password",))
    world.desk.failure = NoticeError("535 planted-password")
    said = world.look()
    world.desk.failure = None
    world.look(HOUR)
    assert len(world.desk.told) == 2
    assert "planted" not in f"{said} {world.desk.told} {world.rows(alerts)} {world.rows(alert_tellings)}"


def test_a_secret_in_what_it_is_about_does_not_make_it_begin_again(world: World) -> None:
    world.fill(10**8, "/planted-password")
    for _ in range(3):
        world.look()
    assert world.desk.said == ["disk"]


def test_moments_are_aware_utc(world: World) -> None:
    world.fill(10**8)
    world.look()
    (alert,) = world.watch().open()
    assert (alert.began_at, alert.began_at.tzinfo) == (world.now, UTC)
