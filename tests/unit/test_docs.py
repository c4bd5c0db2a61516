"""The documents say what the code does: every setting, command, provider and event, and nothing that is gone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from publisher import config
from publisher.cli.commands import tree
from publisher.notices.kinds import WORDS, Kind

ROOT = Path(__file__).parents[2]
TOLD = ROOT / "publisher" / "publishing" / "timeline.py"
KIND = re.compile(r"(digest|mailing|subscriber)\.[a-z]+")
KEEPING = ROOT / "publisher" / "app" / "keeping.py"
TABLES: dict[str, type[BaseModel]] = {
    "site": config.Site,
    "web": config.Web,
    "storage": config.Storage,
    "inbox": config.Inbox,
    "inbox.feed": config.InboxFeed,
    "newsletter": config.Newsletter,
    "theme": config.Theme,
    "theme.light": config.Colours,
    "theme.dark": config.DarkColours,
    "preflight": config.Preflight,
    "sending": config.Sending,
    "hub": config.Hub,
    "dkim": config.Dkim,
    "alerts": config.Alerts,
    "bounces": config.Bounces,
    "retention": config.Retention,
}
ENDPOINTS: tuple[type[BaseModel], ...] = (config.DirectoryEndpoint, config.S3Endpoint, config.WebDavEndpoint)
PROVIDERS: tuple[type[BaseModel], ...] = get_args(get_args(config.Provider)[0])


def document(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def settings() -> Iterator[str]:
    several = [("provider", model) for model in PROVIDERS] + [("endpoint", model) for model in ENDPOINTS]
    for table, model in [*TABLES.items(), *several]:
        for name, field in model.model_fields.items():
            if f"{table}.{name}" not in TABLES:
                yield f"{table}.{field.alias or name}"


def commands(command: Any, words: str = "publisher") -> Iterator[tuple[str, Any]]:
    """Every command that people see, with its words. (Typer brings a click of its own; its types are private.)"""
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield from commands(inner, f"{words} {name}")
    elif not command.hidden:
        yield words, command


COMMANDS: dict[str, Any] = dict(commands(tree()))


def event_kinds() -> Iterator[str]:
    """Every string of use cases and storage that is shaped like an event's kind, where it is not only told."""
    rooms = [ROOT / "publisher" / room for room in ("publishing", "storage", "bounces", "mailings")]
    for path in {*(file for room in rooms for file in room.rglob("*.py")), KEEPING} - {TOLD}:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and re.fullmatch(
                r"(digest|mailing|subscriber)\.[a-z]+", str(node.value)
            ):
                yield str(node.value)


@pytest.mark.parametrize("setting", sorted(set(settings())))
def test_setting_is_documented(setting: str) -> None:
    if setting.endswith(".kind"):
        assert setting.partition(".")[0] in document("configure.md")
        return
    assert f"`{setting}`" in document("configure.md")


@pytest.mark.parametrize("setting", sorted(set(settings())))
def test_setting_is_in_the_sample_configuration(setting: str) -> None:
    key = setting.rpartition(".")[2]
    assert re.search(rf"^(# ?)?{key} = ", (ROOT / "config.toml").read_text(encoding="utf-8"), re.M)


def test_configuration_manual_names_no_setting_that_is_gone() -> None:
    known = set(settings())
    named = set(re.findall(r"^\| `([a-z_.]+)`", document("configure.md"), re.M))
    assert named <= known


@pytest.mark.parametrize("words", sorted(COMMANDS))
def test_command_is_documented(words: str) -> None:
    assert f"`{words}" in document("commands.md")


@pytest.mark.parametrize("words", sorted(COMMANDS))
def test_command_has_help(words: str) -> None:
    command = COMMANDS[words]
    assert command.help, words
    for parameter in command.params:
        if parameter.param_type_name == "option":
            assert parameter.help, f"{words} {parameter.opts[0]}"


def test_command_manual_names_no_command_that_is_gone() -> None:
    known = set(COMMANDS)
    for line in re.findall(r"^\| `(publisher [a-z ]+)", document("commands.md"), re.M):
        assert any(line.strip() == words or line.startswith(f"{words} ") for words in known), line


@pytest.mark.parametrize("provider", [get_args(model.model_fields["kind"].annotation)[0] for model in PROVIDERS])
def test_provider_has_a_page(provider: str) -> None:
    assert document(f"providers/{provider}.md").startswith("# ")


def test_every_event_is_documented_and_no_other() -> None:
    documented = set(re.findall(r"^\| `([a-z.]+)`", document("events.md"), re.M))
    assert documented == set(event_kinds())


def test_every_kind_of_alert_is_documented_and_no_other() -> None:
    rows = re.findall(r"^\| `([a-z]+)` \| ([^|]+) \|", document("alerts.md"), re.M)
    assert {kind: title.strip() for kind, title in rows} == {kind.value: WORDS[kind].title for kind in Kind}


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))], ids=lambda path: path.name
)
def test_every_link_in_the_documents_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8")):
        if not target.startswith(("http", "mailto")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
