"""The consent log: everything that was said stays as it was said, and no network of it is a person's."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, text
from sqlalchemy.exc import DBAPIError

from publisher.storage.database import Database
from subscribers import consents, preferences, signup
from subscribers.consents import truncated
from subscribers.model import Consent, ConsentAct
from subscribers.tables import subscribers
from tests.unit.subscribers.people import acts, add, everything, person_id

ANNA = "anna@example.org"


def log(database: Database) -> list[Consent]:
    with database.read() as connection:
        return consents.of_person(connection, person_id(database, ANNA))


def test_each_act_is_kept_with_words_and_network(database: Database, now: datetime) -> None:
    add(database, ANNA, now, confirmed=False, how="sign-up page", text="Every morning at 7", network="192.0.2.77")
    later = now + timedelta(minutes=3)
    with database.write() as connection:
        person = person_id(database, ANNA)
        signup.confirm(
            connection,
            person,
            "daily",
            how="link in mail",
            now=later,
            text="Yes, send it",
            network="2001:db8:1:2::3",
        )
        preferences.choose_sections(
            connection, person, "daily", ("courts",), how="preferences page", now=later, text="Only these"
        )
        preferences.unsubscribe(connection, person, "daily", how="one-click", now=later, network="198.51.100.1")
    assert [(each.act, each.how, each.at, each.text, each.network) for each in log(database)] == [
        (ConsentAct.SUBSCRIBED, "sign-up page", now, "Every morning at 7", "192.0.2.0/24"),
        (ConsentAct.CONFIRMED, "link in mail", later, "Yes, send it", "2001:db8:1::/48"),
        (ConsentAct.CHANGED, "preferences page", later, "Only these", ""),
        (ConsentAct.LEFT, "one-click", later, "", "198.51.100.0/24"),
    ]


def test_whoever_comes_back_is_asked_with_the_words_shown_then(database: Database, now: datetime) -> None:
    add(database, ANNA, now)
    with database.write() as connection:
        preferences.unsubscribe(connection, person_id(database, ANNA), "daily", how="one-click", now=now)
    add(database, ANNA, now, resubscribe=True, confirmed=False, text="Welcome back", network="192.0.2.9")
    last = log(database)[-1]
    assert (last.act, last.text, last.network) == (ConsentAct.RESUBSCRIBED, "Welcome back", "192.0.2.0/24")


def test_no_row_is_ever_changed(database: Database, now: datetime) -> None:
    add(database, ANNA, now)
    before = everything(database)
    change = text("UPDATE consents SET how = 'their own wish'")
    with database.engine.connect() as connection:
        writing = connection.execution_options(writes=True)
        writing.begin()
        with pytest.raises(DBAPIError, match="the consent log is never changed"):
            writing.execute(change)
        writing.rollback()
    assert everything(database) == before


def test_an_act_of_nobody_is_not_kept(database: Database, now: datetime) -> None:
    with database.write() as connection:
        consents.record(connection, 4711, "daily", ConsentAct.CONFIRMED, "link in mail", at=now)
    assert everything(database)["consents"] == []


def test_long_words_are_cut(database: Database, now: datetime) -> None:
    add(database, ANNA, now, text="x" * 10_000)
    assert len(log(database)[0].text) == consents.TEXT_LENGTH


def test_the_id_of_somebody_gone_is_nobody_elses(database: Database, now: datetime) -> None:
    add(database, ANNA, now)
    gone = person_id(database, ANNA)
    with database.write() as connection:
        connection.execute(delete(subscribers))
    add(database, "bert@example.org", now)
    assert person_id(database, "bert@example.org") > gone
    assert acts(database, "bert@example.org") == [("daily", "confirmed", "operator")]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:aaaa:bbbb::1", "2001:db8:aaaa::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("", ""),
        ("somewhere", ""),
        ("192.0.2.77, 198.51.100.1", ""),
    ],
)
def test_a_network_is_nobodys_address(address: str, network: str) -> None:
    assert truncated(address) == network


@given(address=st.ip_addresses())
def test_truncating_again_changes_nothing_and_the_last_part_is_gone(address: object) -> None:
    once = truncated(str(address))
    assert truncated(once) == once
    assert once.endswith(("/24", "/48"))
