"""Where config.toml has its secrets from: files that it names, and those that are written into it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SECRETS = frozenset({"site.secret", "provider.password", "provider.token", "dkim.key"})
_PASSWORD = re.compile(r"://[^/@\s]*:[^/@\s]+@")


@dataclass(frozen=True, slots=True)
class References:
    """`files` are those of `{ file = … }` by the keys that name them; `spelled_out` keys hold a secret itself."""

    files: tuple[tuple[str, Path], ...]
    spelled_out: tuple[str, ...]


def references(path: Path) -> References:
    """Read a configuration that was loaded before. Nothing of its secrets is in the result."""
    raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    root = path.resolve().parent
    leaves = list(_leaves(raw, ""))
    files = tuple(
        (key, root / value["file"]) for key, value in leaves if isinstance(value, dict) and "file" in value
    )
    spelled = (key for key, value in leaves if isinstance(value, str) and _is_secret(key, value))
    return References(files, tuple(dict.fromkeys(spelled)))


def _is_secret(key: str, value: str) -> bool:
    return key in _SECRETS or (key == "storage.url" and bool(_PASSWORD.search(value)))


def _leaves(value: Any, dotted: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item, dotted)
    elif isinstance(value, dict) and set(value) not in ({"env"}, {"file"}):
        for key, item in value.items():
            yield from _leaves(item, f"{dotted}.{key}" if dotted else key)
    else:
        yield dotted, value
