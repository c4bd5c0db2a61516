"""The documents of the site in memory: made ready when they are first asked for, and when they have changed."""

from __future__ import annotations

import asyncio
import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool

from publisher.errors import PublisherError
from publisher.served import Version
from publisher.web.fresh import moment
from publisher.web.holding import Held, held
from publisher.web.paths import file_of
from publisher.web.ports import Site, SiteFile, Stamp, Upkeep

MOST_BYTES = 64 * 1024 * 1024
"""Of all documents in memory; the ones that nobody has asked for longest leave first."""

LARGEST_BYTES = 2 * 1024 * 1024
"""Of one document in memory; a larger one is read from disk for each answer."""

_PIECE = 256 * 1024
_TRIES = 5
"""How often a file is read that somebody writes to meanwhile; what we put is replaced whole."""


class Unknown:
    """The upkeep of a site of which nothing is known but its files: each is looked at for every request."""

    def __init__(self) -> None:
        self._count = count()

    @property
    def epoch(self) -> int:
        """See `Upkeep`."""
        return next(self._count)

    def is_withdrawn(self, path: str) -> bool:
        """See `Upkeep`."""
        return False

    def version(self, path: str) -> Version | None:
        """See `Upkeep`."""
        return None

    def remember(self, path: str, version: Version) -> None:
        """See `Upkeep`."""


class Documents:
    """Documents by the path of requests. Belongs to one event loop; files are read in other threads.

    A document is trusted as long as the epoch stays the same. After that its file's stamp is compared, and only
    what has changed is read and compressed anew, once, however many ask for it.

    Args:
        site: the files.
        upkeep: what else is known of them.
        most: bytes, of all in memory.
        largest: bytes, of one in memory.
        clock: the present moment.
    """

    def __init__(
        self,
        site: Site,
        upkeep: Upkeep,
        *,
        most: int = MOST_BYTES,
        largest: int = LARGEST_BYTES,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._site = site
        self._upkeep = upkeep
        self._most = most
        self._largest = largest
        self._clock = clock
        self._held: OrderedDict[str, tuple[int, Held]] = OrderedDict()
        self._size = 0
        self._one_at_a_time = threading.Lock()
        self._under_way: dict[str, tuple[int, asyncio.Task[Held | None]]] = {}

    @property
    def size(self) -> int:
        """Bytes in memory, about."""
        return self._size

    def ready(self, path: str) -> Held | None:
        """A document that can be served without looking at anything else."""
        known = self._held.get(path)
        if known is None:
            return None
        epoch, document = known
        if epoch != self._upkeep.epoch or (document.until != math.inf and self._is_over(document)):
            return None
        self._held.move_to_end(path)
        return document

    async def find(self, path: str) -> Held | None:
        """The document at a path as it is now, None when there is none.

        Raises:
            EndpointError: its file cannot be read.
        """
        epoch = self._upkeep.epoch  # before the look: what changes after it is seen the next time
        under_way = self._under_way.get(path)
        if under_way is None or under_way[0] != epoch:
            under_way = (epoch, asyncio.create_task(self._find(path, epoch)))
            self._under_way[path] = under_way
            under_way[1].add_done_callback(lambda task: self._ended(path, task))
        return await asyncio.shield(under_way[1])  # who goes away does not take it from the others

    def _ended(self, path: str, task: asyncio.Task[Held | None]) -> None:
        if self._under_way.get(path, (0, None))[1] is task:
            del self._under_way[path]

    async def _find(self, path: str, epoch: int) -> Held | None:
        file = file_of(path)
        if file is None:
            return None
        known = self._held.get(path)
        document = await run_in_threadpool(self._looked_at, path, file, known[1] if known else None)
        self._keep(path, epoch, document)
        return document

    def _is_over(self, document: Held) -> bool:
        return document.until != math.inf and document.until < self._clock().timestamp()

    def _looked_at(self, path: str, file: str, known: Held | None) -> Held | None:
        withdrawn = self._upkeep.is_withdrawn(file)
        if (
            known is not None
            and known.stamp == self._site.stamp(file)
            and known.is_withdrawn is withdrawn
            and not self._is_over(known)
        ):
            return known
        return self._made(path, file, withdrawn=withdrawn)

    def _made(self, path: str, file: str, *, withdrawn: bool) -> Held | None:
        """A document from its file, read again when somebody writes to that meanwhile.

        Who has read older bytes must not give them a later age than the newer ones have: of several threads, one
        at a time looks whether its bytes are still the newest, and says how old they are.
        """
        for tries in count(1):
            found = self._site.open(file)
            if found is None:
                break
            with found.file:
                data, digest = _taken(found.file, found.stamp.size, self._largest)
            with self._one_at_a_time:
                if tries < _TRIES and self._site.stamp(file) != found.stamp:
                    continue
                now = self._clock()
                modified = self._modified(file, found.stamp, digest, now)
            return held(path, file, found.stamp, data, digest, modified, now=now, withdrawn=withdrawn)
        return None

    def _modified(self, file: str, stamp: Stamp, digest: str, now: datetime) -> datetime | None:
        """What is said of its age: nothing when it cannot be known what was said before."""
        try:
            known = self._upkeep.version(file)
        except PublisherError:  # whoever gave it has told so
            return None
        modified = moment(stamp.modified, digest, known, now)
        self._upkeep.remember(file, Version(digest, modified))
        return modified

    def _keep(self, path: str, epoch: int, document: Held | None) -> None:
        before = self._held.pop(path, None)
        self._size -= before[1].size if before else 0
        if document is None:
            return
        self._held[path] = (epoch, document)
        self._size += document.size
        while self._size > self._most and len(self._held) > 1:
            _, (_, oldest) = self._held.popitem(last=False)
            self._size -= oldest.size

    def opened(self, document: Held) -> SiteFile | None:
        """The file of a document that is not in memory; None when it is not that one any more."""
        found = self._site.open(document.file)
        if found is not None and found.stamp != document.stamp:
            found.file.close()
            return None
        return found


def _taken(file: BinaryIO, size: int, largest: int) -> tuple[bytes | None, str]:
    """The bytes of a file, unless there are too many to be held, and their SHA-256."""
    if size <= largest:
        data = file.read()
        return data, sha256(data).hexdigest()
    summed = sha256()
    while piece := file.read(_PIECE):
        summed.update(piece)
    return None, summed.hexdigest()
