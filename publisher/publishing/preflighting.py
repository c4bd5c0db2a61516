"""The gate: no digest is mailed before it was looked at, and what blocks keeps it here until an editor lets it go.

No transaction is open while the world is asked. When a digest is looked at, and when again, is in
docs/design/preflight.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from publisher.digests.intake import PREFLIGHT
from publisher.digests.model import DigestState
from publisher.digests.record import DigestRecord
from publisher.editions import Edition
from publisher.errors import PublisherError, UsageError
from publisher.preflight.model import Finding, Level
from publisher.publishing.inspecting import Inspection, Inspector, Surroundings
from publisher.publishing.ports import Preflight, Store, Unit

EARLIER = 7
"""Published digests of the newsletter that a new one is compared with."""

_BRIEF = 120
"""Characters of the first finding that stand in the reason of a held digest."""


class BlockedError(PublisherError):
    """A digest that preflight keeps here. `findings` are those that block and were not overruled."""

    def __init__(self, inspection: Inspection, despite: Collection[str]) -> None:
        self.inspection = inspection
        self.findings = inspection.blocking(despite)
        self.rules = list(dict.fromkeys(finding.rule for finding in self.findings))
        key = inspection.digest.key
        super().__init__(
            f"{key} is kept here by preflight: {_in_brief(self.findings)}",
            remedy=f"`publisher check {key}` shows everything that was found",
            digest=key,
        )

    @property
    def held_because(self) -> str:
        """The reason of the held digest, one line."""
        return f"{PREFLIGHT}{_in_brief(self.findings)}; `publisher check {self.inspection.digest.key}`"


class Gate:
    """Lets digests pass, or keeps them here.

    Args:
        store: opens transactions.
        inspector: looks at editions.
    """

    def __init__(self, store: Store, inspector: Inspector) -> None:
        self._store = store
        self._inspector = inspector

    @property
    def names(self) -> frozenset[str]:
        """Every rule that may be overruled."""
        return self._inspector.names

    def look(
        self, edition: Edition, pictures: Mapping[str, int] | None, now: datetime, *, ask: bool = True
    ) -> Inspection:
        """Look at an edition, and store nothing.

        Args:
            edition: a stored one, or one that is not published yet.
            pictures: octets of its pictures by name; None: those that the database has for its digest.
            now: aware.
            ask: whether the world is asked, too.

        Raises:
            ConfigError: nothing at all could be mailed, whatever the digest says.
        """
        digest = edition.digest
        with self._store.read() as unit:
            earlier = tuple(unit.editions.earlier(digest.newsletter, EARLIER, exclude=digest.slug))
            sizes = unit.digests.asset_sizes(edition.digest_id) if pictures is None else pictures
            notes = unit.corrections.notes(edition.digest_id)
        return self._inspector.inspect(edition, Surroundings(sizes, earlier, notes), now, ask=ask)

    def check_overruling(self, despite: Collection[str], reason: str) -> None:
        """Refuse to overrule what is not there, or without a word why.

        Raises:
            UsageError: there is no such rule, or no reason.
        """
        if unknown := sorted(set(despite) - self.names):
            known = ", ".join(sorted(self.names))
            raise UsageError(f'there is no rule "{unknown[0]}"', remedy=f"The rules are: {known}")
        if despite and not reason.strip():
            raise UsageError("overruling preflight wants a reason", remedy="Add --reason TEXT; it is kept with it")

    def let_pass(
        self,
        edition: Edition,
        now: datetime,
        despite: Collection[str] = (),
        pictures: Mapping[str, int] | None = None,
    ) -> Inspection:
        """Look at an edition that is about to be mailed; `pictures` as for `look`.

        Raises:
            BlockedError: rules that are not in `despite` keep it here.
            ConfigError: as `look`.
        """
        inspection = self.look(edition, pictures, now)
        if inspection.blocking(despite):
            raise BlockedError(inspection, despite)
        return inspection

    def keep(
        self,
        unit: Unit,
        record: DigestRecord,
        inspection: Inspection,
        edition_id: int | None,
        despite: Iterable[str] = (),
    ) -> None:
        """Store what was found; `edition_id` is None when the digest was kept here."""
        unit.preflights.add(
            digest_id=record.id,
            edition_id=edition_id,
            source_hash=record.source_hash,
            conditions=inspection.conditions,
            at=inspection.at,
            findings=[asdict(finding) for finding in inspection.findings],
            despite=despite,
        )

    def refuse(self, record: DigestRecord, blocked: BlockedError) -> None:
        """Store what kept a digest here that somebody wanted to let go; nothing else changes."""
        with self._store.write() as unit:
            self.keep(unit, record, blocked.inspection, None)

    def reconsider(self, newsletter: str, stale_after: timedelta, now: datetime) -> None:
        """Let go what the gate held under other conditions: it is looked at anew when it is due.

        What was looked at longer than `stale_after` ago stays: nobody expects old news to leave because somebody
        changed a colour.
        """
        since = now - stale_after
        with self._store.read() as unit:
            held = [record.id for record in unit.digests.all(newsletter) if held_here(record)]
            conditions = self._inspector.conditions() if held else ""
            others = [each for each in held if _under_other_conditions(unit, each, conditions, since)]
        for digest_id in others:
            with self._store.write() as unit:
                if _under_other_conditions(unit, digest_id, conditions, since):  # nobody was faster
                    allowed = {DigestState.HELD}
                    unit.digests.set_state(digest_id, DigestState.FINALIZED, from_states=allowed, now=now)
                    unit.events.append("digest.reconsidered", at=now, actor="schedule", digest_id=digest_id)


def held_here(record: DigestRecord) -> bool:
    """Whether it is the gate that holds a digest, and not an editor."""
    return record.state is DigestState.HELD and record.held_because.startswith(PREFLIGHT)


def _under_other_conditions(unit: Unit, digest_id: int, conditions: str, since: datetime) -> bool:
    """Whether the gate holds a digest that it looked at after `since`, under conditions that are no longer so."""
    found = unit.preflights.newest(digest_id)
    changed = found is not None and found.conditions != conditions and found.at >= since
    return changed and held_here(unit.digests.get(digest_id))


def stored_findings(preflight: Preflight) -> tuple[Finding, ...]:
    """The findings of a stored inspection."""
    return tuple(
        Finding(row["rule"], Level(row["level"]), row["message"], row["remedy"], row["place"])
        for row in preflight.findings
    )


def _in_brief(findings: Sequence[Finding]) -> str:
    first = findings[0]
    message = f"{first.where}{first.message}"
    message = message if len(message) <= _BRIEF else message[: _BRIEF - 1] + "…"
    more = f" and {len(findings) - 1} more" if len(findings) > 1 else ""
    return f"{message} ({first.rule}){more}"
