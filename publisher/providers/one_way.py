"""What every provider has in common: all of its mail goes by itself, as it can carry it."""

from __future__ import annotations

from functools import cached_property

from publisher.capabilities import Capabilities
from publisher.ledger import Delivery, Way


class OneWay:
    """See `mailings.ports.Provider`. A provider of several ways is `mailings.failover.Failover`."""

    name: str
    capabilities: Capabilities
    ways = 1

    @property
    def window(self) -> int:
        """See `Provider`."""
        return self.capabilities.window

    @cached_property
    def _way(self) -> Way:
        return Way(self.name, self.capabilities)

    def way(self, _delivery: Delivery) -> Way:
        """See `Provider`."""
        return self._way
