"""Postmark as far as we use it: batches with a verdict on each mail, streams, the search for messages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from email.utils import parseaddr
from typing import Any
from urllib.parse import parse_qs

from tests.fakes.apis.base import FakeApi, Taken, said
from tests.fakes.web import Asked, Exchange, reply

_PLACEHOLDER = re.compile(r"\{\{\{\s*pm:unsubscribe(_url)?\s*\}\}\}")
_INACTIVE = (
    "You tried to send to a recipient that has been marked as inactive. Found inactive addresses: {}. "
    "Inactive recipients are ones that have generated a hard bounce, a spam complaint, or a manual suppression. "
)


class FakePostmark(FakeApi):
    """Each mail has a verdict; a placeholder becomes Postmark's own link in every stream, to be on the safe side.

    Attributes:
        codes: what else a mail to this recipient is answered with.
        status: what has become of every mail, in the search's words.
        streams: by which each mail went, in the order of `taken`.
    """

    def __init__(self) -> None:
        super().__init__("/email/batch")
        self.acts["GET /messages/outbound"] = self._search
        self.codes: dict[str, int] = {}
        self.status = "Sent"
        self.streams: list[str] = []

    def respond(self, asked: Asked) -> tuple[str, bytes]:
        """See `FakeApi`."""
        mails = json.loads(asked.body)
        if len(mails) > 500:
            return "422 Unprocessable Entity", said({"ErrorCode": 410, "Message": "Too many batch messages"})
        return "200 OK", said([self._one(mail) for mail in mails])

    def _one(self, mail: dict[str, Any]) -> dict[str, Any]:
        recipient = parseaddr(mail["To"])[1]
        if recipient in self.refused:
            return {"ErrorCode": 406, "Message": _INACTIVE.format(recipient)}
        if recipient in self.codes:
            return {"ErrorCode": self.codes[recipient], "Message": "Not for now"}
        headers = {each["Name"]: each["Value"] for each in mail["Headers"]}
        if "ReplyTo" in mail:
            headers["Reply-To"] = mail["ReplyTo"]
        if headers.pop("X-PM-KeepID", "") != "true":
            headers["Message-ID"] = f"<{len(self.taken)}@mtasv.net>"
        text = _PLACEHOLDER.sub("https://unsubscribe.postmarkapp.com/", mail["TextBody"])
        reference = mail.get("Metadata", {}).get("ref", "")
        self.taken.append(Taken(recipient, reference, mail["Subject"], text, headers, mail.get("HtmlBody", "")))
        self.streams.append(mail["MessageStream"])
        return {
            "To": recipient,
            "SubmittedAt": "2024-11-21T02:30:01.0000000-05:00",
            "MessageID": f"00000000-0000-4000-8000-{len(self.taken):012}",
            "ErrorCode": 0,
            "Message": "OK",
        }

    def _search(self, exchange: Exchange) -> None:
        if self.faults:
            self.faults.popleft()(self, exchange)
            return
        query = {name: values[0] for name, values in parse_qs(exchange.asked.path.partition("?")[2]).items()}
        found = list(self._found(query["metadata_ref"]))
        page = found[int(query["offset"]) : int(query["offset"]) + int(query["count"])]
        exchange.send(reply("200 OK", said({"TotalCount": len(found), "Messages": page})))

    def _found(self, reference: str) -> Iterator[dict[str, Any]]:
        for number, each in enumerate(list(self.taken), 1):
            if each.reference == reference:
                yield {
                    "MessageID": f"00000000-0000-4000-8000-{number:012}",
                    "Recipients": [each.recipient],
                    "ReceivedAt": "2024-11-21T02:30:01.0000000-05:00",
                    "Status": self.status,
                    "Metadata": {"ref": each.reference},
                }
