"""A correction while the mail leaves: nobody gets the old edition any more but who is in a committed window.

And nobody gets both, and nobody none. With `publisher run` in another process, over SMTP.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.storage.database import Database
from tests.fakes.turnstile import Turnstile
from tests.instance import Instance
from tests.integration.test_mailing_control import BEFORE, READERS, WINDOW, in_window

pytestmark = pytest.mark.slow


OLD, NEW, NEWEST = "News of 2024-11-21", "The right news", "The news, and now all of it"
KEY = "daily/2024-11-21-news"


@pytest.fixture
def server() -> Iterator[Turnstile]:
    with Turnstile(BEFORE) as server:
        yield server


@pytest.fixture
def instance(database: Database, server: Turnstile, tmp_path: Path) -> Instance:
    """An instance with one digest to mail; its sender commits small windows."""
    made = Instance(
        tmp_path / "instance",
        database=database.engine.url.render_as_string(hide_password=False),
        provider=f'kind = "smtp"\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n',
        sending=f"senders = 1\nwindow = {WINDOW}\n",
    )
    made.subscribe(*(f"reader{number}@example.org" for number in range(READERS)))
    made.digest("2024-11-21", OLD)
    return made


def correct(instance: Instance, title: str) -> str:
    file = instance.digest("2024-11-21", title)
    ended = instance("digest", "correct", str(file), "--note", "It was not the right news.")
    assert ended.code == 0, ended
    return ended.out


def got(server: Turnstile, title: str) -> set[str]:
    """Who received the edition of this title."""
    subjects = [f"Subject: {before}{title}\r\n".encode() for before in ("", "Corrected: ")]
    return {who for who, data in list(server.received) if any(subject in data for subject in subjects)}


def assert_each_got_one_mail(server: Turnstile) -> None:
    assert set(Counter(server.recipients).values()) == {1}
    assert len(server.recipients) == READERS


def sums(instance: Instance, mailing_id: int) -> dict[str, int]:
    with instance.opened() as app:
        return {str(state): number for state, number in app.mailroom.facts(mailing_id).counts.items()}


def test_correct_during_a_running_mailing_mails_the_rest_the_new_edition(
    instance: Instance, server: Turnstile, database: Database
) -> None:
    running = instance.start("run")
    server.wait()
    told = correct(instance, NEW)
    had, held = set(server.recipients), in_window(database)
    server.carry_on()
    ended = instance.wait(running)

    assert ended.code == 0, ended
    assert_each_got_one_mail(server)
    assert got(server, OLD) <= had | held
    assert got(server, NEW) == {f"reader{number}@example.org" for number in range(READERS)} - got(server, OLD)
    assert "Mailing 1 ends here: mailing 2 brings edition 2 to the rest" in told
    assert f"publisher resend {KEY} --correction --reason TEXT" in told
    old, new = len(got(server, OLD)), len(got(server, NEW))
    assert sums(instance, 1) == {"accepted": old, "skipped": new}
    assert sums(instance, 2) == {"accepted": new}
    with instance.opened() as app:
        assert [facts.mailing.finished_at is None for facts in app.mailroom.all()] == [False, False]

    resent = instance("resend", KEY, "--correction", "--reason", "the news was wrong", "--yes")
    assert resent.code == 0, resent
    assert got(server, NEW) == set(server.recipients)
    assert len(server.recipients) == READERS + old


@pytest.mark.slow
def test_a_second_correction_overtakes_the_first_ones_mailing(
    instance: Instance, server: Turnstile, database: Database
) -> None:
    running = instance.start("run")
    server.wait()
    correct(instance, NEW)
    server.stop_again(BEFORE + 20)
    server.wait()
    correct(instance, NEWEST)
    had, held = set(server.recipients), in_window(database)
    server.carry_on()
    ended = instance.wait(running)

    assert ended.code == 0, ended
    assert_each_got_one_mail(server)
    assert got(server, OLD) | got(server, NEW) <= had | held
    assert got(server, NEW)
    assert got(server, NEWEST)


@pytest.mark.slow
def test_what_an_editor_had_paused_stays_paused_with_the_new_edition_in_it(
    instance: Instance, server: Turnstile
) -> None:
    running = instance.start("run")
    server.wait()
    assert instance("mailing", "pause", "1", "--reason", "is it right?").code == 0
    told = correct(instance, NEW)
    assert "once it is resumed, as it was paused: `publisher mailing resume 2 --reason TEXT`" in told
    server.carry_on()
    assert instance.wait(running).code == 0
    assert instance("run").code == 0
    assert got(server, NEW) == set()
    assert instance("mailing", "resume", "2", "--reason", "now it is").code == 0
    assert instance("run").code == 0
    assert_each_got_one_mail(server)


@pytest.mark.slow
def test_mail_that_had_not_begun_brings_the_new_edition_itself(instance: Instance, server: Turnstile) -> None:
    instance.site.parent.mkdir(exist_ok=True)
    instance.site.write_text("a file where the site has to be")
    assert instance("run").code == 1  # its page cannot be stored: the mail waits
    instance.site.unlink()
    told = correct(instance, NEW)
    assert "Mailing 1 had not begun: it brings edition 2" in told
    server.carry_on()
    assert instance("run").code == 0
    assert got(server, NEW) == set(server.recipients)
    assert_each_got_one_mail(server)
    with instance.opened() as app:
        assert [facts.mailing.id for facts in app.mailroom.all()] == [1]
