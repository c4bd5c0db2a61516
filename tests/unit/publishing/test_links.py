"""What the links in mails do: who may act by them, what is kept, and what is passed over."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from publisher.config import Settings, parse
from publisher.digests.model import Digest, DigestState, Section
from publisher.digests.record import MailChoice
from publisher.people import People
from publisher.publishing.links import SECTIONS_OFFERED, Links
from publisher.publishing.readers import Readers
from publisher.rendering.look import site_look
from publisher.storage.database import Database
from publisher.storage.store import Store
from subscribers import tokens
from tests.contract.test_stores import rendered
from tests.unit.subscribers.people import acts, add, everything, line, person_id

SLOW_ON_POSTGRES = True

SECRET = b"the secret of this instance"
ANNA = "anna@example.org"
CONFIG = {
    "site": {"title": "Press", "url": "https://example.org/"},
    "newsletter": [{"slug": "daily", "title": "The Daily", "from": "daily@example.org"}],
}


def never_erased(written: str, *, reason: str, actor: str, now: datetime) -> None:
    raise AssertionError("nobody is erased here")


class Desk:
    """Links on a database, with digests that are published as it were."""

    def __init__(self, database: Database, now: datetime, root: Path) -> None:
        self.database = database
        self.now = now
        self.store = Store(database)
        settings: Settings = parse(CONFIG, root=root)
        self.people = People(database, SECRET)
        self.readers = Readers(database, SECRET, never_erased, lambda _: [])
        look = site_look(settings)
        self.links = Links(self.people, self.readers, self.store, settings, look, lambda: self.now)
        add(database, ANNA, now)

    def publish(self, *sections: tuple[str, str]) -> None:
        """A published digest with these (slug, name)."""
        self.now += timedelta(days=1)
        digest = Digest(
            newsletter="daily",
            slug=f"news-{self.now:%Y-%m-%d}",
            title="News",
            date=date(2024, 11, 21),
            language="en",
            direction="ltr",
            lead=(),
            sections=tuple(Section(slug, name, ()) for slug, name in sections),
        )
        with self.store.write() as unit:
            digest_id = unit.digests.add(
                digest,
                state=DigestState.FINALIZED,
                source=digest.slug,
                source_hash="0" * 64,
                assets=(),
                now=self.now,
            )
            unit.editions.add(
                digest_id=digest_id,
                number=1,
                digest=digest,
                rendered=rendered(),
                source_hash="0" * 64,
                note="",
                created_at=self.now,
                updated_at=self.now,
            )
            unit.digests.publish(
                digest_id,
                slot=None,
                mail=MailChoice.NONE,
                entry_id=f"tag:{digest.slug}",
                now=self.now,
                from_states=[DigestState.FINALIZED],
            )

    @property
    def token(self) -> str:
        return tokens.mint(SECRET, person_id(self.database, ANNA), "daily", 1)

    def look(self) -> str:
        page = self.links.preferences_page(self.token)
        assert page is not None
        return page.decode()

    def save(self, which: str, *sections: str) -> str:
        page = self.links.save_preferences(self.token, {"which": [which], "section": list(sections)})
        assert page is not None
        return page.decode()

    def sections(self) -> tuple[str, ...] | None:
        return line(self.database, ANNA).sections


@pytest.fixture
def desk(database: Database, now: datetime, tmp_path: Path) -> Desk:
    made = Desk(database, now, tmp_path)
    made.publish(("weather", "Weather"), ("courts", "The courts"))
    made.publish(("courts", "In court"), ("arts", "Arts & more"))
    return made


def values(page: str, checked: bool = False) -> list[str]:
    return re.findall(r'name="section" value="([^"]*)"' + (r"[^>]* checked" if checked else ""), page)


def test_everything_is_ticked_until_the_reader_chooses(desk: Desk) -> None:
    page = desk.look()
    assert values(page) == values(page, checked=True) == ["courts", "arts", "weather"]
    assert 'value="all" id="all" checked' in page
    assert "In court" in page
    assert f'href="../u/{desk.token}"' in page


def test_looking_changes_nothing(desk: Desk) -> None:
    before = everything(desk.database)
    for _ in range(3):
        desk.look()
    assert everything(desk.database) == before


def test_a_choice_is_kept_and_shown_again(desk: Desk) -> None:
    assert "you will get 2 sections" in desk.save("chosen", "weather", "courts")
    assert desk.sections() == ("courts", "weather")
    assert values(desk.look(), checked=True) == ["courts", "weather"]
    assert acts(desk.database, ANNA)[-1] == ("daily", "changed", "preferences page")
    assert "you will get all sections" in desk.save("all", "courts")
    assert desk.sections() is None


def test_sections_that_are_not_offered_are_passed_over(desk: Desk) -> None:
    odd = ("nonsense", "", "COURTS", "courts\0", "../courts", "<script>", "a" * 10_000)
    assert "you will get 1 section" in desk.save("chosen", *odd, "courts", "courts")
    assert desk.sections() == ("courts",)
    before = everything(desk.database)
    assert "at least one section" in desk.save("chosen", *odd)
    assert "<script>" not in desk.save("chosen", *odd)
    assert everything(desk.database) == before


@pytest.mark.parametrize(
    "answers",
    [{}, {"which": []}, {"which": ["all", "chosen"]}, {"which": ["ALL"]}, {"List-Unsubscribe": ["One-Click"]}],
)
def test_an_odd_form_changes_nothing_and_says_so(desk: Desk, answers: dict[str, list[str]]) -> None:
    before = everything(desk.database)
    page = desk.links.save_preferences(desk.token, answers)
    assert page is not None
    assert "Nothing was saved" in page.decode()
    assert everything(desk.database) == before


def test_what_was_chosen_before_is_not_lost_because_it_has_not_appeared_lately(desk: Desk, now: datetime) -> None:
    add(desk.database, ANNA, now, sections=("markets", "courts"))
    assert values(desk.look()) == ["courts", "arts", "weather", "markets"]
    desk.save("chosen", "arts", "markets")
    assert desk.sections() == ("arts", "markets")
    desk.save("chosen", "arts")
    assert values(desk.look()) == ["courts", "arts", "weather"]


def test_a_newsletter_that_names_its_sections_anew_each_day_fills_no_endless_page(desk: Desk) -> None:
    for day in range(4):
        desk.publish(*((f"part-{day}-{number}", f"Part {number}") for number in range(30)))
    offered = values(desk.look())
    assert len(offered) == SECTIONS_OFFERED
    assert offered[0] == "part-3-0"


def test_without_sections_there_is_nothing_to_choose(database: Database, now: datetime, tmp_path: Path) -> None:
    desk = Desk(database, now, tmp_path)
    assert values(desk.look()) == []
    page = desk.links.save_preferences(desk.token, {"name": ["Anna"]})
    assert page is not None
    assert "Saved." in page.decode()
    assert (line(database, ANNA).name, desk.sections()) == ("Anna", None)


def test_a_revoked_link_is_no_link(desk: Desk) -> None:
    stale = tokens.mint(SECRET, person_id(desk.database, ANNA), "daily", 2)
    before = everything(desk.database)
    for token in (stale, desk.token[:-1], "x"):
        assert desk.links.preferences_page(token) is None
        assert desk.links.save_preferences(token, {"which": ["all"]}) is None
    assert everything(desk.database) == before


def test_who_left_is_told_and_chooses_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    holder = desk.people.holder(desk.token)
    assert holder is not None
    desk.people.unsubscribe(holder, how="test", now=desk.now)
    before = everything(desk.database)
    for page in (desk.look(), desk.save("chosen", "courts")):
        assert "You are not subscribed" in page
        assert 'name="section"' not in page
    # Between the look and the act: what the database says then is what holds.
    monkeypatch.setattr(People, "holder", lambda *_: replace(holder))
    assert "You are not subscribed" in desk.save("chosen", "courts")
    assert everything(desk.database) == before


def test_a_newsletter_that_is_no_longer_configured_still_has_its_page(desk: Desk, now: datetime) -> None:
    add(desk.database, ANNA, now, "gone")
    token = tokens.mint(SECRET, person_id(desk.database, ANNA), "gone", 1)
    page = desk.links.preferences_page(token)
    assert page is not None
    assert "Press" in page.decode()
