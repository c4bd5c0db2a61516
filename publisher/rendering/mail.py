"""The mail: rendered whole, CSS inlined once, then cut into the blocks that readers' choices are made of."""

from __future__ import annotations

from jinja2 import Environment

from publisher.digests.model import Digest
from publisher.editions import BlockKind, EditionBlock, FieldName, Parts
from publisher.rendering.columns import wrap
from publisher.rendering.inlining import inline_styles
from publisher.rendering.look import Look, picture_address
from publisher.rendering.pieces import Places, places, require_fields
from publisher.rendering.prose import cover
from publisher.rendering.templates import fill
from publisher.rendering.text import lead_text, section_text
from publisher.rendering.words import Words


def mail_blocks(
    digest: Digest, look: Look, env: Environment, words: Words, *, note: str, preheader: str
) -> tuple[EditionBlock, ...]:
    """The blocks of the mail, HTML and text side by side."""
    marks = places(digest, look, note)
    values = _values(digest, look, words, marks, note)
    assets = f"{look.site.url}assets/"
    html = _html_blocks(digest, env, marks, {**values, "preheader": preheader}, assets)
    text = _text_blocks(digest, env, words, values)
    require_fields(html, "HTML")
    text_parts = [marks.parts(block) for block in text]
    require_fields(text_parts, "text")
    kinds = [
        (BlockKind.OPENING, ""),
        (BlockKind.LEAD, ""),
        *((BlockKind.SECTION, section.slug) for section in digest.sections),
        (BlockKind.CLOSING, ""),
    ]
    return tuple(
        EditionBlock(kind, html=in_html, text=in_text, section=section)
        for (kind, section), in_html, in_text in zip(kinds, html, text_parts, strict=True)
    )


def _values(digest: Digest, look: Look, words: Words, marks: Places, note: str) -> dict[str, object]:
    """What the mail's templates are given, in HTML and text alike."""
    return {
        "digest": digest,
        "look": look,
        "words": words,
        "note": note,
        "fields": {name.value: marks.field(name) for name in FieldName},
        "page_url": look.page_url(digest.slug),
    }


def _html_blocks(
    digest: Digest, env: Environment, marks: Places, values: dict[str, object], assets: str
) -> list[Parts]:
    rtl = digest.direction == "rtl"
    document = fill(
        env,
        "email/mail.html",
        **values,
        cover=cover(digest),
        cut=marks.cut,
        start="right" if rtl else "left",
        end="left" if rtl else "right",
        picture=lambda src: picture_address(src, assets),
        notes=frozenset(),
    )
    pieces = marks.blocks(inline_styles(document), len(digest.sections) + 3)
    return [marks.parts(piece) for piece in pieces]


def _text_blocks(digest: Digest, env: Environment, words: Words, values: dict[str, object]) -> list[str]:
    return [
        fill(env, "email/opening.txt", **values, wrap=_wrapped),
        lead_text(digest, words),
        *(section_text(section, digest, words) for section in digest.sections),
        fill(env, "email/closing.txt", **values, wrap=_wrapped),
    ]


def _wrapped(text: object) -> str:
    return "\n".join(line for part in str(text).split("\n") for line in wrap(part) or [""])
