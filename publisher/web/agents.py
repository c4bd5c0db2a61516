"""What feed readers say of themselves in User-Agent: which program it is, for how many readers it asks. Pure."""

from __future__ import annotations

import re

OTHER = "other"
"""Whoever does not say, or says what is no name."""
BROWSER = "browser"

_LONGEST = 40
_LARGEST_NUMBER = 10**8
_SUBSCRIBERS = re.compile(r"\b(\d{1,9})\s+(?:subscribers?|readers?|users?)\b", re.IGNORECASE)
_WITHIN = re.compile(r"\(compatible;\s*([A-Za-z][A-Za-z0-9._ -]*?)\s*[/;)]")
_FIRST = re.compile(r"[A-Za-z][A-Za-z0-9._-]*(?: (?!\d)[A-Za-z][A-Za-z0-9._-]*){0,2}(?=$|[/ (;,])")


def family_of(agent: str) -> str:
    """The name of the program, without version, system and whatever else stands there; never an address.

    Programs that pass for a browser name themselves behind "compatible".
    """
    agent = agent.strip()
    if agent.startswith("Mozilla/"):
        within = _WITHIN.search(agent)
        return within[1][:_LONGEST].strip() if within and not within[1].startswith("MSIE") else BROWSER
    found = _FIRST.match(agent)
    return found[0][:_LONGEST] if found and "@" not in agent[: found.end() + 1] else OTHER


def subscribers_of(agent: str) -> int:
    """How many readers a service says it asks for ("12 subscribers"); 0 when it does not say."""
    return min(max((int(number) for number in _SUBSCRIBERS.findall(agent)), default=0), _LARGEST_NUMBER)
