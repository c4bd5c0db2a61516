"""Two editors press the same button at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import update

from publisher.app import App
from publisher.mailings.verdicts import Act, Wish
from publisher.publishing.resends import Ordered
from publisher.storage.database import Database
from publisher.storage.tables import deliveries
from tests.instance import Instance

pytestmark = pytest.mark.slow


@pytest.fixture
def app(database: Database, tmp_path: Path) -> Iterator[App]:
    """An instance whose one mailing has failed for both of its readers."""
    url = database.engine.url.render_as_string(hide_password=False)
    instance = Instance(tmp_path / "instance", database=url)
    instance.subscribe("a@example.org", "b@example.org")
    instance.digest("2024-11-21")
    with instance.opened() as found:
        found.run_pass(sleep=lambda _seconds: None)
        with database.write() as connection:
            assert connection.execute(update(deliveries).values(state="failed")).rowcount == 2
        yield found


def resend(app: App, actor: str) -> Ordered:
    (record,) = app.editorial.all()
    return app.resends.order(record, Wish(Act.FAILED), app.clock(), actor=actor, reason="mended")


def test_of_two_resends_at_once_one_is_made(app: App) -> None:
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(resend, app, actor) for actor in ("first", "second")]
    (mailing,) = (facts.mailing for facts in app.mailroom.all() if facts.mailing.kind == "resend")
    refusals = [error for one in both if (error := one.exception()) is not None]
    if refusals:  # the second came after the first had done it
        assert [str(error).partition(":")[0] for error in refusals] == [
            "there is nobody to send daily/2024-11-21-news to"
        ]
    else:  # both had seen the same plan
        ordered = [one.result() for one in both]
        assert sorted(one.repeated for one in ordered) == [False, True]
        assert {one.mailing.id for one in ordered} == {mailing.id}
