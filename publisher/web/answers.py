"""Answers as HTTP wants them: HEAD like GET without the body, nothing private in a cache."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
JSON = "application/json; charset=utf-8"
READ_METHODS = ["GET", "HEAD"]

PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
"""For what belongs to one subscriber, and for what is no document."""


def answer(
    request: Request,
    data: bytes,
    media: str,
    headers: Mapping[str, str],
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    """A whole answer; to HEAD the same headers with nothing behind them."""
    body = b"" if request.method == "HEAD" else data
    return Response(body, status, {**headers, "Content-Length": str(len(data)), "Content-Type": media})


def plain(request: Request, status: HTTPStatus, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """One line of text that is no document of the site."""
    return answer(request, f"{text}\n".encode(), TEXT, PRIVATE | dict(headers or {}), status)
