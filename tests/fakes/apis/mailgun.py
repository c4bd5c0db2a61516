"""Mailgun as far as we use it: a batch with recipient variables, a finished message, and the log of events."""

from __future__ import annotations

import json
import re
from email import message_from_bytes, policy
from email.utils import parseaddr
from urllib.parse import parse_qs

from tests.fakes.apis.base import FakeApi, Taken, bodies_of, said
from tests.fakes.web import Asked, Exchange, reply

DOMAIN = "mg.example.org"
_VARIABLE = re.compile(r"%recipient\.(\w+)%")


class FakeMailgun(FakeApi):
    """Any invalid address refuses the whole call, as Mailgun does."""

    refuses_whole_calls = True

    def __init__(self) -> None:
        super().__init__(f"/v3/{DOMAIN}/messages", f"/v3/{DOMAIN}/messages.mime")
        self.acts[f"GET /v3/{DOMAIN}/events"] = self._events
        self.page = 2

    def respond(self, asked: Asked) -> tuple[str, bytes]:
        """See `FakeApi`."""
        fields = form_of(asked)
        addresses = [parseaddr(value)[1] for value in fields["to"]]
        if self.refused & set(addresses):
            return "400 BAD REQUEST", said({"message": "to parameter is not a valid address"})
        taken = _mime(fields, addresses) if asked.path.endswith(".mime") else _batch(fields, addresses)
        self.taken += taken
        return "200 OK", said({"id": f"<{len(self.taken)}@{DOMAIN}>", "message": "Queued. Thank you."})

    def _events(self, exchange: Exchange) -> None:
        """A page; the address of the next one is a word of the server's own, below that of the log."""
        if self.faults:
            self.faults.popleft()(self, exchange)
            return
        path, _, query = exchange.asked.path.partition("?")
        token = path.rpartition("/events")[2] or f"/0-{parse_qs(query)['begin'][0]}"
        first, begin = map(int, token[1:].split("-"))
        items = [
            {
                "event": "accepted",
                "id": f"event-{number}",
                "timestamp": float(begin) + 1 + number,
                "recipient": each.recipient,
                "user-variables": {"ref": each.reference},
            }
            for number, each in enumerate(self.taken[first : first + self.page], first)
        ]
        following = f"/v3/{DOMAIN}/events/{first + self.page}-{begin}"
        self.acts[f"GET {following}"] = self._events
        exchange.send(reply("200 OK", said({"items": items, "paging": {"next": self.url(following)}})))


def form_of(asked: Asked) -> dict[str, list[str]]:
    """The fields of a multipart form."""
    head = f"Content-Type: {asked.headers['content-type']}\r\n\r\n".encode()
    found: dict[str, list[str]] = {}
    for part in message_from_bytes(head + asked.body, policy=policy.HTTP).iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        payload = part.get_payload(decode=True)
        if part.get_content_type() == "message/rfc822":
            payload = asked.body.partition(b"message/rfc822\r\n\r\n")[2].rpartition(b"\r\n--")[0]
            payload = payload.partition(b"\r\n--" + asked.headers["content-type"].partition("=")[2].encode())[0]
        assert isinstance(payload, bytes)
        found.setdefault(name, []).append(payload.decode("utf-8"))
    return found


def _batch(fields: dict[str, list[str]], addresses: list[str]) -> list[Taken]:
    variables = json.loads(fields["recipient-variables"][0])
    assert set(variables) == set(addresses)
    assert len(set(addresses)) == len(addresses)

    def filled(value: str, address: str) -> str:
        return _VARIABLE.sub(lambda found: variables[address][found[1]], value)

    headers = {name[2:]: values[0] for name, values in fields.items() if name.startswith("h:")}
    return [
        Taken(
            address,
            filled(fields["v:ref"][0], address),
            filled(fields["subject"][0], address),
            filled(fields["text"][0], address),
            {name: filled(value, address) for name, value in headers.items()},
            filled(fields.get("html", [""])[0], address),
        )
        for address in addresses
    ]


def _mime(fields: dict[str, list[str]], addresses: list[str]) -> list[Taken]:
    message = message_from_bytes(fields["message"][0].encode(), policy=policy.default)
    headers = {name: str(value) for name, value in message.items()}
    text, html = bodies_of(message)
    (address,) = addresses
    return [Taken(address, fields.get("v:ref", [""])[0], headers["Subject"], text, headers, html)]
