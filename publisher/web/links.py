"""`/u/<token>`: the link in every mail, and the address of its List-Unsubscribe header (RFC 8058).

GET shows a page with a button and changes nothing, for mail scanners follow links. POST acts, whether a mail
provider sends it (`List-Unsubscribe=One-Click`) or the button: no cookie, no redirect, and again as often as one
likes. A link that is not ours gets 404 and the same page whatever is wrong with it. One-click gets 200 even
then: nobody is subscribed by that link, which is all that the provider asks, and it would only try again.
"""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from publisher.web.answers import HTML, PRIVATE, READ_METHODS, answer, plain
from publisher.web.ports import Public

BUTTON = "button on the page"
ONE_CLICK = "one-click"
"""What `Public.unsubscribe` is told as `how`."""

_LONGEST_TOKEN = 512


def link_routes(public: Public) -> APIRouter:
    """The routes of links in mails."""

    def ask(request: Request, token: str) -> Response:
        page = public.unsubscribe_page(token) if _possible(token) else None
        return _page(request, public, page)

    async def act(request: Request, token: str) -> Response:
        how = ONE_CLICK if await _is_one_click(request) else BUTTON
        page = await run_in_threadpool(public.unsubscribe, token, how) if _possible(token) else None
        if how == ONE_CLICK:
            return plain(request, HTTPStatus.OK, "Unsubscribed" if page else "Not subscribed")
        return await run_in_threadpool(_page, request, public, page)

    router = APIRouter()
    router.add_api_route("/u/{token}", ask, methods=READ_METHODS, response_model=None)
    router.add_api_route("/u/{token}", act, methods=["POST"], response_model=None)
    return router


def _page(request: Request, public: Public, page: bytes | None) -> Response:
    if page is None:
        return answer(request, public.unknown_link_page(), HTML, PRIVATE, HTTPStatus.NOT_FOUND)
    return answer(request, page, HTML, PRIVATE)


def _possible(token: str) -> bool:
    """Whether a text may be a token at all; what no minting makes need not reach the database."""
    return len(token) <= _LONGEST_TOKEN and token.isascii() and token.isprintable() and " " not in token


async def _is_one_click(request: Request) -> bool:
    """Whether the form says so, urlencoded or multipart. A form that cannot be read is taken as the button's."""
    try:
        async with request.form(max_files=0, max_fields=20) as form:
            return str(form.get("List-Unsubscribe", "")).strip() == "One-Click"
    except HTTPException as error:
        if error.status_code != HTTPStatus.BAD_REQUEST:
            raise  # too large: that is no form of ours
        return False
