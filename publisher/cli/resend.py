"""`publisher resend`: mail a digest again to exactly those who are meant."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Annotated

import typer

from publisher.app import App
from publisher.cli.check import tell_blocked
from publisher.cli.context import actor, confirm, instance
from publisher.cli.output import count, say, show_json, warn
from publisher.cli.run import send
from publisher.cli.telling import tell_catching_up
from publisher.digests.record import DigestRecord
from publisher.errors import UsageError
from publisher.ledger import MailingState
from publisher.mailings.resending import ResendPlan
from publisher.mailings.verdicts import ACTS_TOLD, LEFT_OUT, Act, Wish
from publisher.publishing.listing import write_list
from publisher.publishing.preflighting import BlockedError
from publisher.publishing.resend_refusals import nobody
from publisher.publishing.resends import Ordered

HANDFUL = 5
"""Up to so many people a yes is enough; for more the number has to be typed."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(resend)


def resend(
    name: Annotated[str, typer.Argument(metavar="DIGEST", help="A slug, or newsletter/slug.")],
    failed: Annotated[bool, typer.Option("--failed", help="Those whose latest delivery failed.")] = False,
    missed: Annotated[
        bool, typer.Option("--missed", help="Those who never got it and may now: joined later, paused then.")
    ] = False,
    uncertain: Annotated[
        bool, typer.Option("--uncertain", help="Those who may have it: on your word that they do not.")
    ] = False,
    to: Annotated[str | None, typer.Option("--to", metavar="ADDRESS", help="One subscriber.")] = None,
    again: Annotated[bool, typer.Option("--again", help="With --to: although they have it already.")] = False,
    correction: Annotated[
        bool, typer.Option("--correction", help="The newest edition, to those who have an older one.")
    ] = False,
    segment: Annotated[
        str, typer.Option("--segment", metavar="NAME", help="Only those whom it is about; everybody: all.")
    ] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the mailing.")] = "",
    token: Annotated[
        str | None, typer.Option("--token", help="Order exactly the plan that --dry-run showed, and once.")
    ] = None,
    csv: Annotated[
        str | None, typer.Option("--csv", metavar="FILE", help="List everybody, and why; - is standard output.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say who would get it; send nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="The plan and what became of it, machine-readable.")
    ] = False,
) -> None:
    """Mail a digest again: the stored mail of its newest edition, to those who are meant and to nobody else."""
    wish = _wish(
        {"failed": failed, "missed": missed, "uncertain": uncertain, "correction": correction}, to, again, segment
    )
    if not reason.strip() and not dry_run:
        raise UsageError("a resend wants a reason", remedy="Add --reason TEXT; it is kept with the mailing")
    if csv == "-" and not dry_run:
        raise UsageError("a list on standard output goes with --dry-run", remedy="Add it, or write --csv FILE")
    with instance() as opened:
        record = opened.editorial.find(name)
        if token and not dry_run and (done := opened.resends.ordered(record, wish, opened.clock(), token)):
            _tell_ordered(record, done, as_json=as_json)
            return
        plan = opened.resends.plan(record, wish, opened.clock(), token=token)
        _tell_plan(opened, record, plan, listed=csv == "-", as_json=as_json, dry_run=dry_run)
        if csv:
            _write_list(opened, record, wish, csv)
        if dry_run:
            return
        if not plan.mailed:
            raise nobody(record, plan)
        _confirm(record, plan.mailed, yes=yes)
        troubled = _order(opened, record, plan, token if yes else plan.token, reason, as_json=as_json)
    if troubled:
        raise typer.Exit(1)


def _wish(acts: Mapping[str, bool], to: str | None, again: bool, segment: str) -> Wish:
    named = [Act(name) for name, given in acts.items() if given] + ([Act.TO] if to is not None else [])
    if len(named) != 1:
        raise UsageError("it is not said who is meant", remedy=f"Give {ACTS_TOLD}")
    return Wish(named[0], to or "", again, segment)


def _facts(record: DigestRecord, plan: ResendPlan) -> dict[str, object]:
    return {
        "digest": record.key,
        "act": plan.wish.act,
        "edition": plan.edition,
        "mailed": plan.mailed,
        "because": dict(plan.because),
        "left_out": {str(verdict): number for verdict, number in plan.left_out.items()},
        "again": plan.again,
        "segment": plan.segment and plan.segment.as_data(),
        "token": plan.token,
    }


def _tell_plan(
    opened: App, record: DigestRecord, plan: ResendPlan, *, listed: bool, as_json: bool, dry_run: bool
) -> None:
    if listed or (as_json and not dry_run):
        return
    if as_json:
        show_json(_facts(record, plan))
        return
    say(f"{record.key}: {count(plan.mailed, 'subscriber')} would get it (edition {plan.edition})")
    if plan.segment:
        say(f"  of the segment {plan.segment.name}: {plan.segment.expression}")
    for latest, number in plan.because.items():
        say(f"  {number:>8}  {latest}")
    some = opened.resends.addresses(plan.first)
    if some:
        say(f"  {'among them' if plan.mailed > len(some) else 'namely'} {', '.join(some)}")
    if plan.again:
        say("  They have it, or may have it: it is meant to arrive a second time")
    for verdict, number in plan.left_out.items():
        say(f"  left out: {number} {LEFT_OUT[verdict]}")
    if dry_run and plan.mailed:
        say(f"Exactly this is ordered, once, with --token {plan.token}")


def _write_list(opened: App, record: DigestRecord, wish: Wish, place: str) -> None:
    """The list, to standard output or into a new file that nobody else can read."""
    people = opened.resends.people(record, wish, opened.clock())
    if place == "-":
        write_list(people, sys.stdout)
        return
    try:
        # Never over a file that is there: a slip would cost somebody's list of subscribers.
        with os.fdopen(
            os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline=""
        ) as target:
            written = write_list(people, target)
    except OSError as error:
        raise UsageError(f"{place} cannot be written: {error.strerror}", remedy="Name a new file") from error
    warn(f"{place}: {count(written, 'person', 'people')}")


def _confirm(record: DigestRecord, number: int, *, yes: bool) -> None:
    question = f"Send {record.key} to {count(number, 'subscriber')}?"
    if yes or number <= HANDFUL or not sys.stdin.isatty():
        confirm(question, yes=yes)
    elif typer.prompt(f"{question} Type their number", err=True).replace(" ", "") != str(number):
        raise UsageError("that is not their number; nothing was done", remedy="Run it again when you are sure")


def _order(
    opened: App, record: DigestRecord, plan: ResendPlan, token: str | None, reason: str, *, as_json: bool
) -> bool:
    """Order it and send it; whether something is not well with it."""
    try:
        ordered = opened.resends.order(
            record, plan.wish, opened.clock(), actor=actor(), reason=reason, token=token
        )
    except BlockedError as blocked:
        tell_blocked(blocked, (), mail=True)
        raise typer.Exit(blocked.exit_code) from blocked
    if ordered.repeated:
        _tell_ordered(record, ordered, as_json=as_json)
        return False
    mailing, failed = ordered.mailing, False
    if mailing.state is MailingState.WAITING:
        failed = _bring_page(opened, as_json=as_json)
        mailing = opened.mailroom.facts(mailing.id).mailing
    if mailing.state is MailingState.RUNNING and not as_json:
        say(f"Mailing {mailing.id} is on its way")
    troubled = failed | send(opened, [mailing], quiet=as_json)
    if as_json:
        deliveries = opened.mailroom.facts(mailing.id).counts
        show_json(_facts(record, plan) | {"token": mailing.token, "mailing": mailing.id, "deliveries": deliveries})
    return troubled


def _bring_page(opened: App, *, as_json: bool) -> bool:
    """Bring the page up that a resend waits for; whether that failed. Later passes try it again."""
    report = opened.catch_up()
    if as_json:
        for error in report.errors:
            warn(f"publisher: {error}")
    else:
        tell_catching_up(opened, report)
    return bool(report.errors)


def _tell_ordered(record: DigestRecord, ordered: Ordered, *, as_json: bool) -> None:
    mailing = ordered.mailing
    if as_json:
        show_json({"digest": record.key, "mailing": mailing.id, "actor": mailing.actor, "repeated": True})
    else:
        say(f"Ordered already as mailing {mailing.id} by {mailing.actor}: nothing was done")
