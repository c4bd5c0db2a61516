"""Webhooks over HTTP: who has the address is heard, within limits, and nobody else learns anything."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from http import HTTPStatus

import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp

from publisher.errors import StorageError
from publisher.feedback import HookRefusedError
from publisher.web.buckets import Buckets
from publisher.web.hooks import LARGEST_HOOK, hook_routes
from publisher.web.middleware import LARGEST_BODY
from tests.unit.web.conftest import HOOK, TOKEN, Client, FakeHooks

PATH = f"/hooks/post/{HOOK}"


def test_what_comes_is_kept_and_answered_without_a_word(client: Client, hooks: FakeHooks) -> None:
    answer = client.post(PATH, content=b'{"a": 1}', headers={"X-Signature": "s"})
    assert (answer.status_code, answer.content) == (200, b"")
    (request,) = hooks.taken
    assert (request.body, request.headers["x-signature"]) == (b'{"a": 1}', "s")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path", [f"/hooks/other/{HOOK}", "/hooks/post/wrong", f"/hooks/post/{HOOK}x", "/hooks/post/%ff"]
)
def test_whoever_has_not_the_address_learns_nothing(client: Client, hooks: FakeHooks, path: str) -> None:
    answer = client.post(path, content=b"{}")
    assert (answer.status_code, answer.content) == (404, b"")
    assert hooks.taken == []


def test_without_the_secret_nothing_is_even_read(client: Client) -> None:
    read: list[bool] = []

    async def body() -> AsyncIterator[bytes]:
        read.append(True)
        yield b"{}"

    assert client.post("/hooks/post/wrong", content=body()).status_code == 404
    assert read == []
    assert client.post(PATH, content=body()).status_code == 200
    assert read == [True]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_only_post_is_allowed(client: Client, method: str) -> None:
    answer = client.request(method, PATH)
    assert (answer.status_code, answer.headers["allow"], answer.content) == (405, "POST", b"")


def test_a_megabyte_is_taken_and_more_is_not_announced_or_in_pieces(client: Client, hooks: FakeHooks) -> None:
    assert client.post(PATH, content=b"x" * LARGEST_HOOK).status_code == 200

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b"x" * (LARGEST_HOOK // 10)

    assert client.post(PATH, content=b"x" * (LARGEST_HOOK + 1)).status_code == 413
    assert client.post(PATH, content=pieces()).status_code == 413
    assert len(hooks.taken) == 1


def test_everywhere_else_the_limit_is_as_before(client: Client) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for path in (f"/u/{TOKEN}", "/daily/subscribe", "/hooks/subscribe"):
        most = LARGEST_HOOK if path.startswith("/hooks/") else LARGEST_BODY
        assert client.post(path, content=b"x" * most, headers=form).status_code in (200, 404), path
        assert client.post(path, content=b"x" * (most + 1), headers=form).status_code == 413, path


@pytest.mark.parametrize("status", [HTTPStatus.FORBIDDEN, HTTPStatus.BAD_REQUEST])
def test_a_request_that_is_refused_is_answered_so(
    client: Client, hooks: FakeHooks, status: HTTPStatus, caplog: pytest.LogCaptureFixture
) -> None:
    hooks.failure = HookRefusedError("not signed by them", status)
    answer = client.post(PATH, content=b"{}")
    assert (answer.status_code, answer.content) == (status, b"")
    assert "webhook of post refused: not signed by them" in caplog.text
    assert HOOK not in caplog.text


def test_trouble_of_our_own_lets_the_provider_come_again(client: Client, hooks: FakeHooks) -> None:
    hooks.failure = StorageError("the database does not answer")
    answer = client.post(PATH, content=b"{}")
    assert (answer.status_code, answer.content) == (503, b"")
    assert int(answer.headers["retry-after"]) > 0


def test_the_log_has_neither_provider_nor_secret(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="publisher.web.access"):
        client.post(PATH, content=b"{}")
    (line,) = [record.getMessage() for record in caplog.records if record.name == "publisher.web.access"]
    assert line.startswith("POST /hooks/- 200")


def test_who_calls_too_often_is_told_when_to_come_again(hooks: FakeHooks) -> None:
    seconds = [0.0]
    limited: ASGIApp = _app(hooks, Buckets(2, 0.5, lambda: seconds[0]))
    client = Client(limited)
    assert [client.post(PATH, content=b"{}").status_code for _ in range(3)] == [200, 200, 429]
    answer = client.post(PATH, content=b"{}")
    assert (answer.content, answer.headers["retry-after"]) == (b"", "2")
    seconds[0] = 2
    assert client.post(PATH, content=b"{}").status_code == 200
    assert len(hooks.taken) == 3


def _app(hooks: FakeHooks, often: Buckets) -> FastAPI:
    app = FastAPI()
    app.include_router(hook_routes(hooks, often))
    return app


def test_a_bucket_is_full_at_most_and_each_has_its_own() -> None:
    seconds = [0.0]
    buckets = Buckets(2, 1, lambda: seconds[0])
    seconds[0] = 1_000_000
    assert [buckets.wait("a") for _ in range(3)] == [0, 0, 1]
    assert buckets.wait("b") == 0
