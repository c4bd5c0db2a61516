"""`publisher dkim`: keys that sign mail."""

from __future__ import annotations

from typing import Annotated

import typer

from publisher.app import wall_clock
from publisher.cli.context import options
from publisher.cli.output import say, show_json
from publisher.mailings.key_making import NewKey, make_key_file
from publisher.messages.dkim_keys import KeyKind

app = typer.Typer(no_args_is_help=True, help="Signatures of mail: new.")


@app.callback()
def group() -> None:
    """Keep `dkim` a group while it has one command."""


@app.command()
def new(
    domain: Annotated[str, typer.Argument(metavar="DOMAIN", help="The domain in From, or one above it.")],
    selector: Annotated[
        str, typer.Option("--selector", help="The key's name in the DNS; by default this month's, like p202611.")
    ] = "",
    kind: Annotated[
        KeyKind, typer.Option("--kind", help="RSA for everybody; Ed25519 only beside it.")
    ] = KeyKind.RSA,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Make a key that signs the mail of a domain; say what belongs into the DNS and into config.toml."""
    root = options().config.resolve().parent
    made = make_key_file(root, domain, selector, kind, wall_clock().date())
    if as_json:
        show_json({"file": str(made.place), "name": made.name, "type": "TXT", "value": made.record})
    else:
        _tell(made)


def _tell(made: NewKey) -> None:
    say(f"The private key is in {made.place}: readable for this user alone, and part of the backup.")
    say()
    say("1. Publish its public half in the DNS, as a TXT record. In a form:")
    say(f"     name   {made.name}")
    say(f"     value  {made.record}")
    say("   In a zone file:")
    say(f"     {made.zone_line}")
    say()
    say("2. When it is there, write into config.toml, and let `publisher check` compare both:")
    say("     [[dkim]]")
    say(f'     domain = "{made.domain}"')
    say(f'     selector = "{made.selector}"')
    say(f'     key = {{ file = "{made.place}" }}')
    say()
    say("A key that it replaces stays in the DNS for a week: mail that it signed is still on its way.")
