"""The ASGI application of `publisher serve`."""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from publisher.errors import PublisherError
from publisher.web.answers import HTML, PRIVATE, TEXT, answer, plain
from publisher.web.buckets import Buckets
from publisher.web.documents import Documents, Unknown
from publisher.web.hammering import Hammering
from publisher.web.hooks import CALLS_AT_ONCE, CALLS_PER_SECOND, HOOKS, LARGEST_HOOK, hook_routes
from publisher.web.links import link_routes
from publisher.web.middleware import AccessLog, BodyLimit, SafeHeaders
from publisher.web.pages import site_routes
from publisher.web.ports import Hooks, Public, SignUps, Site
from publisher.web.serving import Desk, Front
from publisher.web.signups import signup_routes
from publisher.web.tally import Tally

_log = logging.getLogger("publisher.web")


def create_app(public: Public, signups: SignUps, site: Site, hooks: Hooks, desk: Desk | None = None) -> ASGIApp:
    """The application: links in mails, sign-up, webhooks, the site, `/healthz`.

    Args:
        public: what links in mails do.
        signups: what sign-up forms and confirmation links do.
        site: where pages and feeds are read.
        hooks: where providers tell what became of mail.
        desk: what serves documents; without one, each is looked at anew, and what is counted is forgotten.
    """
    desk = desk or Desk(Documents(site, Unknown()), Hammering(), Tally())
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.include_router(link_routes(public))
    app.include_router(hook_routes(hooks, Buckets(CALLS_AT_ONCE, CALLS_PER_SECOND)))
    app.include_router(signup_routes(public, signups, site))
    app.include_router(site_routes(public, site, desk))
    app.add_exception_handler(HTTPException, _refused)

    def failed(request: Request, error: Exception) -> Response:
        """Our own trouble: the reader may come back, a mail provider will."""
        _log.error("%s", error)
        try:
            page, media = public.later_page(), HTML
        except PublisherError:  # a template of the site's own is wrong: that may have been the trouble
            page, media = b"This does not work at the moment. Please try again in a few minutes.\n", TEXT
        headers = PRIVATE | {"Retry-After": "120"}
        return answer(request, page, media, headers, HTTPStatus.SERVICE_UNAVAILABLE)

    app.add_exception_handler(PublisherError, failed)
    return Front(AccessLog(SafeHeaders(BodyLimit(app, {HOOKS: LARGEST_HOOK}))), desk)


def _refused(request: Request, error: Exception) -> Response:
    """What HTTP itself refuses: a method, a length."""
    if not isinstance(error, HTTPException):
        raise error
    return plain(request, HTTPStatus(error.status_code), HTTPStatus(error.status_code).phrase, error.headers)
