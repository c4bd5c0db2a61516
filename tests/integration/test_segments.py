"""Segments at work: saved and counted at the terminal, mailed to, resent to, and frozen with the mailing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.instance import Instance
from tests.integration.mornings import DIGEST, looked_at, refusal

pytestmark = pytest.mark.slow

GOLD = 'attribute.plan = "gold"'
PEOPLE = (
    "email,plan,language\na@example.org,gold,de\nb@example.org,Gold,\nc@example.org,silver,de\nd@example.org,,fr\n"
)


def made(path: Path, newsletter: str = "") -> Instance:
    """Four readers, two of them with gold."""
    instance = Instance(path / "instance", newsletter=newsletter, environment={"PUBLISHER_ACTOR": "anna"})
    people = instance.root / "people.csv"
    people.write_text(PEOPLE, encoding="utf-8")
    assert instance("subscriber", "import", str(people), "--newsletter", "daily", "--confirmed").code == 0
    return instance


def segment(instance: Instance, *words: str) -> str:
    """What `publisher subscriber segment` says, on both streams."""
    ended = instance("subscriber", "segment", *words)
    assert ended.code == 0, ended
    return ended.out + ended.err


def recipients(instance: Instance) -> list[str]:
    return sorted(str(mail["To"]) for mail in instance.mails())


def test_a_segment_is_counted_shown_listed_and_deleted(tmp_path: Path) -> None:
    instance = made(tmp_path)
    said = segment(instance, "save", "gold", "attribute.plan='GOLD'")
    assert said == 'gold: attribute.plan = "GOLD"\n  2 of 4 active subscribers of daily\n'
    assert (
        segment(instance, "count", "--expression", 'language = "fr"') == "  1 of 4 active subscribers of daily\n"
    )
    said = segment(instance, "count", "--expression", 'attribute.plam = "x" or attribute.nothing is set')
    assert "nobody has attribute.plam; did you mean attribute.plan?\n" in said
    assert "nobody has attribute.nothing\n" in said
    (row,) = json.loads(segment(instance, "list", "--json"))
    assert (row["name"], row["expression"], row["changed_by"]) == ("gold", 'attribute.plan = "GOLD"', "anna")
    shown = json.loads(segment(instance, "show", "gold", "--json"))
    assert shown["count"] == {"daily": {"inside": 2, "active": 4}}
    listed = json.loads(instance("subscriber", "list", "--segment", "gold", "--json").out)
    assert [row["email"] for row in listed] == ["a@example.org", "b@example.org"]
    assert instance("subscriber", "list", "--segment", "golt").err.endswith("There are: gold\n")
    assert segment(instance, "delete", "gold", "--yes") == "The segment gold is deleted\n"
    assert instance("subscriber", "segment", "show", "gold").code == 2


def test_a_mistake_is_pointed_at_and_nothing_is_saved(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "instance")
    ended = instance("subscriber", "segment", "save", "gold", "language = de")
    lines = ended.err.splitlines()
    assert (ended.code, ended.out) == (2, "")
    assert lines[:2] == ["  language = de", "             ^"]
    assert lines[2].startswith('publisher: column 12: expected a value, not "de"')
    for name in ("everybody", "Gold", ""):
        assert instance("subscriber", "segment", "save", name, GOLD).code == 2
    assert segment(instance, "list").startswith("No segment yet")


def test_a_newsletter_is_mailed_to_its_segment_and_the_rest_did_not_miss_it(tmp_path: Path) -> None:
    instance = made(tmp_path, newsletter='segment = "gold"\n')
    instance.digest("2024-11-21")
    ended = instance("run")
    assert ended.code == 1
    assert 'newsletter daily goes to the segment "gold", and there is none of that name' in ended.err
    assert instance.mails() == []
    segment(instance, "save", "gold", GOLD)
    assert instance("run").code == 0
    assert recipients(instance) == ["a@example.org", "b@example.org"]
    shown = json.loads(instance("mailing", "show", "1", "--json").out)
    assert shown["left_out"] == {"segment": 2}
    assert shown["segment"] == {"name": "gold", "expression": GOLD, "timezone": "UTC", "language": "en"}
    assert f"to the segment gold ({GOLD})" in instance("digest", "show", DIGEST).out
    assert "newsletter daily is mailed to" in instance("subscriber", "segment", "delete", "gold", "--yes").err

    segment(instance, "save", "gold", "email is set")  # the mailing keeps what it went to
    assert looked_at(instance, "--missed") == (0, {"already": 2, "segment": 2})
    segment(instance, "save", "german", 'language = "de"')
    assert looked_at(instance, "--missed", "--segment", "german") == (1, {"already": 2, "segment": 1})
    assert looked_at(instance, "--missed", "--segment", "everybody") == (2, {"already": 2})


def test_a_resend_keeps_to_its_segment_as_it_was_shown(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "instance", environment={"PUBLISHER_ACTOR": "anna"})
    instance.subscribe("first@example.org")
    instance.digest("2024-11-21")
    assert instance("run").code == 0
    people = instance.root / "people.csv"
    people.write_text(PEOPLE, encoding="utf-8")
    instance("subscriber", "import", str(people), "--newsletter", "daily", "--confirmed")
    assert "There are" not in refusal(instance, "--missed", "--segment", "gold")
    segment(instance, "save", "gold", GOLD)
    words = ("--missed", "--segment", "gold")
    shown = instance("resend", DIGEST, *words, "--dry-run").out
    assert f"  of the segment gold: {GOLD}\n" in shown
    assert "  left out: 2 not in the segment\n" in shown
    listed = instance("resend", DIGEST, *words, "--dry-run", "--csv", "-").out.splitlines()
    assert "c@example.org,,left out,segment,,,\r" in [f"{line}\r" for line in listed]
    token = json.loads(instance("resend", DIGEST, *words, "--dry-run", "--json").out)["token"]
    order = ("resend", DIGEST, *words, "--token", token, "--reason", "asked for", "--yes")

    segment(instance, "save", "gold", f"{GOLD} and email is set")  # the same people, by another word
    ended = instance(*order)
    assert (ended.code, "--missed --segment gold --dry-run" in ended.err) == (2, True)
    segment(instance, "save", "gold", GOLD)
    assert instance(*order).code == 0
    assert recipients(instance) == ["a@example.org", "b@example.org", "first@example.org"]
    with instance.opened() as app:
        (record,) = app.editorial.all()
        with app.store.read() as unit:
            (event,) = (each for each in unit.events.of_digest(record.id) if each.kind == "mailing.resend")
            mailing = unit.mailings.get(event.mailing_id)
    frozen = {"name": "gold", "expression": GOLD, "timezone": "UTC", "language": "en"}
    assert (event.data["segment"], event.data["left_out"]) == (frozen, {"already": 1, "segment": 2})
    assert mailing.segment.as_data() == frozen


@pytest.mark.parametrize("words", [("--to", "a@example.org", "--segment", "gold"), ("--failed", "--segment", "x")])
def test_a_segment_that_cannot_be_meant_is_refused(tmp_path: Path, words: tuple[str, ...]) -> None:
    instance = made(tmp_path)
    instance.digest("2024-11-21")
    instance("run")
    assert "segment" in refusal(instance, *words)
