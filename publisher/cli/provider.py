"""`publisher provider`: who carries the mail, and where they tell what became of it."""

from __future__ import annotations

from typing import Annotated

import typer

from publisher.cli.context import instance
from publisher.cli.output import show_rows

app = typer.Typer(no_args_is_help=True, help="Providers: list, with the addresses of their webhooks.")

Json = Annotated[bool, typer.Option("--json", help="Machine-readable.")]


@app.callback()
def group() -> None:
    """Keep `list` a word of its own while it is the only one."""


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Every provider, and the address for its webhook; who knows the address can call it: keep it secret."""
    with instance() as opened:
        hooks = opened.returning.hook_addresses
        rows = [
            {"name": each.name, "kind": each.kind, "hook": hooks.get(each.name)}
            for each in opened.settings.provider
        ]
        show_rows(rows, ("name", "kind", "hook"), as_json=as_json, empty="")
