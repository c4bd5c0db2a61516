"""The simplest provider there can be: JSON in, a verdict on each mail out. A fake, and a pattern for others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from publisher.capabilities import Capabilities, Form
from publisher.http import Answer, asked_wait
from publisher.ledger import Mark, Message
from publisher.providers.calls import Call, Fate, Item, MalformedError, Verdict, read_json, told, usual_fate
from publisher.providers.mime_letter import letter_of
from tests.fakes.apis.base import FakeApi, Taken, said
from tests.fakes.web import Asked


class MemoryDialect:
    """Speaks to `FakeMemory`.

    Args:
        address: where it is.
        key: that lets us in.
    """

    name = "memory:here"

    def __init__(self, address: str, key: str) -> None:
        self.capabilities = Capabilities(
            form=Form.PARTS,
            recipients=20,
            octets=1_000_000,
            return_path=False,
            utf8_addresses=False,
            reference=True,
        )
        self._address = f"{address}mails"
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def item(self, message: Message) -> Item:
        letter = message.letter or letter_of(message)
        content = {
            "to": message.recipient,
            "ref": message.reference,
            "subject": letter.draft.subject,
            "text": letter.text,
            "html": letter.html,
            "headers": letter.all_headers
            | ({"Reply-To": letter.draft.reply_to[1]} if letter.draft.reply_to else {}),
        }
        return Item(message, content, len(json.dumps(content)) + 2)

    def call(self, items: Sequence[Item]) -> Call:
        return Call(self._address, self._headers, json.dumps([item.content for item in items]).encode())

    def fate(self, answer: Answer) -> Fate:
        return usual_fate(answer)

    def verdicts(self, answer: Answer, items: Sequence[Item]) -> Sequence[Verdict]:
        found = read_json(answer)
        if not isinstance(found, list):
            raise MalformedError("the answer is no list")
        return [_verdict(word) for word in found]

    def words(self, answer: Answer) -> str:
        return told(answer, ["message"])

    def wait(self, answer: Answer, now: datetime) -> timedelta | None:
        return asked_wait(answer.headers, now)


def _verdict(word: str) -> Verdict:
    return Verdict(Mark.ACCEPTED, 200, "ok", word) if word else Verdict(Mark.FAILED, 200, "refused")


class FakeMemory(FakeApi):
    """The server."""

    def __init__(self) -> None:
        super().__init__("/mails")

    def respond(self, asked: Asked) -> tuple[str, bytes]:
        """See `FakeApi`."""
        return "200 OK", said([self._one(mail) for mail in json.loads(asked.body)])

    def _one(self, mail: dict[str, Any]) -> str:
        if mail["to"] in self.refused:
            return ""
        fields = ("to", "ref", "subject", "text", "headers", "html")
        self.taken.append(Taken(*(mail[name] for name in fields)))
        return f"id-{len(self.taken)}"
