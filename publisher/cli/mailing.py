"""`publisher mailing`: what became of the mail, and what is to become of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated

import typer

from publisher.app import App
from publisher.bounces.deciding import said
from publisher.bounces.ports import Held
from publisher.cli.context import actor, confirm, instance
from publisher.cli.output import LARGEST, count, local, say, show_json, show_rows
from publisher.cli.telling import tell_wait
from publisher.errors import UsageError
from publisher.ledger import OPEN, DeliveryState, Failure, MailingState
from publisher.mailings.reconciling import Reconciled
from publisher.publishing.mailroom import MailingFacts
from publisher.publishing.waiting import waits

app = typer.Typer(no_args_is_help=True, help="Mailings: list, show, pause, resume, cancel, reconcile, bounces.")

Json = Annotated[bool, typer.Option("--json", help="Machine-readable.")]
Number = Annotated[
    int, typer.Argument(metavar="MAILING", max=LARGEST, help="Its number in `publisher mailing list`.")
]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept with the mailing.")]
SHOWN = ("pending", "sending", "accepted", "deferred", "failed", "uncertain", "skipped")
CAME_BACK = ("delivered", "bounced", "complained")
"""States that a mailing only gets when something tells of it: a column when one has."""


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Every mailing, newest first, with how many deliveries stand where."""
    with instance() as opened:
        rows = [_row(opened, facts) for facts in opened.mailroom.all()]
        told = [state for state in CAME_BACK if any(row[state] for row in rows)]
        show_rows(
            rows,
            ("id", "digest", "kind", "act", "state", "mails", *SHOWN, *told, "created"),
            as_json=as_json,
            empty="No mailing yet: `publisher run` makes one when a digest is due",
        )


@app.command()
def show(
    mailing_id: Number,
    as_json: Json = False,
    limit: Annotated[
        int, typer.Option("--limit", min=0, max=LARGEST, help="At most so many troubled deliveries; 0 = all.")
    ] = 50,
) -> None:
    """One mailing: the sums, who was left out, and each failure in the server's words."""
    with instance() as opened:
        facts = opened.mailroom.facts(mailing_id, opened.clock())
        zone = opened.timezone(facts.digest.newsletter)
        wait = waits(facts, opened.opens, opened.clock())
        waves: list[dict[str, object]] = [
            {"due": local(due_at, zone), "mails": number} for due_at, number in facts.waves
        ]
        troubled = [_trouble(failure, zone) for failure in opened.mailroom.troubled(mailing_id, limit or None)]
        if as_json:
            left_out = dict(facts.mailing.left_out)
            held = {"reason": wait.reason, "until": local(wait.until, zone)} if wait else None
            suppressions = opened.returning.bounces.count_held(mailing_id)
            more: dict[str, object] = {"left_out": left_out, "waits": held, "waves": waves, "deliveries": troubled}
            more |= {"suppressions_held": suppressions}
            show_json(_row(opened, facts) | more)
        else:
            _show(facts, troubled)
            _show_waves(waves, facts)
            tell_wait(opened, facts)
            _show_held(mailing_id, opened.returning.bounces.count_held(mailing_id))


@app.command()
def pause(mailing_id: Number, reason: Reason = "") -> None:
    """Send nothing more of a mailing until it is resumed; it takes effect within one window."""
    with instance() as opened:
        opened.controls.pause(mailing_id, opened.clock(), actor=actor(), reason=reason)
        say(f"Mailing {mailing_id} is paused; `publisher mailing resume {mailing_id} --reason TEXT` lets it go on")


@app.command()
def resume(mailing_id: Number, reason: Reason = "") -> None:
    """Let a paused mailing go on where it was."""
    with instance() as opened:
        mailing = opened.controls.resume(mailing_id, opened.clock(), actor=actor(), reason=reason)
        say(f"Mailing {mailing_id} goes on ({mailing.state}); `publisher run` (or `publisher serve`) sends it")


@app.command()
def reconcile(mailing_id: Number, as_json: Json = False) -> None:
    """Ask providers what became of a mailing's uncertain mails, and write down what is proven. Sends nothing."""
    with instance() as opened:
        found = opened.reconciling.reconcile(mailing_id, opened.clock(), actor=actor())
        opened.returning.processing.process(opened.clock)
        facts = opened.mailroom.facts(mailing_id)
        zone = opened.timezone(facts.digest.newsletter)
        if as_json:
            known = {field.name: getattr(found, field.name) for field in fields(found)}
            show_json(known | {"again_at": local(found.again_at, zone)})
        else:
            _tell_reconciled(found, facts, zone)
    if found.failed or found.left or found.troubles:
        raise typer.Exit(1)


def _tell_reconciled(found: Reconciled, facts: MailingFacts, zone: str) -> None:
    digest = facts.digest.key
    say(f"Mailing {facts.mailing.id} of {digest}: {found.accepted} were taken, {found.failed} were not")
    if found.failed:
        say(f"`publisher resend {digest} --failed --reason TEXT` mails those that were not taken")
    for trouble in found.troubles:
        say(trouble)
    if found.young:
        say(f"{found.young} may still appear in the provider's log: ask again at {local(found.again_at, zone)}")
    if found.open:
        say(f"{found.open} stay uncertain: nobody can be asked about them now")
        say(f"They may have arrived; `publisher resend {digest} --uncertain --reason TEXT` risks a second mail")


@app.command()
def cancel(
    mailing_id: Number,
    reason: Reason = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """End a mailing: what is not sent yet is never sent by it."""
    with instance() as opened:
        facts = opened.mailroom.facts(mailing_id)
        unsent = sum(facts.counts.get(state, 0) for state in (DeliveryState.PENDING, DeliveryState.DEFERRED))
        if reason.strip() and facts.mailing.state in OPEN:  # else the act itself says what is wrong
            begun = facts.mailing.started_at is not None
            mails = f"with {count(unsent, 'mail')} unsent" if begun else "before it begins"
            confirm(f"Cancel mailing {mailing_id} of {facts.digest.key} {mails}?", yes=yes)
        opened.controls.cancel(mailing_id, opened.clock(), actor=actor(), reason=reason)
        counts = opened.mailroom.facts(mailing_id).counts
        say(f"Mailing {mailing_id} is cancelled: " + _sums(counts))
        if counts.get(DeliveryState.SENDING):
            say("What is in a sender's hands at this moment still leaves; the rest does not")


@app.command()
def bounces(
    mailing_id: Number,
    suppress: Annotated[bool, typer.Option("--suppress", help="Suppress those who wait.")] = False,
    forgive: Annotated[bool, typer.Option("--forgive", help="Mail those who wait again as before.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the mailing.")] = "",
    as_json: Json = False,
) -> None:
    """What came back about a mailing, and suppressions because of it that wait for your word."""
    if suppress and forgive:
        raise UsageError("either --suppress or --forgive is given")
    with instance() as opened:
        if suppress or forgive:
            done = opened.returning.bounces.decide(
                mailing_id, opened.clock(), suppressed=suppress, actor=actor(), reason=reason
            )
            say(f"{count(done, 'address', 'addresses')} {'suppressed' if suppress else 'forgiven'}")
            return
        found = opened.returning.bounces.of(mailing_id)
        waiting = [_held(each) for each in found.held]
        if as_json:
            show_json({"classes": {str(name): number for name, number in found.classes.items()}, "held": waiting})
            return
        for name, number in found.classes.items():
            say(f"  {number:>8}  {name}")
        show_rows(waiting, ("email", "at", "reason"), as_json=False, empty="No suppression waits")
        if waiting:
            say()
            say(f"`publisher mailing bounces {mailing_id} --suppress --reason TEXT` suppresses them all;")
            say("--forgive in its place mails them again as before")


def _held(held: Held) -> dict[str, object]:
    return {"email": held.email, "at": held.at, "source": held.source, "reason": said(held)}


def _sums(counts: Mapping[DeliveryState, int]) -> str:
    return ", ".join(f"{number} {state}" for state, number in counts.items()) or "nobody was mailed"


def _show(facts: MailingFacts, troubled: list[dict[str, object]]) -> None:
    mailing, digest = facts.mailing, facts.digest.key
    kind = f"{mailing.kind} ({mailing.act})" if mailing.act else str(mailing.kind)
    say(f"Mailing {mailing.id} of {digest}: {kind}, {mailing.state}")
    if mailing.reason:
        say(f"  because: {mailing.reason} ({mailing.actor})")
    if mailing.state is MailingState.PAUSED and facts.paused_because:
        say(f"  paused because: {facts.paused_because}")
    if mailing.segment:
        say(f"  to the segment {mailing.segment.name}: {mailing.segment.expression}")
    for state, number in facts.counts.items():
        say(f"  {number:>8}  {state}")
    for reason, number in mailing.left_out.items():
        say(f"  {number:>8}  left out: {reason}")
    if troubled:
        say()
        show_rows(troubled, ("email", "state", "code", "reason", "due"), as_json=False, empty="")
    if facts.counts.get(DeliveryState.FAILED):
        say()
        say(f"`publisher resend {digest} --failed --reason TEXT` mails those that failed again")
    if facts.counts.get(DeliveryState.UNCERTAIN):
        say()
        say(f"`publisher mailing reconcile {mailing.id}` asks what became of the uncertain ones, and mails nobody")


def _show_held(mailing_id: int, number: int) -> None:
    if number:
        say()
        say(f"{count(number, 'suppression')} because of it wait: `publisher mailing bounces {mailing_id}`")


def _show_waves(waves: list[dict[str, object]], facts: MailingFacts) -> None:
    if waves:
        say()
        say(f"At {facts.mailing.local_time} of their own day:")
        show_rows(waves, ("due", "mails"), as_json=False, empty="")


def _row(opened: App, facts: MailingFacts) -> dict[str, object]:
    mailing, zone = facts.mailing, opened.timezone(facts.digest.newsletter)
    return {
        "id": mailing.id,
        "digest": facts.digest.key,
        "kind": mailing.kind,
        "act": mailing.act or None,
        "state": mailing.state,
        "actor": mailing.actor,
        "reason": mailing.reason,
        "segment": mailing.segment and mailing.segment.as_data(),
        "mails": sum(facts.counts.values()),
        **{state: facts.counts.get(DeliveryState(state), 0) for state in (*SHOWN, *CAME_BACK)},
        "created": local(mailing.created_at, zone),
        "finished": local(mailing.finished_at, zone),
    }


def _trouble(failure: Failure, zone: str) -> dict[str, object]:
    return {
        "email": failure.email or "(erased)",
        "state": failure.state,
        "code": failure.code,
        "reason": failure.reason,
        "attempts": failure.attempts,
        "due": local(failure.due_at, zone),
    }
