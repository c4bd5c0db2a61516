"""Importing: the good rows go in, the bad ones are told, and again changes nothing."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from publisher.errors import SubscriberError
from publisher.storage.database import Database
from subscribers import importing, listing, peoplerows, preferences, suppression
from subscribers.exporting import export_csv
from subscribers.importing import ImportReport, import_csv
from subscribers.model import SubscriptionState, SuppressionReason
from subscribers.tables import subscribers
from tests.unit.subscribers.people import SECRET, acts, add, everything, line, person_id


def take(
    database: Database, text: str | bytes, now: datetime, newsletter: str = "daily", *, confirmed: bool = True
) -> ImportReport:
    raw = text.encode() if isinstance(text, str) else text
    return import_csv(
        database.write,
        io.BytesIO(raw),
        newsletter=newsletter,
        confirmed=confirmed,
        source_name="list.csv",
        secret=SECRET,
        now=now,
    )


def counts(report: ImportReport) -> tuple[int, ...]:
    return report.added, report.updated, report.unchanged, report.left_out, report.duplicates, report.bad


FULL = """email,name,language,timezone,sections
anna@example.org,Anna Berg,de,Europe/Berlin,courts|diplomacy
Bert@Example.org,"Berg, Bert",,,
"""


def test_a_list_goes_in_once(database: Database, now: datetime) -> None:
    assert counts(take(database, FULL, now)) == (2, 0, 0, 0, 0, 0)
    before = everything(database)
    assert counts(take(database, FULL, now + timedelta(days=1))) == (0, 0, 2, 0, 0, 0)
    assert everything(database) == before
    anna, bert = line(database, "anna@example.org"), line(database, "Bert@example.org")
    assert (anna.name, anna.language, anna.timezone) == ("Anna Berg", "de", "Europe/Berlin")
    assert (anna.sections, anna.state, anna.confirmed_at) == (
        ("courts", "diplomacy"),
        SubscriptionState.ACTIVE,
        now,
    )
    assert (bert.name, bert.sections, bert.source) == ("Berg, Bert", None, "list.csv")
    assert acts(database, "anna@example.org") == [("daily", "confirmed", "import list.csv")]


def test_without_the_word_nobody_is_confirmed(database: Database, now: datetime) -> None:
    take(database, FULL, now, confirmed=False)
    assert line(database, "anna@example.org").state is SubscriptionState.UNCONFIRMED
    assert counts(take(database, FULL, now, confirmed=True)) == (0, 2, 0, 0, 0, 0)
    assert line(database, "anna@example.org").state is SubscriptionState.ACTIVE


def test_what_differs_is_updated(database: Database, now: datetime) -> None:
    take(database, FULL, now)
    assert counts(take(database, "email,name,sections\nanna@example.org,A. Berg,courts\n", now)) == (
        0,
        1,
        0,
        0,
        0,
        0,
    )
    assert (line(database, "anna@example.org").name, line(database, "anna@example.org").sections) == (
        "A. Berg",
        ("courts",),
    )


@pytest.mark.parametrize(
    "raw",
    [
        FULL.encode("utf-8-sig"),
        FULL.replace("\n", "\r\n").encode(),
        FULL.replace("\n", "\r").encode(),
        FULL.replace(",", ";").replace("Berg; Bert", "Berg, Bert").encode(),
        FULL.replace(",", "\t").replace("Berg\t Bert", "Berg, Bert").encode(),
        ("\n  \n" + FULL.replace("\n", "\n\n")).encode(),
        FULL.rstrip("\n").encode(),
        FULL.replace("email,name", " E-Mail Address ,NAME").encode(),
        FULL.replace("timezone", "Time_Zone").encode(),
        FULL.replace("courts|diplomacy", '"Courts, Diplomacy"').encode(),
    ],
)
def test_files_of_every_habit_are_the_same_list(sqlite_database: Database, now: datetime, raw: bytes) -> None:
    assert counts(take(sqlite_database, raw, now)) == (2, 0, 0, 0, 0, 0)
    anna, bert = line(sqlite_database, "anna@example.org"), line(sqlite_database, "Bert@example.org")
    assert (anna.name, anna.timezone, anna.sections) == ("Anna Berg", "Europe/Berlin", ("courts", "diplomacy"))
    assert bert.name == "Berg, Bert"


def test_columns_come_in_any_order_and_unknown_ones_are_kept(database: Database, now: datetime) -> None:
    text = "Plan,NAME,,Email,city\ngold,Anna,x,anna@example.org,Zürich\n,,,bert@example.org,\n"
    take(database, text, now)
    with database.read() as connection:
        found = {row.email: row.attributes for row in connection.execute(select(subscribers))}
    assert found == {"anna@example.org": {"plan": "gold", "city": "Zürich"}, "bert@example.org": {}}
    assert counts(take(database, text, now)) == (0, 0, 2, 0, 0, 0)
    assert counts(take(database, "email,plan,city\nanna@example.org,silver,\n", now)) == (0, 1, 0, 0, 0, 0)
    with database.read() as connection:
        anna = listing.by_key(connection, "anna@example.org")
    assert anna is not None
    assert anna.attributes == {"plan": "silver", "city": "Zürich"}


def test_windows_1252_is_understood_line_by_line(sqlite_database: Database, now: datetime) -> None:
    raw = b"email,name\nanna@example.org,J\xfcrgen \x93x\x94\n" + "bert@example.org,Żółć\n".encode()
    assert counts(take(sqlite_database, raw, now)) == (2, 0, 0, 0, 0, 0)
    assert line(sqlite_database, "anna@example.org").name == "Jürgen “x”"
    assert line(sqlite_database, "bert@example.org").name == "Żółć"


def test_bad_rows_are_told_with_line_and_reason_and_stop_nothing(database: Database, now: datetime) -> None:
    text = (
        "email,name,language,timezone\n"
        "anna@example.org,Anna,,\n"
        "no address,Bert,,\n"
        ",Carl,,\n"
        '"dora\n@example.org",Dora,,\n'
        "emil@example.org,Emil,german,\n"
        "fritz@example.org,Fritz,de,Berlin\n"
        "gerd@example.org,Gerd,de,Europe/Berlin,extra\n"
        "hans@example.org\n"
        "ida@example.org,I\0da,,\n"
        'jan@example.org,"Jan,,\n'
        "kurt@example.org,Kurt,,\n"
    )
    report = take(database, text, now)
    assert counts(report) == (3, 0, 0, 0, 0, 8)
    assert [problem[0] for problem in report.problems] == [3, 4, 5, 7, 8, 9, 11, 12]
    reasons = [problem[1] for problem in report.problems]
    for reason, part in zip(
        reasons,
        (
            '"no address" is no mail address',
            "no address",
            "is no mail address",
            '"german" is no language',
            '"Berlin" is no time zone',
            "5 cells, the header 4",
            "zero bytes",
            "never closed",
        ),
        strict=True,
    ):
        assert part in reason
        assert "\n" not in reason
    assert counts(take(database, text, now)) == (0, 0, 3, 0, 0, 8)


def test_an_open_quote_costs_its_own_line_only(sqlite_database: Database, now: datetime) -> None:
    lines = [f"p{number}@example.org,P" for number in range(100)]
    lines[40] = 'p40@example.org,"P'
    lines[50] = "nobody"
    lines[60] = 'p60@example.org,5" P'
    report = take(sqlite_database, "email,name\n" + "\n".join(lines), now)
    assert report.added == 98
    assert report.problems == (
        (42, "a quote is opened and never closed"),
        (52, '"nobody" is no mail address: An email address must have an @-sign'),
    )


def test_a_cell_may_go_over_lines(sqlite_database: Database, now: datetime) -> None:
    text = 'email,name,note\nanna@example.org,"Anna\r\n""the"" Berg","a\nb"\nno address,x,y\n'
    report = take(sqlite_database, text, now)
    assert line(sqlite_database, "anna@example.org").name == 'Anna "the" Berg'
    assert report.problems[0][0] == 5


def test_an_endless_line_is_one_bad_row_and_never_held(sqlite_database: Database, now: datetime) -> None:
    raw = b"email,name\nanna@example.org,Anna\nbert@example.org," + b"x" * 3_000_000 + b"\ncarl@example.org,Carl\n"
    report = take(sqlite_database, raw, now)
    assert (report.added, report.problems) == (2, ((3, "the line is too long, or holds zero bytes"),))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("\n \n", "the file is empty"),
        ("name,language\nAnna,de\n", 'the first line names no column "email"'),
        ("anna@example.org\nbert@example.org\n", 'the first line names no column "email"'),
        ("email,name,Email\na,b,c\n", 'the column "email" is there twice'),
        ("email\nanna@example.org\n".encode("utf-16"), "the file is in UTF-16"),
        ("email\nanna@example.org\n".encode("utf-16-le"), "the file is in UTF-16"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", 'the first line names no column "email"'),
        (b"x" * 200_000, 'the first line names no column "email"'),
    ],
)
def test_a_file_that_is_no_list_is_one_clear_line(
    sqlite_database: Database, now: datetime, text: str | bytes, message: str
) -> None:
    with pytest.raises(SubscriberError, match=message) as caught:
        take(sqlite_database, text, now)
    assert caught.value.remedy
    assert everything(sqlite_database)["subscribers"] == []


def test_an_address_twice_counts_once_and_the_first_wins(database: Database, now: datetime) -> None:
    text = (
        "email,name\nanna@example.org,First\nANNA@example.org,Second\nbert@example.org,B\nanna@EXAMPLE.org,Third\n"
    )
    assert counts(take(database, text, now)) == (2, 0, 0, 0, 2, 0)
    assert counts(take(database, text, now)) == (0, 0, 2, 0, 2, 0)
    assert line(database, "anna@example.org").name == "First"


def test_an_address_twice_far_apart_counts_once(
    sqlite_database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "AT_ONCE", 3)
    rows = [f"p{number}@example.org,P{number}" for number in range(8)]
    text = "\n".join(["email,name", *rows, "p0@example.org,Other", "p8@example.org,P8", "p1@example.org,Other"])
    assert counts(take(sqlite_database, text, now)) == (9, 0, 0, 0, 2, 0)
    assert counts(take(sqlite_database, text, now)) == (0, 0, 9, 0, 2, 0)
    assert line(sqlite_database, "p0@example.org").name == "P0"


def test_who_left_or_is_suppressed_is_never_subscribed_again(database: Database, now: datetime) -> None:
    take(database, FULL, now)
    with database.write() as connection:
        anna = person_id(database, "anna@example.org")
        preferences.unsubscribe(connection, anna, "daily", how="one-click", now=now)
        suppression.suppress(
            connection,
            "bert@example.org",
            newsletter=None,
            reason=SuppressionReason.COMPLAINED,
            detail="",
            now=now,
        )
    before = everything(database)
    assert counts(take(database, FULL, now)) == (0, 0, 0, 2, 0, 0)
    assert everything(database) == before


def test_our_own_export_comes_back_as_it_was(database: Database, now: datetime) -> None:
    take(database, FULL, now)
    add(database, "carl@example.org", now, confirmed=False, name="=Carl")
    add(database, "dora@example.org", now)
    add(database, "emil@example.org", now, "weekly")
    with database.write() as connection:
        dora = person_id(database, "dora@example.org")
        preferences.unsubscribe(connection, dora, "daily", how="one-click", now=now)
    target = io.StringIO(newline="")
    with database.read() as connection:
        assert export_csv(listing.every_line(connection), target) == 5
    text = target.getvalue()
    assert text.splitlines()[0] == (
        "email,name,language,timezone,sections,newsletter,state,source,created_at,confirmed_at,left_at,"
        "left_reason,paused_until,attributes"
    )
    assert (
        "anna@example.org,Anna Berg,de,Europe/Berlin,courts|diplomacy,daily,active,list.csv,2024-11-21T07:30"
        in text
    )
    assert "'=Carl" in text
    before = everything(database)
    assert counts(take(database, text, now)) == (0, 0, 4, 1, 0, 0)
    assert everything(database) == before


def test_an_export_in_a_new_instance_subscribes_only_those_who_were(
    sqlite_database: Database, now: datetime
) -> None:
    text = (
        "email,name,newsletter,state,source\nanna@example.org,'=A,daily,active,x\nbert@example.org,,daily,left,x\n"
        "carl@example.org,,daily,unconfirmed,x\ndora@example.org,,weekly,active,x\n"
    )
    report = take(sqlite_database, text, now)
    assert (counts(report), report.left) == ((2, 0, 0, 1, 0, 0), 1)
    assert line(sqlite_database, "anna@example.org").name == "=A"
    assert line(sqlite_database, "carl@example.org").state is SubscriptionState.UNCONFIRMED
    assert all(row[7] == {} for row in everything(sqlite_database)["subscribers"])


def test_an_import_cut_short_is_completed_by_the_next(
    sqlite_database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "AT_ONCE", 10)
    text = "email\n" + "".join(f"p{number}@example.org\n" for number in range(35))
    turns = iter(range(3))

    @contextmanager
    def dies() -> Iterator[Connection]:
        with sqlite_database.write() as connection:
            yield connection
            if next(turns) == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_csv(
            dies,
            io.BytesIO(text.encode()),
            newsletter="daily",
            confirmed=True,
            source_name="list.csv",
            secret=SECRET,
            now=now,
        )
    assert len(everything(sqlite_database)["subscribers"]) == 20
    assert counts(take(sqlite_database, text, now)) == (15, 0, 20, 0, 0, 0)
    assert len(everything(sqlite_database)["consents"]) == 35


def test_progress_is_told_in_bytes(
    sqlite_database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "AT_ONCE", 10)
    raw = b"email\n" + b"".join(b"p%d@example.org\n" % number for number in range(35))
    told: list[int] = []
    import_csv(
        sqlite_database.write,
        io.BytesIO(raw),
        newsletter="daily",
        confirmed=True,
        source_name="list.csv",
        secret=SECRET,
        now=now,
        progress=told.append,
    )
    assert told == sorted(told)
    assert len(told) > 3
    assert told[-1] == len(raw)


def test_many_bad_rows_are_counted_and_the_first_are_told(
    sqlite_database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peoplerows, "PROBLEMS_KEPT", 5)
    report = take(sqlite_database, "email\n" + "x\n" * 50, now)
    assert (report.bad, len(report.problems)) == (50, 5)


@given(raw=st.binary(max_size=300) | st.text('ab@.,;"\n\r\t éx', max_size=300).map(str.encode))
@settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_file_stops_an_import_halfway(sqlite_database: Database, now: datetime, raw: bytes) -> None:
    report = take(sqlite_database, b"email,name,note\nanna@example.org,Anna\n" + raw + b"\n", now)
    assert report.added + report.unchanged + report.duplicates + report.updated >= 1
    assert report.left_out == 0
