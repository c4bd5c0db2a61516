"""Two providers, and the first of them fails: a whole instance, and what its operator is told.

Whatever the first does, everybody gets exactly one mail, or nothing is sent on a guess.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes.apis.base import answers, lost_after
from tests.fakes.apis.mailgun import DOMAIN, FakeMailgun
from tests.fakes.smtp import FakeSmtp
from tests.instance import Instance

pytestmark = pytest.mark.slow

READERS = [f"reader{number}@example.org" for number in range(12)]


@pytest.fixture
def mailgun() -> Iterator[FakeMailgun]:
    with FakeMailgun() as server:
        yield server


@pytest.fixture
def smtp() -> Iterator[FakeSmtp]:
    with FakeSmtp() as server:
        yield server


def gun(server: FakeMailgun, name: str = "gun") -> str:
    return (
        f'\n[[provider]]\nname = "{name}"\nkind = "mailgun"\ndomain = "{DOMAIN}"\nkey = "an invented key"\n'
        f'url = "{server.url()}"\n'
    )


def own(server: FakeSmtp) -> str:
    return (
        f'\n[[provider]]\nname = "own"\nkind = "smtp"\nhost = "127.0.0.1"\nport = {server.port}\n'
        'security = "none"\n'
    )


def configure(instance: Instance, *tables: str) -> None:
    """These providers, and no others."""
    instance.configure()
    text = instance.config.read_text()
    before, _, after = text.partition('[provider]\nkind = "maildir"\n')
    instance.config.write_text(before + "".join(tables) + after)


@pytest.fixture
def instance(tmp_path: Path, mailgun: FakeMailgun, smtp: FakeSmtp) -> Instance:
    made = Instance(tmp_path / "instance", environment={"PUBLISHER_ACTOR": "op"})
    configure(made, gun(mailgun), own(smtp))
    made.subscribe(*READERS)
    made.digest("2024-11-21")
    return made


def got(mailgun: FakeMailgun, smtp: FakeSmtp) -> Counter[str]:
    """How many mails each reader has got, by whatever way."""
    return Counter([each.recipient for each in mailgun.taken] + smtp.recipients)


def shown(instance: Instance) -> dict[str, object]:
    found: dict[str, object] = json.loads(instance("mailing", "show", "1", "--json").out)
    return found


ONE_EACH = Counter(READERS)
REFUSED = [answers("401 Unauthorized", b"Forbidden")] * 99
OUT: dict[str, tuple[Callable[[FakeMailgun], None], str]] = {
    "too many requests": (lambda api: api.faults.extend([answers("429 Slow", Retry_After="3600")] * 99), "429"),
    "wrong key": (lambda api: api.faults.extend(REFUSED), "401"),
    "down": (FakeMailgun.stop_listening, "refused"),
}


@pytest.mark.parametrize("out", OUT)
def test_the_next_takes_over_everybody_gets_one_and_somebody_is_told(
    instance: Instance, mailgun: FakeMailgun, smtp: FakeSmtp, out: str
) -> None:
    fail, words = OUT[out]
    fail(mailgun)
    ended = instance("run")
    assert ended.code == 0, ended
    assert got(mailgun, smtp) == ONE_EACH
    assert shown(instance)["accepted"] == len(READERS)
    assert "12 accepted (done)" in ended.out
    (line,) = ended.err.splitlines()
    assert line.startswith("publisher: gun is out, and another provider takes over: ")
    assert words in line
    assert instance("run").code == 0
    assert got(mailgun, smtp) == ONE_EACH


def test_while_all_are_out_everything_waits_and_the_next_run_completes(
    instance: Instance, mailgun: FakeMailgun, smtp: FakeSmtp
) -> None:
    smtp.stop_listening()
    mailgun.faults.extend(REFUSED)
    ended = instance("run")
    assert ended.code == 1
    assert not got(mailgun, smtp)
    assert shown(instance)["pending"] == len(READERS)
    assert "12 pending (running)" in ended.out
    assert f"127.0.0.1:{smtp.port}" in ended.err.splitlines()[-1]
    mailgun.faults.clear()
    assert instance("run").code == 0
    assert got(mailgun, smtp) == ONE_EACH


@pytest.mark.parametrize("becomes", ["removed", "renamed", "second"])
def test_uncertain_mails_outlive_a_change_of_the_providers(
    instance: Instance, mailgun: FakeMailgun, smtp: FakeSmtp, becomes: str
) -> None:
    """Nothing is sent on a guess; who still can be asked is, and a missing provider makes nobody `failed`."""
    mailgun.faults.append(lost_after)
    ended = instance("run")
    assert (ended.code, shown(instance)["uncertain"]) == (1, len(READERS))
    assert "`publisher mailing reconcile 1` asks" in instance("mailing", "show", "1").out
    tables = {
        "removed": [own(smtp)],
        "renamed": [gun(mailgun, "renamed"), own(smtp)],
        "second": [own(smtp), gun(mailgun)],
    }
    configure(instance, *tables[becomes])
    assert instance("run").code == 0  # it has nothing to do
    asked = instance("mailing", "reconcile", "1")
    assert "Traceback" not in asked.err
    known = becomes != "removed"
    assert shown(instance)["accepted" if known else "uncertain"] == len(READERS)
    assert got(mailgun, smtp) == ONE_EACH
    assert shown(instance)["failed"] == 0
