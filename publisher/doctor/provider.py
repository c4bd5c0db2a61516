"""Whoever carries the mail: reachable, encrypted, and lets us in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from publisher.config import MaildirProvider, Provider, SmtpProvider
from publisher.doctor.addresses import is_local
from publisher.doctor.model import Check, Finding, Ground, Level, broken, unchecked, warning
from publisher.errors import ProviderError
from publisher.mailings.carriage import asked_by, cautions
from publisher.providers.registry import capabilities_of
from publisher.providers.trials import Grade

_LEVELS: Mapping[Grade, Level] = {
    Grade.FINE: Level.FINE,
    Grade.WARNING: Level.WARNING,
    Grade.BROKEN: Level.BROKEN,
    Grade.UNKNOWN: Level.UNCHECKED,
}


def _look(ground: Ground) -> Iterator[Finding]:
    for provider in ground.settings.provider:
        if isinstance(provider, SmtpProvider):
            yield from _in_clear(provider)
        yield from _tried(ground, provider)
    yield from _partly(ground)


def _tried(ground: Ground, provider: Provider) -> Iterator[Finding]:
    try:
        for seen in ground.try_provider(provider):
            yield Finding(_LEVELS[seen.grade], seen.message, seen.remedy)
    except ProviderError as error:
        if _may_be_offline(ground, provider, error):
            yield unchecked(error.message, "Look again when this machine is online")
        else:
            yield broken(error.message, error.remedy)


def _partly(ground: Ground) -> Iterator[Finding]:
    """What is asked for and some of several providers do not carry."""
    providers = {each.name: capabilities_of(each) for each in ground.settings.provider}
    for key, message, remedy in cautions(asked_by(ground.settings, providers)):
        yield warning(f"{key}: {message}", remedy)


def _in_clear(provider: SmtpProvider) -> Iterator[Finding]:
    if provider.security != "none" or is_local(provider.host):
        return
    remedy = 'Write security = "starttls" (port 587) or "tls" (port 465) in [provider]'
    if provider.user is not None:
        yield broken(f"the password goes to {provider.host} in clear: security is none", remedy)
    else:
        yield warning(f"mail goes to {provider.host} in clear: security is none", remedy)


def _may_be_offline(ground: Ground, provider: Provider, error: ProviderError) -> bool:
    remote = not isinstance(provider, MaildirProvider | SmtpProvider) or (
        isinstance(provider, SmtpProvider) and not is_local(provider.host)
    )
    return remote and not error.permanent and not ground.dns.answers()


CHECK = Check("provider", "it is reached, encrypts and lets us in; nothing is sent", _look)
