"""`publisher check` without a digest: what is wrong with the instance, on a screen that is read at night."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap

from publisher.app import ground
from publisher.cli.context import options
from publisher.cli.output import count, say, show_json
from publisher.doctor.model import Check, Finding, Level, Result
from publisher.doctor.registry import CHECKS
from publisher.doctor.running import is_broken, run

_WIDTH = 110
_TITLES: Mapping[Level, str] = {
    Level.BROKEN: "Broken",
    Level.WARNING: "Should be mended",
    Level.UNCHECKED: "Not checked",
    Level.FINE: "Fine",
}
"""In the order in which they are shown: what has to be done comes first."""

_SIGNS: Mapping[Level, str] = {
    Level.BROKEN: "BROKEN",
    Level.WARNING: "warning",
    Level.UNCHECKED: "?",
    Level.FINE: "ok",
}


def check_instance(*, as_json: bool) -> bool:
    """Run every check and tell what was found; whether anything is broken."""
    with ground(options().config) as stood_on:
        results = run(CHECKS, stood_on)
    if as_json:
        show_json({"at": stood_on.now, **facts(results)})
    else:
        for line in screen(results):
            say(line)
    return is_broken(results)


def facts(results: Sequence[Result]) -> dict[str, object]:
    """What scripts are told: how many findings have which level, and every check with its findings."""
    return {
        "broken": is_broken(results),
        "counts": {level.value: sum(len(result.of(level)) for result in results) for level in Level},
        "checks": [
            {
                "name": result.check.name,
                "what": result.check.what,
                "level": worst(result).value,
                "findings": [
                    {"level": finding.level.value, "message": finding.message, "remedy": finding.remedy}
                    for finding in result.findings
                ],
            }
            for result in results
        ],
    }


def worst(result: Result) -> Level:
    """The level of a check: its findings' first in the order of the screen."""
    return next(level for level in _TITLES if result.of(level))


def screen(results: Sequence[Result]) -> Iterator[str]:
    """The findings, what is broken first, each with its remedy below; the sums at the end."""
    for level, title in _TITLES.items():
        found = [(result.check, finding) for result in results for finding in result.of(level)]
        if found:
            yield title
            for check, finding in found:
                yield from _told(check, finding)
            yield ""
    yield _summary(results)


def _told(check: Check, finding: Finding) -> Iterator[str]:
    first = f"  {_SIGNS[finding.level]:8} {check.name}: {finding.message}"
    yield from wrap(first, _WIDTH, subsequent_indent=" " * 13, break_long_words=False, break_on_hyphens=False)
    if finding.remedy:
        indent = " " * 11 + "→ "
        yield from wrap(
            finding.remedy,
            _WIDTH,
            initial_indent=indent,
            subsequent_indent=" " * 13,
            break_long_words=False,
            break_on_hyphens=False,
        )


def _summary(results: Sequence[Result]) -> str:
    numbers = {level: sum(len(result.of(level)) for result in results) for level in Level}
    parts = [
        f"{numbers[Level.BROKEN]} broken" if numbers[Level.BROKEN] else "Nothing is broken",
        count(numbers[Level.WARNING], "warning"),
        f"{numbers[Level.UNCHECKED]} not checked",
        f"{numbers[Level.FINE]} fine",
    ]
    return f"{'; '.join(parts)}."
