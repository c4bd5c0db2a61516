"""Digests in Markdown: CommonMark with tables and footnotes, front matter above it.

Raw HTML stands as the text that it is. `# ` is the title, `## ` begins a section, deeper headings stand inside.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

from publisher.digests import frontmatter
from publisher.digests.characters import decode
from publisher.digests.dates import AmbiguousDateError, read_date_line
from publisher.digests.frontmatter import FrontMatter
from publisher.digests.links import allowed
from publisher.digests.manuscripts import MAX_NESTING, Part, is_rule_for, manuscript, too_deep
from publisher.digests.markdownblocks import BlockConverter, HeadingMark
from publisher.digests.model import Block, Heading, Manuscript, Paragraph
from publisher.digests.values import folded
from publisher.digests.walk import plain
from publisher.errors import DigestError

_CONTAINERS = frozenset({"blockquote", "bullet_list", "ordered_list", "footnote_reference"})
_BRACKETS = re.compile(r"\\.|\[|\]|\n[ \t]*(?=\n)")


class _Markdown(MarkdownIt):
    """CommonMark that leaves addresses alone: `links.allowed` and the inbox judge them."""

    def __init__(self) -> None:
        # maxNesting cuts text off without a word; `_check_depth` speaks up long before it is reached
        super().__init__("commonmark", {"html": False, "maxNesting": 6 * MAX_NESTING})
        self.enable("table")
        self.use(footnote_plugin, move_to_end=False)

    def validateLink(self, url: str) -> bool:  # noqa: N802
        """Whether this is an address. What may be done with it is decided later, so that no text is lost."""
        return True

    def normalizeLink(self, url: str) -> str:  # noqa: N802
        """The address as it was written."""
        return url


class _References(dict[str, Any]):
    """The link reference definitions of a text; remembers which of them links asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.used: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        """What the parser calls for every link by reference."""
        self.used.add(key)
        return super().get(key, default)


_PARSER = _Markdown()


def read(data: bytes, *, name: str) -> Manuscript:
    """The manuscript of a Markdown file called `name`.

    Raises:
        DigestError: it cannot be taken as a digest; has the line where that can be told.
    """
    front, text, skipped = frontmatter.split(decode(data, name=name), name=name)
    _check_brackets(text, name, skipped)
    references = _References()
    env: dict[str, Any] = {"references": references}
    tokens = _PARSER.parse(text, env)
    _check_depth(tokens, name, skipped)
    _check_references(references, env, name, skipped)
    converter = BlockConverter(tokens, env, text.split("\n"), name, skipped)
    return _manuscript(front, converter, name)


def _check_brackets(text: str, name: str, skipped: int) -> None:
    """Refuse towers of open brackets before the parser meets them: it looks into each from each."""
    depth = 0
    for match in _BRACKETS.finditer(text):
        if match[0] == "[":
            depth += 1
        elif match[0] == "]":
            depth = max(0, depth - 1)
        elif match[0][0] == "\n":
            depth = 0
        if depth > MAX_NESTING:
            raise too_deep(name, skipped + text.count("\n", 0, match.start()) + 1)


def _check_depth(tokens: Sequence[Token], name: str, skipped: int) -> None:
    depth, line = 0, 1
    for token in tokens:
        line = token.map[0] + 1 if token.map else line
        if token.type.rpartition("_")[0] in _CONTAINERS:
            depth += token.nesting
        inner = depth
        for child in token.children or ():
            inner += child.nesting
            if inner > depth + MAX_NESTING:
                raise too_deep(name, skipped + line)
        if depth > MAX_NESTING:
            raise too_deep(name, skipped + line)


def _check_references(references: _References, env: dict[str, Any], name: str, skipped: int) -> None:
    """Refuse a line like `[Update]: tomorrow`: CommonMark takes it for a link's address, and it would be lost."""
    unused = [entry for label, entry in references.items() if label not in references.used]
    for entry in [*unused, *env.get("duplicate_refs", ())]:
        if allowed(entry["href"]) is None:
            raise DigestError(
                "a line beginning with brackets and a colon is read as the address of a link, and no link uses it",
                remedy="Put a backslash before its first bracket",
                file=name,
                line=skipped + entry["map"][0] + 1,
            )


def _manuscript(front: FrontMatter, converter: BlockConverter, name: str) -> Manuscript:
    """Title, lead and sections out of the blocks and headings."""
    named = [rule.name for rule in front.sections]
    title, title_seen = "", False
    groups: list[tuple[HeadingMark | None, list[Block]]] = [(None, [])]
    for block in converter.blocks():
        if not isinstance(block, HeadingMark):
            groups[-1][1].append(block)
            continue
        is_title = block.level == 1 and not title_seen and len(groups) == 1
        title_seen = title_seen or is_title
        if is_title and block.text and folded(front.title or block.text) == folded(block.text):
            title = block.text
        elif not is_title and (is_rule_for(named, block.text) if named else block.level <= 2) and block.text:
            groups[-1][1].extend(converter.notes())
            groups.append((block, []))
        elif block.inlines:
            groups[-1][1].append(Heading(max(3, block.level), block.inlines))
        groups[-1][1].extend(block.figures)
    groups[-1][1].extend(converter.notes())
    converter.check_notes()
    lead, written = _dated(groups[0][1], front, name)
    parts = [Part(mark.text, tuple(blocks), mark.line) for mark, blocks in groups if mark]
    return manuscript(front, title=title, lead=lead, parts=parts, name=name, written=written)


def _dated(lead: Sequence[Block], front: FrontMatter, name: str) -> tuple[tuple[Block, ...], date | None]:
    """The lead without a first paragraph that is but a date, and that date."""
    first = plain(lead[0].inlines) if lead and isinstance(lead[0], Paragraph) else ""
    try:
        written = read_date_line(first)
    except AmbiguousDateError as error:
        raise DigestError(str(error), remedy="Write the date as 2024-11-21", file=name) from error
    if written is None or front.date not in {None, written}:
        return tuple(lead), None
    return tuple(lead[1:]), written
