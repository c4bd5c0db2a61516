"""Providers as people look at them: what each is, whether it would take mail, and a test mail by it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace

from publisher.app.alerting import letterhead_of
from publisher.app.usecases import UseCases
from publisher.config import Provider
from publisher.errors import ProviderError, UsageError
from publisher.mailings.describing import Description, gets
from publisher.mailings.routing import Route
from publisher.notices.probing import Probe, Told, send
from publisher.providers import registry
from publisher.providers.trials import Grade, Seen

HIDDEN = "…"


class Providing:
    """What is done with the providers of one instance.

    Args:
        instance: whose they are.
    """

    def __init__(self, instance: UseCases) -> None:
        self._instance = instance

    def all(self, *, hooks: bool = False) -> Sequence[Description]:
        """Each provider, in the order of the configuration.

        Args:
            hooks: whether addresses of webhooks are whole: whoever has one can call it.

        Raises:
            ConfigError: a file that one names cannot be read, or the key of a webhook is none.
        """
        configured, names = self._instance.settings.provider, self._instance.provider_names
        routes = {each.name: Route(each.name, frozenset(each.domains), each.share) for each in configured}
        addresses, words = self._instance.returning.hook_addresses, gets(list(routes.values()))
        return [
            Description(
                each.name,
                each.kind,
                names[each.name].removeprefix(f"{each.kind}:"),
                routes[each.name],
                words[each.name],
                each,
                registry.capabilities_of(each),
                _shown(addresses.get(each.name, ""), hooks=hooks),
            )
            for each in configured
        ]

    def named(self, name: str | None) -> Sequence[Provider]:
        """The provider of this name; without one, all of them.

        Raises:
            UsageError: there is none.
        """
        configured = self._instance.settings.provider
        found = [each for each in configured if name in (None, each.name)]
        if not found:
            known = ", ".join(each.name for each in configured)
            raise UsageError(f'there is no provider "{name}"', remedy=f"Configured: {known}")
        return found

    def look(self, provider: Provider) -> Sequence[Seen]:
        """Get as far as to the first mail, and no further.

        Raises:
            ConfigError: a file that it names cannot be read.
        """
        from publisher.providers.trying import try_provider  # late: what sends does without

        discreet = self._instance.discreet
        try:
            seen = try_provider(provider, self._instance.settings)
        except ProviderError as error:
            seen = (Seen(Grade.BROKEN, error.message, error.remedy),)
        return [Seen(each.grade, discreet(each.message), each.remedy) for each in seen]

    def mail(self, provider: Provider, recipient: str, stop: Callable[[], bool] = lambda: False) -> Told:
        """Mail one short test.

        Args:
            provider: by which.
            recipient: a bare address.
            stop: whether to end early.

        Raises:
            PublisherError: an address cannot be mailed, or a key of ours is none.
        """
        instance = self._instance
        newsletter = instance.settings.newsletter[0]
        domain = newsletter.bounces_to.rpartition("@")[2]
        signs_here = not registry.capabilities_of(provider).signs and any(
            key.signs_for(domain) for key in instance.settings.dkim
        )
        probe = Probe(
            letterhead_of(instance.settings, newsletter.sender),
            newsletter.bounces_to,
            recipient,
            provider.name,
            secrets.token_hex(16),
            instance.signing.of(newsletter) if signs_here else None,
        )
        # As if another stood ready: nobody waits minutes for a test.
        told = send(
            probe,
            lambda: registry.open_provider(provider, instance.settings, spare=True),
            instance.clock(),
            stop,
        )
        return replace(told, text=instance.discreet(told.text), remedy=instance.discreet(told.remedy))


def _shown(address: str, *, hooks: bool) -> str:
    return address if hooks or not address else f"{address.rpartition('/')[0]}/{HIDDEN}"
