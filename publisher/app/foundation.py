"""What every process of an instance stands on, senders too: settings, store, and how a mail is made and sent.

A sender is started anew for each mailing: what only editors, pages and feeds need is not loaded here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from publisher.app.leaving import local_times_of, paces_of
from publisher.app.opening import Clock
from publisher.config import Settings
from publisher.editions import Edition, EditionFacts
from publisher.mailings.admission import Paces
from publisher.mailings.composing import EditionComposer
from publisher.mailings.failover import Failover
from publisher.mailings.outcomes import RetryPolicy
from publisher.mailings.ports import Provider
from publisher.mailings.routing import Route
from publisher.mailings.signing import Signing
from publisher.mailings.spreading import Spreading
from publisher.providers import registry as providers
from publisher.secrets import InstanceSecret, instance_secret
from publisher.storage.database import Database
from publisher.storage.store import Store

SECRET_MADE = "secret.made"  # noqa: S105 - the name of a fact


class Foundation:
    """An open instance, as far as its senders know it."""

    def __init__(self, config_file: Path, settings: Settings, database: Database, clock: Clock) -> None:
        self.config_file = config_file
        self.settings = settings
        self.database = database
        self.clock = clock
        self.store = Store(database)

    def close(self) -> None:
        """Let the database go."""
        self.database.close()

    @cached_property
    def secret(self) -> InstanceSecret:
        """The instance's secret; that it was made is remembered, so that a lost one is noticed."""
        with self.store.read() as unit:
            made = unit.facts.get(SECRET_MADE) is not None
        secret = instance_secret(self.settings, may_make=not made)
        if not made and self.settings.site.secret is None:
            with self.store.write() as unit:
                unit.facts.set_once(SECRET_MADE, "yes")
        return secret

    @cached_property
    def provider(self) -> Provider:
        """Who carries the mail: the one provider, or several as one."""
        return self.open_provider()

    def open_provider(self) -> Provider:
        """Open it once more, for another thread.

        Raises:
            ConfigError: a file that its settings name cannot be read.
        """
        configured = self.settings.provider
        if len(configured) == 1:
            return providers.open_provider(configured[0], self.settings)
        opened = {each.name: providers.open_provider(each, self.settings, spare=True) for each in configured}
        routes = [Route(each.name, frozenset(each.domains), each.share) for each in configured]
        return Failover(opened, routes)

    @cached_property
    def provider_names(self) -> Mapping[str, str]:
        """What the ledger calls each provider, by its name in the configuration."""
        if isinstance(self.provider, Failover):
            return self.provider.names
        return {self.settings.provider[0].name: self.provider.name}

    @property
    def journals(self) -> Path:
        """The folder of this machine's journals."""
        return self.settings.path(Path("var/journal"))

    @property
    def policy(self) -> RetryPolicy:
        """How long refused deliveries are tried."""
        return RetryPolicy(self.settings.sending.retry_after, self.settings.sending.give_up_after)

    @property
    def paces(self) -> Paces:
        """How many mails may leave when."""
        return paces_of(self.settings, self.provider_names)

    @cached_property
    def spreading(self) -> Spreading:
        """What gives each reader their hour."""
        timezones = {each.slug: each.timezone for each in self.settings.newsletter}
        return Spreading(self.store, local_times_of(self.settings), timezones, self.settings.sending.canary)

    @cached_property
    def signing(self) -> Signing:
        """What signs mail."""
        return Signing(self.settings.dkim)

    def composer_of(self, edition_id: int) -> EditionComposer:
        """What composes the mails of a stored edition."""
        with self.store.read() as unit:
            edition = unit.editions.get(edition_id)
            history = unit.editions.history(edition.digest_id)
        return self.composer(edition, [each for each in history if each.number < edition.number])

    def composer(self, edition: Edition, earlier: Sequence[EditionFacts] = ()) -> EditionComposer:
        """What composes the mails of an edition; `earlier` are those before it, which a correction answers."""
        newsletter = self.settings.newsletter_named(edition.digest.newsletter)
        sign = self.signing.of(newsletter)
        return EditionComposer(edition, newsletter, self.settings.site, self.secret, earlier, sign)
