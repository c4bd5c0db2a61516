"""Signs that turn a subject or a link's text around, so that it reads as something else than it is."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.preflight.hosts import shown_hosts
from publisher.preflight.model import Candidate, Level, Problem, Rule
from publisher.preflight.reading import reading
from publisher.preflight.signs import controls, turning
from publisher.preflight.wording import listed, quoted

REMEDY = "Delete the sign, or type the text anew: it cannot be seen and came with a copy from elsewhere"


def _check(candidate: Candidate) -> Iterator[Problem]:
    found = turning(candidate.rendered.subject)
    if found:
        yield Problem(f"the subject holds signs that turn text around: {listed(found)}", REMEDY, "subject")
    for link in reading(candidate).links:
        found = turning(link.text) or (controls(link.text) if any(shown_hosts(link.text)) else [])
        if found and not link.href.startswith("#"):
            yield Problem(
                f"the text of the link {quoted(link.text)} holds signs that turn text around: {listed(found)}",
                REMEDY,
                link.place,
            )


RULE = Rule(
    "bidi",
    Level.BLOCK,
    "Subject and link texts that nothing turns around: a direction override (U+202D, U+202E), or an embedding or "
    "isolate (U+202A, U+202B, U+2066 to U+2069) that is left open or stands in an address, makes a reader see "
    "something else than is there.",
    _check,
)
