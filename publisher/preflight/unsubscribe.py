"""The way out, in both parts of the mail."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.editions import BlockKind, FieldName
from publisher.preflight.model import Candidate, Level, Problem, Rule
from publisher.preflight.reading import VALUES, MailBlock, reading, text_of

_EVERYBODYS = frozenset({BlockKind.OPENING, BlockKind.LEAD, BlockKind.CLOSING})
"""Blocks that no choice of sections leaves out."""


def _check(candidate: Candidate) -> Iterator[Problem]:
    blocks = [block for block in reading(candidate).blocks if block.block.kind in _EVERYBODYS]
    if not any(map(_has_link, blocks)):
        yield Problem(
            "the HTML mail has no unsubscribe link that everybody sees",
            'Write <a href="{{ fields.unsubscribe_url }}"> with words in it into templates/email/sections.html, '
            "in the footer",
            "footer",
        )
    if not any(VALUES[FieldName.UNSUBSCRIBE_URL] in block.text for block in blocks):
        yield Problem(
            "the text mail has no unsubscribe link that everybody sees",
            "Write {{ fields.unsubscribe_url }} into templates/email/closing.txt",
            "footer of the text part",
        )


def _has_link(block: MailBlock) -> bool:
    """Whether the block shows the link, with something in it to press."""
    return any(
        element.get("href", "").startswith(VALUES[FieldName.UNSUBSCRIBE_URL]) and text_of(element)
        for element in block.named("a")
    )


RULE = Rule(
    "unsubscribe",
    Level.BLOCK,
    "An unsubscribe link in the HTML and in the text, visible, and outside of the sections that readers may leave "
    "out. Law and every mail provider ask for it.",
    _check,
)
