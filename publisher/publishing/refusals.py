"""What is said to somebody whose act comes too late for a digest: one line, and what can be done instead. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from publisher.digests.model import DigestState
from publisher.digests.record import DigestRecord, MailChoice
from publisher.errors import UsageError
from publisher.ledger import OPEN, Mailing, MailingKind, MailingState


def overtaken(record: DigestRecord) -> UsageError:
    """Somebody else was faster."""
    return UsageError(
        f"{record.key} has just been changed by somebody else",
        remedy=f"Look at `publisher digest show {record.key}`, then do it again",
        digest=record.key,
    )


def not_correctable(record: DigestRecord) -> UsageError:
    """Only what is public is corrected."""
    what, remedy = (
        ("was withdrawn", "A withdrawn digest stays withdrawn")
        if record.state is DigestState.WITHDRAWN
        else ("is not published yet", "Change its file in the inbox: the next pass takes it")
    )
    return UsageError(f"{record.key} {what}", remedy=remedy, digest=record.key)


def refusal(record: DigestRecord, mailings: Sequence[Mailing], wanted: DigestState) -> tuple[str, str]:
    """What is said to whoever wants to finalize, hold or publish a digest that is past it, and what to do instead.

    Args:
        record: the digest, in a state from which the wanted one cannot be reached.
        mailings: its mailings.
        wanted: FINALIZED, HELD or PUBLISHED.
    """
    key = record.key
    match record.state:
        case DigestState.FINALIZED:
            return "is final already", "It leaves at its slot; `publisher digest list` shows when"
        case DigestState.HELD:
            return "is held, and no draft", f"`publisher digest release {key}` publishes it"
        case DigestState.WITHDRAWN:
            return "was withdrawn", "A withdrawn digest stays withdrawn"
        case DigestState.PUBLISHED:
            return "is published already", _instead(record, mailings, wanted)
    return "was changed by somebody else just now", f"Look at `publisher digest show {key}`"


def _instead(record: DigestRecord, mailings: Sequence[Mailing], wanted: DigestState) -> str:
    """What may be done with the mail of a published digest."""
    paused = next((each for each in mailings if each.state is MailingState.PAUSED), None)
    under_way = next((each for each in mailings if each.state in OPEN), None)
    if wanted is DigestState.PUBLISHED:
        if paused is not None:
            return f"`publisher mailing resume {paused.id} --reason TEXT` lets its mail go on"
        scheduled = any(each.kind is MailingKind.SCHEDULED for each in mailings)
        if record.mail is MailChoice.BACKLOG and not scheduled:
            return "It was not mailed (backlog): add --mail to mail it"
        return f"`publisher resend {record.key} --missed --reason TEXT` mails those who were never mailed"
    if paused is not None:
        return f"Its mail is paused; `publisher digest withdraw {record.key} --reason TEXT` takes it back"
    if under_way is not None:
        return f"`publisher mailing pause {under_way.id} --reason TEXT` stops its mail"
    return f"`publisher digest correct FILE --note TEXT` corrects it; `publisher digest withdraw {record.key} \
--reason TEXT` takes it back"
