"""The rules as a set: their ids, levels and files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from publisher.errors import ConfigError
from publisher.preflight import registry
from publisher.preflight.model import Level, Rule
from publisher.preflight.registry import RULES, check_levels, levels


def test_ids_are_unique_and_can_stand_in_a_configuration() -> None:
    ids = [rule.id for rule in RULES]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", each) for each in ids)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_each_rule_has_a_file_of_its_name_and_says_what_it_is_for(rule: Rule) -> None:
    assert (Path(registry.__file__).parent / f"{rule.id.replace('-', '_')}.py").is_file()
    assert rule.about.endswith(".")
    assert "\n" not in rule.about


def test_no_rule_is_forgotten() -> None:
    folder = Path(registry.__file__).parent
    files = {path.stem for path in folder.glob("*.py") if re.search(r"^RULE = ", path.read_text(), re.M)}
    assert {rule.id.replace("-", "_") for rule in RULES} == files


def test_a_rule_has_its_own_level_unless_the_configuration_gives_another() -> None:
    own = levels({})
    assert {rule.id: rule.level for rule in RULES} == own
    changed = levels({"capitals": "off", "contrast": "block"})
    assert (changed["capitals"], changed["contrast"]) == (Level.OFF, Level.BLOCK)
    assert {name for name in own if own[name] is not changed[name]} == {"capitals", "contrast"}


def test_known_rules_are_accepted() -> None:
    check_levels({rule.id: "off" for rule in RULES}, file="config.toml")


def test_a_rule_that_does_not_exist_is_an_error_with_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        check_levels({"contrast": "off", "capital": "off"}, file="config.toml")
    assert str(caught.value).startswith("config.toml: preflight.rules.capital: ")
    assert caught.value.remedy == "Did you mean capitals?"


def test_a_rule_like_no_other_is_an_error_with_all() -> None:
    with pytest.raises(ConfigError) as caught:
        check_levels({"zzz": "off"}, file="config.toml")
    assert all(rule.id in caught.value.remedy for rule in RULES)
