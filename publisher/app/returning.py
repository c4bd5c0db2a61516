"""What comes back about mail, put together: webhooks, the bounce mailbox, the listener, and what acts on it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from publisher.app.adapters import Adapters
from publisher.app.leaving import brakes_of
from publisher.bounces.arriving import Arrivals
from publisher.bounces.deciding import Bounces
from publisher.bounces.hook_paths import hook_path
from publisher.bounces.hooks import Hooks
from publisher.bounces.processing import Processing
from publisher.bounces.receiving import MAIL
from publisher.config import ApiProvider
from publisher.feedback import Feedback, HookReader
from publisher.http import Client

if TYPE_CHECKING:
    from collections.abc import Sequence

    from publisher.bounces.addressed import Ours
    from publisher.bounces.lmtp import LmtpListener


class Returning:
    """What comes back to one instance.

    Args:
        instance: whose mail it was.
    """

    def __init__(self, instance: Adapters) -> None:
        self._instance = instance
        self.arrivals = Arrivals(instance.store, lambda: instance.secret, instance.clock)

    @cached_property
    def readers(self) -> Mapping[str, HookReader]:
        """Who reads the webhooks of which provider, by its name.

        Raises:
            ConfigError: a key of a webhook is no key.
        """
        from publisher.providers import hooks  # late: only what serves needs it

        return hooks.readers(self._instance.settings.provider, hooks.fetching(Client()))

    @cached_property
    def hooks(self) -> Hooks:
        """What takes webhooks in."""
        instance = self._instance
        return Hooks(self.arrivals, self.readers, self._versions, lambda: instance.secret, instance.clock)

    @property
    def hook_addresses(self) -> Mapping[str, str]:
        """Where each provider that has a reader calls, by its name."""
        site, secret = self._instance.settings.site, self._instance.secret
        return {
            name: f"{site.links_url}{hook_path(secret, name, self._versions.get(name, 1))}"
            for name in self.readers
        }

    @property
    def _versions(self) -> Mapping[str, int]:
        configured = self._instance.settings.provider
        return {each.name: each.hook_version for each in configured if isinstance(each, ApiProvider)}

    @cached_property
    def processing(self) -> Processing:
        """What acts on what came back."""
        instance = self._instance
        return Processing(instance.store, lambda: instance.secret, brakes_of(instance.settings))

    @cached_property
    def bounces(self) -> Bounces:
        """What editors see of it, and decide."""
        return Bounces(self._instance.store)

    def collect(self) -> int:
        """Read the bounce mailbox, when there is one; how many mails were new.

        Raises:
            MailboxError: it cannot be read now.
            StorageError: what was read cannot be kept now, and is read again.
        """
        from publisher.bounces.mailbox import Access, collect

        access = Access.of(self._instance.settings.bounces)
        return 0 if access is None else collect(access, self._ours, self._keep, self._instance.clock())

    def listener(self) -> LmtpListener | None:
        """What takes returned mail from a mail server, not listening yet; None when it shall not."""
        said = self._instance.settings.bounces
        if not said.lmtp_port:
            return None
        from publisher.bounces.lmtp import LmtpListener  # late: its library takes its time to load

        return LmtpListener(self._ours, self._keep, said.lmtp_host, said.lmtp_port)

    @property
    def _ours(self) -> Ours:
        from publisher.bounces.addressed import Ours

        return Ours.of(self._instance.settings.newsletter, self._instance.secret)

    def _keep(self, events: Sequence[Feedback]) -> None:
        self.arrivals.keep(MAIL, events)
