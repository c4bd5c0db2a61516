"""`publisher init`: a new instance."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from publisher.app import sample_configuration
from publisher.cli.output import say
from publisher.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(init)


def init(directory: Annotated[Path, typer.Argument(metavar="[DIR]")] = Path()) -> None:
    """Make a new instance: a commented config.toml and its folders."""
    config = directory / "config.toml"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for folder in ("digests", "templates", "var"):
            (directory / folder).mkdir(exist_ok=True)
        with config.open("xb") as file:
            file.write(sample_configuration())
    except FileExistsError:
        raise UsageError(
            f"{config} is there already", remedy="Name another folder, or edit that file", file=str(config)
        ) from None
    except OSError as error:
        raise UsageError(f"{directory} cannot be made an instance: {error.strerror}") from error
    say(f"A new instance is in {directory.resolve()}")
    say("Next: write your [site], [[newsletter]] and [provider] into config.toml,")
    say("      put a digest into digests/, then `publisher preview digests/FILE` and `publisher run`")
