"""From a configuration to an open SMTP dialogue: connection, greeting, TLS, login."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable

from publisher.config import SmtpProvider
from publisher.errors import ConfigError, ProviderError
from publisher.providers.smtp_dialogue import Dialogue, Lost, secure


def tls_context(settings: SmtpProvider) -> ssl.SSLContext | None:
    """What certificates are verified with; None without TLS.

    Raises:
        ConfigError: `ca_file` cannot be read as certificates.
    """
    if settings.security == "none":
        return None
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"provider.ca_file: {settings.ca_file} cannot be read as certificates",
            remedy="It holds certificates in PEM form",
        ) from error


def connect(settings: SmtpProvider, context: ssl.SSLContext | None, stop: Callable[[], bool]) -> Dialogue:
    """A dialogue that is ready for mail.

    Raises:
        ProviderError: nothing that a second try would change.
        Lost, OSError: what one might.
    """
    timeout = settings.timeout.total_seconds()
    connection: socket.socket = socket.create_connection((settings.host, settings.port), timeout=timeout)
    dialogue: Dialogue | None = None
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is not None and settings.security == "tls":
            connection = secure(connection, context, settings.host)
        dialogue = Dialogue(connection, timeout, stop)
        _open(dialogue, settings, context)
    except BaseException:
        (dialogue.socket if dialogue is not None else connection).close()
        raise
    return dialogue


def _open(dialogue: Dialogue, settings: SmtpProvider, context: ssl.SSLContext | None) -> None:
    greeting = dialogue.hear()
    if not greeting.done:
        raise Lost(f"the server does not let us in: {greeting}", code=greeting.code)
    name = settings.helo or _own_name(dialogue.socket)
    dialogue.greet(name)
    if context is not None and settings.security == "starttls":
        if "STARTTLS" not in dialogue.features:
            raise ProviderError(
                f"{settings.host}:{settings.port} offers no STARTTLS",
                remedy='Use the right port, or security = "tls"; "none" only towards a machine of your own',
                permanent=True,
            )
        reply = dialogue.ask("STARTTLS")
        if not reply.done:
            raise Lost(f"STARTTLS was refused: {reply}", code=reply.code)
        dialogue.start_tls(context, settings.host)
        dialogue.greet(name)
    if settings.user is not None:
        _log_in(dialogue, settings, settings.user)


def _log_in(dialogue: Dialogue, settings: SmtpProvider, user: str) -> None:
    password = settings.password
    reply = dialogue.log_in(user, password.get_secret_value() if password else "")
    if reply.refused_for_now:
        raise Lost(f"the login does not work just now: {reply}", code=reply.code)
    if not reply.done:
        raise ProviderError(
            f"{settings.host}:{settings.port} refuses the login of {user}: {reply}",
            remedy="Mend user and password in [provider]",
            permanent=True,
        )


def _own_name(connection: socket.socket) -> str:
    """What we call ourselves: this machine's full name, else its address as a literal (RFC 5321, 4.1.3)."""
    name = socket.gethostname()
    if "." in name.strip(".") and name.isascii():
        return name
    address = str(connection.getsockname()[0])
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"
