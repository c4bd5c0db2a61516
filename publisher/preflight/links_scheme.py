"""Addresses that are no links, and links that lead nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from publisher.preflight.hosts import shown_hosts
from publisher.preflight.model import Candidate, Level, Problem, Rule
from publisher.preflight.pieces import Role
from publisher.preflight.reading import reading
from publisher.preflight.wording import quoted

_LINKABLE = frozenset({Role.TEXT, Role.NOTE, Role.CELL, Role.CAPTION, Role.HEADING})
"""Pieces in which an address could be a link."""

_MISTYPED = re.compile(
    r"(?:https?(?::/|//|:?\\{1,2}|:/{3,})|(?:htt|htp|hhtp|htttp|ttp|ttps|htps|htpps|httpss)://)[^\s/\\].*",
    re.IGNORECASE,
)
_WEB = re.compile(r"https?://", re.IGNORECASE)
_LONGEST = 2000
_AROUND = "\"'“”„‚‘’«»‹›()[]{}<>.,;:!?…*"


def _check(candidate: Candidate) -> Iterator[Problem]:
    read = reading(candidate)
    for link in read.links:
        if not link.href.startswith("#") and not _scheme(link.href):
            yield Problem(
                f"the link {quoted(link.text)} leads to {quoted(link.href)}, which has no https://",
                "Write the whole address",
                link.place,
            )
    for piece in read.pieces:
        if piece.role in _LINKABLE:
            for word in _addresses(piece.unlinked):
                yield Problem(
                    f"{quoted(word)} is an address that nobody can click",
                    "Write it with https:// in front, or make a word of the sentence a link",
                    piece.place,
                )


def _scheme(href: str) -> str:
    try:
        return urlsplit(href.strip()).scheme
    except ValueError:
        return ""


def _addresses(text: str) -> Iterator[str]:
    """Words that are meant as addresses: beginning with `www.`, a host with a path, a scheme with a slip in it."""
    if "/" not in text and "\\" not in text and "www." not in text.lower():
        return
    for word in text.split():
        word = word.strip(_AROUND)
        if len(word) > _LONGEST or _WEB.match(word):
            continue
        is_address = "/" in word or word.lower().startswith("www.")
        if _MISTYPED.fullmatch(word) or (is_address and any(shown_hosts(f"see {word}"))):
            yield word


RULE = Rule(
    "links-scheme",
    Level.WARN,
    "Links with the whole address, and no address in the words that is not a link (`www.…`, `example.org/page`, "
    "`https//…`).",
    _check,
)
