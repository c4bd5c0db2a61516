"""Signing up, confirming, leaving, suppressing: what a person said last is what holds."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert

from publisher.errors import SubscriberError
from publisher.storage.database import Database
from subscribers import listing, preferences, signup, suppression
from subscribers.model import ConsentAct, Intake, SubscriptionState, SuppressionReason
from subscribers.tables import consents
from tests.unit.subscribers.people import acts, add, everything, line, person_id

ANNA = "anna@example.org"


def leave(database: Database, now: datetime, **how: str) -> bool:
    anna = person_id(database, ANNA)
    with database.write() as connection:
        return preferences.unsubscribe(connection, anna, "daily", now=now, **({"how": "link in mail"} | how))


def suppress(database: Database, now: datetime, newsletter: str | None = None) -> bool:
    with database.write() as connection:
        return suppression.suppress(
            connection, ANNA, newsletter=newsletter, reason=SuppressionReason.BOUNCED, detail="5.1.1", now=now
        )


def test_adding_again_changes_nothing(database: Database, now: datetime) -> None:
    assert add(database, "Anna@Example.org", now, name="Anna", language="de", sections=("courts",)) is Intake.ADDED
    before = everything(database)
    again = add(database, ANNA, now + timedelta(days=1), name="Anna", language="de", sections=("courts",))
    assert again is Intake.UNCHANGED
    assert everything(database) == before


def test_one_person_may_read_two_newsletters(database: Database, now: datetime) -> None:
    assert add(database, ANNA, now) is Intake.ADDED
    assert add(database, ANNA, now, "weekly", name="Anna") is Intake.ADDED
    assert line(database, ANNA).name == "Anna"
    with database.read() as connection:
        assert (listing.count(connection), listing.count(connection, "daily")) == (2, 1)


def test_silence_erases_nothing(database: Database, now: datetime) -> None:
    add(database, ANNA, now, name="Anna", language="de", timezone="Europe/Berlin", sections=("courts",))
    assert add(database, ANNA, now) is Intake.UNCHANGED
    assert add(database, ANNA, now, name="Anna Berg") is Intake.UPDATED
    found = line(database, ANNA)
    assert (found.name, found.language, found.timezone, found.sections) == (
        "Anna Berg",
        "de",
        "Europe/Berlin",
        ("courts",),
    )


def test_unconfirmed_is_active_only_after_confirming(database: Database, now: datetime) -> None:
    add(database, ANNA, now, confirmed=False, how="form")
    anna = person_id(database, ANNA)
    assert line(database, ANNA).state is SubscriptionState.UNCONFIRMED
    for expected in (True, False):
        with database.write() as connection:
            assert signup.confirm(connection, anna, "daily", how="link", now=now) is expected
    found = line(database, ANNA)
    assert (found.state, found.confirmed_at) == (SubscriptionState.ACTIVE, now)
    assert acts(database, ANNA) == [("daily", "subscribed", "form"), ("daily", "confirmed", "link")]


def test_an_operator_who_knows_confirms_but_never_unconfirms(database: Database, now: datetime) -> None:
    add(database, ANNA, now, confirmed=False)
    assert add(database, ANNA, now, confirmed=True) is Intake.UPDATED
    assert add(database, ANNA, now, confirmed=False) is Intake.UNCHANGED
    assert line(database, ANNA).state is SubscriptionState.ACTIVE


def test_leaving_is_once_and_again_is_harmless(database: Database, now: datetime) -> None:
    add(database, ANNA, now)
    assert leave(database, now, reason="too long")
    before = everything(database)
    assert not leave(database, now + timedelta(days=1), reason="again")
    assert everything(database) == before
    assert acts(database, ANNA)[-1] == ("daily", "left", "link in mail")
    found = line(database, ANNA)
    assert (found.state, found.left_at) == (SubscriptionState.LEFT, now)


def test_leaving_one_newsletter_leaves_the_other(database: Database, now: datetime) -> None:
    add(database, ANNA, now)
    add(database, ANNA, now, "weekly")
    leave(database, now)
    assert line(database, ANNA, "weekly").state is SubscriptionState.ACTIVE


def test_leaving_what_was_never_confirmed_counts(database: Database, now: datetime) -> None:
    add(database, ANNA, now, confirmed=False)
    assert leave(database, now)
    with database.write() as connection:
        assert not signup.confirm(connection, person_id(database, ANNA), "daily", how="link", now=now)


def test_nobody_cannot_leave(database: Database, now: datetime) -> None:
    with database.write() as connection:
        assert not preferences.unsubscribe(connection, 42, "daily", how="link in mail", now=now)


def test_who_left_comes_back_only_when_they_ask(database: Database, now: datetime) -> None:
    add(database, ANNA, now)
    leave(database, now)
    before = everything(database)
    assert add(database, ANNA, now, name="New", sections=("courts",)) is Intake.LEFT
    assert everything(database) == before
    later = now + timedelta(days=1)
    assert add(database, ANNA, later, confirmed=False, how="form", resubscribe=True) is Intake.UPDATED
    found = line(database, ANNA)
    assert (found.state, found.left_at) == (SubscriptionState.UNCONFIRMED, None)
    assert acts(database, ANNA)[-1] == ("daily", "resubscribed", "form")


def test_own_choices_are_not_overwritten(database: Database, now: datetime) -> None:
    add(database, ANNA, now, name="Anna", sections=("courts",))
    chose = {"newsletter": "daily", "act": ConsentAct.CHANGED, "how": "link in mail", "at": now}
    with database.write() as connection:
        connection.execute(insert(consents).values(subscriber_id=person_id(database, ANNA), **chose))
    assert add(database, ANNA, now, name="A. B.", sections=("diplomacy",)) is Intake.UNCHANGED
    assert (line(database, ANNA).name, line(database, ANNA).sections) == ("Anna", ("courts",))


def test_a_suppressed_address_is_not_subscribed(database: Database, now: datetime) -> None:
    assert suppress(database, now)
    assert add(database, ANNA, now) is Intake.SUPPRESSED
    assert add(database, ANNA, now, resubscribe=True) is Intake.SUPPRESSED
    assert everything(database)["subscribers"] == []


def test_a_suppression_of_one_newsletter_spares_the_others(database: Database, now: datetime) -> None:
    suppress(database, now, "daily")
    assert add(database, ANNA, now) is Intake.SUPPRESSED
    assert add(database, ANNA, now, "weekly") is Intake.ADDED


def test_suppressing_again_changes_nothing(database: Database, now: datetime) -> None:
    assert suppress(database, now)
    assert suppress(database, now, "daily")
    before = everything(database)
    assert not suppress(database, now)
    assert not suppress(database, now, "daily")
    assert everything(database) == before


def test_a_suppression_is_lifted_by_somebody_and_remembered(database: Database, now: datetime) -> None:
    suppress(database, now)
    with database.write() as connection:
        with pytest.raises(SubscriberError, match=r"by somebody, for a reason\. Say who and why"):
            suppression.unsuppress(connection, ANNA, newsletter=None, by=" ", now=now)
        assert suppression.unsuppress(connection, ANNA, newsletter="daily", by="op: typo", now=now) == 0
        assert suppression.unsuppress(connection, ANNA, newsletter=None, by="op: typo", now=now) == 1
        assert suppression.unsuppress(connection, ANNA, newsletter=None, by="op: typo", now=now) == 0
        assert suppression.suppression_page(connection) == []
        (lifted,) = suppression.suppression_page(connection, lifted=True)
    assert (lifted.lifted_by, lifted.reason) == ("op: typo", SuppressionReason.BOUNCED)
    assert add(database, ANNA, now) is Intake.ADDED


def test_suppressions_come_in_pages(database: Database, now: datetime) -> None:
    with database.write() as connection:
        for number in range(5):
            key = f"p{number}@example.org"
            suppression.suppress(
                connection, key, newsletter=None, reason=SuppressionReason.COMPLAINED, detail="", now=now
            )
        first = suppression.suppression_page(connection, limit=3)
        rest = suppression.suppression_page(connection, limit=3, after_id=first[-1].id)
    assert [found.email_key for found in first + rest] == [f"p{number}@example.org" for number in range(5)]


def test_lists_come_in_pages_by_address(
    database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    emails = [f"{letter}@example.org" for letter in "dbeac"]
    for email in emails:
        add(database, email, now)
        add(database, email, now, "weekly")
    with database.read() as connection:
        paged: list[listing.Line] = []
        for size in (3, 3, 3, 1, 0):
            after = (paged[-1].email_key, paged[-1].newsletter) if paged else ("", "")
            page = listing.page(connection, limit=3, after=after)
            assert len(page) == size
            paged += page
        assert [found.email for found in paged] == sorted(emails * 2)
        assert paged == list(listing.every_line(connection))
        assert [found.email for found in listing.every_line(connection, "weekly")] == sorted(emails)


def test_what_cannot_be_taken_changes_nothing(database: Database, now: datetime) -> None:
    for wrong in ({"language": "german"}, {"timezone": "Mars"}, {"name": "\x00"}):
        with pytest.raises(SubscriberError):
            add(database, ANNA, now, **wrong)
    with pytest.raises(SubscriberError):
        add(database, "anna", now)
    assert everything(database)["subscribers"] == []


def test_a_person_is_found_by_id_and_by_address(database: Database, now: datetime) -> None:
    add(database, "Anna@example.org", now, name="Anna")
    with database.read() as connection:
        anna = listing.by_key(connection, ANNA)
        assert anna is not None
        assert (anna.email, anna.link_version, anna.created_at) == ("Anna@example.org", 1, now)
        assert listing.by_id(connection, anna.id) == anna
        assert listing.by_id(connection, anna.id + 1) is None
        subscription = listing.subscription(connection, anna.id, "daily")
        assert subscription is not None
        assert subscription.state is SubscriptionState.ACTIVE
        assert listing.subscription(connection, anna.id, "weekly") is None
