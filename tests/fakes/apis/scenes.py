"""Each provider with an API before a server of ours: what the contract suite and others stand on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter

from publisher.config import ApiProvider, Provider
from publisher.http import Answer, Client, Limits
from publisher.providers.api import Api
from publisher.providers.calls import Dialect
from publisher.providers.registry import DIALECTS
from tests.fakes.apis.base import FakeApi
from tests.fakes.apis.mailgun import DOMAIN, FakeMailgun
from tests.fakes.apis.memory import FakeMemory, MemoryDialect
from tests.fakes.apis.postmark import FakePostmark
from tests.fakes.apis.resend import FakeResend
from tests.fakes.apis.sendgrid import FakeSendgrid
from tests.fakes.apis.ses import ACCESS_KEY, REGION, FakeSes

KEY = "key-of-nobody-0123456789"


class HurriedClient(Client):
    """One that can be told not to wait for long, where the server is going to say nothing."""

    hurried = False

    def ask(self, method: str, address: str, **more: Any) -> Answer:
        if self.hurried:
            more["limits"] = Limits(read=timedelta(seconds=1))
        return super().ask(method, address, **more)


@dataclass
class Scene:
    """A provider, the server it calls, and how long it was made to wait."""

    settings: ApiProvider
    server: FakeApi
    provider: Api
    client: HurriedClient
    waits: list[float] = field(default_factory=list)


def scene(open_server: Callable[[], FakeApi], said: dict[str, Any]) -> Callable[[], AbstractContextManager[Scene]]:
    """A scene that is set up when it is entered."""

    @contextmanager
    def enter() -> Iterator[Scene]:
        with open_server() as server:
            settings = TypeAdapter[Any](Provider).validate_python({"url": server.url(), **said})
            yield from _played(settings, DIALECTS[settings.kind](settings), server)

    return enter


@contextmanager
def in_memory() -> Iterator[Scene]:
    """The fake among them."""
    with FakeMemory() as server:
        settings = ApiProvider(kind="memory")
        yield from _played(settings, MemoryDialect(server.url(), KEY), server)


def _played(settings: ApiProvider, dialect: Dialect, server: FakeApi) -> Iterator[Scene]:
    waits: list[float] = []
    client = HurriedClient(limits=Limits(read=timedelta(seconds=30), total=timedelta(seconds=60)))
    provider = Api(dialect, client, pause=waits.append, chance=lambda: 1.0)
    yield Scene(settings, server, provider, client, waits)
    provider.close()


SINGLE = {"mailgun, mime", "ses"}
"""Scenes of providers whose calls are about one mail each."""

SCENES: dict[str, Callable[[], AbstractContextManager[Scene]]] = {
    "memory": in_memory,
    "mailgun": scene(FakeMailgun, {"kind": "mailgun", "domain": DOMAIN, "key": KEY}),
    "mailgun, mime": scene(
        FakeMailgun, {"kind": "mailgun", "domain": DOMAIN, "key": KEY, "mode": "mime", "connections": 3}
    ),
    "postmark": scene(FakePostmark, {"kind": "postmark", "key": KEY}),
    "sendgrid": scene(FakeSendgrid, {"kind": "sendgrid", "key": KEY}),
    "resend": scene(lambda: FakeResend(KEY), {"kind": "resend", "key": KEY}),
    "ses": scene(
        lambda: FakeSes(KEY),
        {
            "kind": "ses",
            "region": REGION,
            "access_key": ACCESS_KEY,
            "secret_key": KEY,
            "configuration_set": "news",
            "connections": 3,
        },
    ),
}
