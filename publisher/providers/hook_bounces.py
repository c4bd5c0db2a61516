"""The bounces that Amazon SES names, and Resend after it: type and subtype, "Permanent/NoEmail"."""

from __future__ import annotations

from collections.abc import Mapping

from publisher.feedback import BounceClass, FeedbackKind
from publisher.providers.hook_reading import Meaning

_BOUNCES: Mapping[str, Meaning] = {
    # "General" hides refusals of the sender among those of mailboxes: what the server said decides.
    "Permanent": Meaning(FeedbackKind.BOUNCED, BounceClass.HARD),
    "Permanent/General": Meaning(FeedbackKind.BOUNCED),
    "Permanent/NoEmail": Meaning(FeedbackKind.BOUNCED, BounceClass.HARD),
    "Permanent/Suppressed": Meaning(FeedbackKind.DROPPED, BounceClass.HARD),
    "Permanent/OnAccountSuppressionList": Meaning(FeedbackKind.DROPPED),
    "Permanent/UnsubscribedRecipient": Meaning(FeedbackKind.DROPPED),
    "Transient": Meaning(FeedbackKind.BOUNCED, BounceClass.SOFT),
    "Transient/General": Meaning(FeedbackKind.BOUNCED, BounceClass.SOFT),
    "Transient/MailboxFull": Meaning(FeedbackKind.BOUNCED, BounceClass.SOFT),
    "Transient/MessageTooLarge": Meaning(FeedbackKind.BOUNCED, BounceClass.CONTENT),
    "Transient/ContentRejected": Meaning(FeedbackKind.BOUNCED, BounceClass.CONTENT),
    "Transient/AttachmentRejected": Meaning(FeedbackKind.BOUNCED, BounceClass.CONTENT),
    "Undetermined": Meaning(FeedbackKind.BOUNCED),
}

GENERAL = "Permanent/General"
"""The one of them that is HARD where the server's words are not told."""


def bounces(event: str) -> Mapping[str, Meaning]:
    """The table for a provider that calls a bounce's event `event`: "Bounce", "Bounce/Permanent" and so on."""
    named = {f"{event}/{name}": meaning for name, meaning in _BOUNCES.items()}
    return {event: Meaning(FeedbackKind.BOUNCED), **named}


def bounce_class(type_: str, meaning: Meaning, *, is_told: bool) -> BounceClass | None:
    """The class of a bounce.

    Args:
        type_: its type and subtype as in the table, whatever stands before them.
        meaning: what the table says.
        is_told: whether a code or a status came with it.
    """
    return BounceClass.HARD if type_.endswith(GENERAL) and not is_told else meaning.bounce
