"""Whom a resend reaches, judged by each subscriber's latest delivery of the digest over all its mailings. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from publisher.errors import UsageError
from publisher.ledger import UNFINISHED, DeliveryState, Latest

_HAS_IT = frozenset({DeliveryState.ACCEPTED, DeliveryState.DELIVERED, DeliveryState.COMPLAINED})


class ResendKind(StrEnum):
    """The kinds of resend: to all whose latest delivery failed, or to one address."""

    FAILED = "failed"
    TO = "to"


@dataclass(frozen=True, slots=True)
class ResendPlan:
    """A resend as it would be now. `selection` is frozen with the mailing; `left_out` counts those of it who must
    not be mailed, by reason, and is judged anew when the mailing is planned and sent.
    """

    selection: tuple[int, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def mailed(self) -> int:
        """How many would be mailed. With 0 there is nothing to resend."""
        return len(self.selection) - sum(self.left_out.values())


def states_for(kind: ResendKind) -> frozenset[DeliveryState] | None:
    """The states of a latest delivery that a kind is about; None: it has to know any (see `Plans.latest`)."""
    return frozenset({DeliveryState.FAILED}) if kind is ResendKind.FAILED else None


def plan_resend(kind: ResendKind, latest: Iterable[Latest], *, address: str = "") -> ResendPlan:
    """Choose the subscribers of a resend.

    Run it with its query, the new mailing and its plan in one transaction after `Plans.lock_digest`: then of two
    editors who press the button at once, the second finds deliveries on their way.

    Args:
        kind: the kind of resend.
        latest: the latest delivery of each subscriber who may be concerned; for TO the one subscriber.
        address: for TO, as the editor wrote it.

    Raises:
        UsageError: TO an address that is unknown, has the digest, may have it, or is about to get it.
    """
    people = tuple(latest)
    if kind is ResendKind.TO:
        _check_person(people, address)
    else:
        people = tuple(person for person in people if person.state is DeliveryState.FAILED)
    left_out = Counter(person.why_not for person in people if person.why_not is not None)
    return ResendPlan(tuple(person.subscriber_id for person in people), dict(sorted(left_out.items())))


def _check_person(people: tuple[Latest, ...], address: str) -> None:
    if len(people) != 1:
        raise UsageError(
            f"no subscriber has the address {address}",
            remedy="`publisher subscriber list` shows those that are known",
        )
    state = people[0].state
    if state in _HAS_IT:
        raise UsageError(f"{address} has this digest already: its latest delivery is {state}")
    if state is DeliveryState.UNCERTAIN:
        raise UsageError(
            f"{address} may have this digest already: its latest delivery is uncertain",
            remedy="Ask the reader; `publisher mailing show` has the server's last words",
        )
    if state in UNFINISHED:
        raise UsageError(f"{address} is about to get this digest: its latest delivery is {state}")
