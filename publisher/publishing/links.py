"""What the links in mails do: pages that ask, and acts that a button or a mail provider sends."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from publisher.config import Settings
from publisher.people import Holder, People
from publisher.publishing.ports import Store
from publisher.publishing.profiles import WrongFieldError, about, choice, profile, zone_of
from publisher.publishing.readers import Readers
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

Answers = Mapping[str, Sequence[str]]


class Links:
    """The unsubscribe link and the preferences link; the contract is `web.ports.Public`.

    Args:
        people: acts on subscribers.
        readers: what they ask for themselves.
        store: where the sections of published digests are read.
        settings: the newsletters' titles and languages.
        look: how the site presents itself.
        clock: the present moment.
    """

    def __init__(
        self,
        people: People,
        readers: Readers,
        store: Store,
        settings: Settings,
        look: SiteLook,
        clock: Callable[[], datetime],
    ) -> None:
        self._people = people
        self._readers = readers
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

    def give_reason(self, token: str, reason: str) -> bytes | None:
        """Keep why they left. Somebody who has come back since is not asked to leave again."""
        holder = self._people.holder(token)
        if holder is None:
            return None
        kept = bool(reason.strip()) and self._readers.give_reason(holder, reason)
        return self._leaving(holder, "thanked" if kept else "ask" if holder.subscribed else "done")

    def _leaving(self, holder: Holder, state: UnsubscribeState) -> bytes:
        title, language = self._newsletter(holder)
        configured = any(each.slug == holder.newsletter for each in self._settings.newsletter)
        return unsubscribe_page(
            self._look,
            state,
            newsletter=title,
            email=holder.subscriber.email,
            language=holder.subscriber.language or language,
            again=f"../{holder.newsletter}/subscribe" if configured else "",
        )

    # --- choosing ----------------------------------------------------------------------------------------------

    def preferences_page(self, token: str) -> bytes | None:
        """The page with what the reader has chosen."""
        holder = self._people.holder(token)
        return None if holder is None else self._choosing(holder, token, "ask", _chosen(holder))

    def save_preferences(self, token: str, answers: Answers) -> bytes | None:
        """Keep what the page's form sent, or mail a fresh link; what the page does not offer is passed over."""
        holder = self._people.holder(token)
        if holder is None:
            return None
        if choice(answers, "act") == "link":
            mailed = self._readers.ask_fresh_link(holder, self._clock())
            return self._choosing(holder, token, "mailed" if mailed else "too_many", _chosen(holder))
        return self._save(holder, token, answers) if holder.subscribed else self.preferences_page(token)

    def _save(self, holder: Holder, token: str, answers: Answers) -> bytes | None:
        offer, now = self._offer(holder), self._clock()
        ticked = set(answers.get("section", ()))
        everything = choice(answers, "which") == "all"
        wanted = None if everything or not offer else tuple(slug for slug in offer if slug in ticked)
        if wanted == ():
            return self._choosing(holder, token, "none_chosen", wanted, answers=answers)
        try:
            said = profile(holder, answers, self._zone(holder, answers), self._look.templates, now)
        except WrongFieldError as error:
            return self._choosing(holder, token, "wrong", wanted, answers=answers, problem=error.field)
        kept = self._readers.keep_preferences(holder, wanted, said, now, chosen=bool(offer))
        after = self._people.holder(token)
        if after is None:
            return None
        shown = wanted if offer else _chosen(after)
        return self._choosing(after, token, "saved" if kept else "ask", shown, left=not kept)

    def _choosing(
        self,
        holder: Holder,
        token: str,
        state: PreferencesState,
        wanted: Collection[str] | None,
        *,
        answers: Answers | None = None,
        problem: str = "",
        left: bool = False,
    ) -> bytes:
        """The page; after a mistake with what the form said, so that nobody writes it again."""
        title, language = self._newsletter(holder)
        answers = answers or {}
        zone = self._zone(holder, {})
        offer = self._offer(holder)
        return preferences_page(
            self._look,
            state,
            newsletter=title,
            email=holder.subscriber.email,
            language=holder.subscriber.language or language,
            newsletter_language=language,
            subscribed=holder.subscribed and not left,
            everything=wanted is None,
            sections=[SectionChoice(slug, name, wanted is None or slug in wanted) for slug, name in offer.items()],
            about=about(holder, answers, zone, self._look.templates, self._clock()),
            problem=problem,
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

    def _zone(self, holder: Holder, answers: Answers) -> str:
        newsletter = next((each for each in self._settings.newsletter if each.slug == holder.newsletter), None)
        return zone_of(holder, answers, newsletter.timezone if newsletter else "UTC")

    def _newsletter(self, holder: Holder) -> tuple[str, str]:
        """The title and the language of a newsletter, the site's when it is no longer configured."""
        site = self._settings.site
        for newsletter in self._settings.newsletter:
            if newsletter.slug == holder.newsletter:
                return newsletter.title, newsletter.language or site.language
        return site.title, site.language


def _chosen(holder: Holder) -> tuple[str, ...] | None:
    return holder.subscription.sections if holder.subscription else None
