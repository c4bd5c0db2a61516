"""Which lines of a plain-text digest are headings.

Nobody marks them: a heading is a short line, no sentence, that stands by itself over a list or running text. The
choice needs the whole text, because what the other headings look like decides the doubtful ones.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from publisher.digests.credits import split_credit
from publisher.digests.textlines import (
    SENTENCE,
    Line,
    bullet,
    explicit_heading,
    is_capitals,
    is_construct,
    is_underline,
    looks_like_heading,
    numbered,
    unstarred,
)
from publisher.digests.values import folded

SUBHEADING = 3


@dataclass(frozen=True, slots=True)
class Found:
    """A heading: `level` 1 and 2 begin a section, deeper ones stand inside; `lines` is 2 with an underline."""

    level: int
    name: str
    lines: int = 1
    explicit: bool = False
    over_list: bool = False


def find_headings(
    lines: Sequence[Line], *, named: Collection[str] = (), after_title: bool = False
) -> dict[int, Found]:
    """The headings by the index of their line.

    Args:
        named: the names that `sections` in the front matter gives; then these alone begin sections.
        after_title: the first line stands directly under the title, without a blank line.
    """
    survey = _Survey(lines, after_title)
    if named:
        return survey.with_names({folded(name) for name in named})
    found = {**survey.shaped, **survey.explicit}
    if not found:
        return survey.colons
    if any(not heading.explicit for heading in found.values()):
        found = survey.without_dek(survey.in_levels(found))
    return found


class _Survey:
    """One look at all lines, from the last to the first, so that each knows what it stands over."""

    def __init__(self, lines: Sequence[Line], after_title: bool) -> None:
        self.lines = lines
        self.after_title = after_title
        self.explicit: dict[int, Found] = {}
        self.shaped: dict[int, Found] = {}
        self.chained: dict[int, int] = {}
        """Shaped headings that stand directly over another heading, and that one."""
        self.candidates: dict[int, Found] = {}
        """Every short line that stands by itself, for `sections` to choose from."""
        colons: dict[int, Found] = {}
        below: int | None = None
        for index in range(len(lines) - 1, -1, -1):
            if not lines[index].blank:
                self._look(index, below, colons)
                below = index
        self.colons = _agreed(colons)

    def _look(self, index: int, below: int | None, colons: dict[int, Found]) -> None:
        text = self.lines[index].text
        marked = explicit_heading(text)
        if marked:
            level, name = marked
            self.explicit[index] = Found(level, unstarred(name), explicit=True)
            return
        if is_construct(text):
            return
        underlined = self._underlined(index)
        if underlined:
            self.explicit[index] = Found(2, unstarred(text), lines=2, explicit=True)
            return
        name = unstarred(text).strip()
        if not self._stands_alone(index, below):
            return
        over_list = below is not None and self._is_item(below)
        if len(name) <= 120:
            self.candidates[index] = Found(2, name.rstrip(" :\u00a0") or name, over_list=over_list)
        if below is None or self._is_dangling(below):
            return
        if name[-1:] in ":：":
            short = name.rstrip(" :：\u00a0")
            if looks_like_heading(short) and len(short.split()) <= 6 and (over_list or self._is_text(below)):
                colons[index] = Found(2, short, over_list=over_list)
        elif looks_like_heading(text):
            self.shaped[index] = Found(2, name, over_list=over_list)
            if below in self.shaped or below in self.explicit:
                self.chained[index] = below

    def _underlined(self, index: int) -> bool:
        under = self.lines[index + 1] if index + 1 < len(self.lines) else None
        free = index == 0 or self.lines[index - 1].blank or is_construct(self.lines[index - 1].text)
        return under is not None and is_underline(under.text) and free and len(self.lines[index].text) <= 120

    def _is_item(self, index: int) -> bool:
        return bool(bullet(self.lines[index].text) or numbered(self.lines[index].text))

    def _is_text(self, index: int) -> bool:
        return len(self.lines[index].text) > SENTENCE

    def _is_dangling(self, index: int) -> bool:
        """Whether the line below is one more short line over nothing, such as a signature."""
        text = self.lines[index].text
        known = index in self.shaped or index in self.explicit
        return not known and not is_construct(text) and looks_like_heading(text)

    def _stands_alone(self, index: int, below: int | None) -> bool:
        """Whether a line is parted from what is above it, and from what is below or at home over it."""
        text = self.lines[index].text
        follows = index + 1 if index + 1 < len(self.lines) else None
        if follows is not None and not self.lines[follows].blank and not self._is_item(follows):
            long = len(self.lines[follows].text)
            if long <= SENTENCE or len(text) * 2 > long or is_construct(self.lines[follows].text):
                return False
        if index == 0:
            return not self.after_title or (below is not None and self._is_item(below))
        above = self.lines[index - 1]
        if above.blank or is_construct(above.text) or split_credit(above.text) is not None:
            return True
        return self._is_text(index - 1) and above.text.rstrip("”\"’'»)")[-1:] in ".!?…。؟۔।"

    # --- the choice --------------------------------------------------------------------------------------------

    def with_names(self, wanted: Collection[str]) -> dict[int, Found]:
        """The candidates that are wanted begin sections, the other headings stand inside them."""
        others = {**self.shaped, **self.explicit}
        for index in self.chained:
            others.pop(index, None)
        result = {index: replace(found, level=max(SUBHEADING, found.level)) for index, found in others.items()}
        for index, found in {**self.candidates, **self.explicit}.items():
            if folded(found.name) in wanted:
                result[index] = replace(found, level=2)
        return result

    def in_levels(self, found: dict[int, Found]) -> dict[int, Found]:
        """Resolves headings directly over headings.

        Capitals over a heading without them make two levels all through the text. Otherwise the upper line is no
        heading: a subtitle or a stray line, as the text under it has a heading of its own.
        """
        loud = {index for index in self.shaped if is_capitals(self.lines[index].text)}
        if any(
            index in loud and below in self.shaped and below not in loud for index, below in self.chained.items()
        ):
            return {
                index: heading if heading.explicit or index in loud else replace(heading, level=SUBHEADING)
                for index, heading in found.items()
                if index in loud or index not in self.chained
            }
        return {index: heading for index, heading in found.items() if index not in self.chained}

    def without_dek(self, found: dict[int, Found]) -> dict[int, Found]:
        """Without a first line over running text when all other headings stand over lists: that is a subtitle."""
        first = next((index for index, line in enumerate(self.lines) if not line.blank), None)
        if first is None or first not in found or found[first].explicit or found[first].over_list:
            return found
        others = [heading for index, heading in found.items() if index != first]
        if others and all(heading.over_list for heading in others):
            return {index: heading for index, heading in found.items() if index != first}
        return found


def _agreed(colons: dict[int, Found]) -> dict[int, Found]:
    """Lines that end in a colon are headings when a text has no others and uses them twice, or tersely."""
    terse = all(len(found.name.split()) <= 3 for found in colons.values())
    return dict(sorted(colons.items())) if len(colons) > 1 or terse else {}
