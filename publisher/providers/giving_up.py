"""Why a provider with an API is given up for this run, in one line each, and what a person should do."""

from __future__ import annotations

from datetime import timedelta

from publisher.capabilities import Capabilities
from publisher.errors import ProviderError
from publisher.http import HttpError


def silent(name: str, why: str, can: Capabilities) -> ProviderError:
    """Calls had no answer, or none that can be read: some mails are uncertain."""
    askable = can.lookup or can.repeats_for
    remedy = (
        "`publisher mailing reconcile` finds out what became of the uncertain mails"
        if askable
        else "Its notifications settle the uncertain mails, as far as they come; nobody else can be asked"
    )
    return ProviderError(f"{name} does not answer as it should: {why}", remedy=remedy, provider=name)


def refuses_everything(name: str, words: str) -> ProviderError:
    """Mail after mail was refused, one by one: it is not about them."""
    return ProviderError(
        f"{name} refuses every mail: {words}",
        remedy="Mend what it says; `publisher resend --failed` reaches those that were refused",
        provider=name,
    )


def throttled(name: str, words: str, wait: timedelta) -> ProviderError:
    """It wants to be left alone for longer than we wait."""
    error = ProviderError(
        f"{name} takes nothing for now: {words}",
        remedy="The next run goes on; give [provider] a limit such as per_second if this is usual",
        provider=name,
    )
    error.retry_in = wait
    return error


def unusable(name: str, words: str) -> ProviderError:
    """It will take nothing before somebody mends something."""
    return ProviderError(
        f"{name} cannot be used: {words}",
        remedy="Look at key, domain and region in [provider]; `publisher provider test` says more",
        permanent=True,
        provider=name,
    )


def unreachable(name: str, error: HttpError) -> ProviderError:
    """There is no connection."""
    return ProviderError(f"{name} cannot be reached: {error.words}", remedy=error.remedy, provider=name)
