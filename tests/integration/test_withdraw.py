"""A withdrawn digest: nothing more of it is mailed, readers see that it was withdrawn, and it stays so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.errors import UsageError
from publisher.ledger import MailingState
from publisher.publishing.withdrawing import Withdrawal
from publisher.storage.database import Database
from tests.fakes.turnstile import Turnstile
from tests.instance import Instance
from tests.integration.editorial_desk import ACTOR, KEY, PAGE, EditorialDesk, a_desk
from tests.integration.test_mailing_control import meanwhile

pytestmark = pytest.mark.slow


LEAD = b"The lead says what happened"
NOTICE = "It named the wrong person."


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[EditorialDesk]:
    with a_desk(tmp_path / "instance", database) as made:
        yield made


def withdraw(desk: EditorialDesk, notice: str = NOTICE) -> Withdrawal:
    return desk.app.withdrawing.withdraw(
        desk.record(), desk.now, actor=ACTOR, reason="the name was wrong", notice=notice
    )


def feeds(desk: EditorialDesk) -> list[bytes]:
    documents = desk.instance.public_bytes().items()
    return [data for path, data in documents if path.endswith(("rss.xml", "atom.xml", "feed.json"))]


def test_page_and_entry_say_so_and_none_of_the_old_words_is_left(desk: EditorialDesk) -> None:
    desk.run()
    assert LEAD in desk.instance.public_bytes()[PAGE]
    withdraw(desk)
    desk.app.catch_up()
    public = desk.instance.public_bytes()
    assert NOTICE.encode() in public[PAGE]
    assert not any(LEAD in data for data in public.values())
    assert all(NOTICE.encode() in data for data in feeds(desk))
    entry_id = desk.record().entry_id
    assert entry_id
    assert all(entry_id.encode() in data for data in feeds(desk))


def test_the_reason_is_in_the_log_and_on_no_page(desk: EditorialDesk) -> None:
    desk.run()
    withdraw(desk)
    desk.app.catch_up()
    assert not any(b"the name was wrong" in data for data in desk.instance.public_bytes().values())
    (event,) = desk.events("digest.withdrawn")
    assert event == {
        "actor": ACTOR,
        "reason": "the name was wrong",
        "notice": NOTICE,
        "was": "published",
        "mailings": [1],
    }


@pytest.mark.parametrize("state", ["mail waits", "mail runs", "mail paused"])
def test_mail_on_its_way_is_cancelled(desk: EditorialDesk, state: str) -> None:
    desk.bring_to(state)
    done = withdraw(desk)
    assert done.cancelled == (1,)
    facts = desk.app.mailroom.facts(1)
    assert facts.mailing.state is MailingState.CANCELLED
    assert {str(name): number for name, number in facts.counts.items()} == {"skipped": 3}
    desk.app.catch_up()
    assert desk.app.rescuer.sweep(desk.now) == 0
    assert desk.app.mailroom.facts(1).mailing.state is MailingState.CANCELLED


@pytest.mark.parametrize("state", ["draft", "finalized", "held", "held by preflight"])
def test_what_was_not_published_is_never_published(desk: EditorialDesk, state: str) -> None:
    desk.bring_to(state)
    assert withdraw(desk).cancelled == ()
    report = desk.run()
    assert report.published == ()
    assert not any(path.startswith("daily/2024-11-21") for path in desk.instance.public_bytes())


def test_a_withdrawn_digest_keeps_its_slug_and_ignores_its_file(desk: EditorialDesk) -> None:
    desk.run()
    withdraw(desk)
    desk.instance.digest("2024-11-21", "News again")
    report = desk.run()
    assert (report.taken, report.published) == ((), ())
    assert report.notes == (f"news-2024-11-21.txt: changed, but {KEY} is withdrawn; ignored",)
    assert desk.record().title == "News of 2024-11-21"


def test_a_reason_is_wanted_and_a_second_withdrawal_is_refused(desk: EditorialDesk) -> None:
    desk.run()
    with pytest.raises(UsageError, match="withdrawing a digest wants a reason"):
        desk.app.withdrawing.withdraw(desk.record(), desk.now, actor=ACTOR, reason=" ")
    withdraw(desk)
    with pytest.raises(UsageError, match="was withdrawn before"):
        withdraw(desk)


def test_withdrawn_while_the_mail_runs_only_a_committed_window_still_leaves(
    database: Database, tmp_path: Path
) -> None:
    with Turnstile(10) as server:
        instance = Instance(
            tmp_path / "instance",
            database=database.engine.url.render_as_string(hide_password=False),
            provider=f'kind = "smtp"\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n',
            sending="senders = 1\nwindow = 4\n",
        )
        instance.subscribe(*(f"reader{number}@example.org" for number in range(40)))
        instance.digest("2024-11-21")
        words = ("digest", "withdraw", KEY, "--reason", "wrong", "--notice", NOTICE, "--yes")
        ended, held = meanwhile(instance, server, database, *words)
        assert ended.code == 0, ended
        assert set(server.recipients) <= set(server.recipients[:10]) | held
        assert NOTICE.encode() in instance.public_bytes()[PAGE]
        assert instance("run").code == 0
        assert len(server.recipients) < 40
