"""How many messages, and when again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from publisher.notices.kinds import Alert, Kind
from publisher.notices.planning import LONGEST_RETRY, Telling, messages, retry_delay

NOW = datetime(2024, 11, 21, 7, 30, tzinfo=UTC)


def tellings(count: int, due_at: datetime | None = None) -> list[Telling]:
    return [
        Telling(n, Alert(n, Kind.DISK, f"/{n}", "text", "remedy", NOW), due_at=due_at) for n in range(1, count + 1)
    ]


@given(st.integers(0, 40), st.integers(0, 20), st.integers(1, 15))
def test_never_more_messages_than_the_hour_has_room_for_and_nothing_is_left_out(
    untold: int, carried: int, hourly: int
) -> None:
    planned = messages(tellings(untold), carried, hourly, NOW)
    assert len(planned) <= max(hourly - carried, 0)
    told = [each.id for message in planned for each in message]
    assert told == (list(range(1, untold + 1)) if carried < hourly else [])


def test_each_has_a_message_of_its_own_while_there_is_room() -> None:
    assert [len(message) for message in messages(tellings(3), 0, 3, NOW)] == [1, 1, 1]
    assert [len(message) for message in messages(tellings(5), 0, 3, NOW)] == [1, 1, 3]


def test_a_carrier_that_failed_rests_with_everything_it_has() -> None:
    later = NOW + timedelta(seconds=1)
    assert messages([*tellings(1, later), *tellings(3)], 0, 9, NOW) == []
    assert len(messages([*tellings(1, later), *tellings(3)], 0, 9, later)) == 4


def test_the_rest_grows_and_ends_growing() -> None:
    assert [retry_delay(n) / timedelta(minutes=1) for n in (1, 2, 3, 4, 5, 6, 99)] == [1, 2, 4, 8, 16, 30, 30]
    assert retry_delay(10**6) == LONGEST_RETRY
