"""A provider's API on 127.0.0.1: it keeps what it takes, refuses whom it is told to, and fails as scripted."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from tests.fakes.web import Asked, Exchange, FakeWeb, hang, hang_up, reply


@dataclass(frozen=True)
class Taken:
    """A mail that the provider has taken responsibility for."""

    recipient: str
    reference: str
    subject: str
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)
    html: str = ""


Fault = Callable[["FakeApi", Exchange], None]
"""What happens to one call instead of what usually does."""


def answers(status: str, body: bytes = b"{}", **headers: str) -> Fault:
    """Refuse the call, whatever is in it; `_` in a name of `headers` is a hyphen."""
    return lambda _api, exchange: exchange.send(reply(status, body, **headers))


def silent_before(_api: FakeApi, exchange: Exchange) -> None:
    """Read the call, do nothing, say nothing."""
    hang(exchange)


def silent_after(api: FakeApi, exchange: Exchange) -> None:
    """Do all of it, and say nothing."""
    api.respond(exchange.asked)
    hang(exchange)


def lost_after(api: FakeApi, exchange: Exchange) -> None:
    """Do all of it, and break the connection off."""
    api.respond(exchange.asked)
    hang_up(exchange)


def garbled(api: FakeApi, exchange: Exchange) -> None:
    """Do all of it, and answer with something else than usual."""
    status, _ = api.respond(exchange.asked)
    exchange.send(reply(status, b"<html>Welcome!</html>", Content_Type="text/html"))


class FakeApi(FakeWeb):
    """The server. A subclass says where calls are made and what becomes of one.

    Attributes:
        taken: what it has taken, in order.
        refused: recipients that it refuses, in its own way.
        faults: what happens to the next calls, in order.
        headers: of the next answers, as `reply` takes them.
        refuses_whole_calls: whether one bad recipient makes it refuse everybody in the call.
    """

    refuses_whole_calls = False

    def __init__(self, *places: str) -> None:
        super().__init__({f"POST {place}": self._act for place in places})
        self.taken: list[Taken] = []
        self.refused: set[str] = set()
        self.faults: deque[Fault] = deque()
        self.headers: dict[str, str] = {}

    @property
    def references(self) -> list[str]:
        """Whose mails it has taken."""
        return [each.reference for each in list(self.taken)]

    @abstractmethod
    def respond(self, asked: Asked) -> tuple[str, bytes]:
        """Take what is good, and give the status and the body of the answer."""

    def _act(self, exchange: Exchange) -> None:
        if self.faults:
            self.faults.popleft()(self, exchange)
            return
        status, body = self.respond(exchange.asked)
        exchange.send(reply(status, body, Content_Type="application/json", **self.headers))


def said(value: Any) -> bytes:
    """JSON as an answer's body."""
    return json.dumps(value).encode()


def bodies_of(message: EmailMessage) -> tuple[str, str]:
    """The texts of a finished message: plain, and HTML; empty where there is none."""
    parts = [message.get_body((kind,)) for kind in ("plain", "html")]
    plain, html = ("" if part is None else str(part.get_content()).replace("\r\n", "\n") for part in parts)
    return plain, html
