"""Whether a key of SendGrid may send: GET /v3/scopes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from publisher.config import SendgridProvider
from publisher.http import Answer
from publisher.providers.calls import Call, MalformedError, at, read_json
from publisher.providers.sendgrid import ADDRESSES, headers
from publisher.providers.trials import Grade, Seen, Trial, get

SENDING = "mail.send"


def _name(provider: SendgridProvider) -> str:
    return f"sendgrid:{provider.region}"


def _questions(provider: SendgridProvider) -> Sequence[Call]:
    return [get(f"{provider.url or ADDRESSES[provider.region]}v3/scopes", headers(provider))]


def _judge(provider: SendgridProvider, answers: Sequence[Answer], _senders: frozenset[str]) -> Iterator[Seen]:
    (answer,) = answers
    scopes = at(read_json(answer), ["scopes"])
    if not isinstance(scopes, list):
        raise MalformedError(f"the answer ({answer.said}) has no scopes")
    if SENDING in scopes:
        yield Seen(Grade.FINE, f"{_name(provider)}: the key is taken, and may send")
        return
    yield Seen(
        Grade.BROKEN,
        f"{_name(provider)}: the key is taken, and may not send",
        "Make a key at SendGrid that has full access to Mail Send",
    )


TRIAL = Trial(_name, _questions, _judge, (["errors", 0, "message"],))
