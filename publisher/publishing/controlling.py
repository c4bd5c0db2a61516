"""What an editor does with mail that is on its way: pause it, let it go on, cancel it.

An act changes the mailing's state, which every sender asks for with each window it commits: it takes effect within
one window, whichever process sends. What a cancelled mailing has unsent is moved on by the sweep.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from enum import StrEnum

from publisher.digests.model import DigestState
from publisher.digests.record import DigestRecord
from publisher.errors import StorageError, UsageError
from publisher.ledger import OPEN, DeliveryState, Mailing, MailingState
from publisher.publishing.ports import Store, Unit
from publisher.publishing.wording import reason_of

Leave = Callable[[datetime], None]
"""Moves on what cancelled mailings have unsent; see `mailings.rescue.Rescuer.leave`."""


class Act(StrEnum):
    """What may be done with a mailing."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


_S = MailingState
_FROM: Mapping[Act, Collection[MailingState]] = {
    Act.PAUSE: frozenset({_S.WAITING, _S.RUNNING}),
    Act.RESUME: frozenset({_S.PAUSED}),
    Act.CANCEL: OPEN,
}

_ENDED: Mapping[MailingState, tuple[str, str]] = {
    _S.DONE: ("is done", "Nothing of it is left to send; `publisher mailing show {id}` shows what became of it"),
    _S.CANCELLED: ("was cancelled", "A cancelled mailing stays so; {way_on}"),
}
_REFUSED: Mapping[tuple[Act, MailingState], tuple[str, str]] = {
    (Act.PAUSE, _S.PAUSED): ("is paused already", "`publisher mailing resume {id} --reason TEXT` lets it go on"),
    (Act.RESUME, _S.WAITING): ("is not paused", "It leaves by itself when its page is stored"),
    (Act.RESUME, _S.RUNNING): ("is not paused", "`publisher run` (or `publisher serve`) sends what it has left"),
    **{(act, state): words for act in Act for state, words in _ENDED.items()},
}
"""Why an act cannot be done, and what to do instead, for every state that `_FROM` does not allow."""

_OVERTAKEN = ("was changed by somebody else just now", "Look at `publisher mailing show {id}`, then do it again")


class Controls:
    """Acts on mailings, each recorded with its actor and reason.

    Args:
        store: opens transactions.
        leave: moves on what cancelled mailings have unsent.
    """

    def __init__(self, store: Store, leave: Leave) -> None:
        self._store = store
        self._leave = leave

    def pause(self, mailing_id: int, now: datetime, *, actor: str, reason: str) -> Mailing:
        """Send nothing more of a mailing until it is resumed; what is in a committed window still goes.

        Raises:
            UsageError: there is no such mailing, it cannot be paused, or no reason was given.
        """
        reason = reason_of(reason, "pausing a mailing")
        with self._store.write() as unit:
            mailing = known(unit, mailing_id)
            if not unit.mailings.set_state(mailing_id, _S.PAUSED, _FROM[Act.PAUSE], now):
                raise _refused(unit, Act.PAUSE, mailing_id)
            _record(unit, "mailing.paused", mailing, now, actor=actor, reason=reason)
            return unit.mailings.get(mailing_id)

    def resume(self, mailing_id: int, now: datetime, *, actor: str, reason: str) -> Mailing:
        """Let a paused mailing go on; one that had not begun waits for its page again.

        Raises:
            UsageError: there is no such mailing, it is not paused, or no reason was given.
        """
        reason = reason_of(reason, "resuming a mailing")
        with self._store.write() as unit:
            mailing = known(unit, mailing_id)
            if not resume(unit, mailing, now):
                raise _refused(unit, Act.RESUME, mailing_id)
            _record(unit, "mailing.resumed", mailing, now, actor=actor, reason=reason)
            return unit.mailings.get(mailing_id)

    def cancel(self, mailing_id: int, now: datetime, *, actor: str, reason: str) -> Mailing:
        """End a mailing: what is unsent is skipped, what is in a committed window is settled.

        Raises:
            UsageError: there is no such mailing, it has ended, or no reason was given.
        """
        reason = reason_of(reason, "cancelling a mailing")
        with self._store.write() as unit:
            mailing = known(unit, mailing_id)
            if not cancel(unit, mailing, now, actor=actor, reason=reason):
                raise _refused(unit, Act.CANCEL, mailing_id)
        self._leave(now)
        with self._store.read() as unit:
            return unit.mailings.get(mailing_id)


def known(unit: Unit, mailing_id: int) -> Mailing:
    """The mailing of this number.

    Raises:
        UsageError: there is none.
    """
    try:
        return unit.mailings.get(mailing_id)
    except StorageError as error:
        if "mailing" not in error.ids:  # the database itself is in trouble
            raise
        raise UsageError(error.message, remedy="`publisher mailing list` shows those there are") from error


def resume(unit: Unit, mailing: Mailing, now: datetime) -> bool:
    """Let a paused mailing go on from where it was; False when it is not paused."""
    back = _S.WAITING if mailing.started_at is None else _S.RUNNING
    return unit.mailings.set_state(mailing.id, back, _FROM[Act.RESUME], now)


def cancel(unit: Unit, mailing: Mailing, now: datetime, *, actor: str, reason: str) -> bool:
    """End a mailing inside a transaction; False when it has ended. The sweep moves on what it has unsent."""
    if not unit.corrections.end(mailing.id):
        return False
    counts = unit.mailings.counts(mailing.id)
    unsent = counts.get(DeliveryState.PENDING, 0) + counts.get(DeliveryState.DEFERRED, 0)
    _record(unit, "mailing.cancelled", mailing, now, actor=actor, reason=reason, unsent=unsent)
    return True


def open_mailings(unit: Unit, digest_id: int) -> tuple[Mailing, ...]:
    """The mailings of a digest that have not ended, the oldest first."""
    return tuple(mailing for mailing in reversed(unit.mailings.all(digest_id)) if mailing.state in OPEN)


def _refused(unit: Unit, act: Act, mailing_id: int) -> UsageError:
    """Why it cannot be done, by where the mailing stands now."""
    mailing = unit.mailings.get(mailing_id)
    way_on = _way_on(mailing, unit.digests.get(mailing.digest_id))
    what, remedy = _REFUSED.get((act, mailing.state), _OVERTAKEN)
    return UsageError(
        f"mailing {mailing_id} {what}", remedy=remedy.format(id=mailing_id, way_on=way_on), mailing=mailing_id
    )


def _way_on(mailing: Mailing, record: DigestRecord) -> str:
    """What reaches the readers of a mailing that was cancelled."""
    if record.state is DigestState.WITHDRAWN:
        return "its digest was withdrawn"
    if mailing.superseded_by:
        return f"mailing {mailing.superseded_by} goes on in its place"
    act = {"to": "to ADDRESS", "failed": "failed", "uncertain": "uncertain", "correction": "correction"}
    return f"`publisher resend {record.key} --{act.get(mailing.act, 'missed')} --reason TEXT` mails its readers"


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
