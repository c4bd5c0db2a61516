"""Lists of other products: known by their columns, and whoever left there or must not be mailed never is here."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from publisher.storage.database import Database
from subscribers import preferences, signup, suppression
from subscribers.model import SubscriptionState
from subscribers.tables import subscribers
from tests.unit.subscribers.people import add, everything, line, person_id
from tests.unit.subscribers.test_importing import counts, take

LISTMONK = """uuid,email,name,attributes,status,created_at,updated_at
a-1,anna@example.org,Anna Berg,"{""city"": ""Malmö"", ""tags"": [1]}",enabled,2023-01-01,2023-01-02
a-2,bert@example.org,Bert,{},disabled,2023-01-01,2023-01-02
a-3,carl@example.org,Carl,{},blocklisted,2023-01-01,2023-01-02
"""
MAILCHIMP = """Email Address,First Name,Last Name,Phone Number,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,\
CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS{more}
anna@example.org,Anna,Berg,,2,2020-01-01 08:00:00,192.0.2.1,2020-01-01 08:05:00,192.0.2.1,1.5,2.5,1,2,\
Europe/Berlin,\
DE,BE,2021-01-01 00:00:00,123,abc,,"""
GHOST = """id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,\
labels,tiers
1,anna@example.org,Anna Berg,Early,true,false,,2024-01-01T00:00:00.000Z,,vip,
2,bert@example.org,Bert,,false,false,,2024-01-01T00:00:00.000Z,,,
3,carl@example.org,Carl,,true,false,,2024-01-01T00:00:00.000Z,2024-02-01T00:00:00.000Z,,
"""
SUBSTACK = """email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at
anna@example.org,true,2026-01-01,yearly,false,2025-01-01,2025-01-01
bert@example.org,false,,other,true,2025-01-01,
"""
BUTTONDOWN = """id,email_address,notes,metadata,tags,type,creation_date,unsubscription_date,ip_address
1,anna@example.org,,"{""city"": ""Malmö""}",vip,regular,2024-01-01,,192.0.2.1
2,bert@example.org,,,,unsubscribed,2024-01-01,2024-02-01,
3,carl@example.org,,,,undeliverable,2024-01-01,,
4,dora@example.org,,,,complained,2024-01-01,,
5,emil@example.org,,,,unactivated,2024-01-01,,
6,fred@example.org,,,,something new,2024-01-01,,
"""


def told(database: Database) -> dict[str, str]:
    """State, or reason of the suppression, by the name before the @."""
    with database.read() as connection:
        held = {one.email_key: one.reason.value for one in suppression.suppression_page(connection)}
        states = {
            email: line(database, email).state.value for email in connection.scalars(select(subscribers.c.email))
        }
    return {email.partition("@")[0]: word for email, word in (states | held).items()}


def attributes(database: Database) -> dict[str, object]:
    with database.read() as connection:
        return dict(connection.scalar(select(subscribers.c.attributes).where(subscribers.c.name != "")) or {})


@pytest.mark.parametrize(
    ("product", "text", "states", "kept"),
    [
        (
            "listmonk",
            LISTMONK,
            {"anna": "active", "bert": "left", "carl": "operator"},
            {"city": "Malmö", "tags": [1], "created at": "2023-01-01"},
        ),
        (
            "Mailchimp",
            MAILCHIMP.format(more=""),
            {"anna": "active"},
            {
                "member rating": "2",
                "optin time": "2020-01-01 08:00:00",
                "confirm time": "2020-01-01 08:05:00",
                "cc": "DE",
                "region": "BE",
            },
        ),
        (
            "Ghost",
            GHOST,
            {"anna": "active", "bert": "left", "carl": "left"},
            {
                "note": "Early",
                "complimentary plan": "false",
                "created at": "2024-01-01T00:00:00.000Z",
                "labels": "vip",
            },
        ),
        ("Substack", SUBSTACK, {"anna": "active", "bert": "left"}, {}),
        (
            "Buttondown",
            BUTTONDOWN,
            {"anna": "active", "bert": "left", "carl": "bounced", "dora": "complained", "emil": "unconfirmed"},
            {},
        ),
    ],
)
def test_each_list_is_known_and_obeyed(
    sqlite_database: Database,
    now: datetime,
    product: str,
    text: str,
    states: dict[str, str],
    kept: dict[str, object],
) -> None:
    report = take(sqlite_database, text, now)
    assert report.product == product
    assert told(sqlite_database) == states
    if kept:
        assert attributes(sqlite_database) == kept
    assert report.bad == (product == "Buttondown")  # a word that nobody knows mails nobody, and is told
    before = everything(sqlite_database)
    again = take(sqlite_database, text, now + timedelta(days=1))
    assert (again.added, again.updated, again.left, again.suppressed) == (0, 0, 0, 0)
    assert everything(sqlite_database) == before


def test_the_same_holds_on_postgresql(postgres_database: Database, now: datetime) -> None:
    test_each_list_is_known_and_obeyed(
        postgres_database,
        now,
        "Buttondown",
        BUTTONDOWN,
        {"anna": "active", "bert": "left", "carl": "bounced", "dora": "complained", "emil": "unconfirmed"},
        {},
    )


@pytest.mark.parametrize(
    ("more", "row", "state"),
    [
        (
            ",UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER",
            ",2022-01-01,,,,",
            "left",
        ),
        (",UNSUB_TIME", ",", "left"),
        (",CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID", ",2022-01-01,,", "bounced"),
    ],
)
def test_mailchimps_files_of_those_who_are_gone(
    sqlite_database: Database, now: datetime, more: str, row: str, state: str
) -> None:
    take(sqlite_database, MAILCHIMP.format(more=more) + row, now)
    assert told(sqlite_database) == {"anna": state}


def test_who_left_there_keeps_only_an_address_here(database: Database, now: datetime) -> None:
    take(database, GHOST, now)
    bert = line(database, "bert@example.org")
    assert (bert.name, bert.left_at, bert.left_reason) == ("", now, "import list.csv")
    assert add(database, "bert@example.org", now).value == "left"


def test_whichever_row_comes_first_the_one_against_mail_wins(database: Database, now: datetime) -> None:
    text = "email,state,newsletter\nanna@example.org,active,daily\nanna@example.org,left,daily\n"
    take(database, text, now)
    assert line(database, "anna@example.org").state is SubscriptionState.LEFT
    before = everything(database)
    take(database, text, now)
    assert everything(database) == before


def test_an_old_list_ends_what_a_list_began_but_no_own_will(database: Database, now: datetime) -> None:
    take(database, "email\nanna@example.org\n", now)
    add(database, "bert@example.org", now, confirmed=False, how="sign-up page")
    with database.write() as connection:
        signup.confirm(connection, person_id(database, "bert@example.org"), "daily", how="link in mail", now=now)
    report = take(database, "email,state\nanna@example.org,left\nbert@example.org,left\n", now)
    assert (report.left, report.unchanged) == (1, 1)
    assert told(database) == {"anna": "left", "bert": "active"}


def test_no_list_brings_back_who_left_or_is_suppressed_here(database: Database, now: datetime) -> None:
    add(database, "anna@example.org", now)
    with database.write() as connection:
        preferences.unsubscribe(connection, person_id(database, "anna@example.org"), "daily", how="link", now=now)
    before = everything(database)
    report = take(database, LISTMONK.splitlines()[0] + "\n" + LISTMONK.splitlines()[1], now)
    assert counts(report) == (0, 0, 0, 1, 0, 0)
    assert everything(database) == before


@pytest.mark.parametrize(
    "cell",
    [
        '"[1]"',
        '"{"',
        '"{""a"": NaN}"',
        '"{""a"": ""\\ud800""}"',
        '"{""a"": ""\\u0000""}"',
        '"' + "[" * 20000 + '"',
    ],
)
def test_attributes_that_are_none_are_told(sqlite_database: Database, now: datetime, cell: str) -> None:
    report = take(
        sqlite_database, f"uuid,email,name,attributes,status\n1,anna@example.org,A,{cell},enabled\n", now
    )
    assert report.problems[0][0] == 2
    assert "JSON" in report.problems[0][1]


def test_a_column_called_attributes_in_somebodys_own_list_is_one(sqlite_database: Database, now: datetime) -> None:
    take(sqlite_database, "email,name,attributes\nanna@example.org,Anna,tall\n", now)
    assert attributes(sqlite_database) == {"attributes": "tall"}
