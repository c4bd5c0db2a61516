"""Choosing sections: what a reader said last is what the next mailing is planned by, and no list overrules it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from publisher.mailings.audience import audience
from publisher.storage.database import Database
from subscribers import preferences
from subscribers.model import Intake
from tests.unit.subscribers.people import acts, add, everything, line, person_id

ANNA = "anna@example.org"
PAGE = "preferences page"
CHANGED = ("daily", "changed", PAGE)


def choose(database: Database, sections: tuple[str, ...] | None, now: datetime, newsletter: str = "daily") -> bool:
    anna = person_id(database, ANNA)
    with database.write() as connection:
        return preferences.choose_sections(connection, anna, newsletter, sections, how=PAGE, now=now)


def planned(database: Database, now: datetime) -> list[list[str] | None]:
    with database.read() as connection:
        return [row.sections for row in connection.execute(audience("daily", now))]


def test_a_choice_is_what_the_audience_says(database: Database, now: datetime) -> None:
    add(database, ANNA, now)
    assert planned(database, now) == [None]
    assert choose(database, ("courts", "arts"), now)
    assert planned(database, now) == [["courts", "arts"]]
    assert choose(database, None, now)
    assert planned(database, now) == [None]


def test_a_choice_is_logged_once_however_often_it_is_sent(database: Database, now: datetime) -> None:
    add(database, ANNA, now)
    for _ in range(3):
        assert choose(database, ("courts",), now)
    assert acts(database, ANNA) == [("daily", "confirmed", "operator"), CHANGED]
    assert choose(database, ("courts", "arts"), now + timedelta(hours=1))
    assert acts(database, ANNA)[1:] == [CHANGED, CHANGED]


@pytest.mark.parametrize("sections", [None, ("courts",)])
def test_who_says_that_all_is_well_as_it_is_has_chosen(
    database: Database, now: datetime, sections: tuple[str, ...] | None
) -> None:
    add(database, ANNA, now, sections=sections)
    assert choose(database, sections, now)
    assert acts(database, ANNA)[1:] == [CHANGED]
    assert add(database, ANNA, now, sections=("money",)) is Intake.UNCHANGED
    assert line(database, ANNA).sections == sections


def test_a_choice_is_for_one_newsletter(database: Database, now: datetime) -> None:
    add(database, ANNA, now)
    add(database, ANNA, now, "weekly")
    assert choose(database, ("courts",), now, "weekly")
    assert line(database, ANNA).sections is None
    assert line(database, ANNA, "weekly").sections == ("courts",)


def test_who_left_or_never_was_there_chooses_nothing(database: Database, now: datetime) -> None:
    add(database, ANNA, now)
    with database.write() as connection:
        preferences.unsubscribe(connection, person_id(database, ANNA), "daily", how="link in mail", now=now)
    before = everything(database)
    assert not choose(database, ("courts",), now)
    assert not choose(database, ("courts",), now, "weekly")
    with database.write() as connection:
        assert not preferences.choose_sections(connection, 4242, "daily", None, how=PAGE, now=now)
    assert everything(database) == before


def test_none_at_all_is_no_choice(database: Database, now: datetime) -> None:
    add(database, ANNA, now)
    before = everything(database)
    with pytest.raises(ValueError, match="no section is chosen"):
        choose(database, (), now)
    assert everything(database) == before
