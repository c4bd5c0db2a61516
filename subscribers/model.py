"""The words about people: states, reasons, acts, and the records that travel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class SubscriptionState(StrEnum):
    """Where a person stands with a newsletter. Only ACTIVE is mailed; only their own act ends LEFT."""

    UNCONFIRMED = "unconfirmed"
    ACTIVE = "active"
    LEFT = "left"


class SuppressionReason(StrEnum):
    """Why an address must not be mailed, whoever subscribed it."""

    BOUNCED = "bounced"  # the address does not exist, or refuses for good
    COMPLAINED = "complained"  # its owner called our mail spam
    OPERATOR = "operator"  # a person with a reason
    ERASED = "erased"  # its owner asked to be forgotten


class ConsentAct(StrEnum):
    """What the consent log records."""

    SUBSCRIBED = "subscribed"
    CONFIRMED = "confirmed"
    LEFT = "left"
    RESUBSCRIBED = "resubscribed"
    CHANGED = "changed"


class Standing(StrEnum):
    """What a list says of a person: AGREED may be mailed, UNCONFIRMED not yet, the others not at all."""

    AGREED = "agreed"
    UNCONFIRMED = "unconfirmed"
    LEFT = "left"
    BLOCKED = "blocked"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


class Intake(StrEnum):
    """What became of a person who was to be taken in. LEFT and SUPPRESSED: nothing was changed.

    DEPARTED and FORBIDDEN: a list says that they left, or must not be mailed, and now it is so here.
    """

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    LEFT = "left"
    SUPPRESSED = "suppressed"
    DEPARTED = "departed"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class NewSubscriber:
    """What somebody says about a person to take in, checked; silent where empty or None.

    `email` and `email_key` are those of `addresses.normalise`, the rest those of `profile`.
    """

    email: str
    email_key: str
    name: str = ""
    language: str = ""
    timezone: str = ""
    sections: tuple[str, ...] | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A person. `language` and `timezone` are empty where the newsletter's apply; moments are aware UTC."""

    id: int
    email: str
    email_key: str
    name: str
    language: str
    timezone: str
    link_version: int
    attributes: Mapping[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Subscription:
    """A person's standing with one newsletter. `sections` None is all of them."""

    subscriber_id: int
    newsletter: str
    state: SubscriptionState
    sections: tuple[str, ...] | None
    paused_until: datetime | None
    source: str
    created_at: datetime
    confirmed_at: datetime | None
    left_at: datetime | None
    left_reason: str


@dataclass(frozen=True, slots=True)
class Suppression:
    """An address that must not be mailed. `newsletter` None is every one; it holds while `lifted_at` is None."""

    id: int
    email_key: str
    newsletter: str | None
    reason: SuppressionReason
    detail: str
    created_at: datetime
    lifted_at: datetime | None
    lifted_by: str


@dataclass(frozen=True, slots=True)
class Consent:
    """One act of a person, or of somebody in their name. `how` is the way it was given, such as `import FILE`.

    `text` are the words they were shown, `network` where they did it from, too coarse to say who.
    """

    id: int
    subscriber_id: int
    newsletter: str
    act: ConsentAct
    how: str
    at: datetime
    text: str = ""
    network: str = ""
