"""`publisher preview`: the exact bytes a digest would publish, sent to nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from publisher.cli.context import instance
from publisher.cli.output import say
from publisher.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(preview)


def preview(
    name: Annotated[str, typer.Argument(metavar="DIGEST", help="A file, or a slug, or newsletter/slug.")],
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Where to write it.")] = None,
) -> None:
    """Write the mail (html, txt, eml), the page and the feed entries that a digest would publish."""
    with instance() as opened:
        digest, documents = opened.preview(name)
        folder = out or opened.settings.path(Path("var/preview")) / digest.newsletter / digest.slug
        try:
            for document in documents:
                path = folder / document.path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(document.data)
        except OSError as error:
            raise UsageError(
                f"the preview cannot be written to {folder}: {error.strerror}", remedy="Name another --out DIR"
            ) from error
        say(f"{digest.key}: “{digest.title}”")
        for document in documents:
            say(f"  {folder / document.path}  {len(document.data):,} bytes".replace(",", " "))
