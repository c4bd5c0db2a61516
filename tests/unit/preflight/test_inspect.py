"""Running the rules: each is heard, none can silence the others, and silence itself is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date

import pytest

from publisher.digests.model import Digest
from publisher.editions import RenderedEdition
from publisher.preflight.inspect import ITSELF, LONGEST, SHOWN, blocking, inspect, shown
from publisher.preflight.model import Candidate, Finding, Level, Problem, Rule

DAY = date(2024, 11, 21)
CANDIDATE = Candidate(
    digest=Digest("daily", "x", "The morning", DAY, "en", "ltr", (), ()),
    rendered=RenderedEdition("The morning", "", "", (), b"", ""),
    message=b"",
    today=DAY,
    light={},
    dark={},
)


def rule(name: str, level: Level, *messages: str) -> Rule:
    """A rule that finds the same in everything."""
    return of(
        name, level, lambda candidate: [Problem(each, "Mend it", candidate.digest.title) for each in messages]
    )


def of(name: str, level: Level, check: Callable[[Candidate], Iterable[Problem]]) -> Rule:
    return Rule(name, level, "a rule of a test", check)


def crashes(_candidate: Candidate) -> Iterator[Problem]:
    yield Problem("found before the crash", "Mend it")
    raise ZeroDivisionError("on\npurpose")


def texts(findings: Iterable[Finding]) -> list[tuple[str, Level, str]]:
    return [(finding.rule, finding.level, finding.message) for finding in findings]


def test_what_blocks_comes_first_then_the_order_of_the_rules() -> None:
    rules = [
        rule("one", Level.WARN, "1"),
        rule("two", Level.BLOCK, "2a", "2b"),
        rule("three", Level.WARN, "3"),
        rule("four", Level.BLOCK, "4"),
    ]
    found = inspect(CANDIDATE, rules, {})
    assert [finding.message for finding in found] == ["2a", "2b", "4", "1", "3"]
    assert {(finding.remedy, finding.place) for finding in found} == {("Mend it", "The morning")}


def test_the_configuration_outweighs_a_rules_own_level() -> None:
    rules = [rule("one", Level.WARN, "1"), rule("two", Level.BLOCK, "2"), rule("three", Level.BLOCK, "3")]
    found = inspect(CANDIDATE, rules, {"one": Level.BLOCK, "two": Level.WARN, "three": Level.OFF})
    assert texts(found) == [("one", Level.BLOCK, "1"), ("two", Level.WARN, "2")]


def test_what_could_not_be_found_out_blocks_nothing() -> None:
    unknown = of("one", Level.BLOCK, lambda _: [Problem("this machine is offline", "Look again", unknown=True)])
    assert texts(inspect(CANDIDATE, [unknown], {})) == [("one", Level.WARN, "this machine is offline")]


def test_a_rule_that_is_off_is_not_even_run() -> None:
    def never(_candidate: Candidate) -> Iterable[Problem]:
        raise AssertionError("it was run")

    rules = [of("one", Level.OFF, never), of("two", Level.WARN, never), rule("three", Level.WARN)]
    assert inspect(CANDIDATE, rules, {"two": Level.OFF}) == ()


@pytest.mark.parametrize("level", [Level.WARN, Level.BLOCK])
def test_a_rule_that_crashes_is_told_at_its_level_and_silences_nobody(level: Level) -> None:
    rules = [of("one", level, crashes), rule("two", Level.WARN, "2")]
    assert texts(inspect(CANDIDATE, rules, {})) == [
        ("one", level, "found before the crash"),
        (ITSELF, level, "the rule one crashed (ZeroDivisionError: on purpose)"),
        ("two", Level.WARN, "2"),
    ]


def test_a_rule_that_says_nonsense_has_crashed() -> None:
    rules = [of("one", Level.WARN, lambda _: ["no problem"])]  # type: ignore[list-item]
    (finding,) = inspect(CANDIDATE, rules, {})
    assert finding.rule == ITSELF
    assert "the rule one crashed" in finding.message


def test_no_rules_at_all_block() -> None:
    (finding,) = inspect(CANDIDATE, [], {})
    assert (finding.rule, finding.level) == (ITSELF, Level.BLOCK)


def test_rules_that_are_all_off_are_told() -> None:
    (finding,) = inspect(CANDIDATE, [rule("one", Level.BLOCK, "1")], {"one": Level.OFF})
    assert (finding.rule, finding.level) == (ITSELF, Level.WARN)


@pytest.mark.parametrize("number", [0, 1, SHOWN, SHOWN + 1, SHOWN + 35])
def test_of_many_problems_some_are_listed_and_all_are_counted(number: int) -> None:
    found = inspect(CANDIDATE, [rule("one", Level.BLOCK, *map(str, range(number)))], {})
    listed = [finding.message for finding in found]
    assert listed[:SHOWN] == list(map(str, range(min(number, SHOWN))))
    assert listed[SHOWN:] == ([f"and {number - SHOWN} more"] if number > SHOWN else [])
    assert {finding.level for finding in found} <= {Level.BLOCK}


def test_overruling_a_rule_takes_its_findings_out_of_what_blocks_and_no_other() -> None:
    rules = [rule("one", Level.BLOCK, "1a", "1b"), rule("two", Level.BLOCK, "2"), rule("three", Level.WARN, "3")]
    found = inspect(CANDIDATE, rules, {})
    assert [finding.message for finding in blocking(found)] == ["1a", "1b", "2"]
    assert [finding.message for finding in blocking(found, {"one", "three"})] == ["2"]
    assert blocking(found, {"one", "two"}) == ()


def test_what_a_finding_quotes_can_be_printed_anywhere() -> None:
    nasty = "a\x1b[2Jb\r\nc\u202ed\u2066e\x00\ud800"
    assert shown(nasty) == "a[U+001B][2Jb c[U+202E]d[U+2066]e[U+0000][U+D800]"
    found = inspect(CANDIDATE, [of("one", Level.WARN, lambda _: [Problem(nasty, nasty, nasty)])], {})
    assert {found[0].message, found[0].remedy, found[0].place} == {shown(nasty)}
    assert shown("a" * LONGEST) == "a" * LONGEST
    assert len(shown("a" * 1_000_000)) == LONGEST
