"""What the links in mails do: pages that ask, and acts that a button or a mail provider sends."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from publisher.config import Settings
from publisher.people import Holder, People
from publisher.publishing.ports import Store
from publisher.rendering.look import SiteLook
from publisher.rendering.notices import (
    PreferencesState,
    SectionChoice,
    UnsubscribeState,
    notice_page,
    preferences_page,
    unsubscribe_page,
)

EDITIONS_LOOKED_AT = 30
"""Of so many digests, the last published, a reader may choose the sections."""

SECTIONS_OFFERED = 100
"""A newsletter that names its sections anew each day has no end of them; a page must have one."""

BY_PAGE = "preferences page"
"""The way a choice was made, for the consent log."""


class Links:
    """The unsubscribe link and the preferences link; the contract is `web.ports.Public`.

    Args:
        people: acts on subscribers.
        store: where the sections of published digests are read.
        settings: the newsletters' titles and languages.
        look: how the site presents itself.
        clock: the present moment.
    """

    def __init__(
        self, people: People, store: Store, settings: Settings, look: SiteLook, clock: Callable[[], datetime]
    ) -> None:
        self._people = people
        self._store = store
        self._settings = settings
        self._look = look
        self._clock = clock

    # --- leaving -----------------------------------------------------------------------------------------------

    def unsubscribe_page(self, token: str) -> bytes | None:
        """The page with one button; it posts to its own address."""
        holder = self._people.holder(token)
        return None if holder is None else self._leaving(holder, "ask")

    def unsubscribe(self, token: str, how: str) -> bytes | None:
        """End the subscription; the same page every time."""
        holder = self._people.holder(token)
        if holder is None:
            return None
        self._people.unsubscribe(holder, how=how, now=self._clock())
        return self._leaving(holder, "done")

    def _leaving(self, holder: Holder, state: UnsubscribeState) -> bytes:
        title, language = self._newsletter(holder)
        return unsubscribe_page(
            self._look, state, newsletter=title, email=holder.subscriber.email, language=language
        )

    # --- choosing ----------------------------------------------------------------------------------------------

    def preferences_page(self, token: str) -> bytes | None:
        """The page with the reader's choice of sections."""
        holder = self._people.holder(token)
        return (
            None if holder is None else self._choosing(holder, token, "ask", _chosen(holder), self._offer(holder))
        )

    def save_preferences(self, token: str, answers: Mapping[str, Sequence[str]]) -> bytes | None:
        """Keep the choice that the page's form sent; what the page does not offer is passed over."""
        holder = self._people.holder(token)
        if holder is None:
            return None
        offer = self._offer(holder)
        ticked = set(answers.get("section", ()))
        wanted = (
            None if list(answers.get("which", ())) == ["all"] else tuple(slug for slug in offer if slug in ticked)
        )
        if wanted == ():
            return self._choosing(holder, token, "none_chosen", wanted, offer)
        kept = self._people.choose_sections(holder, wanted, how=BY_PAGE, now=self._clock())
        return self._choosing(holder, token, "saved" if kept else "left", wanted, offer)

    def _choosing(
        self,
        holder: Holder,
        token: str,
        state: PreferencesState,
        wanted: Collection[str] | None,
        offer: Mapping[str, str],
    ) -> bytes:
        title, language = self._newsletter(holder)
        return preferences_page(
            self._look,
            state if holder.subscribed else "left",
            newsletter=title,
            email=holder.subscriber.email,
            language=language,
            everything=wanted is None,
            sections=[SectionChoice(slug, name, wanted is None or slug in wanted) for slug, name in offer.items()],
            unsubscribe=f"../u/{token}",  # relative: right behind a proxy that serves us under a path of its own
        )

    def _offer(self, holder: Holder) -> dict[str, str]:
        """What may be chosen, slug and name: what recent digests have, and what was chosen before.

        A section that was chosen and has not appeared lately, or not yet, must not be lost by saving; of its name
        no more is known than its slug.
        """
        with self._store.read() as unit:
            recent = dict(unit.editions.sections(holder.newsletter, EDITIONS_LOOKED_AT)[:SECTIONS_OFFERED])
        return recent | {slug: slug for slug in _chosen(holder) or () if slug not in recent}

    # --- other pages -------------------------------------------------------------------------------------------

    def unknown_link_page(self) -> bytes:
        """The page for any other link."""
        return notice_page(self._look, "unknown_link")

    def missing_page(self) -> bytes:
        """The page where there is none."""
        return notice_page(self._look, "missing")

    def later_page(self) -> bytes:
        """The page for trouble of our own."""
        return notice_page(self._look, "later")

    def _newsletter(self, holder: Holder) -> tuple[str, str]:
        """The title and the language of a newsletter, the site's when it is no longer configured."""
        site = self._settings.site
        for newsletter in self._settings.newsletter:
            if newsletter.slug == holder.newsletter:
                return newsletter.title, newsletter.language or site.language
        return site.title, site.language


def _chosen(holder: Holder) -> tuple[str, ...] | None:
    return holder.subscription.sections if holder.subscription else None
