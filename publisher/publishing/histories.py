"""Everything that is known about one digest: its editions, mailings, publications, and every act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from publisher.digests.record import DigestRecord
from publisher.editions import EditionFacts, Publication
from publisher.ledger import DeliveryState, Mailing
from publisher.publishing.ports import Event, Preflight, Store


@dataclass(frozen=True, slots=True)
class History:
    """One digest as it stands and how it came there; editions, mailings and events the oldest first.

    `counts` are the sums of each mailing by its id, `preflight` what was found when the digest was last to be
    mailed, None when it never was.
    """

    record: DigestRecord
    editions: Sequence[EditionFacts] = ()
    mailings: Sequence[Mailing] = ()
    publications: Sequence[Publication] = ()
    events: Sequence[Event] = ()
    counts: Mapping[int, Mapping[DeliveryState, int]] = field(default_factory=dict)
    preflight: Preflight | None = None


class Histories:
    """Reads them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, record: DigestRecord) -> History:
        """The history of a digest, read at one moment."""
        with self._store.read() as unit:
            editions = tuple(unit.editions.history(record.id))
            mailings = tuple(unit.mailings.all(record.id))[::-1]
            return History(
                record=unit.digests.get(record.id),
                editions=editions,
                mailings=mailings,
                publications=tuple(row for each in editions for row in unit.publications.of_edition(each.id)),
                events=tuple(unit.events.of_digest(record.id)),
                counts={mailing.id: unit.mailings.counts(mailing.id) for mailing in mailings},
                preflight=unit.preflights.newest(record.id),
            )
