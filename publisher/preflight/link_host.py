"""Links that show one host and open another."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.preflight.hosts import opened_host, readable_host, same_owner, shown_hosts
from publisher.preflight.model import Candidate, Level, Problem, Rule
from publisher.preflight.reading import reading
from publisher.preflight.wording import quoted


def _check(candidate: Candidate) -> Iterator[Problem]:
    for link in reading(candidate).links:
        opened = opened_host(link.href)
        other = next((host for host in shown_hosts(link.text, link.href) if not same_owner(host, opened)), None)
        if opened and other:
            yield Problem(
                f"the link {quoted(link.text)} shows {readable_host(other)} and opens {_both(opened)}",
                "Let the link open what it shows, or show words instead of an address",
                link.place,
            )


def _both(host: str) -> str:
    """A host as people read it, with the DNS's spelling where that differs: letters may look alike."""
    readable = readable_host(host)
    return host if readable == host else f"{readable} ({host})"


RULE = Rule(
    "link-host",
    Level.BLOCK,
    "A link whose text is an address opens that host, or one of the same owner. Anything else looks like "
    "phishing, to readers and to mail filters; a click counter does too.",
    _check,
)
