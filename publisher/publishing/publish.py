"""From what is due to a published edition: decided, rendered, then recorded in one transaction.

The transaction is the moment of publication: edition, scheduled mailing and one publication for each endpoint
appear together or not at all. Whoever is killed after it finds everything in the database to go on with.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from publisher import due
from publisher.digests.model import Asset, Digest, DigestState
from publisher.digests.record import DigestRecord, MailChoice
from publisher.editions import Edition, RenderedEdition
from publisher.errors import ConfigError, PublisherError, RenderError
from publisher.ledger import MailingKind, MailingState
from publisher.preflight.model import Finding
from publisher.publishing.ports import Store, Unit
from publisher.publishing.preflighting import BlockedError, Gate
from publisher.publishing.segmenting import Segmenting
from subscribers.segments.frozen import Frozen

UNPUBLISHED = frozenset({DigestState.DRAFT, DigestState.FINALIZED, DigestState.HELD})

Render = Callable[[Digest, bool], RenderedEdition]
"""Renders a digest; the flag says that an earlier digest of the newsletter had the same title."""

MintEntryId = Callable[[DigestRecord], str]


@dataclass(frozen=True, slots=True)
class Cadence:
    """When one newsletter publishes."""

    newsletter: str
    schedule: str
    timezone: str
    stale_after: timedelta


@dataclass(frozen=True, slots=True)
class Published:
    """One digest that has just been published, with what preflight found, if it was mailed."""

    digest: DigestRecord
    mail: MailChoice
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class DueReport:
    """What came of what was due. `held` are the digests this pass held, `errors` what went wrong."""

    published: tuple[Published, ...] = ()
    held: tuple[tuple[DigestRecord, str], ...] = ()
    errors: tuple[PublisherError, ...] = ()

    def __add__(self, other: DueReport) -> DueReport:
        return DueReport(
            self.published + other.published,
            self.held + other.held,
            self.errors + other.errors,
        )


class Publisher:
    """Publishes digests.

    Args:
        store: opens transactions.
        render: makes the edition's bytes.
        mint: the entry id of a digest that has none yet.
        targets: where every publication goes: `endpoint:NAME`, `public:URL`, `hub:URL`.
        gate: looks at what is to be mailed.
        logos: kept with every digest that is published, so that what shows them has them wherever it is put.
        segmenting: whom scheduled mailings go to; None: everybody.
    """

    def __init__(
        self,
        store: Store,
        render: Render,
        mint: MintEntryId,
        targets: Sequence[str],
        gate: Gate,
        logos: Sequence[Asset] = (),
        segmenting: Segmenting | None = None,
    ) -> None:
        self._store = store
        self._render = render
        self._mint = mint
        self._targets = targets
        self._gate = gate
        self._logos = logos
        self._segmenting = segmenting or Segmenting()

    def waiting(self, cadence: Cadence, now: datetime) -> dict[int, str]:
        """What each digest of a newsletter waits for, by its id; nothing for one that does not wait."""
        records = self._records(cadence)
        reason = partial(
            due.waiting_reason,
            schedule=cadence.schedule,
            timezone=cadence.timezone,
            taken=_taken(records),
            now=now,
        )
        return {record.id: reason(record) for record in records}

    def next_event(self, cadence: Cadence, now: datetime) -> datetime | None:
        """When a newsletter next has something to do; None when nothing waits."""
        records = self._records(cadence)
        return due.next_event(
            records, schedule=cadence.schedule, timezone=cadence.timezone, taken=_taken(records), now=now
        )

    def segment(self, unit: Unit, record: DigestRecord) -> Frozen | None:
        """The segment that a digest's scheduled mailing goes to, as it is now; None: everybody.

        Raises:
            ConfigError: the configuration names one that there is not.
        """
        return self._segmenting.of_newsletter(unit, record.newsletter)

    def _records(self, cadence: Cadence) -> Sequence[DigestRecord]:
        with self._store.read() as unit:
            return unit.digests.all(cadence.newsletter)

    def publish_due(self, cadence: Cadence, now: datetime, *, busy: Collection[str] = ()) -> DueReport:
        """Publish, or hold, whatever one newsletter's schedule says is due at `now`.

        A backlog is published in one go, each a second before the next: feeds want moments that differ
        (https://validator.w3.org/feed/docs/warning/DuplicateUpdated.html), and none in the future. What came
        from a file that is `busy` waits: the file says something else by now.
        """
        records = self._records(cadence)
        intents = due.decide(
            records,
            schedule=cadence.schedule,
            timezone=cadence.timezone,
            stale_after=cadence.stale_after,
            taken=_taken(records),
            now=now,
        )
        by_id = {record.id: record for record in records}
        result = DueReport()
        for after, intent in zip(range(len(intents) - 1, -1, -1), intents, strict=True):
            record = by_id[intent.digest_id]
            if record.source in busy:
                continue
            if isinstance(intent, due.Hold):
                result += self._hold(record, intent.reason, now)
            else:
                result += self._publish_one(record, intent, now - timedelta(seconds=after))
        return result

    def _publish_one(self, record: DigestRecord, intent: due.Publish, now: datetime) -> DueReport:
        """Carry one intent out; a digest that cannot be rendered, or must not be mailed, is held."""
        allowed = {DigestState.FINALIZED}
        try:
            done = self._publish(record, intent.slot, intent.mail, now, allowed, actor="schedule")
        except BlockedError as blocked:
            return self._hold(record, blocked.held_because, now, blocked)
        except RenderError as error:
            return self._hold(record, f"it cannot be rendered: {error.message}", now) + DueReport(errors=(error,))
        except ConfigError as error:  # no fault of the digest: it goes when that is mended
            return DueReport(errors=(error,))
        return DueReport(published=(done,)) if done else DueReport()

    def publish_now(
        self, record: DigestRecord, now: datetime, *, actor: str, reason: str, despite: Collection[str] = ()
    ) -> Published | None:
        """Publish and mail one digest whatever the slot; None when somebody else just did.

        Args:
            record: the digest.
            now: aware.
            actor: who says so.
            reason: why.
            despite: rules that shall not keep it here.

        Raises:
            BlockedError: other rules keep it here; what they found is stored, nothing else has changed.
            RenderError: it cannot be rendered; nothing has changed.
        """
        mailed = MailChoice.MAILED
        try:
            return self._publish(
                record, None, mailed, now, UNPUBLISHED, actor=actor, reason=reason, despite=despite
            )
        except BlockedError as blocked:
            self._gate.refuse(record, blocked)
            raise

    def _hold(
        self, record: DigestRecord, reason: str, now: datetime, blocked: BlockedError | None = None
    ) -> DueReport:
        with self._store.write() as unit:
            if unit.digests.get(record.id).source_hash != record.source_hash:
                return DueReport()  # replaced meanwhile: the next pass judges the new one
            changed = unit.digests.set_state(
                record.id, DigestState.HELD, held_because=reason, from_states={DigestState.FINALIZED}, now=now
            )
            if changed:
                data = {"reason": reason} | ({"rules": blocked.rules} if blocked else {})
                unit.events.append("digest.held", at=now, actor="schedule", digest_id=record.id, data=data)
                if blocked:
                    self._gate.keep(unit, record, blocked.inspection, None)
        return DueReport(held=((record, reason),)) if changed else DueReport()

    def _publish(
        self,
        record: DigestRecord,
        slot: datetime | None,
        mail: MailChoice,
        now: datetime,
        from_states: Collection[DigestState],
        *,
        actor: str,
        reason: str = "",
        despite: Collection[str] = (),
    ) -> Published | None:
        with self._store.read() as unit:
            digest = unit.digests.content(record.id)
            repeats = unit.digests.title_published_before(record.newsletter, record.title, record.id)
            segment = self.segment(unit, record) if mail is MailChoice.MAILED else None
        rendered = self._render(digest, repeats)
        draft = Edition(0, record.id, 1, digest, rendered, "", now, now)
        inspection = self._gate.let_pass(draft, now, despite) if mail is MailChoice.MAILED else None
        with self._store.write() as unit:
            if unit.digests.get(record.id).source_hash != record.source_hash:
                return None  # replaced while it was rendered: the next pass takes the new one
            entry_id = record.entry_id or self._mint(record)
            if not unit.digests.publish(
                record.id, slot=slot, mail=mail, entry_id=entry_id, now=now, from_states=from_states
            ):
                return None
            unit.digests.add_assets(record.id, self._logos)
            edition_id = unit.editions.add(
                digest_id=record.id,
                number=1,
                digest=digest,
                rendered=rendered,
                source_hash=record.source_hash,
                note="",
                created_at=now,
                updated_at=now,
            )
            overruled: list[str] = []
            if inspection:
                overruled = inspection.overruled(despite)
                self._gate.keep(unit, record, inspection, edition_id, overruled)
                plan_scheduled(unit, record.id, edition_id, now, actor=actor, reason=reason, segment=segment)
            for target in self._targets:
                unit.publications.ensure(target, now)
            data = {"mail": mail, "reason": reason, "slot": slot.isoformat() if slot else None}
            unit.events.append(
                "digest.published",
                at=now,
                actor=actor,
                digest_id=record.id,
                data=data | ({"despite": overruled} if overruled else {}),
            )
        return Published(record, mail, inspection.findings if inspection else ())


def _taken(records: Iterable[DigestRecord]) -> frozenset[datetime]:
    """The slots that digests took."""
    return frozenset(record.slot for record in records if record.slot)


def plan_scheduled(
    unit: Unit,
    digest_id: int,
    edition_id: int,
    now: datetime,
    *,
    actor: str,
    reason: str,
    segment: Frozen | None = None,
) -> int | None:
    """Add the one scheduled mailing of a digest; it waits for the pages. None when there is one already."""
    return unit.mailings.add(
        digest_id=digest_id,
        edition_id=edition_id,
        kind=MailingKind.SCHEDULED,
        state=MailingState.WAITING,
        actor=actor,
        reason=reason,
        selection=None,
        segment=segment,
        now=now,
    )
