"""What to do about each digest that the inbox holds, and about those that left it. Pure.

Identity is newsletter and slug. The same bytes are the same digest, whatever the file is called; other bytes under
a known slug replace what is not yet published, and are only told about when it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from publisher.digests.findings import Finding, Scan
from publisher.digests.model import DigestState
from publisher.digests.record import DigestRecord
from publisher.errors import DigestError

LEFT = "its file left the inbox"
"""Why a finalized digest is held when its file is gone; the same file coming back releases exactly this."""

PREFLIGHT = "preflight: "
"""How the reason begins for which preflight holds a digest; another revision of the file is looked at anew."""


@dataclass(frozen=True, slots=True)
class Take:
    """A new digest."""

    finding: Finding
    state: DigestState

    @property
    def message(self) -> str:
        """One line for the editor."""
        return f"{self.finding.path}: taken as {self.finding.digest.key}, {self.state}"


@dataclass(frozen=True, slots=True)
class Replace:
    """An unpublished digest whose file says something else now.

    All of the finding goes into the record: content, date, path, hash and, when they changed, newsletter and slug,
    which nobody outside has seen yet. `held_because` is the reason to keep when `state` is HELD.
    """

    record: DigestRecord
    finding: Finding
    state: DigestState
    held_because: str = ""

    @property
    def record_id(self) -> int:
        """The id of the record to replace."""
        return self.record.id

    @property
    def message(self) -> str:
        """One line for the editor."""
        renamed = f" (it was {self.record.key})" if self.record.key != self.finding.digest.key else ""
        still = f", still held: {self.held_because}" if self.state is DigestState.HELD else f", {self.state}"
        return f"{self.finding.path}: {self.finding.digest.key} replaced{renamed}{still}"


@dataclass(frozen=True, slots=True)
class Ignore:
    """The same bytes as a digest that is known, or another revision of a withdrawn one."""

    finding: Finding
    record: DigestRecord | None
    message: str = ""
    """One line for the editor, or nothing when there is nothing to tell."""


@dataclass(frozen=True, slots=True)
class ChangedAfterPublication:
    """Other bytes for a digest that readers have: never republished by itself."""

    record: DigestRecord
    finding: Finding

    @property
    def message(self) -> str:
        """One line for the editor."""
        return (
            f"{self.finding.path}: changed after {self.record.key} was published, and not published again; "
            f"to correct it: `publisher digest correct {self.finding.path} --note TEXT`"
        )


@dataclass(frozen=True, slots=True)
class Conflict:
    """Another file claims a slug that is taken."""

    finding: Finding
    error: DigestError

    @property
    def message(self) -> str:
        """One line for the editor."""
        return str(self.error)


@dataclass(frozen=True, slots=True)
class Vanished:
    """A finalized digest whose file left the inbox before it was published: to be held, for the reason `LEFT`."""

    record: DigestRecord

    @property
    def message(self) -> str:
        """One line for the editor."""
        return f"{self.record.source}: {self.record.key} is held, as {LEFT}"


@dataclass(frozen=True, slots=True)
class Restore:
    """A digest held for the reason `LEFT` whose file is back, byte for byte: finalized again."""

    record: DigestRecord
    finding: Finding

    @property
    def message(self) -> str:
        """One line for the editor."""
        return f"{self.finding.path}: {self.record.key} is no longer held, as its file is back"


Intent = Take | Replace | Ignore | ChangedAfterPublication | Conflict | Vanished | Restore

_UNPUBLISHED = frozenset({DigestState.DRAFT, DigestState.FINALIZED, DigestState.HELD})


@dataclass(slots=True)
class _Decider:
    """The known digests by what findings are compared with, and what was decided in this pass so far."""

    present: frozenset[str]
    by_key: dict[tuple[str, str], DigestRecord] = field(default_factory=dict)
    by_hash: dict[tuple[str, str], DigestRecord] = field(default_factory=dict)
    by_source: dict[str, DigestRecord] = field(default_factory=dict)
    claims: dict[tuple[str, str], Finding] = field(default_factory=dict)
    """The finding that each slug went to in this pass."""
    hashes: dict[tuple[str, str], Finding] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)

    def learn(self, known: Iterable[DigestRecord], earlier: Iterable[tuple[int, str]]) -> None:
        for record in known:
            self.by_key[record.newsletter, record.slug] = record
            self.by_hash.setdefault((record.newsletter, record.source_hash), record)
            if record.state in _UNPUBLISHED and record.source:
                self.by_source[record.source] = record
        by_id = {record.id: record for record in known}
        for digest_id, source_hash in earlier:
            if corrected := by_id.get(digest_id):
                self.by_hash.setdefault((corrected.newsletter, source_hash), corrected)

    def decide(self, finding: Finding) -> Intent:
        key = finding.digest.newsletter, finding.digest.slug
        content = finding.digest.newsletter, finding.source_hash
        if same := self.by_hash.get(content):
            return self._same(same, finding)
        if twin := self.hashes.get(content):
            return Ignore(finding, None, f"{finding.path}: the same as {twin.path}, ignored")
        if other := self.claims.get(key):
            return _conflict(finding, other.path)
        record = self.by_key.get(key)
        if record and record.source != finding.path and record.source in self.present:
            return _conflict(finding, record.source)
        record = record or self._own(finding)
        self.claims[key] = finding
        self.hashes[content] = finding
        if record is None:
            return Take(finding, _wanted(finding))
        self.touched.add(record.id)
        return _changed(record, finding)

    def _own(self, finding: Finding) -> DigestRecord | None:
        """The unpublished digest that this very file had become, under a name that it no longer claims."""
        record = self.by_source.get(finding.path)
        return record if record and record.id not in self.touched else None

    def _same(self, record: DigestRecord, finding: Finding) -> Intent:
        self.touched.add(record.id)
        if record.state is DigestState.HELD and record.held_because == LEFT:
            return Restore(record, finding)
        return Ignore(finding, record)


def decide(scan: Scan, known: Sequence[DigestRecord], earlier: Iterable[tuple[int, str]] = ()) -> list[Intent]:
    """What to do, in the order of the files' paths; what left the inbox comes last.

    Args:
        scan: a look at the inbox.
        known: every digest in the database.
        earlier: (digest id, hash) of the files that corrected digests were before: one of those that is still
            there is no change.
    """
    decider = _Decider(scan.present)
    decider.learn(known, earlier)
    findings = sorted(scan.findings, key=lambda finding: _precedence(finding, decider))
    intents = [decider.decide(finding) for finding in findings]
    elsewhere = {intent.finding.path for intent in intents if not isinstance(intent, (Conflict, Vanished))}
    here = scan.present - elsewhere
    gone = [record for record in known if record.id not in decider.touched and _is_gone(record, here)]
    return [*sorted(intents, key=_path), *(Vanished(record) for record in gone)]


def _precedence(finding: Finding, decider: _Decider) -> tuple[bool, str]:
    """A file goes on claiming the slug it has before another may ask for it; then by path."""
    record = decider.by_key.get((finding.digest.newsletter, finding.digest.slug))
    return record is None or record.source != finding.path, finding.path


def _path(intent: Intent) -> str:
    return "" if isinstance(intent, Vanished) else intent.finding.path


def _wanted(finding: Finding) -> DigestState:
    return DigestState.DRAFT if finding.draft else DigestState.FINALIZED


def _changed(record: DigestRecord, finding: Finding) -> Intent:
    """Other bytes for a digest that is known, by its state."""
    match record.state:
        case DigestState.PUBLISHED:
            return ChangedAfterPublication(record, finding)
        case DigestState.WITHDRAWN:
            return Ignore(finding, record, f"{finding.path}: changed, but {record.key} is withdrawn; ignored")
        case DigestState.HELD if record.held_because != LEFT and not record.held_because.startswith(PREFLIGHT):
            return Replace(record, finding, DigestState.HELD, record.held_because)
        case _:
            return Replace(record, finding, _wanted(finding))


def _conflict(finding: Finding, other: str) -> Conflict:
    return Conflict(
        finding,
        DigestError(
            f"{finding.digest.key} is already the digest of {other}",
            remedy="Give one of them another name, or a slug in its front matter",
            file=finding.path,
            digest=finding.digest.key,
        ),
    )


def _is_gone(record: DigestRecord, here: Collection[str]) -> bool:
    """Whether nothing in the inbox stands for the digest any more; its file may hold another digest by now."""
    return record.state is DigestState.FINALIZED and bool(record.source) and record.source not in here
