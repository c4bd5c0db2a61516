"""Pages behind the links in mails. A look at one changes nothing; the button in it acts."""

from __future__ import annotations

from typing import Literal

from publisher.rendering.look import SiteLook
from publisher.rendering.templates import environment, fill
from publisher.rendering.words import words

UnsubscribeState = Literal["ask", "done", "unknown"]


def unsubscribe_page(
    site: SiteLook,
    state: UnsubscribeState,
    *,
    newsletter: str = "",
    email: str = "",
    action: str = "",
    language: str = "",
) -> bytes:
    """The page behind the unsubscribe link.

    Args:
        site: whose page it is.
        state: `ask` shows one button; `done` says that it is so, and is shown again to whoever comes again;
            `unknown` is for a link that is not ours or no longer good.
        newsletter: the newsletter's title.
        email: the address that leaves it, shown so that people with two see which.
        action: where the form posts to; empty: the page's own address.
        language: the newsletter's; the site's when empty.

    Raises:
        RenderError: the template is wrong.
    """
    tongue = language or site.language
    ours = words(tongue)
    env = environment(site.templates, ours.translations)
    filled = fill(
        env,
        "page/unsubscribe.html",
        site=site,
        state=state,
        newsletter=newsletter,
        email=email,
        action=action,
        language=ours.spoken,
        direction=ours.direction,
    )
    return filled.encode()
