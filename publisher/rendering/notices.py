"""Pages behind the links in mails. A look at one changes nothing; the button in it acts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from publisher.rendering.look import SiteLook
from publisher.rendering.templates import environment, fill
from publisher.rendering.words import words

UnsubscribeState = Literal["ask", "done"]
PreferencesState = Literal["ask", "saved", "none_chosen", "left"]
NoticeState = Literal["unknown_link", "missing", "later"]


@dataclass(frozen=True, slots=True)
class SectionChoice:
    """A section that a reader may choose. `name` is in the newsletter's language, or in a digest's."""

    slug: str
    name: str
    chosen: bool


def unsubscribe_page(
    site: SiteLook, state: UnsubscribeState, *, newsletter: str, email: str, language: str
) -> bytes:
    """The page behind the unsubscribe link; its form posts to the page's own address.

    Args:
        site: whose page it is.
        state: `ask` shows one button; `done` says that it is so, and is shown again to whoever comes again.
        newsletter: the newsletter's title.
        email: the address that leaves it, shown so that people with two see which.
        language: the newsletter's.

    Raises:
        RenderError: the template is wrong.
    """
    return _page(site, "page/unsubscribe.html", language, state=state, newsletter=newsletter, email=email)


def preferences_page(
    site: SiteLook,
    state: PreferencesState,
    *,
    newsletter: str,
    email: str,
    language: str,
    everything: bool = True,
    sections: Sequence[SectionChoice] = (),
    unsubscribe: str = "",
) -> bytes:
    """The page on which a reader chooses the sections of a newsletter; its form posts to the page's own address.

    Args:
        site: whose page it is.
        state: `ask` shows the form; `saved` says so above it; `none_chosen` is for a form that chose nothing;
            `left` is for somebody who does not get the newsletter.
        newsletter: the newsletter's title.
        email: the address it goes to, shown so that people with two see which.
        language: the newsletter's.
        everything: they get all sections, those that are still to come too.
        sections: what there is to choose from.
        unsubscribe: the way to the unsubscribe page.

    Raises:
        RenderError: the template is wrong.
    """
    return _page(
        site,
        "page/preferences.html",
        language,
        state=state,
        newsletter=newsletter,
        email=email,
        everything=everything,
        sections=sections,
        unsubscribe=unsubscribe,
        newsletter_language=language,
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
    return _page(site, "page/notice.html", site.language, state=state)


def _page(site: SiteLook, template: str, language: str, **values: object) -> bytes:
    ours = words(language, site.templates)
    env = environment(site.templates, ours.translations)
    standing = {"site": site, "language": ours.spoken, "direction": ours.direction}
    return fill(env, template, **standing, **values).encode()
