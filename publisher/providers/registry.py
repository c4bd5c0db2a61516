"""Which class serves which kind of `[provider]`.

What speaks to an API is loaded when it is configured: a sender that uses a mail server does without.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from publisher.capabilities import Capabilities
from publisher.config import (
    ApiProvider,
    MaildirProvider,
    MailgunProvider,
    Provider,
    ResendProvider,
    SesProvider,
    Settings,
    SmtpProvider,
)
from publisher.providers.maildir import Maildir
from publisher.providers.smtp import Smtp

if TYPE_CHECKING:
    from publisher.providers.api import Api
    from publisher.providers.calls import Dialect

    AnyProvider = Maildir | Smtp | Api

IMPATIENT = timedelta(seconds=5)
"""How long "not now" is waited for where another provider stands ready."""


def open_provider(provider: Provider, settings: Settings, *, spare: bool = False) -> AnyProvider:
    """What a `[provider]` names. Connects to nothing yet.

    Args:
        provider: one of the settings'.
        settings: the whole configuration.
        spare: whether another one takes over when this one wants to be left alone.

    Raises:
        ConfigError: a file that it names cannot be read.
    """
    if isinstance(provider, ApiProvider):
        return _api(provider, spare=spare)
    return _OPENERS[provider.kind](provider, settings)


def capabilities_of(provider: Provider) -> Capabilities:
    """What a configured provider can carry."""
    if isinstance(provider, ApiProvider):
        return DIALECTS[provider.kind](provider).capabilities
    return Maildir.capabilities if isinstance(provider, MaildirProvider) else Smtp.capabilities


def _maildir(provider: MaildirProvider, settings: Settings) -> Maildir:
    return Maildir(settings.path(provider.path))


def _smtp(provider: SmtpProvider, settings: Settings) -> Smtp:
    ca_file = provider.ca_file and settings.path(provider.ca_file)
    return Smtp(provider.model_copy(update={"ca_file": ca_file}))


def _api(provider: ApiProvider, *, spare: bool) -> Api:
    from publisher.http import Client, Limits
    from publisher.providers.api import PATIENCE, Api

    limits = Limits(read=provider.timeout, total=provider.timeout)
    patience = IMPATIENT if spare else PATIENCE
    return Api(DIALECTS[provider.kind](provider), Client(limits=limits), patience=patience)


def _mailgun(provider: MailgunProvider) -> Dialect:
    from publisher.providers.mailgun import MailgunBatch, MailgunMime

    return MailgunBatch(provider) if provider.is_batch else MailgunMime(provider)


def _resend(provider: ResendProvider) -> Dialect:
    from publisher.providers.resend import Resend

    return Resend(provider)


def _ses(provider: SesProvider) -> Dialect:
    from publisher.providers.ses import Ses

    return Ses(provider, lambda: datetime.now(UTC))


_OPENERS: Mapping[str, Callable[[Any, Settings], Maildir | Smtp]] = {"maildir": _maildir, "smtp": _smtp}
DIALECTS: Mapping[str, Callable[[Any], Dialect]] = {"mailgun": _mailgun, "resend": _resend, "ses": _ses}
"""By kind, how an API is spoken to."""
