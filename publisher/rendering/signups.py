"""The sign-up page of a newsletter, and the pages behind the links that ask for a click."""

from __future__ import annotations

from typing import Literal

from publisher.rendering.look import Look, SiteLook
from publisher.rendering.notices import page_of
from publisher.rendering.words import direction_of, words

SubscribeState = Literal["ask", "sent", "too_many"]
AddressProblem = Literal["", "bad_address", "no_mail"]
ConfirmState = Literal["ask", "done", "move_ask", "moved", "taken"]
ManageState = Literal["ask", "address_sent", "erased"]
ManageProblem = Literal["", "bad_address", "too_many", "not_sure"]


def consent_sentence(look: Look) -> str:
    """What somebody says by signing up, in the newsletter's language; the consent log keeps it as it was shown."""
    ours = words(look.language, look.site.templates)
    return ours("By subscribing I ask for %(newsletter)s by email. I can leave at any time with one click.") % {
        "newsletter": look.title
    }


def subscribe_page(
    look: Look,
    state: SubscribeState,
    *,
    address: str,
    email: str = "",
    domain: str = "",
    problem: AddressProblem = "",
) -> bytes:
    """The page on which somebody signs up; its form posts to the page's own address.

    Args:
        look: the newsletter's.
        state: `ask` shows the form; `sent` says that a message is on its way, whoever that is; `too_many` that the
            reader's network has asked too often.
        address: the page's own address on the web.
        email: what was written into the form.
        domain: of that address, when it takes no mail.
        problem: what is wrong with it.

    Raises:
        RenderError: the template is wrong.
    """
    ours = words(look.language, look.site.templates)
    voice = f' lang="{look.language}" dir="{direction_of(look.language)}"' if ours.spoken != look.language else ""
    return page_of(
        look.site,
        "page/subscribe.html",
        look.language,
        look=look,
        state=state,
        address=address,
        email=email,
        domain=domain,
        problem=problem,
        consent=consent_sentence(look),
        foreign=voice,
    )


def confirm_page(
    site: SiteLook,
    state: ConfirmState,
    *,
    newsletter: str,
    email: str,
    language: str,
    consent: str = "",
    preferences: str = "",
    archive: str = "",
) -> bytes:
    """The page behind a link that asks for a click; its form posts to the page's own address.

    Args:
        site: whose page it is.
        state: `ask` and `move_ask` show one button; `done`, `moved` and `taken` say what came of it.
        newsletter: the newsletter's title.
        email: the address that is confirmed.
        language: the reader's.
        consent: the sentence that they say yes to.
        preferences: the way to their preferences.
        archive: the address of the newsletter's archive.

    Raises:
        RenderError: the template is wrong.
    """
    return page_of(
        site,
        "page/confirm.html",
        language,
        state=state,
        newsletter=newsletter,
        email=email,
        consent=consent,
        preferences=preferences,
        archive=archive,
    )


def manage_page(
    site: SiteLook,
    state: ManageState,
    *,
    email: str,
    language: str,
    wanted: str = "",
    problem: ManageProblem = "",
) -> bytes:
    """The page behind a fresh link; its forms post to the page's own address.

    Args:
        site: whose page it is.
        state: `ask` shows what can be done; `address_sent` says that the new address is asked; `erased` that
            nothing is left.
        email: whose data it is.
        language: the reader's.
        wanted: the address that they would like to be mailed at.
        problem: what is wrong with what they sent.

    Raises:
        RenderError: the template is wrong.
    """
    return page_of(site, "page/manage.html", language, state=state, email=email, wanted=wanted, problem=problem)
