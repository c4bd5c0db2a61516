"""`publisher run`: one pass over everything due now, then stop."""

from __future__ import annotations

import typer

from publisher.app import App
from publisher.cli.context import instance
from publisher.cli.output import count, say, warn
from publisher.cli.progress import Bar
from publisher.cli.telling import tell_mailing, tell_pass
from publisher.ledger import MailingState


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(run)


def run() -> None:
    """Take digests in, publish what is due, bring every endpoint up, send what may leave; then stop."""
    with instance() as opened:
        rescued = opened.rescue()
        if rescued:
            say(f"Went on after a sender that had died: {count(rescued, 'delivery', 'deliveries')} settled")
        report = opened.run_pass(wait_for_files=True)
        tell_pass(opened, report)
        troubled = bool(report.errors or report.held)
        troubled |= send(opened)
        troubled |= any(record.state == "held" for record in opened.digests())
    if troubled:
        raise typer.Exit(1)


def send(opened: App) -> bool:
    """Send every running mailing to its end and tell the sums; whether something failed or is uncertain."""
    running = [mailing for mailing in opened.mailings() if mailing.state is MailingState.RUNNING]
    if not running:
        return False
    with Bar("Sending", opened.open_deliveries()) as bar:
        ended_well = opened.send(bar)
    troubled = not ended_well
    for mailing in reversed(running):
        facts = opened.mailing_facts(opened.mailing(mailing.id))
        tell_mailing(facts)
        troubled |= bool(facts.get("failed") or facts.get("uncertain"))
    for line in opened.send_errors():
        warn(f"publisher: {line}")
    return troubled
