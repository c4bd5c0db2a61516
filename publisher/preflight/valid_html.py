"""Tags that are left open, closed twice or crossed, attributes and ids that are there twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser

from publisher.editions import BlockKind
from publisher.preflight.model import Candidate, Level, Problem, Rule
from publisher.preflight.reading import reading

_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_OPTIONAL = frozenset(
    {
        "html",
        "head",
        "body",
        "p",
        "li",
        "dt",
        "dd",
        "tr",
        "td",
        "th",
        "thead",
        "tbody",
        "tfoot",
        "option",
        "rt",
        "rp",
    }
)
"""Elements whose end tag may be left out (HTML, 13.1.2.4)."""

_ENDED_BY = {
    "li": {"li"},
    "dt": {"dt", "dd"},
    "dd": {"dt", "dd"},
    "td": {"td", "th"},
    "th": {"td", "th"},
    "tr": {"tr", "td", "th"},
    "option": {"option"},
}
"""By a start tag: which elements right above it end there."""

_END_PARAGRAPHS = frozenset(
    {
        "address",
        "article",
        "aside",
        "blockquote",
        "details",
        "div",
        "dl",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
    }
    | {
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
    }
    | {"ul"}
)

_REMEDY = "Mend it in the templates of your own; ours are checked"


class _Tags(HTMLParser):
    """Follows the tags of one document or fragment."""

    def __init__(self, ids: set[str], *, whole: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.ids = ids
        self.whole = whole
        self.open: list[str] = []
        self.complaints: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._attributes(tag, attrs)
        if tag in _END_PARAGRAPHS and self.open and self.open[-1] == "p":
            self.open.pop()
        while self.open and self.open[-1] in _ENDED_BY.get(tag, ()):
            self.open.pop()
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._attributes(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID or tag not in self.open:
            self.complaints[f"</{tag}> closes nothing"] += 1
            return
        while (last := self.open.pop()) != tag:
            if last not in _OPTIONAL:
                self.complaints[f"<{last}> is not closed before </{tag}>"] += 1

    def close(self) -> None:
        """What is open at the end of a fragment stays open, whatever follows: there nothing is optional."""
        super().close()
        for tag in self.open:
            if not self.whole or tag not in _OPTIONAL:
                self.complaints[f"<{tag}> is never closed"] += 1

    def _attributes(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, count in Counter(name for name, _ in attrs).items():
            if count > 1:
                self.complaints[f"<{tag}> has the attribute {name} twice"] += 1
        for name, value in attrs:
            if name == "id":
                if value in self.ids:
                    self.complaints[f'the id "{value}" is there twice'] += 1
                self.ids.add(value or "")


def _check(candidate: Candidate) -> Iterator[Problem]:
    """Blocks that readers may leave out are looked at one by one: each must be complete in itself."""
    blocks = reading(candidate).blocks
    frame = "".join(block.html for block in blocks if block.block.kind in {BlockKind.OPENING, BlockKind.CLOSING})
    ids: set[str] = set()
    yield from _complaints(frame, ids, "mail: head and footer", whole=True)
    for block in blocks:
        if block.block.kind not in {BlockKind.OPENING, BlockKind.CLOSING}:
            yield from _complaints(block.html, ids, f"mail: {block.place}", whole=False)
    yield from _complaints(candidate.rendered.page.decode("utf-8", "replace"), set(), "page", whole=True)


def _complaints(html: str, ids: set[str], place: str, *, whole: bool) -> Iterator[Problem]:
    tags = _Tags(ids, whole=whole)
    tags.feed(html)
    tags.close()
    for complaint, count in tags.complaints.items():
        yield Problem(f"{complaint}{f', {count} times' if count > 1 else ''}", _REMEDY, place)


RULE = Rule(
    "valid-html",
    Level.WARN,
    "Mail and page with every tag closed where it was opened, each block of the mail in itself, and no id or "
    "attribute twice.",
    _check,
)
