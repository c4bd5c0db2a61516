"""What came back is kept, whichever way it came: made discreet, all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from publisher.bounces.ports import Store
from publisher.bounces.receiving import discreet
from publisher.feedback import Feedback


class Arrivals:
    """Keeps events. Called from several threads at once.

    Args:
        store: opens transactions.
        secret: gives the instance's.
        clock: the present moment.
    """

    def __init__(self, store: Store, secret: Callable[[], bytes], clock: Callable[[], datetime]) -> None:
        self._store = store
        self._secret = secret
        self._clock = clock

    def keep(self, source: str, events: Sequence[Feedback]) -> None:
        """Keep what a source tells; what is here already stays as it is.

        Args:
            source: the provider's name, or `receiving.MAIL`.
            events: as they were read.

        Raises:
            StorageError: they cannot be kept now.
        """
        if events:
            secret = self._secret()
            kept = [discreet(event, secret) for event in events]
            with self._store.write() as unit:
                unit.feedback.append(source, kept, self._clock())
