"""Where config.toml has its secrets from: files that it names, the environment, and what is written into it."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from publisher.config.discretion import of_address, of_secret, secret_keys
from publisher.config.settings import Settings


@dataclass(frozen=True, slots=True)
class References:
    """`files` are those of `{ file = … }` by the keys that name them; `spelled_out` keys hold a secret itself."""

    files: tuple[tuple[str, Path], ...]
    spelled_out: tuple[str, ...]


def references(path: Path) -> References:
    """Read a configuration that was loaded before. Nothing of its secrets is in the result."""
    leaves = list(_leaves(_raw(path), ""))
    root = path.resolve().parent
    files = tuple(
        (key, root / value["file"]) for key, value in leaves if isinstance(value, dict) and "file" in value
    )
    spelled = (key for key, value in leaves if isinstance(value, str) and any(_secrets(key, value)))
    return References(files, tuple(dict.fromkeys(spelled)))


def secrets_in(path: Path) -> Iterator[str]:
    """The secrets of a configuration, as far as they are found: it may be wrong, or not be there at all."""
    try:
        leaves = list(_leaves(_raw(path), ""))
    except (OSError, ValueError):  # no TOML: then nobody has read a secret in it, either
        return
    for key, value in leaves:
        yield from _secrets(key, _found(value, path.resolve().parent))


def _raw(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8-sig"))


def _found(value: Any, root: Path) -> str:
    """What a value is, or points to; nothing when that is not there."""
    if isinstance(value, dict):
        value = os.environ.get(str(value.get("env"))) if "env" in value else _text(root / str(value.get("file")))
    return value if isinstance(value, str) else ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""


def _secrets(key: str, value: str) -> Iterator[str]:
    for known, is_address in secret_keys(Settings):
        if key == known:
            yield from (each for each in (of_address(value) if is_address else of_secret(value)) if each)


def _leaves(value: Any, dotted: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item, dotted)
    elif isinstance(value, dict) and set(value) not in ({"env"}, {"file"}):
        for key, item in value.items():
            yield from _leaves(item, f"{dotted}.{key}" if dotted else key)
    else:
        yield dotted, value
