"""One pass over everything due now: digests in, editions published, endpoints brought up, mailings started.

A pass is idempotent and may be killed anywhere: each step begins from what the database holds. Sending is not part
of it; senders go on by themselves with whatever mailing runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from publisher.digests.record import DigestRecord
from publisher.errors import PublisherError
from publisher.publishing.channels import Channels, Put
from publisher.publishing.intake import Intake
from publisher.publishing.mail_start import MailStarter, Start
from publisher.publishing.preflighting import Gate
from publisher.publishing.publish import Cadence, DueReport, Published, Publisher


@dataclass(frozen=True, slots=True)
class PassReport:
    """What one pass did, step by step."""

    taken: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    published: tuple[Published, ...] = ()
    held: tuple[tuple[DigestRecord, str], ...] = ()
    puts: tuple[Put, ...] = ()
    starts: tuple[Start, ...] = ()
    errors: tuple[PublisherError, ...] = field(default=())

    @property
    def did_something(self) -> bool:
        """Whether anything happened that people would want to read of."""
        return bool(self.taken or self.notes or self.published or self.held or self.puts or self.errors) or any(
            start.started for start in self.starts
        )


class Passes:
    """Runs passes.

    Args:
        intake: takes digests in from the inbox; called once a pass.
        publisher: publishes what is due.
        cadences: when each newsletter publishes.
        channels: brings endpoints up to date.
        starter: lets waiting mailings go.
        gate: knows what to look at again.
    """

    def __init__(
        self,
        intake: Intake,
        publisher: Publisher,
        cadences: Sequence[Cadence],
        channels: Channels,
        starter: MailStarter,
        gate: Gate,
    ) -> None:
        self._intake = intake
        self._publisher = publisher
        self._cadences = cadences
        self._channels = channels
        self._starter = starter
        self._gate = gate

    def run(self, clock: Callable[[], datetime], sleep: Callable[[float], object]) -> PassReport:
        """One pass. A failure of one digest, newsletter or endpoint is in the report, and the rest goes on.

        What preflight is to look at again is let go before the inbox is read: the inbox then sees which of it has
        no file any more.
        """
        for cadence in self._cadences:
            self._gate.reconsider(cadence.newsletter, cadence.stale_after, clock())
        taking = self._intake.take_in(clock, sleep)
        result = DueReport()
        for cadence in self._cadences:
            result += self._publisher.publish_due(cadence, clock(), busy=taking.busy)
        puts = self._channels.bring_up(clock())
        return PassReport(
            taken=taking.lines,
            notes=taking.notes,
            published=result.published,
            held=result.held,
            puts=puts,
            starts=self._starter.start(clock()),
            errors=(*taking.errors, *result.errors, *(put.error for put in puts if put.error)),
        )
