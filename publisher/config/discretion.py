"""No secret in what is told, logged or stored: what is one, in which forms it travels, and taking it out of texts.

A mail server may repeat what it was sent, a driver the address it was given. What a setting is says its type: a
`SecretStr` is a secret, and a text that is not shown (`repr=False`) is an address that may hold one.
"""

from __future__ import annotations

import html
import json
import quopri
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, get_args
from urllib.parse import quote, quote_plus, unquote

from pydantic import BaseModel, SecretStr

from publisher.errors import one_line, visible

SHORTEST = 4
"""Shorter ones would hide half of every sentence."""

MOST = 500
"""Letters of one text."""

_SHORTEST_CORE = 6
"""Letters in the middle of base64, below which it might be anything's."""

_LOGIN = re.compile(r"^[a-z0-9+.-]+://(?P<user>[^:/?#@]*):(?P<password>[^?#]*)@", re.IGNORECASE)
_ADDRESS = re.compile(r"^[a-z0-9+.-]+://[^/?#]*(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?", re.IGNORECASE)
_HIDDEN = re.compile(r"pass|secret|token|key", re.IGNORECASE)
"""Names in the query of a database's address, of what nobody may read."""


class Discretion:
    """Takes secrets out of texts.

    Args:
        secrets: as they are; the forms they travel in are known, too.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        known = {form for secret in secrets if len(secret.strip()) >= SHORTEST for form in _forms(secret)}
        self._secrets = sorted(known, key=len, reverse=True)

    def __repr__(self) -> str:
        return f"Discretion({len(self._secrets)} forms)"

    def __call__(self, text: str) -> str:
        """`text` in one line of bearable length, with `<secret>` in place of each."""
        text = visible(one_line(self.redacted(text)))
        return text if len(text) <= MOST else f"{text[: MOST - 1]}…"

    def redacted(self, text: str) -> str:
        """`text` with `<secret>` in place of each, and otherwise as it is."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, "<secret>")
        return text


def _forms(secret: str) -> Iterator[str]:
    """How a secret can stand in a text: as it is, line by line, and as mail, the web and programs write it."""
    lines = [line.strip() for line in secret.splitlines() if not line.startswith("-----")]  # PEM: around the key
    for text in {secret, secret.rstrip("/"), *lines} - {""}:
        if len(text) < SHORTEST:
            continue
        data = text.encode("utf-8", "replace")
        yield from (text, html.escape(text), json.dumps(text)[1:-1], repr(text)[1:-1], repr(data)[2:-1])
        yield json.dumps(text)[1:-1].replace("/", "\\/")  # as PHP writes JSON
        yield from (quote(text, safe=""), quote(text), quote_plus(text), quote(text, safe="").lower())
        yield quopri.encodestring(data).decode("ascii").replace("=\n", "")
        for encode in (b64encode, urlsafe_b64encode):
            yield from _cores(data, encode)


def _cores(data: bytes, encode: Any) -> Iterator[str]:
    """What base64 of anything with this in it has in common, wherever it begins: three ways of falling into fours.

    So is a password found in what AUTH sends (RFC 4954), and in a header of basic authentication.
    """
    for before in range(3):
        whole: str = encode(b"\0" * before + data).decode("ascii").rstrip("=")
        clean_end = (before + len(data)) % 3 == 0
        core = whole[(0, 2, 3)[before] : None if clean_end else -1]
        if len(core) >= _SHORTEST_CORE:
            yield core


def secrets_of(settings: BaseModel) -> Iterator[str]:
    """Every secret of the settings, and of one that is an address what of it nobody may read."""
    for name, field in type(settings).model_fields.items():
        yield from _secrets(getattr(settings, name), is_hidden=not field.repr)


def _secrets(value: object, *, is_hidden: bool) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield from of_secret(value.get_secret_value())
    elif isinstance(value, BaseModel):
        yield from secrets_of(value)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _secrets(each, is_hidden=is_hidden)
    elif isinstance(value, str) and is_hidden:
        yield from of_address(value)


def of_secret(secret: str) -> Iterator[str]:
    """A secret; of one that is an address also its path and its query: often they are all there is to it."""
    yield secret
    if secret.startswith(("http://", "https://")) and (match := _ADDRESS.match(secret)):
        path, query = match["path"] or "", match["query"] or ""
        yield from (path, query, *of_address(secret))
        yield from (pair.partition("=")[2] for pair in query.split("&"))


def of_address(address: str) -> Iterator[str]:
    """The secrets in an address that is none itself: its password, and those in its query."""
    if match := _LOGIN.match(address):
        password = match["password"]
        # One with an @ that should have been written %40 is cut by whoever reads it, and then told in parts.
        yield from (password, unquote(password), *(part for part in password.split("@") if part != password))
    query = address.partition("?")[2]
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if _HIDDEN.search(name):
            yield from (value, unquote(value))


@cache
def secret_keys(model: type[BaseModel], dotted: str = "") -> frozenset[tuple[str, bool]]:
    """The keys of config.toml that hold a secret, dotted, and whether it is within an address."""
    found: set[tuple[str, bool]] = set()
    for name, field in model.model_fields.items():
        key = f"{dotted}.{field.alias or name}" if dotted else field.alias or name
        for kind in _kinds(field.annotation):
            if kind is SecretStr:
                found.add((key, False))
            elif kind is str and not field.repr:
                found.add((key, True))
            elif isinstance(kind, type) and issubclass(kind, BaseModel):
                found |= secret_keys(kind, key)
    return frozenset(found)


def _kinds(annotation: Any) -> Iterator[Any]:
    """The types in a type, such as those of a union or a tuple."""
    yield annotation
    for each in get_args(annotation):
        yield from _kinds(each)
