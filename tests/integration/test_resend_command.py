"""`publisher resend` at the terminal: what is shown, listed, asked, ordered once, and refused."""

from __future__ import annotations

import csv
import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select, update

from publisher.mailings.verdicts import Act, Wish
from publisher.publishing.resends import Ordered
from publisher.storage.database import Database
from publisher.storage.tables import deliveries
from subscribers.tables import subscribers
from tests.instance import Instance
from tests.integration.mornings import DIGEST, correct, leave, looked_at, refusal

WHY = ("--reason", "the server was told about us")


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    """Six readers of a digest; two were refused, and one of those has a dangerous name."""
    made = Instance(tmp_path_factory.mktemp("morning") / "instance", environment={"PUBLISHER_ACTOR": "anna"})
    made.subscribe(*(f"reader{number}@example.org" for number in range(5)), "=cmd@example.org")
    made.digest("2024-11-21")
    assert made("run").code == 0
    with made.opened() as app, app.database.write() as connection:
        query = select(subscribers.c.id).where(
            subscribers.c.email.in_(["reader4@example.org", "=cmd@example.org"])
        )
        failed = update(deliveries).where(deliveries.c.subscriber_id.in_(query))
        connection.execute(failed.values(state="failed", code=550, reason="=HYPERLINK(no such user)"))
    return made


@pytest.fixture
def instance(morning: Instance, tmp_path: Path) -> Instance:
    """That morning, for one test to go on from."""
    return morning.copied(tmp_path / "instance")


@pytest.mark.slow
def test_the_list_is_utf_8_whatever_the_terminal_speaks(instance: Instance, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    with instance.opened() as app, app.database.write() as connection:
        connection.execute(update(subscribers).values(name="Zoë"))
    command = ("-m", "publisher", "--config", str(instance.config), "resend", DIGEST, "--failed", "--dry-run")
    plain = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    subprocess.run([sys.executable, *command, "--csv", str(path)], env=plain, check=True, capture_output=True)
    assert "Zoë" in path.read_text(encoding="utf-8")


def token_of(instance: Instance, *words: str) -> str:
    return str(json.loads(instance("resend", DIGEST, *words, "--dry-run", "--json").out)["token"])


def test_a_token_orders_what_was_shown_and_once(instance: Instance) -> None:
    token = token_of(instance, "--failed")
    assert token in instance("resend", DIGEST, "--failed", "--dry-run").out
    before = len(instance.mails())
    first, second = (instance("resend", DIGEST, "--failed", "--token", token, *WHY, "--yes") for _ in range(2))
    assert (first.code, second.code) == (0, 0)
    assert second.out == "Ordered already as mailing 2 by anna: nothing was done\n"
    assert len(instance.mails()) == before + 2
    said = json.loads(instance("resend", DIGEST, "--failed", "--token", token, *WHY, "--yes", "--json").out)
    assert said == {"digest": DIGEST, "mailing": 2, "actor": "anna", "repeated": True}


@pytest.mark.slow
def test_a_plan_that_is_another_by_now_is_refused(instance: Instance) -> None:
    token = token_of(instance, "--missed")
    instance.subscribe("new@example.org")
    assert "--missed --dry-run" in refusal(instance, "--missed", "--token", token)
    token = token_of(instance, "--failed")
    leave(instance, "reader4@example.org")  # fewer than were shown is no other plan
    assert instance("resend", DIGEST, "--failed", "--token", token, *WHY, "--yes").code == 0
    with instance.opened() as app:
        assert dict(app.mailroom.all()[0].counts) == {"accepted": 1}


def test_a_token_of_another_act_orders_nothing(instance: Instance) -> None:
    """Neither one that was ordered, nor one that was only shown."""
    token = token_of(instance, "--failed")
    shown = refusal(instance, "--missed", "--token", token)
    assert "not what --missed would send" in shown
    assert instance("resend", DIGEST, "--failed", "--token", token, *WHY, "--yes").code == 0
    before = len(instance.mails())
    told = refusal(instance, "--missed", "--token", token)
    assert "mailing 2 was ordered with it, to --failed" in told
    assert told.endswith("`publisher resend daily/2024-11-21-news --missed --dry-run`\n")
    assert len(instance.mails()) == before


@pytest.mark.slow
def test_a_token_for_one_reader_is_not_for_another(instance: Instance) -> None:
    one, other = (("--to", f"{name}@example.org") for name in ("reader4", "=cmd"))
    token = token_of(instance, *one)
    assert instance("resend", DIGEST, *one, "--token", token, *WHY, "--yes").code == 0
    assert "to somebody else" in refusal(instance, *other, "--token", token)
    repeated = instance("resend", DIGEST, *one, "--token", token, *WHY, "--yes")
    assert (repeated.code, repeated.out.split(":")[0]) == (0, "Ordered already as mailing 2 by anna")


@pytest.mark.slow
def test_the_list_of_mailings_says_which_act_a_resend_is(instance: Instance) -> None:
    instance("resend", DIGEST, "--failed", *WHY, "--yes")
    assert [each["act"] for each in json.loads(instance("mailing", "list", "--json").out)] == ["failed", None]
    table = instance("mailing", "list").out.splitlines()
    assert [row.split()[2:5] for row in table] == [
        ["KIND", "ACT", "STATE"],
        ["resend", "failed", "done"],
        ["scheduled", "-", "done"],
    ]
    assert instance("mailing", "show", "2").out.startswith(f"Mailing 2 of {DIGEST}: resend (failed), done")


def test_a_list_names_everybody_and_runs_nothing_in_a_spreadsheet(instance: Instance, tmp_path: Path) -> None:
    listed = instance("resend", DIGEST, "--failed", "--dry-run", "--csv", "-")
    rows = list(csv.DictReader(listed.out.splitlines()))
    assert len(rows) == 6
    assert rows[0] == {
        "email": "'=cmd@example.org",
        "name": "",
        "decision": "mail",
        "reason": "",
        "latest": "failed",
        "code": "550",
        "words": "'=HYPERLINK(no such user)",
    }
    assert [rows[1][name] for name in ("decision", "reason", "latest")] == ["left out", "already", "accepted"]
    path = tmp_path / "list.csv"
    assert instance("resend", DIGEST, "--failed", "--dry-run", "--csv", str(path)).code == 0
    assert path.read_text().splitlines() == listed.out.splitlines()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "Name a new file" in refusal(instance, "--failed", "--csv", str(path))


def test_a_list_of_one_person_is_one_line(instance: Instance) -> None:
    listed = instance("resend", DIGEST, "--to", "reader4@example.org", "--dry-run", "--csv", "-").out
    assert [row["email"] for row in csv.DictReader(listed.splitlines())] == ["reader4@example.org"]


@pytest.mark.slow
def test_the_log_has_act_actor_reason_numbers_and_token(instance: Instance) -> None:
    token = token_of(instance, "--failed")
    instance("resend", DIGEST, "--failed", *WHY, "--yes")
    with instance.opened() as app:
        (record,) = app.editorial.all()
        with app.store.read() as unit:
            (event,) = (each for each in unit.events.of_digest(record.id) if each.kind == "mailing.resend")
    assert event.actor == "anna"
    assert dict(event.data) == {
        "act": "failed",
        "again": False,
        "reason": WHY[1],
        "edition": 1,
        "subscribers": 2,
        "left_out": {"already": 4},
        "token": token,
    }


REFUSALS = [
    (("--failed", "--missed"), "Give one of --failed"),
    (("--failed", "--again"), "Write --to ADDRESS --again"),
    (("--correction",), "digest correct FILE --note TEXT"),
    (("--uncertain",), "there is nobody to send"),
    (("--failed", "--csv", "-"), "--dry-run"),
]


@pytest.mark.parametrize(("words", "remedy"), REFUSALS)
def test_a_refusal_says_what_to_do(instance: Instance, words: tuple[str, ...], remedy: str) -> None:
    assert remedy in refusal(instance, *words)


@pytest.mark.slow
def test_what_was_never_mailed_is_no_case_for_a_resend_in_bulk(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "instance")
    instance.subscribe("reader@example.org")
    instance.digest("2024-11-20")
    instance.digest("2024-11-21")
    instance("run")
    ended = instance("resend", "daily/2024-11-20-news", "--missed", *WHY, "--yes")
    assert "publisher digest release daily/2024-11-20-news --mail" in ended.err


@pytest.mark.slow
def test_who_is_suppressed_after_the_plan_is_not_mailed(instance: Instance) -> None:
    with instance.opened() as app:
        (record,) = app.editorial.all()
        ordered = app.resends.order(record, Wish(Act.FAILED), app.clock(), actor="anna", reason="asked for")
        with app.database.write() as connection:
            connection.exec_driver_sql(
                "INSERT INTO suppressions (email_key, reason, created_at)"
                " VALUES ('reader4@example.org', 'operator', '2024-11-21 07:30:00')"
            )
    instance("run")
    with instance.opened() as app:
        assert dict(app.mailroom.facts(ordered.mailing.id).counts) == {"accepted": 1, "skipped": 1}


@pytest.mark.parametrize("act", [Act.FAILED, Act.MISSED, Act.CORRECTION])
def test_two_editors_at_once_make_one_mailing(database: Database, tmp_path: Path, act: Act) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    instance = Instance(tmp_path / "two", database=url)
    instance.subscribe("a@example.org", "b@example.org")
    instance.digest("2024-11-21")
    with instance.opened() as app:
        app.run_pass(sleep=lambda _seconds: None)
        state = {Act.FAILED: "failed", Act.MISSED: "skipped"}.get(act, "accepted")
        with database.write() as connection:
            connection.execute(update(deliveries).values(state=state))
    correct(instance, "The lead is mended.")
    with instance.opened() as app:
        (record,) = app.editorial.all()
        token = app.resends.plan(record, Wish(act), app.clock()).token

        def order(actor: str) -> Ordered:
            ordered: Ordered = app.resends.order(
                record, Wish(act), app.clock(), actor=actor, reason="mended", token=token
            )
            return ordered

        with ThreadPoolExecutor(4) as pool:
            ordered = list(pool.map(order, ("anna", "ben", "carla", "dora")))
        assert sorted(one.repeated for one in ordered) == [False, True, True, True]
        assert len({one.mailing.id for one in ordered}) == 1
        assert sum(facts.mailing.kind == "resend" for facts in app.mailroom.all()) == 1


@pytest.mark.parametrize(
    "point",
    [
        pytest.param("publisher.storage.plans:Plans.plan:1:after", marks=pytest.mark.slow),
        pytest.param("publisher.engines.local:_Sender.__init__:1:after", marks=pytest.mark.slow),
        "publisher.mailings.journal:Journal.write:2:after",
        pytest.param("publisher.storage.ledger:Ledger.settle:1:after", marks=pytest.mark.slow),
        pytest.param("publisher.storage.ledger:Ledger.finish_mailings:1:after", marks=pytest.mark.slow),
    ],
)
def test_killed_in_a_resend_the_same_command_completes_it(instance: Instance, point: str) -> None:
    before = len(instance.mails())
    words = ("resend", DIGEST, "--failed", "--token", token_of(instance, "--failed"), *WHY, "--yes")
    instance(*words, kill=point)
    assert (instance.root / "killed").exists()
    assert instance(*words).code == 0
    assert instance("run").code == 0
    assert len(instance.mails()) == before + 2
    assert looked_at(instance, "--failed") == (0, {"already": 6})
    with instance.opened() as app:
        assert [dict(facts.counts) for facts in app.mailroom.all()] == [
            {"accepted": 2},
            {"accepted": 4, "failed": 2},
        ]
