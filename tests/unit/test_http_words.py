"""What headers say, and what errors may show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.http import redacted, retry_after
from publisher.http.failures import unconnected

NOW = datetime(2024, 11, 21, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", timedelta(minutes=2)),
        (" 0 ", timedelta()),
        ("Thu, 21 Nov 2024 07:31:00 GMT", timedelta(minutes=1)),
        ("Thursday, 21-Nov-24 07:31:00 GMT", timedelta(minutes=1)),
        ("Thu Nov 21 07:31:00 2024", timedelta(minutes=1)),
        ("Thu, 21 Nov 2024 07:29:00 GMT", timedelta()),
        ("99999999999999999999", timedelta(days=365)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", timedelta(days=365)),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("Thu, 99 Nov 2024 07:31:00 GMT", None),
        ("٣", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, expected: timedelta | None) -> None:
    assert retry_after(value, NOW) == expected


@given(st.text(max_size=60))
def test_whatever_stands_in_retry_after_is_read_without_an_error(value: str) -> None:
    found = retry_after(value, NOW)
    assert found is None or timedelta() <= found <= timedelta(days=365)


@given(st.integers(0, 86_400))
def test_a_date_in_retry_after_is_counted_from_now(seconds: int) -> None:
    value = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert retry_after(value, NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://example.org/a/b", "https://example.org/a/b"),
        ("https://user:pass@example.org:8443/a", "https://example.org:8443/a"),
        ("https://example.org/?key=1&b=2&flag#x", "https://example.org/?key=…&b=…&…"),
        ("https://[broken", "an address that cannot be read"),
    ],
)
def test_an_address_in_a_message_has_no_secret(address: str, expected: str) -> None:
    assert redacted(address) == expected


@given(st.text(alphabet="ab:@/?#&=[]%\\ ", max_size=30))
def test_no_user_password_query_or_fragment_is_shown_however_it_is_written(rest: str) -> None:
    assert "geheim" not in redacted(f"https://geheim:geheim@example.org/{rest}?a=geheim&geheim#{rest}geheim")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimeoutError(), "no connection in time"),
        (ConnectionRefusedError(), "the connection was refused"),
        (OSError(101, "Network is unreachable"), "there is no way to it from here"),
        (OSError("anything"), "no connection"),
    ],
)
def test_a_failed_connection_is_told_in_plain_words(error: OSError, words: str) -> None:
    assert unconnected(error).words == words
