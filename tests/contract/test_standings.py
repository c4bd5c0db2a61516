"""How the people of a digest stand, over all its mailings, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import delete, insert, select, update

from publisher.ledger import Concerned, DeliveryState, Latest, MailingKind, MailingState, Standing
from publisher.mailings import audience
from publisher.publishing import ports
from publisher.storage.database import Database
from publisher.storage.mailings import Mailings
from publisher.storage.plans import Plans
from publisher.storage.standings import Standings
from publisher.storage.tables import deliveries, editions, mailings
from subscribers.segments.frozen import Frozen
from subscribers.tables import subscribers, subscriptions, suppressions
from tests.fakes.mailing import NEWSLETTER, add_edition, add_mailing, add_people, plan

S = DeliveryState


class Desk:
    """A digest with a mailing of its first edition to five readers, and what is asked about it."""

    def __init__(self, database: Database, now: datetime) -> None:
        self.database, self.now = database, now
        self.people = add_people(database, 5, now)
        self.digest, self.first = add_edition(database, now)
        self.scheduled = add_mailing(database, self.digest, self.first, now)
        plan(database, self.scheduled, now)
        self.why_not = partial(audience.why_not, newsletter=NEWSLETTER, now=now)

    def settle(self, mailing_id: int, *states: DeliveryState | None, reason: str = "") -> None:
        """What became of a mailing's deliveries, in the order of its readers; None: still pending."""
        with self.database.write() as connection:
            ids = connection.scalars(
                select(deliveries.c.id).where(deliveries.c.mailing_id == mailing_id).order_by(deliveries.c.id)
            ).all()
            for number, state in zip(ids, states, strict=True):
                if state:
                    change = update(deliveries).where(deliveries.c.id == number)
                    values = {"state": str(state), "reason": reason, "changed_at": self.now + timedelta(minutes=1)}
                    connection.execute(change.values(values))

    def correct(self, number: int = 2) -> int:
        """The next edition; its id."""
        columns = [column for column in editions.c if column.name not in ("id", "number")]
        with self.database.write() as connection:
            row = connection.execute(select(*columns).where(editions.c.id == self.first)).one()._asdict()
            statement = insert(editions).values(row | {"number": number}).returning(editions.c.id)
            return int(connection.execute(statement).scalar_one())

    def resend(self, edition_id: int, *people: int) -> int:
        """A resend to these readers, planned; its id."""
        mailing_id = add_mailing(
            self.database, self.digest, edition_id, self.now, kind=MailingKind.RESEND, selection=people
        )
        plan(self.database, mailing_id, self.now)
        return mailing_id

    def standing(self, subscriber_id: int) -> Standing:
        """How one reader stands, asked for by address."""
        with self.database.read() as connection:
            query = select(subscribers.c.email_key).where(subscribers.c.id == subscriber_id)
            key = connection.scalar(query)
            found = Standings(connection).one(self.digest, str(key), self.why_not)
        assert found is not None
        return found.standing

    def latest(self, *states: DeliveryState) -> list[Latest]:
        """Those who stand in one of these states."""
        with self.database.read() as connection:
            return Standings(connection).latest(self.digest, NEWSLETTER, self.why_not, states)

    def replies(self, mailing_id: int) -> Sequence[int | None]:
        """What the mails of a mailing answer, in the order of its readers."""
        query = select(deliveries.c.replies_to).where(deliveries.c.mailing_id == mailing_id)
        with self.database.read() as connection:
            return connection.scalars(query.order_by(deliveries.c.id)).all()


@pytest.fixture
def desk(database: Database, now: datetime) -> Desk:
    return Desk(database, now)


def test_the_latest_delivery_that_was_a_mail_counts(desk: Desk) -> None:
    one, two, three, four, five = desk.people
    desk.settle(desk.scheduled, S.FAILED, S.FAILED, S.ACCEPTED, S.SKIPPED, None, reason="suppressed")
    desk.settle(desk.resend(desk.first, one, two), S.ACCEPTED, S.SKIPPED, reason="cancelled")
    assert desk.standing(one) == Standing(S.ACCEPTED, has=1)
    assert desk.standing(two) == Standing(S.FAILED)
    assert desk.standing(three) == Standing(S.ACCEPTED, has=1)
    assert desk.standing(four) == Standing(S.SKIPPED, "suppressed")
    assert desk.standing(five) == Standing(S.PENDING)


def test_who_failed_is_found_with_the_latest_delivery_and_why_they_must_not_be_mailed(desk: Desk) -> None:
    one, two, three, *_ = desk.people
    desk.settle(desk.scheduled, S.FAILED, S.FAILED, S.FAILED, S.ACCEPTED, S.ACCEPTED)
    desk.settle(desk.resend(desk.first, two), S.SKIPPED, reason="paused")
    desk.resend(desk.first, one)
    with desk.database.write() as connection:
        row = {"email_key": "reader3@example.org", "reason": "operator", "created_at": desk.now}
        connection.execute(insert(suppressions).values(row))
    assert desk.latest(S.FAILED) == [
        Latest(two, 6, Standing(S.FAILED)),
        Latest(three, 3, Standing(S.FAILED, why_not="suppressed")),
    ]


def test_who_was_never_mailed_is_found_with_those_who_were_skipped(desk: Desk) -> None:
    desk.settle(desk.scheduled, S.SKIPPED, *[S.ACCEPTED] * 4, reason="paused")
    with desk.database.write() as connection:
        row = {"email": "new@example.org", "email_key": "new@example.org", "created_at": desk.now}
        connection.execute(insert(subscribers).values(row))
        new = connection.scalar(select(subscribers.c.id).where(subscribers.c.email_key == "new@example.org"))
        mine = {"subscriber_id": new, "newsletter": NEWSLETTER, "state": "unconfirmed", "created_at": desk.now}
        connection.execute(insert(subscriptions).values(mine))
    assert new is not None
    assert desk.latest(S.SKIPPED) == [
        Latest(desk.people[0], 1, Standing(S.SKIPPED, "paused")),
        Latest(new, None, Standing(None, why_not="unconfirmed")),
    ]
    assert desk.standing(new) == Standing(None, why_not="unconfirmed")


def test_the_newest_edition_that_arrived_is_what_somebody_has(desk: Desk) -> None:
    one, two, three, four, _ = desk.people
    desk.settle(desk.scheduled, *[S.ACCEPTED] * 3, S.BOUNCED, S.UNCERTAIN)
    second = desk.correct()
    desk.settle(desk.resend(second, one, two, four), S.ACCEPTED, S.FAILED, S.DELIVERED)
    assert desk.standing(one) == Standing(S.ACCEPTED, has=2)
    assert desk.standing(two) == Standing(S.FAILED, has=1)
    assert desk.standing(three) == Standing(S.ACCEPTED, has=1)
    assert desk.standing(four) == Standing(S.DELIVERED, has=2)
    assert desk.standing(desk.people[4]) == Standing(S.UNCERTAIN)


def test_the_sums_are_everybody(desk: Desk) -> None:
    desk.settle(desk.scheduled, S.ACCEPTED, S.ACCEPTED, S.FAILED, S.SKIPPED, None, reason="suppressed")
    with desk.database.write() as connection:
        connection.execute(delete(subscribers).where(subscribers.c.id == desk.people[1]))  # erased
    add = {"email": "new@example.org", "email_key": "new@example.org", "created_at": desk.now}
    with desk.database.write() as connection:
        new = connection.execute(insert(subscribers).values(add).returning(subscribers.c.id)).scalar_one()
        mine = {"subscriber_id": new, "newsletter": NEWSLETTER, "state": "active", "created_at": desk.now}
        connection.execute(insert(subscriptions).values(mine))
    with desk.database.read() as connection:
        found = Standings(connection).sums(desk.digest, NEWSLETTER, desk.why_not)
    assert found == {
        Standing(S.ACCEPTED, has=1): 1,
        Standing(S.ACCEPTED, has=1, why_not="left"): 1,
        Standing(S.FAILED): 1,
        Standing(S.SKIPPED, "suppressed"): 1,
        Standing(S.PENDING): 1,
        Standing(None): 1,
    }


def test_lists_have_everybody_with_the_servers_words(desk: Desk) -> None:
    desk.settle(desk.scheduled, S.FAILED, *[S.ACCEPTED] * 3, S.SKIPPED, reason="not here")
    with desk.database.write() as connection:
        connection.execute(delete(subscribers).where(subscribers.c.id == desk.people[1]))
    with desk.database.read() as connection:
        found = sorted(
            Standings(connection).concerned(desk.digest, NEWSLETTER, desk.why_not), key=lambda one: one.email
        )
    gone = Standing(S.ACCEPTED, has=1, why_not="left")
    assert found[:2] == [
        Concerned("", "", gone, None, "not here"),
        Concerned("reader1@example.org", "Reader 1", Standing(S.FAILED), None, "not here"),
    ]
    assert [one.email for one in found[2:]] == [f"reader{n}@example.org" for n in (3, 4, 5)]
    assert found[-1] == Concerned("reader5@example.org", "Reader 5", Standing(S.SKIPPED, "not here"), None, "")


def test_a_list_of_one_has_just_that_one(desk: Desk) -> None:
    with desk.database.read() as connection:
        (found,) = Standings(connection).concerned(desk.digest, NEWSLETTER, desk.why_not, desk.people[2])
    assert found.email == "reader3@example.org"


def test_nobody_has_an_address_that_is_not_known(desk: Desk) -> None:
    with desk.database.read() as connection:
        standings = Standings(connection)
        assert standings.one(desk.digest, "nobody@example.org", desk.why_not) is None
        assert standings.addresses([desk.people[1], 4711]) == ["reader2@example.org"]


def test_another_digest_is_another_matter(desk: Desk) -> None:
    with desk.database.read() as connection:
        found = Standings(connection).sums(desk.digest + 1, NEWSLETTER, desk.why_not)
    assert found == {Standing(None): 5}


def test_the_mark_moves_with_every_mailing_edition_and_change(desk: Desk) -> None:
    def mark() -> tuple[object, ...]:
        with desk.database.read() as connection:
            return Standings(connection).mark(desk.digest)

    marks = [mark()]
    assert mark() == marks[0]
    desk.settle(desk.scheduled, S.UNCERTAIN, S.FAILED, S.ACCEPTED, S.ACCEPTED, S.ACCEPTED)
    marks.append(mark())
    desk.now += timedelta(minutes=1)
    desk.settle(desk.scheduled, S.FAILED, S.UNCERTAIN, None, None, None)  # the sums are the same
    marks.append(mark())
    second = desk.correct()
    marks.append(mark())
    desk.resend(second, desk.people[0])
    marks.append(mark())
    assert len(set(marks)) == len(marks)


def test_a_mail_answers_the_newest_older_edition_that_arrived(desk: Desk) -> None:
    one, two, three, four, five = desk.people
    desk.settle(desk.scheduled, S.ACCEPTED, S.DELIVERED, S.FAILED, S.BOUNCED, S.UNCERTAIN)
    second = desk.correct()
    correction = desk.resend(second, *desk.people)
    assert desk.replies(correction) == [desk.first, desk.first, None, None, None]
    desk.settle(correction, S.ACCEPTED, S.FAILED, S.ACCEPTED, S.FAILED, S.SKIPPED)
    assert desk.replies(desk.resend(second, one, two)) == [desk.first, desk.first]
    third = desk.correct(3)
    assert desk.replies(desk.resend(third, one, two, three, four, five)) == [
        second,
        desk.first,
        second,
        None,
        None,
    ]


def test_a_token_orders_once(database: Database, now: datetime) -> None:
    digest_id, edition_id = add_edition(database, now)
    with database.write() as connection:
        repository = Mailings(connection)
        ids = [
            repository.add(
                digest_id=digest_id,
                edition_id=edition_id,
                kind=MailingKind.RESEND,
                state=MailingState.WAITING,
                actor="an editor",
                reason="mended",
                selection=[1],
                now=now,
                act="failed",
                token=token,
                again=False,
            )
            for token in ("one", "two", "one")
        ]
        assert ids[2] is None
        found = repository.by_token("two")
        assert found is not None
        assert (found.id, found.act, found.token, found.again) == (ids[1], "failed", "two", False)
        assert repository.by_token("three") is None
        assert connection.scalars(select(mailings.c.token).order_by(mailings.c.id)).all() == ["one", "two"]


def test_standings_and_plans_are_what_the_use_cases_ask_for(database: Database) -> None:
    with database.read() as connection:
        standings: ports.Standings = Standings(connection)
        plans: ports.Plans = Plans(connection)
    assert standings
    assert plans


def test_who_is_outside_of_a_segment_is_told_and_counted_apart(desk: Desk) -> None:
    desk.settle(desk.scheduled, S.FAILED, S.FAILED, S.ACCEPTED, S.ACCEPTED, S.SKIPPED, reason="paused")
    segment = Frozen("some", 'name in ("Reader 1", "Reader 3", "Reader 5")')
    outside = partial(audience.outside, newsletter=NEWSLETTER, now=desk.now, segment=segment)
    with desk.database.read() as connection:
        standings = Standings(connection)
        latest = standings.latest(desk.digest, NEWSLETTER, desk.why_not, [S.FAILED], outside)
        sums = standings.sums(desk.digest, NEWSLETTER, desk.why_not, outside)
        concerned = list(standings.concerned(desk.digest, NEWSLETTER, desk.why_not, None, outside))
    assert [(each.subscriber_id, each.standing.outside) for each in latest] == [
        (desk.people[0], False),
        (desk.people[1], True),
    ]
    assert sums == {
        Standing(S.FAILED, "", 0, None, False): 1,
        Standing(S.FAILED, "", 0, None, True): 1,
        Standing(S.ACCEPTED, "", 1, None, False): 1,
        Standing(S.ACCEPTED, "", 1, None, True): 1,
        Standing(S.SKIPPED, "paused", 0, None, False): 1,
    }
    assert {each.email for each in concerned if each.standing.outside} == {
        "reader2@example.org",
        "reader4@example.org",
    }


def test_a_scheduled_mailing_to_a_segment_plans_its_people_alone(database: Database, now: datetime) -> None:
    people = add_people(database, 3, now)
    mailing_id = add_mailing(database, *add_edition(database, now), now)
    segment = Frozen("some", 'name = "Reader 2"', "Europe/Berlin", "de")
    with database.write() as connection:
        planned = Plans(connection).plan(
            mailing_id,
            audience=audience.audience(NEWSLETTER, now, segment),
            left_out=audience.left_out(NEWSLETTER, now, segment),
            why_not=partial(audience.why_not, newsletter=NEWSLETTER, now=now),
            now=now,
        )
        assert planned
        assert connection.scalars(select(deliveries.c.subscriber_id)).all() == [people[1]]
        assert Mailings(connection).get(mailing_id).left_out == {"segment": 2}
