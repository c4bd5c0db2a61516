"""One sender process: it sends what running mailings hold, and knows nothing else of the instance."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from publisher.app.foundation import Foundation
from publisher.app.leaving import brakes_of
from publisher.app.opening import Clock, load_settings, open_database, wall_clock
from publisher.mailings.sending import SenderParts, SenderResult, run_sender
from publisher.mailings.stop_signal import StopSignal
from publisher.storage.ledger import LedgerStore


def open_sender(config_file: Path, clock: Clock = wall_clock) -> Sender:
    """Open the instance that a configuration describes, as far as a sender needs it.

    Raises:
        ConfigError: the configuration is wrong.
        StorageError: the database cannot be used, or has an older schema.
    """
    settings = load_settings(config_file)
    return Sender(config_file.resolve(), settings, open_database(settings), clock)


class Sender(Foundation):
    """A sender of one open instance."""

    def run(self, pipe: int) -> SenderResult:
        """Send until there is nothing left, SIGTERM comes or the pipe's other end is closed."""
        parts = SenderParts(
            transactions=LedgerStore(self.database),
            provider=self.provider,
            composer=lru_cache(maxsize=8)(self.composer_of),
            journals=self.journals,
            policy=self.policy,
            window=self.settings.sending.window,
            clock=self.clock,
            paces=self.paces,
            brakes=brakes_of(self.settings),
            before_batch=self.spreading.look_after,
        )
        return run_sender(parts, StopSignal(pipe))
