"""A segment as a mailing goes to it: its name, and all that says who is in it, whatever becomes of the name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from subscribers.segments.evaluating import Ground
from subscribers.segments.model import Expression
from subscribers.segments.parsing import parse


@dataclass(frozen=True, slots=True)
class Frozen:
    """A segment of one newsletter. `timezone` and `language` are the newsletter's."""

    name: str
    expression: str
    timezone: str = "UTC"
    language: str = ""

    @property
    def tree(self) -> Expression:
        """What it asks."""
        return parse(self.expression)

    def ground(self, now: datetime) -> Ground:
        """What it is looked at with."""
        return Ground(now, self.timezone, self.language)

    def as_data(self) -> dict[str, str]:
        """Plain data, as mailings and the log keep it."""
        return asdict(self)


def from_data(data: Mapping[str, str] | None) -> Frozen | None:
    """What `as_data` gave."""
    return None if data is None else Frozen(**data)
