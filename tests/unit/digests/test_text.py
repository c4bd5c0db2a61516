"""Plain text as newsrooms paste it."""

from __future__ import annotations

import pytest

from publisher.digests import text
from publisher.digests.model import LineBreak, Link, Paragraph, Text
from publisher.errors import DigestError
from tests.unit.digests.outline import of_text, outline

HEAD = "The title\n\nA lead sentence is here.\n\n"


def test_no_sections_is_all_lead() -> None:
    assert of_text("Title\n\nOne paragraph.\n\nAnother one.\n") == "One paragraph.\nAnother one."


def test_one_section() -> None:
    assert of_text(HEAD + "Weather\n\n• Rain.\n") == "A lead sentence is here.\n§ Weather\n- Rain."


def test_a_digest_may_begin_with_a_section() -> None:
    assert (
        of_text("Title\n\nWeather\n\n• Rain.\n\nRoads\n\n• Closed.\n") == "§ Weather\n- Rain.\n§ Roads\n- Closed."
    )


@pytest.mark.parametrize("sign", "•-*–—▪◦·‣●○■►✓+\uf0b7")
def test_every_common_bullet_begins_an_item(sign: str) -> None:
    assert of_text(f"{HEAD}Weather\n\n{sign} Rain.\n{sign}\tSnow.\n").endswith("§ Weather\n- Rain.\n- Snow.")


@pytest.mark.parametrize("sign", "•▪◦‣●○·")
def test_a_bullet_may_stick_to_its_text(sign: str) -> None:
    assert of_text(f"{HEAD}{sign}Rain\n{sign}Snow\n").endswith("- Rain\n- Snow")


def test_a_bullet_may_stand_on_a_line_of_its_own() -> None:
    assert of_text(f"{HEAD}•\nRain came.\n•\nSnow came.\n").endswith("- Rain came.\n- Snow came.")


def test_nesting_goes_by_indentation() -> None:
    source = "- one\n  - two\n      - three\n  - two again\n- one again\n"
    expected = "- one\n  - two\n    - three\n  - two again\n- one again"
    assert of_text(HEAD + source).endswith(expected)


def test_a_nested_list_that_lost_its_indentation_goes_by_its_signs() -> None:
    source = "•\tone\no\ttwo\n▪\tthree\no\ttwo again\n•\tone again\n"
    expected = "- one\n  - two\n    - three\n  - two again\n- one again"
    assert of_text(HEAD + source).endswith(expected)


def test_mixed_dashes_are_one_list() -> None:
    assert of_text(HEAD + "- a\n– b\n— c\n").endswith("- a\n- b\n- c")


def test_crooked_indentation_is_one_level() -> None:
    assert of_text(HEAD + "  • a\n • b\n• c\n").endswith("\n- a\n- b\n- c")


@pytest.mark.parametrize("form", ["{}.", "{})", "({})"])
def test_numbers_make_a_list_that_keeps_its_numbers(form: str) -> None:
    source = "\n".join(f"{form.format(number)} item {number}" for number in (1, 2, 3))
    assert of_text(HEAD + source).endswith("1. item 1\n2. item 2\n3. item 3")


def test_a_list_goes_on_counting_after_a_picture() -> None:
    picture = "A pier. [Jo Example/AFP]\nA pier at dawn [Jo Example/AFP]\n"
    found = of_text(f"{HEAD}1. one\n2. two\n{picture}\n3. three\n")
    assert found.endswith("2. two\nfigure A pier. [Jo Example/AFP] | A pier at dawn | Jo Example/AFP\n3. three")


def test_a_number_that_counts_nothing_begins_a_paragraph() -> None:
    assert of_text(HEAD + "21. November war ein langer Tag.\n").endswith("\n21. November war ein langer Tag.")


def test_a_gap_in_the_numbers_is_kept() -> None:
    assert of_text(HEAD + "1. one\n2. two\n5. five\n6. six\n").endswith("1. one\n2. two\n5. five\n6. six")


def test_an_item_may_have_paragraphs_of_its_own() -> None:
    assert of_text(HEAD + "- one\n\n  more of one\n\n- two\n").endswith("- one\n  more of one\n- two")


def test_a_line_between_two_levels_belongs_to_the_upper_item() -> None:
    assert of_text(HEAD + "- one\n    - inner\n  more of one\n- two\n").endswith(
        "- one\n  - inner\n  more of one\n- two"
    )


def test_paragraphs_stand_in_sections() -> None:
    source = f"{HEAD}Weather\n\nIt rained all day.\n\n• A flood.\n\nIt rained all night, too.\n"
    assert of_text(source).endswith("§ Weather\nIt rained all day.\n- A flood.\nIt rained all night, too.")


def test_short_lines_keep_their_breaks_and_long_ones_are_paragraphs() -> None:
    found = text.read(f"{HEAD}Main Street 1,\n12345 Town.\n".encode(), name="x.txt")
    assert found.lead[-1] == Paragraph((Text("Main Street 1,"), LineBreak(), Text("12345 Town.")))
    long = "A sentence that is by itself longer than anybody would wrap a line at, even on a wide terminal, ends."
    assert of_text(f"{HEAD}{long}\n{long}\n").endswith(f"\n{long}\n{long}")


def test_wrapped_lines_become_paragraphs_again() -> None:
    source = (
        "The harbour was closed on Wednesday after a ferry lost its engine in\n"
        "the narrow part of the channel, the port authority said in a short\n"
        "statement. Nobody was hurt.\n\nHarbour\n\n"
        "- The ferry company said that it would replace the engine, which is\n"
        "  older than most of its passengers, before Christmas.\n"
        "- Trains ran late.\n"
    )
    assert of_text(f"Title\n\n{source}") == (
        "The harbour was closed on Wednesday after a ferry lost its engine in the narrow part of the channel, the "
        "port authority said in a short statement. Nobody was hurt.\n§ Harbour\n"
        "- The ferry company said that it would replace the engine, which is older than most of its passengers, "
        "before Christmas.\n- Trains ran late."
    )


def test_quotes_and_who_said_it() -> None:
    assert of_text(HEAD + "> We shall see.\n> — Ann Other\n").endswith("> Ann Other\n  We shall see.")
    assert of_text(HEAD + "> We shall see.\n— Ann Other\n").endswith("> Ann Other\n  We shall see.")
    assert of_text(HEAD + "“We shall see.”\n— Ann Other, minister\n").endswith(
        "> Ann Other, minister\n  “We shall see.”"
    )
    assert of_text(HEAD + "> > inner\n> outer\n").endswith(">\n  >\n    inner\n  outer")


def test_a_quotation_in_a_paragraph_stays_there() -> None:
    assert of_text(HEAD + "“We shall see,” she said.\n").endswith("\n“We shall see,” she said.")


def test_bare_addresses_become_links_and_keep_every_character() -> None:
    source = "See (https://example.org/a_(b)), www.example.com. Write to desk@example.org!"
    paragraph = text.read(f"{HEAD}{source}\n".encode(), name="x.txt").lead[-1]
    assert isinstance(paragraph, Paragraph)
    assert [inline.href for inline in paragraph.inlines if isinstance(inline, Link)] == [
        "https://example.org/a_(b)",
        "https://www.example.com",
        "mailto:desk@example.org",
    ]
    assert of_text(f"{HEAD}{source}\n").endswith(source)


@pytest.mark.parametrize(
    "line",
    [
        "He called it [the law] a mistake.",
        "The aid was announced on Wednesday. [Reuters]",
        "So she said in an interview [in Russian]",
        "The ship at the pier [sic]",
        "Somebody said so [1].",
        "The president paid a visit (courtesy call).",
        "It is over (photo finish).",
    ],
)
def test_brackets_that_are_no_credit_stay_in_their_paragraph(line: str) -> None:
    assert of_text(f"{HEAD}{line}\n\nAnother paragraph ends here.\n").endswith(
        f"\n{line}\nAnother paragraph ends here."
    )


@pytest.mark.parametrize("blank", ["", "\n"])
def test_alt_line_and_caption_line_are_one_figure(blank: str) -> None:
    source = (
        f"Two people walk on the pier at dawn. [JO EXAMPLE / AFP]\n{blank}People on the pier [Jo Example/AFP]\n"
    )
    assert of_text(HEAD + source).endswith(
        "figure Two people walk on the pier at dawn. [JO EXAMPLE / AFP] | People on the pier | Jo Example/AFP"
    )


def test_a_lone_caption_with_a_sure_credit_is_a_figure() -> None:
    assert of_text(HEAD + "The pier at dawn [Jo Example/Reuters]\n").endswith(
        "figure  | The pier at dawn | Jo Example/Reuters"
    )


def test_pictures_between_items_part_the_list() -> None:
    source = "• one\nA dog runs. [Example/AFP]\nA dog runs home [Example/AFP]\n• two\n"
    assert of_text(HEAD + source).endswith(
        "- one\nfigure A dog runs. [Example/AFP] | A dog runs home | Example/AFP\n- two"
    )


@pytest.mark.parametrize("leftover", ["Source link", "SOURCE LINK", "Read more", "Source"])
def test_a_trailing_link_label_is_no_content(leftover: str) -> None:
    assert of_text(f"{HEAD}• Rain.\n\n{leftover}\n\n").endswith("\n- Rain.")


def test_link_labels_elsewhere_are_content() -> None:
    assert of_text("Title\n\nSource link\n\nA sentence.\n").startswith("§ Source link")
    assert of_text("Title\n\nA sentence.\n\nSource: https://example.org\n").endswith("Source: https://example.org")
    assert of_text("Title\n\nThe list of them:\nSource\n").endswith("The list of them: Source")


def test_byline_names_the_author() -> None:
    found = text.read(b"Title\nBy Jo Example\n\nBy noon it rained.\n", name="x.txt")
    assert (found.author, outline(found)) == ("Jo Example", "By noon it rained.")


def test_rules_between_paragraphs_stay_and_those_around_sections_go() -> None:
    assert of_text("Title\n\n---\n\nOne.\n\n* * *\n\nTwo.\n\n***\n") == "One.\n---\nTwo."


def test_front_matter_is_read_in_text_too() -> None:
    found = text.read(b"---\ntitle: From above\nstatus: draft\n---\nFrom above\n\nA sentence.\n", name="x.txt")
    assert (found.title, found.draft, outline(found)) == ("From above", True, "A sentence.")


def test_the_first_line_is_content_when_front_matter_has_another_title() -> None:
    assert of_text("---\ntitle: From above\n---\nSomething else happened today.\n\nA sentence.\n") == (
        "Something else happened today.\nA sentence."
    )


def test_two_thousand_items_are_all_there() -> None:
    found = of_text("Title\n\nItems\n\n" + "".join(f"• item {number}\n" for number in range(2000)))
    assert found.count("\n- item") == 2000


def test_hebrew_and_arabic_run_from_right_to_left() -> None:
    hebrew = "יום חמישי, 21 בנובמבר 2024\nתקציר היום\n\nשורה ראשונה.\n\nלחימה\n\n- פריט ראשון. https://example.org/long/path\n"
    arabic = "موجز اليوم\n\nهذه أهم الأحداث:\n\nالقتال\n\n• أصيب شخصان.\n\u200f• ضرب صاروخ مدينة.\n"
    for source, sections in ((hebrew, ["לחימה"]), (arabic, ["القتال"])):
        found = text.read(source.encode(), name="x.txt")
        assert found.direction == "rtl"
        assert [section.name for section in found.sections] == sections
    assert "- ضرب صاروخ مدينة." in of_text(arabic)


@pytest.mark.parametrize(
    ("source", "line"),
    [("\n\n• an item\n", 3), ("21 November 2024\n\n> quoted\n", 3), ("---\nslug: x\n---\n- item\n", 4)],
)
def test_a_digest_without_a_title_is_refused_with_its_line(source: str, line: int) -> None:
    with pytest.raises(DigestError, match="there is no title") as caught:
        text.read(source.encode(), name="x.txt")
    assert (caught.value.file, caught.value.line) == ("x.txt", line)


def test_a_title_alone_is_no_digest() -> None:
    with pytest.raises(DigestError, match="nothing but headings"):
        text.read(b"21 November 2024\nThe title\n\nSource link\n", name="x.txt")


def test_a_date_that_may_be_two_dates_is_refused() -> None:
    with pytest.raises(DigestError, match="may be 2024-12-11 or 2024-11-12") as caught:
        text.read(b"Title\n11/12/2024\n\nText.\n", name="x.txt")
    assert caught.value.line == 2


@pytest.mark.parametrize(
    ("alt", "caption", "credit"),
    [
        ("The ferry in fog. [JO EXAMPLE / THE GAZETTE]", "Four minutes early", "Jo Example/The Gazette"),
        ("A man walks on the old wall at noon. [Jo Example]", "A man on the old wall", "Jo Example"),
        ("A man walks on the old wall at noon.", "A man on the old wall", "Jo Example/AFP"),
        ("A man walks on the old wall at noon. [Handout: the port]", "The wall at noon", "Handout: the port"),
        ("A man walks on the old wall (Jo Example/Reuters)", "A man on the old wall", "Jo Example/Reuters"),
    ],
)  # fmt: skip
def test_pictures_of_papers_that_nobody_has_heard_of(alt: str, caption: str, credit: str) -> None:
    assert of_text(f"{HEAD}• Item.\n{alt}\n{caption} [{credit}]\n\nRoads\n\n• Ice.\n").endswith(
        f"- Item.\nfigure {alt} | {caption} | {credit}\n§ Roads\n- Ice."
    )


def test_paragraphs_that_name_their_source_are_no_pictures() -> None:
    lines = "The ministry announced aid. [Reuters]\nA treaty was signed in Tokyo. [Reuters]"
    assert of_text(f"{HEAD}{lines}\n").endswith(lines.replace("\n", " "))
