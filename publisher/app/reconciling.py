"""Who is asked what became of an instance's uncertain mails, put together from its providers."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from publisher.ledger import Doubt, Message, Way
from publisher.mailings.ports import provider_key
from publisher.mailings.reconciling import Reconciling, Witnesses
from publisher.messages import verp

if TYPE_CHECKING:
    from publisher.app.usecases import UseCases


def reconciling_of(instance: UseCases) -> Reconciling:
    """What finds out about uncertain mails."""
    composers = lru_cache(maxsize=8)(instance.composer_of)

    def compose(doubt: Doubt, way: Way) -> Message:
        return composers(doubt.edition_id).compose(doubt.delivery, instance.clock(), way)

    def reference(doubt: Doubt) -> str:
        return verp.mint(instance.secret, doubt.delivery.id, doubt.delivery.email)

    return Reconciling(
        instance.store, lambda: _witnesses(instance), compose, reference, instance.returning.arrivals.keep
    )


def _witnesses(instance: UseCases) -> Witnesses:
    from publisher.providers import registry  # late: HTTP takes its time to load
    from publisher.providers.api import Api

    settings = instance.settings
    lookups = {each.name: registry.open_lookup(each, settings, instance.clock) for each in settings.provider}
    opened = [registry.open_provider(each, settings) for each in settings.provider]
    return Witnesses(
        key=f"{provider_key(instance.provider.name)}-",
        lookups={name: lookup for name, lookup in lookups.items() if lookup is not None},
        complete=None not in lookups.values(),
        repeaters=[each for each in opened if isinstance(each, Api) and each.capabilities.repeats_for],
    )
