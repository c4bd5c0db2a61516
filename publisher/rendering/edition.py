"""A digest becomes everything people read of it, once: mail, page and feed entry, the same bytes every time."""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import Environment

from publisher.digests.model import Digest
from publisher.editions import Note, RenderedEdition
from publisher.errors import one_line
from publisher.rendering.corrections import Correction, corrections
from publisher.rendering.look import ROOT, Look, picture_address
from publisher.rendering.mail import mail_blocks
from publisher.rendering.measures import PAGE_COLUMN, first_picture
from publisher.rendering.prose import PREHEADER_LENGTH, contents, cover, cut, footnotes, preheader, summary
from publisher.rendering.templates import environment, fill
from publisher.rendering.words import Words, territorial, words


def render(
    digest: Digest, look: Look, *, title_repeats: bool = False, notes: Sequence[Note] = ()
) -> RenderedEdition:
    """Render a digest; the same arguments give the same bytes, on any day and any machine.

    Args:
        digest: what editors wrote.
        look: how the newsletter presents itself.
        title_repeats: the newsletter's digests share this title, so that the subject needs the date.
        notes: what its corrections say to readers, each of this edition and of those before it; none in a first
            edition. Any order: they are shown the newest first.

    Raises:
        RenderError: a template is wrong (named with its line), or the digest holds an address that
            readers may not be sent to.
    """
    ours = words(look.language, look.site.templates)
    env = environment(look.site.templates, ours.translations)
    corrected = corrections(notes, look, ours)
    mailed = corrections([note for note in notes if not note.minor], look, ours)
    line = _preheader(digest, mailed)
    return RenderedEdition(
        subject=_subject(digest, ours, title_repeats, mailed),
        preheader=line,
        summary=summary(digest),
        blocks=mail_blocks(digest, look, env, ours, corrected=mailed, preheader=line),
        page=_page(digest, look, env, ours, corrected).encode(),
        entry=_entry(digest, look, env, ours, corrected),
    )


def _subject(digest: Digest, ours: Words, title_repeats: bool, corrected: Sequence[Correction]) -> str:
    """The title; of a corrected edition with a word before it, which phones do not cut off.

    The same mail goes to those who had the wrong one and to those who get this one first: the word is true for
    both.
    """
    title = one_line(digest.title)
    subject = f"{title} – {ours.long_date(digest.date)}" if title_repeats else title
    return ours("Corrected: %(subject)s") % {"subject": subject} if corrected else subject


def _preheader(digest: Digest, corrected: Sequence[Correction]) -> str:
    """The first sentence; of a corrected edition after the note, which is what most readers are to know."""
    line = preheader(digest)
    if not corrected:
        return line
    note = corrected[0].text
    return cut(f"{note}{' – ' if note[-1].isalnum() else ' '}{line}".strip(" –"), PREHEADER_LENGTH)


def _page(digest: Digest, look: Look, env: Environment, ours: Words, corrected: Sequence[Correction]) -> str:
    shown = cover(digest)
    return fill(
        env,
        "page/digest.html",
        digest=digest,
        look=look,
        site=look.site,
        words=ours,
        corrections=corrected,
        cover=shown,
        summary=summary(digest),
        contents=contents(digest),
        first=first_picture(digest, shown),
        column=PAGE_COLUMN,
        page_url=look.page_url(digest.slug),
        root=ROOT,
        locale=territorial(digest.language),
        picture=lambda src: picture_address(src, f"{ROOT}assets/"),
        absolute_picture=lambda src: picture_address(src, f"{look.site.url}assets/"),
        notes=footnotes(digest),
        classes=True,
    )


def _entry(digest: Digest, look: Look, env: Environment, ours: Words, corrected: Sequence[Correction]) -> str:
    return fill(
        env,
        "page/entry.html",
        digest=digest,
        words=ours,
        look=look,
        corrections=corrected,
        cover=cover(digest),
        picture=lambda src: picture_address(src, f"{look.site.url}assets/"),
        notes=frozenset(),
        first=None,
        column=0,
        classes=False,
    ).strip()
