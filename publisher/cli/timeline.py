"""One digest on one screen: how it stands, its history as one timeline, and how its readers stand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from publisher.app import App
from publisher.cli.check import tell_findings
from publisher.cli.output import cell, local, say
from publisher.publishing.histories import History
from publisher.publishing.preflighting import stored_findings
from publisher.publishing.timeline import Line, standing_sums, timeline

NOW = "now"
WIDEST_ACTOR = 16


def facts(opened: App, history: History) -> dict[str, object]:
    """How the digest stands, without its history."""
    record, zone = history.record, opened.timezone(history.record.newsletter)
    newest = history.editions[-1] if history.editions else None
    return {
        "digest": record.key,
        "title": record.title,
        "date": record.date,
        "state": record.state,
        "mail": record.mail,
        "slot": local(record.slot, zone),
        "published": local(record.published_at, zone),
        "source": record.source,
        "publish_at": local(record.publish_at, zone),
        "finalized_at": local(record.finalized_at, zone),
        "held_because": record.held_because,
        "withdrawn": local(record.withdrawn_at, zone),
        "notice": record.withdrawn_because,
        "entry_id": record.entry_id,
        "edition": newest.number if newest else None,
        "subject": newest.subject if newest else None,
        "address": opened.page_url(record) if newest else None,
    }


def as_data(opened: App, history: History, standing: Mapping[str, int]) -> dict[str, object]:
    """Everything, for machines; `events` is the log of acts as it is stored."""
    return facts(opened, history) | {
        "editions": [
            {
                "number": each.number,
                "subject": each.subject,
                "note": each.note,
                "at": each.created_at,
                "updated": each.updated_at,
            }
            for each in history.editions
        ],
        "mailings": [
            {
                "id": each.id,
                "kind": each.kind,
                "state": each.state,
                "act": each.act,
                "reason": each.reason,
                "actor": each.actor,
                "at": each.created_at,
                "started": each.started_at,
                "finished": each.finished_at,
                "counts": history.counts.get(each.id, {}),
                "left_out": each.left_out,
                "superseded_by": each.superseded_by,
            }
            for each in history.mailings
        ],
        "publications": [
            {"target": each.target, "state": each.state, "error": each.error, "due": each.due_at}
            for each in history.publications
        ],
        "events": [
            {"at": each.at, "kind": each.kind, "actor": each.actor, "mailing": each.mailing_id, **each.data}
            for each in history.events
        ],
        "timeline": [
            {"at": line.at, "who": line.who, "what": line.what, "why": line.why, "counts": line.counts}
            for line in timeline(history)
        ],
        "standing": standing,
        "preflight": _preflight(history),
    }


def tell(opened: App, history: History, standing: Mapping[str, int]) -> None:
    """The same for people."""
    for name, value in facts(opened, history).items():
        if value not in ("", None):
            say(f"{name + ':':14}{cell(value)}")
    lines, zone = timeline(history), opened.timezone(history.record.newsletter)
    say()
    say(f"History, by the clock of {zone}")
    width = min(WIDEST_ACTOR, max((len(line.who) for line in lines), default=0))
    for line in lines:
        say(f"  {_moment(line.at, zone):16}  {line.who:{width}}  {_said(line)}".rstrip())
    if standing:
        say()
        say("Everybody, by the latest mail")
        for words, number in standing.items():
            say(f"  {number:>9}  {words}")
    _tell_preflight(history, zone)


def standing_of(opened: App, history: History) -> dict[str, int]:
    """How everybody stands with the digest, once there was any mail of it."""
    if not history.mailings:
        return {}
    return standing_sums(opened.resends.standing(history.record, opened.clock()), len(history.editions))


def _moment(at: datetime | None, zone: str) -> str:
    return cell(local(at, zone)) if at else NOW


def _said(line: Line) -> str:
    counts = ", ".join(f"{number} {words}" for words, number in line.counts.items())
    return " – ".join(filter(None, (": ".join(filter(None, (line.what, counts))), line.why)))


def _preflight(history: History) -> dict[str, object] | None:
    """What was found when the digest was last to be mailed."""
    found = history.preflight
    if found is None:
        return None
    return {
        "at": found.at,
        "published": found.edition_id is not None,
        "despite": list(found.despite),
        "findings": [dict(finding) for finding in found.findings],
    }


def _tell_preflight(history: History, zone: str) -> None:
    found = history.preflight
    if found is None:
        return
    despite = f", published despite {', '.join(found.despite)}" if found.despite else ""
    nothing = "" if found.findings else ", nothing was found"
    say()
    say(f"preflight:    {_moment(found.at, zone)}{despite}{nothing}")
    tell_findings(stored_findings(found), found.despite)
