"""A digest becomes everything people read of it, once: mail, page and feed entry, the same bytes every time."""

from __future__ import annotations

from jinja2 import Environment

from publisher.digests.model import Block, Digest, ListBlock, Note, Quote
from publisher.editions import RenderedEdition
from publisher.errors import one_line
from publisher.rendering.look import Look, picture_address
from publisher.rendering.mail import mail_blocks
from publisher.rendering.measures import PAGE_COLUMN, first_picture
from publisher.rendering.prose import contents, cover, preheader, summary
from publisher.rendering.templates import environment, fill
from publisher.rendering.words import Words, words


def render(digest: Digest, look: Look, *, note: str = "", title_repeats: bool = False) -> RenderedEdition:
    """Render a digest; the same arguments give the same bytes, on any day and any machine.

    Args:
        digest: what editors wrote.
        look: how the newsletter presents itself.
        note: what a correction corrects, one paragraph; empty for a first edition.
        title_repeats: the newsletter's digests share this title, so that the subject needs the date.

    Raises:
        RenderError: a template is wrong (named with its line), or the digest holds an address that
            readers may not be sent to.
    """
    ours = words(look.language, look.site.templates)
    env = environment(look.site.templates, ours.translations)
    line = preheader(digest)
    return RenderedEdition(
        subject=_subject(digest, ours, title_repeats),
        preheader=line,
        summary=summary(digest),
        blocks=mail_blocks(digest, look, env, ours, note=note, preheader=line),
        page=_page(digest, look, env, ours, note).encode(),
        entry=_entry(digest, look, env, ours, note),
    )


def _subject(digest: Digest, ours: Words, title_repeats: bool) -> str:
    title = one_line(digest.title)
    return f"{title} – {ours.long_date(digest.date)}" if title_repeats else title


def _page(digest: Digest, look: Look, env: Environment, ours: Words, note: str) -> str:
    shown = cover(digest)
    return fill(
        env,
        "page/digest.html",
        digest=digest,
        look=look,
        site=look.site,
        words=ours,
        note=note,
        cover=shown,
        summary=summary(digest),
        contents=contents(digest),
        first=first_picture(digest, shown),
        column=PAGE_COLUMN,
        page_url=look.page_url(digest.slug),
        picture=lambda src: picture_address(src, "../../assets/"),
        absolute_picture=lambda src: picture_address(src, f"{look.site.url}assets/"),
        notes=_notes(digest),
        classes=True,
    )


def _entry(digest: Digest, look: Look, env: Environment, ours: Words, note: str) -> str:
    return fill(
        env,
        "page/entry.html",
        digest=digest,
        words=ours,
        note=note,
        cover=cover(digest),
        picture=lambda src: picture_address(src, f"{look.site.url}assets/"),
        notes=frozenset(),
        first=None,
        column=0,
        classes=False,
    ).strip()


def _notes(digest: Digest) -> frozenset[int]:
    """The numbers of all footnotes, so that no mark leads nowhere."""

    def inside(blocks: tuple[Block, ...]) -> set[int]:
        found: set[int] = set()
        for block in blocks:
            match block:
                case Note(number, more):
                    found |= {number, *inside(more)}
                case Quote(more):
                    found |= inside(more)
                case ListBlock(items):
                    found |= {number for item in items for number in inside(item.blocks)}
                case _:
                    pass
        return found

    return frozenset(inside(digest.lead).union(*(inside(section.blocks) for section in digest.sections)))
