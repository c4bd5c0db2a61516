"""An instance whose public site, endpoints and hubs are servers of a test, with hours of its own."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from publisher.app import App, open_app
from publisher.publishing.passes import PassReport
from tests.fakes.public import PublicFolder
from tests.fakes.world import FakeWorld
from tests.instance import Instance

BEGAN = datetime(2024, 11, 21, 7, 0, tzinfo=UTC)
PAGE = "daily/2024-11-21-news/index.html"
FEEDS = (
    "daily/rss.xml",
    "daily/atom.xml",
    "daily/feed.json",
    "daily/headlines.xml",
    "daily/corrections.xml",
    *(f"daily/sections/news/{name}" for name in ("rss.xml", "atom.xml", "feed.json")),
)


def table(name: str, values: dict[str, Any]) -> str:
    """A table of config.toml that may come several times."""
    lines = [
        f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value)}"
        for key, value in values.items()
    ]
    text = "\n".join([f"[[{name}]]", *lines, ""]).replace("'", '"')
    assert tomllib.loads(text)[name] == [values]
    return text


@dataclass
class Town:
    """The instance, with one reader and one digest; `public` shows its folder."""

    instance: Instance
    public: PublicFolder
    now: datetime = BEGAN
    slept: list[float] = field(default_factory=list)

    @classmethod
    def made(cls, root: Path, public: PublicFolder, *tables: str) -> Town:
        """With these tables beside the folder's own."""
        instance = Instance(root)
        text = instance.config.read_text(encoding="utf-8").replace("https://news.example.org/", public.url())
        instance.config.write_text("\n".join([text, *tables]), encoding="utf-8")
        public.root = instance.site
        instance.subscribe("reader@example.org")
        instance.digest("2024-11-21")
        return cls(instance, public)

    @contextmanager
    def opened(self) -> Iterator[App]:
        app = open_app(self.instance.config, lambda: self.now)
        app.world = FakeWorld()
        try:
            yield app
        finally:
            app.close()

    def run(self, after: timedelta = timedelta(0)) -> PassReport:
        """One pass, some time after the last one."""
        self.now += after
        with self.opened() as app:
            return app.run_pass(sleep=self.slept.append)

    def states(self) -> dict[str, str]:
        """Where the newest edition of the digest stands, by the kind and the end of the target's name."""
        with self.opened() as app, app.store.read() as unit:
            (edition_id,) = unit.archive.newest_editions()
            return {row.target: str(row.state) for row in unit.publications.of_edition(edition_id)}
