"""The family of errors: one line, a remedy, an exit code."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher import errors
from publisher.errors import ConfigError, DigestError, EndpointError, PublisherError, one_line

FAMILY = [
    found for found in vars(errors).values() if isinstance(found, type) and issubclass(found, PublisherError)
]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (PublisherError("it broke"), "it broke"),
        (PublisherError("it broke", remedy="Mend it"), "it broke. Mend it"),
        (DigestError("no title", file="a.txt"), "a.txt: no title"),
        (DigestError("no title", file="a.txt", line=3, remedy="Add one"), "a.txt:3: no title. Add one"),
        (DigestError("no title", line=3), "no title"),
        (PublisherError("two\nlines\t here", remedy="And\n\nmore"), "two lines here. And more"),
    ],
)
def test_an_error_is_one_line_with_its_place_and_remedy(error: PublisherError, expected: str) -> None:
    assert str(error) == expected


@given(st.text(), st.text())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_whatever_is_said_is_one_line(message: str, remedy: str) -> None:
    assert len(str(PublisherError(message, remedy=remedy)).splitlines()) <= 1
    assert one_line(message) == one_line(one_line(message))


@pytest.mark.parametrize("kind", FAMILY)
def test_the_exit_code_tells_wrong_use_from_a_failure(kind: type[PublisherError]) -> None:
    wrong_use = {"UsageError", "ConfigError", "SegmentError"}
    assert kind("x").exit_code == (2 if kind.__name__ in wrong_use else 1)


@pytest.mark.parametrize("kind", FAMILY)
def test_what_is_outside_may_heal_the_rest_is_permanent(kind: type[PublisherError]) -> None:
    outside = {"EndpointError", "EndpointDownError", "HubError", "ProviderError"}
    assert kind("x").permanent == (kind.__name__ not in outside)
    assert kind("x", permanent=False).permanent is False
    assert kind("x", permanent=True).permanent is True


def test_ids_and_cause_are_kept() -> None:
    cause = OSError("disk full")
    with pytest.raises(EndpointError) as caught:
        raise EndpointError("not stored", endpoint="site", path="a.html") from cause
    assert caught.value.ids == {"endpoint": "site", "path": "a.html"}
    assert caught.value.__cause__ is cause
    assert repr(caught.value) == "EndpointError('not stored', endpoint='site', path='a.html')"


def test_a_configuration_error_is_wrong_use() -> None:
    assert issubclass(ConfigError, errors.UsageError)
