"""Sign-up, and what a click confirms: `/NEWSLETTER/subscribe`, `/c/<token>` (confirm), `/m/<token>` (my data).

As with the links in every mail: GET shows and changes nothing, POST acts. A form on a foreign site may post to the
first of them. That is what it is for; there is no cookie that such a post could bring along, and the worst it can
do is to have a mail sent that asks, which is limited by address and by network.
"""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from publisher.web.answers import HTML, JSON, PRIVATE, READ_METHODS, answer
from publisher.web.links import answers_of, page_or_unknown, possible
from publisher.web.pages import missing
from publisher.web.ports import Answered, Public, SignUps, Site
from subscribers.consents import truncated


def signup_routes(public: Public, signups: SignUps, site: Site) -> APIRouter:
    """The routes of sign-up and confirmation."""

    def form(request: Request, newsletter: str) -> Response:
        page = signups.subscribe_page(newsletter)
        return missing(request, public, site) if page is None else answer(request, page, HTML, _ASKING)

    async def subscribe(request: Request, newsletter: str) -> Response:
        said, origin = await answers_of(request), request.headers.get("origin", "")
        found = await run_in_threadpool(signups.subscribe, newsletter, said, _network(request), origin)
        return missing(request, public, site) if found is None else _answered(request, found)

    def ask(request: Request, token: str) -> Response:
        return page_or_unknown(request, public, signups.confirm_page(token) if possible(token) else None)

    def confirm(request: Request, token: str) -> Response:
        page = signups.confirm(token, _network(request)) if possible(token) else None
        return page_or_unknown(request, public, page)

    def show(request: Request, token: str) -> Response:
        return page_or_unknown(request, public, signups.manage_page(token) if possible(token) else None)

    async def manage(request: Request, token: str) -> Response:
        said = await answers_of(request)
        found = await run_in_threadpool(signups.manage, token, said) if possible(token) else None
        return page_or_unknown(request, public, None) if found is None else _answered(request, found)

    router = APIRouter()
    forms = "/{newsletter}/subscribe"
    routes = ((forms, form, subscribe), (f"{forms}/", form, subscribe), ("/c/{token}", ask, confirm))
    for path, look, post in (*routes, ("/m/{token}", show, manage)):
        router.add_api_route(path, look, methods=READ_METHODS, response_model=None)
        router.add_api_route(path, post, methods=["POST"], response_model=None)
    return router


_ASKING = {"Cache-Control": "no-cache"}
"""The empty form belongs to nobody, and search engines may know it."""


def _answered(request: Request, found: Answered) -> Response:
    kept = {"Content-Disposition": f'attachment; filename="{found.file_name}"'} if found.file_name else {}
    media = JSON if found.file_name else HTML
    return answer(request, found.data, media, PRIVATE | kept, HTTPStatus(found.status))


def _network(request: Request) -> str:
    """Where a request comes from, shortened before anything else sees it."""
    return truncated(request.client.host if request.client else "")
