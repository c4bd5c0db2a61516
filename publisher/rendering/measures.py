"""What fits where: pictures in a column, words in a table, a title's last word, fonts in Outlook."""

from __future__ import annotations

import re
from dataclasses import dataclass

from publisher.digests.model import Digest, Figure, Table
from publisher.rendering.columns import text_width
from publisher.rendering.prose import figures, plain

MAIL_COLUMN = 552
"""Pixels of a mail's text: 600 less the margins."""

PAGE_COLUMN = 600
"""Pixels of a page's text."""

_TABLE_ROOM = 46
"""Letters that stand beside each other in the narrowest column that still shows tables as tables."""
_LONGEST_PAIR = 20
"""Letters that two words of a title may have and still stand in one line on a phone."""
_LONG_WORD = re.compile(r"[^\W\d_]{18,}(?:[-–][^\W\d_]+)*")
_DASH = re.compile(" ([-–—]) ")
_SYSTEM_FONTS = ("-apple-system", "BlinkMacSystemFont", "system-ui", "ui-")


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in CSS pixels."""

    width: int
    height: int


def shown_size(figure: Figure, column: int) -> Size | None:
    """How large a picture is shown in a column of so many pixels; None when nobody measured it.

    Never wider than its file has pixels: what is prepared for twice the column is shown at the column's width.
    """
    if figure.width <= 0 or figure.height <= 0:
        return None
    width = min(figure.width, max(column, 1))
    return Size(width, max(1, round(figure.height * width / figure.width)))


def first_picture(digest: Digest, cover: Figure | None) -> Figure | None:
    """The picture that a page shows first, so that it is not loaded late."""
    if cover is not None and cover.src:
        return cover
    everywhere = (digest.lead, *(section.blocks for section in digest.sections))
    return next((each for blocks in everywhere for each in figures(blocks) if each.src), None)


def breaking_columns(table: Table) -> tuple[bool, ...]:
    """For each column whether its words may be broken: only where whole words would be wider than the page.

    A column is broken when it takes more than its share of the room; columns of short words stay whole.
    """
    every = [table.header, *table.rows] if table.header else list(table.rows)
    words = [
        [word for row in every for word in plain(row[column]).split()] for column in range(len(table.alignments))
    ]
    longest = [max(map(text_width, column), default=0) for column in words]
    room = _TABLE_ROOM - 2 * (len(longest) - 1)
    share = max(1, room // max(1, len(longest)))
    fits = sum(longest) <= room
    return tuple(not fits and width > share for width in longest)


def together(title: str) -> str:
    """`title` set so that its last word stands in no line alone, and a dash begins none: by no-break spaces."""
    title = _DASH.sub("\u00a0\\1 ", title)
    head, _, last = title.rpartition(" ")
    pair = head.rpartition(" ")[2]
    if head.count(" ") < 2 or text_width(pair) + text_width(last) >= _LONGEST_PAIR:
        return title
    return f"{head}\u00a0{last}"


def has_compound(text: str) -> bool:
    """Whether a word of `text` is so long that a phone has to part it; addresses are no words."""
    return any(_LONG_WORD.fullmatch(word.strip(".,:;!?()“”„«»\"'")) for word in text.split())


def installed_fonts(family: str) -> str:
    """A font family for Outlook: it takes Times when it does not know the first name, so no names of systems."""
    names = [name.strip() for name in family.split(",")]
    return ", ".join(name for name in names if not name.startswith(_SYSTEM_FONTS)) or "sans-serif"
