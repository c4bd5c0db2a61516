"""A site in a folder, links that are remembered, and a client without a network."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from publisher.errors import PublisherError
from publisher.feedback import HookRequest
from publisher.web import Folder, create_app

TOKEN = "AAEC-secret_token.42"
CHANGED = datetime(2024, 11, 21, 7, 0, tzinfo=UTC)

PICTURE = "assets/0123456789abcdef0123456789abcdef.png"

FILES = {
    "index.html": "<h1>Index</h1>",
    "daily/index.html": "<h1>Daily</h1>",
    "daily/2024-11-21-harbour/index.html": "<h1>Harbour é</h1>",
    "daily/rss.xml": "<rss/>",
    "daily/atom.xml": "<feed/>",
    "daily/feed.json": "{}",
    "daily/archive/2024-11.xml": "<feed/>",
    "daily/a:b/index.html": "colon",
    "feeds.opml": "<opml/>",
    PICTURE: "picture",
    "notes": "no ending",
    ".hidden": "secret",
    "daily/.git/config": "secret",
}


@dataclass
class FakePublic:
    """One token is known; what is asked of it is written down."""

    acts: list[tuple[str, str]] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    saved: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)
    reasons: list[tuple[str, str]] = field(default_factory=list)
    failure: PublisherError | None = None
    broken: PublisherError | None = None

    def unsubscribe_page(self, token: str) -> bytes | None:
        self.looks.append(token)
        return b'<form method="post"><button>Unsubscribe</button></form>' if self._known(token) else None

    def unsubscribe(self, token: str, how: str) -> bytes | None:
        self.acts.append((token, how))
        return b"<p>You are unsubscribed</p>" if self._known(token) else None

    def give_reason(self, token: str, reason: str) -> bytes | None:
        self.reasons.append((token, reason))
        return b"<p>Thank you</p>" if self._known(token) else None

    def preferences_page(self, token: str) -> bytes | None:
        self.looks.append(token)
        return b'<form method="post"><button>Save</button></form>' if self._known(token) else None

    def save_preferences(self, token: str, answers: Mapping[str, Sequence[str]]) -> bytes | None:
        self.saved.append((token, {name: list(values) for name, values in answers.items()}))
        return b"<p>Saved</p>" if self._known(token) else None

    def unknown_link_page(self) -> bytes:
        return b"<p>This link is not valid</p>"

    def missing_page(self) -> bytes:
        return b"<p>Nothing here</p>"

    def later_page(self) -> bytes:
        if self.broken:
            raise self.broken
        return b"<p>Try again</p>"

    def _known(self, token: str) -> bool:
        if self.failure:
            raise self.failure
        return token == TOKEN


@dataclass(frozen=True)
class Given:
    """An answer as the use cases give it."""

    data: bytes
    status: int = 200
    file_name: str = ""


@dataclass
class FakeSignUps:
    """One newsletter and one token are known; what is asked is written down."""

    acts: list[tuple[Any, ...]] = field(default_factory=list)

    def subscribe_page(self, newsletter: str) -> bytes | None:
        return b'<form method="post"><button>Subscribe</button></form>' if newsletter == "daily" else None

    def subscribe(
        self, newsletter: str, answers: Mapping[str, Sequence[str]], network: str, origin: str
    ) -> Given | None:
        self.acts.append((newsletter, {name: list(said) for name, said in answers.items()}, network, origin))
        if newsletter != "daily":
            return None
        return Given(b"<p>Too many</p>", 429) if "many" in answers else Given(b"<p>Sent</p>")

    def confirm_page(self, token: str) -> bytes | None:
        return b'<form method="post"><button>Confirm</button></form>' if token == TOKEN else None

    def confirm(self, token: str, network: str) -> bytes | None:
        self.acts.append((token, network))
        return b"<p>Confirmed</p>" if token == TOKEN else None

    def manage_page(self, token: str) -> bytes | None:
        return b'<form method="post"><button>Erase</button></form>' if token == TOKEN else None

    def manage(self, token: str, answers: Mapping[str, Sequence[str]]) -> Given | None:
        self.acts.append((token, {name: list(said) for name, said in answers.items()}))
        if token != TOKEN:
            return None
        return (
            Given(b"{}", file_name="my-data.json") if answers.get("act") == ["download"] else Given(b"<p>Done</p>")
        )


HOOK = "a" * 32


@dataclass
class FakeHooks:
    """One hook is known, of the provider `post`; what comes there is written down."""

    taken: list[HookRequest] = field(default_factory=list)
    failure: PublisherError | None = None

    def knows(self, provider: str, secret: str) -> bool:
        return (provider, secret) == ("post", HOOK)

    def take(self, provider: str, request: HookRequest) -> None:
        if self.failure:
            raise self.failure
        self.taken.append(request)


@pytest.fixture
def hooks() -> FakeHooks:
    return FakeHooks()


@pytest.fixture
def public() -> FakePublic:
    return FakePublic()


@pytest.fixture
def signups() -> FakeSignUps:
    return FakeSignUps()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of the site, with a file beside it that must never be served."""
    site = tmp_path / "site"
    for name, text in FILES.items():
        file = site / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        os.utime(file, (CHANGED.timestamp(), CHANGED.timestamp() + 0.5))
    (tmp_path / "outside.txt").write_text("secret")
    return site


@pytest.fixture
def app(public: FakePublic, signups: FakeSignUps, root: Path, hooks: FakeHooks) -> ASGIApp:
    return create_app(public, signups, Folder(root), hooks)


class Client:
    """Asks an application without a network. Sends paths as they are written and follows no redirect."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """The answer to one request."""
        return asyncio.run(self._ask(method, path, more))

    async def _ask(self, method: str, path: str, more: dict[str, Any]) -> httpx.Response:
        raw, _, query = path.partition("?")

        async def as_written(scope: Scope, receive: Receive, send: Send) -> None:
            """httpx tidies up dots and slashes; attackers do not."""
            sent = {"path": unquote(raw), "raw_path": raw.encode(), "query_string": query.encode()}
            await self._app({**scope, **sent}, receive, send)

        transport = httpx.ASGITransport(as_written, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            return await client.request(method, "/", **more)

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.request("GET", path, **more)

    def head(self, path: str, **more: Any) -> httpx.Response:
        return self.request("HEAD", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self.request("POST", path, **more)


@pytest.fixture
def client(app: ASGIApp) -> Client:
    return Client(app)
