"""What people write for readers, made fit for them. Pure."""

from __future__ import annotations

import re

from publisher.errors import UsageError, one_line

LONGEST_NOTE = 500
LONGEST_REASON = 500

_STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What steers a terminal or turns a line around. The marks that right-to-left text needs are none of it."""


def note_of(text: str) -> str:
    """The note of a correction: one paragraph of plain words. Signs of HTML stand for themselves.

    Raises:
        UsageError: it says nothing, or too much for a line under a title.
    """
    note = _paragraph(text)
    if not note:
        raise UsageError(
            "a correction wants a note", remedy="Add --note TEXT: what was wrong, in words for readers"
        )
    if len(note) > LONGEST_NOTE:
        raise UsageError(
            f"the note has {len(note)} characters, and may have {LONGEST_NOTE}",
            remedy="Say what was wrong; the digest itself says what is right",
        )
    return note


def notice_of(text: str) -> str:
    """What a withdrawn digest says to readers; may be empty.

    Raises:
        UsageError: it says too much to stand in place of a digest.
    """
    notice = _paragraph(text)
    if len(notice) > LONGEST_NOTE:
        raise UsageError(
            f"the notice has {len(notice)} characters, and may have {LONGEST_NOTE}",
            remedy="Say why it was taken back, in a few words",
        )
    return notice


def reason_of(text: str, what: str = "") -> str:
    """A person's reason, one line that the log can show; `what` is named that wants one: else it may be empty.

    Raises:
        UsageError: it says nothing, or too much for a line.
    """
    reason = _paragraph(text)
    if what and not reason:
        raise UsageError(f"{what} wants a reason", remedy="Add --reason TEXT; it is kept with it")
    if len(reason) > LONGEST_REASON:
        raise UsageError(
            f"the reason has {len(reason)} characters, and may have {LONGEST_REASON}",
            remedy="Say it in a line: it is for the log",
        )
    return reason


def _paragraph(text: str) -> str:
    return one_line(_STEERING.sub(" ", text))
