"""What the links in mails do: pages that ask, and acts that a button or a mail provider sends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from publisher.config import Settings
from publisher.people import Leaver, People
from publisher.rendering.look import SiteLook
from publisher.rendering.notices import unsubscribe_page


class Links:
    """The unsubscribe link; the contract is `web.ports.Public`.

    Args:
        people: acts on subscribers.
        settings: the newsletters' titles and languages.
        look: how the site presents itself.
        clock: the present moment.
    """

    def __init__(self, people: People, settings: Settings, look: SiteLook, clock: Callable[[], datetime]) -> None:
        self._people = people
        self._settings = settings
        self._look = look
        self._clock = clock

    def unsubscribe_page(self, token: str) -> bytes | None:
        """The page with one button; it posts to its own address."""
        leaver = self._people.leaver(token)
        return None if leaver is None else self._page(leaver, "ask")

    def unsubscribe(self, token: str, how: str) -> bytes | None:
        """End the subscription; the same page every time."""
        leaver = self._people.leaver(token)
        if leaver is None:
            return None
        self._people.unsubscribe(leaver, how=how, now=self._clock())
        return self._page(leaver, "done")

    def unknown_link_page(self) -> bytes:
        """The page for any other link."""
        return unsubscribe_page(self._look, "unknown")

    def _page(self, leaver: Leaver, state: str) -> bytes:
        newsletter = next((each for each in self._settings.newsletter if each.slug == leaver.newsletter), None)
        title = newsletter.title if newsletter else self._settings.site.title
        language = (newsletter.language if newsletter else None) or self._settings.site.language
        address = leaver.subscriber.email
        if state == "done":
            return unsubscribe_page(self._look, "done", newsletter=title, email=address, language=language)
        # The empty reference is the page's own address (RFC 3986, 4.4): the token is not written into it again.
        return unsubscribe_page(self._look, "ask", newsletter=title, email=address, action="", language=language)
