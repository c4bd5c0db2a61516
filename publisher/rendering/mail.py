"""The mail: rendered whole, CSS inlined once, then cut into the blocks that readers' choices are made of."""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import Environment

from publisher.digests.model import Digest
from publisher.editions import BlockKind, EditionBlock, FieldName, Parts
from publisher.rendering.columns import wrap
from publisher.rendering.corrections import Correction
from publisher.rendering.inlining import inline_styles
from publisher.rendering.look import Look, picture_address
from publisher.rendering.measures import MAIL_COLUMN
from publisher.rendering.pieces import Places, places, require_fields
from publisher.rendering.prose import contents, cover
from publisher.rendering.templates import fill
from publisher.rendering.text import lead_text, section_text
from publisher.rendering.words import Words


def mail_blocks(
    digest: Digest, look: Look, env: Environment, words: Words, *, corrected: Sequence[Correction], preheader: str
) -> tuple[EditionBlock, ...]:
    """The blocks of the mail, HTML and text side by side, and those that only some readers get among them."""
    marks = places(digest, look, corrected)
    values = _values(digest, look, words, marks, corrected)
    kinds = _kinds(digest)
    html = _html_blocks(digest, env, marks, {**values, "preheader": preheader}, len(kinds))
    text = [marks.parts(_text(digest, env, words, values, *kind)) for kind in kinds]
    require_fields(html, "HTML")
    require_fields(text, "text")
    return tuple(
        EditionBlock(kind, html=in_html, text=in_text, section=section)
        for (kind, section), in_html, in_text in zip(kinds, html, text, strict=True)
    )


def _kinds(digest: Digest) -> list[tuple[BlockKind, str]]:
    """The mail's blocks in order, as kind and section."""
    return [
        (BlockKind.OPENING, ""),
        (BlockKind.LEAD, ""),
        *([(BlockKind.CONTENTS, "")] if contents(digest) else []),
        *((BlockKind.SECTION, section.slug) for section in digest.sections),
        *([(BlockKind.CHOICE, "")] if len(digest.sections) > 1 else []),
        (BlockKind.CLOSING, ""),
    ]


def _values(
    digest: Digest, look: Look, words: Words, marks: Places, corrected: Sequence[Correction]
) -> dict[str, object]:
    """What the mail's templates are given, in HTML and text alike."""
    assets = f"{look.site.url}assets/"
    return {
        "digest": digest,
        "look": look,
        "theme": look.site.theme,
        "words": words,
        "corrections": corrected,
        "contents": contents(digest),
        "fields": {name.value: marks.field(name) for name in FieldName},
        "page_url": look.page_url(digest.slug),
        "picture": lambda src: picture_address(src, assets),
    }


def _html_blocks(
    digest: Digest, env: Environment, marks: Places, values: dict[str, object], count: int
) -> list[Parts]:
    rtl = digest.direction == "rtl"
    document = fill(
        env,
        "email/mail.html",
        **values,
        cover=cover(digest),
        column=MAIL_COLUMN,
        cut=marks.cut,
        start="right" if rtl else "left",
        end="left" if rtl else "right",
        notes=frozenset(),
    )
    return [marks.parts(piece) for piece in marks.blocks(inline_styles(document), count)]


def _text(
    digest: Digest, env: Environment, words: Words, values: dict[str, object], kind: BlockKind, section: str
) -> str:
    match kind:
        case BlockKind.LEAD:
            return lead_text(digest, words)
        case BlockKind.SECTION:
            return section_text(next(each for each in digest.sections if each.slug == section), digest, words)
        case _:
            return fill(env, f"email/{kind}.txt", **values, wrap=_wrapped)


def _wrapped(text: object) -> str:
    return "\n".join(line for part in str(text).split("\n") for line in wrap(part) or [""])
