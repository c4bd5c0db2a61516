"""What Postmark knows of mails: its search for messages, one question each.

GET /messages/outbound?metadata_ref=REFERENCE. It keeps messages for 45 days unless told otherwise, and takes a
message stream that is not named for the one of transactional mail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlencode

from publisher.config import PostmarkProvider
from publisher.feedback import Asked, Feedback, FeedbackKind
from publisher.http import Client
from publisher.providers.calls import Call
from publisher.providers.hook_reading import moment, raw, word
from publisher.providers.lookup import Questions, Waiting
from publisher.providers.postmark import ADDRESS, headers

REFUSALS: Mapping[int, str] = {401: "Look at key in [provider]: it is the server's API token"}
COUNT = 10
"""One mail has one reference; a second would be one too many."""


class PostmarkSearch:
    """See `lookup.Lookup`. Asks about digests, which go by the stream of digests.

    Args:
        settings: the provider's.
        client: asks.
        waiting: how it waits.
    """

    def __init__(self, settings: PostmarkProvider, client: Client, waiting: Waiting) -> None:
        self._address = f"{settings.url or ADDRESS}messages/outbound"
        self._stream = settings.stream
        self._headers = {name: value for name, value in headers(settings).items() if name != "Content-Type"}
        self._client = client
        self._waiting = waiting

    def look_up(self, asked: Sequence[Asked], until: datetime) -> Sequence[Feedback]:
        """See `lookup.Lookup`. The search knows no time of a mail that is better than its reference."""
        questions = Questions("Postmark", self._client, self._waiting, REFUSALS)
        return [feedback for each in asked for feedback in self._known(questions, each)]

    def question(self, reference: str) -> Call:
        """The request for one mail."""
        query = {"count": COUNT, "offset": 0, "messagestream": self._stream, "metadata_ref": reference}
        return Call(f"{self._address}?{urlencode(query)}", self._headers, b"", "GET")

    def _known(self, questions: Questions, asked: Asked) -> list[Feedback]:
        entries = questions.entries(questions.ask(self.question(asked.reference)), "Messages")
        if any(word(entry, "Metadata", "ref") != asked.reference for entry in entries):
            raise questions.unreadable()  # it did not search for what it was asked
        return [_feedback(entry, asked) for entry in entries]


def _feedback(entry: object, asked: Asked) -> Feedback:
    number, status = word(entry, "MessageID"), word(entry, "Status")
    return Feedback(
        key=f"search/{number}",
        kind=FeedbackKind.ACCEPTED,  # queued or sent; what came of that, webhooks say
        at=moment(entry, "ReceivedAt") or asked.since,
        reference=asked.reference,
        recipient=word(entry, "Recipients", 0),
        provider_id=number,
        type=status,
        raw=raw(entry),
    )
