"""What stands where a withdrawn digest stood: its title, since when, and the notice; nothing of its text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from publisher.digests.model import Direction
from publisher.editions import Withdrawn
from publisher.errors import one_line
from publisher.rendering.corrections import Dated, dated
from publisher.rendering.look import ROOT, Look
from publisher.rendering.prose import SUMMARY_LENGTH, cut
from publisher.rendering.templates import environment, fill
from publisher.rendering.words import Words, direction_of, territorial, words


@dataclass(frozen=True, slots=True)
class NoticeEntry:
    """A withdrawal, or a correction, in feeds: a title and a summary in plain text, and an HTML fragment."""

    title: str
    summary: str
    content: str


@dataclass(frozen=True, slots=True)
class _Gone:
    """A withdrawn digest as templates are given it, where they are given a digest otherwise."""

    title: str
    date: date
    language: str
    direction: Direction
    author: str = ""


def withdrawn_page(withdrawn: Withdrawn, look: Look, slug: str) -> bytes:
    """The page in place of the digest's, under the same address.

    Raises:
        RenderError: a template is wrong.
    """
    given = {
        "site": look.site,
        "page_url": look.page_url(slug),
        "root": ROOT,
        "locale": territorial(withdrawn.language),
    }
    return _filled("page/withdrawn.html", withdrawn, look, **given).encode()


def withdrawn_entry(withdrawn: Withdrawn, look: Look) -> NoticeEntry:
    """What feeds show in place of the digest. Its title says so: readers never take an entry away.

    Raises:
        RenderError: a template is wrong.
    """
    ours = words(look.language, look.site.templates)
    said = f"{withdrawn_line(withdrawn.notice.at, look, ours)} {one_line(withdrawn.notice.text)}".strip()
    return NoticeEntry(
        title=ours("Withdrawn: %(title)s") % {"title": one_line(withdrawn.title)},
        summary=cut(said, SUMMARY_LENGTH),
        content=_filled("page/withdrawn_entry.html", withdrawn, look).strip(),
    )


def withdrawn_line(at: datetime, look: Look, ours: Words) -> str:
    """The sentence that says since when, in plain text."""
    return ours("This issue was withdrawn on %(date)s.") % {"date": dated(at, look, ours).date}


def _filled(template: str, withdrawn: Withdrawn, look: Look, **values: object) -> str:
    ours = words(look.language, look.site.templates)
    gone = _Gone(withdrawn.title, withdrawn.date, withdrawn.language, direction_of(withdrawn.language))
    when: Dated = dated(withdrawn.notice.at, look, ours)
    notice = one_line(withdrawn.notice.text)
    env = environment(look.site.templates, ours.translations)
    return fill(env, template, digest=gone, look=look, words=ours, when=when, notice=notice, **values)
