"""From the file to settings: parsed, references looked up, checked, and complained about in one line."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from publisher.config.settings import Settings
from publisher.errors import ConfigError


def load(path: Path) -> Settings:
    """Read the configuration file.

    Raises:
        ConfigError: the file is missing, is no TOML, or holds a wrong or unknown key.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(
            "there is no configuration here",
            remedy="Make one with `publisher init`, or name one with --config FILE",
            file=str(path),
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"not readable as TOML: {error}", file=str(path)) from error
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=str(path)) from error
    root = path.resolve().parent
    return parse(raw, root=root, file=str(path))


def parse(raw: dict[str, Any], *, root: Path, file: str = "config.toml") -> Settings:
    """Settings from parsed TOML; the pure half of `load` but for env and file references."""
    resolved = _resolve(raw, root, file, "")
    if "root" in resolved:
        raise ConfigError("root: unknown key", file=file)
    try:
        settings = Settings.model_validate({**resolved, "root": root})
    except ValidationError as error:
        raise ConfigError(
            _explain(error, one_provider=isinstance(raw.get("provider"), dict)), file=file
        ) from error
    slugs = [newsletter.slug for newsletter in settings.newsletter]
    names = [endpoint.name for endpoint in settings.endpoint]
    keys = [dkim.record_name for dkim in settings.dkim]
    providers = [provider.name for provider in settings.provider]
    for key, values in (
        ("newsletter.slug", slugs),
        ("endpoint.name", names),
        ("dkim", keys),
        ("provider.name", providers),
        ("inbox.feed.name", [feed.name for feed in settings.inbox.feed]),
        ("hub.url", [hub.url for hub in settings.hub]),
    ):
        twice = next((value for value in values if values.count(value) > 1), None)
        if twice is not None:
            raise ConfigError(f'{key}: "{twice}" is there twice', file=file)
    _check_feeds(settings, slugs, file)
    return settings


def _check_feeds(settings: Settings, newsletters: list[str], file: str) -> None:
    """Each feed belongs to a newsletter that there is, and an address to one feed of it."""
    seen: set[tuple[str, str]] = set()
    for number, feed in enumerate(settings.inbox.feed, 1):
        if feed.newsletter not in newsletters:
            raise ConfigError(
                f'inbox.feed[{number}].newsletter: there is no newsletter "{feed.newsletter}"',
                remedy=f"Configured: {', '.join(newsletters)}",
                file=file,
            )
        for place, address in enumerate(feed.addresses, 1):
            if (feed.newsletter, address) in seen:
                raise ConfigError(
                    f"inbox.feed[{number}].addresses[{place}]: is there twice for this newsletter", file=file
                )
            seen.add((feed.newsletter, address))


def _resolve(value: Any, root: Path, file: str, dotted: str) -> Any:
    """`value` with every `{ env = … }` and `{ file = … }` replaced by what it points to."""
    if isinstance(value, list):
        return [_resolve(item, root, file, f"{dotted}[{index}]") for index, item in enumerate(value, 1)]
    if not isinstance(value, dict):
        return value
    if set(value) == {"env"} and isinstance(value["env"], str):
        found = os.environ.get(value["env"])
        if found is None:
            raise ConfigError(
                f"{dotted}: the environment variable {value['env']} is not set",
                remedy="Set it where the publisher is started",
                file=file,
            )
        return found
    if set(value) == {"file"} and isinstance(value["file"], str):
        try:
            return (root / value["file"]).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:  # ValueError: no UTF-8, or a path with a null byte
            raise ConfigError(f"{dotted}: {value['file']} cannot be read", file=file) from error
    return {key: _resolve(item, root, file, f"{dotted}.{key}" if dotted else key) for key, item in value.items()}


def _explain(error: ValidationError, *, one_provider: bool) -> str:
    """The first problem pydantic saw, with the dotted path as it stands in the file."""
    problem = error.errors(include_url=False, include_input=False)[0]
    path = ""
    for part in _written(problem["loc"], one_provider=one_provider):
        if isinstance(part, int):
            path += f"[{part + 1}]"
        else:
            path += f".{part}" if path else part
    told = _PROBLEMS.get(problem["type"])
    if told:
        return told(path, problem)
    return f"{path}: {problem['msg'].removeprefix('Value error, ').removeprefix('Input ')}"


def _written(loc: tuple[int | str, ...], *, one_provider: bool) -> tuple[int | str, ...]:
    """`loc` as the file has it: without the kind, which pydantic puts behind what is decided by it.

    Of `one_provider`, written as a table and not as a list of tables, also without its number.
    """
    if loc[0] == "endpoint":
        return (*loc[:2], *loc[3:])
    if loc[0] != "provider":
        return loc
    number = () if one_provider else loc[1:2]
    return (loc[0], *number, *loc[3:])


def _unknown_kind(path: str, problem: ErrorDetails) -> str:
    context = problem["ctx"]
    return f'{path}.kind: "{context["tag"]}" is unknown; choose one of {context["expected_tags"]}'


def _too_few(path: str, problem: ErrorDetails) -> str:
    unit = "characters" if path == "site.secret" else "table"
    return f"{path}: is too short: at least {problem['ctx']['min_length']} {unit}"


def _no_table(path: str, _problem: ErrorDetails) -> str:
    """Something else stands where a table belongs; one of a list of tables has its number in the path."""
    name, number, _ = path.partition("[")
    return f"{path}: is a table; write it as {f'[[{name}]]' if number else f'[{name}]'}"


def _no_tables(path: str, _problem: ErrorDetails) -> str:
    if path == "provider":
        return "provider: is a table; write it as [provider], or several as [[provider]]"
    return f"{path}: is a table that may come several times; write it as [[{path}]]"


_PROBLEMS: dict[str, Callable[[str, ErrorDetails], str]] = {
    "extra_forbidden": lambda path, _: f"{path}: unknown key",
    "missing": lambda path, _: f"{path}: is required",
    "union_tag_not_found": lambda path, _: f"{path}.kind: is required",
    "union_tag_invalid": _unknown_kind,
    "tuple_type": _no_tables,
    "model_type": _no_table,
    "model_attributes_type": _no_table,
    "path_type": lambda path, _: f"{path}: should be a path",
    "too_short": _too_few,
}
"""What pydantic says in words of its own, said in the words of the file."""
