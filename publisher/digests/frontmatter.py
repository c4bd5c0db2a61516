"""The `---` block at the head of a text or Markdown digest: a flat YAML mapping of a few known keys.

Read from YAML's events, so that every value is the text the editor typed (no dates, numbers or booleans are
guessed) and what could blow up is refused at its first line: anchors and aliases, tags, deep nesting.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NoReturn

import yaml

from publisher.digests import values
from publisher.digests.model import Figure
from publisher.errors import DigestError

MAX_CHARACTERS = 64 * 1024
MAX_DEPTH = 3

_FENCE = re.compile(r"---[ \t]*")
_END = re.compile(r"(?:---|\.\.\.)[ \t]*")


@dataclass(frozen=True, slots=True)
class SectionRule:
    """A section that `sections` names, and its slug when it was given one."""

    name: str
    slug: str
    line: int


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What the front matter says; empty or None where it is silent."""

    title: str = ""
    date: date | None = None
    newsletter: str | None = None
    slug: str | None = None
    draft: bool = False
    publish_at: datetime | None = None
    language: str | None = None
    sections: tuple[SectionRule, ...] = ()
    image: Figure | None = None
    author: str = ""


@dataclass(frozen=True, slots=True)
class _Scalar:
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class _List:
    line: int
    items: list[_Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Map:
    line: int
    entries: dict[str, _Node] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


_Node = _Scalar | _List | _Map


def split(text: str, *, name: str) -> tuple[FrontMatter, str, int]:
    """Front matter, the text under it, and how many lines stand above that text.

    A file without front matter gives an empty one and its whole text.

    Raises:
        DigestError: it is not closed, is no YAML mapping, or holds a key or value that is not known.
    """
    if not _FENCE.fullmatch(text.split("\n", 1)[0]):
        return FrontMatter(), text, 0
    lines = text.split("\n")
    end = next((number for number, line in enumerate(lines[1:], 1) if _END.fullmatch(line)), None)
    if end is None:
        raise DigestError(
            "the front matter is not closed", remedy="End it with a line of three hyphens (---)", file=name, line=1
        )
    source = "\n".join(lines[1:end]) + "\n"
    if len(source) > MAX_CHARACTERS:
        raise DigestError("the front matter is too long", remedy="Keep only its keys in it", file=name, line=1)
    return _parse(source, name), "\n".join(lines[end + 1 :]), end + 1


def _parse(source: str, name: str) -> FrontMatter:
    root = _tree(source, name)
    if root is None:
        return FrontMatter()
    if not isinstance(root, _Map):
        raise DigestError(
            "the front matter is no list of keys",
            remedy="Write lines such as `title: …`",
            file=name,
            line=root.line,
        )
    found: dict[str, object] = {}
    for key, node in root.entries.items():
        line = root.lines[key]
        if key not in _KEYS:
            known = ", ".join(_KEYS)
            raise DigestError(
                f'"{key}" is no key of front matter', remedy=f"Known keys: {known}", file=name, line=line
            )
        if isinstance(node, _Scalar) and not node.text:
            continue
        field_name, read = _KEYS[key]
        try:
            found[field_name] = read(node)
        except ValueError as error:
            raise DigestError(f"{key}: {error}", file=name, line=node.line) from error
    return FrontMatter(**found)  # type: ignore[arg-type]  # each reader gives its field's type


def _tree(source: str, name: str) -> _Node | None:
    """The nodes of the YAML text, built without recursion."""
    stack: list[_List | _Map] = []
    root: _Node | None = None
    key: _Scalar | None = None
    for event in _events(source, name):
        line = event.start_mark.line + 2 if event.start_mark else 1
        if isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            stack.pop()
            key = None
            continue
        node = _node(event, line)
        if node is None:
            continue
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) or getattr(event, "tag", None):
            _refuse("anchors, aliases and tags are not read", "Write the value out", name, line)
        parent = stack[-1] if stack else None
        if isinstance(parent, _Map) and key is None:
            if not isinstance(node, _Scalar):
                _refuse("a key must be a word", "Write lines such as `title: …`", name, line)
            if node.text in parent.entries:
                _refuse(f'the key "{node.text}" is there twice', "Remove one of them", name, line)
            key = node
            continue
        if isinstance(parent, _Map) and key is not None:
            parent.entries[key.text], parent.lines[key.text] = node, key.line
        elif isinstance(parent, _List):
            parent.items.append(node)
        elif root is None:
            root = node
        key = None
        if not isinstance(node, _Scalar):
            if len(stack) == MAX_DEPTH:
                _refuse(
                    "the front matter nests too deep", "Its keys take plain values and short lists", name, line
                )
            stack.append(node)
    return root


def _node(event: yaml.Event, line: int) -> _Node | None:
    if isinstance(event, yaml.ScalarEvent):
        silent = event.style is None and event.value in {"~", "null", "Null", "NULL"}
        return _Scalar(line, "" if silent else event.value)
    if isinstance(event, yaml.SequenceStartEvent):
        return _List(line)
    if isinstance(event, yaml.MappingStartEvent):
        return _Map(line)
    return _Scalar(line, "") if isinstance(event, yaml.AliasEvent) else None


def _events(source: str, name: str) -> Iterator[yaml.Event]:
    try:
        yield from yaml.parse(source, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise DigestError(
            f"the front matter is broken: {error.problem}",
            remedy="Put values with a colon in quotes; indent with spaces",
            file=name,
            line=mark.line + 2 if mark else 1,
        ) from error
    except yaml.reader.ReaderError as error:
        line = source.count("\n", 0, error.position) + 2
        raise DigestError("the front matter holds a control character", file=name, line=line) from error


def _refuse(message: str, remedy: str, name: str, line: int) -> NoReturn:
    raise DigestError(f"in the front matter, {message}", remedy=remedy, file=name, line=line)


# --- the keys --------------------------------------------------------------------------------------------------


def _text(node: _Node) -> str:
    if not isinstance(node, _Scalar):
        raise ValueError("takes one value, not a list")
    return node.text


def _scalar(read: Callable[[str], object]) -> Callable[[_Node], object]:
    return lambda node: read(_text(node))


def _author(node: _Node) -> str:
    """One name, or a list of names."""
    if isinstance(node, _List):
        return values.line(", ".join(_text(item) for item in node.items))
    return values.line(_text(node))


def _sections(node: _Node) -> tuple[SectionRule, ...]:
    """A list of names, or a mapping of slugs to names."""
    if isinstance(node, _List):
        rules = [SectionRule(values.line(_text(item)), "", item.line) for item in node.items]
    elif isinstance(node, _Map):
        rules = [
            SectionRule(values.line(_text(item)), values.slug(key), item.line)
            for key, item in node.entries.items()
        ]
    else:
        raise ValueError("takes a list of the sections' names, or slugs and names: `fighting: Fighting`")
    names = [values.folded(rule.name) for rule in rules]
    twice = next((rule.name for rule in rules if names.count(values.folded(rule.name)) > 1), None)
    if twice is not None:
        raise ValueError(f'"{twice}" is there twice')
    return tuple(rules)


def _image(node: _Node) -> Figure:
    """An address or file name, or a mapping of src, alt, caption and credit."""
    if isinstance(node, _Scalar):
        return values.image({"src": node.text})
    if isinstance(node, _List):
        raise ValueError("takes one picture")
    return values.image({key: _text(item) for key, item in node.entries.items()})


_KEYS: Mapping[str, tuple[str, Callable[[_Node], object]]] = {
    "title": ("title", _scalar(values.line)),
    "date": ("date", _scalar(values.day)),
    "newsletter": ("newsletter", _scalar(values.newsletter)),
    "slug": ("slug", _scalar(values.slug)),
    "status": ("draft", _scalar(values.draft)),
    "publish_at": ("publish_at", _scalar(values.moment)),
    "language": ("language", _scalar(values.language)),
    "sections": ("sections", _sections),
    "image": ("image", _image),
    "author": ("author", _author),
}

KEYS = tuple(_KEYS)
"""Every key that front matter may hold."""
