"""Alerts, put together: what is watched, by whom the desk is told, and what this process has seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from publisher.app.usecases import UseCases
from publisher.bounces.judging import WARNED_COMPLAINTS
from publisher.config import Settings
from publisher.notices.carriers import Carrier, Hook, Mail
from publisher.notices.disks import spaces
from publisher.notices.letters import Letterhead
from publisher.notices.situation import Limits, Seen
from publisher.notices.watching import Watch, Watched, WatchReport
from publisher.publishing.announcing import PUBLIC
from publisher.publishing.passes import PassReport
from publisher.publishing.polling import sources_of
from publisher.storage import locks

ALERTS_LOCK = "alerts"


def letterhead_of(settings: Settings, sender: str) -> Letterhead:
    """Who writes mails that are no digest; `sender` as the configuration writes it."""
    return Letterhead(settings.site.title, settings.site.url, sender)


class Alerting:
    """Alerts of one instance, with what this process has seen of it.

    Args:
        instance: whose they are.
    """

    def __init__(self, instance: UseCases) -> None:
        self._instance = instance
        self._seen = Seen()

    @cached_property
    def watch(self) -> Watch:
        """What tells the desk that something is wrong, and when it is over."""
        instance, settings = self._instance, self._instance.settings
        alerts, wait = settings.alerts, settings.site.wait
        folders = [*(settings.path(each.path) for each in settings.folders), settings.path(Path("var"))]
        watched = Watched(
            [(each.newsletter, each.schedule, each.timezone) for each in instance.cadences],
            [target for target in instance.targets if not target.startswith(PUBLIC)],
            instance.provider.name,
            Limits(alerts.failures, alerts.disk, alerts.missed, wait, WARNED_COMPLAINTS),
            lambda: spaces(folders),
            [(source.place, source.key) for feed in settings.inbox.feed for source in sources_of(feed)],
        )
        return Watch(
            instance.store,
            watched,
            self._carriers,
            alerts.hourly,
            self._alerts_lock,
            instance.discreet,
            lambda: instance.secret,
        )

    def tell(self, *, wait: float = 0, stop: Callable[[], bool] = lambda: False) -> WatchReport:
        """Look whether anything is wrong, or no longer, and have it told.

        Args:
            wait: seconds to wait for another process that is just at it.
            stop: whether to end early.

        Raises:
            StorageError: the database does not answer.
        """
        seen = self._seen
        if seen.sending is None and not self._instance.mailroom.running():
            seen = replace(seen, sending=())  # nothing is left to send: nobody refuses it
        return self.watch.look(seen, self._instance.clock, wait=wait, stop=stop)

    def _alerts_lock(self, wait: float) -> AbstractContextManager[bool]:
        instance = self._instance
        return locks.exclusive(instance.database, ALERTS_LOCK, root=instance.settings.root, wait=wait)

    @property
    def _carriers(self) -> Sequence[Carrier]:
        """Who tells: a mail to each address, and the webhook."""
        settings = self._instance.settings
        alerts, first = settings.alerts, settings.newsletter[0]
        letterhead = letterhead_of(settings, alerts.sender or first.sender)
        writer = first.model_copy(update={"sender": letterhead.sender, "envelope_from": None})
        domain = writer.bounces_to.rpartition("@")[2]
        signed = any(key.signs_for(domain) for key in settings.dkim)
        mail = [
            Mail(
                address,
                letterhead,
                writer.bounces_to if alerts.sender else first.bounces_to,
                self._instance.open_provider,
                self._instance.signing.of(writer) if signed else None,
            )
            for address in dict.fromkeys(alerts.mail)
        ]
        return [*mail, *([Hook(alerts.webhook, letterhead)] if alerts.webhook else [])]

    def see_endpoints(self, report: PassReport) -> None:
        """Remember which endpoints a pass could not bring up: no database knows."""
        instance = self._instance
        targets = dict(zip((each.name for each in instance.endpoints), instance.endpoint_targets, strict=True))
        puts = {targets[put.endpoint]: str(put.error) for put in report.puts if put.error}
        self._seen = replace(self._seen, puts=puts)

    def see_sending(self, errors: tuple[str, ...]) -> None:
        """Remember how the last sending ended."""
        self._seen = replace(self._seen, sending=errors)
