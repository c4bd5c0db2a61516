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
    PostmarkProvider,
    Provider,
    ResendProvider,
    SendgridProvider,
    SesProvider,
    Settings,
    SmtpProvider,
)
from publisher.config.discretion import Discretion, secrets_of
from publisher.providers.maildir import Maildir
from publisher.providers.smtp import Smtp

if TYPE_CHECKING:
    from publisher.http import Client, Limits
    from publisher.providers.api import Api
    from publisher.providers.calls import Dialect
    from publisher.providers.lookup import Lookup, Waiting

    AnyProvider = Maildir | Smtp | Api

LOOKUP_OCTETS = 8_000_000
"""Of an answer about mails, at most: three hundred of them may stand in one."""

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


def open_lookup(provider: Provider, settings: Settings, clock: Callable[[], datetime]) -> Lookup | None:
    """Who finds out what became of mails whose answer was lost; None where nobody can be asked.

    Args:
        provider: one of the settings'.
        settings: the whole configuration.
        clock: the present moment, aware UTC.
    """
    if not isinstance(provider, ApiProvider) or provider.kind not in LOOKUPS:
        return None
    from publisher.http import Limits
    from publisher.providers.lookup import Waiting

    limits = Limits(read=provider.timeout, total=provider.timeout, body=LOOKUP_OCTETS)
    return LOOKUPS[provider.kind](provider, _client(provider, limits), Waiting(clock))


def _maildir(provider: MaildirProvider, settings: Settings) -> Maildir:
    return Maildir(settings.path(provider.path))


def _smtp(provider: SmtpProvider, settings: Settings) -> Smtp:
    ca_file = provider.ca_file and settings.path(provider.ca_file)
    return Smtp(provider.model_copy(update={"ca_file": ca_file}))


def _api(provider: ApiProvider, *, spare: bool) -> Api:
    from publisher.http import Limits
    from publisher.providers.api import PATIENCE, Api

    limits = Limits(read=provider.timeout, total=provider.timeout)
    patience = IMPATIENT if spare else PATIENCE
    return Api(DIALECTS[provider.kind](provider), _client(provider, limits), patience=patience)


def _client(provider: ApiProvider, limits: Limits) -> Client:
    """What asks it; its own keys are in no answer, whatever it repeats."""
    from publisher.http import Client

    return Client(limits=limits, clean=Discretion(secrets_of(provider)).redacted)


def _mailgun(provider: MailgunProvider) -> Dialect:
    from publisher.providers.mailgun import MailgunBatch, MailgunMime

    return MailgunBatch(provider) if provider.is_batch else MailgunMime(provider)


def _postmark(provider: PostmarkProvider) -> Dialect:
    from publisher.providers.postmark import Postmark

    return Postmark(provider)


def _sendgrid(provider: SendgridProvider) -> Dialect:
    from publisher.providers.sendgrid import Sendgrid

    return Sendgrid(provider)


def _resend(provider: ResendProvider) -> Dialect:
    from publisher.providers.resend import Resend

    return Resend(provider)


def _ses(provider: SesProvider) -> Dialect:
    from publisher.providers.ses import Ses

    return Ses(provider, lambda: datetime.now(UTC))


def _mailgun_lookup(provider: MailgunProvider, client: Client, waiting: Waiting) -> Lookup:
    from publisher.providers.mailgun_events import MailgunEvents

    return MailgunEvents(provider, client, waiting)


def _postmark_lookup(provider: PostmarkProvider, client: Client, waiting: Waiting) -> Lookup:
    from publisher.providers.postmark_search import PostmarkSearch

    return PostmarkSearch(provider, client, waiting)


def _sendgrid_lookup(provider: SendgridProvider, client: Client, waiting: Waiting) -> Lookup:
    from publisher.providers.sendgrid_search import SendgridSearch

    return SendgridSearch(provider, client, waiting)


_OPENERS: Mapping[str, Callable[[Any, Settings], Maildir | Smtp]] = {"maildir": _maildir, "smtp": _smtp}
DIALECTS: Mapping[str, Callable[[Any], Dialect]] = {
    "mailgun": _mailgun,
    "postmark": _postmark,
    "resend": _resend,
    "sendgrid": _sendgrid,
    "ses": _ses,
}
"""By kind, how an API is spoken to."""

LOOKUPS: Mapping[str, Callable[[Any, Client, Waiting], Lookup]] = {
    "mailgun": _mailgun_lookup,
    "postmark": _postmark_lookup,
    "sendgrid": _sendgrid_lookup,
}
"""By kind, who is asked what became of mail."""
