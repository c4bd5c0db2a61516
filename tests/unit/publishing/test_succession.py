"""A mailing that takes over waits for what the one before it still has in somebody's hands."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import insert

from publisher.ledger import DeliveryState, MailingState
from publisher.publishing.succession import Succession, succeed
from publisher.storage.database import Database
from publisher.storage.tables import editions
from tests.fakes.mailing import count_states, mailing_state
from tests.unit.publishing.test_controlling import Desk

S = DeliveryState


def corrected(desk: Desk) -> tuple[Succession, ...]:
    """Make edition 2, as a correction does, and let its mail go."""
    row = {
        "digest_id": 1,
        "number": 2,
        "content": {},
        "source_hash": "",
        "subject": "Two",
        "page": b"",
        "entry": "",
    }
    with desk.store.write() as unit:
        unit.connection.execute(insert(editions).values(row | {"created_at": desk.now, "updated_at": desk.now}))
        done = succeed(unit, 1, 2, desk.now, actor="an editor", note="a wrong name")
    desk.rescuer.leave(desk.now)
    with desk.store.write() as unit:
        for mailing in unit.mailings.waiting():
            assert unit.corrections.begin(mailing.id, desk.now)
    return done


def test_an_heir_ends_only_after_all_that_comes_back_from_the_mailing_before_it(
    database: Database, tmp_path: Path, now: datetime
) -> None:
    desk = Desk(database, tmp_path, now)
    comes_back, arrives = (delivery.id for delivery in desk.take().deliveries)
    (done,) = corrected(desk)
    assert (done.mailing_id, done.heir_id) == (1, 2)
    assert count_states(database) == {"sending": 2, "skipped": 8, "pending": 8}

    for delivery in desk.take(10).deliveries:  # all of the heir's one batch
        desk.settle(delivery.id, S.ACCEPTED)
    desk.sweep()
    assert count_states(database) == {"sending": 2, "skipped": 8, "accepted": 8}
    assert mailing_state(database, 2) is MailingState.RUNNING  # two may still come

    desk.settle(arrives, S.ACCEPTED)
    desk.sweep()
    assert mailing_state(database, 2) is MailingState.RUNNING
    with desk.ledgers.write() as ledger:
        ledger.give_back("a", [comes_back], now, begun=False)
    desk.sweep()
    assert desk.finished()
    (last,) = desk.take().deliveries
    desk.settle(last.id, S.ACCEPTED)
    desk.sweep()
    assert mailing_state(database, 2) is MailingState.DONE
    assert count_states(database) == {"accepted": 10, "skipped": 9}


def test_a_mailing_with_nothing_left_has_no_heir(database: Database, tmp_path: Path, now: datetime) -> None:
    desk = Desk(database, tmp_path, now)
    for _ in range(3):
        for delivery in desk.take(10).deliveries:
            desk.settle(delivery.id, S.ACCEPTED)
    assert corrected(desk) == ()
    desk.sweep()
    assert mailing_state(database, 1) is MailingState.DONE
