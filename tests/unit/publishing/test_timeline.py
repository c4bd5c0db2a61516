"""A digest's history as people are told it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.digests.model import DigestState
from publisher.digests.record import DigestRecord
from publisher.editions import EditionFacts, Publication, PublicationState
from publisher.ledger import DeliveryState, Mailing, MailingKind, MailingState, Standing
from publisher.mailings.verdicts import Act
from publisher.publishing.histories import History
from publisher.publishing.timeline import WORDS, standing_sums, timeline, words_of

EVENTS = Path(__file__).parents[3] / "docs" / "events.md"
DOCUMENTED = sorted(set(re.findall(r"^\| `([a-z.]+)`", EVENTS.read_text(encoding="utf-8"), re.M)))
SEVEN = datetime(2024, 11, 21, 7, tzinfo=UTC)


@dataclass(frozen=True)
class Event:
    """An act of the log."""

    at: datetime
    kind: str
    actor: str = "schedule"
    mailing_id: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


def after(minutes: int) -> datetime:
    return SEVEN + timedelta(minutes=minutes)


def mailing(number: int, kind: MailingKind = MailingKind.SCHEDULED, **changes: Any) -> Mailing:
    facts: dict[str, Any] = {"state": MailingState.DONE, "actor": "schedule", "reason": "", "created_at": SEVEN}
    return Mailing(id=number, digest_id=7, edition_id=1, kind=kind, **facts | changes)


def publication(edition_id: int, name: str, **changes: Any) -> Publication:
    facts: dict[str, Any] = {"state": PublicationState.DONE, "pages_at": after(1), "attempts": 0, "due_at": None}
    named: dict[str, Any] = {"target": f"endpoint:{name}", "error": ""}
    return Publication(id=1, edition_id=edition_id, **facts | named | changes)


RECORD = DigestRecord(
    id=7,
    newsletter="daily",
    slug="harbour",
    title="The harbour",
    date=date(2024, 11, 21),
    state=DigestState.PUBLISHED,
    source="harbour.md",
    source_hash="",
    seen_at=SEVEN,
)
FIRST = EditionFacts(1, 1, "The harbour", "", SEVEN, SEVEN)
SECOND = EditionFacts(2, 2, "Corrected: The harbour", "The fee is $3.", after(60), after(60))


def told(history: History) -> list[str]:
    """Lines as short text: minutes after seven, who, what, numbers, why."""
    return [
        " | ".join(
            (
                "now" if line.at is None else str(int((line.at - SEVEN).total_seconds() // 60)),
                line.who,
                line.what,
                ", ".join(f"{number} {words}" for words, number in line.counts.items()),
                line.why,
            )
        )
        for line in timeline(history)
    ]


@pytest.mark.parametrize("kind", DOCUMENTED)
def test_every_kind_of_event_has_its_words(kind: str) -> None:
    said = words_of(Event(SEVEN, kind))
    assert said
    assert kind not in said


def test_no_words_are_left_of_what_is_recorded_no_more() -> None:
    assert set(WORDS) == set(DOCUMENTED)


@pytest.mark.parametrize("act", Act)
def test_a_resend_says_to_whom(act: Act) -> None:
    said = words_of(Event(SEVEN, "mailing.resend", data={"act": str(act)}))
    assert re.fullmatch("ordered, (to|of) .+", said)
    assert said != f"ordered, {act}"


def test_a_day_reads_from_top_to_bottom() -> None:
    history = History(
        RECORD,
        editions=(FIRST, SECOND),
        mailings=(
            mailing(3, finished_at=after(9), left_out={"suppressed": 2, "paused": 0}),
            mailing(4, MailingKind.RESEND, finished_at=after(73)),
        ),
        publications=(publication(1, "site"), publication(2, "site", pages_at=after(61))),
        events=(
            Event(after(-9), "digest.taken", "inbox", data={"source": "harbour.md", "state": "draft"}),
            Event(after(-5), "digest.finalized", "Jo"),
            Event(SEVEN, "digest.published", data={"mail": "mailed", "reason": "", "despite": ["link-host"]}),
            Event(after(1), "mailing.started", mailing_id=3, data={"alert": ""}),
            Event(after(60), "digest.corrected", "Jo", data={"edition": 2, "note": "The fee is $3."}),
            Event(
                after(70),
                "mailing.resend",
                "Jo",
                4,
                {"act": "correction", "reason": "told", "subscribers": 9, "left_out": {"left": 1}},
            ),
        ),
        counts={3: {DeliveryState.ACCEPTED: 9, DeliveryState.FAILED: 1}, 4: {DeliveryState.ACCEPTED: 9}},
    )
    assert told(history) == [
        "-9 | inbox | taken from the inbox: harbour.md, a draft |  | ",
        "-5 | Jo | declared final |  | ",
        "0 | schedule | published: page, feeds and mail |  | despite link-host",
        "1 |  | page of edition 1 stored at site |  | ",
        "1 | schedule | mailing 3 began |  | ",
        "9 |  | mailing 3 ended | 9 accepted, 1 failed, 2 left out (suppressed) | ",
        "60 | Jo | corrected: edition 2 |  | readers are told: The fee is $3.",
        "61 |  | page of edition 2 stored at site |  | ",
        "70 | Jo | mailing 4 (resend) ordered, of the correction | 9 to be mailed, 1 left out (left) | told",
        "73 |  | mailing 4 (resend) ended | 9 accepted | ",
    ]


def test_what_is_not_over_stands_at_the_end() -> None:
    cancelled = mailing(3, state=MailingState.CANCELLED, superseded_by=5)
    history = History(
        RECORD,
        editions=(FIRST,),
        mailings=(cancelled, mailing(4, state=MailingState.PAUSED), mailing(5, state=MailingState.WAITING)),
        publications=(
            publication(1, "mirror", state=PublicationState.BEHIND, pages_at=None, due_at=SEVEN),
            publication(1, "site", state=PublicationState.PENDING),
            publication(
                1, "", target="hub:https://hub.example.org/", state=PublicationState.BEHIND, pages_at=None
            ),
            publication(
                1, "", target="public:https://example.org/", state=PublicationState.PENDING, pages_at=None
            ),
            publication(1, "", target="hub:https://told.example.org/", pages_at=None),
        ),
        events=(Event(SEVEN, "digest.published"),),
        counts={4: {DeliveryState.PENDING: 5}},
    )
    lines = told(history)
    assert lines[:2] == ["0 | schedule | published:  |  | ", "1 |  | page stored at site |  | "]
    assert sorted(lines[2:]) == [
        "now |  | has still to be seen at the public address https://example.org/ |  | ",
        "now |  | mailing 3 is being ended |  | mailing 5 goes on",
        "now |  | mailing 4 is paused | 5 pending | ",
        "now |  | mailing 5 waits for its page |  | ",
        "now |  | not yet announced to the hub https://hub.example.org/; tried again |  | ",
        "now |  | page and feeds are not all at mirror; tried again |  | ",
        "now |  | page and feeds have still to be put at site |  | ",
    ]


def test_in_place_of_a_withdrawn_page_a_notice_was_stored() -> None:
    record = DigestRecord(**{name: getattr(RECORD, name) for name in RECORD.__slots__} | {"withdrawn_at": SEVEN})
    before = publication(1, "mirror", pages_at=after(-1))
    history = History(record, editions=(FIRST,), publications=(before, publication(1, "site")))
    assert [line.what for line in timeline(history)] == [
        "page stored at mirror",
        "notice stored in place of the page at site",
    ]


OF_DIGESTS = sorted(kind for kind in DOCUMENTED if not kind.startswith("subscriber."))
kinds = st.sampled_from([*OF_DIGESTS, "digest.unheard_of"])
acts = st.builds(Event, st.integers(0, 99).map(after), kinds, mailing_id=st.none() | st.integers(1, 4))


@given(st.lists(acts))
def test_no_act_is_left_out_and_the_oldest_comes_first(events: list[Event]) -> None:
    lines = timeline(History(RECORD, events=events))
    assert sorted(line.at for line in lines if line.at) == sorted(event.at for event in events)
    assert [line.at for line in lines] == sorted(event.at for event in events)


standings = st.builds(
    Standing,
    st.none() | st.sampled_from(DeliveryState),
    st.sampled_from(["", "left"]),
    st.integers(0, 2),
    st.none() | st.just("suppressed"),
)


@given(st.dictionaries(standings, st.integers(1, 9)), st.integers(1, 3))
def test_the_sums_are_everybody_and_the_largest_comes_first(sums: dict[Standing, int], editions: int) -> None:
    shown = standing_sums(sums, editions)
    assert sum(shown.values()) == sum(sums.values())
    assert list(shown.values()) == sorted(shown.values(), reverse=True)


def test_the_sums_say_who_has_which_edition_once_there_are_several() -> None:
    sums = {
        Standing(DeliveryState.ACCEPTED, has=1): 5,
        Standing(DeliveryState.ACCEPTED, has=2): 7,
        Standing(DeliveryState.ACCEPTED, has=2, why_not="left"): 1,
        Standing(None, why_not="suppressed"): 2,
        Standing(None): 3,
        Standing(DeliveryState.SKIPPED, skipped="left"): 1,
    }
    assert standing_sums(sums, 2) == {
        "accepted, has edition 2": 8,
        "accepted, has edition 1": 5,
        "no mail yet": 3,
        "no mail: suppressed": 2,
        "no mail: left": 1,
    }
    assert "accepted" in standing_sums(sums, 1)
