"""Pages behind the links in mails. A look at one changes nothing; the button in it acts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from publisher.rendering.look import SiteLook
from publisher.rendering.templates import environment, fill
from publisher.rendering.words import words

UnsubscribeState = Literal["ask", "done", "thanked"]
PreferencesState = Literal["ask", "saved", "mailed", "too_many", "none_chosen", "wrong"]
NoticeState = Literal["unknown_link", "missing", "later"]


@dataclass(frozen=True, slots=True)
class SectionChoice:
    """A section that a reader may choose. `name` is in the newsletter's language, or in a digest's."""

    slug: str
    name: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Language:
    """A language that our messages are written in, by its own name."""

    tag: str
    name: str


@dataclass(frozen=True, slots=True)
class About:
    """What a reader says about themselves, and what there is to choose from; empty is the newsletter's.

    `pause`, `soonest` and `latest` are days, `2024-12-24`.
    """

    name: str = ""
    language: str = ""
    timezone: str = ""
    pause: str = ""
    soonest: str = ""
    latest: str = ""
    languages: Sequence[Language] = ()
    timezones: Sequence[str] = ()


def unsubscribe_page(
    site: SiteLook, state: UnsubscribeState, *, newsletter: str, email: str, language: str, again: str = ""
) -> bytes:
    """The page behind the unsubscribe link; its form posts to the page's own address.

    Args:
        site: whose page it is.
        state: `ask` shows one button; `done` says that it is so, asks why, and is shown again to whoever comes
            again; `thanked` says that the reason was kept.
        newsletter: the newsletter's title.
        email: the address that leaves it, shown so that people with two see which.
        language: the newsletter's.
        again: the way to the sign-up page; empty when there is none.

    Raises:
        RenderError: the template is wrong.
    """
    values = {"state": state, "newsletter": newsletter, "email": email, "again": again}
    return page_of(site, "page/unsubscribe.html", language, **values)


def preferences_page(
    site: SiteLook,
    state: PreferencesState,
    *,
    newsletter: str,
    email: str,
    language: str,
    newsletter_language: str = "",
    subscribed: bool = True,
    everything: bool = True,
    sections: Sequence[SectionChoice] = (),
    about: About = About(),
    problem: str = "",
    unsubscribe: str = "",
) -> bytes:
    """The page with what a reader has chosen; its forms post to the page's own address.

    Args:
        site: whose page it is.
        state: `ask` shows the form; `saved` says so above it, `mailed` that a fresh link is on its way, and
            `too_many` that none is; `none_chosen` is for a form that chose nothing, `wrong` for one with a field
            that cannot be taken.
        newsletter: the newsletter's title.
        email: the address it goes to, shown so that people with two see which.
        language: the reader's.
        newsletter_language: the newsletter's, in which sections are named; empty when it is the same.
        subscribed: whether they get the newsletter; else there is nothing to choose.
        everything: they get all sections, those that are still to come too.
        sections: what there is to choose from.
        about: what they say about themselves.
        problem: the name of the field that is wrong.
        unsubscribe: the way to the unsubscribe page.

    Raises:
        RenderError: the template is wrong.
    """
    return page_of(
        site,
        "page/preferences.html",
        language,
        state=state,
        newsletter=newsletter,
        email=email,
        everything=everything,
        sections=sections,
        about=about,
        problem=problem,
        unsubscribe=unsubscribe,
        newsletter_language=newsletter_language or language,
        subscribed=subscribed,
    )


def notice_page(site: SiteLook, state: NoticeState) -> bytes:
    """A page that only says what is the matter, in the site's language.

    Args:
        site: whose page it is.
        state: `unknown_link` is for a link that is not ours or no longer good, without a word about whether
            somebody is subscribed; `missing` is for an address where nothing is; `later` for trouble of our own.

    Raises:
        RenderError: the template is wrong.
    """
    return page_of(site, "page/notice.html", site.language, state=state)


def page_of(site: SiteLook, template: str, language: str, **values: object) -> bytes:
    """A page behind a link: whole, in UTF-8, in the language that our own words are really in.

    Raises:
        RenderError: the template is wrong.
    """
    ours = words(language, site.templates)
    env = environment(site.templates, ours.translations)
    standing = {"site": site, "language": ours.spoken, "direction": ours.direction}
    return fill(env, template, **standing, **values).encode()
