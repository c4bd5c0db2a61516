"""Taking secrets out of what is told: a mail server may repeat what it was sent, and so may a driver."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from publisher.config import Settings, SmtpProvider

_SHORTEST = 4
"""Letters below which a text is found everywhere, and is no secret."""


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """Everything of a configuration that nobody may read, and the forms it travels in; the longest first."""
    return tuple(sorted({text for text in _secrets(settings) if len(text) >= _SHORTEST}, key=len, reverse=True))


def redacted(text: str, secrets: tuple[str, ...]) -> str:
    """The text without them."""
    for secret in secrets:
        text = text.replace(secret, "…")
    return text


def _secrets(settings: Settings) -> Iterator[str]:
    if settings.site.secret is not None:
        yield settings.site.secret.get_secret_value()
    for key in settings.dkim:
        yield from (line for line in key.key.get_secret_value().splitlines() if not line.startswith("-----"))
    password = urlsplit(settings.storage.url).password or ""
    yield from (password, unquote(password))
    if isinstance(settings.provider, SmtpProvider):
        yield from _login(settings.provider)


def _login(provider: SmtpProvider) -> Iterator[str]:
    """Passwords as they are, and as AUTH sends them (RFC 4954)."""
    for given in (provider.password, provider.token):
        if given is not None:
            secret, user = given.get_secret_value(), provider.user or ""
            yield secret
            for form in (secret, f"\0{user}\0{secret}", f"user={user}\1auth=Bearer {secret}\1\1"):
                yield b64encode(form.encode()).decode("ascii")
