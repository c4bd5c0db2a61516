"""Each provider's webhooks through the whole application: HTTP, its own signature, rows, ledger, suppressions.

Every provider with every case. What a reader makes of which words is told in tests/contract/test_hook_readers.py,
what the ledger makes of events in which order in tests/contract/test_feedback.py.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import func, select, update

from publisher.app import App, open_app
from publisher.bounces.hook_paths import hook_path
from publisher.bounces.processing import LOOK_AGAIN, PATIENCE
from publisher.bounces.receiving import LONGEST_RAW
from publisher.feedback import HookRequest
from publisher.messages import verp
from publisher.storage.tables import deliveries, feedback
from publisher.web import Folder, WebServer, create_app
from publisher.web.hooks import LARGEST_HOOK
from subscribers import suppression
from subscribers.tables import subscribers
from tests.fakes.hook_payloads import KINDS, NOW, RECIPIENT, REF, Event, Kind, amazon, certificate
from tests.instance import Instance

pytestmark = pytest.mark.slow

COMPLAINED = {
    "mailgun": "complained",
    "sendgrid": "spamreport",
    "postmark": "SpamComplaint",
    "resend": "email.complained",
    "ses": "Complaint",
}
ACCEPTED = {"mailgun": "accepted", "sendgrid": "processed", "resend": "email.sent", "ses": "Send"}
"""Postmark tells nothing of that."""

NEEDS = {
    "mailgun": 'domain = "mg.example.org"\nkey = "an invented key"\n',
    "sendgrid": 'key = "an invented key"\n',
    "postmark": 'key = "an invented key"\n',
    "resend": 'key = "an invented key"\n',
    "ses": 'region = "eu-west-1"\naccess_key = "an invented id"\nsecret_key = "an invented key"\n',
}
SIGNED_WHOLE = ("sendgrid", "resend", "ses")
"""Whose signature is over what is told. Mailgun signs a time and a token; Postmark gives a password."""

WORDS = (b"", b"Request Entity Too Large\n", b"Invalid HTTP request received.")

FILES = '[provider]\nkind = "maildir"\n'
READERS = ["one@example.org", "two@example.org", "three@example.org", "four@example.org"]

every = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def tables(whose: str = "") -> str:
    """The five providers after one that writes files; their hooks trust the keys that sign here, or other ones."""
    found = f"[{FILES.replace(']', ']]')}"
    for kind in KINDS.values():
        found += f'\n[[provider]]\nkind = "{kind.kind}"\n{NEEDS[kind.kind]}'
        for name in ("webhook_key", "webhook_user", "webhook_password", "topic"):
            value = getattr(kind.settings(whose), name)
            told = value.get_secret_value() if isinstance(value, SecretStr) else value
            found += f"{name} = {json.dumps(told, ensure_ascii=False)}\n" if told else ""
    return found


class Site:
    """The application as `serve` serves it, at a clock that a test turns.

    Args:
        app: an instance that has mailed to `READERS`.
        client: asks where it is served.
        clock: the present moment.
    """

    def __init__(self, app: App, client: httpx.Client, clock: list[datetime]) -> None:
        self.app, self._client, self._clock = app, client, clock
        self._told = 0

    @property
    def now(self) -> datetime:
        return self._clock[0]

    def wait(self, time: timedelta) -> None:
        self._clock[0] += time

    def event(self, kind: Kind, type_: str, delivery_id: int, **more: Any) -> Event:
        """An event about a mail of ours."""
        email = self.email(delivery_id)
        told = json.dumps(kind.event(type_, **more))
        token = verp.mint(self.app.secret, delivery_id, email)
        event: Event = json.loads(told.replace(REF, token).replace(RECIPIENT, email))
        return event

    def request(self, kind: Kind, type_: str, delivery_id: int, **more: Any) -> HookRequest:
        """The same in a request that is signed now, and another one than all before."""
        self._told += 1
        return kind.request(self.event(kind, type_, delivery_id, **more), self.now, f"invented-{self._told:08}")

    def post(self, kind: Kind, request: HookRequest, path: str = "", body: Any = None) -> int:
        """Send it; gives the status of the answer, which has no words but HTTP's own."""
        path = path or hook_path(self.app.secret, kind.kind)
        content = request.body if body is None else body
        answer = self._client.post(path, content=content, headers=dict(request.headers))
        assert answer.content in WORDS
        return answer.status_code

    def tell(self, kind: Kind, type_: str, delivery_id: int, **more: Any) -> HookRequest:
        """Send an event as its provider does; it is taken."""
        request = self.request(kind, type_, delivery_id, **more)
        assert self.post(kind, request) == 200
        return request

    def act(self) -> None:
        self.app.returning.processing.process(lambda: self.now)

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

    def put(self, delivery_id: int, state: str) -> None:
        """As if its sender were that far."""
        with self.app.database.write() as connection:
            connection.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(state=state))

    def verdicts(self) -> list[str]:
        with self.app.database.read() as connection:
            return list(connection.scalars(select(feedback.c.verdict).order_by(feedback.c.id)))

    def suppressed(self) -> set[str]:
        with self.app.database.read() as connection:
            return {one.email_key for one in suppression.suppression_page(connection)}

    def assert_nothing_is_done(self) -> None:
        """No row is acted on, no mail has moved, nobody is suppressed."""
        self.act()
        assert self.suppressed() == set()
        assert {self.state(number) for number in range(1, 5)} == {"accepted"}


@pytest.fixture(scope="module")
def mailed(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    """An instance that has mailed one digest."""
    made = Instance(tmp_path_factory.mktemp("mailed") / "instance")
    made.subscribe(*READERS)
    made.digest("2024-11-21")
    assert made("run").code == 0
    return made


Open = Callable[..., Site]


@pytest.fixture
def open_site(mailed: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Serves a copy of it; `whose` keys it trusts."""
    instance = mailed.copied(tmp_path / "instance")
    plain = instance.config.read_text()
    with ExitStack() as stack:

        def opened(whose: str = "") -> Site:
            fetch = amazon if not whose else (lambda _address: certificate(whose=whose))
            monkeypatch.setattr("publisher.providers.hooks.fetching", lambda _client: fetch)
            instance.config.write_text(plain.replace(FILES, tables(whose)))
            clock = [NOW]
            app = open_app(instance.config, lambda: clock[0])
            stack.callback(app.close)
            web = create_app(app.links, app.signups, Folder(app.site_folder), app.returning.hooks)
            server = stack.enter_context(WebServer(web, "127.0.0.1", 0))
            client = stack.enter_context(httpx.Client(base_url=server.url, timeout=30))
            return Site(app, client, clock)

        yield opened


@pytest.fixture
def site(open_site: Open) -> Site:
    return open_site()


# --- valid -----------------------------------------------------------------------------------------------------


@every
def test_what_is_genuine_is_done(site: Site, kind: Kind) -> None:
    site.tell(kind, kind.delivered, 1)
    site.tell(kind, kind.bounced, 2)
    site.tell(kind, COMPLAINED[kind.kind], 3)
    site.tell(kind, kind.opened, 4)
    site.act()
    assert [site.state(number) for number in range(1, 5)] == ["delivered", "bounced", "complained", "accepted"]
    assert site.suppressed() == {site.email(2), site.email(3)}
    assert site.verdicts() == ["noted", "suppressed", "suppressed"]


@every
def test_no_address_and_no_reference_of_ours_stays(site: Site, kind: Kind) -> None:
    event = site.event(kind, kind.bounced, 1)
    site.tell(kind, kind.bounced, 1)
    site.act()
    with site.app.database.read() as connection:
        rows = repr([tuple(row) for row in connection.execute(select(feedback))])
    assert site.email(1) not in rows
    assert site.email(1) in json.dumps(event)


# --- tampered, strange -----------------------------------------------------------------------------------------


@every
def test_what_was_altered_on_its_way_does_nothing(site: Site, kind: Kind) -> None:
    request = site.request(kind, kind.bounced, 1)
    altered = replace(request, body=request.body.replace(site.email(1).encode(), site.email(2).encode()))
    assert altered.body != request.body
    assert site.post(kind, altered) == (403 if kind.kind in SIGNED_WHOLE else 200)
    site.assert_nothing_is_done()
    assert site.verdicts() == ([] if kind.kind in SIGNED_WHOLE else ["forged"])
    site.tell(kind, kind.bounced, 1)  # nor is the genuine one kept away
    site.act()
    assert site.suppressed() == {site.email(1)}


@every
def test_a_signed_event_with_a_reference_of_another_instance_does_nothing(site: Site, kind: Kind) -> None:
    strange = verp.mint(b"another instance's secret", 1, site.email(1))
    genuine = json.dumps(site.event(kind, kind.bounced, 1))
    event = json.loads(genuine.replace(verp.mint(site.app.secret, 1, site.email(1)), strange))
    assert site.post(kind, kind.request(event, site.now)) == 200
    site.assert_nothing_is_done()
    assert site.verdicts() == ["forged"]


@every
def test_what_somebody_else_has_signed_is_refused(open_site: Open, kind: Kind) -> None:
    site = open_site("another")
    assert site.post(kind, site.request(kind, kind.bounced, 1)) == 403
    site.assert_nothing_is_done()
    assert site.verdicts() == []


@every
def test_what_another_provider_has_signed_is_refused(site: Site, kind: Kind) -> None:
    for other in KINDS.values():
        if other is not kind:
            request = site.request(other, other.bounced, 1)
            assert site.post(kind, request) in (400, 403), other.kind
    assert site.verdicts() == []


@every
def test_only_the_whole_address_is_the_hooks(site: Site, kind: Kind) -> None:
    request = site.request(kind, kind.bounced, 1)
    secret = hook_path(site.app.secret, kind.kind).rpartition("/")[2]
    others = {name: hook_path(site.app.secret, name).rpartition("/")[2] for name in KINDS if name != kind.kind}
    wrong = [secret[:-1], f"{secret}a", secret.upper(), "a" * 32, "%00", *others.values()]
    assert {site.post(kind, request, f"hooks/{kind.kind}/{each}") for each in wrong} == {404}
    assert {site.post(kind, request, f"hooks/{name}/{secret}") for name in [*others, "maildir", "nobody"]} == {404}
    assert site.post(kind, request, hook_path(b"another instance's secret", kind.kind)) == 404
    assert site.verdicts() == []


# --- again, late, in any order ---------------------------------------------------------------------------------


@every
def test_the_same_request_again_does_nothing_even_when_an_editor_has_lifted_the_suppression(
    site: Site, kind: Kind
) -> None:
    request = site.tell(kind, kind.bounced, 1)
    assert site.post(kind, request) == 200
    site.act()
    assert site.suppressed() == {site.email(1)}
    with site.app.database.write() as connection:
        suppression.unsuppress(connection, site.email(1), newsletter=None, by="an editor", now=site.now)
    assert site.post(kind, request) == 200
    site.tell(kind, kind.bounced, 1)  # the same in other words: another id, another signature
    site.act()
    assert site.suppressed() == set()
    assert site.verdicts() == ["suppressed", "noted"]


@every
def test_an_event_that_is_told_again_later_is_one(site: Site, kind: Kind) -> None:
    event = site.event(kind, kind.bounced, 1)
    for _ in range(3):
        assert site.post(kind, kind.request(event, site.now)) == 200
        site.wait(timedelta(minutes=2))
    site.act()
    assert site.verdicts() == ["suppressed"]


@every
def test_what_was_signed_long_ago_is_refused_when_its_provider_says_when(site: Site, kind: Kind) -> None:
    request = site.request(kind, kind.bounced, 1)
    site.wait(timedelta(days=2))
    assert site.post(kind, request) == (403 if kind.signs_time else 200)
    assert site.verdicts() == ([] if kind.signs_time else [""])


@every
def test_a_complaint_outlives_a_delivery_that_is_told_after_it(site: Site, kind: Kind) -> None:
    site.tell(kind, COMPLAINED[kind.kind], 1)
    site.act()
    site.tell(kind, kind.delivered, 1)
    site.act()
    assert site.state(1) == "complained"
    assert site.suppressed() == {site.email(1)}
    assert site.verdicts() == ["suppressed", "noted"]


@every
def test_a_bounce_that_is_quicker_than_the_senders_own_record_waits_for_it(site: Site, kind: Kind) -> None:
    site.put(1, "sending")
    site.tell(kind, kind.bounced, 1)
    site.act()
    assert (site.state(1), site.verdicts(), site.suppressed()) == ("sending", [""], set())
    site.put(1, "accepted")
    site.act()
    assert site.verdicts() == [""]  # it is looked at again in a while
    site.wait(LOOK_AGAIN)
    site.act()
    assert (site.state(1), site.verdicts(), site.suppressed()) == ("bounced", ["suppressed"], {site.email(1)})


@every
def test_a_bounce_whose_delivery_is_never_settled_suppresses_and_leaves_the_delivery(
    site: Site, kind: Kind
) -> None:
    site.put(1, "sending")
    site.tell(kind, kind.bounced, 1)
    site.wait(PATIENCE)
    site.act()
    assert (site.state(1), site.suppressed()) == ("sending", {site.email(1)})


@every
def test_a_delivery_proves_what_was_uncertain_and_being_accepted_comes_too_late(site: Site, kind: Kind) -> None:
    site.put(1, "uncertain")
    site.tell(kind, kind.delivered, 1)
    site.act()
    assert site.state(1) == "delivered"
    if kind.kind in ACCEPTED:
        site.put(2, "uncertain")
        site.tell(kind, ACCEPTED[kind.kind], 1)
        site.tell(kind, ACCEPTED[kind.kind], 2)
        site.act()
        assert [site.state(1), site.state(2)] == ["delivered", "accepted"]
    assert set(site.verdicts()) == {"noted"}


# --- too much, unreadable --------------------------------------------------------------------------------------


@every
def test_a_megabyte_is_read_and_little_of_it_kept(site: Site, kind: Kind) -> None:
    bomb = "\u202e\ufffd🧨" * 30_000 + "a\u0301" * 60_000
    request = site.request(kind, kind.bounced, 1, novelty=bomb)
    assert 250_000 < len(request.body) < LARGEST_HOOK
    assert site.post(kind, request) == 200
    site.act()
    assert site.suppressed() == {site.email(1)}
    with site.app.database.read() as connection:
        assert (connection.scalar(select(func.max(func.length(feedback.c.raw)))) or 0) <= LONGEST_RAW


@every
def test_more_than_a_megabyte_is_refused_announced_or_not(site: Site, kind: Kind) -> None:
    request = site.request(kind, kind.bounced, 1)
    long = request.body + b" " * LARGEST_HOOK

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(long), 50_000):
            yield long[start : start + 50_000]

    assert site.post(kind, request, body=long) == 413
    assert site.post(kind, request, body=pieces()) == 413
    assert site.verdicts() == []


@every
def test_a_body_in_pieces_is_as_good_as_a_whole_one(site: Site, kind: Kind) -> None:
    request = site.request(kind, kind.bounced, 1)
    pieces = (request.body[start : start + 7] for start in range(0, len(request.body), 7))
    assert site.post(kind, request, body=pieces) == 200
    site.act()
    assert site.suppressed() == {site.email(1)}


@every
@pytest.mark.parametrize("body", [b"no JSON", b"", b"\xff\xfe", b"[" * 100_000, b"null", b"9" * 5000])
def test_what_is_no_json_is_refused_with_a_genuine_signature(site: Site, kind: Kind, body: bytes) -> None:
    request = kind.proven(body, site.now)
    assert site.post(kind, request) == 400
    assert site.post(kind, HookRequest({}, body)) in (400, 403)
    assert site.verdicts() == []


@every
def test_what_is_compressed_is_not_unpacked(site: Site, kind: Kind) -> None:
    request = site.request(kind, kind.bounced, 1)
    packed = replace(
        request, body=gzip.compress(b" " * 5_000_000), headers={**request.headers, "content-encoding": "gzip"}
    )
    assert site.post(kind, packed) in (400, 403)
    assert site.verdicts() == []


@every
def test_a_header_of_100_kilobytes_ends_nothing(site: Site, kind: Kind) -> None:
    request = site.request(kind, kind.bounced, 1)
    long = replace(request, headers={**request.headers, "x-long": "x" * 100_000})
    assert site.post(kind, long) in (200, 400, 431)
    for name in request.headers:
        odd = replace(request, headers={**request.headers, name: "x" * 100_000})
        assert site.post(kind, odd) in (200, 400, 403, 431), name
    site.tell(kind, kind.bounced, 2)
    site.act()
    assert site.email(2) in site.suppressed()
