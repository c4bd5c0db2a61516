"""Corrections and withdrawals as entries of their own: nobody is shown that an entry they have has changed."""

from __future__ import annotations

from publisher.editions import Amendment, Withdrawn
from publisher.errors import one_line
from publisher.rendering.corrections import Correction, dated
from publisher.rendering.look import Look
from publisher.rendering.prose import SUMMARY_LENGTH, cut
from publisher.rendering.templates import environment, fill
from publisher.rendering.withdrawal import NoticeEntry, withdrawn_entry
from publisher.rendering.words import direction_of, words


def amendment_entry(amendment: Amendment, look: Look) -> NoticeEntry:
    """What the feed of corrections shows: the note, and the way to the digest.

    Raises:
        RenderError: a template is wrong.
    """
    if amendment.is_withdrawal:
        gone = Withdrawn(amendment.title, amendment.date, amendment.language, amendment.note)
        return withdrawn_entry(gone, look)
    ours = words(look.language, look.site.templates)
    note, title = one_line(amendment.note.text), one_line(amendment.title)
    given = {
        "language": amendment.language,
        "direction": direction_of(amendment.language),
        "title": title,
        "page_url": look.page_url(amendment.slug),
        "correction": Correction(dated(amendment.note.at, look, ours), note),
    }
    env = environment(look.site.templates, ours.translations)
    content = fill(env, "page/amendment_entry.html", look=look, words=ours, **given)
    return NoticeEntry(
        title=ours("Correction: %(title)s") % {"title": title},
        summary=cut(note, SUMMARY_LENGTH),
        content=content.strip(),
    )
