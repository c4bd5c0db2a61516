"""No secret in what is told, logged or stored about trouble."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import quote, unquote, urlsplit

from pydantic import BaseModel, SecretStr

from publisher.errors import one_line, visible

SHORTEST = 4
"""Shorter ones would hide half of every sentence."""

MOST = 500
"""Letters of one text."""


class Discretion:
    """Takes secrets out of texts.

    Args:
        secrets: as they are; what an address writes in their place is known, too.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        known = {each for secret in secrets for each in (secret, quote(secret, safe=""), secret.rstrip("/"))}
        self._secrets = sorted((each for each in known if len(each) >= SHORTEST), key=len, reverse=True)

    def __repr__(self) -> str:
        return f"Discretion({len(self._secrets)} secrets)"

    def __call__(self, text: str) -> str:
        """`text` in one line of bearable length, with `<secret>` in place of each."""
        for secret in self._secrets:
            text = text.replace(secret, "<secret>")
        text = visible(one_line(text))
        return text if len(text) <= MOST else f"{text[: MOST - 1]}…"


def secrets_of(settings: BaseModel, *addresses: str) -> Iterator[str]:
    """Every secret of the settings, the path of one that is an address, and the passwords in other addresses."""
    for secret in _walk(settings):
        yield secret
        if secret.startswith(("http://", "https://")):
            parts = urlsplit(secret)
            yield from (parts.path, parts.query, parts.password or "")
            yield from (pair.partition("=")[2] for pair in parts.query.split("&"))
    for address in addresses:
        password = urlsplit(address).password or ""
        yield from (password, unquote(password))


def _walk(value: object) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _walk(getattr(value, name))
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _walk(each)
