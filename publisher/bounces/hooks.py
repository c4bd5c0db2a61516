"""Webhooks taken in: who may call, what is kept. What it means is found out afterwards (`processing`)."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from datetime import datetime

from publisher.bounces.arriving import Arrivals
from publisher.bounces.hook_paths import hook_secret
from publisher.feedback import HookReader, HookRequest


class Hooks:
    """The webhooks of an instance. Called from several threads at once.

    Args:
        arrivals: keeps what is told.
        readers: who reads the requests of which provider, by its name.
        versions: `hook_version` of providers whose is not 1.
        secret: gives the instance's.
        clock: the present moment.
    """

    def __init__(
        self,
        arrivals: Arrivals,
        readers: Mapping[str, HookReader],
        versions: Mapping[str, int],
        secret: Callable[[], bytes],
        clock: Callable[[], datetime],
    ) -> None:
        self._arrivals = arrivals
        self._readers = readers
        self._versions = versions
        self._secret = secret
        self._clock = clock

    def knows(self, provider: str, secret: str) -> bool:
        """Whether that is the address of a hook. It takes the same time for a provider that there is not."""
        genuine = hook_secret(self._secret(), provider, self._versions.get(provider, 1))
        same = hmac.compare_digest(genuine.encode(), secret.encode("utf-8", "surrogatepass"))
        return same and provider in self._readers

    def take(self, provider: str, request: HookRequest) -> None:
        """Keep the events of a request, all or none; those of before change nothing.

        Raises:
            HookRefusedError: it is not what the provider would send.
            StorageError: they cannot be kept now.
        """
        self._arrivals.keep(provider, self._readers[provider].read(request, self._clock()))
