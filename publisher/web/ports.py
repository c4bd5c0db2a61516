"""What the web needs of the rest, declared here and fulfilled by the composition root."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO, Protocol

from publisher.feedback import HookRequest
from publisher.served import Version


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

    def give_reason(self, token: str, reason: str) -> bytes | None:
        """Keep why somebody left, in their words, and give the page that says so; None as above."""

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


class Answered(Protocol):
    """A whole answer: a page, or a JSON file to keep when it has a name."""

    @property
    def data(self) -> bytes: ...
    @property
    def status(self) -> int: ...
    @property
    def file_name(self) -> str: ...


class SignUps(Protocol):
    """What sign-up forms and confirmation links do. As with `Public`: whole pages, from several threads at once.

    None is for a newsletter that there is not, or a link that is not ours, whatever is wrong with it.
    """

    def subscribe_page(self, newsletter: str) -> bytes | None:
        """The form, which posts to its own address."""

    def subscribe(
        self, newsletter: str, answers: Mapping[str, Sequence[str]], network: str, origin: str
    ) -> Answered | None:
        """Have the owner of an address asked whether they want the newsletter.

        The answer is the same whether anybody of that address is known or not.

        Args:
            newsletter: its slug, or anything else.
            answers: what was sent, whoever sent it: the values of each name.
            network: where from, truncated.
            origin: where the form stood, as the browser says it; may be empty, or anything.
        """

    def confirm_page(self, token: str) -> bytes | None:
        """What the link asks, with one button that posts to its own address."""

    def confirm(self, token: str, network: str) -> bytes | None:
        """Do it, and give the page that says so; again gives the same page."""

    def manage_page(self, token: str) -> bytes | None:
        """What its person can do with their address and data, in forms that post to its own address."""

    def manage(self, token: str, answers: Mapping[str, Sequence[str]]) -> Answered | None:
        """Do what one of these forms says."""


class Hooks(Protocol):
    """Where providers tell what became of mail. Called from several threads at once."""

    def knows(self, provider: str, secret: str) -> bool:
        """Whether there is a hook at `/hooks/PROVIDER/SECRET`; says by its time nothing about either."""

    def take(self, provider: str, request: HookRequest) -> None:
        """Keep what a request says, all or nothing.

        Raises:
            HookRefusedError: it is not what the provider would send.
            PublisherError: trouble of our own; the provider has to come again.
        """


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells one state of a file from another without reading it: whoever writes or replaces it changes it."""

    inode: int
    size: int
    changed_ns: int
    """Of its bytes, as everybody may set it; nanoseconds."""
    touched_ns: int
    """Of anything about it, as only the system sets it."""

    @property
    def modified(self) -> datetime:
        """When its bytes changed, as the file system says; aware UTC."""
        return datetime.fromtimestamp(self.changed_ns / 1e9, UTC)


@dataclass(frozen=True, slots=True)
class SiteFile:
    """An open file of the site. Who was given it closes it: `with found.file:`."""

    file: BinaryIO
    stamp: Stamp

    @property
    def data(self) -> bytes:
        """All of its bytes; closes it."""
        with self.file:
            return self.file.read()


class Site(Protocol):
    """Where the pages and feeds of the public site are read. Called from several threads at once.

    A method may raise EndpointError: the file is there, and cannot be read.
    """

    def stamp(self, path: str) -> Stamp | None:
        """What the file at a relative path (`daily/rss.xml`) is now, or None when there is none."""

    def open(self, path: str) -> SiteFile | None:
        """The file, open: its bytes are of one moment, whoever replaces it meanwhile."""


class Upkeep(Protocol):
    """What is known of the site beside its bytes. Called from several threads at once."""

    @property
    def epoch(self) -> int:
        """A number that is another one whenever files may have changed."""

    def is_withdrawn(self, path: str) -> bool:
        """Whether the page at a path is the notice of a withdrawn digest."""

    def version(self, path: str) -> Version | None:
        """The newest version that was ever served there; None for the first.

        Raises:
            PublisherError: it cannot be found out now.
        """

    def remember(self, path: str, version: Version) -> None:
        """Keep that a version is served there. Never waits for anything."""
