"""Running the rules over what would go out: every rule that is not off, and whatever it has to say in one list."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from publisher.errors import one_line, visible
from publisher.preflight.model import Candidate, Finding, Level, Problem, Rule

ITSELF = "preflight"
"""The rule that findings about the inspection itself are of; no configuration can switch it off."""

SHOWN = 20
"""Findings of one rule that are listed; of more, only how many."""

LONGEST = 300
"""Characters of a finding's text that are kept."""

_OURS_TO_MEND = "This is a fault of the publisher, not of the digest: report it"


def inspect(candidate: Candidate, rules: Sequence[Rule], levels: Mapping[str, Level]) -> tuple[Finding, ...]:
    """Everything that is wrong with a candidate, what blocks first, then in the order of the rules.

    A rule that crashes is itself a finding, at the level of that rule: what it guards against is not known to be
    absent, so a rule that would block does. That nothing looks is a finding, too.

    Args:
        candidate: what would go out.
        rules: the rules there are.
        levels: a level for each rule that is not to have its own.
    """
    weighed = [(rule, levels.get(rule.id, rule.level)) for rule in rules]
    awake = [(rule, level) for rule, level in weighed if level is not Level.OFF]
    found = [finding for rule, level in awake for finding in _run(rule, level, candidate)]
    if not awake:
        found.append(_nobody_looks(rules))
    return blocking_first(found)


def blocking_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The same findings, what blocks before what warns, otherwise as they were."""
    return tuple(sorted(findings, key=lambda finding: finding.level is not Level.BLOCK))


def blocking(findings: Iterable[Finding], despite: Collection[str] = ()) -> tuple[Finding, ...]:
    """The findings that keep a digest here, but for those of rules that are overruled."""
    return tuple(each for each in findings if each.level is Level.BLOCK and each.rule not in despite)


def crashed(what: str, level: Level, error: Exception) -> Finding:
    """The finding that `what` (a rule, or what gathers facts for one) ended in an error of its own."""
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Finding(ITSELF, level, shown(f"{what} crashed ({said})"), _OURS_TO_MEND)


def shown(text: str) -> str:
    """`text` as one line that can be printed and stored anywhere, no longer than LONGEST."""
    line = visible(one_line(text)[: LONGEST + 1])
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _run(rule: Rule, level: Level, candidate: Candidate) -> Iterator[Finding]:
    number = 0
    try:
        for number, problem in enumerate(rule.check(candidate), 1):
            if number <= SHOWN:
                yield _finding(rule, level, problem)
    except Exception as error:  # noqa: BLE001 - whatever a rule does, the others are heard, and it is said
        yield crashed(f"the rule {rule.id}", level, error)
    if number > SHOWN:
        yield Finding(rule.id, level, f"and {number - SHOWN} more", "Mend those above, then look again")


def _finding(rule: Rule, level: Level, problem: Problem) -> Finding:
    weight = Level.WARN if problem.unknown else level
    return Finding(rule.id, weight, shown(problem.message), shown(problem.remedy), shown(problem.place))


def _nobody_looks(rules: Sequence[Rule]) -> Finding:
    if rules:  # somebody wrote this into the configuration, and shall read it, but it is their word
        return Finding(
            ITSELF, Level.WARN, "every rule is switched off: nothing was looked at", "See [preflight] rules"
        )
    return Finding(
        ITSELF,
        Level.BLOCK,
        "there are no rules: nothing was looked at",
        "This installation is not whole: install the publisher again",
    )
