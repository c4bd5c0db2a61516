"""`publisher run`: one pass over everything due now, then stop."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from publisher.app import App
from publisher.bounces.mailbox import MailboxError
from publisher.cli.context import instance
from publisher.cli.output import count, say, warn
from publisher.cli.progress import MailingBar
from publisher.cli.stopping import Stop
from publisher.cli.telling import tell_fetched, tell_held, tell_mailing, tell_pass, tell_paused, tell_wait
from publisher.digests.model import DigestState
from publisher.errors import PublisherError
from publisher.ledger import DeliveryState, Mailing

ALERTS_WAIT_SECONDS = 30
"""How long `run` waits for another process that is just telling of trouble."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(run)


def run() -> None:
    """Take digests in, publish what is due, bring every endpoint up, send what may leave; then stop."""
    with instance() as opened:
        rescued = opened.rescuer.rescue(opened.clock())
        if rescued:
            say(f"Went on after {count(len(rescued), 'sender')} that had died")
        act_on_feedback(opened)
        fetched = opened.fetch()
        tell_fetched(fetched)
        report = opened.run_pass()
        tell_pass(opened, report)
        troubled = send(opened, opened.mailroom.running())
        tell_paused(opened.mailroom.paused())
        held = [record for record in opened.editorial.all() if record.state is DigestState.HELD]
        tell_held(held, {record.id for record, _ in report.held})
        post_notices(opened)
        tell_alerts(opened)
        if forgotten := opened.retaining.forget(opened.clock()):
            say(f"Retention    forgotten: {forgotten}")
    if troubled or fetched.errors or report.errors or held:
        raise typer.Exit(1)


def act_on_feedback(opened: App) -> None:
    """Do what follows from what came back about earlier mail, before any more leaves."""
    try:
        if number := opened.returning.collect():
            say(f"Came back    {count(number, 'mail')} in the bounce mailbox")
    except MailboxError as error:
        warn(f"publisher: {error}")
    if told := str(opened.returning.processing.process(opened.clock)):
        say(f"Came back    {told}")


def post_notices(opened: App) -> None:
    """Post what waits for one person: confirmations, fresh links. What stays is tried the next time."""
    report = opened.posting.post(opened.clock)
    if report.sent:
        say(f"Notices      {count(report.sent, 'mail')} sent")
    for error_line in report.errors:
        warn(f"publisher: {error_line}")


def tell_alerts(opened: App) -> None:
    """Have the desk told what is wrong; when that does not work, it is said, and tried again the next time."""
    try:
        report = opened.alerting.tell(wait=ALERTS_WAIT_SECONDS)
    except PublisherError as error:
        warn(f"publisher: nobody could be told of trouble: {error}")
        return
    for error_line in report.errors:
        warn(f"publisher: {error_line}")


def send(opened: App, mailings: Sequence[Mailing], *, quiet: bool = False) -> bool:
    """Send as far as it goes now, and tell the sums of these mailings; whether something is not well with them.

    Ctrl-C or SIGTERM meanwhile: what is in flight is settled, the rest given back, and the command ends.

    Args:
        opened: the instance.
        mailings: those to tell about.
        quiet: tell of errors only.
    """
    if not mailings:
        return False
    stop = Stop()
    bar = MailingBar(opened.mailroom, mailings)
    with bar, stop:
        ended = opened.send(stop=stop, tick=bar.tick)
    all_facts = [opened.mailroom.facts(mailing.id, opened.clock()) for mailing in mailings]
    for facts in all_facts if not quiet else ():
        tell_mailing(opened, facts)
        tell_wait(opened, facts)
    for note in ended.notes:
        warn(f"publisher: {note}")
    for error in ended.errors:
        warn(error if error.startswith("publisher:") else f"publisher: {error}")
    stop.end_if_asked()
    bad = (DeliveryState.FAILED, DeliveryState.UNCERTAIN)
    return bool(ended.errors) or any(facts.counts.get(state) for facts in all_facts for state in bad)
