"""What becomes of a digest's mail under way when a correction takes the place of what it brings.

Each function works inside a transaction that its caller opens.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from publisher.errors import LedgerError
from publisher.ledger import CORRECTED, Mailing, MailingKind, MailingState
from publisher.publishing.controlling import open_mailings, resume
from publisher.publishing.ports import Unit

_S = MailingState


@dataclass(frozen=True, slots=True)
class Succession:
    """What became of one mailing. `heir_id` is the one that goes on in its place; None: it goes on itself.

    `paused` says that an editor had paused it before, so that what goes on is paused as well.
    """

    mailing_id: int
    heir_id: int | None
    paused: bool


def suspend(unit: Unit, digest_id: int, now: datetime, *, actor: str, note: str) -> tuple[int, ...]:
    """Pause every mailing of a digest that is under way, until its correction is made; gives their numbers."""
    unit.plans.lock_digest(digest_id)
    paused = []
    for mailing in open_mailings(unit, digest_id):
        if unit.mailings.set_state(mailing.id, _S.PAUSED, {_S.WAITING, _S.RUNNING}, now):
            paused.append(mailing.id)
            _record(unit, "mailing.paused", mailing, now, actor=actor, reason=note, correction=True)
    return tuple(paused)


def succeed(
    unit: Unit, digest_id: int, edition_id: int, now: datetime, *, actor: str, note: str
) -> tuple[Succession, ...]:
    """Let every mailing of a digest that has not ended bring this edition, or end it in favour of one that does.

    A mailing that never ran has mailed nobody: it takes the edition as its own. Of one that ran, another mailing
    takes over what is unsent; the sweep brings it there.
    """
    done = []
    for mailing in open_mailings(unit, digest_id):
        paused = mailing.state is _S.PAUSED and not _paused_for_correction(unit, mailing)
        next_state = _S.PAUSED if paused else _S.WAITING
        if unit.corrections.retarget(mailing.id, edition_id, next_state):
            done.append(Succession(mailing.id, None, paused))
        elif not unit.corrections.has_unfinished(mailing.id):
            if not paused:
                resume(unit, mailing, now)  # nothing is left of it: the sweep finds it done
        elif unit.corrections.end(mailing.id):
            heir_id = _heir(unit, mailing, edition_id, next_state, now, actor=actor, note=note)
            _record(unit, "mailing.superseded", mailing, now, actor=actor, reason=note, by=heir_id)
            done.append(Succession(mailing.id, heir_id, paused))
    return tuple(done)


def _heir(
    unit: Unit, mailing: Mailing, edition_id: int, state: MailingState, now: datetime, *, actor: str, note: str
) -> int:
    """The mailing that takes over: nobody is planned in it but who comes from the other one."""
    heir_id = unit.mailings.add(
        digest_id=mailing.digest_id,
        edition_id=edition_id,
        kind=MailingKind.RESEND,
        state=state,
        actor=actor,
        reason=note,
        selection=(),
        act=CORRECTED,
        now=now,
    )
    if heir_id is None:  # as only a second scheduled mailing would be
        raise LedgerError("a correction's mailing could not be added", mailing=mailing.id)
    unit.corrections.hand_over(mailing.id, heir_id)
    return heir_id


def _paused_for_correction(unit: Unit, mailing: Mailing) -> bool:
    """Whether it was an act of correcting that paused it, this one or one that came to nothing."""
    acts = [
        event
        for event in unit.events.of_digest(mailing.digest_id)
        if event.mailing_id == mailing.id and event.kind in ("mailing.paused", "mailing.resumed")
    ]
    return bool(acts) and acts[-1].data.get("correction") is True


def _record(
    unit: Unit, kind: str, mailing: Mailing, now: datetime, *, actor: str, reason: str, **data: object
) -> None:
    unit.events.append(
        kind,
        at=now,
        actor=actor,
        digest_id=mailing.digest_id,
        mailing_id=mailing.id,
        data={"reason": reason} | data,
    )
