"""What everybody promises who is asked what became of mails whose answer was lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from pydantic import TypeAdapter

from publisher.config import ApiProvider, Provider
from publisher.errors import ProviderError
from publisher.feedback import Asked, FeedbackKind
from publisher.http import Client, Limits
from publisher.providers import sendgrid_search
from publisher.providers.lookup import Lookup, Waiting
from publisher.providers.mailgun_events import MailgunEvents
from publisher.providers.postmark_search import PostmarkSearch
from publisher.providers.registry import DIALECTS, LOOKUPS
from publisher.providers.sendgrid_search import SendgridSearch
from tests.fakes.apis.base import FakeApi, Fault, Taken, answers, said, silent_before
from tests.fakes.apis.mailgun import DOMAIN, FakeMailgun
from tests.fakes.apis.postmark import FakePostmark
from tests.fakes.apis.sendgrid import FakeSendgrid
from tests.fakes.web import Exchange, hang_up

SINCE = datetime(2024, 11, 21, 7, 30, tzinfo=UTC)
UNTIL = SINCE + timedelta(hours=2)
KEY = "key-of-nobody-0123456789"

CLASSES: dict[str, Callable[..., Lookup]] = {
    "mailgun": MailgunEvents,
    "postmark": PostmarkSearch,
    "sendgrid": SendgridSearch,
}
SERVERS: dict[str, tuple[Callable[[], FakeApi], dict[str, Any]]] = {
    "mailgun": (FakeMailgun, {"kind": "mailgun", "domain": DOMAIN, "key": KEY}),
    "postmark": (FakePostmark, {"kind": "postmark", "key": KEY, "stream": "news"}),
    "sendgrid": (FakeSendgrid, {"kind": "sendgrid", "key": KEY}),
}


@dataclass
class Scene:
    """Somebody who is asked, and how long was waited."""

    kind: str
    server: FakeApi
    settings: ApiProvider
    lookup: Lookup
    waits: list[float] = field(default_factory=list)


def scene_of(kind: str, **more: str) -> Iterator[Scene]:
    opened, said_of_it = SERVERS[kind]
    with opened() as server:
        settings = TypeAdapter[Any](Provider).validate_python({"url": server.url(), **said_of_it, **more})
        limits = Limits(read=timedelta(seconds=0.3), total=timedelta(seconds=5))
        waits: list[float] = []
        waiting = Waiting(lambda: UNTIL, waits.append)
        with Client(limits=limits) as client:
            yield Scene(kind, server, settings, CLASSES[kind](settings, client, waiting), waits)


@pytest.fixture(params=SERVERS)
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    yield from scene_of(request.param)


@pytest.fixture
def mailgun() -> Iterator[Scene]:
    yield from scene_of("mailgun")


@pytest.fixture
def sendgrid() -> Iterator[Scene]:
    yield from scene_of("sendgrid")


def asked(*numbers: int) -> list[Asked]:
    return [Asked(f"ref{number}", f"reader{number}@example.org", SINCE) for number in numbers]


def take(scene: Scene, *numbers: int) -> None:
    scene.server.taken += [Taken(f"reader{number}@example.org", f"ref{number}", "", "") for number in numbers]


def found(scene: Scene, mails: list[Asked]) -> list[str]:
    return [feedback.reference for feedback in scene.lookup.look_up(mails, UNTIL)]


def fails(scene: Scene, *faults: Fault, mails: int = 1) -> ProviderError:
    take(scene, 1)
    scene.server.faults.extend(faults)
    with pytest.raises(ProviderError) as caught:
        scene.lookup.look_up(asked(*range(1, mails + 1)), UNTIL)
    assert KEY not in f"{caught.value!r}{caught.value}{caught.value.__cause__!r}"
    assert "reader1" not in str(caught.value)
    return caught.value


def test_whoever_can_be_asked_says_so(scene: Scene) -> None:
    assert set(LOOKUPS) == set(CLASSES)
    for kind, (_, said_of_it) in SERVERS.items():
        settings = TypeAdapter[Any](Provider).validate_python(said_of_it)
        assert DIALECTS[kind](settings).capabilities.lookup


def test_what_was_taken_is_found_and_what_was_not_is_not(scene: Scene) -> None:
    take(scene, 1, 3, 4)
    feedbacks = scene.lookup.look_up(asked(1, 2, 3), UNTIL)
    assert sorted(feedback.reference for feedback in feedbacks) == ["ref1", "ref3"]
    for feedback in feedbacks:
        assert feedback.kind in (FeedbackKind.ACCEPTED, FeedbackKind.DELIVERED)
        assert feedback.recipient == feedback.reference.replace("ref", "reader") + "@example.org"
        assert feedback.at.tzinfo is not None
        assert feedback.raw


def test_asking_again_gives_the_same_keys_each_its_own(scene: Scene) -> None:
    take(scene, 1, 2)
    keys = [[feedback.key for feedback in scene.lookup.look_up(asked(1, 2), UNTIL)] for _ in range(2)]
    assert keys[0] == keys[1]
    assert len(set(keys[0])) == 2


def test_nothing_asked_is_nothing_found(scene: Scene) -> None:
    take(scene, 1)
    assert found(scene, []) == []
    assert scene.server.asked == []


def test_many_are_found_over_several_questions(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sendgrid_search, "TOGETHER", 4)
    take(scene, *range(1, 10))
    assert sorted(found(scene, asked(*range(1, 12)))) == sorted(f"ref{number}" for number in range(1, 10))
    assert len(scene.server.asked) > 2


@pytest.mark.parametrize("taken", ["ref1", "ref2"])
def test_two_mails_to_one_address_are_told_apart(scene: Scene, taken: str) -> None:
    scene.server.taken += [Taken("reader@example.org", taken, "", "")]
    mails = [Asked(f"ref{number}", "Reader@Example.org", SINCE) for number in (1, 2)]
    assert found(scene, mails) == [taken]


def test_the_question_has_the_key_and_goes_nowhere_else(scene: Scene) -> None:
    take(scene, 1)
    found(scene, asked(1))
    (question,) = scene.server.asked
    assert KEY in question.headers.get("x-postmark-server-token", "") or "authorization" in question.headers
    error = fails(scene, answers("302 Found", Location="https://elsewhere.example.org/"))
    assert "302" in error.message


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
def test_whoever_does_not_let_us_in_is_told_with_what_to_do(scene: Scene, status: str) -> None:
    error = fails(scene, answers(status))
    assert status[:3] in error.message
    assert error.remedy
    assert error.permanent or scene.kind == "postmark"


def test_the_add_on_that_is_missing_at_sendgrid_is_named(sendgrid: Scene) -> None:
    error = fails(sendgrid, answers("403 Forbidden", said({"errors": [{"message": "access forbidden"}]})))
    assert "add-on" in error.remedy


def test_sendgrid_in_europe_keeps_no_activity_and_so_proves_nothing() -> None:
    for scene in scene_of("sendgrid", region="eu"):
        assert "EU" in fails(scene).message
        assert scene.server.asked == []


def test_too_many_requests_waits_as_asked_and_goes_on(scene: Scene) -> None:
    take(scene, 1)
    scene.server.faults.extend(
        [answers("429 Too Many Requests", Retry_After="7"), answers("429 Too Many Requests")]
    )
    assert found(scene, asked(1)) == ["ref1"]
    assert scene.waits == [7.0, 2.0]


def test_a_moment_to_come_back_at_is_waited_for(scene: Scene) -> None:
    take(scene, 1)
    at = format_datetime(UNTIL + timedelta(seconds=9), usegmt=True)
    scene.server.faults.append(answers("429 Too Many Requests", Retry_After=at))
    assert found(scene, asked(1)) == ["ref1"]
    assert scene.waits == [9.0]


def test_no_wait_at_all_is_still_one(scene: Scene) -> None:
    take(scene, 1)
    scene.server.faults.append(answers("429 Too Many Requests", Retry_After="0"))
    assert found(scene, asked(1)) == ["ref1"]
    assert scene.waits == [1.0]


def test_at_most_a_minute_is_waited_in_all(scene: Scene) -> None:
    error = fails(scene, *[answers("429 Too Many Requests", Retry_After="25")] * 3)
    assert sum(scene.waits) == 50
    assert not error.permanent
    assert error.retry_in == timedelta(seconds=25)


MALFORMED: list[Any] = [
    *("not json", [], {}, {"Messages": {}, "messages": "none", "items": 5}, None),
    # Somebody who answers with mails that were not asked for has not searched for ours.
    {"Messages": [{"MessageID": "1", "Metadata": {"ref": "other"}}], "messages": [{"to_email": "a@example.org"}]},
    {"Messages": [{"MessageID": "1"}], "messages": [{}], "items": [], "paging": None},
]


@pytest.mark.parametrize("body", MALFORMED)
def test_an_answer_that_cannot_be_read_proves_nothing(scene: Scene, body: Any) -> None:
    if isinstance(body, dict) and body.get("items") == []:
        body = {**body, "items": [{"event": "accepted"}]}  # a page that has no next one
    if isinstance(body, str):
        fails(scene, answers("200 OK", b"<html>Welcome!</html>"))
    else:
        fails(scene, answers("200 OK", said(body)))


def broken_off(_api: FakeApi, exchange: Exchange) -> None:
    hang_up(exchange)


@pytest.mark.parametrize("fault", [silent_before, broken_off, answers("500 Internal Server Error")])
def test_without_an_answer_nothing_is_known(scene: Scene, fault: Fault) -> None:
    assert not fails(scene, fault, mails=3).permanent


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example.org/v3/mg.example.org/events/next",
        "http://127.0.0.1:1/v3/mg.example.org/events/next",
        "{url}v3/other.example.org/events/next",
        "{url}v3/mg.example.org/messages",
        "{url}v3/mg.example.org/events/../messages",
        "{url}v3/mg.example.org/events/..",
        "{url}v3/mg.example.org/eventsandmore",
        "http://user@{host}/v3/mg.example.org/events/next",
        "",
    ],
)
def test_a_next_page_somewhere_else_is_not_given_our_key(mailgun: Scene, address: str) -> None:
    url = mailgun.server.url()
    following = address.format(url=url, host=url.removeprefix("http://").rstrip("/"))
    page = {"items": [{"event": "accepted", "timestamp": SINCE.timestamp()}], "paging": {"next": following}}
    assert "somewhere else" in fails(mailgun, answers("200 OK", said(page))).message
    assert len(mailgun.server.asked) == 1


def test_mailguns_log_is_read_until_all_are_found_and_no_further(mailgun: Scene) -> None:
    take(mailgun, *range(1, 9))
    assert found(mailgun, asked(1, 3)) == ["ref1", "ref3"]
    assert len(mailgun.server.asked) == 2


def test_mailguns_log_is_read_no_further_than_the_time_that_was_asked_about(mailgun: Scene) -> None:
    late = {"event": "accepted", "timestamp": (UNTIL + timedelta(hours=1)).timestamp()}
    url = mailgun.server.url(f"/v3/{DOMAIN}/events/next")
    mailgun.server.faults.append(answers("200 OK", said({"items": [late], "paging": {"next": url}})))
    assert found(mailgun, asked(1)) == []
    assert len(mailgun.server.asked) == 1


def test_mailguns_log_without_an_end_is_left(mailgun: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("publisher.providers.mailgun_events.PAGES", 3)
    take(mailgun, *range(10, 30))
    with pytest.raises(ProviderError, match="no end"):
        mailgun.lookup.look_up(asked(1), UNTIL)
    assert len(mailgun.server.asked) == 3


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("processed", FeedbackKind.ACCEPTED),
        ("delivered", FeedbackKind.DELIVERED),
        ("not_delivered", FeedbackKind.BOUNCED),
        ("something new", FeedbackKind.ACCEPTED),
    ],
)
def test_sendgrids_words_are_understood(sendgrid: Scene, status: str, kind: FeedbackKind) -> None:
    assert isinstance(sendgrid.server, FakeSendgrid)
    sendgrid.server.status = status
    take(sendgrid, 1)
    (feedback,) = sendgrid.lookup.look_up(asked(1), UNTIL)
    assert (feedback.kind, feedback.type) == (kind, status)


def test_postmark_is_asked_about_the_stream_of_digests() -> None:
    for scene in scene_of("postmark"):
        found(scene, asked(1))
        assert "messagestream=news" in scene.server.asked[0].path
