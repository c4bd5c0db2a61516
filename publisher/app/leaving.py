"""How the configuration says mail may leave: pace, brakes, canary and local time, as senders and plans take it."""

from __future__ import annotations

import os
from collections.abc import Mapping

from publisher.config import Limits as ConfiguredLimits
from publisher.config import Settings
from publisher.mailings.admission import Paces
from publisher.mailings.brakes import Shares
from publisher.mailings.judging import Judge
from publisher.mailings.lanes import DomainLimits
from publisher.mailings.pace import Limits
from publisher.mailings.waves import LocalTime, local_time


def senders_of(settings: Settings) -> int:
    """How many sender processes work at a time."""
    return settings.sending.senders or os.cpu_count() or 1


def paces_of(settings: Settings, names: Mapping[str, str]) -> Paces:
    """The limits of everything, of each provider and of recipients' domains.

    Args:
        settings: the configuration.
        names: of the providers as the ledger knows them, by those that the configuration gives them.
    """
    senders = senders_of(settings)
    domains = tuple(
        DomainLimits(each.domains, _limits(each), -(-each.connections // senders))
        for each in settings.sending.domain
    )
    everything = {"all": _limits(settings.sending)}
    providers = {each.name: _limits(each) for each in settings.provider}
    if len(providers) == 1:  # then whatever leaves, leaves by it
        ((name, limits),) = providers.items()
        return Paces(everything | {f"provider:{names[name]}": limits}, domains)
    return Paces(
        everything, domains, {name: (f"provider:{names[name]}", each) for name, each in providers.items()}
    )


def brakes_of(settings: Settings) -> Shares:
    """When a mailing pauses itself."""
    said = settings.sending.brakes
    return Shares(said.last, said.failures, said.blocks, said.deferrals, said.complaints)


def judge_of(settings: Settings) -> Judge:
    """What judges canaries and complaints."""
    return Judge(settings.sending.canary_wait, brakes_of(settings))


def local_times_of(settings: Settings) -> dict[str, LocalTime]:
    """The newsletters that arrive at the reader's hour.

    Raises:
        ConfigError: a schedule has no time that mail could arrive at.
    """
    found = {each.slug: local_time(each) for each in settings.newsletter}
    return {slug: each for slug, each in found.items() if each is not None}


def _limits(said: ConfiguredLimits) -> Limits:
    return Limits(said.per_second, said.per_hour, said.per_day)
