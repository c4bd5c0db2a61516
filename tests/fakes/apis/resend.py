"""Resend as far as we use it: strict batches, and the memory of idempotency keys."""

from __future__ import annotations

import json
import re
from email.utils import parseaddr
from typing import Any

from tests.fakes.apis.base import FakeApi, Taken, said
from tests.fakes.web import Asked

PLACE = "/emails/batch"
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")


class FakeResend(FakeApi):
    """One bad mail refuses the whole batch.

    Attributes:
        remembered: by key, the body that it came with and the answer that it got.
    """

    refuses_whole_calls = True

    def __init__(self, key: str, place: str = PLACE) -> None:
        super().__init__(place)
        self.key = key
        self.remembered: dict[str, tuple[bytes, bytes]] = {}

    def respond(self, asked: Asked) -> tuple[str, bytes]:
        """See `FakeApi`. Only what was taken is remembered."""
        if asked.headers.get("authorization") != f"Bearer {self.key}":
            return _error("401 Unauthorized", "validation_error", "API key is invalid")
        key = asked.headers.get("idempotency-key", "")
        if not 1 <= len(key) <= 256:
            return _error("400 Bad Request", "invalid_idempotency_key", "The key must be between 1-256 chars.")
        if key in self.remembered:
            body, answer = self.remembered[key]
            if body == asked.body:
                return "200 OK", answer
            return _error("409 Conflict", "invalid_idempotent_request", "Same key, different payload.")
        mails = json.loads(asked.body)
        for number, mail in enumerate(mails):
            if fault := self._fault(mail):
                return _error("422 Unprocessable Entity", "validation_error", f"[{number}] {fault}")
        self.taken += [_taken(mail) for mail in mails]
        first = len(self.taken) - len(mails)
        answer = said({"data": [{"id": f"id-{number}"} for number in range(first, len(self.taken))]})
        self.remembered[key] = asked.body, answer
        return "200 OK", answer

    def _fault(self, mail: dict[str, Any]) -> str:
        (to,) = mail["to"]
        address = parseaddr(to)[1]
        if not address.isascii() or address in self.refused:
            return "Invalid `to` field."
        texts = [tag[name] for tag in mail.get("tags", ()) for name in ("name", "value")]
        if not all(_TAG.fullmatch(text) for text in texts):
            return "Tags should only contain ASCII letters, numbers, underscores, or dashes."
        return ""


def _error(status: str, name: str, message: str) -> tuple[str, bytes]:
    return status, said({"statusCode": int(status[:3]), "name": name, "message": message})


def _taken(mail: dict[str, Any]) -> Taken:
    """What arrives: with a Message-ID of SES'."""
    headers = {**mail["headers"], "Message-ID": "<0102@eu-west-1.amazonses.example>"}
    if "reply_to" in mail:
        headers["Reply-To"] = mail["reply_to"][0]
    tags = {tag["name"]: tag["value"] for tag in mail.get("tags", ())}
    recipient, html = parseaddr(mail["to"][0])[1], mail.get("html", "")
    return Taken(recipient, tags.get("ref", ""), mail["subject"], mail["text"], headers, html)
