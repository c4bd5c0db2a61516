"""Every act of an editor in every state of a digest: what it does, or one line that says what to do instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from publisher.digests.model import DigestState
from publisher.errors import UsageError
from publisher.storage.database import Database
from tests.integration.editorial_desk import ACTOR, KEY, STATES, EditorialDesk, a_desk


@pytest.fixture
def desk(sqlite_database: Database, tmp_path: Path) -> Iterator[EditorialDesk]:
    with a_desk(tmp_path / "instance", sqlite_database) as made:
        yield made


def _release(desk: EditorialDesk, *, mail: bool) -> None:
    desk.app.editorial.release(desk.record(), desk.now, actor=ACTOR, reason="", mail=mail)


ACTS: dict[str, Callable[[EditorialDesk], object]] = {
    "finalize": lambda desk: desk.app.editorial.finalize(desk.record(), desk.now, actor=ACTOR),
    "hold": lambda desk: desk.app.editorial.hold(desk.record(), desk.now, actor=ACTOR, reason="wait"),
    "release": lambda desk: _release(desk, mail=False),
    "release --mail": lambda desk: _release(desk, mail=True),
    "withdraw": lambda desk: desk.app.withdrawing.withdraw(desk.record(), desk.now, actor=ACTOR, reason="wrong"),
}

GONE = "was withdrawn. A withdrawn digest stays withdrawn"
PUBLISHED = "is published already. "
PAUSE = f"{PUBLISHED}`publisher mailing pause 1 --reason TEXT` stops its mail"
RESUME = f"{PUBLISHED}`publisher mailing resume 1 --reason TEXT` lets its mail go on"
MISSED = f"{PUBLISHED}`publisher resend {KEY} --missed --reason TEXT` mails those who were never mailed"
PAUSED = f"{PUBLISHED}Its mail is paused; `publisher digest withdraw {KEY} --reason TEXT`"
CORRECT = f"{PUBLISHED}`publisher digest correct FILE --note TEXT` corrects it; `publisher digest withdraw {KEY}"
HELD = f"is held, and no draft. `publisher digest release {KEY}` publishes it"

TABLE: dict[str, tuple[str, str, str, str, str]] = {
    # ............... finalize      hold       release        release --mail  withdraw
    "draft": ("finalized", "held", "published", "published", "withdrawn"),
    "finalized": ("is final already. It leaves at its slot", "held", "published", "published", "withdrawn"),
    "held": (HELD, "held", "published", "published", "withdrawn"),
    "held by preflight": (HELD, "held", "published", "published", "withdrawn"),
    "backlog": (CORRECT, CORRECT, f"{PUBLISHED}It was not mailed (backlog)", "published", "withdrawn"),
    "mail waits": (PAUSE, PAUSE, MISSED, MISSED, "withdrawn"),
    "mail runs": (PAUSE, PAUSE, MISSED, MISSED, "withdrawn"),
    "mail paused": (PAUSED, PAUSED, RESUME, RESUME, "withdrawn"),
    "mail done": (CORRECT, CORRECT, MISSED, MISSED, "withdrawn"),
    "mail cancelled": (CORRECT, CORRECT, MISSED, MISSED, "withdrawn"),
    "withdrawn": (GONE, GONE, GONE, GONE, "was withdrawn before. A withdrawn digest stays withdrawn"),
}
"""By state, for each act: the digest's state afterwards, or what the refusal says."""


def test_the_table_has_every_state() -> None:
    assert list(TABLE) == list(STATES)
    assert {state for state, _ in STATES.values()} == set(DigestState)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("act", ACTS)
def test_act_in_state(desk: EditorialDesk, act: str, state: str) -> None:
    desk.bring_to(state)
    expected = TABLE[state][list(ACTS).index(act)]
    before = desk.facts()
    if expected in set(DigestState):
        ACTS[act](desk)
        assert desk.record().state == expected
    else:
        with pytest.raises(UsageError) as refused:
            ACTS[act](desk)
        assert str(refused.value).startswith(f"{KEY} {expected}")
        assert "\n" not in str(refused.value)
        assert desk.facts() == before
