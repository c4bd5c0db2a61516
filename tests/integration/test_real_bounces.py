"""A mailing through a real Postfix: what comes back from it, and what somebody hostile makes of that.

One mailing, one bounce; then the same bounce forged, altered and told again. `publisher serve` listens.
"""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select

from publisher.messages import verp
from publisher.storage.tables import deliveries, feedback
from subscribers.tables import subscribers
from tests.fakes.dovecot import PASSWORD, USER, Dovecot
from tests.fakes.lmtp import Station, hand_over
from tests.fakes.postfix import KNOWN, UNKNOWN, Postfix
from tests.instance import Instance
from tests.integration.test_returned_mail import free_port
from tests.integration.test_serve import until

pytestmark = pytest.mark.system

GONE = f"nobody.of.that.name@{UNKNOWN}"
THERE = [f"{name}@{UNKNOWN}" for name in KNOWN]
ASIDE = '[preflight]\nrules = { links-answer = "off", sender-domain = "off" }\n[web]\nport = 0\n'


@dataclass
class Newsroom:
    """An instance that has mailed through Postfix, and the bounce that came of it."""

    instance: Instance
    postfix: Postfix
    port: int
    """Where bounces are handed over while it serves."""
    bounces: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def bounce(self) -> tuple[str, bytes]:
        """Where it was sent, and the mail."""
        return self.bounces[0]

    def verdicts(self) -> list[str]:
        with self.instance.opened() as app, app.database.read() as connection:
            return list(connection.scalars(select(feedback.c.verdict).order_by(feedback.c.id)))

    def acted(self, number: int) -> list[str] | None:
        """The verdicts, when there are so many events and each was acted on."""
        found = self.verdicts()
        return found if len(found) == number and all(found) else None

    def states(self) -> dict[str, str]:
        """Where the first mailing's deliveries stand, by address."""
        query = select(subscribers.c.email, deliveries.c.state).join_from(
            deliveries, subscribers, subscribers.c.id == deliveries.c.subscriber_id
        )
        with self.instance.opened() as app, app.database.read() as connection:
            found = connection.execute(query.where(deliveries.c.mailing_id == 1))
            return {str(email): str(state) for email, state in found}

    def suppressed(self) -> set[str]:
        """Whom a command says to be suppressed."""
        shown = {each: json.loads(self.instance("subscriber", "show", each, "--json").out) for each in EVERYBODY}
        return {
            each for each, facts in shown.items() if any(one["lifted_at"] is None for one in facts["suppressions"])
        }

    def token(self, email: str, secret: bytes | None = None) -> str:
        """The token of the first mailing's delivery to somebody."""
        query = (
            select(deliveries.c.id)
            .join_from(deliveries, subscribers, subscribers.c.id == deliveries.c.subscriber_id)
            .where(subscribers.c.email == email, deliveries.c.mailing_id == 1)
        )
        with self.instance.opened() as app, app.database.read() as connection:
            return verp.mint(secret or app.secret, int(connection.execute(query).scalar_one()), email)

    def tell(self, token: str, raw: bytes) -> None:
        hand_over(self.port, f"bounces+{token}@news.example.org", raw)


EVERYBODY = [*THERE, GONE]


@contextmanager
def serving(instance: Instance) -> Iterator[Path]:
    """`publisher serve`; gives its log."""
    pid = instance.start("serve")
    log = instance.root / f"err.{pid}"
    try:
        until(lambda: "serving" in (log.read_text() if log.exists() else ""))
        yield log
    finally:
        os.kill(pid, signal.SIGTERM)
        ended = instance.wait(pid)
    assert ended.code == 0, ended
    assert "Traceback" not in ended.err, ended.err


@pytest.fixture(scope="module")
def mailed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """Four readers were mailed, one of whom Postfix does not know; it runs on, and bounces are handed over."""
    port = free_port()
    with Station(port) as station, Postfix(station.port) as postfix:
        instance = Instance(
            tmp_path_factory.mktemp("newsroom") / "instance",
            provider=f'kind = "smtp"\nhost = "127.0.0.1"\nport = {postfix.port}\nsecurity = "none"\n',
            newsletter=f'envelope_from = "bounces@news.example.org"\nverp = true\n{ASIDE}'
            f"[bounces]\nlmtp_port = {port}\n",
        )
        instance.subscribe(*EVERYBODY)
        instance.digest("2024-11-21")
        with serving(instance):
            newsroom = Newsroom(instance, postfix, port, station.passed)
            until(lambda: newsroom.acted(1))
        yield newsroom


def changed(raw: bytes, number: int) -> bytes:
    """The same bounce under another Message-ID: one that was not told yet."""
    return re.sub(rb"(?im)^message-id: <", f"Message-Id: <again{number}.".encode(), raw, count=1)


def test_a_bounce_of_postfix_suppresses_whom_it_is_about_and_nobody_else(mailed: Newsroom) -> None:
    recipient, raw = mailed.bounce
    assert recipient == f"bounces+{mailed.token(GONE)}@news.example.org"
    assert b"unknown user" in raw
    assert mailed.verdicts() == ["suppressed"]
    assert mailed.suppressed() == {GONE}
    assert mailed.states() == {GONE: "bounced"} | dict.fromkeys(THERE, "accepted")
    assert all("The lead says what happened" in mailed.postfix.mailbox(name) for name in KNOWN)

    assert re.search(rf"{re.escape(GONE)} +bounced +.*unknown user", mailed.instance("mailing", "show", "1").out)
    shown = mailed.instance("subscriber", "show", GONE).out
    assert "mail: 5.1.1 unknown user" in shown
    assert json.loads(mailed.instance("mailing", "bounces", "1", "--json").out)["classes"] == {"hard": 1}


def test_what_was_forged_or_altered_does_nothing(mailed: Newsroom) -> None:
    _, raw = mailed.bounce
    genuine, other = mailed.token(GONE), mailed.token(THERE[0])
    before = mailed.verdicts()
    told = [
        (mailed.token(THERE[0], b"a secret of sixteen octets"), raw.replace(GONE.encode(), THERE[0].encode())),
        (other, raw),  # a token of ours, and a bounce that is about somebody else
        (genuine, raw.replace(GONE.encode(), THERE[1].encode())),
        *((flipped(genuine, place), raw) for place in range(len(genuine))),
        ("a" * 24, raw),
        ("7" * 24, raw),
    ]
    with serving(mailed.instance):
        for number, (token, mail) in enumerate(told):
            mailed.tell(token, changed(mail, number))
        until(lambda: mailed.acted(len(before) + len(told)))
    assert mailed.verdicts()[len(before) :] == ["forged"] * len(told)
    assert mailed.suppressed() == {GONE}
    assert mailed.states() == {GONE: "bounced"} | dict.fromkeys(THERE, "accepted")


def flipped(token: str, place: int) -> str:
    """One character of a token is another one."""
    return token[:place] + ("a" if token[place] != "a" else "b") + token[place + 1 :]


def test_a_bounce_that_is_told_again_does_nothing_even_when_an_editor_has_lifted_the_suppression(
    mailed: Newsroom,
) -> None:
    _, raw = mailed.bounce
    token, before = mailed.token(GONE), len(mailed.verdicts())
    lifted = mailed.instance("subscriber", "unsuppress", GONE, "--reason", "they have a mailbox now")
    assert lifted.code == 0
    with serving(mailed.instance):
        mailed.tell(token, raw)
        mailed.tell(token.upper(), raw)
        for number in range(3):  # somebody has kept it, and tells it under another name
            mailed.tell(token, changed(raw, 100 + number))
        until(lambda: mailed.acted(before + 3))
    assert mailed.verdicts()[before:] == ["noted"] * 3
    assert mailed.suppressed() == set()
    suppress = mailed.instance("subscriber", "suppress", GONE, "--reason", "gone after all")
    assert suppress.code == 0, suppress


def test_the_next_mailing_does_not_mail_them(mailed: Newsroom) -> None:
    assert mailed.suppressed() == {GONE}
    mailed.instance.digest("2024-11-22")
    assert mailed.instance("run").code == 0
    assert mailed.postfix.log.count(f"to=<{GONE}>") == 1
    until(lambda: all("2024-11-22" in mailed.postfix.mailbox(name) for name in KNOWN) or None)


def test_the_same_bounce_in_a_mailbox_is_matched_by_its_headers(mailed: Newsroom, tmp_path: Path) -> None:
    """Dovecot keeps what Postfix made; nobody hands over an envelope, and the headers say whose it is."""
    recipient, raw = mailed.bounce
    copy = mailed.instance.copied(tmp_path / "instance")
    assert copy("subscriber", "unsuppress", GONE, "--reason", "to begin anew").code == 0
    with copy.opened() as app, app.database.write() as connection:
        connection.execute(feedback.delete())
    with Dovecot() as dovecot:
        bounces = (
            f'[bounces]\nimap_host = "127.0.0.1"\nimap_port = {dovecot.port}\nimap_security = "none"\n'
            f'user = "{USER}"\npassword = {json.dumps(PASSWORD)}\n'
        )
        text = copy.config.read_text().replace(f"[bounces]\nlmtp_port = {mailed.port}\n", bounces)
        copy.config.write_text(text)
        forged = raw.replace(recipient.encode(), f"bounces+{'a' * 24}@news.example.org".encode())
        dovecot.deliver(raw, changed(forged, 1), changed(raw, 2), b"no mail at all")
        ended = copy("run")
        assert "1 forged, 1 noted, 1 suppressed" in ended.out, ended
        assert dovecot.new == 0
        dovecot.deliver(raw)
        assert "1 mail in the bounce mailbox" in copy("run").out
    newsroom = Newsroom(copy, mailed.postfix, mailed.port, mailed.bounces)
    assert newsroom.suppressed() == {GONE}
    assert newsroom.verdicts() == ["suppressed", "forged", "noted"]
