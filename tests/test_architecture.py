"""Imports go down only. Reads the source of `publisher` and `subscribers`; imports none of it.

The tiers are those of docs/design/tree.md. A module that has no room here fails too: whoever adds one says where
it belongs. The second half of this file plants breaches and sees them found.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]

TIERS: Sequence[frozenset[str]] = (
    frozenset({"errors"}),
    frozenset({"subscribers", "config"}),
    frozenset(
        {
            *("digests", "http", "ledger", "editions", "slots", "due", "secrets", "facts"),
            *("feedback", "drafts", "capabilities", "upstream", "served"),
        }
    ),
    frozenset({"rendering", "feeds", "messages", "preflight", "providers", "endpoints", "storage", "probes"}),
    frozenset({"engines", "publishing", "mailings", "bounces", "notices", "people", "keeping", "doctor"}),
    frozenset({"app"}),
    frozenset({"cli", "web", "scheduling"}),
    frozenset({"__main__"}),
)
"""Rooms from the bottom up. A room is a package or module right below `publisher`; `subscribers` is one, too."""

STRANGERS = (TIERS[1], TIERS[3])
"""Tiers whose rooms know nothing of each other."""

LIBRARIES = {
    "feedgen": {"feeds"},
    "jinja2": {"rendering"},
    "premailer": {"rendering"},
    "requests": {"http"},
    "urllib3": {"http"},
    "dns": {"probes"},
    "botocore": {"providers"},
    "obstore": {"endpoints"},
    "flufl": {"bounces"},
    "aiosmtpd": {"bounces"},
    "apscheduler": {"scheduling"},
    "alembic": {"storage"},
    "fastapi": {"web"},
    "starlette": {"web"},
    "uvicorn": {"web"},
    "typer": {"cli"},
    "rich": {"cli"},
    "PIL": {"digests"},
    "nh3": {"digests"},
}
"""Libraries that have one room, so that replacing one is work in one place."""

STORAGE_READERS = {"app": "publisher.storage", "mailings/audience.py": "publisher.storage.tables"}
"""Who may import storage beside itself, and what of it: the composition root, and the audience its tables."""

PURE = frozenset(
    {
        "ledger",
        "editions",
        "facts",
        "feedback",
        "drafts",
        "capabilities",
        "served",
        "slots",
        "due",
        "digests",
        "rendering",
        "feeds",
        "messages",
        "preflight",
    }
)
CLOCK_READERS = frozenset({"digests/inbox.py"})
"""In PURE rooms `now` is an argument; the inbox alone looks at the world."""

CLOCKS = frozenset({"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.sleep"})


@dataclass(frozen=True)
class Import:
    """One imported name: `publisher.slots.parse`, with the line it stands on."""

    name: str
    line: int


@dataclass(frozen=True)
class Module:
    """One source file; `path` is relative to the checkout, with forward slashes."""

    path: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """The room it is in; empty for `publisher/__init__.py`."""
        return room_of(".".join(self._parts))

    @property
    def place(self) -> str:
        """Its path below `publisher`, or below the checkout for `subscribers`."""
        return self.path.removeprefix("publisher/")

    @property
    def _parts(self) -> list[str]:
        parts = self.path.removesuffix(".py").split("/")
        return parts[:-1] if parts[-1] == "__init__" else parts

    @cached_property
    def imports(self) -> list[Import]:
        """Every import, those inside functions, under TYPE_CHECKING and by `import_module` too."""
        return [found for node in ast.walk(self.tree) for found in self._of(node)]

    def _of(self, node: ast.AST) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = self._absolute(node)
            yield from (Import(f"{source}.{alias.name}", node.lineno) for alias in node.names)
        elif isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in {
            "import_module",
            "__import__",
        }:
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield Import(first.value, node.lineno)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.path.split("/")[:-1]
        above = package[: len(package) - node.level + 1]
        return ".".join([*above, node.module] if node.module else above)


def dotted(node: ast.AST) -> str:
    """`a.b.c` of an expression that is written so, else nothing."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def room_of(name: str) -> str:
    """The room of a dotted name; empty for what is no room of ours, and for `publisher` itself."""
    first, *rest = name.split(".")
    if first == "subscribers":
        return first
    return rest[0] if first == "publisher" and rest and not rest[0].startswith("__version") else ""


def rank(room: str) -> int | None:
    """The tier of a room, from 0 at the bottom; None for a room that no tier has."""
    return next((number for number, tier in enumerate(TIERS) if room in tier), None)


def modules(root: Path) -> list[Module]:
    """Every source file of both packages below `root`; a package that is not there yet has none."""
    files = sorted(file for package in ("publisher", "subscribers") for file in (root / package).rglob("*.py"))
    return [
        Module(file.relative_to(root).as_posix(), ast.parse(file.read_text(encoding="utf-8"))) for file in files
    ]


@pytest.fixture(scope="module")
def ours() -> list[Module]:
    """The source files of the checkout, read once."""
    return modules(CHECKOUT)


def breaches(found: Sequence[Module]) -> list[str]:
    """What breaks a rule, one line each: place, import, and the rule."""
    lines = [
        f"{module.path}:{imported.line}: imports {imported.name}: {why}"
        for module in found
        for imported in module.imports
        if (why := _objection(module, imported))
    ]
    lines += [
        f"{module.path}: {module.room} has no tier: give it one here and in docs/design/tree.md"
        for module in found
        if module.room and rank(module.room) is None
    ]
    return lines + _circles(found) + [line for module in found for line in _clocks(module)]


def _objection(module: Module, imported: Import) -> str:
    """Why this module may not import that; empty when it may."""
    library = imported.name.split(".")[0]
    if module.room not in LIBRARIES.get(library, {module.room}):
        return f"{library} belongs in {' and '.join(LIBRARIES[library])}"
    room = room_of(imported.name)
    if room == module.room or not room:
        return ""
    if module.room == "subscribers" and room != "errors":
        return "subscribers knows nothing of the publisher but its errors"
    if room == "storage" and not _may_read_storage(module, imported):
        return "only app imports storage, and mailings/audience.py its tables"
    there, here = rank(room), rank(module.room)
    if there is None or here is None:
        return ""  # said of the module itself
    if there > here:
        return f"{room} is above {module.room}"
    if there == here and TIERS[here] in STRANGERS:
        return f"{room} and {module.room} are siblings that do not know each other"
    return ""


def _may_read_storage(module: Module, imported: Import) -> bool:
    allowed = STORAGE_READERS.get(module.room) or STORAGE_READERS.get(module.place)
    return allowed is not None and f"{imported.name}.".startswith(f"{allowed}.")


def _circles(found: Sequence[Module]) -> list[str]:
    """Rooms of one tier may know each other, but only one way round."""
    graph: dict[str, set[str]] = {}
    for module in found:
        known = {room_of(imported.name) for imported in module.imports} - {"", module.room}
        graph.setdefault(module.room, set()).update(room for room in known if rank(room) == rank(module.room))
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [f"rooms import each other in a circle: {' -> '.join(error.args[1])}"]
    return []


def _clocks(module: Module) -> Iterator[str]:
    if module.room not in PURE or module.place in CLOCK_READERS:
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            called = ".".join(dotted(node.func).split(".")[-2:])
            if called in CLOCKS:
                yield f"{module.path}:{node.lineno}: calls {called}: {module.room} is pure, `now` is passed in"


def test_imports_go_down_only(ours: list[Module]) -> None:
    assert breaches(ours) == []


def test_there_is_something_to_look_at(ours: list[Module]) -> None:
    assert {"errors", "subscribers", "config", "storage"} <= {module.room for module in ours}
    assert sum(len(module.imports) for module in ours) > 100


# --- the test is tested ----------------------------------------------------------------------------------------

PLANTED = [  # file, source, what is said about it
    ("publisher/errors.py", "import publisher.config", "config is above errors"),
    ("publisher/config.py", "from publisher.digests import model", "digests is above config"),
    ("publisher/config/reading.py", "from publisher import slots", "slots is above config"),
    ("publisher/config.py", "import subscribers.model", "siblings that do not know each other"),
    ("publisher/slots.py", "from publisher.publishing.publish import Publisher", "publishing is above slots"),
    ("publisher/due.py", "from . import app", "app is above due"),
    ("publisher/digests/model.py", "from ..rendering import render", "rendering is above digests"),
    ("publisher/digests/a/b.py", "from ...web.app import create_app", "web is above digests"),
    ("publisher/feeds/rss.py", "from publisher.rendering import render", "siblings that do not know each other"),
    (
        "publisher/providers/smtp.py",
        "from publisher.endpoints import paths",
        "siblings that do not know each other",
    ),
    ("publisher/providers/smtp.py", "from publisher.storage.tables import digests", "only app imports storage"),
    ("publisher/mailings/sending.py", "from publisher.storage import tables", "only app imports storage"),
    (
        "publisher/mailings/audience.py",
        "from publisher.storage import tables, database",
        "only app imports storage",
    ),
    ("publisher/mailings/audience.py", "from publisher.storage import tables_too", "only app imports storage"),
    ("publisher/cli/db.py", "from publisher.storage import migrate", "only app imports storage"),
    ("publisher/cli/db.py", "from publisher import storage", "only app imports storage"),
    ("publisher/mailings/sending.py", "from publisher.app import open_app", "app is above mailings"),
    ("publisher/app.py", "def f():\n    import publisher.cli", "cli is above app"),
    ("publisher/app.py", "if TYPE_CHECKING:\n    from publisher.web import x", "web is above app"),
    ("publisher/app.py", "importlib.import_module('publisher.scheduling')", "scheduling is above app"),
    (
        "subscribers/model.py",
        "from publisher import errors, ledger",
        "knows nothing of the publisher but its errors",
    ),
    (
        "subscribers/tables.py",
        "from publisher.config import load",
        "knows nothing of the publisher but its errors",
    ),
    ("publisher/feeds/atom.py", "import jinja2", "jinja2 belongs in rendering"),
    ("publisher/rendering/x.py", "from feedgen.feed import FeedGenerator", "feedgen belongs in feeds"),
    ("publisher/app.py", "from premailer import Premailer", "premailer belongs in rendering"),
    ("publisher/endpoints/s3.py", "import requests.adapters", "requests belongs in http"),
    (
        "publisher/cli/serve.py",
        "from apscheduler.schedulers.background import X",
        "apscheduler belongs in scheduling",
    ),
    ("subscribers/tables.py", "import requests", "requests belongs in http"),
    ("publisher/rendering/x.py", "from PIL import Image", "PIL belongs in digests"),
    ("publisher/novelty.py", "", "novelty has no tier"),
    ("publisher/novelty/__init__.py", "import os", "novelty has no tier"),
    ("publisher/due.py", "from datetime import datetime\ndatetime.now()", "`now` is passed in"),
    ("publisher/feeds/rss.py", "import datetime\ndatetime.date.today()", "`now` is passed in"),
    ("publisher/messages/x.py", "import time\ntime.time()", "`now` is passed in"),
]


@pytest.mark.parametrize(("file", "source", "expected"), PLANTED)
def test_a_planted_breach_is_found(tmp_path: Path, file: str, source: str, expected: str) -> None:
    _plant(tmp_path, file, source)
    (line,) = breaches(modules(tmp_path))
    assert line.startswith(f"{file}:")
    assert expected in line


def test_a_circle_of_rooms_is_found(tmp_path: Path) -> None:
    _plant(tmp_path, "publisher/engines/local.py", "from publisher.mailings import sending")
    assert breaches(modules(tmp_path)) == []
    _plant(tmp_path, "publisher/mailings/sending.py", "from publisher.publishing import passes")
    _plant(tmp_path, "publisher/publishing/passes.py", "from publisher.engines import local")
    (line,) = breaches(modules(tmp_path))
    assert line.startswith("rooms import each other in a circle: ")


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("publisher/app.py", "from publisher.storage import migrate\nfrom publisher import __version__, slots"),
        (
            "publisher/mailings/audience.py",
            "from publisher.storage import tables\nimport publisher.storage.tables",
        ),
        ("publisher/mailings/audience.py", "from publisher.storage.tables import deliveries"),
        ("publisher/storage/store.py", "from publisher.storage import tables\nfrom . import database"),
        ("publisher/feeds/rss.py", "from feedgen.feed import FeedGenerator\nfrom publisher.editions import Entry"),
        ("publisher/cli/serve.py", "from publisher.web import WebServer\nimport publisher.scheduling"),
        ("publisher/due.py", "from publisher import slots\nfrom publisher.digests.record import DigestRecord"),
        ("publisher/digests/inbox.py", "import time\ntime.time()"),
        ("publisher/__main__.py", "from publisher.cli import main"),
        ("subscribers/model.py", "from publisher.errors import SubscriberError\nfrom subscribers import tables"),
    ],
)
def test_what_is_allowed_is_no_breach(tmp_path: Path, file: str, source: str) -> None:
    _plant(tmp_path, file, source)
    assert breaches(modules(tmp_path)) == []


def test_an_empty_checkout_is_no_breach(tmp_path: Path) -> None:
    assert breaches(modules(tmp_path)) == []


def _plant(root: Path, file: str, source: str) -> None:
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
