"""A call to Resend that had no answer is made again with its key, and nobody gets two mails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest

from publisher.errors import ProviderError
from publisher.providers import calling
from tests.contract.test_api_providers import messages, never, send, states
from tests.fakes.apis.base import answers, lost_after
from tests.fakes.apis.resend import FakeResend
from tests.fakes.apis.scenes import SCENES, Scene
from tests.fakes.provider import Recorder

BUSY = answers("409 Conflict", b'{"name": "concurrent_idempotent_requests", "message": "in progress"}')


@pytest.fixture
def scene() -> Iterator[Scene]:
    with SCENES["resend"]() as found:
        yield found


def keys(scene: Scene) -> list[str]:
    return [asked.headers["idempotency-key"] for asked in scene.server.asked]


def test_the_repeated_call_is_the_same_octet_by_octet(scene: Scene) -> None:
    scene.server.faults.extend([lost_after, lost_after])
    assert states(send(scene, messages(scene, 3)), 3) == "aaa"
    assert len(keys(scene)) == 3
    assert len(set(keys(scene))) == 1
    assert len({asked.body for asked in scene.server.asked}) == 1
    assert len(scene.server.taken) == 3


def test_the_halves_of_a_refused_batch_have_keys_of_their_own(scene: Scene) -> None:
    scene.server.refused = {"reader2@example.org"}
    assert states(send(scene, messages(scene, 4)), 4) == "afaa"
    assert len(set(keys(scene))) == len(keys(scene)) > 2


def test_a_call_whose_first_one_is_under_way_is_asked_for_again(scene: Scene) -> None:
    scene.server.faults.extend([lost_after, BUSY])
    assert states(send(scene, messages(scene, 3)), 3) == "aaa"
    assert len(scene.server.taken) == 3


def test_a_call_whose_first_one_stays_under_way_is_uncertain_and_never_given_back(scene: Scene) -> None:
    scene.server.faults.extend([lost_after, *[BUSY] * calling.TRIES])
    report = send(scene, messages(scene, 3))
    assert states(report, 3) == "uuu"
    assert not any("r" in report.marks(number) for number in (1, 2, 3))


def test_a_key_that_stands_for_something_else_leaves_its_mails_uncertain(scene: Scene) -> None:
    mails = messages(scene, 3)
    dialect = scene.provider.dialect
    assert isinstance(scene.server, FakeResend)
    key = dialect.call([dialect.item(mail) for mail in mails]).headers["Idempotency-Key"]
    scene.server.remembered[key] = b"[]", b"{}"
    report = Recorder()
    with suppress(ProviderError):
        scene.provider.send(mails, report, never)
    assert states(report, 3) == "uuu"
    assert scene.server.taken == []
