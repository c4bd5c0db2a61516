"""When which readers of a scheduled mailing get it: at their own hour, and a canary before the others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time

from publisher.ledger import AT_ONCE, Spread
from publisher.mailings.audience import audience
from publisher.mailings.ports import Waves, WaveUnits
from publisher.mailings.waves import LocalTime


class Spreading:
    """Decides it when a mailing is planned, and looks after it when a wave begins.

    Args:
        store: opens transactions.
        local_times: by newsletter; one that is not among them mails everybody when it is published.
        timezones: of every newsletter.
        canary: how many of a mailing leave first; see `ledger.Spread`.
    """

    def __init__(
        self,
        store: WaveUnits,
        local_times: Mapping[str, LocalTime],
        timezones: Mapping[str, str],
        canary: float,
    ) -> None:
        self._store = store
        self._local_times = local_times
        self._timezones = timezones
        self._canary = canary

    def of(self, waves: Waves, newsletter: str, slot: datetime | None) -> Spread:
        """The spread of a scheduled mailing; what was released by hand has no slot, and waits for nobody."""
        local_time = self._local_times.get(newsletter)
        if local_time is None or slot is None:
            return Spread(canary=self._canary) if self._canary else AT_ONCE
        moments = local_time.moments(slot, waves.zones(newsletter))
        return Spread(moments, f"{local_time.clock:%H:%M}", self._canary)

    def look_after(self, now: datetime) -> None:
        """Before a wave leaves: who has moved to another zone gets another one, who has joined gets theirs.

        Cheap when no wave has begun. Of several senders at once one does it, and the others wait for that.
        """
        with self._store.read() as unit:
            waves = [(wave, unit.waves.zones(wave.newsletter)) for wave in unit.waves.begun(now)]
            found = []
            for wave, zones in waves:
                moments = self._local_time(wave.newsletter, wave.clock).moments(wave.slot, zones)
                found.append((wave, moments, unit.waves.moved(wave.mailing_id, moments)))
        for wave, moments, moved in found:
            with self._store.write() as unit:
                if unit.waves.look_after(wave.mailing_id, wave.wave):
                    unit.waves.move(moved)
                    unit.waves.join_late(
                        wave.mailing_id, audience(wave.newsletter, now, wave.segment), moments, now
                    )

    def _local_time(self, newsletter: str, clock: str) -> LocalTime:
        """As the mailing was planned, whatever hour the configuration says by now."""
        return LocalTime(time.fromisoformat(clock), self._timezones.get(newsletter, "UTC"))
