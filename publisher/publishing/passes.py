"""One pass over everything due now: digests in, editions published, endpoints brought up, mailings started.

A pass is idempotent and may be killed anywhere: each step begins from what the database holds. Sending is not part
of it; senders go on by themselves with whatever mailing runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from publisher.digests.record import DigestRecord
from publisher.errors import PublisherError
from publisher.publishing.announcing import Announcement, Announcing
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
    announcements: tuple[Announcement, ...] = ()
    """What came of looking at the public site and telling hubs: what fails there is no error of the pass."""
    errors: tuple[PublisherError, ...] = field(default=())

    @property
    def did_something(self) -> bool:
        """Whether anything happened that people would want to read of."""
        return bool(self.taken or self.notes or self.published or self.held or self.puts or self.errors) or any(
            (*(start.started for start in self.starts), *self.announcements)
        )


def catch_up(
    channels: Channels,
    starter: MailStarter,
    announcing: Announcing,
    clock: Callable[[], datetime],
    sleep: Callable[[float], object],
) -> PassReport:
    """The end of a pass alone: what is published is put everywhere, and mail that waited for its pages leaves.

    In this order: the endpoint that mail waits for, the mail, the other endpoints, the public site, hubs. One that
    fails, or takes its time, keeps none of those before it waiting.
    """
    puts = channels.bring_up(clock(), channels.first)
    starts = starter.start(clock())
    if channels.others:
        puts += channels.bring_up(clock(), channels.others)
    announcements = announcing.announce(clock, sleep)
    errors = tuple(put.error for put in puts if put.error)
    return PassReport(puts=puts, starts=starts, announcements=announcements, errors=errors)


class Passes:
    """Runs passes.

    Args:
        intake: takes digests in from the inbox; called once a pass.
        publisher: publishes what is due.
        cadences: when each newsletter publishes.
        channels: brings endpoints up to date.
        starter: lets waiting mailings go.
        announcing: looks at the public site, and tells hubs.
        gate: knows what to look at again.
    """

    def __init__(
        self,
        intake: Intake,
        publisher: Publisher,
        cadences: Sequence[Cadence],
        channels: Channels,
        starter: MailStarter,
        announcing: Announcing,
        gate: Gate,
    ) -> None:
        self._intake = intake
        self._publisher = publisher
        self._cadences = cadences
        self._channels = channels
        self._starter = starter
        self._announcing = announcing
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
        end = catch_up(self._channels, self._starter, self._announcing, clock, sleep)
        return replace(
            end,
            taken=taking.lines,
            notes=taking.notes,
            published=result.published,
            held=result.held,
            errors=(*taking.errors, *result.errors, *end.errors),
        )
