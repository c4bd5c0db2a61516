"""What people write is made one line of plain words before it is kept or shown to readers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from publisher.errors import UsageError
from publisher.publishing.wording import note_of, notice_of, reason_of

KINDS: dict[str, Callable[[str], str]] = {
    "note": note_of,
    "notice": notice_of,
    "reason": reason_of,
    "wanted reason": lambda text: reason_of(text, "pausing a mailing"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_steers_a_terminal_or_turns_a_line_around_is_not_kept(kind: str) -> None:
    assert KINDS[kind](" a\x1b[31m\u202eb\r\n\x00c\ud800 ") == "a [31m b c"


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_writes_a_page_where_a_line_is_meant(kind: str) -> None:
    assert KINDS[kind]("x" * 500)
    with pytest.raises(UsageError, match="has 501 characters, and may have 500"):
        KINDS[kind]("x" * 501)


def test_a_notice_may_be_empty_and_a_reason_only_where_none_is_wanted() -> None:
    assert notice_of(" \n") == reason_of("\t") == ""
    with pytest.raises(UsageError, match=r"^pausing a mailing wants a reason. Add --reason TEXT"):
        reason_of("\x1b", "pausing a mailing")
