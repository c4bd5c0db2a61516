"""Lists of a plain-text digest: bullets and numbers, nested by indentation or by a change of sign."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from publisher.digests.links import linked
from publisher.digests.manuscripts import MAX_NESTING, too_deep
from publisher.digests.model import Block, Inline, Item, LineBreak, ListBlock, Paragraph
from publisher.digests.textlines import Line, Marker, bullet, is_construct, numbered

_WRAPPED = 50
"""Characters from which a line of an item was wrapped rather than ended on purpose."""


def begins_numbers(lines: Sequence[Line]) -> set[int]:
    """The indexes at which a numbered list may begin: at 0 or 1, or where the next number goes on counting.

    "21. November" and "2. Bundesliga" begin a paragraph as often as a list.
    """
    result: set[int] = set()
    following: dict[int, int] = {}
    for index in range(len(lines) - 1, -1, -1):
        marker = numbered(lines[index].text)
        if marker is None or marker.number is None:
            continue
        indent = lines[index].indent
        if marker.number <= 1 or following.get(indent) == marker.number + 1:
            result.add(index)
        following[indent] = marker.number
    return result


@dataclass(slots=True)
class _Frame:
    """An open list. `family` is None for numbers; `last` is the number given last."""

    indent: int
    family: int | None
    start: int | None
    last: int
    items: list[list[Block]] = field(default_factory=list)

    def goes_on(self, marker: Marker) -> bool:
        """Whether the marker is this list's next. All items numbered alike is what lazy writers do."""
        if self.family != marker.family:
            return False
        return marker.number is None or marker.number == self.last + 1 or marker.number == self.last == self.start


@dataclass(slots=True)
class ListBuilder:
    """Reads one list that begins at a line. `figure_at` tells whether a picture begins, which ends the list."""

    lines: Sequence[Line]
    at: int
    name: str
    depth: int
    figure_at: Callable[[int], object | None]
    frames: list[_Frame] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    """The lines of the paragraph being read."""

    def read(self) -> tuple[ListBlock, int]:
        """The list, and the index after its last line.

        Raises:
            DigestError: it nests too deep.
        """
        parted = False
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.blank:
                parted = True
            elif not self._take(line, parted):
                break
            else:
                parted = False
            self.at += 1
        while len(self.frames) > 1:
            self._close()
        self._end_paragraph()
        return _block(self.frames[0]), self.at

    def _take(self, line: Line, parted: bool) -> bool:
        marker = bullet(line.text) or numbered(line.text)
        if marker:
            return self._mark(line, marker, parted)
        if not self.frames or is_construct(line.text):
            return False
        return self._continue(line, parted)

    def _continue(self, line: Line, parted: bool) -> bool:
        """A line without a sign belongs to the item it is indented under, or to a sign that stood alone."""
        top = self.frames[-1]
        if not parted and not self.waiting and not top.items[-1]:
            self.waiting.append(line.text)
            return True
        if line.indent <= self.frames[0].indent or self.figure_at(self.at):
            return False
        while line.indent <= self.frames[-1].indent:
            self._close()
            parted = True
        if parted:
            self._end_paragraph()
        self.waiting.append(line.text)
        return True

    def _mark(self, line: Line, marker: Marker, parted: bool) -> bool:
        if not self.frames:
            return self._open(line, marker)
        while len(self.frames) > 1 and self.frames[-1].indent > line.indent + 1:
            self._close()
        top = self.frames[-1]
        if line.indent > top.indent + 1:
            return self._open(line, marker)
        if not top.goes_on(marker):
            home = next((i for i, frame in enumerate(self.frames) if self._is_home(frame, line, marker)), None)
            if home is not None:
                while len(self.frames) > home + 1:
                    self._close()
            elif top.family != marker.family and not parted:
                # signs that change without a blank line: an office program flattened a nested list
                return self._open(line, marker)
            elif len(self.frames) == 1 or line.indent <= self.frames[0].indent + 1:
                return False
            else:
                self._close()
                return self._open(line, marker)
        self._next_item(self.frames[-1], marker)
        return True

    @staticmethod
    def _is_home(frame: _Frame, line: Line, marker: Marker) -> bool:
        return abs(frame.indent - line.indent) <= 1 and frame.goes_on(marker)

    def _open(self, line: Line, marker: Marker) -> bool:
        if self.depth + len(self.frames) + 1 > MAX_NESTING:
            raise too_deep(self.name, line.number)
        self._end_paragraph()
        number = marker.number
        self.frames.append(_Frame(line.indent, marker.family, number, (number or 0) - 1))
        self._next_item(self.frames[-1], marker)
        return True

    def _next_item(self, frame: _Frame, marker: Marker) -> None:
        self._end_paragraph()
        frame.items.append([])
        frame.last = frame.last if marker.number is None else marker.number
        if marker.text:
            self.waiting.append(marker.text)

    def _close(self) -> None:
        self._end_paragraph()
        block = _block(self.frames.pop())
        if block.items:
            self.frames[-1].items[-1].append(block)

    def _end_paragraph(self) -> None:
        if not self.waiting:
            return
        self.frames[-1].items[-1].append(Paragraph(_inlines(self.waiting)))
        self.waiting.clear()


def _inlines(lines: Sequence[str]) -> tuple[Inline, ...]:
    """The lines of an item as running text; after a short line the break was meant."""
    result: list[Inline] = []
    running: list[str] = []
    for line in lines:
        if running and len(running[-1]) < _WRAPPED:
            result += [*linked(" ".join(running)), LineBreak()]
            running = []
        running.append(line)
    return (*result, *linked(" ".join(running)))


def _block(frame: _Frame) -> ListBlock:
    items = tuple(Item(tuple(blocks)) for blocks in frame.items if blocks)
    return ListBlock(items, frame.start)
