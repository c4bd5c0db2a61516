"""Everything that people look at, made by a whole instance: mails, pages and previews in six languages.

The digests are those of `tests/browser/digests` (each has every kind of block, long words and long addresses), the
sample instance's, and the real one when the shared material is there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal

from PIL import Image, ImageDraw
from sqlalchemy import update

from publisher.app import App, open_app
from publisher.editions import Headline, Month, Note, Withdrawn
from publisher.publishing.previewing import preview_documents
from publisher.rendering import (
    Look,
    about_page,
    archive_page,
    feeds_page,
    missing_page,
    month_page,
    render,
    withdrawn_page,
)
from publisher.rendering.letters import LetterKind, letter
from publisher.rendering.site import SHOWN, month_path
from subscribers import acts
from subscribers.acts import Act, Purpose
from subscribers.tables import subscriptions
from subscribers.tokens import mint
from tests.browser.tools import ROOT

NOW = datetime(2026, 11, 21, 7, 30, tzinfo=UTC)
DIGESTS = Path(__file__).parent / "digests"
PUBLIC = "https://news.example.org/"
REAL = "digests/occasional-digest-2024-11-21.txt"

Kind = Literal["mail", "page", "desk"]

PREVIEWED = frozenset({"river-morning", "al-jisr", "held"})
"""Digests whose previews are looked at: one from the left, one from the right, one with findings."""

SAID = {
    "en": (
        "The bridge closes at 6 p.m. on Friday, not at 8 p.m. as we wrote.",
        "The mayor’s name is Ada Example. We had written Eda, in the first paragraph and under the picture, and "
        "we are sorry for it; the figures of the council are of 2026 and not of 2025.",
    ),
    "de": (
        "Die Brücke wird am Freitag um 18 Uhr gesperrt, nicht um 20 Uhr.",
        "Die Oberbürgermeisterin heißt Ada Muster; wir hatten „Eda“ geschrieben.",
    ),
    "ar": ("يُغلق الجسر يوم الجمعة في السادسة مساءً لا في الثامنة.", "اسم العمدة «أدا»، وقد كتبناه خطأً."),
}
"""What corrections say, the first one first; the first is said of a withdrawal too."""

NEWSLETTERS = {
    "en": ("The Exampleton Morning", "What moved in Exampleton, every day at seven."),
    "de": ("Der Musterstädter Morgen", "Was Musterstadt bewegt, werktags um sieben."),
    "fr": ("Le Matin d’Exempleville", "Ce qui a bougé en ville, chaque jour à sept heures."),
    "es": ("La Mañana de Ejemplar", "Lo que se movió en la ciudad, cada día a las siete."),
    "ar": ("صباح المثال", "ما جرى في المدينة، كل يوم في السابعة."),
    "uk": ("Ранок Прикладівки", "Що сталося в місті, щодня о сьомій."),
}
"""Newsletters by language: title and description."""

_SITE = """
[site]
title = "The Harbour Gazette"
url = "https://news.example.org/"
secret = "a secret that only this gallery has"

[preflight]
rules = { links-answer = "off", sender-domain = "off" }
"""
_NEWSLETTER = """
[[newsletter]]
slug = "{slug}"
title = "{title}"
from = "{title} <{slug}@news.example.org>"
description = "{description}"
postal_address = "The Harbour Gazette, 1 Quay Street, Exampleton"
language = "{language}"
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """A document to look at. Mails and pages have a language; the desk is in English."""

    name: str
    kind: Kind
    path: Path
    language: str


@dataclass(frozen=True, slots=True)
class Gallery:
    """All of them. `site` is the folder that stands for the public address."""

    root: Path
    shown: tuple[Shown, ...]

    @property
    def site(self) -> Path:
        """Where the public site lies."""
        return self.root / "var" / "site"

    def of_kind(self, *kinds: Kind) -> Iterator[Shown]:
        """The documents of some kinds."""
        return (each for each in self.shown if each.kind in kinds)


def build(root: Path) -> Gallery:
    """Make an instance in `root`, publish everything, preview every digest."""
    _write_instance(root)
    app = open_app(root / "config.toml", clock=lambda: NOW)
    try:
        app.run_pass(sleep=lambda _: None)
        _write_standing(app, root / "var" / "site")
        shown = (
            *_afterwards(app, root / "var" / "site", root / "corrected"),
            *_pages(root / "var" / "site"),
            *_previews(app, root / "previews"),
            *_notices(app, root / "notices"),
        )
    finally:
        app.close()
    return Gallery(root, shown)


def _write_instance(root: Path) -> None:
    tables = [
        _NEWSLETTER.format(slug=language, language=language, title=title, description=description)
        for language, (title, description) in NEWSLETTERS.items()
    ]
    sample = _NEWSLETTER.format(slug="daily", language="en", title="The Harbour Daily", description="A sample.")
    (root / "digests").mkdir(parents=True)
    (root / "config.toml").write_text("".join([_SITE, *tables, sample]), encoding="utf-8")
    for language in NEWSLETTERS:
        folder = root / "digests" / language
        (folder / "pictures").mkdir(parents=True)
        for path in DIGESTS.glob(f"{language}*"):
            shutil.copy(path, folder)
        _draw_bridge(folder / "pictures" / "bridge.png")
    shutil.copytree(ROOT / "digests", root / "digests" / "daily")
    real = Path(os.environ.get("PUBLISHER_SHARED", ""), REAL)
    if real.is_file():
        shutil.copy(real, root / "digests" / "daily")
    for path in (root / "digests").rglob("*.*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))


def _draw_bridge(path: Path) -> None:
    """A picture of a size that a newsroom would send: larger than any mail shows it."""
    image = Image.new("RGB", (1600, 900), "#dfe5e3")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 560, 1600, 900), fill="#8fa6a8")
    draw.polygon([(0, 560), (0, 430), (420, 380), (760, 560)], fill="#b9b39f")
    draw.rectangle((180, 300, 320, 420), fill="#a79f8c")
    draw.polygon([(160, 300), (250, 220), (340, 300)], fill="#7b5448")
    draw.rectangle((380, 500, 1600, 530), fill="#3d4244")
    for x in range(420, 1600, 160):
        draw.arc((x, 400, x + 160, 660), 180, 360, fill="#3d4244", width=12)
        draw.line((x, 530, x, 700), fill="#3d4244", width=18)
    image.save(path)


def _pages(site: Path) -> Iterator[Shown]:
    for path in sorted(site.rglob("*.html")):
        name = path.relative_to(site).as_posix()
        language = name.partition("/")[0]
        yield Shown(f"page {name}", "page", path, language if language in NEWSLETTERS else "en")


def _afterwards(app: App, site: Path, folder: Path) -> Iterator[Shown]:
    """A digest of some newsletters as it is shown corrected twice, and withdrawn, each beside the digest."""
    for language, said in SAID.items():
        with app.store.read() as unit:
            headlines = unit.archive.headlines(language, date.min, date.max)
            slug = headlines[0].slug
            (record,) = unit.digests.find(f"{language}/{slug}")
            edition, assets = unit.editions.newest(record.id), unit.digests.assets_of(record.id)
        assert edition is not None
        look, digest = app.look(language), replace(edition.digest, slug=f"{slug}-corrected")
        notes = [Note(NOW + timedelta(days=day), text) for day, text in enumerate(said)]
        corrected = replace(edition, digest=digest, rendered=render(digest, look, notes=notes), note=said[-1])
        composer = app.composer(corrected)
        for document in preview_documents(corrected, assets, composer, look, "tag:x", NOW, ()):
            _write(folder / language / document.path, document.data)
        yield Shown(f"mail {digest.key}", "mail", folder / language / "mail.html", language)
        _write_archive(site / language, look, headlines)
        _write(site / language / digest.slug / "index.html", corrected.rendered.page)
        left = Withdrawn(digest.title, digest.date, language, notes[0])
        _write(site / language / f"{slug}-withdrawn" / "index.html", withdrawn_page(left, look, slug))
        listed = [*headlines, replace(headlines[0], slug=f"{slug}-withdrawn", withdrawn_at=NOW, summary="")]
        _write(site / language / "withdrawn.html", archive_page(look, listed))


def _write_archive(folder: Path, look: Look, headlines: Sequence[Headline]) -> None:
    """A newsletter that has come every day for years: its page, a month in the middle, and one without issues."""
    days = [NOW.date() - timedelta(days=number) for number in range(SHOWN + 5)]
    many = [replace(headlines[number % len(headlines)], date=day) for number, day in enumerate(days)]
    months = [Month(date(year, month, 1), 30) for year in (2026, 2025, 2024) for month in range(12, 0, -1)][1:]
    _write(folder / "many.html", archive_page(look, many, months))
    for month, listed in ((date(2025, 5, 1), many[:10]), (date(2023, 5, 1), [])):
        _write(folder / month_path(month) / "index.html", month_page(look, month, listed, months))


def _write_standing(app: App, site: Path) -> None:
    """The pages of a site in each of its languages; English ones are there already."""
    looks = [
        replace(app.look(language), schedule=schedule, timezone="Europe/Berlin")
        for language, schedule in zip(
            NEWSLETTERS,
            ("daily 07:00", "weekdays 17:30", "0 7,18 * * 2,4", "0 7 * * 0,6", "0 8 1 * *", "on finalize"),
            strict=True,
        )
    ]
    for language in NEWSLETTERS:
        look = replace(app.site_look, language=language)
        _write(site / language / "about.html", about_page(look, looks))
        _write(site / language / "feeds.html", feeds_page(look, looks))
        _write(site / language / "404.html", missing_page(look, looks))


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _previews(app: App, folder: Path) -> Iterator[Shown]:
    with app.store.read() as unit:
        records = unit.digests.all()
    for record in records:
        digest, documents = app.preview(f"{record.newsletter}/{record.slug}")
        for document in documents:
            _write(folder / record.newsletter / record.slug / document.path, document.data)
        base = folder / record.newsletter / record.slug
        yield Shown(f"mail {digest.key}", "mail", base / "mail.html", digest.language)
        if record.slug in PREVIEWED:
            yield Shown(f"preview {digest.key}", "desk", base / "index.html", "en")


def _notices(app: App, folder: Path) -> Iterator[Shown]:
    """What is behind the links in mails, in every state, and what is said to a link that is not ours."""
    folder.mkdir()
    app.takes_no_mail = lambda domain: domain == "example.com"
    for language in NEWSLETTERS:
        app.people.add("reader@example.org", language, confirmed=True, actor="gallery", now=NOW)
        (line,) = app.people.list(language, None)
        token = mint(app.secret, line.subscriber_id, language, 1)
        pages = {
            "preferences-ask": app.links.preferences_page(token),
            "preferences-none": app.links.save_preferences(token, {"which": ["some"]}),
            "preferences-saved": app.links.save_preferences(token, {"which": ["all"]}),
            "unsubscribe-ask": app.links.unsubscribe_page(token),
            "unsubscribe-done": app.links.unsubscribe(token, "gallery"),
            "preferences-left": app.links.preferences_page(token),
        }
        for name, page in pages.items():
            assert page is not None, name
            yield _notice(folder / f"{name}-{language}.html", page, language)
        for name, page in _data(app, line.subscriber_id, language).items():
            yield _notice(folder / f"{name}-{language}.html", page, language)
        yield from _signing_up(app, folder, language)
    yield _notice(folder / "unknown-link.html", app.links.unknown_link_page(), "en")


def _data(app: App, subscriber_id: int, language: str) -> dict[str, bytes]:
    """What is behind links that end."""
    who = (subscriber_id, language, 1, NOW)
    confirm, manage, move = (
        acts.mint(app.secret, Act(purpose, *who, "new@example.org" if purpose is Purpose.MOVE else ""))
        for purpose in (Purpose.CONFIRM, Purpose.MANAGE, Purpose.MOVE)
    )
    with app.database.write() as connection:
        connection.execute(update(subscriptions).values(state="unconfirmed", left_at=None))
    pages = {
        "confirm-ask": app.signups.confirm_page(confirm),
        "confirm-done": app.signups.confirm(confirm, ""),
        "manage-ask": app.signups.manage_page(manage),
        "move-ask": app.signups.confirm_page(move),
    }
    token = mint(app.secret, subscriber_id, language, 1)
    wrong = app.links.save_preferences(token, {"which": ["all"], "pause": ["yesterday"]})
    mailed = app.links.save_preferences(token, {"act": ["link"]})
    sent = app.signups.manage(manage, {"act": ["move"], "email": ["new@example.org"]})
    unsure = app.signups.manage(manage, {"act": ["erase"]})
    assert sent is not None
    assert unsure is not None
    pages |= {"manage-sent": sent.data, "manage-unsure": unsure.data}
    pages |= {"preferences-wrong": wrong, "preferences-mailed": mailed}
    return {name: page for name, page in pages.items() if page is not None}


def _signing_up(app: App, folder: Path, language: str) -> Iterator[Shown]:
    """The sign-up page in its states, and the mails to one person."""
    sent = [
        app.signups.subscribe(language, {"email": [email]}, "", "")
        for email in ("nobody", "anna@example.com", "anna@example.org")
    ]
    pages = [app.signups.subscribe_page(language), *(each.data for each in sent if each)]
    for name, page in zip(("ask", "wrong", "no-mail", "sent"), pages, strict=True):
        assert page is not None
        yield _notice(folder / f"subscribe-{name}-{language}.html", page, language)
    link = f"{PUBLIC}c/{'x' * 60}"
    for kind in LetterKind:
        written = letter(kind, app.look(language), language=language, email="anna@example.org", url=link)
        path = folder / f"letter-{kind}-{language}.html"
        path.write_text(written.html, encoding="utf-8")
        yield Shown(f"mail {path.name}", "mail", path, language)


def _notice(path: Path, page: bytes, language: str) -> Shown:
    path.write_bytes(page)
    return Shown(f"page {path.name}", "page", path, language)
