"""What the web needs of the rest, declared here and fulfilled by the composition root."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class Public(Protocol):
    """Links in mails, and what is said where there is no page. Pages are whole UTF-8 HTML documents.

    Called from several threads at once.

    A method may raise PublisherError; the reader is then asked to come back.
    """

    def unsubscribe_page(self, token: str) -> bytes | None:
        """The page that asks, with one button that posts to its own address; None for a link that is not ours."""

    def unsubscribe(self, token: str, how: str) -> bytes | None:
        """End the subscription and give the page that says so; None for a link that is not ours.

        Done again, it changes nothing and gives the same page. `how` is kept as the way it was done.
        """

    def preferences_page(self, token: str) -> bytes | None:
        """The page with what its reader has chosen, in a form that posts to its own address; None as above."""

    def save_preferences(self, token: str, answers: Mapping[str, Sequence[str]]) -> bytes | None:
        """Keep what the form says, and give the page that says so; None as above.

        `answers` is what was sent, whoever sent it: the values of each name. What the page does not offer
        changes nothing.
        """

    def unknown_link_page(self) -> bytes:
        """The page for a link that is not ours: no word about whether somebody is subscribed."""

    def missing_page(self) -> bytes:
        """The page for an address of the site where nothing is."""

    def later_page(self) -> bytes:
        """The page for trouble of our own: the reader may come back."""


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A file of the site. `modified` is aware UTC."""

    data: bytes
    modified: datetime


class Site(Protocol):
    """Where the pages and feeds of the public site are read."""

    def read(self, path: str) -> SiteFile | None:
        """The file at a relative path (`daily/rss.xml`), or None. Called from several threads at once."""
