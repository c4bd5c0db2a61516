"""The links in every mail: `/u/<token>` unsubscribes, `/s/<token>` is for preferences.

GET shows a page with a button and changes nothing, for mail scanners follow links. POST acts: no cookie, no
redirect, and again as often as one likes. The token is the right to do so, and all of it: a foreign site that made
a browser post would have to know it. A link that is not ours gets 404 and the same page whatever is wrong with it.

`/u/<token>` is also the address of the List-Unsubscribe header (RFC 8058), to which a mail provider sends
`List-Unsubscribe=One-Click`. That gets 200 even for a link that is not ours: nobody is subscribed by it, which is
all that the provider asks, and it would only try again.
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
_MOST_FIELDS = 500
"""Of one form; what they may hold is limited by the middleware."""

Answers = dict[str, list[str]]


def link_routes(public: Public) -> APIRouter:
    """The routes of links in mails."""

    def ask(request: Request, token: str) -> Response:
        page = public.unsubscribe_page(token) if possible(token) else None
        return page_or_unknown(request, public, page)

    async def act(request: Request, token: str) -> Response:
        answers = await answers_of(request)
        how = ONE_CLICK if _is_one_click(answers) else BUTTON
        if how == BUTTON and "reason" in answers:
            page = (
                await run_in_threadpool(public.give_reason, token, answers["reason"][0])
                if possible(token)
                else None
            )
            return await run_in_threadpool(page_or_unknown, request, public, page)
        page = await run_in_threadpool(public.unsubscribe, token, how) if possible(token) else None
        if how == ONE_CLICK:
            return plain(request, HTTPStatus.OK, "Unsubscribed" if page else "Not subscribed")
        return await run_in_threadpool(page_or_unknown, request, public, page)

    def show(request: Request, token: str) -> Response:
        page = public.preferences_page(token) if possible(token) else None
        return page_or_unknown(request, public, page)

    async def save(request: Request, token: str) -> Response:
        answers = await answers_of(request)
        page = await run_in_threadpool(public.save_preferences, token, answers) if possible(token) else None
        return await run_in_threadpool(page_or_unknown, request, public, page)

    router = APIRouter()
    for path, look, post in (("/u/{token}", ask, act), ("/s/{token}", show, save)):
        router.add_api_route(path, look, methods=READ_METHODS, response_model=None)
        router.add_api_route(path, post, methods=["POST"], response_model=None)
    return router


def page_or_unknown(request: Request, public: Public, page: bytes | None) -> Response:
    """A page of one person, or what every link that is not ours gets, whatever is wrong with it."""
    if page is None:
        return answer(request, public.unknown_link_page(), HTML, PRIVATE, HTTPStatus.NOT_FOUND)
    return answer(request, page, HTML, PRIVATE)


def possible(token: str) -> bool:
    """Whether a text may be a token at all; what no minting makes need not reach the database."""
    return len(token) <= _LONGEST_TOKEN and token.isascii() and token.isprintable() and " " not in token


def _is_one_click(answers: Answers) -> bool:
    """Whether the form says so. One that cannot be read is taken as the button's."""
    return any(said.strip() == "One-Click" for said in answers.get("List-Unsubscribe", ()))


async def answers_of(request: Request) -> Answers:
    """What a form says, urlencoded or multipart; nothing when it cannot be read."""
    said: Answers = {}
    try:
        async with request.form(max_files=0, max_fields=_MOST_FIELDS) as form:
            for name, value in form.multi_items():
                said.setdefault(name, []).append(str(value))
    except HTTPException as error:
        if error.status_code != HTTPStatus.BAD_REQUEST:
            raise  # too large: that is no form of ours
        return {}
    return said
