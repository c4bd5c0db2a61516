"""One's own data behind a fresh link, preferences, and the outbox."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from publisher.publishing.signups import Answered
from publisher.storage.database import Database
from subscribers import listing, suppression, tokens
from subscribers.model import SuppressionReason
from tests.unit.publishing.desk_of_readers import NETWORK, SECRET, Bureau, body
from tests.unit.subscribers.people import acts, add, line, person_id

SLOW_ON_POSTGRES = True

ANNA, NEW = "anna@example.org", "neu@example.org"


@pytest.fixture
def bureau(database: Database, now: datetime, tmp_path: Path) -> Bureau:
    made = Bureau(database, now, tmp_path)
    add(database, ANNA, now, name="Anna")
    return made


def preferences(bureau: Bureau, version: int = 1) -> str:
    return tokens.mint(SECRET, person_id(bureau.database, ANNA), "daily", version)


def fresh(bureau: Bureau) -> str:
    page = bureau.links.save_preferences(preferences(bureau), {"act": ["link"]})
    assert page is not None
    assert b"It works for 15 minutes" in page
    bureau.post()
    return bureau.link("m")


def manage(bureau: Bureau, token: str, **answers: str) -> Answered:
    found = bureau.signups.manage(token, {name: [value] for name, value in answers.items()})
    assert found is not None
    return found


def test_an_address_changes_when_both_ends_have_said_so(bureau: Bureau) -> None:
    token = fresh(bureau)
    assert NEW.encode() in manage(bureau, token, act="move", email=NEW).data
    bureau.post()
    assert bureau.mails[-1]["To"] == NEW
    assert ANNA not in body(bureau.mails[-1], "plain")
    click = bureau.link("c")
    before = bureau.rows()
    assert bureau.signups.confirm_page(click) is not None
    assert bureau.rows() == before
    page = bureau.signups.confirm(click, NETWORK)
    assert page is not None
    assert b"Your address was changed" in page
    assert line(bureau.database, NEW).name == "Anna"
    assert acts(bureau.database, NEW)[-1] == ("daily", "changed", "link in mail")
    bureau.post()
    assert bureau.mails[-1]["To"] == ANNA
    assert NEW not in str(bureau.mails[-1])
    # The links in the old mailbox are dead, the one on the page lives.
    assert bureau.links.preferences_page(tokens.mint(SECRET, person_id(bureau.database, NEW), "daily", 1)) is None
    assert bureau.signups.manage_page(token) is None
    assert bureau.signups.confirm(click, NETWORK) is None
    new = tokens.mint(SECRET, person_id(bureau.database, NEW), "daily", 2)
    assert f"../s/{new}".encode() in page
    assert bureau.links.preferences_page(new) is not None


def test_nobody_is_moved_onto_somebody_else(bureau: Bureau, now: datetime) -> None:
    add(bureau.database, NEW, now)
    manage(bureau, fresh(bureau), act="move", email=NEW)
    bureau.post()
    before = bureau.rows()
    page = bureau.signups.confirm(bureau.link("c"), NETWORK)
    assert page is not None
    assert b"Nothing was changed" in page
    assert bureau.rows() == before


def test_a_move_writes_to_a_stranger_no_more_often_than_a_sign_up(bureau: Bureau) -> None:
    token = fresh(bureau)
    manage(bureau, token, act="move", email=NEW)
    again = manage(bureau, token, act="move", email=NEW)
    assert b"was written to just now" in again.data
    assert b'aria-invalid="true"' in manage(bureau, token, act="move", email="x\r\nBcc: y@example.org").data
    bureau.post()
    assert len(bureau.mails) == 2


def test_my_data_is_all_there_is_about_me_and_nobody_else(bureau: Bureau, now: datetime) -> None:
    add(bureau.database, "otto@example.org", now)
    answer = manage(bureau, fresh(bureau), act="download")
    assert answer.file_name == "my-data.json"
    said = json.loads(answer.data)
    assert (said["person"]["email"], said["person"]["name"]) == (ANNA, "Anna")
    assert said["subscriptions"][0]["state"] == "active"
    assert said["consents"][0]["act"] == "confirmed"
    assert said["mails"] == []
    assert "otto" not in answer.data.decode()


def test_erasure_asks_twice(bureau: Bureau) -> None:
    token = fresh(bureau)
    assert b"tick the box" in manage(bureau, token, act="erase").data
    assert bureau.erased == []
    assert b"You are erased" in manage(bureau, token, act="erase", sure="yes").data
    assert bureau.erased == [ANNA]


def test_fresh_links_end_after_a_quarter_of_an_hour_and_are_limited(bureau: Bureau) -> None:
    token = fresh(bureau)
    bureau.pass_time(minutes=15)
    assert bureau.signups.manage_page(token) is None
    for _ in range(2):
        fresh(bureau)
    page = bureau.links.save_preferences(preferences(bureau), {"act": ["link"]})
    assert page is not None
    assert b"several links" in page


# --- preferences -----------------------------------------------------------------------------------------------


def save(bureau: Bureau, **answers: str) -> str:
    page = bureau.links.save_preferences(preferences(bureau), {name: [value] for name, value in answers.items()})
    assert page is not None
    return page.decode()


def test_what_a_reader_says_about_themselves_is_kept_and_shown(bureau: Bureau) -> None:
    page = save(bureau, name="Änne", language="de", timezone="Europe/Berlin", pause="2024-12-24")
    found = line(bureau.database, ANNA)
    assert (found.name, found.language, found.timezone) == ("Änne", "de", "Europe/Berlin")
    with bureau.database.read() as connection:
        standing = listing.subscription(connection, found.subscriber_id, "daily")
    assert standing is not None
    assert standing.paused_until == datetime(2024, 12, 23, 23, tzinfo=UTC)
    assert 'value="2024-12-24"' in page
    assert "Gespeichert" in page
    assert acts(bureau.database, ANNA)[-1] == ("daily", "changed", "preferences page")
    before = bureau.rows()
    save(bureau, name="Änne", language="de", timezone="Europe/Berlin", pause="2024-12-24")
    assert bureau.rows() == before
    save(bureau, pause="")
    with bureau.database.read() as connection:
        standing = listing.subscription(connection, found.subscriber_id, "daily")
    assert standing is not None
    assert standing.paused_until is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "An\x07na"), ("name", "x" * 201), ("language", "xx"), ("language", "d\r\ne"), ("timezone", "Mars/X"),
     ("pause", "tomorrow"), ("pause", "2024-11-21"), ("pause", "2026-11-21"), ("pause", "0001-01-01")],
)  # fmt: skip
def test_a_field_that_cannot_be_taken_saves_nothing_and_is_marked(bureau: Bureau, field: str, value: str) -> None:
    before = bureau.rows()
    page = save(bureau, **{"name": "Otto", "language": "de"} | {field: value})
    assert f'id="{field}:wrong"' in page
    assert bureau.rows() == before


def test_a_name_cannot_write_headers(bureau: Bureau) -> None:
    save(bureau, name="Anna\r\nBcc: all@example.org")
    assert line(bureau.database, ANNA).name == "Anna Bcc: all@example.org"


def test_a_reason_is_kept_after_leaving_in_one_line(bureau: Bureau) -> None:
    token = preferences(bureau)
    before = bureau.rows()
    page = bureau.links.give_reason(token, "Too much")
    assert page is not None
    assert bureau.rows() == before
    bureau.links.unsubscribe(token, "one-click")
    page = bureau.links.give_reason(token, "Too\r\nmuch \x07mail" + "x" * 900)
    assert page is not None
    assert b"we have kept your words" in page
    (row,) = [row for row in bureau.rows()["subscriptions"] if "left" in row]
    reason = next(each for each in row if str(each).startswith("Too"))
    assert reason.startswith("Too much mailxxx")
    assert len(reason) == 500


# --- the outbox ------------------------------------------------------------------------------------------------


def test_what_could_not_leave_is_tried_again_under_its_message_id(bureau: Bureau) -> None:
    bureau.ask(NEW)
    bureau.post_office.broken = True
    report = bureau.post()
    assert report.errors == ("a signup notice was not taken: the server does not answer; tried again",)
    assert bureau.post().errors == ()  # not before its time
    bureau.post_office.broken = False
    bureau.post_office.refuse = "deferred"
    bureau.pass_time(minutes=2)
    (error,) = bureau.post().errors
    assert NEW not in error
    assert "<address>" in error
    assert NEW not in str([row[-1] for row in bureau.rows()["notices"]])
    bureau.post_office.refuse = ""
    bureau.pass_time(minutes=5)
    assert bureau.post().sent == 1
    assert bureau.rows()["notices"] == []
    assert [act for _, act, _ in acts(bureau.database, NEW)] == ["subscribed"]  # once, however often it was tried


def test_what_is_refused_for_good_or_waited_for_too_long_is_dropped(bureau: Bureau) -> None:
    bureau.ask(NEW)
    bureau.post_office.refuse = "failed"
    (error,) = bureau.post().errors
    assert error.endswith("given up")
    assert bureau.rows()["notices"] == []
    bureau.pass_time(hours=2)
    bureau.ask(NEW)
    bureau.post_office.broken = True
    bureau.pass_time(days=1)
    bureau.post()
    assert bureau.rows()["notices"] == []


def test_an_address_that_must_not_be_mailed_gets_no_notice(bureau: Bureau) -> None:
    manage(bureau, fresh(bureau), act="move", email=NEW)
    for email in (ANNA, NEW):
        with bureau.database.write() as connection:
            suppression.suppress(
                connection,
                email,
                newsletter=None,
                reason=SuppressionReason.COMPLAINED,
                detail="",
                now=bureau.now,
            )
    bureau.ask(ANNA)
    sent = len(bureau.mails)
    assert bureau.post().errors == ()
    assert len(bureau.mails) == sent
    assert bureau.rows()["notices"] == []


def test_a_notice_is_signed_as_the_newsletters_mail_is(bureau: Bureau) -> None:
    bureau.desks["daily"] = replace(bureau.desks["daily"], sign=lambda data, _now: b"X-Signed: yes\r\n" + data)
    bureau.ask(NEW)
    bureau.post()
    assert bureau.mails[-1]["X-Signed"] == "yes"
