"""The sums of a mailing without counting its million: what is pending in bulk, and what is accepted, follow.

A batch knows how many mails are in it. Until a sender has had it, each of them is pending or skipped. Once it is
done, nothing in it is pending but what was tried before and is to be tried again, and that has an index. So has
everything that is neither pending nor accepted; what is left over of the whole is accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Select,
    String,
    and_,
    bindparam,
    func,
    literal_column,
    select,
    union_all,
)

from publisher.ledger import DeliveryState
from publisher.storage.leases import is_state
from publisher.storage.tables import batches, deliveries
from subscribers.tables import Id

_S = DeliveryState
_OVER = (_S.SKIPPED, _S.DELIVERED)
_WELL = (_S.ACCEPTED, _S.SENDING, _S.PENDING, *_OVER)

_PLANNED, _FRESH, _SKIPPED_FRESH = "planned", "fresh", "skipped fresh"


def troubled() -> ColumnElement[bool]:
    """Whether a delivery did not go well; spelled like `ix_deliveries_troubled`, or SQLite does not use it."""
    return and_(*(deliveries.c.state != _constant(state) for state in _WELL))


def _over() -> ColumnElement[bool]:
    """The same for `ix_deliveries_over`."""
    return deliveries.c.state.in_([_constant(state) for state in _OVER])


def _constant(state: DeliveryState) -> ColumnElement[str]:
    return literal_column(f"'{state}'", String)


@lru_cache(maxsize=1)
def of_mailing() -> CompoundSelect[str, int]:
    """(name, number) of what the sums follow from, in one statement and so in one snapshot; takes w_mailing."""
    mailing: BindParameter[int] = bindparam("w_mailing", type_=Id)
    own, its_batches = deliveries.c.mailing_id == mailing, batches.c.mailing_id == mailing
    fresh, count = its_batches & ~batches.c.begun, func.count()
    pending, sending, skipped = (is_state(deliveries, state) for state in (_S.PENDING, _S.SENDING, _S.SKIPPED))
    untried, tried = deliveries.c.attempts == literal_column("0"), deliveries.c.attempts > literal_column("0")
    under_way = (its_batches, batches.c.begun, batches.c.done_at.is_(None))
    return union_all(
        _named(_PLANNED, func.sum(batches.c.mails)).where(its_batches),
        _named(_FRESH, func.sum(batches.c.mails)).where(fresh),
        _named(_SKIPPED_FRESH, func.sum(_inside(skipped, _over()))).where(fresh),
        _named(_S.PENDING, func.sum(_inside(pending, untried))).where(*under_way),
        _named(_S.PENDING, count).select_from(deliveries).where(own, pending, tried),
        # Those of all mailings are a few windows. Asked for one mailing's, SQLite would read all that it has.
        _named(_S.SENDING, count.filter(own)).select_from(deliveries).where(sending),
        *(
            select(deliveries.c.state, count).where(own, which).group_by(deliveries.c.state)
            for which in (troubled(), _over())
        ),
    )


def counts(found: Mapping[str, int]) -> dict[DeliveryState, int]:
    """The sums of a mailing, from what `of_mailing` found; states without any are left out."""
    sums = {state: found.get(state, 0) for state in DeliveryState}
    sums[_S.PENDING] += found.get(_FRESH, 0) - found.get(_SKIPPED_FRESH, 0)
    sums[_S.ACCEPTED] = found.get(_PLANNED, 0) - sum(sums.values())
    return {state: number for state, number in sums.items() if number}


def _named(name: str, number: ColumnElement[int]) -> Select[str, int]:
    return select(literal_column(f"'{name}'").label("name"), number.label("number"))


def _inside(*wanted: ColumnElement[bool]) -> ColumnElement[int]:
    """How many such deliveries are in the batch at hand.

    Asked batch by batch: as a join, PostgreSQL would turn it round when its statistics are of before a mailing was
    cancelled, and look through the batches for each of half a million deliveries.
    """
    inside = deliveries.c.id.between(batches.c.first_id, batches.c.last_id)
    own = deliveries.c.mailing_id == batches.c.mailing_id
    return select(func.count()).select_from(deliveries).where(own, inside, *wanted).scalar_subquery()
