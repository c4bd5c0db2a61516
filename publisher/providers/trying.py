"""Whether the provider would take mail, as far as that can be told without mailing anybody."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from publisher.config import ApiProvider, MaildirProvider, Provider, Settings, SmtpProvider
from publisher.errors import ProviderError
from publisher.providers.smtp_connect import Connector, tls_context
from publisher.providers.smtp_replies import Lost
from publisher.providers.smtp_wire import Wire
from publisher.providers.trials import Grade, Seen

SECONDS = 9.0
"""For connecting, TLS and login together."""

_GOODBYE = 1.0


def try_provider(provider: Provider, settings: Settings, seconds: float = SECONDS) -> tuple[Seen, ...]:
    """Get as far as to the first mail, and no further; gives what was seen.

    Raises:
        ProviderError: it cannot be reached, or does not let us in.
        ConfigError: a file that [provider] names cannot be read.
    """
    if isinstance(provider, ApiProvider):
        from publisher.providers.api_trying import try_api  # late: most instances have no such provider

        return try_api(provider, _sender_domains(settings), seconds)
    return (Seen(Grade.FINE, _TRIALS[provider.kind](provider, settings, seconds)),)


def _sender_domains(settings: Settings) -> frozenset[str]:
    """The domains that mail is sent from, in ASCII."""
    senders = [each.sender for each in settings.newsletter]
    senders += [settings.alerts.sender] if settings.alerts.sender and settings.alerts.mail else []
    return frozenset(_ascii(each.rpartition("@")[2].removesuffix(">").lower()) for each in senders)


def _ascii(domain: str) -> str:
    return domain if domain.isascii() else domain.encode("idna").decode("ascii")


def _maildir(provider: MaildirProvider, settings: Settings, _seconds: float) -> str:
    root = settings.path(provider.path)
    folder = next(path for path in (root, *root.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=folder):
            return f"maildir: mail becomes files in {root}"
    except OSError as error:
        raise ProviderError(
            f"maildir: nothing can be written to {folder}: {error.strerror}",
            remedy="Let the publisher's user write there, or name another folder in [provider] path",
            permanent=True,
        ) from error


def _smtp(provider: SmtpProvider, settings: Settings, seconds: float) -> str:
    ca_file = provider.ca_file and settings.path(provider.ca_file)
    connector = Connector(provider, tls_context(provider.model_copy(update={"ca_file": ca_file})))
    place = f"smtp:{provider.host}:{provider.port}"
    try:
        asyncio.run(_visit(connector, seconds))
    except (Lost, OSError, TimeoutError) as error:
        why = "no answer in time" if isinstance(error, TimeoutError) else str(error)
        raise ProviderError(
            f"{place} cannot be used: {why}",
            remedy="Look at host, port and security in [provider], and whether the server is up",
        ) from error
    secured = {"starttls": ", STARTTLS", "tls": ", TLS", "none": ""}[provider.security]
    return f"{place}: connected{secured}{', logged in' if provider.user else ''}, and said goodbye"


async def _visit(connector: Connector, seconds: float) -> None:
    wires: set[Wire] = set()
    connection = await asyncio.wait_for(connector.connect(wires), seconds)
    wire = connection.wire
    with suppress(Lost, TimeoutError):  # we were let in; how they say goodbye does not matter
        wire.say(b"QUIT\r\n")
        await asyncio.wait_for(wire.hear(_GOODBYE), _GOODBYE)
    wire.close()
    await asyncio.sleep(0)  # lets the transport close


_TRIALS: Mapping[str, Callable[[Any, Settings, float], str]] = {"maildir": _maildir, "smtp": _smtp}
