"""Who asks, when a proxy we trust says so in X-Forwarded-For: uvicorn's own reading, without its request."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from typing import Any

from starlette.types import Scope
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

FORWARDED = b"x-forwarded-for"


def see_through(trusted: list[str] | str, scope: Scope) -> None:
    """Put the client that a proxy tells of in place of the proxy, when that is one of the trusted.

    Nothing in uvicorn's middleware waits for anything, and nothing stands behind it here: one step is all of it.
    """
    with suppress(StopIteration):
        _middleware(trusted if isinstance(trusted, str) else ",".join(trusted))(scope, None, None).send(None)


@lru_cache(maxsize=1)
def _middleware(trusted: str) -> Any:
    return ProxyHeadersMiddleware(_nothing, trusted)


async def _nothing(scope: Any, receive: Any, send: Any) -> None:
    """What stands behind the middleware."""
