"""Mail that comes back, through HTTP and a whole instance: what a provider tells is kept, acted on, obeyed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from publisher.app import App
from publisher.app.returning import Returning
from publisher.bounces.hook_paths import hook_path
from publisher.errors import StorageError
from publisher.messages import verp
from publisher.storage.database import Database
from publisher.storage.tables import deliveries, feedback
from publisher.web import Folder, WebServer, create_app
from subscribers import suppression
from subscribers.tables import subscribers
from tests.fakes.hook_payloads import KINDS, MAILGUN_KEY
from tests.instance import Instance

pytestmark = pytest.mark.slow

MAILGUN = KINDS["mailgun"]
READERS = 30
HOOKS = f"""
[[provider]]
kind = "maildir"
name = "files"

[[provider]]
kind = "mailgun"
name = "gun"
domain = "mg.example.org"
key = "an invented key"
webhook_key = "{MAILGUN_KEY}"
"""


class Desk:
    """An instance that has mailed a digest, served over HTTP.

    Args:
        instance: it.
        app: it, opened.
        url: where it is served.
    """

    def __init__(self, instance: Instance, app: App, url: str) -> None:
        self.instance, self.app, self.url = instance, app, url
        self._told = 0

    @property
    def path(self) -> str:
        return hook_path(self.app.secret, "gun")

    def event(self, type_: str, delivery_id: int, **more: Any) -> dict[str, Any]:
        """An event about a delivery, as the provider tells it."""
        email = self.email(delivery_id)
        proof = {"recipient": email, "user-variables": {"ref": verp.mint(self.app.secret, delivery_id, email)}}
        return MAILGUN.event(type_, **proof | {"timestamp": self.app.clock().timestamp()} | more)

    def post(self, event: dict[str, Any], path: str = "", *, age: int = 0, token: str = "") -> int:
        """Tell it; gives the status of the answer. The same `token`: it is told again; `age`: signed days ago."""
        self._told += 1
        at = self.app.clock() - timedelta(days=age)
        request = MAILGUN.request(event, at, token or f"t{self._told}t")
        address = f"{self.url}{path or self.path}"
        answer = httpx.post(address, content=request.body, headers=dict(request.headers), timeout=30)
        assert answer.content == b""
        return answer.status_code

    def act(self) -> None:
        self.app.returning.processing.process(self.app.clock)

    def email(self, delivery_id: int) -> str:
        query = (
            select(subscribers.c.email)
            .join_from(deliveries, subscribers, subscribers.c.id == deliveries.c.subscriber_id)
            .where(deliveries.c.id == delivery_id)
        )
        with self.app.database.read() as connection:
            return str(connection.execute(query).scalar_one())

    def state(self, delivery_id: int) -> str:
        with self.app.database.read() as connection:
            query = select(deliveries.c.state).where(deliveries.c.id == delivery_id)
            return str(connection.execute(query).scalar_one())

    def verdicts(self) -> list[str]:
        with self.app.database.read() as connection:
            return list(connection.scalars(select(feedback.c.verdict).order_by(feedback.c.id)))

    def suppressed(self) -> set[str]:
        with self.app.database.read() as connection:
            return {one.email_key for one in suppression.suppression_page(connection)}


def mailed(root: Path, url: str = "sqlite:///var/publisher.db") -> Instance:
    """An instance that has mailed its first digest."""
    made = Instance(root, database=url, environment={"PUBLISHER_ACTOR": "op"})
    made.config.write_text(made.config.read_text().replace('[provider]\nkind = "maildir"\n', HOOKS))
    made.subscribe(*(f"reader{number}@example.org" for number in range(READERS)))
    made.digest("2024-11-21")
    assert made("run").code == 0
    return made


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    return mailed(tmp_path_factory.mktemp("morning") / "instance")


@pytest.fixture(params=["sqlite", "postgres"])
def desk(request: pytest.FixtureRequest, tmp_path: Path, morning: Instance) -> Iterator[Desk]:
    if request.param == "postgres":
        database: Database = request.getfixturevalue("postgres_database")
        made = mailed(tmp_path / "instance", database.engine.url.render_as_string(hide_password=False))
    else:
        made = morning.copied(tmp_path / "instance")
        made.config.write_bytes(morning.config.read_bytes())
    with ExitStack() as stack:
        app = stack.enter_context(made.opened())
        site = create_app(app.links, app.signups, Folder(app.site_folder), app.returning.hooks)
        server = stack.enter_context(WebServer(site, "127.0.0.1", 0))
        yield Desk(made, app, server.url)


def test_what_a_provider_tells_is_kept_acted_on_and_obeyed_by_the_next_mailing(desk: Desk) -> None:
    assert desk.post(desk.event("delivered", 1)) == 200
    assert desk.post(desk.event("failed", 2)) == 200
    assert desk.state(2) == "accepted"  # kept, and not yet acted on
    desk.act()
    assert [desk.state(1), desk.state(2)] == ["delivered", "bounced"]
    assert desk.suppressed() == {desk.email(2)}
    shown = json.loads(desk.instance("mailing", "bounces", "1", "--json").out)
    assert shown == {"classes": {"hard": 1}, "held": []}

    desk.instance.digest("2024-11-22")
    assert desk.instance("run").code == 0
    second = [str(mail["To"]) for mail in desk.instance.mails() if "2024-11-22" in str(mail["Subject"])]
    assert len(second) == READERS - 1
    assert not [to for to in second if desk.email(2) in to]


def test_told_again_and_out_of_order_it_is_the_same(desk: Desk) -> None:
    told = {"first": desk.event("failed", 1), "second": desk.event("delivered", 1)}
    for token in ("first", "second", "first", "second"):
        assert desk.post(told[token], token=token) == 200
        desk.act()
    assert desk.state(1) == "bounced"
    assert len(desk.verdicts()) == 2


def test_only_the_genuine_address_is_heard(desk: Desk) -> None:
    event = desk.event("failed", 1)
    right = desk.path.rpartition("/")[2]
    for path in (
        f"hooks/gun/{'a' * 32}",
        f"hooks/files/{right}",
        f"hooks/nobody/{right}",
        f"hooks/gun/{right[:-1]}",
    ):
        assert desk.post(event, path) == 404
    assert desk.post(event, hook_path(desk.app.secret, "gun", 2)) == 404
    assert httpx.get(f"{desk.url}{desk.path}").status_code == 405
    assert desk.verdicts() == []


def test_another_hook_version_ends_the_address(desk: Desk) -> None:
    (gun,) = [each for each in desk.app.settings.provider if each.name == "gun"]
    settings = desk.app.settings.model_copy(update={"provider": (gun.model_copy(update={"hook_version": 2}),)})
    changed = App(desk.app.config_file, settings, desk.app.database, desk.app.clock)
    hooks = Returning(changed).hooks
    first, second = (hook_path(desk.app.secret, "gun", version).rpartition("/")[2] for version in (1, 2))
    assert (hooks.knows("gun", first), hooks.knows("gun", second)) == (False, True)
    assert Returning(changed).hook_addresses == {"gun": f"https://news.example.org/hooks/gun/{second}"}


def test_what_is_not_signed_is_stale_or_no_json_is_refused(desk: Desk) -> None:
    event = desk.event("failed", 1)
    assert desk.post(event, age=2) == 403
    forged = replace(MAILGUN.request(event, desk.app.clock()), body=b'{"signature": {}, "event-data": {}}')
    answer = httpx.post(f"{desk.url}{desk.path}", content=forged.body, headers=dict(forged.headers))
    assert answer.status_code in (400, 403)
    assert httpx.post(f"{desk.url}{desk.path}", content=b"not json").status_code == 400
    assert httpx.post(f"{desk.url}{desk.path}", content=b"x" * 1_000_001).status_code == 413
    assert desk.verdicts() == []


def test_a_forged_or_altered_reference_does_nothing(desk: Desk) -> None:
    genuine = desk.event("failed", 1)
    ref = genuine["user-variables"]["ref"]
    for change in (
        {"recipient": desk.email(2)},
        {"user-variables": {"ref": ref[:-1] + ("a" if ref[-1] != "a" else "b")}},
        {"user-variables": {"ref": "a" * 24}},
    ):
        assert desk.post(genuine | change) == 200
    desk.act()
    assert desk.verdicts() == ["forged"] * 3
    assert desk.suppressed() == set()
    assert {desk.state(number) for number in (1, 2)} == {"accepted"}


def test_a_database_that_does_not_answer_lets_the_provider_come_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write() -> object:
        raise StorageError("the database does not answer", permanent=False)

    event = desk.event("failed", 1)
    with monkeypatch.context() as patched:
        patched.setattr(desk.app.database, "write", write)
        assert desk.post(event, token="one") == 503
    assert desk.verdicts() == []
    assert desk.post(event, token="one") == 200
    assert desk.verdicts() == [""]


def test_too_many_alike_wait_for_an_editor(desk: Desk) -> None:
    for number in range(1, 25):
        assert desk.post(desk.event("failed", number)) == 200
    desk.act()
    assert desk.suppressed() == set()
    assert "24 suppressions because of it wait" in desk.instance("mailing", "show", "1").out
    listed = desk.instance("mailing", "bounces", "1")
    assert listed.out.count("no such user") == 24
    assert desk.instance("mailing", "bounces", "1", "--forgive", "--suppress", "--reason", "x").code == 2
    assert desk.instance("mailing", "bounces", "1", "--forgive").code == 2
    report = desk.app.alerting.tell()
    assert [alert.kind for alert in report.begun if alert.kind == "suppressions"] == ["suppressions"]

    done = desk.instance("mailing", "bounces", "1", "--forgive", "--reason", "their server was broken")
    assert (done.code, done.out) == (0, "24 addresses forgiven\n")
    assert desk.suppressed() == set()
    assert "suppressions that waited: forgiven" in desk.instance("digest", "show", "2024-11-21-news").out
    assert [alert.kind for alert in desk.app.alerting.tell().over if alert.kind == "suppressions"]


def test_run_acts_on_what_came_back_before_it_mails(desk: Desk) -> None:
    assert desk.post(desk.event("complained", 3)) == 200
    desk.instance.digest("2024-11-22")
    ended = desk.instance("run")
    assert "Came back    1 suppressed" in ended.out
    assert len([mail for mail in desk.instance.mails() if "2024-11-22" in str(mail["Subject"])]) == READERS - 1
