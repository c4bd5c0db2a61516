"""`publisher resend`: mail a digest again to exactly those who are meant."""

from __future__ import annotations

from typing import Annotated

import typer

from publisher.cli.check import tell_blocked
from publisher.cli.context import actor, confirm, instance
from publisher.cli.output import count, say, show_json
from publisher.cli.run import send
from publisher.errors import UsageError
from publisher.publishing.mailroom import nobody
from publisher.publishing.preflighting import BlockedError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(resend)


def resend(
    name: Annotated[str, typer.Argument(metavar="DIGEST", help="A slug, or newsletter/slug.")],
    failed: Annotated[bool, typer.Option("--failed", help="Those whose latest delivery failed.")] = False,
    to: Annotated[str | None, typer.Option("--to", metavar="ADDRESS", help="One subscriber.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the mailing.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say who would get it; send nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="The plan and what became of it, machine-readable.")
    ] = False,
) -> None:
    """Mail a digest again: the stored mail, byte for byte, to those who did not get it."""
    if failed == bool(to):
        raise UsageError("it is not said who is meant", remedy="Give either --failed or --to ADDRESS")
    if not reason.strip() and not dry_run:
        raise UsageError("a resend wants a reason", remedy="Add --reason TEXT; it is kept with the mailing")
    with instance() as opened:
        record = opened.editorial.find(name)
        plan = opened.mailroom.plan_resend(record, opened.clock(), to=to)
        facts = {"digest": record.key, "mailed": plan.mailed, "left_out": dict(plan.left_out)}
        if as_json and dry_run:
            show_json(facts)
        elif not as_json:
            say(f"{record.key}: {count(plan.mailed, 'subscriber')} would get it")
            for why, number in plan.left_out.items():
                say(f"  left out: {number} {why}")
        if dry_run:
            return
        if not plan.mailed:
            raise UsageError(f"there is nobody to send {record.key} to", remedy=nobody(record))
        confirm(f"Send {record.key} to {count(plan.mailed, 'subscriber')}?", yes=yes)
        try:
            mailing_id = opened.mailroom.resend(record, opened.clock(), to=to, actor=actor(), reason=reason)
        except BlockedError as blocked:
            tell_blocked(blocked, (), mail=True)
            raise typer.Exit(blocked.exit_code) from blocked
        if not as_json:
            say(f"Mailing {mailing_id} is on its way")
        troubled = send(opened, [opened.mailroom.facts(mailing_id).mailing], quiet=as_json)
        if as_json:
            show_json(facts | {"mailing": mailing_id, "deliveries": opened.mailroom.facts(mailing_id).counts})
    if troubled:
        raise typer.Exit(1)
