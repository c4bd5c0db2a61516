"""A digest's history as one list of lines, the oldest first: who did what when, why, and how many it was. Pure.

What is not over yet (a mailing that runs, an endpoint that is behind) stands at the end, without a moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from publisher.editions import Publication, PublicationState
from publisher.ledger import OPEN, Mailing, MailingKind, MailingState, Standing
from publisher.publishing.histories import History
from publisher.publishing.ports import Event


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a timeline. `at` None: it is so now. `who` is empty where nobody did it."""

    at: datetime | None
    who: str
    what: str
    why: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


_MAIL = {
    "mailed": "page, feeds and mail",
    "backlog": "page and feeds only, not mailed: backlog",
    "none": "page and feeds only",
}
_ACTS = {
    "failed": "to those whose mail failed",
    "missed": "to those who had none",
    "uncertain": "to those whose mail is uncertain",
    "to": "to one person",
    "correction": "of the correction",
}
"""Whom a resend goes to, by its act."""

_LATER = datetime.max.replace(tzinfo=UTC)


def _taken(data: Mapping[str, Any]) -> str:
    draft = ", a draft" if data.get("state") == "draft" else ""
    return f"taken from the inbox: {data.get('source', '')}{draft}"


def _published(data: Mapping[str, Any]) -> str:
    mail = str(data.get("mail", ""))
    return f"published: {_MAIL.get(mail, mail)}"


def _corrected(data: Mapping[str, Any]) -> str:
    number = f": edition {data['edition']}" if data.get("edition") else ""
    return f"corrected{number}{', a minor one' if data.get('minor') else ''}"


def _resend(data: Mapping[str, Any]) -> str:
    act = str(data.get("act") or data.get("kind") or "")
    again = ", although they have it" if data.get("again") else ""
    return f"ordered, {_ACTS.get(act, act)}{again}{_in_segment(data)}"


def _started(data: Mapping[str, Any]) -> str:
    return f"began{_in_segment(data)}"


def _in_segment(data: Mapping[str, Any]) -> str:
    segment = data.get("segment")
    return f", to the segment {segment['name']} ({segment['expression']})" if segment else ""


def _paused(data: Mapping[str, Any]) -> str:
    if data.get("brakes"):
        return "paused itself"
    return "paused for a correction" if data.get("correction") else "paused"


def _decided(data: Mapping[str, Any]) -> str:
    return (
        "suppressions that waited: carried out" if "suppressed" in data else "suppressions that waited: forgiven"
    )


def _reconciled(data: Mapping[str, Any]) -> str:
    accepted, failed, left = (data.get(name, 0) for name in ("accepted", "failed", "left"))
    return f"providers were asked about uncertain mails: {accepted} taken, {failed} not, {left} still uncertain"


def _superseded(data: Mapping[str, Any]) -> str:
    return f"ended by a correction: mailing {data.get('by', '')} goes on"


WORDS: Mapping[str, str | Callable[[Mapping[str, Any]], str]] = {
    "digest.taken": _taken,
    "digest.finalized": "declared final",
    "digest.held": "held",
    "digest.reconsidered": "to be looked at anew: configuration or templates have changed",
    "digest.restored": "its file came back into the inbox",
    "digest.published": _published,
    "digest.released": "to be mailed after all",
    "digest.corrected": _corrected,
    "digest.withdrawn": "withdrawn",
    "subscriber.erased": "somebody was forgotten",
    "mailing.started": _started,
    "mailing.judged": "taken well by those who were mailed first; the rest follows",
    "mailing.paused": _paused,
    "mailing.resumed": "resumed",
    "mailing.held": "came back too often with the same words: suppressions wait for an editor",
    "mailing.decided": _decided,
    "mailing.reconciled": _reconciled,
    "mailing.cancelled": "cancelled",
    "mailing.superseded": _superseded,
    "mailing.resend": _resend,
}
"""The plain words of every kind of docs/events.md: as they are, or made of its data."""

_WHY = {"reason": "{}", "alert": "{}", "note": "readers are told: {}", "notice": "readers are told: {}"}
"""What of an event's data says why, and how it is said."""

_NUMBERS = {"subscribers": "to be mailed", "unsent": "unsent", "suppressed": "suppressed", "forgiven": "forgiven"}
"""What of an event's data says how many, and of what."""

_STATES = {
    MailingState.WAITING: "waits for its page",
    MailingState.RUNNING: "is on its way",
    MailingState.PAUSED: "is paused",
    MailingState.DONE: "ended",
    MailingState.CANCELLED: "ended, cancelled",
}


def timeline(history: History) -> tuple[Line, ...]:
    """All lines, in order; of one moment, what an edition became before what mailings did."""
    ordered = [
        *_events(history, "digest."),
        *_publications(history),
        *_events(history, "mailing."),
        *_mailings(history),
    ]
    return tuple(sorted(ordered, key=lambda line: line.at or _LATER))


def _events(history: History, kinds: str) -> Iterator[Line]:
    called = {mailing.id: _called(mailing) for mailing in history.mailings}
    for event in history.events:
        if event.kind.startswith(kinds):
            what = words_of(event)
            if event.mailing_id is not None:
                what = f"{called.get(event.mailing_id, f'mailing {event.mailing_id}')} {what}"
            yield Line(event.at, event.actor, what, _why(event.data), _numbers(event.data))


def words_of(event: Event) -> str:
    """What happened, in plain words; the kind itself for one that this version does not know."""
    words = WORDS.get(event.kind, event.kind)
    return words if isinstance(words, str) else words(event.data)


def _why(data: Mapping[str, Any]) -> str:
    said = [words.format(data[name]) for name, words in _WHY.items() if data.get(name)]
    if data.get("despite"):
        said.append(f"despite {', '.join(data['despite'])}")
    return "; ".join(said)


def _numbers(data: Mapping[str, Any]) -> dict[str, int]:
    numbers = {words: int(data[name]) for name, words in _NUMBERS.items() if data.get(name)}
    return numbers | _left_out(data.get("left_out") or {})


def _left_out(reasons: Mapping[str, int]) -> dict[str, int]:
    return {f"left out ({reason})": number for reason, number in reasons.items() if number}


def _publications(history: History) -> Iterator[Line]:
    """A line for each place that has the page of an edition; what is not there is so now."""
    number_of = {edition.id: edition.number for edition in history.editions}
    several = len(number_of) > 1
    for row in history.publications:
        kind, _, place = row.target.partition(":")
        if kind != "endpoint":
            yield from _announced(kind, place, row)
            continue
        page = f"page of edition {number_of[row.edition_id]}" if several else "page"
        if row.pages_at is not None:
            what = "notice stored in place of the page" if _is_notice(history, row.pages_at) else f"{page} stored"
            yield Line(row.pages_at, "", f"{what} at {place}")
        if row.state is PublicationState.BEHIND:
            yield Line(None, "", f"{page} and feeds are not all at {place}; tried again", row.error)
        elif row.state is PublicationState.PENDING:
            yield Line(None, "", f"{page} and feeds have still to be put at {place}")


def _announced(kind: str, place: str, row: Publication) -> Iterator[Line]:
    """A hub or the public site of which something is still to be told; what is well is not worth a line."""
    what = "announced to the hub" if kind == "hub" else "seen at the public address"
    if row.state is PublicationState.BEHIND:
        yield Line(None, "", f"not yet {what} {place}; tried again", row.error)
    elif row.state is PublicationState.PENDING:
        yield Line(None, "", f"has still to be {what} {place}")


def _is_notice(history: History, stored_at: datetime) -> bool:
    withdrawn_at = history.record.withdrawn_at
    return withdrawn_at is not None and stored_at >= withdrawn_at


def _mailings(history: History) -> Iterator[Line]:
    """How each mailing ended, or stands; who is left out of it by the plan stands with it."""
    for mailing in history.mailings:
        counts = {str(state): number for state, number in history.counts.get(mailing.id, {}).items()}
        at = None if mailing.state in OPEN else mailing.finished_at
        stands = _STATES[mailing.state] if at or mailing.state in OPEN else "is being ended"
        yield Line(
            at,
            "",
            f"{_called(mailing)} {stands}",
            _heir(mailing),
            counts | _left_out(mailing.left_out),
        )


def _heir(mailing: Mailing) -> str:
    return f"mailing {mailing.superseded_by} goes on" if mailing.superseded_by else ""


def _called(mailing: Mailing) -> str:
    """How people call it: by its number, and what it is beside the scheduled one."""
    if mailing.kind is MailingKind.SCHEDULED:
        return f"mailing {mailing.id}"
    return f"mailing {mailing.id} ({'resend' if mailing.act in _ACTS else mailing.act or 'resend'})"


def standing_sums(sums: Mapping[Standing, int], editions: int) -> dict[str, int]:
    """How many stand how, over all mailings, in words; the largest first. Of several `editions`, which one."""
    found: dict[str, int] = {}
    for standing, number in sums.items():
        words = _stands(standing, editions)
        found[words] = found.get(words, 0) + number
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _stands(standing: Standing, editions: int) -> str:
    if standing.state is None:
        return f"no mail: {standing.why_not}" if standing.why_not else "no mail yet"
    if standing.skipped:
        return f"no mail: {standing.skipped}"
    has = f", has edition {standing.has}" if standing.has and editions > 1 else ""
    return f"{standing.state}{has}"
