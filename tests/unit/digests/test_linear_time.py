"""Nothing that anybody can put into a file takes the readers more than a moment, or ends in a RecursionError."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress

import pytest

from publisher.digests.readers import read_file
from publisher.errors import DigestError

MANY = 10_000

LARGE = 1_000

HEAD = "# T\n\nA lead.\n\n"
SHAPES: dict[str, Callable[[int], str]] = {
    "quotes": lambda n: ">" * n + " a",
    "spaced quotes": lambda n: "> " * n + "a",
    "bullets": lambda n: "- " * n + "a",
    "numbers": lambda n: "1. " * n + "a",
    "quotes and bullets": lambda n: "> - " * n + "a",
    "steps": lambda n: "".join(" " * (2 * depth) + "- a\n" for depth in range(n // 20)),
    "stairs of text": lambda n: "- a\n" + "".join(" " * depth + "a\n" for depth in range(n // 20)),
    "brackets": lambda n: "[" * n,
    "closed brackets": lambda n: "[" * n + "]" * n,
    "brackets in lines": lambda n: "[\n" * n,
    "pictures": lambda n: "![" * n + "](a)" * n,
    "inline notes": lambda n: "^[" * n + "]" * n,
    "note definitions": lambda n: "[^a]: " * n,
    "marks": lambda n: "a[^a]" * n + "\n\n[^a]: b",
    "half links": lambda n: "[a](" * n,
    "half titles": lambda n: "[a](b 'c" * n,
    "stars": lambda n: "*" * n + "a" + "*" * n,
    "nested emphasis": lambda n: "*a **b " * n + "c" + "** d*" * n,
    "mixed emphasis": lambda n: "a*b_c" * n,
    "ticks": lambda n: "`a" * n,
    "angles": lambda n: "<a:" * n,
    "entities": lambda n: "&" * n,
    "backslashes": lambda n: "\\" * n,
    "table": lambda n: "|" * n + "\n" + "|-" * n + "|\n",
    "rows": lambda n: "|a|\n|-|\n" + "|b|\n" * n,
    "breaks after a picture": lambda n: "![a](b)" + "\\\n" * n,
    "one word": lambda n: "a" * n * 10,
    "mail address": lambda n: "a." * n + "@" + "b." * n,
    "web addresses": lambda n: "https://" * n,
    "closing after an address": lambda n: "https://a/" + ")" * n,
    "credits": lambda n: "A b [C d/AFP]\n" * n,
    "headings": lambda n: "One two\n\n" * n,
    "capitals": lambda n: "ONE\n\nTwo\n\n" * n,
    "colons": lambda n: "One:\n- a\n" * n,
    "named alike": lambda n: "## One\n\na\n\n" * (n // 5),
    "wrapped": lambda n: ("word " * 13 + "\n") * n,
    "hyphens": lambda n: ("some words that fill up a line of the text to its very end by-\n") * n,
    "rules": lambda n: "---\n\n" * n,
    "empty items": lambda n: "-\n" * n,
    "signs": lambda n: "• a\no\tb\n▪ c\n" * n,
    "dates": lambda n: "21 November 2024\n" * n,
    "marks on a letter": lambda n: "a" + "\u0301\u0323" * n,
    "spaces": lambda n: "a" + " " * n + "b\n" + "\t" * n + "c",
    "blank lines": lambda n: "a" + "\n" * n + "b",
    "no-break spaces": lambda n: ">\u00a0" * n,
}


def calls(data: bytes, name: str) -> int:
    """How many calls reading takes: unlike seconds, the same on a busy machine (`make bench` has the seconds)."""
    counted = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        with suppress(DigestError):
            read_file(data, name=name)
    finally:
        sys.setprofile(None)
    return counted


@pytest.mark.parametrize("ending", [".txt", ".md"])
@pytest.mark.parametrize("shape", SHAPES)
def test_four_times_the_text_takes_not_much_more_than_four_times_the_calls(shape: str, ending: str) -> None:
    small, large = (calls((HEAD + SHAPES[shape](size)).encode(), f"a{ending}") for size in (LARGE // 4, LARGE))
    assert large < 6 * small + 1_000


@pytest.mark.parametrize(
    ("ending", "source", "line"),
    [
        (".txt", HEAD + ">" * MANY, 5),
        (".md", HEAD + ">" * MANY, 5),
        (".md", HEAD + "- " * MANY + "a", 5),
        (".md", HEAD + "[" * MANY, 5),
        (".md", HEAD + "a\n*" + "*a **b " * MANY + "** a*" * MANY, 5),
        (".json", '{\n"lead":' + "[" * MANY, 2),
    ],
)
def test_ten_thousand_levels_are_one_line(ending: str, source: str, line: int) -> None:
    with pytest.raises(DigestError, match="nests deeper than 20") as caught:
        read_file(source.encode(), name=f"a{ending}")
    assert caught.value.line == line


def test_brackets_in_plain_text_are_only_brackets() -> None:
    assert read_file((HEAD + "[" * MANY).encode(), name="a.txt").lead


@pytest.mark.parametrize("ending", [".txt", ".md"])
@pytest.mark.parametrize(
    "made", [lambda n: "> " * n + "a", lambda n: "".join("  " * i + "- a\n" for i in range(n))]
)
def test_twenty_levels_are_read_and_no_more(ending: str, made: Callable[[int], str]) -> None:
    assert read_file((HEAD + made(20)).encode(), name=f"a{ending}").lead
    for levels in (21, 60):
        with pytest.raises(DigestError, match="nests deeper than 20"):
            read_file((HEAD + made(levels)).encode(), name=f"a{ending}")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ending", "made"),
    [
        (".txt", lambda n: "- a\n" * n),
        (".txt", lambda n: "A paragraph.\n\n" * n),
        (".md", lambda n: "see http://example.org/ " * n),
        (".md", lambda n: "|a|b|\n|-|-|\n" + "|c|d|\n" * n),
        (".md", lambda n: "> *a* [**b**](http://example.org/)\n>\n" * n),
    ],
)
def test_a_digest_of_countless_pieces_is_refused_since_nobody_could_wait_for_it(
    ending: str, made: Callable[[int], str]
) -> None:
    assert read_file((HEAD + made(MANY // 10)).encode(), name=f"a{ending}").lead
    with pytest.raises(DigestError, match=r"a\.(txt|md): more than 20000 paragraphs, items, cells and links"):
        read_file((HEAD + made(MANY * 2)).encode(), name=f"a{ending}")
