"""Digests in Markdown."""

from __future__ import annotations

from datetime import date

import pytest

from publisher.digests import markdown
from publisher.digests.model import (
    CodeSpan,
    Emphasis,
    Figure,
    Inline,
    LineBreak,
    Link,
    Manuscript,
    NoteMark,
    Paragraph,
    Strong,
    Table,
    Text,
)
from publisher.errors import DigestError
from tests.unit.digests.outline import outline

HREFS = """
javascript:alert(1) JaVaScRiPt:alert(1) data:text/html,x vbscript:x file:///etc/passwd /about //example.org https://
https://[x ftp://example.org #here x.html
"""


def read(source: str) -> Manuscript:
    return markdown.read(source.encode(), name="x.md")


def of(source: str) -> str:
    """The outline of a text under a title."""
    return outline(read(f"# T\n\n{source}"))


def line(source: str) -> tuple[Inline, ...]:
    block = read(f"# T\n\n{source}").lead[0]
    assert isinstance(block, Paragraph)
    return block.inlines


def test_title_sections_and_deeper_headings() -> None:
    found = read(
        "Before.\n\n# The *title*\n\nLead.\n\n## One\n\n### Deeper\n\nText.\n\nTwo\n---\n\nText.\n\n# Three\n"
    )
    assert found.title == "The title"
    assert outline(found) == "Before.\nLead.\n§ One\n### Deeper\nText.\n§ Two\nText.\n§ Three"


def test_front_matter_title_goes_before_the_heading() -> None:
    assert outline(read("---\ntitle: Same\n---\n# Same\n\nText.")) == "Text."
    assert outline(read("---\ntitle: Other\n---\n# Good morning\n\nText.")) == "### Good morning\nText."


def test_a_date_line_above_the_text_is_the_date() -> None:
    found = read("# T\n\nThu. Nov 21st, 2024\n\nText.")
    assert (found.date, outline(found)) == (date(2024, 11, 21), "Text.")


def test_sections_of_front_matter_choose_and_name() -> None:
    found = read("---\nsections: {war: Fighting}\n---\n# T\n\n## Fighting\n\na\n\n## Other\n\nb\n")
    assert [(section.slug, section.name) for section in found.sections] == [("war", "Fighting")]
    assert outline(found) == "§ Fighting\na\n### Other\nb"


def test_inlines() -> None:
    assert line("**bold *both*** `code`  \nnext") == (
        Strong((Text("bold "), Emphasis((Text("both"),)))),
        Text(" "),
        CodeSpan("code"),
        LineBreak(),
        Text("next"),
    )


def test_links_of_four_schemes_are_links() -> None:
    for href in ("https://example.org/a", "http://example.org", "mailto:a@example.org", "tel:+1202"):
        assert line(f"[text]({href})") == (Link(href, (Text("text"),)),)
    assert line("<https://example.org>") == (Link("https://example.org", (Text("https://example.org"),)),)
    assert line("[a][b]\n\n[b]: https://example.org") == (Link("https://example.org", (Text("a"),)),)
    assert line("https://example.org!") == (
        Link("https://example.org", (Text("https://example.org"),)),
        Text("!"),
    )


@pytest.mark.parametrize(
    "href",
    HREFS.split(),
)
def test_other_links_become_their_text(href: str) -> None:
    assert line(f"a [*text* here](<{href}>) b")[1:3] == (Emphasis((Text("text"),)), Text(" here b"))


def test_the_title_of_a_link_is_not_lost() -> None:
    assert line('[a](https://example.org "More of it").')[1] == Text(" (More of it).")


def test_raw_html_stands_as_text() -> None:
    assert line("a <b onclick=x>c</b> <!-- d -->") == (Text("a <b onclick=x>c</b> <!-- d -->"),)
    assert of("<script>alert(1)</script>") == "<script>alert(1)</script>"


def test_lists_quotes_code_and_rules() -> None:
    source = "- a\n  - b\n\n    c\n\n3. d\n4. e\n\n> f\n> — g\n\n```py\nh\n  i\n```\n\n***\n\nj"
    assert of(source) == "- a\n  - b\n    c\n3. d\n4. e\n> g\n  f\n`h\n  i`\n---\nj"


def test_tables() -> None:
    table = read("# T\n\n| a | b | c |\n|:--|:-:|--:|\n| 1 | **2** | |\n").lead[0]
    assert isinstance(table, Table)
    assert table.alignments == ("left", "center", "right")
    assert table.rows == (((Text("1"),), (Strong((Text("2"),)),), ()),)


@pytest.mark.parametrize(
    ("source", "figure"),
    [
        ("![A *dog*](a.png)", Figure("A dog", (), "", "a.png")),
        ('![A dog](a.png "It runs")', Figure("A dog", (Text("It runs"),), "", "a.png")),
        ('![A dog](a.png "It runs [Jo/AFP]")', Figure("A dog", (Text("It runs"),), "Jo/AFP", "a.png")),
        ("![A dog](a.png)\n*It runs [Jo/AFP]*", Figure("A dog", (Text("It runs"),), "Jo/AFP", "a.png")),
        ("![A dog](a.png)\n\n*It runs (Photo: Jo)*", Figure("A dog", (Text("It runs"),), "Photo: Jo", "a.png")),
        ("![A dog](a.png)\n*It runs*", Figure("A dog", (Text("It runs"),), "", "a.png")),
        ('![A dog](a.png "It runs")\n*Jo/AFP*', Figure("A dog", (Text("It runs"),), "Jo/AFP", "a.png")),
        ("[![A dog](a.png)](https://example.org)", Figure("A dog", (), "", "a.png")),
        ("![](<a b%20c.png>)", Figure("", (), "", "a b%20c.png")),
    ],
)
def test_a_picture_by_itself_is_a_figure(source: str, figure: Figure) -> None:
    assert read(f"# T\n\n{source}").lead == (figure,)


def test_pictures_in_running_text_part_it() -> None:
    assert of("before ![A dog](a.png) after") == "before\nfigure A dog |  |  | a.png\nafter"
    assert of("**bold ![A dog](a.png) text**") == "bold text\nfigure A dog |  |  | a.png"
    assert of("| ![A dog](a.png) x |\n|--|\n") == "| x |\nfigure A dog |  |  | a.png"


def test_footnotes_stand_at_the_end_of_the_section_that_marks_them_first() -> None:
    notes = "[^a]: Note a.[^c]\n[^b]: Note b.\n[^c]: Note c.\n\n"
    source = f"Lead.[^b]\n\n{notes}## One\n\nText.[^a] ^[Inline note.]\n\n## Two\n\nMore.[^b]\n"
    assert of(source) == (
        "Lead.\n[1]\n  Note b.\n§ One\nText. \n[2]\n  Note a.\n[3]\n  Inline note.\n[4]\n  Note c.\n§ Two\nMore."
    )
    assert line("Lead.[^b]\n\n[^b]: x") == (Text("Lead."), NoteMark(1))


@pytest.mark.parametrize(
    ("source", "message", "at"),
    [
        ("a\n\n[^x]: note", 'nothing marks the footnote "x"', 5),
        ("a[^x]\n\n[^x]: note\n\n[^x]: other", 'the footnote "x" is there twice', 7),
        ("a\n\n[Update]: tomorrow", "read as the address of a link", 5),
        ("| a | b |\n|--|--|\n| 1 | 2 |\n| 1 | 2 | 3 |", "this row has more cells", 6),
        ("> | a |\n> |--|\n> | 1 \\| 2 |\n> 1 | 2", "this row has more cells", 6),
        ("", "nothing but headings", None),
    ],
)
def test_words_that_would_be_lost_are_told(source: str, message: str, at: int | None) -> None:
    with pytest.raises(DigestError, match=message) as caught:
        read(f"# T\n\n{source}")
    assert caught.value.line == at


def test_a_title_is_asked_for() -> None:
    with pytest.raises(DigestError, match="there is no title"):
        read("## Only a section\n\nText.")
