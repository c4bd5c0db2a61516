"""SendGrid as far as we use it: substitutions for each recipient, one word for all of them, the activity feed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from tests.fakes.apis.base import FakeApi, Taken, said
from tests.fakes.web import Asked, Exchange, reply

_RESERVED = re.compile(
    r"x-sg-e?id|received|dkim-signature|content-(type|transfer-encoding)|to|from|subject|reply-to|b?cc",
    re.IGNORECASE,
)
_QUERY = re.compile(r"\(unique_args\['ref'\]=\"([^\"]*)\"\)")


class FakeSendgrid(FakeApi):
    """Any bad recipient, address that comes twice or reserved header refuses the whole call, as SendGrid does.

    Attributes:
        status: what has become of every mail, in the activity feed's words.
    """

    refuses_whole_calls = True
    status = "delivered"

    def __init__(self) -> None:
        super().__init__("/v3/mail/send")
        self.acts["GET /v3/messages"] = self._search

    def respond(self, asked: Asked) -> tuple[str, bytes]:
        """See `FakeApi`."""
        request = json.loads(asked.body)
        mails = request["personalizations"]
        addresses = [each["email"] for mail in mails for each in mail["to"]]
        wrong = _wrong(request, mails, addresses, self.refused)
        if wrong:
            return "400 Bad Request", said(
                {"errors": [{"message": wrong, "field": "personalizations", "help": None}]}
            )
        self.taken += [_taken(request, mail) for mail in mails]
        self.headers = {"X_Message_Id": f"id-{len(self.taken)}"}
        return "202 Accepted", b""

    def _search(self, exchange: Exchange) -> None:
        if self.faults:
            self.faults.popleft()(self, exchange)
            return
        query = parse_qs(exchange.asked.path.partition("?")[2])
        asked = [_QUERY.fullmatch(one) for one in query["query"][0].split(" OR ")]
        references = {one[1] for one in asked if one}
        assert len(references) == len(asked)
        found = [
            {
                "from_email": "news@example.org",
                "msg_id": f"id-{number}.filter0001.1.2-3.0",
                "subject": each.subject,
                "to_email": each.recipient,
                "status": self.status,
                "opens_count": 0,
                "clicks_count": 0,
                "last_event_time": "2024-11-21T07:31:00Z",
            }
            for number, each in enumerate(list(self.taken), 1)
            if each.reference in references
        ]
        exchange.send(reply("200 OK", said({"messages": found[: int(query["limit"][0])]})))


def _wrong(request: Any, mails: list[Any], addresses: list[str], refused: set[str]) -> str:
    if refused & set(addresses):
        return "Does not contain a valid address."
    if len({address.lower() for address in addresses}) < len(addresses):
        return "Each unique email address in the personalizations array should only be included once."
    if any(_RESERVED.fullmatch(name) for mail in (request, *mails) for name in mail.get("headers", {})):
        return "The following header is reserved and cannot be set."
    if [each["type"] for each in request["content"]] not in (["text/plain"], ["text/plain", "text/html"]):
        return "If present, text/plain must be first."
    if not all(each["value"] for each in request["content"]):
        return "The content value must be a string at least one character in length."
    sizes = [len(json.dumps(mail.get("substitutions", {}))) for mail in mails]
    return "Substitutions may not exceed 10000 bytes." if max(sizes) > 10_000 else ""


def _taken(request: Any, mail: Any) -> Taken:
    def filled(value: str) -> str:
        return _substituted(value, mail.get("substitutions", {}))

    # What becomes of the header of all is not documented: the worst is that a mail's own stands in its place.
    headers: dict[str, str] = {**mail.get("headers", request.get("headers", {}))}
    if "reply_to" in request:
        headers["Reply-To"] = request["reply_to"]["email"]
    (recipient,) = mail["to"]
    return Taken(
        recipient["email"],
        mail.get("custom_args", {}).get("ref", ""),
        filled(request["subject"]),
        filled(request["content"][0]["value"]),
        headers,
        "".join(filled(each["value"]) for each in request["content"][1:]),
    )


def _substituted(value: str, substitutions: Mapping[str, str]) -> str:
    for tag, replacement in substitutions.items():
        value = value.replace(tag, replacement)
    return value
