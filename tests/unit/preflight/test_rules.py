"""For each rule: what it finds, with the place it names, and what it lets pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from publisher.digests.model import Block, Code, CodeSpan, Digest, Figure, Note, NoteMark, Section, Strong
from publisher.editions import BlockKind, FieldName
from publisher.preflight.model import Candidate, Level
from publisher.preflight.reading import reading
from publisher.preflight.registry import RULES
from publisher.rendering import render
from tests.unit.rendering.samples import (
    ARABIC_LOOK,
    ASSET,
    LOOK,
    RICH,
    RTL,
    bullets,
    line,
    link,
    para,
    parsed,
    real,
    whole_html,
)

from .candidates import GOOD, TODAY, candidate, digest, edited, problems, remade, rule, showing, without_field

FED_BY_PROBES = {"links-answer", "sender-domain"}
"""Rules that are tested beside their probes."""

MINE = [each.id for each in RULES if each.id not in FED_BY_PROBES]
SHIPS = "section “Ships”"
BLOCKING = {"fields", "unsubscribe", "text-part", "subject-empty", "bidi", "link-host"}

Made = Callable[[], Candidate]


def of(**changes: object) -> Made:
    """The good digest with other values."""
    return lambda: candidate(digest(**changes))  # type: ignore[arg-type]


def saying(*inlines: object, **changes: object) -> Made:
    """The good digest with these words in its first section."""
    return lambda: candidate(digest(*inlines, **changes))  # type: ignore[arg-type]


def shown(text: str, href: str) -> Made:
    return lambda: candidate(showing(text, href))


def titled(title: str) -> Made:
    return of(title=title)


def template(kind: BlockKind, old: str, new: str, *, in_text: bool = False) -> Made:
    """The good digest through a template that writes `new` where ours writes `old`."""

    def change(literal: str) -> str:
        return literal.replace(old, new)

    def made() -> Candidate:
        given = candidate()
        found = edited(given, kind, text=change) if in_text else edited(given, kind, html=change)
        assert found.rendered != given.rendered, f"nothing says {old}"
        return found

    return made


def picture(**values: object) -> Figure:
    return Figure(**{"src": ASSET, "alt": "A crane over the quay", **values})  # type: ignore[arg-type]


def yesterday(*blocks: Block, slug: str = "yesterday") -> Digest:
    """An earlier digest with these blocks."""
    return replace(
        GOOD,
        slug=slug,
        title="The harbour waits",
        date=TODAY - timedelta(days=1),
        lead=(para("The ships outside are counted, and nobody comes in before the wall is looked at."),),
        sections=(replace(GOOD.sections[0], blocks=blocks),),
    )


def sized(octets: int) -> Candidate:
    """A candidate whose HTML part has so many octets."""
    given = candidate()
    room = octets - len(reading(given).body("html") or b"")
    return edited(
        given, BlockKind.CLOSING, html=lambda text: text.replace("</body>", f"<!--{'x' * (room - 7)}--></body>")
    )


BRACES = "<p>{{ reader }}</p></body>"
STORY = (
    "Divers measured a crack of eleven metres along the joint between the old wall and the new, and the council "
    "will hear of it on Tuesday."
)
FOLLOW_UP = (
    "The council heard on Tuesday that the crack along the joint is eleven metres long, and that closing it would "
    "cost more than the whole quay did when it was built."
)
CJK = "潜水员沿着旧墙与新墙之间的接缝测量了一条十一米长的裂缝，委员会将于星期二听取报告。"
ARABIC = "رست الناقلة سيلين في الساعة الخامسة وعلى متنها أحد عشر ألف طن من القمح وهي أول شحنة منذ العاصفة."
STANDING = para("Write to the desk at any hour of the day or night, and somebody will read it before long.")

TRIPS: dict[str, dict[str, tuple[Made, str, str]]] = {
    "fields": {
        "braces": (template(BlockKind.CLOSING, "</body>", BRACES), "footer", "{{reader}}"),
        "statement": (
            template(BlockKind.CLOSING, "</body>", "<p>{% if x %}</p></body>"),
            "footer",
            "{%",
        ),
        "gettext": (
            template(BlockKind.OPENING, "</h1>", "</h1><p>for %(name)s</p>"),
            "head of the mail",
            "%(name)s",
        ),
        "attribute": (
            template(BlockKind.CLOSING, "</body>", '<img src="https://example.org/None" alt=""></body>'),
            "footer",
            "None",
        ),
        "none": (template(BlockKind.CLOSING, "</body>", "<p>None</p></body>"), "footer", "“None”"),
        "none after a colon": (
            lambda: edited(candidate(), BlockKind.CLOSING, text=lambda text: text + "\nPostal address: None\n"),
            "footer",
            "Postal address: None",
        ),
        "in the text": (
            lambda: edited(candidate(), BlockKind.OPENING, text=lambda text: text + "{{ date }}\n"),
            "head of the mail",
            "{{date}}",
        ),
        "a mark of ours in capitals": (
            template(BlockKind.CLOSING, "</body>", f"<p>Q{'0A' * 16}UNSUBSCRIBEURLZ</p></body>"),
            "footer",
            "unsubscribeurlz",
        ),
        "merge tag": (template(BlockKind.CLOSING, "</body>", "<p>*|FNAME|*</p></body>"), "footer", "*|fname|*"),
        "configured text": (
            lambda: candidate(look=replace(LOOK, description="News for {{ name }}")),
            "footer",
            "{{name}}",
        ),
        "beside a title with braces": (
            lambda: edited(
                candidate(digest(title="What {{ x }} means")),
                BlockKind.OPENING,
                html=lambda text: text.replace("</h1>", "</h1><p>{{ y }}</p>"),
            ),
            "head of the mail",
            "{{y}}",
        ),
    },
    "leftovers": {
        "title": (titled("Dear {{ name }}, good morning"), "title", "{{ name }}"),
        "item": (
            saying(blocks=(bullets("One", "Two", "Say %(what)s here"),)),
            f"{SHIPS}, 3rd item",
            "%(what)s",
        ),
        "statement": (saying("{% if grain %}"), f"{SHIPS}, 1st paragraph", "{% if grain %}"),
        "half": (saying("Grain }} for all"), f"{SHIPS}, 1st paragraph", "}}"),
        "filler": (saying("Lorem ipsum dolor sit amet"), f"{SHIPS}, 1st paragraph", "Lorem ipsum"),
        "merge tag": (saying("Hello *|FNAME|*!"), f"{SHIPS}, 1st paragraph", "*|FNAME|*"),
        "in a link": (shown("{{ title }}", "https://example.org/"), f"{SHIPS}, 1st paragraph", "{{ title }}"),
    },
    "unsubscribe": {
        "html": (
            lambda: without_field(candidate(), FieldName.UNSUBSCRIBE_URL, html=True),
            "footer",
            "HTML",
        ),
        "text": (
            lambda: without_field(candidate(), FieldName.UNSUBSCRIBE_URL, text=True),
            "footer of the text part",
            "text mail",
        ),
        "without words": (
            lambda: edited(candidate(), BlockKind.CLOSING, html=lambda text: text.replace(">Unsubscribe<", "><")),
            "footer",
            "HTML",
        ),
        "hidden": (
            lambda: edited(
                candidate(), BlockKind.CLOSING, html=lambda text: text.replace('<a class="exit"', '<a hidden=""')
            ),
            "footer",
            "HTML",
        ),
        "only in a section": (
            lambda: remade(
                given := candidate(),
                (
                    replace(block, kind=BlockKind.SECTION) if block.kind is BlockKind.CLOSING else block
                    for block in given.rendered.blocks
                ),
            ),
            "footer",
            "HTML",
        ),
    },
    "text-part": {
        "a word": (
            lambda: edited(candidate(), BlockKind.SECTION, text=lambda text: text.replace("grain", "")),
            SHIPS,
            "a word that the HTML has: “grain”",
        ),
        "a word that is there once": (
            lambda: edited(
                candidate(digest("Grain, grain, and grain again.")),
                BlockKind.SECTION,
                text=lambda text: text.replace("Grain, ", ""),
            ),
            SHIPS,
            "“grain”",
        ),
        "all of the lead": (
            lambda: edited(candidate(), BlockKind.LEAD, text=lambda text: ""),
            "lead",
            "11 words",
        ),
        "arabic": (
            lambda: edited(
                candidate(RTL, look=ARABIC_LOOK), BlockKind.SECTION, text=lambda text: text.replace("القمح", "")
            ),
            "section “السفن”",
            "“القمح”",
        ),
        "chinese": (
            lambda: edited(candidate(digest(CJK)), BlockKind.SECTION, text=lambda text: text.replace("裂", "")),
            SHIPS,
            "“裂”",
        ),
        "title": (
            lambda: edited(candidate(), BlockKind.OPENING, text=lambda text: text.replace("opens", "")),
            "title",
            "“opens”",
        ),
        "no text part": (
            lambda: replace(candidate(), message=candidate().message.replace(b"text/plain", b"text/x-other")),
            "text part",
            "no text part",
        ),
        "a table": (
            lambda: edited(candidate(RICH), BlockKind.SECTION, text=lambda text: text.replace("860.50", "")),
            "section “Money”",
            "“860”",
        ),
    },
    "subject-empty": {
        "nothing": (titled(""), "subject", "empty"),
        "spaces": (titled(" \u00a0 "), "subject", "empty"),
        "invisible": (titled("\u200b\u200e\u2060"), "subject", "empty"),
        "filler": (titled("\u3164\u2800"), "subject", "empty"),
    },
    "subject-length": {
        "long": (titled("a" * 71), "subject", "71 columns"),
        "chinese": (titled("港" * 36), "subject", "72 columns"),
        "with the date": (
            lambda: candidate(
                wanted := digest(title="Harbour " * 8),
                rendered=render(wanted, LOOK, title_repeats=True),
            ),
            "subject",
            "columns",
        ),
    },
    "preheader": {
        "none": (of(lead=(), sections=()), "preview line", "no preview line"),
        "the subject again": (
            of(lead=(para("The Harbour opens again!"),)),
            "preview line",
            "same as the subject",
        ),
        "short": (of(lead=(para("Good morning."),)), "preview line", "“Good morning.”"),
        "chinese": (of(lead=(para("各位早安。"),)), "preview line", "only"),
        "long": (
            lambda: candidate(rendered=replace(candidate().rendered, preheader="a" * 162)),
            "preview line",
            "162 columns",
        ),
    },
    "capitals": {
        "subject": (titled("HARBOUR OPENS: Good"), "subject", "subject"),
        "greek": (titled("ΤΟ ΛΙΜΑΝΙ ΑΝΟΙΓΕΙ ΞΑΝΑ"), "subject", "subject"),
        "paragraph": (
            saying("THIS IS THE MOST IMPORTANT STORY of the day."),
            f"{SHIPS}, 1st paragraph",
            "THIS IS THE MOST IMPORTANT STORY",
        ),
        "over a number": (
            saying("THE 12 SHIPS OUTSIDE WILL WAIT UNTIL FRIDAY"),
            f"{SHIPS}, 1st paragraph",
            "in capitals",
        ),
    },
    "spam-phrases": {
        "subject": (titled("Act now: the harbour opens"), "subject", "“act now”"),
        "shouting": (titled("The harbour opens!!!"), "subject", "!!!"),
        "preview line": (
            of(lead=(para("This limited time offer ends with the tide tomorrow."),)),
            "preview line",
            "limited time offer",
        ),
        "link": (shown("Click here", "https://example.org/"), f"{SHIPS}, 1st paragraph", "click here"),
        "german": (
            of(title="Jetzt zugreifen: der Hafen", language="de"),
            "subject",
            "jetzt zugreifen",
        ),
        "french, with its apostrophe": (
            of(title="Gagnez de l’argent au port", language="fr"),
            "subject",
            "gagnez de l'argent",
        ),
        "spanish": (of(title="Compre ahora su puerto", language="es-MX"), "subject", "compre ahora"),
        "text": (
            saying("Order now, there is no credit check."),
            f"{SHIPS}, 1st paragraph",
            "“order now” and “no credit check”",
        ),
    },
    "bidi": {
        "override in the subject": (titled("The harbour \u202eopens"), "subject", "U+202E"),
        "open isolate in the subject": (titled("The \u2067harbour"), "subject", "U+2067"),
        "override in a link": (
            shown("the rota \u202dmoc", "https://example.org/"),
            f"{SHIPS}, 1st paragraph",
            "U+202D",
        ),
        "closed in a link that shows an address": (
            shown("\u202bexample.org\u202c", "https://example.org/"),
            f"{SHIPS}, 1st paragraph",
            "U+202B",
        ),
        "crossed": (titled("a \u202b b \u2066 c \u202c d"), "subject", "U+202B"),
        "arabic": (
            lambda: candidate(replace(RTL, title=f"{RTL.title}\u202d"), look=ARABIC_LOOK),
            "subject",
            "U+202D",
        ),
    },
    "bidi-words": {
        "paragraph": (saying("Grain \u202eniarg for all"), f"{SHIPS}, 1st paragraph", "U+202E"),
        "left open": (saying("Grain \u2068for all"), f"{SHIPS}, 1st paragraph", "U+2068"),
        "section's name": (
            of(sections=(Section("ships", "Ships \u202espihs", (para("A word."),)),)),
            "section “Ships \u202espihs”",
            "U+202E",
        ),
        "caption": (
            saying(blocks=(picture(caption=line("The quay \u202e")),)),
            f"{SHIPS}, 1st picture",
            "U+202E",
        ),
    },
    "invisible": {
        "zero width space": (titled("The har\u200bbour opens"), "subject", "U+200B"),
        "soft hyphen": (titled("The har\u00adbour opens"), "subject", "U+00AD"),
        "tag characters": (titled("Harbour\U000e0041\U000e0042"), "subject", "U+E0041 and U+E0042"),
        "joiner in a latin word": (titled("The har\u200dbour"), "subject", "U+200D"),
    },
    "link-host": {
        "another host": (
            shown("www.bank.example", "https://evil.example/login"),
            f"{SHIPS}, 1st paragraph",
            "shows www.bank.example and opens evil.example",
        ),
        "a counter": (
            shown("example.com", "https://track.example.net/c?u=1"),
            f"{SHIPS}, 1st paragraph",
            "example.com",
        ),
        "with a path": (
            shown("see example.com/fees for more", "https://example.net/fees"),
            f"{SHIPS}, 1st paragraph",
            "example.com",
        ),
        "whole address": (
            shown("https://example.com/a", "https://example.com.evil.test/a"),
            f"{SHIPS}, 1st paragraph",
            "opens example.com.evil.test",
        ),
        "user in the address": (
            shown("https://example.com/", "https://example.com@evil.test/"),
            f"{SHIPS}, 1st paragraph",
            "opens evil.test",
        ),
        "a file of that name": (
            shown("www.bank.example", "https://evil.test/www.bank.example"),
            f"{SHIPS}, 1st paragraph",
            "opens evil.test",
        ),
        "a host in front of the host": (
            shown("https://example.com@evil.test/", "https://example.com@evil.test/"),
            f"{SHIPS}, 1st paragraph",
            "shows example.com and opens evil.test",
        ),
        "letters that look alike": (
            shown("example.com", "https://xn--xample-2of.com/"),
            f"{SHIPS}, 1st paragraph",
            "xn--xample-2of.com",
        ),
        "mail": (shown("desk@example.com", "mailto:desk@evil.test"), f"{SHIPS}, 1st paragraph", "evil.test"),
        "mail to web": (shown("desk@example.com", "https://evil.test/"), f"{SHIPS}, 1st paragraph", "evil.test"),
        "neighbours of one hoster": (
            shown("alice.github.io", "https://mallory.github.io/"),
            f"{SHIPS}, 1st paragraph",
            "mallory.github.io",
        ),
        "below a country": (
            shown("bank.co.uk", "https://evil.co.uk/"),
            f"{SHIPS}, 1st paragraph",
            "evil.co.uk",
        ),
        "invisible signs in it": (
            shown("exam\u200bple.com", "https://evil.test/"),
            f"{SHIPS}, 1st paragraph",
            "evil.test",
        ),
        "another script": (shown("пример.рф", "https://evil.test/"), f"{SHIPS}, 1st paragraph", "пример.рф"),
        "in bold": (
            saying("See ", Strong((link("https://evil.test/", "example.com"),))),
            f"{SHIPS}, 1st paragraph",
            "evil.test",
        ),
        "of a template": (
            template(BlockKind.CLOSING, "</body>", '<a href="https://evil.test/"><b>example</b>.com</a></body>'),
            "footer",
            "evil.test",
        ),
    },
    "lookalike-hosts": {
        "two alphabets": (
            shown("the rota", "https://xn--xample-2of.com/"),
            f"{SHIPS}, 1st paragraph",
            "mixes Cyrillic and Latin",
        ),
        "all twins": (
            shown("the rota", "https://xn--80ak6aa92e.com/"),
            f"{SHIPS}, 1st paragraph",
            "looks like “apple”",
        ),
        "one of ours, with a digit": (
            lambda: candidate(showing("the rota", "https://news.examp1e.org/x")),
            f"{SHIPS}, 1st paragraph",
            "looks like our own example.org",
        ),
        "one of ours, with two letters for one": (
            lambda: candidate(showing("the rota", "https://exarnple.org/x")),
            f"{SHIPS}, 1st paragraph",
            "looks like our own example.org",
        ),
        "one of ours, with an accent": (
            lambda: candidate(showing("the rota", "https://xn--exmple-cua.org/x")),
            f"{SHIPS}, 1st paragraph",
            "looks like our own example.org",
        ),
    },
    "links-scheme": {
        "host and path": (
            saying("See council.example.org/quay-wall for more."),
            f"{SHIPS}, 1st paragraph",
            "“council.example.org/quay-wall”",
        ),
        "www": (saying("See www.example.org for more."), f"{SHIPS}, 1st paragraph", "“www.example.org”"),
        "no colon": (saying("See https//example.org."), f"{SHIPS}, 1st paragraph", "“https//example.org”"),
        "one slash": (saying("See http:/example.org"), f"{SHIPS}, 1st paragraph", "http:/example.org"),
        "letters changed": (
            saying("(htpps://a htps://example.org)"),
            f"{SHIPS}, 1st paragraph",
            "htps://example.org",
        ),
        "of a template": (
            template(BlockKind.CLOSING, "</body>", '<a href="www.example.org">Us</a></body>'),
            "footer",
            "has no https://",
        ),
        "caption": (
            saying(blocks=(picture(caption=line("More at example.org/quay")),)),
            f"{SHIPS}, 1st picture",
            "example.org/quay",
        ),
    },
    "alt-text": {
        "empty": (saying(blocks=(picture(alt=""),)), f"{SHIPS}, 1st picture", "without alt text"),
        "spaces": (saying(blocks=(picture(alt=" \u200b"),)), f"{SHIPS}, 1st picture", "without alt text"),
        "file name": (saying(blocks=(picture(alt="IMG_2041.JPG"),)), f"{SHIPS}, 1st picture", "name of a file"),
        "camera's name": (saying(blocks=(picture(alt="DSC_0042"),)), f"{SHIPS}, 1st picture", "name of a file"),
        "own picture": (of(image=picture(alt="")), "the digest’s own picture", "without alt text"),
        "in an item": (
            saying(blocks=(bullets("One", (para("Two"), picture(alt=""))),)),
            f"{SHIPS}, 2nd item",
            "without alt text",
        ),
        "of a template": (
            template(BlockKind.CLOSING, "</body>", '<img src="https://example.org/x.png"></body>'),
            "footer",
            "alt attribute",
        ),
    },
    "image-weight": {
        "one": (
            lambda: candidate(digest(blocks=(picture(),)), pictures={ASSET: 500_001}),
            f"{SHIPS}, 1st picture",
            "500 kB",
        ),
        "together": (
            lambda: candidate(pictures={f"asset:{name}.png": 400_000 for name in "abc"}),
            "pictures",
            "1.2 MB together",
        ),
        "logo": (lambda: candidate(pictures={"asset:logo.png": 800_000}), "masthead", "800 kB"),
    },
    "message-size": {
        "near": (lambda: sized(95_000), "the whole mail", "95 kB"),
        "at the clip": (lambda: sized(102_000), "the whole mail", "102 kB;"),
        "over": (lambda: sized(102_001), "the whole mail", "unsubscribe"),
    },
    "mail-css": {
        name: (
            template(BlockKind.CLOSING, "</body>", f'<p style="{style}">x</p><p style="{style}">y</p></body>'),
            "footer",
            told,
        )
        for name, style, told in (
            ("flex", "color: red; display:flex", "display: flex"),
            ("grid", "DISPLAY: inline-grid !important", "display: inline-grid"),
            ("position", "position: absolute", "position: absolute"),
            ("float", "float:left", "float: left"),
            ("background", "background: #fff url(https://example.org/x.png)", "background: #fff url("),
            ("gradient", "background-image: linear-gradient(red, blue)", "background-image: linear-gradient("),
            ("transform", "transform: rotate(3deg)", "transform: rotate(3deg)"),
            ("variable", "color: var(--ink)", "color: var(--ink)"),
            ("calculation", "width: calc(100% - 2px)", "width: calc(100% - 2px)"),
            ("fit", "object-fit: cover", "object-fit: cover"),
        )
    },
    "valid-html": {
        "unclosed in a section": (
            template(BlockKind.SECTION, "</h2>", "</h2><div>"),
            f"mail: {SHIPS}",
            "<div> is not closed before </td>",
        ),
        "row left open in a section": (
            lambda: edited(candidate(), BlockKind.SECTION, html=lambda text: text + "<tr><td>"),
            f"mail: {SHIPS}",
            "<tr> is never closed",
        ),
        "closed twice": (
            template(BlockKind.LEAD, "</p>", "</p></div>"),
            "mail: lead",
            "</div> closes nothing",
        ),
        "crossed in the page": (
            lambda: candidate(
                rendered=replace(
                    given := candidate().rendered, page=given.page.replace(b"</h1>", b"<b><i></b></i></h1>")
                )
            ),
            "page",
            "<i> is not closed before </b>",
        ),
        "id twice": (
            template(BlockKind.SECTION, "</h2>", '</h2><p id="here">x</p>'),
            "mail: section “Money”",
            'the id "here" is there twice',
        ),
        "table in a paragraph": (
            lambda: candidate(
                rendered=replace(
                    given := candidate().rendered,
                    page=given.page.replace(b"</h1>", b"</h1><p><table><tr><td>x</td></tr></table></p>"),
                )
            ),
            "page",
            "</p> closes nothing",
        ),
        "attribute twice": (
            lambda: candidate(
                rendered=replace(
                    given := candidate().rendered, page=given.page.replace(b"<body", b'<body class="a" class="b"')
                )
            ),
            "page",
            "class twice",
        ),
        "never closed in the page": (
            lambda: candidate(
                rendered=replace(given := candidate().rendered, page=given.page.replace(b"</main>", b""))
            ),
            "page",
            "<main>",
        ),
    },
    "contrast": {
        "by day": (
            lambda: candidate(light={"muted": "#999999"}),
            "[theme.light]",
            "muted #999999 on paper #ffffff has a contrast of 2.8:1",
        ),
        "in the dark": (lambda: candidate(dark={"accent": "#7a1f14"}), "[theme.dark]", "accent"),
        "just below": (lambda: candidate(light={"ink": "#777777", "page": "#ffffff"}), "[theme.light]", "4.4:1"),
        "code": (lambda: candidate(light={"page": "#333333"}), "[theme.light]", "ink #1b1b1b on page"),
    },
    "digest-date": {
        "two days ago": (lambda: candidate(today=TODAY + timedelta(days=2)), "date", "2 days ago"),
        "tomorrow": (lambda: candidate(today=TODAY - timedelta(days=1)), "date", "tomorrow"),
        "next year": (lambda: candidate(today=TODAY - timedelta(days=365)), "date", "365 days from today"),
    },
    "empty-sections": {
        "a section": (
            of(sections=(Section("ships", "Ships", ()), *GOOD.sections[1:])),
            SHIPS,
            "nothing under this heading",
        ),
        "only spaces": (
            of(sections=(Section("ships", "Ships", (para(" \u200b"),)), *GOOD.sections[1:])),
            SHIPS,
            "nothing under this heading",
        ),
        "everything": (of(lead=(), sections=()), "digest", "nothing but its title"),
        "without a name": (
            of(sections=(Section("ships", " ", (para("A word."),)),)),
            "section",
            "without a name",
        ),
    },
    "story-repeated": {
        "word for word": (
            lambda: candidate(digest(STORY), earlier=[yesterday(para(STORY))]),
            f"{SHIPS}, 1st paragraph",
            "was in daily/yesterday already (section “Ships”, 1st paragraph)",
        ),
        "a little changed, and elsewhere": (
            lambda: candidate(
                digest(
                    blocks=(bullets("One.", STORY.replace("eleven", "twelve").replace("on Tuesday", "tomorrow")),)
                ),
                earlier=[yesterday(para("Nothing of it.")), yesterday(para(STORY.upper()), slug="before")],
            ),
            f"{SHIPS}, 2nd item",
            "was in daily/before already",
        ),
        "the same link": (
            lambda: candidate(
                digest(link("https://www.example.com/wall/?utm_source=mail#top", "The wall opens.")),
                earlier=[yesterday(para(link("https://example.com/wall", "The wall opens")))],
            ),
            f"{SHIPS}, 1st paragraph",
            "daily/yesterday",
        ),
        "chinese": (
            lambda: candidate(digest(CJK), earlier=[yesterday(para(CJK))]),
            f"{SHIPS}, 1st paragraph",
            "daily/yesterday",
        ),
        "arabic": (
            lambda: candidate(digest(ARABIC), earlier=[yesterday(para(ARABIC))]),
            f"{SHIPS}, 1st paragraph",
            "daily/yesterday",
        ),
        "in two of them": (
            lambda: candidate(
                digest(STORY), earlier=[yesterday(para(STORY)), yesterday(para(STORY), slug="before")]
            ),
            f"{SHIPS}, 1st paragraph",
            "daily/yesterday",
        ),
    },
    "digest-repeated": {
        "word for word": (
            lambda: candidate(earlier=[replace(GOOD, slug="yesterday")]),
            "digest",
            "daily/yesterday, “The harbour opens again”",
        ),
        "another title": (
            lambda: candidate(earlier=[replace(GOOD, slug="yesterday", title="The wall")]),
            "digest",
            "“The wall”",
        ),
        "a line changed": (
            lambda: candidate(
                real(),
                earlier=[
                    replace(real(), slug="eighth-day", lead=(para("As the closure enters its eighth day."),))
                ],
            ),
            "digest",
            "daily/eighth-day",
        ),
    },
}

PASSES: dict[str, dict[str, Made]] = {
    "fields": {
        "braces of an editor in the title": titled("What {{ x }} and {% y %} mean"),
        "braces of an editor in a section's name": of(
            sections=(Section("a", "On %(names)s", (para("A word."),)), *GOOD.sections)
        ),
        "braces of an editor in a note": lambda: candidate(note="It said {{ fee }}; it is 12."),
        "braces of an editor in the text": saying("{{ x }} is written so."),
        "none as a word": lambda: candidate(look=replace(LOOK, description="None of this is sold.")),
        "none as a title": titled("None"),
    },
    "leftovers": {
        "code": saying("Write ", CodeSpan("{{ x }}"), " there.", blocks=(Code("{% if x %}\n%(a)s"),)),
        "single braces": saying("The set {1, 2} has 100% of them (so it is said)."),
        "prices": saying("It costs $12 or 5 %."),
    },
    "unsubscribe": {"rich": lambda: candidate(RICH), "arabic": lambda: candidate(RTL, look=ARABIC_LOOK)},
    "text-part": {
        "rich": lambda: candidate(RICH, note="The fee was wrong."),
        "arabic": lambda: candidate(RTL, look=ARABIC_LOOK),
        "long": lambda: candidate(real()),
        "chinese over lines": saying(CJK * 4),
        "korean, japanese, emoji": saying(
            "항구가 다시 열렸다. " * 9, "港が再び開いた。コーヒー店も。" * 9, "🚢⚓️👩‍🚒" * 40
        ),
        "capitals": of(
            sections=(
                Section("a", "Straße, ﬁne ŉ, İstanbul, ΐ, ǆ", (para("Ein Wort."),)),
                Section("b", "ılık sıcak iyi", (para("Bir kelime."),)),
            ),
            language="tr",
        ),
        "words of a template": template(BlockKind.SECTION, "</h2>", "</h2><p>Back to the top of the tanker</p>"),
        "broken words": saying("super\u00adcali\u200bfragi\u2060listic, l’homme, rock’n’roll, a\u0301e\u0328"),
        "a link that ends in a word": saying("The ", link("https://example.org/", "tanker"), "s of the ", "day."),
        "marks of footnotes": lambda: candidate(
            digest(*RICH.sections[0].blocks[2].inlines, blocks=RICH.sections[0].blocks[3:])  # type: ignore[union-attr]
        ),
    },
    "subject-empty": {"a sign": titled("?"), "emoji": titled("🚢"), "arabic": titled("الميناء")},
    "subject-length": {
        "at the limit": titled("a" * 70),
        "chinese": titled("港" * 35),
        "marks and joiners": titled("é" * 60 + "e\u0301" * 10),
        "persian": titled("می\u200cخواهم " * 8),
    },
    "preheader": {
        "at the lower limit": of(lead=(para("a" * 19 + "."),)),
        "chinese": of(lead=(para("九天之后港口迎来了第一艘船。"),)),
        "cut by us": of(lead=(para("a long word " * 60),)),
        "arabic": lambda: candidate(RTL, look=ARABIC_LOOK),
    },
    "capitals": {
        "abbreviations": titled("NATO, EU and UK sign"),
        "one abbreviation": titled("UNESCO"),
        "nine letters": titled("A B NATO UK"),
        "names in the text": saying("NATO, UNESCO, UNICEF and OECD said so to AFP, DPA and EFE."),
        "a list of names": saying("It is for the IAEA, UNESCO, UNICEF, OECD, UNHCR, WTO and INTERPOL."),
        "four long words": saying("It says ABSOLUTELY NO UNAUTHORISED PERSONNEL there."),
        "five short words": saying("It says NO DOGS ON THE QUAY there."),
        "arabic": lambda: candidate(RTL, look=ARABIC_LOOK),
        "chinese": titled("港口在九天之后重新开放了"),
        "heading": of(sections=(Section("a", "ON THE WATER AND BEYOND THE WALL", (para("A word."),)),)),
        "credit": saying(blocks=(picture(alt="A ferry. [TOMAS RIVERA / HARBOUR GAZETTE AND OTHERS]"),)),
        "code": saying(blocks=(Code("SELECT ALL SHIPS FROM THE NORTHERN HARBOUR"),)),
    },
    "spam-phrases": {
        "a story about it": saying("“Act now,” said the letter."),
        "parts of words": titled("The fact now known, and an act nowhere known"),
        "another language": of(title="Compre ahora su puerto", language="en"),
        "two exclamation marks": titled("The harbour opens!!"),
        "words of news": titled("Free port, casino winner: buy now, pay later"),
    },
    "bidi": {
        "closed isolate": titled("The \u2067ميناء\u2069 opens"),
        "closed embedding in a link": shown("the \u202bميناء\u202c rota", "https://example.org/"),
        "direction marks": titled("The harbour\u200e (ميناء)\u200f opens"),
        "in other words": saying("Grain \u202eniarg"),
        "a section's name in the contents": of(
            sections=tuple(Section(f"s-{n}", f"{n}\u202e", (para("A word."),)) for n in range(6))
        ),
    },
    "bidi-words": {
        "arabic": lambda: candidate(RTL, look=ARABIC_LOOK),
        "closed": saying("The \u2067ميناء\u2069 and \u202aan \u202binner\u202c one\u202c"),
        "subject": titled("The \u202eharbour"),
        "in a link, said there": shown("the \u202eharbour", "https://example.org/"),
    },
    "invisible": {
        "persian": titled("می\u200cخواهم"),
        "hindi": titled("क्\u200dष"),
        "emoji": titled("The harbour 👩\u200d🚒 ⚓\ufe0f opens"),
        "flag": titled("\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f wins"),
        "no-break space": titled("The harbour\u00a0opens"),
        "in the text": saying("har\u00adbour"),
    },
    "link-host": {
        "same": shown("example.com", "https://example.com/a"),
        "www": shown("www.example.com", "https://example.com/a"),
        "subdomain": shown("example.com", "https://news.example.com/a"),
        "sibling": shown("https://a.example.com", "https://b.example.com/"),
        "capitals, full stop, port": shown("Example.COM.", "https://example.com:443/"),
        "punycode": shown("bücher.example", "https://xn--bcher-kva.example/"),
        "a headline": shown("Example.com raises its prices", "https://news.example.net/1"),
        "words": shown("their rota", "https://example.com/"),
        "a file": shown("report.pdf", "https://example.com/a"),
        "a file with an ending that is a country's": shown("README.md", "https://example.com/a/README.md"),
        "abbreviations": shown("U.S. v. E.U.", "https://example.com/"),
        "a name": shown("will.i.am", "https://example.com/"),
        "a number": shown("3.14", "https://example.com/"),
        "mail": shown("desk@example.com", "mailto:desk@example.com?subject=x"),
        "mail of the same owner": shown("desk@news.example.com", "https://example.com/contact"),
        "account elsewhere": shown("@desk@social.example", "https://example.com/@desk"),
        "telephone": shown("+49 123", "tel:+49123"),
        "telephone behind a host": shown("example.com", "tel:+49123"),
        "renamed": shown("twitter.com/harbour", "https://x.com/harbour"),
        "same below a country": shown("news.example.co.uk", "https://www.example.co.uk/"),
        "a subscriber's own": template(BlockKind.CLOSING, ">Unsubscribe<", ">news.example.org/leave<"),
    },
    "lookalike-hosts": {
        "one alphabet": shown("the rota", "https://xn--e1afmkfd.xn--p1ai/"),
        "accents": shown("the rota", "https://xn--bcher-kva.example/"),
        "cyrillic under a latin ending": shown("the rota", "https://xn--j1adfn3b.com/"),
        "all twins under an ending of their own": shown(
            "the rota", f"https://{'сосах.рф'.encode('idna').decode()}/"
        ),
        "our own": shown("the rota", "https://pages.example.org/"),
        "latin with japanese": shown("the rota", "https://xn--google-p84f.jp/"),
        "broken punycode": shown("the rota", "https://xn--a.example/"),
        "similar to others": shown("the rota", "https://examp1e.com/"),
    },
    "links-scheme": {
        "links": shown("example.org/a", "https://example.org/a"),
        "address with its scheme": saying("It is called https://example.org/a here"),
        "words with slashes": saying("Read and/or write, 24/7, on 11/12, km/h, n/a, Example.com said."),
        "path": saying("The file is etc/hosts.conf/old or C:\\x.y"),
        "code": saying(CodeSpan("www.example.org/a")),
        "anchors": lambda: candidate(real()),
        "where no link can be": saying(
            blocks=(picture(alt="See www.example.org/a", credit="example.org/a"),), author="www.example.org/a"
        ),
        "mail": lambda: candidate(RICH),
        "fraction": saying("A rise of 3.5/100 and v1.2/beta"),
    },
    "alt-text": {
        "written": saying(blocks=(picture(),)),
        "no picture": saying(blocks=(Figure(caption=line("A crane")),)),
        "ornament of a template": template(
            BlockKind.CLOSING, "</body>", '<img src="https://example.org/x.png" alt=""></body>'
        ),
        "sentence with a dot": saying(blocks=(picture(alt="The start page of example.png"),)),
    },
    "image-weight": {
        "at the limits": lambda: candidate(pictures={"asset:a.png": 500_000, "asset:b.png": 500_000}),
        "elsewhere": saying(blocks=(picture(src="https://example.com/huge.png"),)),
    },
    "message-size": {"below": lambda: sized(94_999), "long": lambda: candidate(real())},
    "mail-css": {
        "rich": lambda: candidate(RICH),
        "arabic": lambda: candidate(RTL, look=ARABIC_LOOK),
        "static": template(
            BlockKind.CLOSING, "</body>", '<p style="position: static; float: none; display: block">x</p></body>'
        ),
        "names that begin alike": template(
            BlockKind.CLOSING, "</body>", '<p style="column-gap: 3px; background-color: #fff">x</p></body>'
        ),
        "nothing in it": template(BlockKind.CLOSING, "</body>", '<p style=";:; color">x</p></body>'),
    },
    "valid-html": {
        "rich": lambda: candidate(RICH, note="The fee was wrong."),
        "arabic": lambda: candidate(RTL, look=ARABIC_LOOK),
        "optional end tags": lambda: candidate(
            rendered=replace(
                given := candidate().rendered,
                page=given.page.replace(
                    b"</h1>", b"</h1><ul><li>a<li>b</ul><p>c<p>d<table><tr><td>e<td>f</table>"
                ),
            )
        ),
        "markup in words": saying("</div><div id=a id=a> <b>"),
    },
    "contrast": {
        "just enough": lambda: candidate(light={"muted": "#767676"}),
        "black and white": lambda: candidate(light={"ink": "#000000"}, dark={"ink": "#ffffff"}),
    },
    "digest-date": {
        "today": candidate,
        "yesterday": lambda: candidate(today=TODAY + timedelta(days=1)),
    },
    "empty-sections": {
        "no lead": of(lead=()),
        "no sections": of(sections=()),
        "only a picture": of(sections=(Section("a", "A", (Figure(src=ASSET),)),)),
        "only code": of(sections=(Section("a", "A", (Code("x"),)),)),
    },
    "story-repeated": {
        "nothing earlier": saying(STORY),
        "what became of it": lambda: candidate(digest(FOLLOW_UP), earlier=[yesterday(para(STORY))]),
        "short lines": lambda: candidate(
            digest("Fog until ten, then a pale sun."),
            earlier=[yesterday(para("Fog until ten, then a pale sun."))],
        ),
        "names of sections and captions": lambda: candidate(
            digest(blocks=(picture(caption=line(STORY)),)),
            earlier=[yesterday(picture(caption=line(STORY)))],
        ),
        "what always stands there": lambda: candidate(
            digest(blocks=(STANDING,)),
            earlier=[yesterday(STANDING, slug=f"day-{day}") for day in range(3)],
        ),
        "an opening": lambda: candidate(
            digest("Here is what else happened in the harbour before the fog lifted this morning:"),
            earlier=[
                yesterday(para("Here is what else happened in the harbour before the fog lifted this morning:"))
            ],
        ),
        "the next day of a count": lambda: candidate(
            digest("As the closure enters its 982nd day, these are the main developments."),
            earlier=[yesterday(para("As the closure enters its 981st day, these are the main developments."))],
        ),
        "the same link with other words": lambda: candidate(
            digest("The council has news of ", link("https://example.com/wall", "the crack in the wall"), "."),
            earlier=[yesterday(para("Divers publish ", link("https://example.com/wall", "drawings"), " of it."))],
        ),
        "a footnote": lambda: candidate(
            digest("A forecast", NoteMark(1), ".", blocks=(Note(1, (para(STORY),)),)),
            earlier=[yesterday(Note(1, (para(STORY),)))],
        ),
        "the same front page": lambda: candidate(
            digest(link("https://example.com/", "The port office")),
            earlier=[yesterday(para(link("https://example.com/", "The port office")))],
        ),
        "quoting a sentence": lambda: candidate(
            digest(f"{FOLLOW_UP} {STORY} {FOLLOW_UP}"), earlier=[yesterday(para(STORY))]
        ),
        "the digest that is corrected": lambda: candidate(digest(STORY), earlier=[digest(STORY)]),
        "all of it again, which is said once": lambda: candidate(
            digest(STORY), earlier=[digest(STORY, slug="yesterday")]
        ),
        "chinese lines": lambda: candidate(
            digest("今日天气晴，午后有微风起。"), earlier=[yesterday(para("今日天气晴，午后有微风起。"))]
        ),
    },
    "digest-repeated": {
        "another day": lambda: candidate(digest(STORY), earlier=[yesterday(para(FOLLOW_UP))]),
        "one story of many": lambda: candidate(digest(STORY), earlier=[yesterday(para(STORY))]),
        "the digest that is corrected": lambda: candidate(digest(STORY), earlier=[digest(STORY)]),
        "two empty ones": lambda: candidate(
            digest(lead=(), sections=()), earlier=[digest(lead=(), sections=(), slug="yesterday")]
        ),
        "an excerpt of a long one": lambda: candidate(
            earlier=[replace(GOOD, slug="yesterday", sections=(*GOOD.sections, *real().sections))]
        ),
    },
}


def cases(table: dict[str, dict[str, object]]) -> list[object]:
    return [
        pytest.param(name, case, id=f"{name}-{case.replace(' ', '_')}") for name in table for case in table[name]
    ]


@pytest.mark.parametrize(("name", "case"), cases(TRIPS))  # type: ignore[arg-type]
def test_rule_finds_it_and_names_the_place(name: str, case: str) -> None:
    made, place, told = TRIPS[name][case]
    found = [problem for problem in problems(name, made()) if problem.place == place and told in problem.message]
    assert found, problems(name, made())
    assert all(problem.remedy for problem in found)


@pytest.mark.parametrize(("name", "case"), cases(PASSES))  # type: ignore[arg-type]
def test_rule_lets_it_pass(name: str, case: str) -> None:
    assert problems(name, PASSES[name][case]()) == []


@pytest.mark.parametrize("name", MINE)
def test_each_rule_is_tripped_and_passed(name: str) -> None:
    assert TRIPS[name]
    assert PASSES[name]


def test_tables_name_no_rule_that_is_gone() -> None:
    assert set(TRIPS) == set(PASSES) == set(MINE)


def test_only_these_rules_block_by_themselves() -> None:
    assert {each.id for each in RULES if each.level is Level.BLOCK} == BLOCKING


@pytest.mark.parametrize("name", MINE)
@pytest.mark.parametrize(
    "made",
    [
        candidate,
        lambda: candidate(RICH, note="The fee was wrong."),
        lambda: candidate(RTL, look=ARABIC_LOOK),
        lambda: candidate(real(), earlier=[RICH, GOOD]),
    ],
)
def test_a_proper_digest_trips_nothing(name: str, made: Made) -> None:
    assert problems(name, made()) == []


@pytest.mark.parametrize("name", MINE)
@pytest.mark.parametrize("case", ["empty", "untitled", "nothing at all"])
def test_no_rule_raises_on_next_to_nothing(name: str, case: str) -> None:
    given = candidate(digest(lead=(), sections=(), title="" if case != "empty" else "A"))
    if case == "nothing at all":
        nothing = replace(given.rendered, subject="", preheader="", blocks=(), page=b"", entry="")
        given = replace(given, rendered=nothing, message=b"", light={}, dark={})
    for problem in rule(name).check(given):
        assert problem.message


def test_text_in_a_hidden_column_name_is_no_content() -> None:
    """Column names are repeated in every row for phones, and hidden elsewhere; the text part has them once."""
    given = candidate(RICH)
    assert len(parsed(whole_html(given.rendered.blocks)).xpath("//*[contains(@style, 'display:none')]")) > 1
    assert problems("text-part", given) == []


def test_a_style_is_told_once_with_how_often() -> None:
    """And so is a tag: one template makes the same mistake in every item."""
    twice = template(BlockKind.CLOSING, "</body>", '<b style="float: left">x</b>' * 2 + "</body>")()
    assert [problem.message.partition(":")[0::2] for problem in problems("mail-css", twice)] == [
        ("the style float", " left, 2 times: Outlook on Windows ignores it")
    ]
    crossed = template(BlockKind.LEAD, "</p>", "</p></div></div>")()
    assert [problem.message for problem in problems("valid-html", crossed)] == ["</div> closes nothing, 2 times"]
