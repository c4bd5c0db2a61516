"""The command line: thin calls on use cases, one file a command group.

People see one clear line for an error, never a traceback; `--debug` shows it. Neither holds a secret: both leave
by one door, where those of the configuration are taken out. Exit codes: 0 done, 1 something failed, is held or is
uncertain, 2 wrong use or configuration.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from publisher.errors import PublisherError, UsageError, one_line

STOPPED = (130, 143)
"""What a shell expects of a command that Ctrl-C or SIGTERM ended."""


def main(arguments: Sequence[str] | None = None) -> None:
    """The `publisher` command: exits with one of the codes above."""
    _never_fail_to_print()
    words = list(sys.argv[1:] if arguments is None else arguments)
    options: list[str] = []
    try:
        _check_text(words)
        options, rest = _global_options(words)
        from publisher.cli.commands import tree  # late: an import that fails must still end in one line

        tree(rest)(args=[*options, *rest], prog_name="publisher", standalone_mode=True)
    except PublisherError as error:
        _tell(str(error), options)
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - a fault of ours: people get one line all the same
        said = f"{type(error).__name__}: {one_line(_discretion(options)(str(error)))[:200]}"
        _tell(f"internal error ({said}). Run it again with --debug and report what it shows", options)
        sys.exit(1)
    except SystemExit as ended:
        if ended.code in STOPPED:
            print("publisher: stopped; run it again to go on", file=sys.stderr)
        raise


def _tell(line: str, options: Sequence[str]) -> None:
    """Say what went wrong; with `--debug` where it came from, too."""
    text = traceback.format_exc().rstrip() if "--debug" in options else f"publisher: {line}"
    print(_discretion(options)(text), file=sys.stderr)


def _discretion(options: Sequence[str]) -> Callable[[str], str]:
    """What takes secrets out of what is told."""
    try:
        from publisher.app import secrets_of_instance  # late, as above
    except ImportError:  # then nobody has read a secret
        return str
    return secrets_of_instance(_config_file(options)).redacted


def _config_file(options: Sequence[str]) -> Path:
    """The configuration that a command was given."""
    named = os.environ.get("PUBLISHER_CONFIG", "config.toml")
    queue = iter(options)
    for word in queue:
        if word.startswith("--config"):
            named = word.partition("=")[2] or next(queue, named)
    return Path(named)


def _never_fail_to_print() -> None:
    """A terminal that cannot show a letter of a title gets its number instead, and the command goes on."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _check_text(words: Sequence[str]) -> None:
    """Refuse bytes that are no text before they get anywhere: a database would take them and never give them back.

    Raises:
        UsageError: a word is not written in the encoding of the terminal.
    """
    for word in words:
        if any(
            "\ud800" <= character <= "\udfff" for character in word
        ):  # Python's mark for what it could not decode
            shown = word.encode("utf-8", "backslashreplace").decode()
            raise UsageError(f'"{shown}" is no text', remedy="Write it in UTF-8, or rename the file")


def _global_options(words: list[str]) -> tuple[list[str], list[str]]:
    """Bring `--config FILE` and `--debug` to the front, so that they may stand anywhere.

    Raises:
        UsageError: `--config` is the last word.
    """
    options: list[str] = []
    rest: list[str] = []
    queue = iter(words)
    for word in queue:
        if word == "--":
            rest += [word, *queue]
        elif word == "--debug" or word.startswith("--config="):
            options.append(word)
        elif word == "--config":
            value = next(queue, None)
            if value is None:
                raise UsageError("--config names no file", remedy="Write --config FILE")
            options += [word, value]
        else:
            rest.append(word)
    return options, rest
