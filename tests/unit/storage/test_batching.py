"""How large batches are."""

from __future__ import annotations

import pytest

from publisher.storage.batching import LARGEST, SHARES, SMALLEST, size_for


@pytest.mark.parametrize(("mails", "size"), [(0, 1_000), (70, 1_000), (39_999, 1_000), (40_000, 2_000)])
def test_batches_of_a_small_mailing_leave_every_sender_a_share(mails: int, size: int) -> None:
    assert size_for(mails) == size


@pytest.mark.parametrize("mails", [40_000, 59_999, 100_000, 1_000_000, 5_000_000])
def test_batches_of_a_large_mailing_are_whole_calls_of_a_thousand(mails: int) -> None:
    size = size_for(mails)

    assert size % 1_000 == 0
    assert SMALLEST < size <= LARGEST
    assert mails // size >= SHARES
