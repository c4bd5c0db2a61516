"""What the tests of resends do to an instance besides its commands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import select, update

from publisher.storage.tables import deliveries, digests
from tests.instance import Instance

DIGEST = "daily/2024-11-21-news"


def correct(instance: Instance, words: str) -> None:
    """The next edition of the only digest, by `digest correct` of its file with other words."""
    file = instance.root / "digests" / "news-2024-11-21.txt"
    text = file.read_text(encoding="utf-8")
    instance.put(file.name, text.replace(*_lead(text, words)))
    ended = instance("digest", "correct", str(file), "--note", "a name")
    assert ended.code == 0, ended


def _lead(text: str, words: str) -> tuple[str, str]:
    """The digest's lead as it is, and as it shall be."""
    return text.split("\n\n")[1], words


def leave(instance: Instance, address: str) -> None:
    """What the link in a mail does."""
    with instance.opened() as app, app.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE subscriptions SET state = 'left' WHERE subscriber_id ="
            f" (SELECT id FROM subscribers WHERE email = '{address}')"
        )


def make_due(instance: Instance) -> None:
    """The time of whatever is deferred has come."""
    with instance.opened() as app, app.database.write() as connection:
        connection.execute(
            update(deliveries)
            .where(deliveries.c.state == "deferred")
            .values(due_at=app.clock() - timedelta(minutes=1))
        )


def resend(instance: Instance, *words: str) -> dict[str, int]:
    """Order a resend, and let it be sent; what became of its deliveries."""
    ended = instance("resend", DIGEST, *words, "--reason", "it was asked for", "--yes", "--json")
    assert ended.code in (0, 1), ended
    found: dict[str, int] = json.loads(ended.out)["deliveries"]
    return found


def looked_at(instance: Instance, *words: str) -> tuple[int, Mapping[str, int]]:
    """How many a resend would mail, and how many it leaves out for which reason."""
    ended = instance("resend", DIGEST, *words, "--dry-run", "--json")
    assert ended.code == 0, ended
    found = json.loads(ended.out)
    return found["mailed"], found["left_out"]


def refusal(instance: Instance, *words: str) -> str:
    """The one line with which a resend is refused."""
    ended = instance("resend", DIGEST, *words, "--reason", "it was asked for", "--yes")
    assert ended.code == 2, ended
    assert len(ended.err.strip().splitlines()) == 1, ended
    return ended.err


def standing(instance: Instance) -> tuple[dict[str, int], int]:
    """How many people stand where over all mailings, and how many there are who were ever asked about."""
    with instance.opened() as app:
        (record,) = app.editorial.all()
        sums: dict[str, int] = {}
        for one, number in app.resends.standing(record, app.clock()).items():
            sums[str(one.state)] = sums.get(str(one.state), 0) + number
        with app.database.read() as connection:
            people = connection.exec_driver_sql(
                "SELECT count(*) FROM (SELECT subscriber_id FROM subscriptions"
                " UNION SELECT subscriber_id FROM deliveries) AS everybody"
            ).scalar_one()
            assert connection.scalar(select(digests.c.id)) == record.id
    return sums, people
