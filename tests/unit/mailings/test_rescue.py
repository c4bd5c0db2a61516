"""Dead senders are settled exactly once, from what their journals prove."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from publisher.ledger import Mark, Window
from publisher.mailings import audience, journal
from publisher.mailings.journal import Journal
from publisher.mailings.lease import LEASE
from publisher.mailings.outcomes import RetryPolicy
from publisher.mailings.ports import provider_key
from publisher.mailings.rescue import Rescuer
from publisher.storage.database import Database
from publisher.storage.ledger import Ledger, LedgerStore
from tests.fakes.mailing import count_states, planned, states
from tests.fakes.provider import MemoryProvider

POLICY = RetryPolicy(timedelta(minutes=5), timedelta(hours=24))
SENDER = f"{provider_key(MemoryProvider.name)}-0001"
HOST = "here"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: HOST)
    (tmp_path / "boot_id").write_text("3f1c\n", encoding="ascii")
    monkeypatch.setattr(journal, "_BOOT_ID", tmp_path / "boot_id")


@pytest.fixture
def rescuer(database: Database, tmp_path: Path) -> Rescuer:
    return Rescuer(LedgerStore(database), tmp_path / "journal", MemoryProvider(), POLICY)


def a_sender(rescuer: Rescuer, now: datetime, *, sender_id: str = SENDER, host: str = HOST) -> Window:
    """A sender that has committed a window and is about to send it."""
    with rescuer.transactions.write() as ledger:
        ledger.register_sender(sender_id, host, now, now + LEASE)
        batch = ledger.lease_batch(sender_id, now)
        assert batch is not None
        return ledger.commit_window(sender_id, batch, after_id=0, limit=64, why_not=audience.why_not, now=now)


def a_life(rescuer: Rescuer, sender_id: str = SENDER) -> Journal:
    """What a sender writes: 1 accepted, 2 refused, 3 deferred, 4 begun, 5 begun and returned; nothing about 6."""
    written = Journal(rescuer.journals, sender_id)
    for number in (1, 2, 3, 4, 5):
        written.write(Mark.BEGUN, number)
    written.write(Mark.ACCEPTED, 1, 250, "ok")
    written.write(Mark.FAILED, 2, 550, "no")
    written.write(Mark.DEFERRED, 3, 451, "later")
    written.write(Mark.RETURNED, 5, None, "lost")
    return written


def in_order(database: Database) -> list[str]:
    found = states(database)
    return [found[f"reader{n}@example.org"] for n in range(1, len(found) + 1)]


SETTLED = ["accepted", "failed", "deferred", "uncertain", "pending", "pending"]


def test_a_dead_senders_journal_decides_every_delivery(
    rescuer: Rescuer, database: Database, now: datetime
) -> None:
    planned(database, 6, now)
    a_sender(rescuer, now)
    a_life(rescuer).close(remove=False)
    assert rescuer.rescue(now) == (SENDER,)
    assert in_order(database) == SETTLED
    assert list(rescuer.journals.iterdir()) == []
    assert rescuer.sweep(now) == 1
    assert rescuer.rescue(now + 2 * LEASE) == ()


def test_a_living_sender_is_left_alone_whatever_its_lease_says(
    rescuer: Rescuer, database: Database, now: datetime
) -> None:
    planned(database, 6, now)
    a_sender(rescuer, now)
    living = a_life(rescuer)
    assert rescuer.rescue(now + 100 * LEASE) == ()
    assert count_states(database) == {"sending": 6}
    living.close(remove=False)
    assert rescuer.rescue(now) == (SENDER,)


@pytest.mark.parametrize("dies_at", ["end_sender", "sending_of", "settle", "give_back", "unlink"])
def test_a_rescuer_killed_in_the_middle_is_finished_by_the_next(
    rescuer: Rescuer, database: Database, now: datetime, dies_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise KilledError

    planned(database, 6, now)
    a_sender(rescuer, now)
    a_life(rescuer).close(remove=False)
    monkeypatch.setattr(Path if dies_at == "unlink" else Ledger, dies_at, killed)
    with pytest.raises(KilledError):
        rescuer.rescue(now)
    monkeypatch.undo()
    monkeypatch.setattr(journal, "boot_id", lambda: "3f1c")
    assert rescuer.rescue(now) == (SENDER,)
    assert in_order(database) == SETTLED


def test_two_rescuers_at_once_settle_once(rescuer: Rescuer, database: Database, now: datetime) -> None:
    planned(database, 6, now)
    a_sender(rescuer, now)
    a_life(rescuer).close(remove=False)
    with journal.dead(rescuer.journals / SENDER) as said:
        assert said is not None
        assert rescuer.rescue(now) == ()
        assert count_states(database) == {"sending": 6}
    assert rescuer.rescue(now) == (SENDER,)
    assert in_order(database) == SETTLED


def test_what_an_idempotent_provider_had_begun_is_repeated(
    rescuer: Rescuer, database: Database, now: datetime
) -> None:
    planned(database, 6, now)
    a_sender(rescuer, now)
    a_life(rescuer).close(remove=False)
    Rescuer(rescuer.transactions, rescuer.journals, MemoryProvider(idempotent=True), POLICY).rescue(now)
    assert in_order(database) == ["accepted", "failed", "deferred", "pending", "pending", "pending"]


def test_an_idempotent_provider_does_not_repeat_what_another_had_begun(
    rescuer: Rescuer, database: Database, now: datetime
) -> None:
    class Other(MemoryProvider):
        name = "memory:elsewhere"

    planned(database, 6, now)
    a_sender(rescuer, now)
    a_life(rescuer).close(remove=False)
    Rescuer(rescuer.transactions, rescuer.journals, Other(idempotent=True), POLICY).rescue(now)
    assert in_order(database) == SETTLED


def test_after_a_lost_machine_only_what_was_written_is_believed(
    rescuer: Rescuer, database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(database, 6, now)
    a_sender(rescuer, now)
    a_life(rescuer).close(remove=False)
    monkeypatch.setattr(journal, "boot_id", lambda: "another")
    rescuer.rescue(now)
    assert in_order(database) == ["accepted", "failed", "deferred", "uncertain", "uncertain", "uncertain"]


def test_a_sender_of_another_machine_is_ended_when_its_lease_is_over(
    rescuer: Rescuer, database: Database, now: datetime
) -> None:
    planned(database, 6, now)
    a_sender(rescuer, now, host="elsewhere")
    assert rescuer.rescue(now) == ()
    assert rescuer.rescue(now + 2 * LEASE) == (SENDER,)
    assert count_states(database) == {"uncertain": 6}


def test_a_journal_found_late_still_proves_what_it_can(
    rescuer: Rescuer, database: Database, now: datetime, tmp_path: Path
) -> None:
    planned(database, 6, now)
    a_sender(rescuer, now)
    Rescuer(rescuer.transactions, tmp_path / "elsewhere", MemoryProvider(), POLICY).rescue(now + 2 * LEASE)
    assert count_states(database) == {"uncertain": 6}
    a_life(rescuer).close(remove=False)
    rescuer.rescue(now + 3 * LEASE)
    assert in_order(database) == ["accepted", "failed", *["uncertain"] * 4]


def test_a_journal_without_a_sender_in_the_database_is_cleared_away(
    rescuer: Rescuer, database: Database, now: datetime
) -> None:
    Journal(rescuer.journals, "killed-before-it-was-registered").close(remove=False)
    rescuer.rescue(now)
    assert list(rescuer.journals.iterdir()) == []
