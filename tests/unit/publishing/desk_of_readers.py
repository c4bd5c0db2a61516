"""Sign-up on a database: an instance without a network, whose mail is written into a list."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from sqlalchemy import select

from publisher.config import parse
from publisher.errors import ProviderError
from publisher.ledger import Messages, Report
from publisher.notices.posting import Posting, PostReport
from publisher.notices.writing import Desk, Writer
from publisher.people import People
from publisher.publishing.links import Links
from publisher.publishing.readers import Readers
from publisher.publishing.signups import Answered, SignUps
from publisher.rendering.look import newsletter_look, site_look
from publisher.storage.database import Database
from publisher.storage.store import Store
from subscribers.tables import metadata

SECRET = b"the secret of this instance"
NETWORK = "203.0.113.0/24"
CONFIG: dict[str, Any] = {
    "site": {"title": "Press", "url": "https://news.example.org/"},
    "newsletter": [
        {"slug": "daily", "title": "The Daily", "from": "The Daily <daily@news.example.org>"},
        {"slug": "abend", "title": "Am Abend", "from": "abend@news.example.org", "language": "de"},
    ],
}


class Post:
    """A provider that keeps what it is given, or refuses it."""

    name = "list"

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.refuse: str = ""
        self.broken = False

    def send(self, messages: Messages, report: Report, stop: Callable[[], bool]) -> None:
        if self.broken:
            raise ProviderError("the server does not answer")
        for message in messages:
            report.begun(message.delivery_id)
            if self.refuse == "deferred":
                report.deferred(message.delivery_id, 451, f"later, {message.recipient}")
            elif self.refuse:
                report.failed(message.delivery_id, 550, f"no such person: {message.recipient}")
            else:
                self.taken.append(message.data)
                report.accepted(message.delivery_id)

    def close(self) -> None:
        """Nothing to let go of."""


class Bureau:
    """Everything about readers, on a clock that a test moves."""

    def __init__(self, database: Database, now: datetime, root: Path) -> None:
        self.database, self.now = database, now
        self.settings = parse(CONFIG, root=root)
        self.no_mail: set[str] = set()
        self.erased: list[str] = []
        self.post_office = Post()
        self.people = People(database, SECRET)
        self.readers = Readers(database, SECRET, self._erase, lambda _: [])

        def clock() -> datetime:
            return self.now

        def look(slug: str) -> Any:
            return newsletter_look(self.settings, slug)

        self.links = Links(
            self.people, self.readers, Store(database), self.settings, site_look(self.settings), clock
        )
        self.signups = SignUps(
            self.readers, self.settings, look, SECRET, lambda domain: domain in self.no_mail, clock
        )
        self.desks = {each.slug: Desk(each, look(each.slug)) for each in self.settings.newsletter}
        self.posting = Posting(
            database,
            Writer(self.desks.get, self.settings.site.links_url, SECRET),
            lambda: self.post_office,
            self._lock,
            str,
        )

    def _erase(self, written: str, *, reason: str, actor: str, now: datetime) -> None:
        self.erased.append(written)

    @contextlib.contextmanager
    def _lock(self) -> Iterator[bool]:
        yield True

    def pass_time(self, **span: float) -> None:
        """Move the clock."""
        self.now += timedelta(**span)

    def ask(self, email: str, newsletter: str = "daily", network: str = NETWORK, **more: str) -> Answered:
        """Send the form."""
        answers = {"email": [email], **{name: [value] for name, value in more.items()}}
        found = self.signups.subscribe(newsletter, answers, network, "")
        assert found is not None
        return found

    def readers_sign_up(self, email: str) -> bool:
        """The decision and the store behind the form, without the page: a flood of them."""
        if not self.readers.may_ask(NETWORK, self.now):
            return False
        return self.readers.sign_up((email, email), "daily", NETWORK, {}, self.now)

    def post(self) -> PostReport:
        """Post what waits."""
        return self.posting.post(lambda: self.now)

    @property
    def mails(self) -> list[EmailMessage]:
        """What left, parsed."""
        found = (message_from_bytes(data, policy=policy.default) for data in self.post_office.taken)
        return [mail for mail in found if isinstance(mail, EmailMessage)]

    def link(self, page: str) -> str:
        """The token in the newest mail's link to a page."""
        token: str
        (token,) = set(re.findall(rf"https://news\.example\.org/{page}/([\w-]+)", body(self.mails[-1], "plain")))
        return token

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """The whole database, row for row."""
        with self.database.read() as connection:
            return {
                table.name: sorted(map(tuple, connection.execute(select(table))), key=str)
                for table in metadata.sorted_tables
            }


def body(mail: EmailMessage, kind: str) -> str:
    """One part of a mail."""
    part: Any = mail.get_body((kind,))
    return str(part.get_content())
