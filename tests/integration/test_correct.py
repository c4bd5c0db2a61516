"""A correction: the next edition everywhere, under the same address and id, made once, refused with one line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from publisher.errors import UsageError
from publisher.ledger import MailingState
from publisher.preflight import registry
from publisher.publishing.correcting import Corrected
from publisher.publishing.preflighting import BlockedError
from publisher.storage.database import Database
from tests.instance import DIGEST
from tests.integration.editorial_desk import ACTOR, KEY, PAGE, EditorialDesk, a_desk
from tests.unit.publishing.test_gate import RULES

SLOW_ON_POSTGRES = True

NOTE = "An earlier version gave a wrong date."
LATER = timedelta(minutes=20)
RIGHT = "What was right all along"


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[EditorialDesk]:
    with a_desk(tmp_path / "instance", database) as made:
        yield made


def rewrite(desk: EditorialDesk, title: str = RIGHT) -> Path:
    """The digest's file in the inbox, saying something else."""
    return desk.instance.digest("2024-11-21", title)


def elsewhere(desk: EditorialDesk, text: str, name: str = "news-2024-11-21.txt") -> Path:
    """A file outside the inbox."""
    path = desk.instance.root / "desk" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


def correct(desk: EditorialDesk, file: Path, *, minor: bool = False, note: str = NOTE) -> Corrected:
    desk.now += LATER
    read = desk.app.correcting.read(file, desk.now, note=note)
    return desk.app.correcting.correct(read, desk.now, actor=ACTOR, minor=minor)


def feed(desk: EditorialDesk) -> str:
    return desk.instance.public_bytes()["daily/atom.xml"].decode()


def updated(desk: EditorialDesk) -> str:
    return feed(desk).partition("<entry")[2].partition("<updated>")[2].partition("<")[0]


def test_page_and_entry_are_replaced_under_their_address_and_id_and_show_the_note(desk: EditorialDesk) -> None:
    desk.run()
    before, moment = desk.record(), updated(desk)
    done = correct(desk, rewrite(desk))
    desk.app.catch_up()
    assert done.number == 2
    public = desk.instance.public_bytes()
    assert all(RIGHT in text and NOTE in text for text in (public[PAGE].decode(), feed(desk)))
    assert sorted(path for path in public if path.startswith("daily/2024-11-21")) == [PAGE]
    after = desk.record()
    kept = ("id", "slug", "entry_id", "published_at", "slot", "seen_at", "date")
    assert {name: getattr(after, name) for name in kept} == {name: getattr(before, name) for name in kept}
    assert after.title == RIGHT
    assert str(before.entry_id) in feed(desk)
    assert updated(desk) > moment


def test_a_minor_correction_moves_nothing(desk: EditorialDesk) -> None:
    desk.run()
    moment = updated(desk)
    correct(desk, rewrite(desk), minor=True)
    desk.app.catch_up()
    assert RIGHT in feed(desk)
    assert NOTE in feed(desk)
    assert updated(desk) == moment


def test_the_mail_of_a_minor_correction_says_nothing_of_it(desk: EditorialDesk) -> None:
    desk.run()
    correct(desk, rewrite(desk), minor=True)
    newest = desk.app.histories.of(desk.record()).editions[-1]
    assert newest.subject == RIGHT
    correct(desk, rewrite(desk, "Righter"), note="Nor was that right.")
    with desk.app.store.read() as unit:
        assert [(note.text, note.minor) for note in unit.corrections.notes(desk.record().id)] == [
            (NOTE, True),
            ("Nor was that right.", False),
        ]


def test_braces_in_an_older_note_are_not_taken_for_a_fault_of_our_templates(desk: EditorialDesk) -> None:
    desk.run()
    correct(desk, rewrite(desk), note="It said {{ fee }}; it is 12.")
    assert correct(desk, rewrite(desk, "Righter"), note="Nor was that right.").number == 3


def test_every_correction_keeps_the_notes_before_it(desk: EditorialDesk) -> None:
    desk.run()
    correct(desk, rewrite(desk))
    assert correct(desk, rewrite(desk, "Righter"), note="Nor was that right.").number == 3
    desk.app.catch_up()
    page = desk.instance.public_bytes()[PAGE].decode()
    assert NOTE in page
    assert "Nor was that right." in page


def test_the_act_is_recorded_with_actor_note_and_edition(desk: EditorialDesk) -> None:
    desk.run()
    correct(desk, rewrite(desk), note="  a wrong\nname ")
    (event,) = desk.events("digest.corrected")
    assert event == {"actor": ACTOR, "edition": 2, "note": "a wrong name", "minor": False, "mailings": [1]}


def test_a_note_is_plain_words_whatever_it_holds(desk: EditorialDesk) -> None:
    desk.run()
    correct(desk, rewrite(desk), note="<b>bold</b>\u202e & \x1b[2J")
    desk.app.catch_up()
    page = desk.instance.public_bytes()[PAGE].decode()
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert "\x1b" not in page
    assert "\u202e" not in page


# --- files -----------------------------------------------------------------------------------------------------


def test_a_file_mended_in_the_inbox_is_corrected_and_then_no_news_to_it(desk: EditorialDesk) -> None:
    desk.run()
    file = rewrite(desk)
    (note,) = desk.run().notes
    assert f"`publisher digest correct {file.name} --note TEXT`" in note
    correct(desk, Path(file.name))  # as that line calls it
    assert desk.run().notes == ()
    rewrite(desk, "Changed once more")
    (note,) = desk.run().notes
    assert "publisher digest correct" in note


def test_a_file_elsewhere_corrects_and_the_old_one_in_the_inbox_is_no_change(desk: EditorialDesk) -> None:
    desk.run()
    correct(desk, elsewhere(desk, DIGEST.format(date="2024-11-21", title=RIGHT)))
    assert desk.run().notes == ()
    desk.instance.put("copy.txt", (desk.instance.root / "desk" / "news-2024-11-21.txt").read_bytes())
    report = desk.run()
    assert (report.notes, report.taken, report.errors) == ((), (), ())
    assert desk.record().title == RIGHT


def test_another_file_of_the_inbox_with_the_slug_corrects_and_stands_for_the_digest(desk: EditorialDesk) -> None:
    desk.run()
    slug = KEY.partition("/")[2]
    file = desk.instance.put("mended.md", f"---\ntitle: {RIGHT}\nslug: {slug}\ndate: 2024-11-21\n---\n\nText.\n")
    (error,) = desk.run().errors
    assert "is already the digest of news-2024-11-21.txt" in str(error)
    correct(desk, file)
    report = desk.run()
    assert (report.notes, report.errors) == ((), ())
    assert desk.record().source == "mended.md"


def test_pictures_beside_the_file_come_with_it_and_the_old_ones_stay(desk: EditorialDesk) -> None:
    desk.run()
    text = "---\ntitle: {}\nslug: {}\ndate: 2024-11-21\n---\n\nText.\n\n![A dot](dot.png)\n"
    file = elsewhere(desk, text.format(RIGHT, KEY.partition("/")[2]), "mended.md")
    Image.new("RGB", (4, 4)).save(file.parent / "dot.png")
    os.utime(file.parent / "dot.png", (1_700_000_000, 1_700_000_000))
    correct(desk, file)
    desk.app.catch_up()
    pictures = [path for path in desk.instance.public_bytes() if path.startswith("assets/")]
    assert len(pictures) == 1
    assert pictures[0] in desk.instance.public_bytes()[PAGE].decode()


# --- refusals --------------------------------------------------------------------------------------------------


def test_what_says_the_same_is_no_correction_and_its_file_is_known_from_then_on(desk: EditorialDesk) -> None:
    desk.run()
    before = desk.facts()
    file = desk.instance.put(desk.file.name, desk.file.read_bytes() + b"\n\n")
    assert len(desk.run().notes) == 1
    with pytest.raises(UsageError, match="nothing has changed: edition 1 of daily/2024-11-21-news says the same"):
        correct(desk, file)
    assert desk.run().notes == ()
    assert desk.facts()[1:] == before[1:]


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("draft", "is not published yet. Change its file in the inbox"),
        ("finalized", "is not published yet. Change its file in the inbox"),
        ("held", "is not published yet. Change its file in the inbox"),
        ("withdrawn", "was withdrawn. A withdrawn digest stays withdrawn"),
    ],
)
def test_only_what_is_public_is_corrected(desk: EditorialDesk, state: str, told: str) -> None:
    desk.bring_to(state)
    before = desk.facts()
    with pytest.raises(UsageError) as refused:
        correct(desk, rewrite(desk))
    assert str(refused.value).startswith(f"{KEY} {told}")
    assert desk.facts() == before


def test_a_file_of_no_digest_a_note_of_nothing_and_one_without_end_are_one_line_each(desk: EditorialDesk) -> None:
    desk.run()
    stranger = elsewhere(desk, DIGEST.format(date="2024-11-21", title=RIGHT), "fix.txt")
    cases = [
        (stranger, NOTE, "there is none of that name. Give it `slug: 2024-11-21-news` in its front matter"),
        (rewrite(desk), " \n", "a correction wants a note. Add --note TEXT"),
        (rewrite(desk), "x" * 501, "the note has 501 characters, and may have 500"),
        (Path("nowhere.txt"), NOTE, "nowhere.txt: there is no such file, here or in "),
        (Path("nowhere.txt/news.txt"), NOTE, "there is no such file"),
        (stranger.parent, NOTE, "Name the file that holds the digest's text, with the path to it"),
        (Path(), NOTE, "there is no such file"),
    ]
    before = desk.facts()
    for file, note, told in cases:
        with pytest.raises(UsageError) as refused:
            correct(desk, file, note=note)
        assert told in str(refused.value)
        assert "\n" not in str(refused.value)
    assert desk.facts() == before


def test_of_two_editors_at_once_the_second_is_told(desk: EditorialDesk) -> None:
    desk.run()
    correcting = desk.app.correcting
    first = correcting.read(rewrite(desk), desk.now, note=NOTE)
    second = correcting.read(elsewhere(desk, DIGEST.format(date="2024-11-21", title="Other")), desk.now, note=NOTE)
    correcting.correct(first, desk.now, actor=ACTOR)
    with pytest.raises(UsageError, match="has just been changed by somebody else"):
        correcting.correct(second, desk.now, actor="another editor")
    assert desk.record().title == RIGHT


# --- the gate --------------------------------------------------------------------------------------------------


def test_what_preflight_keeps_here_changes_nothing_but_the_mail_stays_stopped(
    desk: EditorialDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "RULES", RULES)
    desk.run()
    with pytest.raises(BlockedError):
        correct(desk, rewrite(desk, "stop"))
    assert desk.record().title == "News of 2024-11-21"
    assert desk.app.mailroom.facts(1).mailing.state is MailingState.PAUSED
    assert [event["correction"] for event in desk.events("mailing.paused")] == [True]

    done = correct(desk, rewrite(desk))  # the mended one lets it go on, though it was paused
    assert [(each.mailing_id, each.heir_id, each.paused) for each in done.successions] == [(1, 2, False)]
    assert desk.app.mailroom.facts(2).mailing.state is MailingState.WAITING


def test_rules_are_overruled_with_a_reason(desk: EditorialDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "RULES", RULES)
    desk.run()
    read = desk.app.correcting.read(rewrite(desk, "stop"), desk.now, note=NOTE)
    with pytest.raises(UsageError, match="overruling preflight wants a reason"):
        desk.app.correcting.correct(read, desk.now, actor=ACTOR, despite=["stop"])
    desk.app.correcting.correct(read, desk.now, actor=ACTOR, despite=["stop"], reason="it is urgent")
    (event,) = desk.events("digest.corrected")
    assert (event["despite"], event["reason"]) == (["stop"], "it is urgent")
