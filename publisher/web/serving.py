"""Answering for documents of the site, with everything made beforehand; `protocol` asks, or ASGI.

`Front` stands before the application and answers for what is in memory; whatever else is asked goes on, and comes
back as `Whole` when it is a document after all. Range is not served: the largest thing here is a picture.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from publisher.errors import EndpointError
from publisher.web.answers import PRIVATE, READ_METHODS, TEXT
from publisher.web.asking import Asked, asked, network_of
from publisher.web.documents import Documents
from publisher.web.encodings import IDENTITY, preferred
from publisher.web.fresh import not_modified
from publisher.web.hammering import Hammering
from publisher.web.holding import Held, Variant
from publisher.web.lines import Lines
from publisher.web.middleware import SAFE_HEADERS
from publisher.web.prepared import Answer, prepared
from publisher.web.tally import Tally

_OK, _NOT_MODIFIED = int(HTTPStatus.OK), int(HTTPStatus.NOT_MODIFIED)  # members of an Enum are slow to compare
_PIECE = 256 * 1024
_log = logging.getLogger("publisher.web.access")


def answer_to(document: Held, said: Asked) -> Answer:
    """The answer to a GET, by its headers alone."""
    variants = document.browsed if said.browsing and document.browsed else document.variants
    variant = _variant(variants, said.accepts)
    if document.status == _OK and (
        said.match == variant.tag  # as nearly everybody sends it: no need to look closer
        or not_modified(said.match, said.since, document.digest, document.modified)
    ):
        return variant.unchanged
    return variant.full


def too_often(wait: int) -> Answer:
    """The answer to a reader that is to come back after so many seconds."""
    body = b"You ask too often. Please come back later, and send If-None-Match or If-Modified-Since.\n"
    headers = {
        "Content-Type": TEXT,
        "Content-Length": str(len(body)),
        "Retry-After": str(wait),
        "Access-Control-Allow-Origin": "*",
        **PRIVATE,
        **SAFE_HEADERS,
    }
    return prepared(HTTPStatus.TOO_MANY_REQUESTS, headers, body)


def _variant(variants: Mapping[str, Variant], accepts: str | None) -> Variant:
    for coding in preferred(accepts):
        if found := variants.get(coding):
            return found
    return variants[IDENTITY]


class Desk:
    """What stands behind every answer: the documents, who asks too often, and who asks how.

    Args:
        documents: those of the site.
        hammering: what tells who asks too often.
        tally: what counts who asks how.
    """

    def __init__(self, documents: Documents, hammering: Hammering, tally: Tally) -> None:
        self.documents = documents
        self._hammering = hammering
        self._tally = tally

    def answer(self, document: Held, said: Asked, scope: Scope) -> Answer:
        """The answer for a document; counted, and 429 when it is asked for too often."""
        answer = answer_to(document, said)
        return self._noted(document, said, scope, answer) if document.is_feed else answer

    def _noted(self, document: Held, said: Asked, scope: Scope, answer: Answer) -> Answer:
        """Count a request for a feed; in place of the whole answer 429 to one that asks too often."""
        network = "" if said.conditional else network_of(scope)
        wait = self._hammering.wait(network, said.agent, document.file) if network else 0
        self._tally.count(
            said.agent,
            document.file,
            conditional=said.conditional,
            not_modified=answer.status == _NOT_MODIFIED,
            refused=wait > 0,
        )
        return too_often(wait) if wait else answer


def start_of(answer: Answer) -> Message:
    """The message that begins an answer."""
    return {"type": "http.response.start", "status": answer.status, "headers": answer.headers}


class Front:
    """Answers for what is in memory without asking the application."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self.app = app
        self._desk = desk
        self._lines = Lines(_log)

    def at_once(self, scope: Scope) -> Answer | None:
        """The answer from memory, counted and written down; None where the application has to be asked."""
        method = scope["method"]
        if method not in READ_METHODS:
            return None
        began = time.perf_counter()
        said = asked(scope["headers"])
        document = None if said.anew else self._desk.documents.ready(scope["path"])
        if document is None or not document.in_memory:
            return None
        answer = self._desk.answer(document, said, scope)
        if method == "HEAD":
            answer = answer._replace(body=b"")
        self._lines.note((method, document.logged, answer.status, len(answer.body or b"")), began)
        return answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI)."""
        answer = self.at_once(scope) if scope["type"] == "http" else None
        if answer is None:
            await self.app(scope, receive, send)
        else:
            await send(start_of(answer))
            await send({"type": "http.response.body", "body": answer.body or b""})


class Whole(Response):
    """A document as the answer of a route."""

    def __init__(self, desk: Desk, document: Held) -> None:
        super().__init__()
        self._desk = desk
        self._document = document

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it (ASGI).

        Raises:
            EndpointError: it is read from disk, and is not there any more; nothing has been sent.
        """
        answer = self._desk.answer(self._document, asked(scope["headers"]), scope)
        head = scope["method"] == "HEAD"
        if answer.body is None and not head:
            await self._from_disk(answer, send)
        else:
            await send(start_of(answer))
            await send({"type": "http.response.body", "body": b"" if head else answer.body})

    async def _from_disk(self, answer: Answer, send: Send) -> None:
        """Send what is too large for memory, piece by piece: the file that the headers tell of, and no other."""
        found = await run_in_threadpool(self._desk.documents.opened, self._document)
        if found is None:
            raise EndpointError(f"{self._document.file} was replaced while it was asked for", remedy="Ask again")
        with found.file:
            await send(start_of(answer))
            while piece := await run_in_threadpool(found.file.read, _PIECE):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
