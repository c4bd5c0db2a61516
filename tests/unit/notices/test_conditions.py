"""What is wrong, decided from plain data."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from publisher.digests.model import DigestState
from publisher.digests.record import DigestRecord, MailChoice
from publisher.notices.conditions import changes, wrong
from publisher.notices.kinds import WORDS, Alert, Condition, Key, Kind
from publisher.notices.situation import (
    BehindTarget,
    Complaints,
    Desk,
    HeldSuppressions,
    LatePage,
    Limits,
    Losses,
    PausedMailing,
    Seen,
    Situation,
    Source,
    Space,
)

LIMITS = Limits(
    failures=0.05, disk=10**9, missed=timedelta(minutes=15), wait=timedelta(minutes=10), complaints=0.001
)
NOW = datetime(2024, 11, 21, 7, 30, tzinfo=UTC)
SLOT = NOW.replace(minute=0)
DAY = timedelta(days=1)


def digest(**changes: Any) -> DigestRecord:
    base = DigestRecord(
        id=1,
        newsletter="daily",
        slug="2024-11-21-x",
        title="X",
        date=date(2024, 11, 21),
        state=DigestState.FINALIZED,
        source="x.md",
        source_hash="0",
        seen_at=NOW - DAY,
    )
    return replace(base, **changes)


YESTERDAYS = digest(
    id=2,
    slug="2024-11-20-y",
    state=DigestState.PUBLISHED,
    slot=SLOT - DAY,
    published_at=SLOT - DAY,
    mail=MailChoice.MAILED,
)


def desk(*digests: DigestRecord, schedule: str = "daily 07:00") -> Situation:
    return Situation(NOW, [Desk("daily", schedule, "UTC", digests)])


def held(because: str, at: datetime = NOW) -> Situation:
    record = digest(state=DigestState.HELD, held_because=because)
    return replace(desk(record, YESTERDAYS), held={record.id: at})


def keys(situation: Situation, open_: frozenset[Key] = frozenset()) -> list[Key]:
    return [condition.key for condition in wrong(situation, LIMITS, open_)]


KEY = "daily/2024-11-21-x"
WRONG = [
    (held("preflight: no alt text"), Kind.PREFLIGHT, KEY, ["no alt text", "publisher check", "--despite RULE"]),
    (held("7 h late: its slot was 07:00"), Kind.LATE, KEY, ["7 h late", "digest release"]),
    (held("it cannot be rendered: no title"), Kind.HELD, KEY, ["no title", "digest release"]),
    (desk(YESTERDAYS), Kind.MISSED, "daily 2024-11-21 07:00", ["07:00 on 2024-11-21 (UTC)", "digest list"]),
    (
        Situation(NOW, late_pages=[LatePage(3, KEY, False, "no room")]),
        Kind.WAITING,
        "mailing 3",
        ["waits for its page", "10 min", "no room", "feed build"],
    ),
    (Situation(NOW, late_pages=[LatePage(3, KEY, True, "")]), Kind.WAITING, "mailing 3", ["left without"]),
    (
        Situation(NOW, paused=[PausedMailing(3, KEY, "12 % refused")]),
        Kind.PAUSED,
        "mailing 3",
        ["12 % refused", "mailing resume 3 --reason"],
    ),
    (
        Situation(NOW, losses=[Losses(3, KEY, 100, 6)]),
        Kind.FAILURES,
        "mailing 3",
        ["6 of 100", "6.0%", f"resend {KEY} --failed"],
    ),
    (
        Situation(NOW, complaints=[Complaints(3, KEY, 1000, 3)]),
        Kind.COMPLAINTS,
        "mailing 3",
        ["3 of 1000", "0.30%", "not mailed again"],
    ),
    (
        Situation(NOW, suppressions=[HeldSuppressions(3, KEY, 25)]),
        Kind.SUPPRESSIONS,
        "mailing 3",
        ["the same words", "mailing bounces 3", "--forgive"],
    ),
    (
        Situation(NOW, behind=[BehindTarget("endpoint:site", 2, "no room")]),
        Kind.BEHIND,
        "endpoint:site",
        ["endpoint site lacks 2 editions", "no room", "feed build"],
    ),
    (
        Situation(NOW, seen=Seen(puts={"endpoint:site": "gone"})),
        Kind.BEHIND,
        "endpoint:site",
        ["cannot be brought up to date: gone"],
    ),
    (
        Situation(NOW, sources=[Source("feed wire, wire.example.org", 5, "it answers 404.")]),
        Kind.UPSTREAM,
        "feed wire, wire.example.org",
        ["5 times in a row: it answers 404.", "[[inbox.feed]]", "feed sources"],
    ),
    (Situation(NOW, spaces=[Space("/x", 999_000_000)]), Kind.DISK, "/x", ["999 MB", "nothing in var/journal"]),
    (
        Situation(NOW, provider="smtp:x:25", seen=Seen(sending=["publisher: no login. Look.", "other"])),
        Kind.PROVIDER,
        "smtp:x:25",
        ["no login. Look (and 1 more)", "publisher run"],
    ),
]


@pytest.mark.parametrize(
    ("situation", "kind", "subject", "parts"), WRONG, ids=[f"{w[1]}-{i}" for i, w in enumerate(WRONG)]
)
def test_it_is_wrong_and_the_text_says_what_and_what_to_do(
    situation: Situation, kind: Kind, subject: str, parts: list[str]
) -> None:
    (condition,) = wrong(situation, LIMITS, ())
    assert condition.key == (kind, subject)
    said = f"{condition.text}. {condition.remedy}"
    assert "\n" not in said
    for part in parts:
        assert part in said


@pytest.mark.parametrize("failures", [0, 1, 4])
def test_a_feed_that_fails_now_and_then_is_nobodys_worry(failures: int) -> None:
    assert not wrong(Situation(NOW, sources=[Source("feed wire", failures, "timed out")]), LIMITS, ())


def test_every_kind_is_found_here() -> None:
    assert {kind for _, kind, _, _ in WRONG} == set(Kind) == set(WORDS)


RIGHT = {
    "nothing": Situation(NOW),
    "two complaints": Situation(NOW, complaints=[Complaints(3, KEY, 20, 2)]),
    "few complaints": Situation(NOW, complaints=[Complaints(3, KEY, 3000, 3)]),
    "held by an editor": desk(
        digest(state=DigestState.HELD, held_because="wait"), YESTERDAYS, schedule="on finalize"
    ),
    "on finalize has no slots": desk(YESTERDAYS, schedule="on finalize"),
    "the slot was taken": desk(digest(state=DigestState.PUBLISHED, slot=SLOT, published_at=SLOT), YESTERDAYS),
    "the newsletter has not begun": desk(digest(state=DigestState.DRAFT)),
    "published by hand before the slot": desk(
        digest(state=DigestState.PUBLISHED, published_at=SLOT - timedelta(minutes=5), mail=MailChoice.MAILED),
        YESTERDAYS,
    ),
    "a few minutes after the slot": replace(desk(YESTERDAYS), now=SLOT + timedelta(minutes=14)),
    "no slot today": desk(YESTERDAYS, schedule="0 7 * * 3"),
    "failures at the share": Situation(NOW, losses=[Losses(3, KEY, 100, 5)]),
    "a mailing to nobody": Situation(NOW, losses=[Losses(3, KEY, 0, 0)]),
    "room enough": Situation(NOW, spaces=[Space("/x", 10**9)]),
    "sent well": Situation(NOW, seen=Seen(puts={}, sending=())),
    "not looked": Situation(NOW, seen=Seen()),
}


@pytest.mark.parametrize("name", RIGHT)
def test_nothing_is_wrong(name: str) -> None:
    assert keys(RIGHT[name]) == []


def test_a_slot_that_a_held_digest_would_have_taken_is_not_told_beside_it() -> None:
    assert keys(held("preflight: x", at=SLOT)) == [(Kind.PREFLIGHT, KEY)]


def test_a_digest_held_since_yesterday_does_not_hide_a_missed_slot() -> None:
    found = keys(held("preflight: x", at=SLOT - timedelta(hours=20)))
    assert [kind for kind, _ in found] == [Kind.PREFLIGHT, Kind.MISSED]


def test_a_backlog_without_mail_does_not_count_as_published_by_hand() -> None:
    backlog = digest(
        state=DigestState.PUBLISHED, published_at=SLOT + timedelta(minutes=1), mail=MailChoice.BACKLOG
    )
    assert [kind for kind, _ in keys(desk(backlog, YESTERDAYS))] == [Kind.MISSED]


def test_a_slot_is_told_in_the_newsletters_own_time() -> None:
    berlin = Situation(NOW, [Desk("daily", "daily 08:00", "Europe/Berlin", [YESTERDAYS])])
    (condition,) = wrong(berlin, LIMITS, ())
    assert condition.subject == "daily 2024-11-21 08:00"
    assert "08:00 on 2024-11-21 (Europe/Berlin)" in condition.text


def test_a_disk_is_well_again_a_tenth_above_the_limit_only() -> None:
    was = frozenset({(Kind.DISK, "/x")})
    at = Situation(NOW, spaces=[Space("/x", 1_050_000_000)])
    assert keys(at) == []
    assert keys(at, was) == [(Kind.DISK, "/x")]
    assert keys(Situation(NOW, spaces=[Space("/x", 1_100_000_000)]), was) == []


def test_the_database_is_believed_before_the_last_pass() -> None:
    both = Situation(NOW, behind=[BehindTarget("hub:x", 1, "stored")], seen=Seen(puts={"hub:x": "seen"}))
    (condition,) = wrong(both, LIMITS, ())
    assert condition.text == "hub x lacks 1 edition: stored"


# --- what changes ----------------------------------------------------------------------------------------------


def alert(kind: Kind, subject: str = "x") -> Alert:
    return Alert(7, kind, subject, "text", "remedy", NOW)


def test_what_is_known_begins_no_second_time() -> None:
    condition = Condition(Kind.DISK, "x", "other text", "remedy")
    assert changes([condition], [alert(Kind.DISK)], Situation(NOW)) == ((), ())
    assert changes([condition], [], Situation(NOW)) == ((condition,), ())


def test_what_is_no_longer_wrong_is_over() -> None:
    assert changes([], [alert(Kind.DISK)], Situation(NOW)) == ((), (alert(Kind.DISK),))


@pytest.mark.parametrize("kind", [Kind.PROVIDER, Kind.BEHIND])
def test_what_this_process_did_not_look_at_is_not_over(kind: Kind) -> None:
    assert changes([], [alert(kind)], Situation(NOW)) == ((), ())
    assert changes([], [alert(kind)], Situation(NOW, seen=Seen({}, ()))) == ((), (alert(kind),))
