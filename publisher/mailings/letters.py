"""The messages of one window, composed when a connection asks for the next one and not all at once before.

So the server has something to do while we compose.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from publisher.errors import PublisherError
from publisher.ledger import Delivery, Message, Report
from publisher.mailings.ports import Composer


class Letters:
    """See `ledger.Messages`. One that cannot be composed is reported as failed, and passed over.

    Args:
        deliveries: the window.
        composer: makes their mails.
        report: told of those that cannot be made.
        date: what all of them are dated.
    """

    def __init__(self, deliveries: Sequence[Delivery], composer: Composer, report: Report, date: datetime) -> None:
        self._deliveries = deliveries
        self._composer = composer
        self._report = report
        self._date = date

    def __len__(self) -> int:
        """How many there are at most."""
        return len(self._deliveries)

    def __iter__(self) -> Iterator[Message]:
        """Compose one after the other."""
        for delivery in self._deliveries:
            try:
                yield self._composer.compose(delivery, self._date)
            except PublisherError as error:
                self._report.failed(delivery.id, None, f"cannot be composed: {error}")
