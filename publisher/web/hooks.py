"""`POST /hooks/PROVIDER/SECRET`: providers tell what became of mail.

The answer is a status and nothing else. Whoever does not have the address learns nothing: of a provider that there
is not, and of a wrong secret, 404. What comes is kept, and 200 says so; it is acted on afterwards. Whatever keeps
us from keeping it is answered so that the provider comes again.
"""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from publisher.errors import PublisherError
from publisher.feedback import HookRefusedError, HookRequest
from publisher.web.answers import PRIVATE
from publisher.web.buckets import Buckets
from publisher.web.ports import Hooks

HOOKS = "/hooks/"
LARGEST_HOOK = 1_000_000
"""Bytes of one request; a provider's batches are a good part of that."""

CALLS_AT_ONCE = 4_000
CALLS_PER_SECOND = 200
"""Of one hook: more than a provider calls while a million mails leave, less than hurts."""

_LATER = {"Retry-After": "60"}
_OTHERS = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"]
_log = logging.getLogger("publisher.web")


def hook_routes(hooks: Hooks, often: Buckets) -> APIRouter:
    """The route of webhooks.

    Args:
        hooks: where they end.
        often: how often each may be called.
    """

    async def take(request: Request, provider: str, secret: str) -> Response:
        if not await run_in_threadpool(hooks.knows, provider, secret):
            return _only(HTTPStatus.NOT_FOUND)
        if wait := often.wait(provider):
            return _only(HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(wait)})
        said = HookRequest({name.lower(): value for name, value in request.headers.items()}, await request.body())
        return await run_in_threadpool(_taken, hooks, provider, said)

    def refuse() -> Response:
        return _only(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "POST"})

    router = APIRouter()
    path = f"{HOOKS}{{provider}}/{{secret}}"
    router.add_api_route(path, take, methods=["POST"], response_model=None)
    router.add_api_route(path, refuse, methods=_OTHERS, response_model=None)
    return router


def _taken(hooks: Hooks, provider: str, request: HookRequest) -> Response:
    try:
        hooks.take(provider, request)
    except HookRefusedError as error:
        _log.warning("webhook of %s refused: %s", provider, error)
        return _only(error.status)
    except PublisherError as error:
        _log.error("webhook of %s: %s", provider, error)
        return _only(HTTPStatus.SERVICE_UNAVAILABLE, _LATER)
    return _only(HTTPStatus.OK)


def _only(status: HTTPStatus, headers: dict[str, str] | None = None) -> Response:
    """A status without a word."""
    return Response(b"", status, PRIVATE | (headers or {}))
