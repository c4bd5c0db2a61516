"""Which class serves which `[provider] kind`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from publisher.config import MaildirProvider, Settings, SmtpProvider
from publisher.providers.maildir import Maildir
from publisher.providers.smtp import Smtp

AnyProvider = Maildir | Smtp


def open_provider(settings: Settings) -> AnyProvider:
    """The provider that the configuration names. Connects to nothing yet.

    Raises:
        ConfigError: a file that it names cannot be read.
    """
    return _OPENERS[settings.provider.kind](settings.provider, settings)


def _maildir(provider: MaildirProvider, settings: Settings) -> Maildir:
    return Maildir(settings.path(provider.path))


def _smtp(provider: SmtpProvider, settings: Settings) -> Smtp:
    ca_file = provider.ca_file and settings.path(provider.ca_file)
    return Smtp(provider.model_copy(update={"ca_file": ca_file}))


_OPENERS: Mapping[str, Callable[[Any, Settings], AnyProvider]] = {"maildir": _maildir, "smtp": _smtp}
