"""The parser's tokens become blocks of the model."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from markdown_it.rules_block.table import escapedSplit
from markdown_it.token import Token

from publisher.digests.characters import clean, clean_code
from publisher.digests.manuscripts import attributed, without_empty
from publisher.digests.markdowninlines import InlineConverter, captioned
from publisher.digests.model import (
    Alignment,
    Block,
    Code,
    Figure,
    Heading,
    Inline,
    Item,
    ListBlock,
    Note,
    Rule,
    Table,
)
from publisher.digests.walk import plain
from publisher.errors import DigestError

_ALIGNMENTS: dict[object, Alignment] = {
    "text-align:left": "left",
    "text-align:right": "right",
    "text-align:center": "center",
}


@dataclass(frozen=True, slots=True)
class HeadingMark:
    """A heading that stands in no list or quote. `figures` are the pictures that were in it."""

    level: int
    text: str
    inlines: tuple[Inline, ...]
    figures: tuple[Figure, ...]
    line: int


@dataclass(frozen=True, slots=True)
class _Definition:
    tokens: list[Token]
    line: int


class BlockConverter:
    """Goes through the tokens once. Footnotes are numbered as they are met, and handed out by `notes`."""

    def __init__(
        self, tokens: Sequence[Token], env: dict[str, Any], lines: Sequence[str], name: str, skipped: int
    ) -> None:
        self._lines = lines
        self._name = name
        self._skipped = skipped
        self._env = env
        self._definitions: dict[str, _Definition] = {}
        self._body = self._apart(tokens)
        self._numbers: dict[str | int, int] = {}
        self._quotes = 0
        self._waiting: deque[str | int] = deque()

    def blocks(self) -> Iterator[Block | HeadingMark]:
        """Every block, in order."""
        yield from captioned(self._convert(_Cursor(self._body), top=True))

    def notes(self) -> list[Note]:
        """The footnotes marked since the last call, with those that they mark themselves."""
        result = []
        while self._waiting:
            key = self._waiting.popleft()
            result.append(Note(self._numbers[key], self._note(key)))
        return result

    def check_notes(self) -> None:
        """Raise DigestError when a footnote is marked nowhere: its words would be lost."""
        for label, definition in self._definitions.items():
            if label not in self._numbers:
                raise DigestError(
                    f'nothing marks the footnote "{label}"',
                    remedy=f"Write [^{label}] where it belongs, or remove it",
                    file=self._name,
                    line=definition.line,
                )

    # --- footnotes ---------------------------------------------------------------------------------------------

    def _apart(self, tokens: Sequence[Token]) -> list[Token]:
        """The tokens without footnote definitions, which go to `_definitions`."""
        stack: list[list[Token]] = [[]]
        for token in tokens:
            if token.type == "footnote_reference_open":
                stack.append([])
                self._define(token, stack[-1])
            elif token.type == "footnote_reference_close":
                stack.pop()
            else:
                stack[-1].append(token)
        return stack[0]

    def _define(self, token: Token, tokens: list[Token]) -> None:
        label = token.meta["label"]
        line = self._line(token)
        if label in self._definitions:
            raise DigestError(
                f'the footnote "{label}" is there twice', remedy="Rename one of them", file=self._name, line=line
            )
        self._definitions[label] = _Definition(tokens, line)

    def number(self, token: Token) -> int:
        """The number of the footnote that this token marks."""
        key = token.meta.get("label") or token.meta["id"]
        if key not in self._numbers:
            self._numbers[key] = len(self._numbers) + 1
            self._waiting.append(key)
        return self._numbers[key]

    def _note(self, key: str | int) -> tuple[Block, ...]:
        if isinstance(key, str):
            return self._nested(_Cursor(self._definitions[key].tokens))
        children = self._env["footnotes"]["list"][key]["tokens"]
        return tuple(self._inlines().paragraphs(children))

    # --- blocks ------------------------------------------------------------------------------------------------

    def _inlines(self) -> InlineConverter:
        return InlineConverter(self.number, quoted=self._quotes > 0)

    def _line(self, token: Token) -> int:
        return self._skipped + (token.map[0] if token.map else 0) + 1

    def _nested(self, cursor: _Cursor) -> tuple[Block, ...]:
        blocks = [block for block in self._convert(cursor) if not isinstance(block, HeadingMark)]
        return without_empty(block for block in captioned(blocks) if not isinstance(block, HeadingMark))

    def _convert(self, cursor: _Cursor, *, top: bool = False) -> Iterator[Block | HeadingMark]:
        """Blocks up to the token that closes the container the cursor stands in."""
        while (token := cursor.next()) is not None and token.nesting >= 0:
            match token.type:
                case "paragraph_open":
                    yield from self._inlines().paragraphs(cursor.inline())
                case "heading_open":
                    yield from self._heading(token, cursor, top)
                case "bullet_list_open" | "ordered_list_open":
                    items = tuple(item for item in self._items(cursor) if item.blocks)
                    start = int(token.attrs.get("start", 1)) if token.type == "ordered_list_open" else None
                    if items:
                        yield ListBlock(items, start)
                case "blockquote_open":
                    self._quotes += 1
                    quote = attributed(self._nested(cursor))
                    self._quotes -= 1
                    if quote.blocks:
                        yield quote
                case "fence" | "code_block":
                    if code := clean_code(token.content):
                        yield Code(code)
                case "hr":
                    yield Rule()
                case "table_open":
                    yield from self._table(cursor)

    def _heading(self, token: Token, cursor: _Cursor, top: bool) -> Iterator[Block | HeadingMark]:
        converter = self._inlines()
        inlines = converter.inlines(cursor.inline())
        level = int(token.tag[1:])
        if top:
            text = clean(plain(inlines)).strip()
            yield HeadingMark(level, text, inlines, tuple(converter.figures), self._line(token))
            return
        if inlines:
            yield Heading(max(3, level), inlines)
        yield from converter.figures

    def _items(self, cursor: _Cursor) -> Iterator[Item]:
        while (token := cursor.next()) is not None and token.type == "list_item_open":
            yield Item(self._nested(cursor))

    def _table(self, cursor: _Cursor) -> Iterator[Block]:
        """A table, then the pictures that stood in its cells."""
        converter = self._inlines()
        alignments: list[Alignment] = []
        rows: list[list[tuple[Inline, ...]]] = []
        while (token := cursor.next()) is not None and token.type != "table_close":
            if token.type == "tr_open":
                self._check_row(token, len(alignments))
                rows.append([])
            elif token.type in {"th_open", "td_open"}:
                if len(rows) == 1:
                    alignments.append(_ALIGNMENTS.get(token.attrs.get("style"), "none"))
                rows[-1].append(converter.inlines(cursor.inline()))
        header, *body = [tuple(row) for row in rows]
        yield Table(tuple(alignments), header, tuple(body))
        yield from converter.figures

    def _check_row(self, token: Token, width: int) -> None:
        """Refuse a row with more cells than the table's head: the parser drops them."""
        if not width or not token.map:
            return
        cells = escapedSplit(self._lines[token.map[0]].lstrip("> \t").rstrip())
        if len(cells) - (cells[0] == "") - (len(cells) > 1 and cells[-1] == "") > width:
            raise DigestError(
                "this row has more cells than the head of its table",
                remedy="Give the head as many, or write \\| for a bar in a cell",
                file=self._name,
                line=self._line(token),
            )


class _Cursor:
    """A place in a list of tokens."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def next(self) -> Token | None:
        """The next token; None at the end."""
        if self._at >= len(self._tokens):
            return None
        self._at += 1
        return self._tokens[self._at - 1]

    def inline(self) -> Iterable[Token]:
        """The tokens inside the line that comes next; passes its closing token."""
        token = self.next()
        self.next()
        return token.children or () if token else ()
