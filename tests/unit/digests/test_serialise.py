"""Into the database and back without a difference."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings

from publisher.digests.model import Digest, Paragraph, Text
from publisher.digests.serialise import from_json, to_json
from publisher.errors import DigestError
from tests.unit.digests.strategies import digests

SAMPLE = Digest(
    "daily", "s", "T", datetime(2024, 11, 21, tzinfo=UTC).date(), "en", "ltr", (Paragraph((Text("a"),)),), ()
)


@settings(deadline=None, derandomize=True, max_examples=80)
@given(digests)
def test_every_digest_comes_back_as_it_was(digest: Digest) -> None:
    assert from_json(json.loads(json.dumps(to_json(digest)))) == digest


def test_what_is_stored_stays_readable() -> None:
    """Digests lie in databases: a change of this shape needs a migration."""
    assert to_json(SAMPLE) == {
        "newsletter": "daily",
        "slug": "s",
        "title": "T",
        "date": "2024-11-21",
        "language": "en",
        "direction": "ltr",
        "lead": [{"type": "paragraph", "inlines": [{"type": "text", "text": "a"}]}],
        "sections": [],
    }


def test_moments_are_stored_in_utc() -> None:
    moment = datetime(2024, 11, 21, 6, tzinfo=timezone(timedelta(hours=2)))
    stored = to_json(replace(SAMPLE, publish_at=moment))
    assert stored["publish_at"] == "2024-11-21T04:00:00+00:00"
    assert from_json(stored).publish_at == moment


WRONG: list[dict[str, Any]] = [
    {"lead": [{"type": "fnord"}]},
    {"date": "x"},
    {"colour": "red"},
    {"lead": "abc"},
    {"lead": [{"type": "text"}]},
]


@pytest.mark.parametrize("value", [None, [], {}, *({**to_json(SAMPLE), **wrong} for wrong in WRONG)])
def test_what_is_no_digest_is_refused(value: Any) -> None:
    with pytest.raises(DigestError, match="a stored digest cannot be read"):
        from_json(value)
