"""Candidates made as the publisher makes them: a digest really rendered, its message really compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from publisher.config import Colours, DarkColours
from publisher.digests.model import Block, Digest, Inline, Section
from publisher.editions import BlockKind, EditionBlock, Field, FieldName, Parts, RenderedEdition, choose
from publisher.messages import Letterhead, Person, compile_message
from publisher.preflight.model import Candidate, Earlier, Problem, Rule
from publisher.preflight.registry import RULES
from publisher.rendering import Look, render
from tests.unit.rendering.samples import LOOK, link, noted, para

TODAY = date(2024, 11, 21)
READER = Person(
    email="reader@example.net",
    unsubscribe_url="https://news.example.org/u/token",
    preferences_url="https://news.example.org/s/token",
    message_id="<edition@news.example.org>",
    date=datetime(2024, 11, 21, 7, tzinfo=UTC),
)

GOOD = Digest(
    newsletter="daily",
    slug="harbour-opens",
    title="The harbour opens again",
    date=TODAY,
    language="en",
    direction="ltr",
    lead=(para("After nine days the harbour took its first ship at dawn."),),
    sections=(
        Section("ships", "Ships", (para("The tanker Selene docked with eleven thousand tonnes of grain."),)),
        Section("money", "Money", (para("A berth costs a hundred euros more than it did in the spring."),)),
    ),
)
"""A digest with which nothing is wrong."""


def digest(
    *inlines: Inline | str,
    blocks: Iterable[Block] = (),
    like: Digest = GOOD,
    **changes: object,
) -> Digest:
    """The good digest with another first section: these words as a paragraph, then these blocks."""
    first = replace(like.sections[0], blocks=(*([para(*inlines)] if inlines else []), *blocks))
    changed = replace(like, sections=(first, *like.sections[1:])) if first.blocks else like
    return replace(changed, **changes)  # type: ignore[arg-type]


def showing(text: str, href: str) -> Digest:
    """A digest with this link."""
    return digest("The pilots tell more at ", link(href, text), " today.")


def candidate(
    wanted: Digest = GOOD,
    *,
    look: Look = LOOK,
    rendered: RenderedEdition | None = None,
    note: str = "",
    today: date = TODAY,
    earlier: Sequence[Digest] = (),
    pictures: Mapping[str, int] | None = None,
    light: Mapping[str, str] | None = None,
    dark: Mapping[str, str] | None = None,
    hosts: Iterable[str] = ("news.example.org",),
) -> Candidate:
    """What preflight is given for a digest."""
    made = rendered or render(wanted, look, notes=noted(note) if note else ())
    return Candidate(
        digest=wanted,
        rendered=made,
        message=message(made),
        today=today,
        light={**Colours().model_dump(), **(light or {})},
        dark={**DarkColours().model_dump(), **(dark or {})},
        pictures=pictures or {},
        notes=(note,) if note else (),
        hosts=frozenset(hosts),
        fields=frozenset({READER.email, READER.unsubscribe_url, READER.preferences_url}),
        earlier=tuple(Earlier(each.key, each) for each in earlier),
    )


def message(rendered: RenderedEdition) -> bytes:
    """The mail with all sections."""
    letterhead = Letterhead(
        subject=rendered.subject.strip() or "none", sender="daily@example.org", list_id="daily.example.org"
    )
    return compile_message(choose(rendered.blocks, None), letterhead).splice(READER)


def remade(given: Candidate, blocks: Iterable[EditionBlock]) -> Candidate:
    """The candidate as templates would have made it that render these blocks."""
    rendered = replace(given.rendered, blocks=tuple(blocks))
    return replace(given, rendered=rendered, message=message(rendered))


def rule(name: str) -> Rule:
    """The rule with this id."""
    return next(each for each in RULES if each.id == name)


def problems(name: str, given: Candidate) -> list[Problem]:
    """What a rule says."""
    return list(rule(name).check(given))


def edited(
    given: Candidate,
    kind: BlockKind,
    *,
    html: Callable[[str], str] = lambda literal: literal,
    text: Callable[[str], str] = lambda literal: literal,
) -> Candidate:
    """The candidate as another template would have made it: the literal parts of blocks of one kind changed."""

    def change(block: EditionBlock) -> EditionBlock:
        if block.kind is not kind:
            return block
        in_html, in_text = (
            tuple(by(part) if isinstance(part, str) else part for part in parts)
            for by, parts in ((html, block.html), (text, block.text))
        )
        return replace(block, html=in_html, text=in_text)

    return remade(given, map(change, given.rendered.blocks))


def without_field(given: Candidate, name: FieldName, *, html: bool = False, text: bool = False) -> Candidate:
    """The candidate with a field lost from its HTML or text."""

    def lost(parts: Parts, gone: bool) -> Parts:
        return tuple(part for part in parts if not (gone and part == Field(name)))

    return remade(
        given,
        (
            replace(block, html=lost(block.html, html), text=lost(block.text, text))
            for block in given.rendered.blocks
        ),
    )
