"""Which class reads the webhooks of which `[[provider]] kind`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Protocol

from publisher.errors import ProviderError
from publisher.feedback import HookReader
from publisher.http import Client, Limits, redacted
from publisher.providers.mailgun_hook import MailgunHook
from publisher.providers.postmark_hook import PostmarkHook
from publisher.providers.resend_hook import ResendHook
from publisher.providers.sendgrid_hook import SendgridHook
from publisher.providers.ses_hook import SesHook
from publisher.providers.sns import Fetch

_PATIENCE = Limits(body=100_000).within(timedelta(seconds=8))
"""SNS waits for our own answer meanwhile, and not for long."""


class ProviderSettings(Protocol):
    """One `[[provider]]` table; what a reader needs beside is an attribute of its kind's."""

    @property
    def kind(self) -> str:
        """`mailgun`."""

    @property
    def name(self) -> str:
        """Its name in hook addresses."""


def readers(providers: Iterable[ProviderSettings], fetch: Fetch) -> Mapping[str, HookReader]:
    """The reader of each provider, by its name. Who has no key for webhooks, or none to send, is not among them.

    Args:
        providers: the configured ones.
        fetch: see `fetching`; asked for nothing but what Amazon SNS has.

    Raises:
        ConfigError: a key is no key.
    """
    opened = {each.name: READERS[each.kind](each, fetch) for each in providers if each.kind in READERS}
    return {name: reader for name, reader in opened.items() if reader is not None}


def fetching(client: Client) -> Fetch:
    """A `Fetch` that asks over the web, and follows nobody elsewhere."""

    def fetch(address: str) -> bytes:
        answer = client.ask("GET", address, limits=_PATIENCE)
        if answer.status != HTTPStatus.OK:
            raise ProviderError(f"{redacted(address)} answers {answer.said}")
        return answer.body

    return fetch


def _mailgun(provider: Any, fetch: Fetch) -> HookReader | None:
    return MailgunHook(provider.webhook_key) if provider.webhook_key else None


def _postmark(provider: Any, fetch: Fetch) -> HookReader | None:
    if not (provider.webhook_user and provider.webhook_password):
        return None
    return PostmarkHook(provider.webhook_user, provider.webhook_password)


def _resend(provider: Any, fetch: Fetch) -> HookReader | None:
    return ResendHook(provider.webhook_key) if provider.webhook_key else None


def _sendgrid(provider: Any, fetch: Fetch) -> HookReader | None:
    return SendgridHook(provider.webhook_key) if provider.webhook_key else None


def _ses(provider: Any, fetch: Fetch) -> HookReader | None:
    return SesHook(provider.topic, fetch) if provider.topic else None


READERS: Mapping[str, Callable[[Any, Fetch], HookReader | None]] = {
    "mailgun": _mailgun,
    "postmark": _postmark,
    "resend": _resend,
    "sendgrid": _sendgrid,
    "ses": _ses,
}
"""By kind; None where the key is not configured: the hook stays closed. An empty secret is false, and no key."""
