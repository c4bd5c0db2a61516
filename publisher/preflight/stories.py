"""The stories of a digest, comparable with those of others."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import parse_qsl, urlsplit

from publisher.digests.model import Digest
from publisher.preflight.folding import is_wide, words
from publisher.preflight.pieces import Role, pieces

Shingle = tuple[str, ...]
"""Words in a row, for comparing with others."""

SHINGLE = 4
"""How many."""

_MOST_STORIES = 500
_MOST_LETTERS = 2000
"""Of a digest, and of a story: what is longer is known by its beginning."""

_TEXT = frozenset({Role.TEXT, Role.SOURCE})
"""Captions, tables, headings and footnotes may well be the same every day."""


@dataclass(frozen=True)
class Story:
    """A paragraph, item or quote: its folded words, and where its links lead."""

    place: str
    said: tuple[str, ...] = field(repr=False)
    links: frozenset[str] = field(repr=False)
    opening: str = field(repr=False)

    @cached_property
    def shingles(self) -> frozenset[Shingle]:
        """Every few words in a row."""
        return frozenset(zip(*(self.said[start:] for start in range(SHINGLE)), strict=False))

    @property
    def weight(self) -> float:
        """How many words it has; a Chinese, Japanese or Korean letter is half of one."""
        return len(self.said) - sum(map(is_wide, self.said)) / 2

    def shared_with(self, other: Story) -> float:
        """The share of its words that the other one has, too."""
        return (Counter(self.said) & Counter(other.said)).total() / len(self.said)


def stories(digest: Digest) -> tuple[Story, ...]:
    """The stories of a digest in order; one that is there twice only once."""
    texts: dict[str, list[str]] = {}
    links: dict[str, set[str]] = {}
    for piece in pieces(digest):
        if piece.role not in _TEXT:
            continue
        if piece.place not in texts and len(texts) == _MOST_STORIES:
            break
        texts.setdefault(piece.place, []).append(piece.text[:_MOST_LETTERS])
        links.setdefault(piece.place, set()).update(filter(None, (_page(link.href) for link in piece.links)))
    found = (_story(place, " ".join(said)[:_MOST_LETTERS], links[place]) for place, said in texts.items())
    return tuple({story.said: story for story in found if story.said}.values())


def _story(place: str, text: str, links: set[str]) -> Story:
    return Story(place, tuple(words(text)), frozenset(links), text)


def _page(href: str) -> str:
    """The page that an address leads to, without what counts clicks; empty for a front page."""
    try:
        parts = urlsplit(href)
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return ""
    path = parts.path.rstrip("/")
    if parts.scheme not in {"http", "https"} or not path:
        return ""
    asked = sorted((key, value) for key, value in parse_qsl(parts.query) if not key.startswith("utm_"))
    return f"{host}{path}?{asked}" if asked else f"{host}{path}"


@dataclass(frozen=True)
class Past:
    """An earlier digest."""

    key: str
    title: str
    stories: tuple[Story, ...] = field(repr=False)

    @cached_property
    def shingles(self) -> frozenset[Shingle]:
        """The shingles of all of its stories."""
        return all_shingles(self.stories)


def all_shingles(found: tuple[Story, ...]) -> frozenset[Shingle]:
    """The shingles of several stories."""
    return frozenset(shingle for story in found for shingle in story.shingles)
