"""Whatever a digest says: no rule raises, and no rule that blocks is wrong about the publisher's own work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.digests.model import Digest, Emphasis, Figure, Inline, Link, Section, Strong, Text
from publisher.digests.readers import read_file
from publisher.digests.walk import map_figures
from publisher.preflight.inspect import inspect
from publisher.preflight.model import Candidate, Problem
from publisher.preflight.pieces import pieces
from publisher.preflight.registry import RULES
from publisher.rendering import render
from tests.shared_material import real_digest
from tests.unit.digests.strategies import digests as odd_digests
from tests.unit.rendering.samples import ARABIC_LOOK, ASSET, LOOK, RICH, para
from tests.unit.rendering.strategies import digests

from .candidates import GOOD, candidate, problems, rule

ROOT = Path(__file__).parents[3]
SAMPLES = sorted(path for path in (ROOT / "digests").iterdir() if path.is_file())
OURS = ("fields", "unsubscribe", "text-part", "valid-html", "mail-css")
"""Rules that only a fault of ours can trip, or one of a site's own templates."""

hostile = st.text(
    st.sampled_from("aZ 漢ا.:/@{}%()|*\\<>&\"'!\u202e\u2067\u2069\u200b\u00ad\u0301ıİß🚢\U000e0041$-_#?=0"),
    max_size=30,
)
links = st.builds(
    lambda href, text: para(Link(f"https://{href or 'a'}", (Text(text),))),
    st.text("a.-@:/[]%?#é0", max_size=20),
    hostile,
)


def check_all(given: Candidate) -> None:
    for each in RULES:
        for problem in each.check(given):
            assert problem.message
            assert problem.remedy


def blamed_on_us(given: Candidate) -> list[Problem]:
    """What is said of our own work. (Only made-up digests have the same footnote more than once.)"""
    return [problem for name in OURS for problem in problems(name, given) if 'id "note' not in problem.message]


def nests(inlines: Iterable[Inline], *, linked: bool = False) -> bool:
    """Whether a link stands in a link. HTML has none such, no reader makes them, and hypothesis likes to."""
    return any(
        (linked and isinstance(each, Link)) or nests(each.children, linked=linked or isinstance(each, Link))
        for each in inlines
        if isinstance(each, Link | Strong | Emphasis)
    )


@pytest.mark.slow
@settings(max_examples=20, deadline=None, derandomize=True)
@given(digests())
def test_no_rule_raises_on_any_digest_that_can_be_read(wanted: Digest) -> None:
    before = replace(wanted, slug="yesterday", lead=())
    given = candidate(wanted, look=ARABIC_LOOK if wanted.direction == "rtl" else LOOK, earlier=[before, RICH])
    check_all(given)
    if not any(nests(piece.inlines) for piece in pieces(wanted)):
        assert blamed_on_us(given) == []


@settings(max_examples=25, deadline=None, derandomize=True)
@given(odd_digests)
def test_no_rule_raises_on_a_digest_that_no_reader_would_make(wanted: Digest) -> None:
    """Beside the mail of another one: rules must not rely on the two being alike."""
    rendered = render(GOOD, LOOK)
    check_all(candidate(wanted, rendered=rendered, earlier=[replace(wanted, slug="yesterday")]))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(hostile, hostile, links)
def test_no_rule_raises_on_hostile_words_and_ours_do_not_blame_them(title: str, name: str, link: object) -> None:
    wanted = replace(
        GOOD,
        title=title,
        lead=(para(name),),
        sections=(Section("a", name, (link,)), *GOOD.sections),  # type: ignore[arg-type]
    )
    given = candidate(wanted, note=name)
    check_all(given)
    assert blamed_on_us(given) == []


def as_digest(path_name: str, data: bytes) -> Digest:
    """What the inbox would make of a file, its pictures taken in."""

    def taken(figure: Figure) -> Figure:
        return replace(figure, src=ASSET) if figure.src and "://" not in figure.src else figure

    read = read_file(data, name=path_name)
    assert read.date
    return Digest(
        newsletter="daily",
        slug="sample",
        title=read.title,
        date=read.date,
        language=read.language or "en",
        direction=read.direction,
        lead=map_figures(read.lead, taken),
        sections=tuple(replace(each, blocks=map_figures(each.blocks, taken)) for each in read.sections),
        author=read.author,
        image=taken(read.image) if read.image else None,
    )


def test_nothing_is_wrong_with_the_real_digest() -> None:
    wanted = as_digest("digest.txt", real_digest())
    assert inspect(candidate(wanted, today=wanted.date), RULES, {}) == ()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_nothing_is_wrong_with_the_samples_as_they_come_one_after_the_other(path: Path) -> None:
    before = [as_digest(each.name, each.read_bytes()) for each in SAMPLES if each < path]
    wanted = as_digest(path.name, path.read_bytes())
    earlier = [replace(each, slug=f"day-{number}") for number, each in enumerate(reversed(before))]
    assert inspect(candidate(wanted, today=wanted.date, earlier=earlier), RULES, {}) == ()


def test_the_same_digest_is_read_once_and_another_one_anew() -> None:
    first, second = candidate(GOOD), candidate(replace(GOOD, title=" "))
    blank = rule("empty-sections"), rule("subject-empty"), rule("bidi")
    for _ in range(2):
        assert [problem for each in blank for problem in each.check(first)] == []
        assert [problem.place for each in blank for problem in each.check(second)] == ["subject"]
