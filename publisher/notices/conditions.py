"""What is wrong: pure choices over a situation. One function a kind of thing, in one table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from publisher import slots
from publisher.digests.intake import PREFLIGHT
from publisher.digests.model import DigestState
from publisher.digests.record import DigestRecord, MailChoice
from publisher.due import LATE
from publisher.notices.kinds import Alert, Condition, Key, Kind
from publisher.notices.situation import Desk, Limits, Situation

ROOM_AGAIN = 1.1
"""How many times the limit has to be free until a disk is well again: what stays near it is told once."""

FEWEST_COMPLAINTS = 3
"""So few say nothing, however small the mailing."""

MANY_FAILURES = 5
"""Times in a row. A feed that fails is asked half as often each time: this is 15 times its `every`."""

Look = Callable[[Situation, Limits, Collection[Key]], Iterator[Condition]]
"""From a situation, the limits and what is open already to what is wrong."""


def wrong(situation: Situation, limits: Limits, open_: Collection[Key]) -> tuple[Condition, ...]:
    """Everything that is wrong now; `open_` is what was wrong the last time."""
    found = (condition for look in LOOKS for condition in look(situation, limits, open_))
    return tuple({condition.key: condition for condition in found}.values())


def changes(
    wrong_now: Sequence[Condition], alerts: Sequence[Alert], situation: Situation
) -> tuple[tuple[Condition, ...], tuple[Alert, ...]]:
    """What has begun, and which of the open alerts are over. What nobody looked at stays as it was."""
    known, keys = {alert.key for alert in alerts}, {condition.key for condition in wrong_now}
    begun = tuple(condition for condition in wrong_now if condition.key not in known)
    return begun, tuple(each for each in alerts if each.key not in keys and _was_looked_at(each, situation))


def _was_looked_at(alert: Alert, situation: Situation) -> bool:
    seen = {Kind.PROVIDER: situation.seen.sending, Kind.BEHIND: situation.seen.puts}
    return seen.get(alert.kind, ()) is not None


# --- digests ---------------------------------------------------------------------------------------------------


def _held(situation: Situation, _limits: Limits, _open: Collection[Key]) -> Iterator[Condition]:
    for desk in situation.desks:
        for record in desk.digests:
            if record.state is DigestState.HELD and record.id in situation.held:
                yield _held_digest(record)


def _held_digest(record: DigestRecord) -> Condition:
    because, key = record.held_because, record.key
    release = f"`publisher digest release {key}`"
    if because.startswith(PREFLIGHT):
        remedy = (
            f"`publisher check {key}` shows what to mend; mend its file, or let it go as it is with "
            f"{release[:-1]} --despite RULE --reason TEXT`"
        )
        return Condition(Kind.PREFLIGHT, key, f"{key} is not mailed: {because.removeprefix(PREFLIGHT)}", remedy)
    kind = Kind.LATE if LATE in because else Kind.HELD
    return Condition(kind, key, f"{key} is held: {because}", f"{release} publishes it now")


def _missed(situation: Situation, limits: Limits, _open: Collection[Key]) -> Iterator[Condition]:
    for desk in situation.desks:
        if isinstance(slots.parse(desk.schedule), slots.OnFinalize):
            continue  # every pass is a slot: none can be missed
        slot = slots.newest_slot(desk.schedule, desk.timezone, situation.now)
        if slot and situation.now - slot >= limits.missed and _nothing_came(desk, slot, situation):
            local = slot.astimezone(ZoneInfo(desk.timezone))
            yield Condition(
                Kind.MISSED,
                f"{desk.newsletter} {local:%Y-%m-%d %H:%M}",
                f"{desk.newsletter}: nothing was published in the slot of {local:%H:%M on %Y-%m-%d} "
                f"({desk.timezone})",
                "`publisher digest list` shows what waits for what; one that is finalized now takes this slot",
            )


def _nothing_came(desk: Desk, slot: datetime, situation: Situation) -> bool:
    """Whether a slot is empty that an editor would expect to be taken.

    It is not when a digest went by hand since the slot before, when one is held that would have taken it (that is
    told by itself), or when the newsletter had not begun.
    """
    before = slots.newest_slot(desk.schedule, desk.timezone, slot - timedelta(seconds=1)) or slot
    began = any(record.published_at and record.published_at < slot for record in desk.digests)
    came = any(
        record.slot == slot
        or (record.slot is None and record.mail is MailChoice.MAILED and (record.published_at or before) > before)
        for record in desk.digests
    )
    held = any(
        record.state is DigestState.HELD and situation.held.get(record.id, before) >= slot
        for record in desk.digests
    )
    return began and not came and not held


# --- mailings --------------------------------------------------------------------------------------------------


def _waiting(situation: Situation, limits: Limits, _open: Collection[Key]) -> Iterator[Condition]:
    for late in situation.late_pages:
        what = "left without its page" if late.left else "waits for its page"
        said = f"; the endpoint says: {late.error}" if late.error else ""
        yield Condition(
            Kind.WAITING,
            f"mailing {late.mailing_id}",
            f"mailing {late.mailing_id} of {late.digest} {what}, which is not stored after "
            f"{int(limits.wait.total_seconds()) // 60} min{said}",
            "Mend the endpoint; `publisher feed build` puts the page there at once",
        )


def _paused(situation: Situation, _limits: Limits, _open: Collection[Key]) -> Iterator[Condition]:
    for paused in situation.paused:
        number = paused.mailing_id
        yield Condition(
            Kind.PAUSED,
            f"mailing {number}",
            f"mailing {number} of {paused.digest} has paused itself: {paused.reason or 'no reason was given'}",
            f"`publisher mailing show {number}` shows the server's words; "
            f"`publisher mailing resume {number} --reason TEXT` goes on",
        )


def _failures(situation: Situation, limits: Limits, _open: Collection[Key]) -> Iterator[Condition]:
    for losses in situation.losses:
        if losses.mails and losses.lost > losses.mails * limits.failures:
            yield Condition(
                Kind.FAILURES,
                f"mailing {losses.mailing_id}",
                f"mailing {losses.mailing_id} of {losses.digest}: {losses.lost} of {losses.mails} mails failed "
                f"({losses.lost / losses.mails:.1%})",
                f"`publisher mailing show {losses.mailing_id}` shows the server's words; then "
                f"`publisher resend {losses.digest} --failed --reason TEXT`",
            )


def _complaints(situation: Situation, limits: Limits, _open: Collection[Key]) -> Iterator[Condition]:
    for found in situation.complaints:
        if found.complained >= FEWEST_COMPLAINTS and found.complained > found.arrived * limits.complaints:
            yield Condition(
                Kind.COMPLAINTS,
                f"mailing {found.mailing_id}",
                f"mailing {found.mailing_id} of {found.digest}: {found.complained} of {found.arrived} readers "
                f"said that it is spam ({found.complained / found.arrived:.2%})",
                "They are not mailed again; look at where they came from, and whether they can leave easily",
            )


def _suppressions(situation: Situation, _limits: Limits, _open: Collection[Key]) -> Iterator[Condition]:
    for found in situation.suppressions:
        number = found.mailing_id
        yield Condition(
            Kind.SUPPRESSIONS,
            f"mailing {number}",
            f"mailing {number} of {found.digest}: so many mails came back with the same words that nobody is "
            "suppressed for it until you say so",
            f"`publisher mailing bounces {number}` shows who and why; then --suppress or --forgive",
        )


# --- the world -------------------------------------------------------------------------------------------------


def _behind(situation: Situation, _limits: Limits, _open: Collection[Key]) -> Iterator[Condition]:
    stored = {behind.target: behind for behind in situation.behind}
    errors = dict(situation.seen.puts or {}) | {target: behind.error for target, behind in stored.items()}
    for target, error in errors.items():
        kind, _, name = target.partition(":")
        number = stored[target].editions if target in stored else 0
        lacks = (
            f" lacks {number} edition{'s' if number > 1 else ''}" if number else " cannot be brought up to date"
        )
        at_once = "; `publisher feed build` does it at once" if kind == "endpoint" else ""
        yield Condition(
            Kind.BEHIND, target, f"{kind} {name}{lacks}: {error}", f"It is tried again by itself{at_once}"
        )


def _upstream(situation: Situation, _limits: Limits, _open: Collection[Key]) -> Iterator[Condition]:
    for source in situation.sources:
        if source.failures >= MANY_FAILURES:
            yield Condition(
                Kind.UPSTREAM,
                source.place,
                f"{source.place} could not be had {source.failures} times in a row: {source.error.rstrip('.')}",
                "Look whether its address in [[inbox.feed]] still holds; it is asked again by itself, "
                "`publisher feed sources` shows when",
            )


def _disk(situation: Situation, limits: Limits, open_: Collection[Key]) -> Iterator[Condition]:
    for space in situation.spaces:
        was = (Kind.DISK, space.folder) in open_
        if space.free < limits.disk * (ROOM_AGAIN if was else 1):
            yield Condition(
                Kind.DISK,
                space.folder,
                f"{space.free // 10**6} MB are free on the disk of {space.folder}",
                "Make room, but remove nothing in var/journal: it says who was mailed",
            )


def _provider(situation: Situation, _limits: Limits, _open: Collection[Key]) -> Iterator[Condition]:
    errors = situation.seen.sending or ()
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        yield Condition(
            Kind.PROVIDER,
            situation.provider,
            f"sending by {situation.provider} ended: {errors[0].removeprefix('publisher: ').rstrip('.')}{more}",
            "What is unsent waits, and is tried again by `serve`, or at once by `publisher run`",
        )


LOOKS: Sequence[Look] = (
    _held,
    _missed,
    _waiting,
    _paused,
    _failures,
    _complaints,
    _suppressions,
    _behind,
    _upstream,
    _disk,
    _provider,
)
