"""What SendGrid knows of mails: the Email Activity Feed, many in one question.

GET /v3/messages?query=(unique_args['ref']="REFERENCE") OR ...: an add-on that is paid for, six questions a minute,
and none of it in the EU region. It does not tell the reference; so no question has two mails for one address.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import urlencode

from publisher.config import SendgridProvider
from publisher.feedback import Asked, Feedback, FeedbackKind
from publisher.http import Client
from publisher.providers.calls import Call
from publisher.providers.hook_reading import moment, raw, word
from publisher.providers.lookup import Questions, Waiting
from publisher.providers.sendgrid import ADDRESSES, headers

TOGETHER = 50
"""Mails in one question: an address of the web has at most some 8000 octets."""

LIMIT = 1000
"""Mails in one answer, at most."""

ADD_ON = "SendGrid sells it as an add-on (Email Activity history); the key needs access to it, too"
REFUSALS: Mapping[int, str] = {
    401: "Look at key in [provider]",
    403: ADD_ON,
    404: ADD_ON,
}

KINDS: Mapping[str, FeedbackKind] = {
    "processed": FeedbackKind.ACCEPTED,
    "delivered": FeedbackKind.DELIVERED,
    "not_delivered": FeedbackKind.BOUNCED,
}
"""By status. A new one proves no less that SendGrid has it."""


class SendgridSearch:
    """See `lookup.Lookup`.

    Args:
        settings: the provider's.
        client: asks.
        waiting: how it waits.
    """

    def __init__(self, settings: SendgridProvider, client: Client, waiting: Waiting) -> None:
        self._address = f"{settings.url or ADDRESSES[settings.region]}v3/messages"
        self._kept = settings.region == "global"
        self._headers = {"Authorization": headers(settings)["Authorization"]}
        self._client = client
        self._waiting = waiting

    def look_up(self, asked: Sequence[Asked], until: datetime) -> Sequence[Feedback]:
        """See `lookup.Lookup`. A reference says more than any time."""
        questions = Questions("SendGrid", self._client, self._waiting, REFUSALS)
        if not self._kept:
            raise questions.failed(
                "it keeps no activity in the EU region", "Look into what its webhook told", permanent=True
            )
        return [feedback for some in _portions(asked) for feedback in self._known(questions, some)]

    def question(self, asked: Sequence[Asked]) -> Call:
        """The request for some mails. References are letters and digits: nothing in them has to be escaped."""
        query = " OR ".join(f"(unique_args['ref']=\"{each.reference}\")" for each in asked)
        address = f"{self._address}?{urlencode({'limit': LIMIT, 'query': query})}"
        return Call(address, self._headers, b"", "GET")

    def _known(self, questions: Questions, asked: Sequence[Asked]) -> Iterator[Feedback]:
        by_recipient = {each.recipient.lower(): each for each in asked}
        for entry in questions.entries(questions.ask(self.question(asked)), "messages"):
            found = by_recipient.get(word(entry, "to_email").lower())
            if found is None:
                raise questions.unreadable()  # it did not search for what it was asked
            yield _feedback(entry, found)


def _portions(asked: Sequence[Asked]) -> list[list[Asked]]:
    """Of at most `TOGETHER`, in each of which nobody comes twice."""
    portions: list[dict[str, Asked]] = []
    for each in asked:
        address = each.recipient.lower()
        free = (portion for portion in portions if len(portion) < TOGETHER and address not in portion)
        portion = next(free, None)
        if portion is None:
            portions.append(portion := {})
        portion[address] = each
    return [list(portion.values()) for portion in portions]


def _feedback(entry: object, asked: Asked) -> Feedback:
    number, status = word(entry, "msg_id"), word(entry, "status")
    return Feedback(
        key=f"search/{number}/{status}",
        kind=KINDS.get(status, FeedbackKind.ACCEPTED),
        at=moment(entry, "last_event_time") or asked.since,
        reference=asked.reference,
        recipient=word(entry, "to_email"),
        provider_id=number,
        type=status,
        raw=raw(entry),
    )
