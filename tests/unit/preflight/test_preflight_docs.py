"""docs/preflight.md tells editors what the rules do, and whoever overrules them how."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from publisher.preflight import (
    contrast,
    image_weight,
    message_size,
    preheader,
    spam_phrases,
    story_repeated,
    subject_length,
)
from publisher.preflight.model import Level
from publisher.preflight.registry import RULES
from publisher.preflight.wording import kilobytes

DOCUMENT = (Path(__file__).parents[3] / "docs" / "preflight.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `([a-z-]+)` \| (\w+) \|", DOCUMENT, re.M))
LANGUAGES = {"en": "English", "de": "German", "fr": "French", "es": "Spanish"}


def row(name: str) -> str:
    return next(line for line in DOCUMENT.splitlines() if line.startswith(f"| `{name}` |"))


def test_every_rule_is_documented_with_its_level_in_their_order_and_none_that_is_gone() -> None:
    assert list(ROWS.items()) == [(rule.id, rule.level.value) for rule in RULES]


def test_every_level_is_explained() -> None:
    assert all(f"`{level.value}`" in DOCUMENT for level in Level)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("subject-length", f"{subject_length.LONGEST} columns"),
        ("preheader", f"{preheader.SHORTEST} columns"),
        ("preheader", f"{preheader.LONGEST}"),
        ("image-weight", kilobytes(image_weight.EACH)),
        ("image-weight", kilobytes(image_weight.TOGETHER)),
        ("message-size", kilobytes(message_size.NEAR)),
        ("message-size", kilobytes(message_size.CLIP)),
        ("contrast", f"{contrast.LEAST}:1"),
        ("story-repeated", f"{story_repeated.WORDS} words"),
        ("story-repeated", "three of them"),
    ],
)
def test_limits_are_documented(name: str, number: str) -> None:
    assert number in row(name)
    assert story_repeated.STANDING == 3


def test_languages_of_phrases_are_documented() -> None:
    assert set(spam_phrases.PHRASES) == set(LANGUAGES)
    assert all(language in row("spam-phrases") for language in LANGUAGES.values())


@pytest.mark.parametrize(
    "words", ["publisher check", "digest release", "--despite", "--reason", "[preflight]", "rules"]
)
def test_what_to_do_about_a_finding_is_documented(words: str) -> None:
    assert words in DOCUMENT
