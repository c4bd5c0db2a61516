"""Hosts that are written to be taken for others."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache

from publisher.preflight.hosts import opened_host, readable_host
from publisher.preflight.model import Candidate, Level, Problem, Rule
from publisher.preflight.reading import reading
from publisher.preflight.suffixes import owner
from publisher.preflight.wording import listed, quoted

_ALPHABETS = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "COPTIC", "CHEROKEE"})
"""Alphabets with letters that look alike. No name mixes them; Latin with Japanese, say, is common."""

_TWINS_TABLE = "а=a е=e о=o р=p с=c у=y х=x і=i ј=j ѕ=s һ=h ԁ=d ԛ=q ԝ=w ӏ=l ο=o ν=v α=a ι=i"
_COUSINS_TABLE = "в=b к=k м=m н=h т=t г=r ρ=p κ=k τ=t υ=u ω=w η=n ɡ=g ƅ=b 0=o 1=l i=l ı=l ɩ=l |=l і=l ι=l"

_TWINS: Mapping[str, str] = dict(pair.split("=") for pair in _TWINS_TABLE.split())
"""Letters of other alphabets that no reader can tell from Latin ones."""

_COUSINS = str.maketrans({**_TWINS, **dict(pair.split("=") for pair in _COUSINS_TABLE.split())})
"""Letters that pass at a glance, for comparing a host with one that is known."""

_REMEDY = "Open the address and look where it leads; then type the link anew"


def _check(candidate: Candidate) -> Iterator[Problem]:
    ours = {_outline(owner(host)): owner(host) for host in candidate.hosts}
    for link in reading(candidate).links:
        host = readable_host(opened_host(link.href))
        message = _mixes(host) or _disguised(host) or _imitates(host, ours)
        if message:
            yield Problem(f"the link {quoted(link.text)} opens {host}, {message}", _REMEDY, link.place)


def _mixes(host: str) -> str:
    """What a host with letters of two alphabets in one label is called."""
    for label in host.split("."):
        found = {_alphabet(letter) for letter in label} & _ALPHABETS
        if len(found) > 1:
            names = [name.capitalize() for name in sorted(found)]
            return f"which mixes {listed(names)} letters in one word"
    return ""


def _disguised(host: str) -> str:
    """What a name all of whose letters have Latin twins is called, under an ending that is Latin."""
    labels = host.split(".")
    if not labels[-1].isascii() or labels[-1].startswith("xn--"):
        return ""
    for label in labels[:-1]:
        letters = [letter for letter in label if letter.isalpha()]
        if letters and all(letter in _TWINS for letter in letters):
            return f"which looks like “{''.join(_TWINS.get(letter, letter) for letter in label)}” and is not"
    return ""


def _imitates(host: str, ours: Mapping[str, str]) -> str:
    """What a name is called that looks like one of ours."""
    known = ours.get(_outline(owner(host)))
    return f"which looks like our own {known}" if known and known != owner(host) else ""


def _outline(host: str) -> str:
    """A host as it looks at a glance."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", host) if not unicodedata.combining(c))
    return plain.translate(_COUSINS).replace("rn", "m").replace("vv", "w")


@lru_cache(maxsize=1024)
def _alphabet(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0] if letter.isalpha() else ""


RULE = Rule(
    "lookalike-hosts",
    Level.WARN,
    "Links to hosts that are what they look like: no word of two alphabets, no Latin name spelled in Cyrillic or "
    "Greek letters, nothing that could be taken for a host of ours.",
    _check,
)
