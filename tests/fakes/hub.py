"""An independent WebSub hub, Flask-WebSub, and a subscriber of its own kind, each on 127.0.0.1."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256, sha512
from hmac import compare_digest
from hmac import new as hmac
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs

import requests
from celery import Celery
from cheroot import wsgi
from flask import Flask
from flask_websub.hub import Hub, SQLite3HubStorage

from tests.fakes.web import Asked, Exchange, FakeWeb, reply

SECRET = "hush-subscriber-4711"
_METHODS = {"sha256": sha256, "sha512": sha512}


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a hub; gives its address. What it is told to do it has done when it answers."""
    logging.getLogger("flask_websub").setLevel(logging.CRITICAL)
    celery = Celery("hub", broker="memory://")
    celery.conf.task_always_eager = True
    application = Flask("hub")
    application.config["PUBLISH_SUPPORTED"] = True
    hub = Hub(SQLite3HubStorage(str(folder / "hub.db")), celery, PUBLISH_SUPPORTED=True)
    application.register_blueprint(hub.build_blueprint(url_prefix="/hub"))
    server = wsgi.Server(("127.0.0.1", 0), application, numthreads=4)
    server.prepare()
    thread = Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        host, port = server.bind_addr[:2]
        yield f"http://{host}:{port}/hub"
    finally:
        server.stop()
        thread.join(20)
        assert not thread.is_alive()


@dataclass
class Subscriber:
    """Somebody who asks a hub for feeds. `received` is what came with a valid signature, `refused` the rest."""

    web: FakeWeb
    received: list[Asked] = field(default_factory=list)
    refused: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.web.acts |= {"GET /inbox": self._confirm, "POST /inbox": self._take}

    def subscribe(self, hub: str, topic: str) -> None:
        """Ask a hub to pass a feed on."""
        said = {
            "hub.mode": "subscribe",
            "hub.topic": topic,
            "hub.callback": self.web.url("/inbox"),
            "hub.secret": SECRET,
        }
        requests.post(hub, data=said, timeout=10).raise_for_status()

    def _confirm(self, exchange: Exchange) -> None:
        query = parse_qs(exchange.asked.path.partition("?")[2])
        exchange.send(reply(body=query["hub.challenge"][0].encode()))

    def _take(self, exchange: Exchange) -> None:
        method, _, given = exchange.asked.headers.get("x-hub-signature", "").partition("=")
        wanted = hmac(SECRET.encode(), exchange.asked.body, _METHODS.get(method, sha256)).hexdigest()
        (self.received if compare_digest(given, wanted) else self.refused).append(exchange.asked)
        exchange.send(reply())
