"""What a mailing has left behind: in its ledger, on disk and among the processes."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select

from publisher.storage.database import connect
from publisher.storage.tables import batches, deliveries, mailings, senders
from subscribers.tables import subscribers
from tests.crash.verdict import Left
from tests.instance import Instance


def remains(instance: Instance, processes: Iterable[int]) -> Left:
    """Look at an instance, while nothing of it should run, and name the processes that run all the same."""
    query = select(subscribers.c.email, deliveries.c.state, deliveries.c.sender_id)
    people = query.join_from(deliveries, subscribers, subscribers.c.id == deliveries.c.subscriber_id)
    open_batches = select(func.count()).select_from(batches).where(batches.c.done_at.is_(None))
    database = connect(instance.database, instance.root)
    with database.read() as connection:
        states = {row[0]: (row[1], row[2] or "") for row in connection.execute(people)}
        found = tuple(connection.scalars(select(mailings.c.state)))
        unended = tuple(connection.scalars(select(senders.c.id).where(senders.c.ended_at.is_(None))))
        open_ = connection.scalar(open_batches) or 0
    database.close()
    with instance.opened() as app:
        told = {str(state): number for state, number in app.mailroom.all()[0].counts.items()}
    logs = {path.name: path.read_text(errors="replace") for path in instance.root.glob("err.*")}
    return Left(
        states,
        told,
        mailings=found,
        journals=tuple(path.name for path in (instance.root / "var" / "journal").iterdir()),
        unended_senders=unended,
        open_batches=open_,
        processes=tuple(processes),
        tracebacks=tuple(name for name, text in logs.items() if "Traceback" in text),
    )
