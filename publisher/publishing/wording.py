"""What people write for readers, made fit for them. Pure."""

from __future__ import annotations

import re

from publisher.errors import UsageError, one_line

LONGEST_NOTE = 500

_STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What steers a terminal or turns a line around. The marks that right-to-left text needs are none of it."""


def note_of(text: str) -> str:
    """The note of a correction: one paragraph of plain words. Signs of HTML stand for themselves.

    Raises:
        UsageError: it says nothing, or too much for a line under a title.
    """
    note = one_line(_STEERING.sub(" ", text))
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
