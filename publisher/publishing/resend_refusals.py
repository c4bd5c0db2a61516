"""What keeps a resend from being ordered: one line each, and what can be done instead. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from publisher.digests.model import DigestState
from publisher.digests.record import DigestRecord
from publisher.editions import Edition
from publisher.errors import UsageError
from publisher.ledger import Mailing, MailingKind, MailingState
from publisher.mailings.resending import ResendPlan
from publisher.mailings.verdicts import LEFT_OUT, Act, Wish


def nobody(record: DigestRecord, plan: ResendPlan) -> UsageError:
    """What is said when a resend has nobody to reach."""
    others = "; ".join(f"{number} {LEFT_OUT[verdict]}" for verdict, number in plan.left_out.items())
    return UsageError(
        f"there is nobody to send {record.key} to{': ' if others else ''}{others}",
        remedy=f"`publisher digest show {record.key}` shows its mailings",
    )


def another(record: DigestRecord, wish: Wish, mailing: Mailing) -> UsageError:
    """What is said when the plan with this token was ordered already, and is not the act that is asked for."""
    segment = f" --segment {mailing.segment.name}" if mailing.segment else ""
    whom = "somebody else" if mailing.act == wish.act == Act.TO else f"--{mailing.act}{segment}"
    return UsageError(
        f"this token is of another act: mailing {mailing.id} was ordered with it, to {whom}",
        remedy=_look(record, wish),
    )


def stale(record: DigestRecord, wish: Wish) -> UsageError:
    """What is said when the plan that was seen is not the one that would be ordered."""
    return UsageError(
        f"the plan with this token is not what --{wish.act} would send by now",
        remedy=_look(record, wish),
    )


def _look(record: DigestRecord, wish: Wish) -> str:
    again = " --again" if wish.again else ""
    words = f"--to {wish.to}{again}" if wish.act is Act.TO else f"--{wish.act}"
    words += f" --segment {wish.segment}" if wish.segment else ""
    return f"Look again: `publisher resend {record.key} {words} --dry-run`"


def edition_to_send(
    record: DigestRecord, wish: Wish, edition: Edition | None, mailings: Sequence[Mailing]
) -> Edition:
    """The edition that is sent.

    Args:
        record: the digest.
        wish: what is asked for.
        edition: its newest edition.
        mailings: its mailings so far.

    Raises:
        UsageError: the digest is not to be sent, or the act does not fit how far it is.
    """
    if record.state is DigestState.WITHDRAWN:
        raise UsageError(f"{record.key} was withdrawn", remedy="A withdrawn digest is not sent again")
    if record.published_at is None or edition is None:
        held = record.state is DigestState.HELD
        raise UsageError(
            f"{record.key} is held: {record.held_because or 'no reason was given'}"
            if held
            else f"{record.key} is not published yet: it is {record.state}",
            remedy=f"`publisher digest release {record.key}` publishes it",
        )
    if wish.act is Act.CORRECTION and edition.number == 1:
        raise UsageError(
            f"{record.key} was never corrected",
            remedy="`publisher digest correct FILE --note TEXT` makes its next edition",
        )
    if wish.act in (Act.MISSED, Act.CORRECTION):
        _check_waiting(record, mailings)
    return edition


def _check_waiting(record: DigestRecord, mailings: Sequence[Mailing]) -> None:
    """Refuse to reach in bulk whom a mailing that has not begun is about to reach, or was never asked to."""
    if not any(mailing.kind is MailingKind.SCHEDULED for mailing in mailings):
        raise UsageError(
            f"{record.key} was never mailed (backlog)",
            remedy=f"`publisher digest release {record.key} --mail` mails it to everybody",
        )
    for mailing in mailings:
        if mailing.state is MailingState.WAITING:
            raise UsageError(
                f"mailing {mailing.id} of {record.key} has not begun: it waits for its page",
                remedy="`publisher run` starts it; then resend to those whom it did not reach",
            )
        is_fresh = mailing.kind is MailingKind.SCHEDULED and mailing.started_at is None
        if is_fresh and mailing.state is MailingState.PAUSED:
            raise UsageError(
                f"mailing {mailing.id} of {record.key} was paused before it began",
                remedy=f"`publisher mailing resume {mailing.id} --reason TEXT` lets it go to everybody",
            )
