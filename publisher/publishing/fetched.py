"""What became of a pass over upstream feeds: apart from what makes one, which is loaded late."""

from __future__ import annotations

from dataclasses import dataclass

from publisher.errors import PublisherError


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one pass over the feeds did, one line each."""

    lines: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    errors: tuple[PublisherError, ...] = ()
