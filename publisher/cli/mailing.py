"""`publisher mailing`: what became of the mail."""

from __future__ import annotations

from typing import Annotated

import typer

from publisher.cli.context import instance
from publisher.cli.output import say, show_json, show_rows
from publisher.ledger import DeliveryState

app = typer.Typer(no_args_is_help=True, help="Mailings: list, show.")

Json = Annotated[bool, typer.Option("--json", help="Machine-readable.")]
SHOWN = ("pending", "accepted", "deferred", "failed", "uncertain", "skipped")


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Every mailing, newest first, with how many deliveries stand where."""
    with instance() as opened:
        show_rows(
            [opened.mailing_facts(mailing) for mailing in opened.mailings()],
            ("id", "digest", "kind", "state", "mails", *SHOWN, "created"),
            as_json=as_json,
            empty="No mailing yet: `publisher run` makes one when a digest is due",
        )


@app.command()
def show(
    mailing_id: Annotated[int, typer.Argument(metavar="MAILING", help="Its number in `publisher mailing list`.")],
    as_json: Json = False,
    limit: Annotated[int, typer.Option("--limit", help="At most so many troubled deliveries; 0 = all.")] = 50,
) -> None:
    """One mailing: the sums, who was left out, and each failure in the server's words."""
    with instance() as opened:
        mailing = opened.mailing(mailing_id)
        facts = opened.mailing_facts(mailing)
        troubled = opened.troubled(mailing.id, limit or None)
        if as_json:
            show_json(facts | {"deliveries": troubled})
            return
        say(f"Mailing {mailing.id} of {facts['digest']}: {facts['kind']}, {facts['state']}")
        if mailing.reason:
            say(f"  because: {mailing.reason} ({mailing.actor})")
        for state in DeliveryState:
            if number := facts.get(state):
                say(f"  {number:>8}  {state}")
        for reason, number in mailing.left_out.items():
            say(f"  {number:>8}  not planned: {reason}")
        if troubled:
            say()
            show_rows(troubled, ("email", "state", "code", "reason", "due"), as_json=False, empty="")
            if facts.get(DeliveryState.FAILED):
                say(f"\n`publisher resend {facts['digest']} --failed --reason TEXT` mails those that failed again")
