"""Logging in to a mail server: AUTH PLAIN, LOGIN and XOAUTH2 (RFC 4954, 4616; XOAUTH2 is Google's)."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from publisher.config import SmtpProvider
from publisher.errors import ProviderError


@dataclass(frozen=True, slots=True)
class Login:
    """One way in. `answers` are what is said to each 334, after the command; secrets, so never shown."""

    command: str = field(repr=False)
    answers: tuple[str, ...] = field(default=(), repr=False)


def login(settings: SmtpProvider, offered: Iterable[str]) -> Login | None:
    """How to log in, from what the server offers; None when nobody wants to.

    Raises:
        ProviderError: it offers nothing that fits.
    """
    if settings.user is None:
        return None
    mechanisms = {mechanism.upper() for mechanism in offered}
    if settings.token is not None:
        wanted: Sequence[str] = ("XOAUTH2",)
        found = _xoauth2(settings.user, settings.token.get_secret_value())
    else:
        password = settings.password.get_secret_value() if settings.password else ""
        wanted = ("PLAIN", "LOGIN")
        found = _plain(settings.user, password) if "PLAIN" in mechanisms else _login(settings.user, password)
    if not mechanisms.intersection(wanted):
        raise ProviderError(
            f"the server offers no login that fits (AUTH: {' '.join(sorted(mechanisms)) or 'nothing'})",
            remedy=f"{' or '.join(wanted)} is needed: use the port for submission, with TLS, or leave user out",
            permanent=True,
        )
    return found


def _plain(user: str, password: str) -> Login:
    return Login("AUTH PLAIN " + _base64(f"\0{user}\0{password}"))


def _login(user: str, password: str) -> Login:
    return Login("AUTH LOGIN", (_base64(user), _base64(password)))


def _xoauth2(user: str, token: str) -> Login:
    # A refusal comes as 334 with its reason, and is to be answered by an empty line.
    return Login("AUTH XOAUTH2 " + _base64(f"user={user}\1auth=Bearer {token}\1\1"), ("",))


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
