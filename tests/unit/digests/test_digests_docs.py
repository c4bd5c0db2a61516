"""docs/digests.md tells editors what the readers do."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from publisher.digests import json as json_reader
from publisher.digests import text
from publisher.digests.frontmatter import KEYS
from publisher.digests.jsonmodels import DigestModel
from publisher.digests.manuscripts import MAX_NESTING
from publisher.digests.readers import READERS
from publisher.digests.slugs import RESERVED
from publisher.digests.values import MAX_TITLE, STATUSES
from tests.unit.digests.outline import outline

DOCUMENT = (Path(__file__).parents[3] / "docs" / "digests.md").read_text(encoding="utf-8")
SAMPLE = re.findall(r"```\n(.*?)```", DOCUMENT, re.S)[0]


def test_every_key_of_front_matter_is_documented_and_no_other() -> None:
    assert re.findall(r"^\| `([a-z_]+)`", DOCUMENT, re.M) == list(KEYS)


def test_json_has_the_keys_of_front_matter_and_the_text() -> None:
    assert set(DigestModel.model_fields) == {*KEYS, "lead"}


@pytest.mark.parametrize("word", [*READERS, *STATUSES, *sorted(RESERVED)])
def test_endings_states_and_reserved_slugs_are_documented(word: str) -> None:
    assert f"`{word}`" in DOCUMENT


def test_limits_are_documented() -> None:
    assert f"{MAX_NESTING} levels of nesting, {MAX_TITLE} characters" in DOCUMENT


def test_the_samples_are_read_as_told() -> None:
    assert outline(text.read(SAMPLE.encode(), name="x.txt")) == (
        "The lead: as many paragraphs as you like, with a blank line between them.\n§ On the water\n"
        "- The ferry left early.\n- The pilots brought in two ships.\n  - One of them without tugs.\n"
        "figure The ferry leaves the pier in fog, seen from the lighthouse. [JO EXAMPLE / AFP] | "
        "The ferry leaves the pier, four minutes early | Jo Example/AFP\n"
        "§ Council\nThe council met for nine hours.\n1. It voted on the budget.\n2. It put off the rest."
    )
    sample = re.search(r"```json\n(.*?)```", DOCUMENT, re.S)
    assert sample
    assert (
        json_reader.read(json.dumps(json.loads(sample[1])).encode(), name="x.json").sections[0].slug == "council"
    )
