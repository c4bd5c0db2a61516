"""The command line: thin calls on use cases, one file a command group.

People see one clear line for an error, never a traceback; `--debug` shows it. Exit codes: 0 done, 1 something
failed, is held or is uncertain, 2 wrong use or configuration.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

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
        if "--debug" in options:
            raise
        print(f"publisher: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except Exception as error:
        if "--debug" in options:
            raise
        # A fault of ours. People get one line all the same; the trace is one option away.
        print(
            f"publisher: internal error ({type(error).__name__}: {one_line(str(error))[:200]})",
            end="",
            file=sys.stderr,
        )
        print(". Run it again with --debug and report what it shows", file=sys.stderr)
        sys.exit(1)
    except SystemExit as ended:
        if ended.code in STOPPED:
            print("publisher: stopped; run it again to go on", file=sys.stderr)
        raise


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
