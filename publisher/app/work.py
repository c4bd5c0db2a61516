"""The open instance as everybody above has it: its use cases, the passes that do its work, and its engine."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

from publisher.app.alerting import Alerting
from publisher.app.leaving import senders_of
from publisher.app.opening import Clock, load_settings, open_database, wall_clock
from publisher.app.providing import Providing
from publisher.app.usecases import UseCases
from publisher.engines.local import Engine, EngineReport
from publisher.errors import StorageError
from publisher.mailings.admission import closed_until
from publisher.mailings.sending import LINGER
from publisher.publishing.fetched import Fetched
from publisher.publishing.mail_start import MailStarter
from publisher.publishing.passes import Passes, PassReport, catch_up
from publisher.storage import locks
from publisher.storage.ledger import LedgerStore

PASS_LOCK = "pass"  # noqa: S105 - the name of a lock
FEEDS_LOCK = "feeds"
PASS_WAIT_SECONDS = 600
"""How long a pass waits for another process's pass: longer than one takes, shorter than an editor's patience."""


def open_app(config_file: Path, clock: Clock = wall_clock) -> App:
    """Open the instance that a configuration describes; a missing database is made.

    Raises:
        ConfigError: the configuration is wrong.
        StorageError: the database cannot be used, or has an older schema.
    """
    settings = load_settings(config_file)
    return App(config_file.resolve(), settings, open_database(settings), clock)


class App(UseCases):
    """One open instance."""

    @cached_property
    def alerting(self) -> Alerting:
        """What tells the desk of trouble."""
        return Alerting(self)

    @cached_property
    def providing(self) -> Providing:
        """What is done with providers."""
        return Providing(self)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the instance's lock on passes.

        Raises:
            StorageError: another process has it, and does not give it back.
        """
        with locks.exclusive(self.database, PASS_LOCK, root=self.settings.root, wait=PASS_WAIT_SECONDS) as held:
            if not held:
                raise StorageError(
                    "another publisher is at work on this instance and does not come to an end",
                    remedy="Look for a process that hangs, then run it again",
                    permanent=False,
                )
            yield

    def fetch(self) -> Fetched:
        """Ask upstream feeds, and put digests of what is new into the inbox; nothing, while another process does.

        It holds no lock of passes: no feed that keeps us waiting keeps a digest from its slot.
        """
        if not self.settings.inbox.feed:
            return Fetched()
        with locks.exclusive(self.database, FEEDS_LOCK, root=self.settings.root) as held:
            return self.fetching.fetch() if held else Fetched()

    def run_pass(self, sleep: Callable[[float], object] = time.sleep) -> PassReport:
        """One pass over everything due now; of two at once the second waits, and finds it done."""
        passes = Passes(
            self.intake, self.publisher, self.cadences, self.channels, self._starter, self.announcing, self.gate
        )
        with self.locked():
            return self._looked_at(passes.run(self.clock, sleep))

    def catch_up(self, sleep: Callable[[float], object] = time.sleep) -> PassReport:
        """The end of a pass alone: endpoints are brought up to date, and mail that waited for them may leave.

        For what readers must not wait for until the next pass.
        """
        with self.locked():
            return self._looked_at(catch_up(self.channels, self._starter, self.announcing, self.clock, sleep))

    def _looked_at(self, report: PassReport) -> PassReport:
        self.alerting.see_endpoints(report)
        return report

    @property
    def _starter(self) -> MailStarter:
        """What lets mailings go whose pages are stored."""
        return MailStarter(self.store, self.mailroom.start, self.first_target, self.settings.site.wait)

    def send(
        self,
        *,
        stop: Callable[[], bool] = lambda: False,
        tick: Callable[[], None] = lambda: None,
        last: bool = True,
    ) -> EngineReport:
        """Send what running mailings hold, in processes of their own, until nothing is left that is due.

        Args:
            stop: whether to end early.
            tick: called about ten times a second.
            last: whether nobody may come after us: what senders of a killed process give back is waited for.
        """
        command = [sys.executable, "-m", "publisher", "sender", "--config", str(self.config_file)]
        engine = Engine(command, senders_of(self.settings))
        others = self._held_here if last else lambda: False
        ended = engine.run(self._open_batches, stop=stop, tick=tick, others=others)
        errors = tuple(map(self.discreet, ended.errors))  # a server may repeat what it was told
        self.alerting.see_sending(errors)
        return replace(ended, errors=errors, notes=tuple(map(self.discreet, ended.notes)))

    def _open_batches(self) -> int:
        """Sweep; how many batches senders could work on, if the pace lets anything leave."""
        number, now = self.rescuer.sweep(self.clock()), self.clock()
        opens = self.opens
        return 0 if opens is not None and opens - now > LINGER else number

    def _held_here(self) -> bool:
        with LedgerStore(self.database).read() as ledger:
            return ledger.held_at(socket.gethostname())

    @property
    def opens(self) -> datetime | None:
        """When the pace lets mail leave again; None when it does now."""
        with LedgerStore(self.database).read() as ledger:
            return closed_until(ledger, self.paces, self.clock())
