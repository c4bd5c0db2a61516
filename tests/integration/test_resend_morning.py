"""A bad morning as one script: 5 000 readers, and every act an editor has, over SMTP with the real sender."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from tests.fakes.smtp import CLOSE, FakeSmtp, Rule, Step
from tests.instance import Instance
from tests.integration.mornings import (
    correct,
    leave,
    looked_at,
    make_due,
    refusal,
    resend,
    standing,
)

WELL, REFUSED, DEFERRED, SILENT = 4_947, 40, 10, 3
BAD_MORNING = [
    Rule(Step.RCPT, "550 5.7.1 our list of friends does not have you", "refused"),
    Rule(Step.RCPT, "451 4.7.1 greylisted, come back later", "deferred"),
    Rule(Step.DOT, CLOSE, "silent"),
]


def addresses(name: str, number: int) -> list[str]:
    return [f"{name}{each}@example.org" for each in range(number)]


@pytest.fixture
def server() -> Iterator[FakeSmtp]:
    with FakeSmtp(BAD_MORNING) as server:
        yield server


@pytest.fixture
def instance(tmp_path: Path, server: FakeSmtp) -> Instance:
    provider = f'kind = "smtp"\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n'
    brakes = "senders = 1\nbrakes = { failures = 1, blocks = 1 }\n"  # forty refusals in a row would pause it
    made = Instance(tmp_path / "instance", provider=provider, sending=brakes)
    made.digest("2024-11-21")
    kinds = (("well", WELL), ("refused", REFUSED), ("deferred", DEFERRED), ("silent", SILENT))
    made.subscribe(*(address for name, number in kinds for address in addresses(name, number)))
    return made


class Post:
    """What a server received, a part of the morning at a time."""

    def __init__(self, server: FakeSmtp) -> None:
        self._server = server
        self._seen = 0

    def new(self) -> Counter[str]:
        """Who got how many since this was asked last."""
        recipients = self._server.recipients
        found = Counter(recipients[self._seen :])
        self._seen = len(recipients)
        return found

    def of(self, address: str) -> list[Message]:
        """Everything one reader ever got."""
        return [message_from_bytes(data) for to, data in self._server.received if to == address]


@pytest.mark.slow
def test_a_morning(instance: Instance, server: FakeSmtp) -> None:
    post = Post(server)

    # 6:00, and the mail leaves on a bad day.
    assert instance("run").code == 1
    first = post.new()
    assert set(first.values()) == {1}
    assert set(first) == {*addresses("well", WELL), *addresses("silent", SILENT)}
    on_its_way = {"already": WELL, "underway": DEFERRED}
    assert looked_at(instance, "--failed") == (REFUSED, on_its_way | {"uncertain": SILENT})

    # 6:30: the server was talked to. Twice the same act mails them once.
    server.rules.clear()
    assert resend(instance, "--failed") == {"accepted": REFUSED}
    assert post.new() == Counter(addresses("refused", REFUSED))
    assert "there is nobody to send" in refusal(instance, "--failed")
    assert not post.new()

    # 7:00: what was deferred left by itself; what is uncertain never does.
    make_due(instance)
    instance("run")
    assert post.new() == Counter(addresses("deferred", DEFERRED))

    # 7:30: somebody joins, somebody leaves.
    instance.subscribe("new0@example.org", "new1@example.org", "new2@example.org")
    leave(instance, "new2@example.org")
    assert resend(instance, "--missed") == {"accepted": 2}
    assert post.new() == Counter(addresses("new", 2))
    assert "there is nobody to send" in refusal(instance, "--missed")

    # 8:00: a reader calls, and then another whom the server did not answer for.
    assert "well7@example.org has this digest already" in refusal(instance, "--to", "well7@example.org")
    assert resend(instance, "--to", "well7@example.org", "--again") == {"accepted": 1}
    assert "may have this digest" in refusal(instance, "--to", "silent0@example.org")
    assert post.new() == Counter(["well7@example.org"])
    one, two = post.of("well7@example.org")
    assert one["Message-ID"] != two["Message-ID"]
    assert resend(instance, "--uncertain") == {"accepted": SILENT}
    assert post.new() == Counter(addresses("silent", SILENT))
    one, two = post.of("silent1@example.org")
    assert one["Message-ID"] == two["Message-ID"]

    # 9:00: a name was wrong. Those who have it get it right, in the same thread; who left gets nothing.
    assert "was never corrected" in refusal(instance, "--correction")
    correct(instance, "The lead says what happened, and who.")
    leave(instance, "well8@example.org")
    leave(instance, "refused9@example.org")
    everybody = WELL + REFUSED + DEFERRED + SILENT + 2
    assert looked_at(instance, "--correction") == (everybody - 2, {"left": 2})
    assert resend(instance, "--correction") == {"accepted": everybody - 2}
    corrected = post.new()
    assert set(corrected.values()) == {1}
    assert len(corrected) == everybody - 2
    assert {"well8@example.org", "refused9@example.org", "new2@example.org"}.isdisjoint(corrected)
    one, right = post.of("deferred3@example.org")
    assert (right["In-Reply-To"], right["References"]) == (one["Message-ID"], one["Message-ID"])
    assert one["In-Reply-To"] is None
    assert right["Message-ID"] != one["Message-ID"]
    assert "there is nobody to send" in refusal(instance, "--correction")
    assert not post.new()

    # 9:30: whoever joins now gets the right one alone, and it answers nothing.
    instance.subscribe("late@example.org")
    assert resend(instance, "--missed") == {"accepted": 1}
    (only,) = post.of("late@example.org")
    assert only["References"] is None
    assert "what happened, and who" in str(only.get_payload(0))

    sums, people = standing(instance)
    assert sums == {"accepted": everybody + 1, "None": 1}
    assert sum(sums.values()) == people == everybody + 2
