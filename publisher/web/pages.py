"""The public site: files as they stand, with the headers that make feed readers cheap."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from publisher.web.answers import HTML, PRIVATE, READ_METHODS, answer, plain
from publisher.web.fresh import etag, http_date, not_modified
from publisher.web.paths import file_of, is_feed, media_type, with_slash
from publisher.web.ports import Public, Site, SiteFile

NOT_FOUND_FILE = "404.html"
"""The site's own page for what is not there, when it has one."""

_FOREVER = "public, max-age=31536000, immutable"
_FEED = "public, max-age=900, stale-if-error=86400"
_PAGE = "public, max-age=300, stale-if-error=86400"


def site_routes(public: Public, site: Site) -> APIRouter:
    """The routes of the public site: whatever no other route takes."""

    def serve(request: Request) -> Response:
        path = request.scope["path"]
        name = file_of(path)
        found = site.read(name) if name else None
        if name and found:
            return _file(request, name, found)
        if name and not path.endswith("/") and site.read(f"{name}/index.html"):
            headers = {"Location": with_slash(path)}
            return plain(request, HTTPStatus.MOVED_PERMANENTLY, "It is a folder", headers)
        return missing(request, public, site)

    def alive(request: Request) -> Response:
        return plain(request, HTTPStatus.OK, "ok")

    router = APIRouter()
    router.add_api_route("/healthz", alive, methods=READ_METHODS, response_model=None)
    router.add_api_route("/{path:path}", serve, methods=READ_METHODS, response_model=None)
    return router


def _file(request: Request, name: str, found: SiteFile) -> Response:
    media = media_type(name)
    tag = etag(found.data)
    headers = {
        "ETag": tag,
        "Last-Modified": http_date(found.modified),
        "Cache-Control": _caching(name, media),
    }
    if is_feed(media):
        headers["Access-Control-Allow-Origin"] = "*"  # readers that live in a browser
    if not_modified(request.headers, tag, found.modified):
        return Response(None, HTTPStatus.NOT_MODIFIED, headers)
    return answer(request, found.data, media, headers)


def _caching(name: str, media: str) -> str:
    if name.startswith("assets/"):
        return _FOREVER  # their names come from their bytes
    return _FEED if is_feed(media) else _PAGE


def missing(request: Request, public: Public, site: Site) -> Response:
    """What is said where there is no page."""
    own = site.read(NOT_FOUND_FILE)
    page = own.data if own else public.missing_page()
    return answer(request, page, HTML, PRIVATE, HTTPStatus.NOT_FOUND)
