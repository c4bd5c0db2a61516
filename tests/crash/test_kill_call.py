"""A sender that is killed while a call to an API is under way: its mails are uncertain, and then settled.

Every process is killed with -9; what the provider had taken by then is known to nobody but the provider.
"""

from __future__ import annotations

import os
import select
import signal
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from publisher.app import open_app
from publisher.app.opening import wall_clock
from publisher.mailings.reconciling import KNOWN_BY
from publisher.storage.database import Database
from tests.crash import processes
from tests.fakes.apis.base import FakeApi, Fault
from tests.fakes.apis.mailgun import DOMAIN, FakeMailgun
from tests.fakes.apis.resend import FakeResend
from tests.fakes.mailing import count_states
from tests.fakes.web import Exchange, hang
from tests.instance import Instance

pytestmark = pytest.mark.slow

MAILS = 230
MARK = "killed in a call"

MAILGUN = f'kind = "mailgun"\ndomain = "{DOMAIN}"\nkey = "key-of-nobody"\nurl = "{{url}}"\n'
RESEND = 'kind = "resend"\nkey = "re_of_nobody"\nurl = "{url}"\n'


def in_flight(arrived: threading.Event, *, taken: bool) -> Fault:
    """A call that gets no answer; taken or not."""

    def fault(api: FakeApi, exchange: Exchange) -> None:
        if taken:
            api.respond(exchange.asked)
        arrived.set()
        hang(exchange)

    return fault


def killed_in_call(instance: Instance, server: FakeApi, *, taken: bool) -> None:
    """A run whose every process is killed while the second call is under way, or the first where one takes all."""
    arrived = threading.Event()
    server.faults.append(in_flight(arrived, taken=taken))
    instance.environment = {processes.MARK: MARK}
    run = instance.start("run")
    assert arrived.wait(60)
    senders = processes.marked(MARK)
    assert senders
    endings = [os.pidfd_open(pid) for pid in senders]
    for pid in (run, *senders):
        os.kill(pid, signal.SIGKILL)
    assert instance.wait(run).code == -signal.SIGKILL
    for ending in endings:
        assert select.select([ending], [], [], 60)[0], "a killed process goes on"
        os.close(ending)


def instance_of(database: Database, root: Path, provider: str, server: FakeApi) -> Instance:
    url = database.engine.url.render_as_string(hide_password=False)
    instance = Instance(root / "instance", database=url, provider=provider.format(url=server.url()))
    instance.subscribe(*(f"reader{number}@example.org" for number in range(1, MAILS + 1)))
    instance.digest("2024-11-21")
    return instance


@pytest.mark.parametrize("taken", [True, False])
def test_what_was_in_flight_is_uncertain_and_the_event_log_settles_it(
    database: Database, tmp_path: Path, taken: bool
) -> None:
    with FakeMailgun() as server:
        server.page = 300
        instance = instance_of(database, tmp_path, MAILGUN, server)
        killed_in_call(instance, server, taken=taken)
        assert instance("run").code == 1  # something is uncertain
        assert count_states(database) == {"uncertain": MAILS}
        assert len(server.taken) == (MAILS if taken else 0), "nothing was sent again on a guess"

        early = instance("mailing", "reconcile", "1")
        if taken:
            assert (early.code, count_states(database)) == (0, {"accepted": MAILS})
            assert f"{MAILS} were taken, 0 were not" in early.out
        else:
            assert (early.code, count_states(database)) == (1, {"uncertain": MAILS})
            assert "ask again at" in early.out
            later(instance)
            assert count_states(database) == {"failed": MAILS}
            resent = instance("resend", "daily/2024-11-21-news", "--failed", "--reason", "never taken", "--yes")
            assert resent.code == 0, resent
        assert sorted(taken.recipient for taken in server.taken) == sorted(
            f"reader{number}@example.org" for number in range(1, MAILS + 1)
        )


@pytest.mark.parametrize("taken", [True, False])
def test_a_call_that_is_remembered_is_made_again_and_nobody_gets_a_second_mail(
    database: Database, tmp_path: Path, taken: bool
) -> None:
    with FakeResend("re_of_nobody") as server:
        instance = instance_of(database, tmp_path, RESEND, server)
        killed_in_call(instance, server, taken=taken)
        assert instance("run").code == 1
        assert count_states(database) == {"uncertain": 100, "accepted": MAILS - 100}
        ended = instance("mailing", "reconcile", "1")
        assert (ended.code, ended.err) == (0, "")
        assert count_states(database) == {"accepted": MAILS}
        assert sorted(taken.recipient for taken in server.taken) == sorted(
            f"reader{number}@example.org" for number in range(1, MAILS + 1)
        )


def later(instance: Instance) -> None:
    """Ask when the log would have to show them."""
    app = open_app(instance.config, lambda: wall_clock() + KNOWN_BY + timedelta(minutes=1))
    try:
        app.reconciling.reconcile(1, app.clock(), actor="an editor")
    finally:
        app.close()
