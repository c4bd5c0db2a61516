"""From a configuration to a connection that is ready for mail: greeting, TLS, login (RFC 5321, 3207, 4954)."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

from publisher.config import SmtpProvider
from publisher.config.discretion import Discretion, secrets_of
from publisher.errors import ConfigError, ProviderError
from publisher.providers.smtp_login import login
from publisher.providers.smtp_replies import Lost, Reply
from publisher.providers.smtp_wire import Wire


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection that is ready for mail. `features` are the extensions offered (RFC 5321, 4.1.1.1)."""

    wire: Wire
    features: Mapping[str, str]


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


class Connector:
    """Makes connections.

    Args:
        settings: `[provider]`.
        context: from `tls_context`.
    """

    def __init__(self, settings: SmtpProvider, context: ssl.SSLContext | None) -> None:
        self._settings = settings
        self._context = context
        self._patience = settings.timeout.total_seconds()
        self._discreet = Discretion(secrets_of(settings))

    async def connect(self, wires: set[Wire]) -> Connection:
        """A connection that is ready for mail; its wire is in `wires` from the first moment, to be watched.

        Raises:
            ProviderError: nothing that a second try would change.
            Lost, OSError: what one might.
        """
        loop = asyncio.get_running_loop()
        clean, host, port = self._discreet.redacted, self._settings.host, self._settings.port
        opening = loop.create_connection(lambda: Wire(loop, clean), host, port)
        try:
            _, wire = await asyncio.wait_for(opening, self._patience)
        except TimeoutError as error:
            raise Lost("no connection in time") from error
        wires.add(wire)
        try:
            return Connection(wire, await self._open(wire))
        except BaseException:
            wires.discard(wire)
            wire.close()
            raise

    async def _open(self, wire: Wire) -> Mapping[str, str]:
        if self._context is not None and self._settings.security == "tls":
            await wire.start_tls(self._context, self._settings.host, self._patience)
        greeting = await wire.hear(self._patience)
        if not greeting.done:
            raise Lost(f"the server does not let us in: {greeting}", code=greeting.code)
        name = self._settings.helo or _own_name(wire.own_address)
        features = await self._greet(wire, name)
        if self._context is not None and self._settings.security == "starttls":
            await self._start_tls(wire, features, self._context)
            features = await self._greet(wire, name)
        await self._log_in(wire, features)
        return features

    async def _start_tls(self, wire: Wire, features: Mapping[str, str], context: ssl.SSLContext) -> None:
        if "STARTTLS" not in features:
            raise ProviderError(
                f"{self._settings.host}:{self._settings.port} offers no STARTTLS",
                remedy='Use the right port, or security = "tls"; "none" only towards a machine of your own',
                permanent=True,
            )
        reply = await self._ask(wire, "STARTTLS")
        if not reply.done:
            raise Lost(f"STARTTLS was refused: {reply}", code=reply.code)
        await wire.start_tls(context, self._settings.host, self._patience)

    async def _greet(self, wire: Wire, name: str) -> Mapping[str, str]:
        """EHLO; for a server that does not know it, HELO. The extensions."""
        reply = await self._ask(wire, f"EHLO {name}")
        if reply.done:
            keywords = (line.strip().partition(" ") for line in reply.lines[1:])
            return {keyword.upper(): value.strip() for keyword, _, value in keywords}
        if reply.refused_for_now:  # HELO would do without what EHLO offers in better times, TLS above all
            raise Lost(f"the server does not let us in just now: {reply}", code=reply.code)
        reply = await self._ask(wire, f"HELO {name}")
        if not reply.done:
            raise Lost(f"the server refuses our greeting: {reply}", code=reply.code)
        return {}

    async def _log_in(self, wire: Wire, features: Mapping[str, str]) -> None:
        way = login(self._settings, features.get("AUTH", "").split())
        if way is None:
            return
        reply = await self._ask(wire, way.command)
        for answer in way.answers:
            if reply.code != 334:
                break
            reply = await self._ask(wire, answer)
        if reply.refused_for_now:
            raise Lost(f"the login does not work just now: {reply}", code=reply.code)
        if not reply.done:
            host = f"{self._settings.host}:{self._settings.port}"
            raise ProviderError(
                f"{host} refuses the login of {self._settings.user}: {reply}",
                remedy="Mend user and password (or token) in [provider]",
                permanent=True,
            )

    async def _ask(self, wire: Wire, command: str) -> Reply:
        if not wire.silent:  # or its words would be taken for the answer, and "no STARTTLS" be read in them
            raise wire.lost or Lost("the server spoke out of turn")
        wire.say(command.encode() + b"\r\n")
        return await wire.hear(self._patience)


def _own_name(address: str) -> str:
    """What we call ourselves: this machine's full name, else its address as a literal (RFC 5321, 4.1.3)."""
    name = socket.gethostname()
    if "." in name.strip(".") and name.isascii():
        return name
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"
