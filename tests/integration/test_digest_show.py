"""`publisher digest show`: one digest on one screen, and everything about it as JSON."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from publisher.storage.database import Database
from tests.integration.editorial_desk import KEY, a_desk

SLOW_ON_POSTGRES = True


def test_the_history_of_a_digest_is_one_timeline_with_sums(tmp_path: Path, database: Database) -> None:
    with a_desk(tmp_path / "instance", database) as desk:
        desk.run()
        desk.now += timedelta(minutes=5)
        desk.app.withdrawing.withdraw(
            desk.record(), desk.now, actor="Jo", reason="a wrong photo", notice="The photo was not ours."
        )
        desk.run()
        shown = desk.instance("digest", "show", KEY)
        told = desk.instance("digest", "show", KEY, "--json")
    assert shown.code == told.code == 0, shown.err + told.err
    head, history, *_ = shown.out.split("\n\n")
    assert "state:        withdrawn" in head
    assert "notice:       The photo was not ours." in head
    assert history.splitlines() == [
        "History, by the clock of UTC",
        "  2024-11-21 07:30  inbox     taken from the inbox: news-2024-11-21.txt",
        "  2024-11-21 07:30  schedule  published: page, feeds and mail",
        "  2024-11-21 07:30  schedule  mailing 1 began",
        "  2024-11-21 07:35  Jo        withdrawn – a wrong photo; readers are told: The photo was not ours.",
        "  2024-11-21 07:35            notice stored in place of the page at site",
        "  2024-11-21 07:35  Jo        mailing 1 cancelled: 3 unsent – a wrong photo",
        "  2024-11-21 07:35            mailing 1 ended, cancelled: 3 skipped",
    ]
    assert "Everybody, by the latest mail\n          3  no mail: cancelled\n" in shown.out
    assert len(shown.out.splitlines()) < 40, "one screen"


def test_json_has_the_whole_log_of_acts(tmp_path: Path, database: Database) -> None:
    with a_desk(tmp_path / "instance", database) as desk:
        desk.run()
        desk.app.controls.pause(1, desk.now, actor="Jo", reason="a call came in")
        facts = json.loads(desk.instance("digest", "show", KEY, "--json").out)
    assert [(event["kind"], event["actor"]) for event in facts["events"]] == [
        ("digest.taken", "inbox"),
        ("digest.published", "schedule"),
        ("mailing.started", "schedule"),
        ("mailing.paused", "Jo"),
    ]
    paused = facts["events"][-1]
    assert (paused["mailing"], paused["reason"], paused["at"]) == (1, "a call came in", "2024-11-21T07:30:00Z")
    (edition,) = facts["editions"]
    assert (edition["number"], edition["note"]) == (1, "")
    (mailing,) = facts["mailings"]
    assert (mailing["state"], mailing["counts"], mailing["left_out"]) == ("paused", {"pending": 3}, {})
    assert facts["standing"] == {"pending": 3}
    assert facts["timeline"][-1] == {
        "at": None,
        "who": "",
        "what": "mailing 1 is paused",
        "why": "",
        "counts": {"pending": 3},
    }


def test_a_digest_that_nobody_got_has_no_readers_to_sum(tmp_path: Path, database: Database) -> None:
    with a_desk(tmp_path / "instance", database) as desk:
        desk.bring_to("held")
        shown = desk.instance("digest", "show", KEY)
    assert "Everybody" not in shown.out
    assert "held_because: the lawyer reads it" in shown.out
