"""Where things stand in a JSON text: how deep it nests, and on which line a value is. Linear, no recursion."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[{}\[\],:]|[^\s{}\[\],:"]+|\n', re.DOTALL)

Path = tuple[str | int, ...]


@dataclass(slots=True)
class _Level:
    """An object or array that is open; `key` is where in it the next value stands."""

    array: bool
    key: str | int


def _pieces(text: str) -> Iterator[tuple[str, int]]:
    line = 1
    for match in _TOKEN.finditer(text):
        piece = match[0]
        if piece == "\n":
            line += 1
            continue
        yield piece, line
        line += piece.count("\n")


def line_deeper_than(text: str, depth: int) -> int | None:
    """The line on which brackets nest deeper than `depth`, or None when they do nowhere."""
    open_brackets = 0
    for piece, line in _pieces(text):
        if piece in "[{":
            open_brackets += 1
            if open_brackets > depth:
                return line
        elif piece in "]}":
            open_brackets -= 1
    return None


def line_of(text: str, path: Sequence[str | int]) -> int:
    """The line of the value at `path` in a valid JSON text, or of the nearest value around it that exists."""
    wanted = tuple(path)
    best = (0, 1)
    stack: list[_Level] = []
    pending = ""
    for piece, line in _pieces(text):
        if piece in "]}":
            stack.pop()
        elif piece == ",":
            if stack[-1].array:
                stack[-1].key = int(stack[-1].key) + 1
        elif piece == ":":
            stack[-1].key = _string(pending)
            best = max(best, _match(stack, wanted, line))
        else:
            if stack and stack[-1].array:
                best = max(best, _match(stack, wanted, line))
            pending = piece
            if piece in "[{":
                stack.append(_Level(piece == "[", 0 if piece == "[" else ""))
    return best[1]


def _match(stack: Sequence[_Level], wanted: Path, line: int) -> tuple[int, int]:
    """How much of the wanted path this place fulfils; a place that leads elsewhere fulfils nothing."""
    if len(stack) > len(wanted) or any(
        level.key != part or type(level.key) is not type(part) for level, part in zip(stack, wanted, strict=False)
    ):
        return 0, 1
    return len(stack), line


def _string(piece: str) -> str:
    return str(json.loads(piece, strict=False))


def spelled(path: Sequence[str | int]) -> str:
    """A path as people write it: `sections[0].blocks[2].content`."""
    result = ""
    for part in path:
        result += f"[{part}]" if isinstance(part, int) else f".{part}" if result else part
    return result
