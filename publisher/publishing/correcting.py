"""Correcting what went out: the next edition, everywhere at once, and whoever is still to be mailed gets that one.

An editor who corrects knows that what leaves is wrong. So mail under way is paused first, and only then is the
correction rendered and looked at; what is refused leaves it paused. Why, and what becomes of whose mail, is in
docs/design/corrections.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from publisher.digests.model import Asset, Digest, DigestState
from publisher.digests.record import DigestRecord
from publisher.editions import Edition, Note, RenderedEdition
from publisher.errors import UsageError
from publisher.ledger import DeliveryState
from publisher.preflight.model import Finding
from publisher.publishing.controlling import Leave
from publisher.publishing.intake import Intake
from publisher.publishing.ports import Store, Unit
from publisher.publishing.preflighting import Gate
from publisher.publishing.refusals import not_correctable, overtaken
from publisher.publishing.succession import Succession, succeed, suspend
from publisher.publishing.wording import note_of, reason_of

RenderCorrected = Callable[[Digest, bool, Sequence[Note]], RenderedEdition]
"""Renders a digest with the notes of its corrections; the flag as for `publish.Render`."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction that was read, and may be made. `newest` is the edition that it follows."""

    record: DigestRecord
    newest: Edition
    digest: Digest
    assets: tuple[Asset, ...]
    source: str
    source_hash: str
    note: str


@dataclass(frozen=True, slots=True)
class Corrected:
    """What came of it.

    Args:
        record: the digest as it stands now.
        number: of the new edition.
        successions: what became of each mailing that was under way.
        readers: those who have an older edition.
        uncertain: those who may have one.
        findings: what preflight found, and let go.
    """

    record: DigestRecord
    number: int
    successions: tuple[Succession, ...]
    readers: int
    uncertain: int
    findings: tuple[Finding, ...] = ()


class Correcting:
    """Corrects digests.

    Args:
        store: opens transactions.
        intake: reads files.
        render: makes the edition's bytes.
        gate: looks at the correction as at any mail.
        targets: where every publication goes: `endpoint:NAME`, `public:URL`, `hub:URL`.
        leave: moves on what cancelled mailings have unsent.
        logos: kept with the digest, as when it was published.
    """

    def __init__(
        self,
        store: Store,
        intake: Intake,
        render: RenderCorrected,
        gate: Gate,
        targets: Sequence[str],
        leave: Leave,
        logos: Sequence[Asset] = (),
    ) -> None:
        self._store = store
        self._intake = intake
        self._render = render
        self._gate = gate
        self._targets = targets
        self._leave = leave
        self._logos = logos

    def read(self, file: Path, now: datetime, *, note: str) -> Correction:
        """Read a correction as the inbox would; its newsletter and slug name the digest. Nothing is changed.

        But when the file says what readers have already: then the inbox will know it as no change.

        Args:
            file: wherever it lies; or as it is called in the inbox.
            now: aware.
            note: what was wrong, in words for readers.

        Raises:
            UsageError: there is no such digest, it cannot be corrected, nothing has changed, or the note is none.
            DigestError: the file cannot be read as a digest.
        """
        note = note_of(note)
        found = self._intake.found(file, now)
        digest = found.ready.digest
        with self._store.read() as unit:
            record = self._record(unit, digest, file)
            newest = unit.editions.newest(record.id)
        if record.state is not DigestState.PUBLISHED or newest is None:
            raise not_correctable(record)
        correction = Correction(
            record,
            newest,
            digest,
            found.ready.assets,
            # Of a file elsewhere the inbox knows nothing: its own file goes on being the digest's.
            found.finding.path if found.inside else record.source,
            found.finding.source_hash,
            note,
        )
        if replace(digest, publish_at=None) == replace(newest.digest, publish_at=None):
            with self._store.write() as unit:
                unit.digests.know_file(record.id, source=correction.source, source_hash=correction.source_hash)
            raise UsageError(
                f"nothing has changed: edition {newest.number} of {record.key} says the same",
                remedy="Change the file, then do it again",
                digest=record.key,
            )
        return correction

    def stop(self, correction: Correction, now: datetime, *, actor: str) -> tuple[int, ...]:
        """Pause every mailing of the digest that is under way; their numbers. `correct` does it, too."""
        with self._store.write() as unit:
            return suspend(unit, correction.record.id, now, actor=actor, note=correction.note)

    def correct(
        self,
        correction: Correction,
        now: datetime,
        *,
        actor: str,
        minor: bool = False,
        despite: Collection[str] = (),
        reason: str = "",
    ) -> Corrected:
        """Make the next edition; its endpoints are brought up by the next pass.

        Args:
            correction: as `read` gave it.
            now: aware.
            actor: who says so.
            minor: the entry's `updated` stays what it was, so that feed readers show nobody something new.
            despite: rules of preflight that shall not keep it here.
            reason: why they shall not.

        Raises:
            UsageError: somebody else was faster, or a rule of `despite` does not exist.
            BlockedError: other rules keep it here. What was under way stays paused.
            RenderError: it cannot be rendered. Likewise.
        """
        reason = reason_of(reason)
        self._gate.check_overruling(despite, reason)
        self.stop(correction, now, actor=actor)
        edition = self._edition(correction, now, minor=minor)
        sizes = {asset.name: len(asset.data) for asset in correction.assets}
        inspection = self._gate.let_pass(edition, now, despite, sizes)
        overruled = inspection.overruled(despite)
        with self._store.write() as unit:
            edition_id = self._keep(unit, correction, edition)
            record = unit.digests.get(edition.digest_id)
            self._gate.keep(unit, record, inspection, edition_id, overruled)
            successions = succeed(unit, record.id, edition_id, now, actor=actor, note=correction.note)
            for target in self._targets:
                unit.publications.ensure(target, now)
            data = {
                "edition": edition.number,
                "note": edition.note,
                "minor": minor,
                "mailings": [each.mailing_id for each in successions],
            }
            despite_data = {"despite": overruled, "reason": reason} if overruled else {}
            unit.events.append(
                "digest.corrected", at=now, actor=actor, digest_id=record.id, data=data | despite_data
            )
        self._leave(now)
        with self._store.read() as unit:
            reached = unit.corrections.reached_by_others(record.id, edition_id)
        return Corrected(
            record,
            edition.number,
            successions,
            readers=sum(number for state, number in reached.items() if state is not DeliveryState.UNCERTAIN),
            uncertain=reached.get(DeliveryState.UNCERTAIN, 0),
            findings=inspection.findings,
        )

    def _record(self, unit: Unit, digest: Digest, file: Path) -> DigestRecord:
        known = unit.digests.find(digest.key)
        if known:
            return known[0]
        same_day = [each.slug for each in unit.digests.all(digest.newsletter) if each.date == digest.date]
        slug = f"`slug: {same_day[0]}`" if len(same_day) == 1 else "the digest's `slug`"
        raise UsageError(
            f"{file} would be the digest {digest.key}, and there is none of that name",
            remedy=f"Give it {slug} in its front matter, or the name of the digest's file",
        )

    def _edition(self, correction: Correction, now: datetime, *, minor: bool) -> Edition:
        """The next edition, not stored yet. What readers have seen as its moment never goes back."""
        record, newest, digest = correction.record, correction.newest, correction.digest
        with self._store.read() as unit:
            repeats = unit.digests.title_published_before(
                record.newsletter, digest.title, record.id, moment=record.published_at
            )
            notes = (
                *unit.corrections.notes(record.id),
                Note(now, correction.note, minor, (newest.digest, digest)),
            )
        rendered = self._render(digest, repeats, notes)
        updated_at = newest.updated_at if minor else max(now, newest.updated_at)
        return Edition(0, record.id, newest.number + 1, digest, rendered, correction.note, now, updated_at)

    def _keep(self, unit: Unit, correction: Correction, edition: Edition) -> int:
        """Store the edition, and what the digest says now; the edition's id.

        Raises:
            UsageError: somebody else corrected or withdrew it since it was read.
        """
        record = correction.record
        unit.plans.lock_digest(record.id)
        newest = unit.editions.newest(record.id)
        same = newest is not None and newest.id == correction.newest.id
        if not same or not unit.digests.correct(
            record.id, correction.digest, source=correction.source, source_hash=correction.source_hash
        ):
            raise overtaken(record)
        unit.digests.add_assets(record.id, (*correction.assets, *self._logos))
        return unit.editions.add(
            digest_id=record.id,
            number=edition.number,
            digest=edition.digest,
            rendered=edition.rendered,
            source_hash=correction.source_hash,
            note=edition.note,
            created_at=edition.created_at,
            updated_at=edition.updated_at,
        )
