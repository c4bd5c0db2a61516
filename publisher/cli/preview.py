"""`publisher preview`: the exact bytes a digest would publish, sent to nobody, and a page that shows them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from publisher.cli.context import instance
from publisher.cli.output import say
from publisher.editions import Document
from publisher.errors import UsageError
from publisher.publishing.previewing import FIRST_PAGE


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(preview)


def preview(
    name: Annotated[str, typer.Argument(metavar="DIGEST", help="A file, or a slug, or newsletter/slug.")],
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Where to write it.")] = None,
) -> None:
    """Write the mail (html, txt, eml), page and feed entries it would publish, and a page that shows them."""
    with instance() as opened:
        digest, documents = opened.preview(name)
        folder = out or opened.settings.path(Path("var/preview")) / digest.newsletter / digest.slug
    try:
        _write(documents, folder)
    except OSError as error:
        raise UsageError(
            f"the preview cannot be written to {folder}: {error.strerror}", remedy="Name another --out DIR"
        ) from error
    say(f"{digest.key}: “{digest.title}”")
    for document in documents:
        if document.path != FIRST_PAGE and not document.path.startswith("views/"):
            say(f"  {folder / document.path}  {len(document.data):,} bytes".replace(",", " "))
    say(f"Open {folder.absolute() / FIRST_PAGE} in a browser to see all of it.")


def _write(documents: Iterable[Document], folder: Path) -> None:
    for document in documents:
        path = folder / document.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(document.data)
