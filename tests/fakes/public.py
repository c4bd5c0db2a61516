"""A web server that shows a folder to the public, as nginx would."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.web import Exchange, FakeWeb, reply

TYPES = {
    "rss.xml": "application/rss+xml",
    "headlines.xml": "application/rss+xml",
    "corrections.xml": "application/rss+xml",
    "atom.xml": "application/atom+xml",
    "feed.json": "application/feed+json",
}


class PublicFolder(FakeWeb):
    """Shows `root`, which may be set later. A `hub` is named in the Link header, with the address itself."""

    def __init__(self, root: Path | None = None, hub: str = "") -> None:
        super().__init__()
        self.root = root
        self.hub = hub

    def _answer(self, exchange: Exchange) -> None:
        path = exchange.asked.path.lstrip("/")
        file = self.root / path if self.root and path else None
        if file is None or not file.is_file():
            super()._answer(exchange)
            return
        link = f'<{self.hub}>; rel="hub", <{self.url(exchange.asked.path)}>; rel="self"' if self.hub else ""
        headers = {"Content_Type": f"{TYPES.get(file.name, 'text/html')}; charset=utf-8"}
        exchange.send(reply(body=file.read_bytes(), **headers, **({"Link": link} if link else {})))
