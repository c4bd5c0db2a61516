"""Whether Postmark would take mail: GET /server, and GET /message-streams/STREAM of both streams."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from publisher.config import PostmarkProvider
from publisher.http import Answer
from publisher.providers.calls import Call, MalformedError, at, read_json
from publisher.providers.postmark import ADDRESS, headers
from publisher.providers.trials import Grade, Seen, Trial, get

_TYPES = "Look at the message streams of the server at Postmark, and at {key} in [provider]"


def _name(_provider: PostmarkProvider) -> str:
    return "postmark"


def _questions(provider: PostmarkProvider) -> Sequence[Call]:
    streams = (f"message-streams/{quote(name, safe='')}" for name in (provider.stream, provider.notice_stream))
    return [get(f"{provider.url or ADDRESS}{path}", headers(provider)) for path in ("server", *streams)]


def _judge(provider: PostmarkProvider, answers: Sequence[Answer], _senders: frozenset[str]) -> Iterator[Seen]:
    server, digests, notices = answers
    found = read_json(server)
    if server.status == 404 or not isinstance(at(found, ["Name"]), str):
        raise MalformedError(f"the answer ({server.said}) is about no server")
    yield Seen(Grade.FINE, "postmark: the key is taken")
    if at(found, ["DeliveryType"]) == "Sandbox":
        yield Seen(
            Grade.WARNING,
            "postmark: this server is a sandbox: nothing reaches anybody",
            "Take the key of a live one",
        )
    yield from _stream(digests, "stream", provider.stream, "Broadcasts")
    if digests.status != 404 and _unsubscribing(digests) != "Custom":
        yield Seen(
            Grade.WARNING,
            f'postmark: the stream "{provider.stream}" puts a link to unsubscribe of its own into each mail:'
            " who follows it has left at Postmark and not here",
            "Have Postmark set its unsubscribe handling to Custom (they do it when asked)",
        )
    yield from _stream(notices, "notice_stream", provider.notice_stream, "Transactional")


def _stream(answer: Answer, key: str, stream: str, wanted: str) -> Iterator[Seen]:
    remedy = _TYPES.format(key=key)
    if answer.status == 404:
        yield Seen(Grade.BROKEN, f'postmark: this server has no stream "{stream}"', remedy)
        return
    found = read_json(answer)
    if at(found, ["ArchivedAt"]):
        yield Seen(Grade.BROKEN, f'postmark: the stream "{stream}" is archived', remedy)
    kind = at(found, ["MessageStreamType"])
    if kind != wanted:
        yield Seen(Grade.WARNING, f'postmark: the stream "{stream}" is of type {kind}, not {wanted}', remedy)


def _unsubscribing(answer: Answer) -> object:
    return at(read_json(answer), ["SubscriptionManagementConfiguration", "UnsubscribeHandlingType"])


TRIAL = Trial(_name, _questions, _judge, (["Message"],), may_lack=True)
