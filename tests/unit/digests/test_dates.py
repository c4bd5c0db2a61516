"""Lines that are nothing but a date."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.digests.dates import AmbiguousDateError, read_date_line

THE_DAY = date(2024, 11, 21)

SHAPES = """
Thu. Nov 21st, 2024
2024-11-21
Thursday 2024-11-21
21 November 2024
Thursday, 21 November 2024
Nov 21, 2024
November 21 2024
NOVEMBER 21, 2024
21st of November 2024
21.11.2024
Thursday, 21.11.2024
21-11-2024
21/11/2024
11/21/2024
2024/11/21
2024. 11. 21.
21 Nov 2024, Thursday
Fri. Nov 21st, 2024
(21 November 2024)
**Nov 21, 2024**
Donnerstag, 21. November 2024
jeudi 21 novembre 2024
21 de noviembre de 2024
quinta-feira, 21 de novembro de 2024
giovedì 21 novembre 2024
donderdag 21 november 2024
21 ноября 2024 года
Четвер, 21 листопада 2024 р.
21 Kasım 2024 Perşembe
2024年11月21日
الخميس، 21 نوفمبر 2024
٢١ نوفمبر ٢٠٢٤
יום חמישי, 21 בנובמבר 2024
čtvrtek 21. listopadu 2024
"""

OTHERS = """
As the war enters its 981st day
November 2024
21 November
Digest of 21 November 2024
2024
31.02.2024
Nov 31, 2024
21 Fnord 2024
21 November 1605
2024-11-21T06:00
1. 2. 3.
page 21 of 2024
14 to 16 years
listopad 21 2024 x
Thursday
+1 202 456 1111
21 November 2024 and after
"""


@pytest.mark.parametrize("line", SHAPES.strip().splitlines())
def test_many_shapes_of_one_date(line: str) -> None:
    assert read_date_line(line) == THE_DAY


@pytest.mark.parametrize("line", ["", *OTHERS.strip().splitlines()])
def test_other_lines_are_no_dates(line: str) -> None:
    assert read_date_line(line) is None


def test_slashes_that_may_be_read_twice_are_said_to_be() -> None:
    with pytest.raises(AmbiguousDateError, match='"11/12/2024" may be 2024-12-11 or 2024-11-12'):
        read_date_line("Monday, 11/12/2024")
    with pytest.raises(AmbiguousDateError, match="may be 2024-10-21 or 2024-11-21"):
        read_date_line("21. listopada 2024")  # October in Croatian, November in Polish
    assert read_date_line("11/11/2024") == date(2024, 11, 11)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    st.dates(date(1970, 1, 1), date(2199, 12, 31)),
    st.sampled_from(["%d %B %Y", "%a, %b %d, %Y", "%d.%m.%Y", "%A %Y-%m-%d"]),
)
def test_every_day_is_read_back(day: date, shape: str) -> None:
    assert read_date_line(day.strftime(shape)) == day


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.text(max_size=80))
def test_any_line_is_a_date_or_none(line: str) -> None:
    try:
        assert read_date_line(line) is None or any(character.isdigit() for character in line)
    except AmbiguousDateError:
        assert "/" in line
