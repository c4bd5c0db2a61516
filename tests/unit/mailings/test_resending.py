"""Whom a resend reaches: every act, every place, every reason not to mail."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.errors import UsageError
from publisher.ledger import RECEIVED, UNFINISHED, DeliveryState, Latest, SkipReason, Standing
from publisher.mailings.resending import ResendPlan, check_one, plan_resend
from publisher.mailings.verdicts import (
    LEFT_OUT,
    TABLE,
    Act,
    Place,
    Verdict,
    Wish,
    decide,
    intended,
    place,
    states_for,
)
from subscribers.segments.frozen import Frozen

S, V = DeliveryState, Verdict
TO, AGAIN = Wish(Act.TO, "a@example.org"), Wish(Act.TO, "a@example.org", again=True)
FAILED, MISSED, UNCERTAIN, CORRECTION = map(Wish, (Act.FAILED, Act.MISSED, Act.UNCERTAIN, Act.CORRECTION))
WISHES = (FAILED, MISSED, UNCERTAIN, CORRECTION, TO, AGAIN)
WHY_NOT = (None, SkipReason.SUPPRESSED, SkipReason.LEFT, SkipReason.UNCONFIRMED, SkipReason.PAUSED)
NEWEST = 2


def possible(state: DeliveryState | None, has: int) -> bool:
    """Whether the ledger can make such a standing: nobody has what was never mailed to them."""
    return has > 0 if state in RECEIVED else has == 0 if state in (None, S.SKIPPED) else True


STANDINGS = [
    Standing(state, "suppressed" if state is S.SKIPPED else "", has, why_not, outside)
    for state, has, why_not, outside in product([None, *S], (0, 1, NEWEST), WHY_NOT, (False, True))
    if possible(state, has)
]


def plan(wish: Wish, *people: Latest, newest: int = NEWEST) -> ResendPlan:
    sums = Counter(person.standing for person in people)
    return plan_resend(wish, people, sums, digest_id=1, edition_id=newest, newest=newest)


# --- the table, written out a second time by what each act is for ----------------------------------------------

MAILED = [
    (FAILED, Standing(S.FAILED)),
    (FAILED, Standing(S.FAILED, has=1)),  # the correction failed: the newest edition leaves, threaded
    (MISSED, Standing(None)),
    (MISSED, Standing(S.SKIPPED, "suppressed")),
    (MISSED, Standing(S.SKIPPED, "cancelled")),
    (UNCERTAIN, Standing(S.UNCERTAIN)),
    (UNCERTAIN, Standing(S.UNCERTAIN, has=1)),
    (CORRECTION, Standing(S.ACCEPTED, has=1)),
    (CORRECTION, Standing(S.DELIVERED, has=1)),
    *((TO, Standing(state)) for state in (None, S.FAILED, S.BOUNCED)),
    (TO, Standing(S.SKIPPED, "left")),
    (TO, Standing(S.ACCEPTED, has=1)),
    (AGAIN, Standing(None)),
    (AGAIN, Standing(S.UNCERTAIN)),
    (AGAIN, Standing(S.ACCEPTED, has=NEWEST)),
    (AGAIN, Standing(S.COMPLAINED, has=NEWEST)),
]


@pytest.mark.parametrize(("wish", "standing"), MAILED)
def test_each_act_mails_those_it_is_for(wish: Wish, standing: Standing) -> None:
    assert decide(wish, standing, NEWEST) is V.MAIL


LEFT_OUT_CASES = [
    *((wish, Standing(state), V.UNDERWAY) for wish in WISHES for state in UNFINISHED),
    *((wish, Standing(S.ACCEPTED, has=NEWEST), V.ALREADY) for wish in WISHES if not wish.again),
    *((wish, Standing(S.FAILED, has=NEWEST), V.ALREADY) for wish in WISHES if not wish.again),
    *((wish, Standing(S.UNCERTAIN, has=NEWEST), V.ALREADY) for wish in WISHES if not wish.again),
    *((wish, Standing(S.ACCEPTED, has=1), V.OLDER) for wish in (FAILED, MISSED, UNCERTAIN)),
    *((wish, Standing(S.UNCERTAIN), V.UNCERTAIN) for wish in (FAILED, MISSED, CORRECTION, TO)),
    *((wish, Standing(S.FAILED), V.FAILED) for wish in (MISSED, UNCERTAIN, CORRECTION)),
    *((wish, Standing(None), V.MISSED) for wish in (FAILED, UNCERTAIN, CORRECTION)),
    *((wish, Standing(S.BOUNCED), V.BOUNCED) for wish in (FAILED, MISSED, UNCERTAIN, CORRECTION)),
    *((wish, Standing(S.COMPLAINED, has=1), V.COMPLAINED) for wish in WISHES if not wish.again),
]


@pytest.mark.parametrize(("wish", "standing", "verdict"), LEFT_OUT_CASES)
def test_everybody_else_is_left_out_for_a_reason(wish: Wish, standing: Standing, verdict: Verdict) -> None:
    assert decide(wish, standing, NEWEST) is verdict


@pytest.mark.parametrize("wish", WISHES[:4])
def test_who_must_not_be_mailed_is_no_other_acts_business(wish: Wish) -> None:
    for standing in STANDINGS:
        if standing.why_not and decide(wish, standing, NEWEST) in (V.FAILED, V.UNCERTAIN, V.OLDER, V.MISSED):
            pytest.fail(str(standing))


def test_the_table_has_a_verdict_for_everything() -> None:
    assert set(TABLE) == {(wish.act, wish.again, where) for wish in WISHES for where in Place}
    assert set(LEFT_OUT) == set(V) - {V.MAIL, V.UNCONCERNED}


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: f"{wish.act}{' again' * wish.again}")
def test_the_rules_hold_in_every_case_there_is(wish: Wish) -> None:
    for standing in STANDINGS:
        verdict = decide(wish, standing, NEWEST)
        if verdict is V.MAIL:
            assert standing.why_not is None
            assert not standing.outside
            assert standing.state not in UNFINISHED
            if not wish.again:
                assert standing.has < NEWEST
                assert standing.state is not S.UNCERTAIN or wish is UNCERTAIN
        elif intended(wish, standing, NEWEST):
            assert verdict == standing.why_not
        assert (verdict is V.SEGMENT) == (
            standing.outside and decide(wish, standing._replace(outside=False), NEWEST) is V.MAIL
        )
        assert not (standing.outside and intended(wish, standing, NEWEST))
        if verdict is V.UNCONCERNED:
            assert standing.has == 0
            assert standing.why_not is not None
        if intended(wish, standing, NEWEST) and wish.act is not Act.TO:
            assert (standing.state or S.SKIPPED) in states_for(wish.act)


def test_storage_is_asked_for_no_more_states_than_an_act_is_about() -> None:
    assert states_for(Act.FAILED) == {S.FAILED}
    assert states_for(Act.MISSED) == {S.SKIPPED}
    assert states_for(Act.UNCERTAIN) == {S.UNCERTAIN}
    assert states_for(Act.CORRECTION) == {S.ACCEPTED, S.DELIVERED}


def test_each_person_is_the_business_of_one_act_in_bulk_at_most() -> None:
    for standing in STANDINGS:
        assert sum(intended(wish, standing, NEWEST) for wish in WISHES[:4]) <= 1


def test_with_one_edition_there_is_nothing_older() -> None:
    assert place(Standing(S.ACCEPTED, has=1), 1) is Place.CURRENT


# --- plans -----------------------------------------------------------------------------------------------------


def test_a_plan_tells_who_why_and_how_many_not() -> None:
    found = plan(
        FAILED,
        Latest(1, 11, Standing(S.FAILED)),
        Latest(2, 12, Standing(S.FAILED, why_not="suppressed")),
        Latest(3, 13, Standing(S.ACCEPTED, has=NEWEST)),
        Latest(4, 14, Standing(S.ACCEPTED, has=1)),
        Latest(5, None, Standing(None, why_not="left")),
        Latest(6, None, Standing(None)),
    )
    assert (found.mailed, found.selection, found.first) == (1, (1, 2), (1,))
    assert found.left_out == {V.ALREADY: 1, V.OLDER: 1, V.MISSED: 1, V.SUPPRESSED: 1}
    assert found.because == {"failed": 1}


def test_nobody_is_no_plan() -> None:
    assert plan(FAILED).mailed == 0


def test_a_second_mail_is_minted_only_where_it_is_needed() -> None:
    assert plan(AGAIN, Latest(1, 11, Standing(S.ACCEPTED, has=NEWEST))).again
    assert plan(AGAIN, Latest(1, 11, Standing(S.UNCERTAIN))).again
    assert not plan(AGAIN, Latest(1, 11, Standing(S.FAILED))).again
    assert not plan(AGAIN, Latest(1, None, Standing(None))).again
    assert not plan(AGAIN, Latest(1, 11, Standing(S.ACCEPTED, has=1))).again


def test_a_token_names_the_people_and_the_deliveries_they_are_judged_by() -> None:
    one, two = Latest(1, 11, Standing(S.FAILED)), Latest(2, 12, Standing(S.FAILED))
    token = plan(FAILED, one, two).token
    assert plan(FAILED, one, two, Latest(3, 13, Standing(S.ACCEPTED, has=NEWEST))).token == token
    others = [
        plan(FAILED, one),
        plan(FAILED, one, Latest(2, 99, Standing(S.FAILED))),
        plan(FAILED, one, two, newest=3),
        plan(TO, one, two),
        plan_resend(FAILED, (one, two), {}, digest_id=2, edition_id=NEWEST, newest=NEWEST),
    ]
    assert token not in {each.token for each in others}


def test_only_the_segment_is_concerned_and_it_is_part_of_the_token() -> None:
    one, two = Latest(1, 11, Standing(S.FAILED)), Latest(2, 12, Standing(S.FAILED, outside=True))
    three = Latest(3, None, Standing(None, outside=True))
    people, gold = (one, two, three), Frozen("gold", 'attribute.plan = "gold"')
    sums = Counter(person.standing for person in people)

    def with_segment(segment: Frozen | None) -> ResendPlan:
        return plan_resend(FAILED, people, sums, digest_id=1, edition_id=NEWEST, newest=NEWEST, segment=segment)

    found = with_segment(gold)
    assert (found.mailed, found.selection, found.segment) == (1, (1,), gold)
    assert found.left_out == {V.SEGMENT: 1, V.MISSED: 1}
    others = [None, Frozen("silver", gold.expression), Frozen("gold", "name is set")]
    assert len({found.token, *(with_segment(other).token for other in others)}) == 4


def test_who_leaves_meanwhile_is_left_out_of_the_same_plan() -> None:
    one, two = Latest(1, 11, Standing(S.FAILED)), Latest(2, 12, Standing(S.FAILED))
    left = Latest(2, 12, Standing(S.FAILED, why_not="left"))
    assert plan(FAILED, one, left).token == plan(FAILED, one, two).token
    assert plan(FAILED, one, left).mailed == 1


@given(st.sampled_from(WISHES), st.lists(st.sampled_from(STANDINGS), max_size=30))
def test_everybody_is_counted_once(wish: Wish, standings: list[Standing]) -> None:
    people = [Latest(number, number, standing) for number, standing in enumerate(standings, 1)]
    found = plan(wish, *people)
    unconcerned = sum(decide(wish, standing, NEWEST) is V.UNCONCERNED for standing in standings)
    assert found.mailed + sum(found.left_out.values()) + unconcerned == len(people)
    assert found.mailed == sum(found.because.values())
    mailed = [each.subscriber_id for each in people if decide(wish, each.standing, NEWEST) is V.MAIL]
    assert set(mailed) <= set(found.selection)
    assert not {each.subscriber_id for each in people if each.standing.outside} & set(found.selection)
    assert list(found.first) == mailed[:3]


# --- one person, and wishes that cannot be meant ----------------------------------------------------------------

REFUSED = [
    (Standing(S.ACCEPTED, has=NEWEST), "has this digest already.*--again"),
    (Standing(S.UNCERTAIN), "may have this digest.*Ask the reader"),
    (Standing(S.PENDING), "is about to get"),
    (Standing(S.SENDING), "is about to get"),
    (Standing(S.DEFERRED), "is about to get"),
    (Standing(S.COMPLAINED, has=1), "has complained"),
    (Standing(S.FAILED, why_not="suppressed"), "must not be mailed.*Lift"),
    (Standing(None, why_not="left"), "does not get this newsletter"),
    (Standing(None, why_not="unconfirmed"), "has not confirmed"),
    (Standing(None, why_not="paused"), "pauses"),
]


@pytest.mark.parametrize(("standing", "words"), REFUSED)
def test_one_person_is_refused_with_what_to_do(standing: Standing, words: str) -> None:
    with pytest.raises(UsageError, match=f"a@example.org {words}") as refused:
        check_one(TO, Latest(7, 70, standing), NEWEST)
    assert refused.value.remedy


def test_whatever_keeps_one_person_from_it_is_told() -> None:
    for wish, standing in product((TO, AGAIN), [each for each in STANDINGS if not each.outside]):
        if decide(wish, standing, NEWEST) is V.MAIL:
            assert check_one(wish, Latest(7, 70, standing), NEWEST).subscriber_id == 7
        else:
            with pytest.raises(UsageError, match=r"a@example\.org \w+"):
                check_one(wish, Latest(7, 70, standing), NEWEST)


def test_to_nobody_known_is_an_error() -> None:
    with pytest.raises(UsageError, match="no subscriber has the address"):
        check_one(TO, None, NEWEST)


@pytest.mark.parametrize(
    ("act", "to", "again", "segment"),
    [
        (Act.TO, "", False, ""),
        (Act.FAILED, "a@example.org", False, ""),
        (Act.MISSED, "", True, ""),
        (Act.TO, "a@example.org", False, "gold"),
    ],
)
def test_a_wish_that_cannot_be_meant_is_refused(act: Act, to: str, again: bool, segment: str) -> None:
    with pytest.raises(UsageError):
        Wish(act, to, again, segment)
