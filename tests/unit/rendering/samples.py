"""Digests that use every block and inline type, one from the left and one from the right; golden files of them.

`PUBLISHER_GOLDEN=write` writes the files of tests/golden anew; read the difference before you commit it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from lxml import html as lxml_html

from publisher.digests.model import (
    Block,
    Code,
    CodeSpan,
    Digest,
    Emphasis,
    Figure,
    Heading,
    Inline,
    Item,
    LineBreak,
    Link,
    ListBlock,
    Note,
    NoteMark,
    Paragraph,
    Quote,
    Rule,
    Section,
    Strong,
    Table,
    Text,
)
from publisher.editions import EditionBlock, FieldName, Parts, choose
from publisher.editions import Note as Correction
from publisher.rendering import Look, SiteLook

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
VALUES = {
    FieldName.EMAIL: "reader@example.net",
    FieldName.UNSUBSCRIBE_URL: "https://news.example.org/u/token",
    FieldName.PREFERENCES_URL: "https://news.example.org/s/token",
}

SITE = SiteLook(title="Harbour Press", url="https://news.example.org/")
LOOK = Look(
    site=SITE,
    slug="daily",
    title="The Harbour Daily",
    description="What moved in the harbour, every weekday at seven.",
    postal_address="Harbour Press\n1 Quay Street, Port Example",
    language="en",
)
ASSET = "asset:" + "ab" * 16 + ".jpg"


def assert_golden(path: str, data: bytes) -> None:
    """Hold `data` against the file `path` of tests/golden."""
    file = GOLDEN / path
    if os.environ.get("PUBLISHER_GOLDEN") == "write":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    assert data == file.read_bytes(), f"{path} differs; see the head of {Path(__file__).name}"


def filled(parts: Parts) -> str:
    """A block as one reader gets it."""
    return "".join(part if isinstance(part, str) else VALUES[part.name] for part in parts)


def whole_html(blocks: Iterable[EditionBlock], sections: Iterable[str] | None = None) -> str:
    """The HTML of a reader who chose these sections; None is all of them."""
    return "".join(filled(block.html) for block in choose(blocks, sections))


def whole_text(blocks: Iterable[EditionBlock], sections: Iterable[str] | None = None) -> str:
    """The text of a reader who chose these sections; None is all of them."""
    return "".join(filled(block.text) for block in choose(blocks, sections))


def parsed(document: str | bytes) -> Any:
    """A document as a tree for XPath; Any, since what XPath gives depends on the path."""
    return lxml_html.document_fromstring(document if isinstance(document, str) else document.decode())


def para(*inlines: Inline | str) -> Paragraph:
    return Paragraph(tuple(Text(each) if isinstance(each, str) else each for each in inlines))


def line(*inlines: Inline | str) -> tuple[Inline, ...]:
    return para(*inlines).inlines


def bullets(*items: Block | str | tuple[Block, ...]) -> ListBlock:
    return ListBlock(tuple(_item(item) for item in items))


def numbers(start: int, *items: Block | str | tuple[Block, ...]) -> ListBlock:
    return ListBlock(tuple(_item(item) for item in items), start=start)


def _item(item: Block | str | tuple[Block, ...]) -> Item:
    if isinstance(item, str):
        return Item((para(item),))
    return Item(item if isinstance(item, tuple) else (item,))


def link(href: str, text: str) -> Link:
    return Link(href, (Text(text),))


RICH = Digest(
    newsletter="daily",
    slug="harbour-opens",
    title="The harbour opens again – & stays open",
    date=date(2024, 11, 21),
    language="en",
    direction="ltr",
    author="Ada Example",
    image=Figure(alt="A crane over the quay", credit="Ada Example", src=ASSET),
    lead=(
        para(
            "After nine days the harbour took its first ship at dawn. ",
            Strong((Text("Forty more"),)),
            " wait outside.",
        ),
        para("Here is what changed, and what it ", Emphasis((Text("costs"),)), "."),
    ),
    sections=(
        Section(
            "ships",
            "Ships & crews",
            (
                bullets(
                    "The tanker Selene docked at 05:40 with eleven thousand tonnes of grain, the first cargo "
                    "since the storm took the outer wall.",
                    (
                        para(
                            "Pilots work in three shifts, says ",
                            link("https://pilots.example.org/rota?a=1&b=2", "their rota"),
                            ":",
                        ),
                        bullets("north basin", (para("south basin"), bullets("berths 4 to 9"))),
                    ),
                    para(
                        "A berth costs ",
                        CodeSpan("fee = days * 120"),
                        " today; ask ",
                        link("mailto:desk@example.org", "desk@example.org"),
                        ".",
                    ),
                ),
                Figure(
                    alt="A tanker beside a grain silo, seen from the mole at first light",
                    caption=line("The ", Emphasis((Text("Selene"),)), " at the silo, 20 November 2024"),
                    credit="Ada Example/Harbour Press",
                ),
                para(
                    "The list of arrivals is at ",
                    link("https://news.example.org/arrivals", "https://news.example.org/arrivals"),
                    NoteMark(1),
                    ".",
                ),
                Note(
                    1, (para("Times are local. ", link("https://news.example.org/method", "How we count"), "."),)
                ),
            ),
        ),
        Section(
            "money",
            "Money",
            (
                Heading(3, line("What a day costs")),
                Table(
                    ("none", "none", "none"),
                    (line("Berth"), line("Ships"), line("Fee a day")),
                    (
                        (line("North basin"), line("12"), line("$1,200")),
                        (line("South basin, ", Strong(line("upper"))), line("7"), line("$860.50")),
                        (line("Roads"), line("40"), line("")),
                    ),
                ),
                Quote(
                    (para("We lost nine days. We will not lose the tenth."), para("Not one more.")),
                    "Harbour master, on Wednesday",
                ),
                Figure(
                    alt="Chart of fees",
                    caption=line("Fees since 2019"),
                    credit="Harbour Press",
                    src="https://img.example.com/fees.png",
                ),
                para("First line", LineBreak(), "second line."),
            ),
        ),
        Section(
            "next",
            "What comes next",
            (
                numbers(
                    9,
                    "The wall is measured.",
                    (para("The council meets."), para("Its papers are public.")),
                    "Work starts.",
                ),
                Rule(),
                Code("draught = 11.4\nif draught > 11:\n    wait()"),
                Figure(alt="The old wall in 1931"),
                Quote((bullets("A quoted point", "and another"),)),
                Note(2, (para("Nobody marks this note."), bullets("but it has points"))),
            ),
        ),
        Section(
            "plain", "Nothing but a line", (para("One line, and the mark of a note elsewhere", NoteMark(1), "."),)
        ),
    ),
)

RTL = Digest(
    newsletter="daily",
    slug="almina",
    title="الميناء يفتح من جديد",
    date=date(2024, 11, 21),
    language="ar",
    direction="rtl",
    lead=(para("بعد تسعة أيام استقبل الميناء أول سفينة عند الفجر. وأربعون أخرى تنتظر في الخارج."),),
    sections=(
        Section(
            "sufun",
            "السفن",
            (
                bullets(
                    "رست الناقلة «سيلين» في الساعة 05:40 وعلى متنها أحد عشر ألف طن من القمح، "
                    "وهي أول شحنة منذ العاصفة.",
                    (
                        para(
                            "يعمل المرشدون في ثلاث نوبات، انظر ",
                            link("https://pilots.example.org/rota", "الجدول"),
                            ".",
                        ),
                        numbers(1, "الحوض الشمالي", "الحوض الجنوبي"),
                    ),
                ),
                Figure(caption=line("الناقلة عند الصومعة"), credit="وكالة المرفأ"),
                Quote((para("خسرنا تسعة أيام ولن نخسر العاشر."),), "مدير الميناء"),
                Table(
                    ("none", "none"),
                    (line("الرصيف"), line("السفن")),
                    ((line("الشمالي"), line("12")), (line("الجنوبي"), line("7"))),
                ),
            ),
        ),
    ),
)
NOTED_AT = datetime(2024, 11, 21, 9, 30, tzinfo=UTC)


def noted(*texts: str) -> tuple[Correction, ...]:
    """Corrections with these texts, an hour apart, the first one first."""
    return tuple(Correction(NOTED_AT + timedelta(hours=hours), text) for hours, text in enumerate(texts))


ARABIC_LOOK = Look(site=SITE, slug="daily", title="يومية المرفأ", language="ar")


def real() -> Digest:
    """A digest as long as a newsroom's own, in invented words."""
    point = (
        "The council of the port said on Wednesday that the outer wall, which the storm of 11 November broke in "
        "two places, would be closed by the end of the month, and that ships of more than eleven metres would "
        "wait outside until then. "
    )
    sections = []
    for number, count in enumerate((3, 6, 6, 3), 1):
        texts = [f"{number}.{each} {point * (2 if each % 3 == 0 else 1)}".strip() for each in range(count)]
        caption = line("Cranes at the northern quay, seen from the mole, on November 1, 2024")
        figure = Figure(alt="Cranes " * 12, caption=caption, credit="Ada Example/HP")
        blocks = (bullets(*texts), figure) if number % 2 else (bullets(*texts),)
        sections.append(Section(f"part-{number}", f"Part {number} of the day", blocks))
    return Digest(
        newsletter="daily",
        slug="ninth-day",
        title="Harbour Digest - a story for you",
        date=date(2024, 11, 21),
        language="en",
        direction="ltr",
        lead=(
            para("As the closure enters its ninth day, these are the main developments."),
            para("Here is the situation on Saturday, November 2:"),
        ),
        sections=tuple(sections),
    )
