"""Each provider as people are told of it: what goes by it, and what it can. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from publisher.capabilities import Capabilities, Form
from publisher.config import Limits
from publisher.mailings.routing import Route


@dataclass(frozen=True, slots=True)
class Description:
    """A provider.

    Args:
        name: in the configuration.
        kind: which it is.
        place: where it hands over to.
        route: what goes by it first.
        gets: the same in words.
        limits: of its own.
        capabilities: what it can.
        webhook: the address that it calls; empty: it calls none. A secret, unless its last part is hidden.
    """

    name: str
    kind: str
    place: str
    route: Route
    gets: str
    limits: Limits
    capabilities: Capabilities
    webhook: str = ""


def gets(routes: Sequence[Route]) -> Mapping[str, str]:
    """What goes by each provider first, in words, by its name."""
    shares = sum(route.share for route in routes)
    rest = next((route for route in routes if not route.domains), routes[0]).provider if not shares else ""
    return {
        route.provider: " and ".join(_parts(route, shares, is_rest=route.provider == rest, alone=len(routes) == 1))
        or "spare"
        for route in routes
    }


def _parts(route: Route, shares: int, *, is_rest: bool, alone: bool) -> Iterator[str]:
    if alone:
        yield "everything"
        return
    if route.domains:
        yield f"mail to {', '.join(sorted(route.domains))}"
    if route.share:
        yield "the rest" if route.share == shares else f"{route.share} of {shares} of the rest"
    elif is_rest:
        yield "the rest"


def limits_in_words(limits: Limits) -> str:
    """`5 a second, 1000 an hour`, or nothing."""
    said = (
        (limits.per_second, "a second"),
        (limits.per_hour, "an hour"),
        (limits.per_day, "a day"),
    )
    return ", ".join(
        f"{number:g} {span}" if number < 1 else f"{number:.10g} {span}" for number, span in said if number
    )


def abilities(can: Capabilities) -> Sequence[str]:
    """What is worth knowing of it, in few words each."""
    return [
        f"{can.recipients} a call" if can.recipients > 1 else "one by one",
        "as we make it" if can.form is Form.MIME else "puts it together",
        *(words for is_so, words in _abilities(can) if is_so),
    ]


def _abilities(can: Capabilities) -> Iterator[tuple[bool, str]]:
    yield can.signs, "signs by itself"
    yield not can.return_path, "takes bounces"
    yield can.lookup, "can be asked"
    yield bool(can.repeats_for), f"repeats {_within(can.repeats_for)}"


def _within(span: timedelta) -> str:
    if span == timedelta.max:
        return "at any time"
    return f"within {_span(span)}"


def _span(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    return f"{hours:.0f} h" if hours >= 1 else f"{span.total_seconds() / 60:.0f} min"
