"""What somebody means by DIGEST: a file wherever it lies, or a digest that is known, as it would be mailed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from publisher.digests.model import Asset, Digest
from publisher.digests.record import DigestRecord
from publisher.editions import Edition
from publisher.publishing.editorial import Editorial
from publisher.publishing.intake import Intake
from publisher.publishing.ports import Store
from publisher.publishing.publish import Render


@dataclass(frozen=True, slots=True)
class Sought:
    """A digest that was named.

    Args:
        edition: the one that readers have, or else what it would become now, with the id 0.
        assets: its pictures.
        entry_id: its entry's, when it has one already.
        record: what the database knows of it; None for a file.
    """

    edition: Edition
    assets: tuple[Asset, ...]
    entry_id: str = ""
    record: DigestRecord | None = None

    @property
    def sizes(self) -> dict[str, int]:
        """Octets of each picture by its name."""
        return {asset.name: len(asset.data) for asset in self.assets}


class Seeker:
    """Finds digests by what people type.

    Args:
        store: opens transactions.
        intake: reads files.
        editorial: knows digests by name.
        render: makes the bytes of what is not published yet.
    """

    def __init__(self, store: Store, intake: Intake, editorial: Editorial, render: Render) -> None:
        self._store = store
        self._intake = intake
        self._editorial = editorial
        self._render = render

    def seek(self, name: str, now: datetime) -> Sought:
        """The digest that an existing path, else a slug, else newsletter/slug names.

        Raises:
            UsageError: no file and no digest of that name.
            PublisherError: it cannot be read or rendered, and could not be published either.
        """
        if os.path.isfile(name):  # noqa: PTH113 - unlike Path.is_file, False for a name no file can have
            return self._file(Path(name), now)
        record = self._editorial.find(name)
        with self._store.read() as unit:
            stored, digest = unit.editions.newest(record.id), unit.digests.content(record.id)
            repeats = unit.digests.title_published_before(record.newsletter, record.title, record.id)
            assets = unit.digests.assets_of(record.id)
        edition = stored or self._unpublished(digest, repeats, now, record.id)
        return Sought(edition, assets, record.entry_id or "", record)

    def _file(self, file: Path, now: datetime) -> Sought:
        found = self._intake.read(file, now)
        digest = found.digest
        with self._store.read() as unit:
            same = next(iter(unit.digests.find(digest.key)), None)
            repeats = unit.digests.title_published_before(digest.newsletter, digest.title, same.id if same else 0)
        return Sought(self._unpublished(digest, repeats, now, 0), tuple(found.assets))

    def _unpublished(self, digest: Digest, repeats: bool, now: datetime, digest_id: int) -> Edition:
        return Edition(0, digest_id, 1, digest, self._render(digest, repeats), "", now, now)
