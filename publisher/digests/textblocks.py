"""The blocks of a plain-text digest: paragraphs, lists, quotes, pictures, rules, and where sections begin.

One pass over the lines; every line is looked at a bounded number of times, whatever stands on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from publisher.digests.characters import clean
from publisher.digests.credits import figure_of_line, figure_of_pair
from publisher.digests.links import linked
from publisher.digests.manuscripts import DASHES, MAX_NESTING, MAX_SOURCE, too_deep
from publisher.digests.model import Block, Figure, Heading, Inline, LineBreak, Paragraph, Quote, Rule
from publisher.digests.textheadings import Found
from publisher.digests.textlines import LONG, SENTENCE, Line, bullet, is_construct, is_rule, numbered, quote_depth
from publisher.digests.textlists import ListBuilder, begins_numbers

_MARKS = frozenset({"“”", "«»", "„“", "„”", '""', "»«", "「」"})


@dataclass(frozen=True, slots=True)
class SectionStart:
    """Here a section begins."""

    name: str
    line: int


@dataclass(slots=True)
class BlockReader:
    """Reads blocks from unwrapped lines. `headings` says which lines are some; quotes have none inside."""

    lines: Sequence[Line]
    name: str
    headings: Mapping[int, Found] = field(default_factory=dict)
    depth: int = 0
    out: list[Block | SectionStart] = field(default_factory=list)
    at: int = 0
    last_number: int = -1
    numbers: set[int] = field(default_factory=set)

    def read(self) -> list[Block | SectionStart]:
        """All blocks, in order.

        Raises:
            DigestError: something nests too deep.
        """
        self.numbers = begins_numbers(self.lines)
        constructs: tuple[Callable[[], bool], ...] = (
            self._heading,
            self._quote,
            self._rule,
            self._list,
            self._figure,
            self._paragraph,
        )
        while self.at < len(self.lines):
            if self.lines[self.at].blank:
                self.at += 1
            else:
                next(done for construct in constructs if (done := construct()))
        return self.out

    def _line(self, index: int) -> Line | None:
        return self.lines[index] if index < len(self.lines) else None

    # --- one construct each; True when it was there ------------------------------------------------------------

    def _heading(self) -> bool:
        found = self.headings.get(self.at)
        if found is None:
            return False
        if found.level <= 2:
            self.out.append(SectionStart(found.name, self.lines[self.at].number))
            self.last_number = -1
        else:
            self.out.append(Heading(found.level, linked(found.name)))
        self.at += found.lines
        return True

    def _quote(self) -> bool:
        inner: list[Line] = []
        while (line := self._line(self.at)) and quote_depth(line.text):
            if self.depth + quote_depth(line.text) > MAX_NESTING:
                raise too_deep(self.name, line.number)
            text = line.text[1:]
            inner.append(Line(line.number, len(text) - len(text.lstrip()), text.strip()))
            self.at += 1
        if not inner:
            return False
        source = _attribution_in(inner)
        blocks = BlockReader(inner, self.name, depth=self.depth + 1).read()
        if blocks:
            inside = tuple(block for block in blocks if not isinstance(block, SectionStart))
            self.out.append(Quote(inside, source or self._attribution()))
        return True

    def _attribution(self) -> str:
        """Takes the line `— Name` under a quotation; a dash that begins a list of several is none."""
        line, following = self._line(self.at), self._line(self.at + 1)
        if line is None or not _is_attribution(line) or (following and _is_attribution(following)):
            return ""
        self.at += 1
        return _bare(line)

    def _rule(self) -> bool:
        if not is_rule(self.lines[self.at].text):
            return False
        self.out.append(Rule())
        self.at += 1
        return True

    def _list(self) -> bool:
        if not self._begins_list(self.at):
            return False
        block, self.at = ListBuilder(self.lines, self.at, self.name, self.depth, self._figure_at).read()
        if block.start is not None:
            self.last_number = block.start + len(block.items) - 1
        if block.items:
            self.out.append(block)
        return True

    def _begins_list(self, index: int) -> bool:
        text = self.lines[index].text
        if bullet(text):
            return True
        marker = numbered(text)
        return marker is not None and (index in self.numbers or marker.number == self.last_number + 1)

    def _figure(self) -> bool:
        found = self._figure_at(self.at)
        if found is None:
            return False
        figure, self.at = found
        self.out.append(figure)
        return True

    def _figure_at(self, index: int) -> tuple[Figure, int] | None:
        """The figure that begins on this line, and the index after it. One blank line may part its two lines."""
        line = self.lines[index]
        if line.blank or is_construct(line.text):
            return None
        below = index + 1
        if (following := self._line(below)) and following.blank:
            below += 1
        following = self._line(below)
        if following and not following.blank and below not in self.headings and not is_construct(following.text):
            figure = figure_of_pair(line.text, following.text, parted=below > index + 1)
            if figure:
                return figure, below + 1
        lone = figure_of_line(line.text)
        return (lone, index + 1) if lone else None

    def _paragraph(self) -> bool:
        first = self.at
        self.at += 1
        while (line := self._line(self.at)) and not line.blank and not self._interrupts(line):
            self.at += 1
        paragraphs = _paragraphs([line.text for line in self.lines[first : self.at]])
        source = self._attribution() if len(paragraphs) == 1 and _is_quoted(self.lines[first : self.at]) else ""
        self.out.extend([Quote(paragraphs, source)] if source else paragraphs)
        return True

    def _interrupts(self, line: Line) -> bool:
        return (
            self.at in self.headings
            or quote_depth(line.text) > 0
            or is_rule(line.text)
            or self._begins_list(self.at)
            or self._figure_at(self.at) is not None
        )


def _is_attribution(line: Line) -> bool:
    return line.text[:1] in DASHES and 2 <= len(line.text) <= MAX_SOURCE


def _bare(line: Line) -> str:
    return clean(line.text.lstrip(f"{DASHES} \u00a0"))


def _attribution_in(inner: list[Line]) -> str:
    """Takes the last line of a quotation when it names its source."""
    if len(inner) < 2 or not _is_attribution(inner[-1]) or _is_attribution(inner[-2]) or is_rule(inner[-1].text):
        return ""
    return _bare(inner.pop())


def _is_quoted(lines: Sequence[Line]) -> bool:
    """Whether a paragraph stands wholly in one pair of quotation marks."""
    text = " ".join(line.text for line in lines)
    return len(text) > 2 and text[0] + text[-1] in _MARKS and text.count(text[0]) <= 2


def _paragraphs(lines: Sequence[str]) -> tuple[Block, ...]:
    """Lines without blank lines between them: short ones are broken on purpose, long ones are paragraphs."""
    result: list[list[Inline]] = []
    previous = ""
    for line in lines:
        sentence = len(previous) > SENTENCE and previous[-1] in ".!?…。؟۔।"
        if previous and not sentence and max(len(previous), len(line)) <= LONG:
            result[-1] += [LineBreak(), *linked(line)]
        else:
            result.append(list(linked(line)))
        previous = line
    return tuple(Paragraph(tuple(inlines)) for inlines in result if inlines)
