"""What every command starts from: the configuration it was given, and the instance it opens."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from publisher.errors import UsageError

if TYPE_CHECKING:
    from publisher.app import App


@dataclass(frozen=True, slots=True)
class Options:
    """The options that every command has."""

    config: Path = Path("config.toml")
    debug: bool = False


_current: ContextVar[Options] = ContextVar("options", default=Options())  # noqa: B039 - frozen


def use(chosen: Options) -> None:
    """Remember the options of this call of the command line."""
    _current.set(chosen)


def options() -> Options:
    """The options of the command that runs."""
    return _current.get()


@contextmanager
def instance() -> Iterator[App]:
    """The instance of this command, closed at the end."""
    from publisher.app import open_app  # late: help and senders do without all that an instance can do

    app = open_app(options().config)
    try:
        yield app
    finally:
        app.close()


def actor() -> str:
    """Who is at the keyboard, for the log of acts: PUBLISHER_ACTOR, else the name of the login."""
    try:
        named = os.environ.get("PUBLISHER_ACTOR") or getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in containers
        return f"uid {os.getuid()}"
    return named.encode("utf-8", "replace").decode()  # what is no text must not get into the database


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something that cannot be taken back.

    Raises:
        UsageError: nobody is there to answer and `--yes` was not given.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"nobody is here to answer: {question.rstrip('?')}", remedy="Add --yes to go ahead")
    if not typer.confirm(question, err=True):
        raise UsageError("nothing was done", remedy="Run it again when you are sure")
