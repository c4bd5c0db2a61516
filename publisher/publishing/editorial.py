"""What an editor does by hand: finalize, hold, release. The same acts for the command line, a desk and an API."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from publisher.digests.intake import PREFLIGHT
from publisher.digests.model import DigestState
from publisher.digests.record import DigestRecord, MailChoice
from publisher.errors import UsageError
from publisher.ledger import MailingKind
from publisher.publishing.ports import Store
from publisher.publishing.preflighting import BlockedError, Gate
from publisher.publishing.publish import UNPUBLISHED, Publisher, plan_scheduled
from publisher.publishing.refusals import overtaken, refusal
from publisher.publishing.wording import reason_of

SUGGESTED = 3
"""Digests that are proposed to somebody who mistyped one."""


class Editorial:
    """Acts on one digest, each recorded with its actor and reason."""

    def __init__(self, store: Store, publisher: Publisher, gate: Gate) -> None:
        self._store = store
        self._publisher = publisher
        self._gate = gate

    def find(self, text: str) -> DigestRecord:
        """The digest that `slug` or `newsletter/slug` names.

        Raises:
            UsageError: none does, or several newsletters have one of that slug.
        """
        with self._store.read() as unit:
            found = unit.digests.find(text)
            near = [] if found else [each.key for each in unit.digests.all() if text in each.key][:SUGGESTED]
        if not found:
            remedy = (
                f"Did you mean {' or '.join(near)}?" if near else "`publisher digest list` shows what is known"
            )
            raise UsageError(f'there is no digest "{text}"', remedy=remedy)
        if len(found) > 1:
            keys = ", ".join(record.key for record in found)
            raise UsageError(f'"{text}" names several digests', remedy=f"Write one of: {keys}")
        return found[0]

    def all(self, newsletter: str | None = None) -> Sequence[DigestRecord]:
        """Every digest, newest-dated first."""
        with self._store.read() as unit:
            return unit.digests.all(newsletter)

    def origins(self) -> dict[str, str]:
        """Of each digest that was made of upstream feeds, by `newsletter/slug`, the feed's name."""
        with self._store.read() as unit:
            found = unit.upstream.origins()
        return {f"{newsletter}/{slug}": feed for (newsletter, slug), feed in found.items()}

    def finalize(self, record: DigestRecord, now: datetime, *, actor: str) -> None:
        """Say that a draft is final: it goes at its slot.

        Raises:
            UsageError: it is no draft.
        """
        self._change(record, DigestState.FINALIZED, {DigestState.DRAFT}, "digest.finalized", now, actor=actor)

    def hold(self, record: DigestRecord, now: datetime, *, actor: str, reason: str) -> None:
        """Keep a digest back until it is released; one that preflight holds then no longer goes by itself.

        Raises:
            UsageError: it is public already, or the reason is one that preflight gives.
        """
        reason = reason_of(reason)
        if reason.startswith(PREFLIGHT):
            raise UsageError(f'a reason that begins with "{PREFLIGHT}" is preflight\'s own', remedy="Word it anew")
        self._change(record, DigestState.HELD, UNPUBLISHED, "digest.held", now, actor=actor, reason=reason)

    def release(
        self,
        record: DigestRecord,
        now: datetime,
        *,
        actor: str,
        reason: str,
        mail: bool,
        despite: Collection[str] = (),
    ) -> str:
        """Publish now, whatever the slot; with `mail`, mail a digest that went to page and feeds only.

        Args:
            record: the digest.
            now: aware.
            actor: who says so.
            reason: why; wanted with `despite`.
            mail: whether a published one is meant.
            despite: rules of preflight that shall not keep it here.

        Returns:
            What was done, one line.

        Raises:
            UsageError: there is nothing to release, or a rule of `despite` does not exist.
            BlockedError: rules that are not in `despite` keep it here; nothing but what they found is stored.
            RenderError: it cannot be rendered; nothing has changed.
        """
        reason = reason_of(reason)
        self._gate.check_overruling(despite, reason)
        if record.state is DigestState.PUBLISHED:
            return self._mail_backlog(record, now, actor=actor, reason=reason, mail=mail, despite=despite)
        if record.state is DigestState.WITHDRAWN:
            raise self._refused(record.id, DigestState.PUBLISHED)
        if not self._publisher.publish_now(record, now, actor=actor, reason=reason, despite=despite):
            raise overtaken(record)
        return f"{record.key} is published; its mail leaves as soon as its page is stored"

    def _mail_backlog(
        self,
        record: DigestRecord,
        now: datetime,
        *,
        actor: str,
        reason: str,
        mail: bool,
        despite: Collection[str],
    ) -> str:
        with self._store.read() as unit:
            edition = unit.editions.newest(record.id)
            mailed = any(mailing.kind is MailingKind.SCHEDULED for mailing in unit.mailings.all(record.id))
        if not mail or mailed or edition is None:
            raise self._refused(record.id, DigestState.PUBLISHED)
        try:
            inspection = self._gate.let_pass(edition, now, despite)
        except BlockedError as blocked:
            self._gate.refuse(record, blocked)
            raise
        overruled = inspection.overruled(despite)
        with self._store.write() as unit:
            unit.plans.lock_digest(record.id)
            newest = unit.editions.newest(record.id)
            same = newest is not None and newest.id == edition.id
            if unit.digests.get(record.id).state is not DigestState.PUBLISHED or not same:
                raise overtaken(record)
            segment = self._publisher.segment(unit, record)
            planned = plan_scheduled(unit, record.id, edition.id, now, actor=actor, reason=reason, segment=segment)
            if planned is None:
                raise overtaken(record)
            unit.digests.set_mail(record.id, MailChoice.MAILED)
            self._gate.keep(unit, record, inspection, edition.id, overruled)
            data = {"mail": True, "reason": reason} | ({"despite": overruled} if overruled else {})
            unit.events.append("digest.released", at=now, actor=actor, digest_id=record.id, data=data)
        return f"{record.key} is to be mailed"

    def _change(
        self,
        record: DigestRecord,
        state: DigestState,
        from_states: Collection[DigestState],
        event: str,
        now: datetime,
        *,
        actor: str,
        reason: str = "",
    ) -> None:
        with self._store.write() as unit:
            changed = unit.digests.set_state(
                record.id, state, held_because=reason, from_states=from_states, now=now
            )
            if changed:
                unit.events.append(event, at=now, actor=actor, digest_id=record.id, data={"reason": reason})
        if not changed:
            raise self._refused(record.id, state)

    def _refused(self, digest_id: int, wanted: DigestState) -> UsageError:
        """Why a digest cannot be brought into a state, by where it and its mail stand now."""
        with self._store.read() as unit:
            record, mailings = unit.digests.get(digest_id), unit.mailings.all(digest_id)
        what, remedy = refusal(record, mailings, wanted)
        return UsageError(f"{record.key} {what}", remedy=remedy, digest=record.key)
