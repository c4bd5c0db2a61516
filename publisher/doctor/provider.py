"""Whoever carries the mail: reachable, encrypted, and lets us in."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.config import MaildirProvider, Provider, SmtpProvider
from publisher.doctor.addresses import is_local
from publisher.doctor.model import Check, Finding, Ground, broken, fine, unchecked, warning
from publisher.errors import ProviderError


def _look(ground: Ground) -> Iterator[Finding]:
    for provider in ground.settings.provider:
        if isinstance(provider, SmtpProvider):
            yield from _in_clear(provider)
        yield _tried(ground, provider)


def _tried(ground: Ground, provider: Provider) -> Finding:
    try:
        return fine(ground.try_provider(provider))
    except ProviderError as error:
        if _may_be_offline(ground, provider, error):
            return unchecked(error.message, "Look again when this machine is online")
        return broken(error.message, error.remedy)


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
