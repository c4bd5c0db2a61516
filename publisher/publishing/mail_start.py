"""When a waiting mailing may leave: its pages are stored at the first endpoint, or it has waited long enough."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from publisher.ledger import Mailing
from publisher.publishing.channels import pages_stored
from publisher.publishing.ports import Store, Unit


class Planner(Protocol):
    """Plans a mailing: one delivery for each subscriber of its audience."""

    def __call__(self, mailing: Mailing, now: datetime, alert: str) -> bool:
        """Plan it, let it run, and record that, all at once; False when somebody else just did."""


@dataclass(frozen=True, slots=True)
class Start:
    """What became of one waiting mailing. `alert` is set when it left without its pages."""

    mailing: Mailing
    started: bool
    alert: str = ""


def may_start(stored: bool, waited: timedelta, wait: timedelta) -> bool:
    """The rule itself: pages first, but the mail does not wait for ever."""
    return stored or waited >= wait


class MailStarter:
    """Plans the mailings that may leave.

    Args:
        store: opens transactions.
        plan: plans one mailing in the ledger.
        first_target: the first endpoint, as `endpoint:NAME`; None when there is none: mail leaves at once.
        wait: how long a mailing waits for its pages.
    """

    def __init__(self, store: Store, plan: Planner, first_target: str | None, wait: timedelta) -> None:
        self._store = store
        self._plan = plan
        self._first_target = first_target
        self._wait = wait

    def start(self, now: datetime) -> tuple[Start, ...]:
        """Look at every waiting mailing once."""
        with self._store.read() as unit:
            waiting = [
                (
                    mailing,
                    self._first_target is None or pages_stored(unit, mailing.edition_id, self._first_target),
                    _waits_since(unit, mailing),
                )
                for mailing in unit.mailings.waiting()
            ]
        return tuple(self._look_at(mailing, stored, now - since, now) for mailing, stored, since in waiting)

    def _look_at(self, mailing: Mailing, stored: bool, waited: timedelta, now: datetime) -> Start:
        if not may_start(stored, waited, self._wait):
            return Start(mailing, started=False)
        alert = "" if stored else f"mailing {mailing.id} leaves although its page is not stored yet"
        started = self._plan(mailing, now, alert)
        return Start(mailing, started=started, alert=alert if started else "")


def _waits_since(unit: Unit, mailing: Mailing) -> datetime:
    """When there was something to wait for: a mailing that never ran may be older than the edition it brings."""
    made = (each.created_at for each in unit.editions.history(mailing.digest_id) if each.id == mailing.edition_id)
    return max(mailing.created_at, *made)
