"""The public site as routes: documents not in memory yet, folders without their slash, what is missing."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from publisher.web.answers import HTML, PRIVATE, READ_METHODS, answer, plain
from publisher.web.paths import file_of, with_slash
from publisher.web.ports import Public, Site
from publisher.web.serving import Desk, Whole

NOT_FOUND_FILE = "404.html"
"""The site's own page for what is not there, when it has one."""

_READERS_IN_BROWSERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "If-None-Match, If-Modified-Since, Cache-Control",
    "Access-Control-Max-Age": "86400",
}


def site_routes(public: Public, site: Site, desk: Desk) -> APIRouter:
    """The routes of the public site: whatever no other route takes."""

    async def serve(request: Request) -> Response:
        path = request.scope["path"]
        document = await desk.documents.find(path)
        if document is not None:
            return Whole(desk, document)
        return await run_in_threadpool(_no_document, request, public, site)

    async def may_ask(request: Request) -> Response:
        """A browser asks whether a page of another host may send conditional headers."""
        asks = "access-control-request-method" in request.headers
        if asks and await desk.documents.find(request.scope["path"]) is not None:
            return Response(status_code=HTTPStatus.NO_CONTENT, headers=_READERS_IN_BROWSERS)
        raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "GET, HEAD"})

    def alive(request: Request) -> Response:
        return plain(request, HTTPStatus.OK, "ok")

    router = APIRouter()
    router.add_api_route("/healthz", alive, methods=READ_METHODS, response_model=None)
    router.add_api_route("/{path:path}", serve, methods=READ_METHODS, response_model=None)
    router.add_api_route("/{path:path}", may_ask, methods=["OPTIONS"], response_model=None)
    return router


def _no_document(request: Request, public: Public, site: Site) -> Response:
    """The way to a folder, or what is said where there is nothing."""
    path = request.scope["path"]
    name = file_of(path)
    if name and not path.endswith("/") and site.stamp(f"{name}/index.html"):
        headers = {"Location": with_slash(path)}
        return plain(request, HTTPStatus.MOVED_PERMANENTLY, "It is a folder", headers)
    return missing(request, public, site)


def missing(request: Request, public: Public, site: Site) -> Response:
    """What is said where there is no page."""
    own = site.open(NOT_FOUND_FILE)
    page = own.data if own else public.missing_page()
    return answer(request, page, HTML, PRIVATE, HTTPStatus.NOT_FOUND)
