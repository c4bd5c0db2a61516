"""What became of links not long ago, so that looking twice does not ask twice."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from publisher.facts import LinkFact, Reach

_log = logging.getLogger("publisher.probes")

KEPT: Mapping[Reach, timedelta] = {
    Reach.ANSWERED: timedelta(hours=6),
    Reach.REFUSED: timedelta(minutes=10),
    Reach.SILENT: timedelta(minutes=10),
}
"""How long a fact holds. What is not here was not asked, and costs nothing to find out again."""


class NoCache:
    """Remembers nothing."""

    def recall(self, addresses: Iterable[str], now: datetime) -> Mapping[str, LinkFact]:
        """Nothing."""
        return {}

    def keep(self, facts: Mapping[str, LinkFact], now: datetime) -> None:
        """Nothing happens."""


class LinkCache:
    """A cache in one JSON file, replaced whole: a reader meets the old one or the new one.

    When two processes keep facts in the same moment, those of one may be lost, and are asked for again. A file
    that cannot be read or written is told in the log, and costs only time.

    Args:
        path: of the file, say `var/cache/links.json`; its folder is made when there is something to keep.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def recall(self, addresses: Iterable[str], now: datetime) -> Mapping[str, LinkFact]:
        """What still holds of these addresses at `now`."""
        known = {address: _fact(entry, now) for address, entry in self._entries().items()}
        return {address: fact for address in addresses if (fact := known.get(address))}

    def keep(self, facts: Mapping[str, LinkFact], now: datetime) -> None:
        """Remember what was found out at `now`; what no longer holds is dropped."""
        fresh = {
            address: {"reach": fact.reach.value, "detail": fact.detail, "asked": now.astimezone(UTC).isoformat()}
            for address, fact in facts.items()
            if fact.reach in KEPT
        }
        if not fresh:
            return
        entries = {address: entry for address, entry in self._entries().items() if _fact(entry, now)}
        data = json.dumps({"links": {**entries, **fresh}}, ensure_ascii=False, indent=1, sort_keys=True)
        try:
            self._replace(data.encode("utf-8", "backslashreplace"))
        except OSError as error:
            _log.warning("%s cannot be written, so links are asked again next time: %s", self._path, error)

    def _entries(self) -> dict[str, Any]:
        try:
            found = json.loads(self._path.read_bytes())["links"]
            if isinstance(found, dict):
                return found
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            pass  # told below
        _log.warning("%s cannot be read and is begun anew", self._path)
        return {}

    def _replace(self, data: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}-", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(name).replace(self._path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise


def _fact(entry: object, now: datetime) -> LinkFact | None:
    """The fact of an entry, when it is one and still holds."""
    try:
        match entry:
            case {"reach": str(reach), "detail": str(detail), "asked": str(asked)}:
                age = now - datetime.fromisoformat(asked)
                fact = LinkFact(Reach(reach), detail)
            case _:
                return None
    except (ValueError, TypeError):  # another time wrote it otherwise, or somebody by hand
        return None
    return fact if timedelta() <= age < KEPT.get(fact.reach, timedelta()) else None
