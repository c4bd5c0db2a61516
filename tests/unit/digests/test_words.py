"""No word is lost, none doubled, whatever people paste.

The texts are made of words that no reader takes for anything else, and of every sign that some reader reads. What
the readers are allowed to leave out is not among them, and has tests of its own: date lines, byline signs, link
labels at the end, numbers of lists, the language of a block of code, addresses behind links.
"""

from __future__ import annotations

from collections import Counter
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.digests import markdown, text
from publisher.digests.words import words_in, words_of

_SETTINGS = settings(deadline=None, derandomize=True, max_examples=120)

words = st.sampled_from(
    ["Rain", "the", "fell", "On", "Kyiv.", "KYIV", "“so”", "said:", "Ministerium,", "ärgert", "?", "שלום"]
)
phrases = st.lists(words, min_size=1, max_size=14).map(" ".join)
credits_ = st.sampled_from(["", "", " [Jo Example/AFP]", " [REUTERS]", " [sic]", " (AFP via Getty Images)", "."])
signs = st.sampled_from(
    [
        "",
        "",
        "",
        "• ",
        "- ",
        "– ",
        "* ",
        "◦ ",
        "▪ ",
        "o\t",
        "> ",
        "> > ",
        "> - ",
        "— ",
        "## ",
        "### ",
        "**",
        "_",
        "[",
    ]
)
indents = st.sampled_from(["", "", "  ", "    ", "\t", "      "])
endings = st.sampled_from(["\n", "\n", "\n\n", "\n\n", "\n---\n", "\n====\n\n", "\n\n* * *\n\n"])
text_lines = st.tuples(indents, signs, phrases, credits_, endings).map("".join)


def numbered(source: str) -> str:
    """Every word made unique, so that a word lost in one place and doubled in another does not go unseen."""
    numbers = count(100)
    return "".join(
        f"{part}x{_letters(next(numbers))}" if part and words_in(part) == [part] else part
        for part in _split_words(source)
    )


def _letters(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def _split_words(source: str) -> list[str]:
    parts: list[str] = []
    for character in source:
        wordy = bool(words_in(character))
        if parts and wordy == bool(words_in(parts[-1][-1])):
            parts[-1] += character
        else:
            parts.append(character)
    return parts


@_SETTINGS
@given(st.lists(text_lines, min_size=1, max_size=30).map("".join))
def test_plain_text_keeps_every_word_in_its_place(body: str) -> None:
    source = "Title\n\nA lead.\n" + numbered(body.replace("o\t", "•\t"))
    assert words_of(text.read(source.encode(), name="x.txt")) == words_in(source)


@_SETTINGS
@given(st.lists(st.text("ab \n-•>.:[]()#*_1|—“”", min_size=1, max_size=30), min_size=1, max_size=8).map("\n".join))
def test_plain_text_made_of_signs_keeps_its_letters(body: str) -> None:
    source = f"Title\n\nA lead.\n{body}"
    found = Counter("".join(words_of(text.read(source.encode(), name="x.txt"))))
    assert {letter: found[letter] for letter in "ab"} == {letter: source.count(letter) for letter in "ab"}


markdown_signs = st.sampled_from(
    ["", "", "", "- ", "* ", "1. ", "> ", "> - ", "- > ", "## ", "### ", "| ", "```\n", "    ", "***", "<b>", "`"]
)
_SHAPES = """
{}~{}~**{}**~*{}*~`{}`~[{}](https://example.org)~[{}](javascript:x)~![{}](a.png)~\\[{}]~<{}>~_{}_~{}\\~^[{}]~[{}][]
~{} | ~![{0}](a.png '{0}')~[{0}](https://example.org '{0}')
"""
markdown_inlines = st.sampled_from(_SHAPES.replace("\n", "").split("~"))
markdown_phrases = st.lists(st.tuples(markdown_inlines, phrases), min_size=1, max_size=3)


@st.composite
def markdown_texts(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A text, and the words that a reader must give."""
    numbers = count(100)
    source, expected = "", []
    for _ in range(draw(st.integers(1, 12))):
        source += draw(indents) + draw(markdown_signs)
        for shape, phrase in draw(markdown_phrases):
            unique = " ".join(f"w{_letters(next(numbers))}" for _ in phrase.split())
            source += shape.format(unique) + " "
            expected += words_in(unique) * shape.count("{0}" if "{0}" in shape else "{}")
        source += draw(st.sampled_from(["\n", "\n\n", "\n\n\n", "  \n"]))
    return source, expected


@_SETTINGS
@given(markdown_texts())
def test_markdown_keeps_every_word(made: tuple[str, list[str]]) -> None:
    source, expected = made
    found = words_of(markdown.read(f"# Title\n\nA lead.\n\n{source}".encode(), name="x.md"))
    unique = [word for word in found if word.startswith("w") and len(word) == 4]
    assert Counter(unique) == Counter(expected)
