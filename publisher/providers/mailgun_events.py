"""What Mailgun knows of mails: its log of events, from the first of them on, page by page.

GET /v3/DOMAIN/events. Each page says where the next one is; our key goes with the question, so it is only followed
within the log itself. Mailgun keeps events for at least three days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

from publisher.config import MailgunProvider
from publisher.feedback import Asked, Feedback, FeedbackKind
from publisher.http import Client
from publisher.providers.calls import Call
from publisher.providers.hook_reading import moment, raw, word, words
from publisher.providers.lookup import Questions, Waiting
from publisher.providers.mailgun import access

PAGE = 300
MARGIN = timedelta(minutes=1)
"""Mailgun's clock need not be ours."""

PAGES = 10_000
"""After so many, no end is in sight."""

REFUSALS: Mapping[int, str] = {
    401: "Look at key in [provider]: a key that may only send is not enough",
    403: "The key in [provider] may only send; give it one that may read events",
    404: "Look at domain and region in [provider]",
}


class MailgunEvents:
    """See `lookup.Lookup`.

    Args:
        settings: the provider's.
        client: asks.
        waiting: how it waits.
    """

    def __init__(self, settings: MailgunProvider, client: Client, waiting: Waiting) -> None:
        address, self._headers = access(settings)
        self._address = f"{address}/events"
        self._client = client
        self._waiting = waiting

    def look_up(self, asked: Sequence[Asked], until: datetime) -> Sequence[Feedback]:
        """See `lookup.Lookup`."""
        if not asked:
            return []
        questions = Questions("Mailgun", self._client, self._waiting, REFUSALS)
        missing = {each.reference for each in asked}
        found: list[Feedback] = []
        address = self._first(min(each.since for each in asked), until)
        for _ in range(PAGES):
            answer = questions.ask(Call(address, self._headers, b"", "GET"))
            events = questions.entries(answer, "items")
            found += [_feedback(event, until) for event in events if word(event, *_REFERENCE) in missing]
            missing -= {feedback.reference for feedback in found}
            last = moment(events[-1], "timestamp") if events else None
            if not missing or not events or (last is not None and last > until + MARGIN):
                return found
            address = self._next(questions, answer)
        raise questions.failed("its log of events has no end", "Look into the provider's own log")

    def question(self, since: datetime, until: datetime) -> Call:
        """The request for the first page."""
        return Call(self._first(since, until), self._headers, b"", "GET")

    def _first(self, since: datetime, until: datetime) -> str:
        query = {
            "event": "accepted",
            "begin": f"{(since - MARGIN).timestamp():.0f}",
            "end": f"{(until + MARGIN).timestamp():.0f}",
            "ascending": "yes",
            "limit": PAGE,
        }
        return f"{self._address}?{urlencode(query)}"

    def _next(self, questions: Questions, answer: object) -> str:
        """Where the next page is.

        Raises:
            ProviderError: it is not in the log: whoever is there would be given our key.
        """
        address = words(answer, "paging", "next")  # longer than a word
        ours, theirs = urlsplit(self._address), urlsplit(address)
        page = theirs.path.removeprefix(ours.path)
        within = page == "" or (page.startswith("/") and page.count("/") == 1 and page not in ("/.", "/.."))
        same = (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc)
        if not (same and within and theirs.path.startswith(ours.path)):
            raise questions.failed("its next page is somewhere else", "Look into the provider's own log")
        return address


_REFERENCE = ("user-variables", "ref")


def _feedback(event: object, until: datetime) -> Feedback:
    return Feedback(
        key=f"event/{word(event, 'id')}/{word(event, 'timestamp')}",
        kind=FeedbackKind.ACCEPTED,
        at=moment(event, "timestamp") or until,
        reference=word(event, *_REFERENCE),
        recipient=word(event, "recipient"),
        provider_id=word(event, "message", "headers", "message-id"),
        type=word(event, "event"),
        raw=raw(event),
    )
