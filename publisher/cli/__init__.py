"""The command line: thin calls on use cases, one file a command group.

People see one clear line for an error, never a traceback; `--debug` shows it. Exit codes: 0 done, 1 something
failed, is held or is uncertain, 2 wrong use or configuration.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from publisher.errors import PublisherError, one_line


def main(arguments: Sequence[str] | None = None) -> None:
    """The `publisher` command: exits with one of the codes above."""
    from publisher.cli.commands import cli  # late: an import that fails must still end in one line

    words = list(sys.argv[1:] if arguments is None else arguments)
    options, rest = _global_options(words)
    try:
        cli(args=[*options, *rest], prog_name="publisher", standalone_mode=True)
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
    except KeyboardInterrupt:
        print("publisher: stopped", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(141)


def _global_options(words: list[str]) -> tuple[list[str], list[str]]:
    """Bring `--config FILE` and `--debug` to the front, so that they may stand anywhere."""
    options: list[str] = []
    rest: list[str] = []
    queue = iter(words)
    for word in queue:
        if word == "--":
            rest += [word, *queue]
        elif word == "--debug" or word.startswith("--config="):
            options.append(word)
        elif word == "--config":
            options += [word, *([value] if (value := next(queue, None)) is not None else [])]
        else:
            rest.append(word)
    return options, rest
