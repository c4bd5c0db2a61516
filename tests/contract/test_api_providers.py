"""What every provider with an API promises, whatever its server does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parseaddr

import pytest
from lxml.html import fromstring

from publisher.editions import BlockKind, EditionBlock, Field, FieldName
from publisher.errors import LedgerError, ProviderError
from publisher.ledger import Delivery, Message
from publisher.messages import verp
from publisher.providers import calling
from publisher.providers.calls import together
from tests.fakes.apis.base import FakeApi, Fault, answers, garbled, lost_after, silent_after, silent_before
from tests.fakes.apis.scenes import KEY, SCENES, SINGLE, Scene
from tests.fakes.provider import Recorder
from tests.fakes.web import Exchange
from tests.unit.mailings.test_composing import DELIVERY, EDITION, SECRET, block, composer

NOW = datetime(2024, 11, 21, 7, 30, tzinfo=UTC)
HOSTILE = (
    "Prices rose by 5%. %recipient.ref% %unsubscribe_url% {{name}} {{{pm:unsubscribe}}} -ref- [out]\n"
    "{{{ pm:unsubscribe_url }}} <%asm_global_unsubscribe_url%> -email- [unsubscribe]\n"
    '.A line that begins with a dot\nDas Schönste: 東京 🗞️ ‏אבג‏ “quoted” \\ "x" =3D &amp; <b>\n'
)


@pytest.fixture(params=SCENES)
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    with SCENES[request.param]() as found:
        yield found


def never() -> bool:
    return False


def messages(scene: Scene, count: int, words: str = "Good morning.\n", first: int = 1) -> list[Message]:
    """Mails of one edition, as the sender would have them composed for this provider."""
    return [letter(scene, delivery(number), words) for number in range(first, first + count)]


def letter(scene: Scene, to: Delivery, words: str = "Good morning.\n") -> Message:
    """One of these mails."""
    said = EditionBlock(
        BlockKind.LEAD,
        (f"<p>{words.replace('&', '&amp;').replace('<', '&lt;')}</p><p>", Field(FieldName.EMAIL), "</p>"),
        (words, "For ", Field(FieldName.EMAIL), "\n"),
    )
    rendered = replace(EDITION.rendered, blocks=(block(BlockKind.OPENING, "The daily"), said))
    return composer(replace(EDITION, rendered=rendered)).compose(to, NOW, scene.provider.way(to))


def delivery(number: int) -> Delivery:
    return replace(DELIVERY, id=number, subscriber_id=number, email=f"reader{number}@example.org")


def reference(number: int) -> str:
    return verp.mint(SECRET, number, f"reader{number}@example.org")


def send(scene: Scene, mails: list[Message]) -> Recorder:
    report = Recorder()
    scene.provider.send(mails, report, never)
    return report


def states(report: Recorder, count: int) -> str:
    """The last mark of each, in order."""
    return "".join(report.last(number)[0] for number in range(1, count + 1))


def test_all_are_begun_then_accepted_and_each_arrives_once(scene: Scene) -> None:
    report = send(scene, messages(scene, 5))
    assert [report.marks(number) for number in range(1, 6)] == ["ba"] * 5
    assert sorted(scene.server.references) == sorted(map(reference, range(1, 6)))
    assert sorted(each.recipient for each in scene.server.taken) == [f"reader{n}@example.org" for n in range(1, 6)]


def test_everybody_gets_their_own_words_byte_for_byte_whatever_they_are(scene: Scene) -> None:
    send(scene, messages(scene, 2, HOSTILE))
    for taken in scene.server.taken:
        assert taken.subject == "Thursday's news"
        seen = taken.text.replace("\r\n", "\n").replace("\N{WORD JOINER}", "")  # of no width: nobody sees it
        assert seen == f"The daily\n{HOSTILE}For {taken.recipient}\n"


def test_nothing_in_words_or_an_address_becomes_markup(scene: Scene) -> None:
    mails = messages(scene, 1, HOSTILE)
    strange = replace(delivery(2), email="a&lt'b@example.org")
    mails.append(letter(scene, strange, HOSTILE))
    send(scene, mails)
    for taken in scene.server.taken:
        paragraphs = [
            " ".join("".join(map(str, each.itertext())).split()) for each in fromstring(taken.html).iter("p")
        ]
        assert paragraphs == ["The daily", " ".join(HOSTILE.split()), taken.recipient]


def test_the_header_is_ours_and_each_has_their_own_way_out(scene: Scene) -> None:
    mails = messages(scene, 2)
    send(scene, mails)
    ways_out = set()
    for taken in scene.server.taken:
        found = {name.lower(): value for name, value in taken.headers.items()}
        assert found["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
        assert found["list-id"] == "The daily <daily.news.example.org>"
        assert found["list-unsubscribe"].startswith("<https://app.example.org/u/")
        assert parseaddr(found["reply-to"])[1] == "desk@example.org"
        ways_out.add(found["list-unsubscribe"])
        if scene.provider.capabilities.keeps_message_id:
            assert found["message-id"] in {mail.message_id for mail in mails}
    assert len(ways_out) == 2


def test_a_recipient_who_is_refused_fails_alone(scene: Scene) -> None:
    scene.server.refused = {"reader3@example.org"}
    report = send(scene, messages(scene, 5))
    assert states(report, 5) == "aafaa"
    assert report.last(3)[3]
    assert sorted(scene.server.references) == sorted(reference(number) for number in (1, 2, 4, 5))


def test_some_who_are_refused_fail_alone(scene: Scene) -> None:
    scene.server.refused = {"reader1@example.org", "reader2@example.org", "reader7@example.org"}
    report = send(scene, messages(scene, 9))
    assert states(report, 9) == "ffaaaafaa"
    assert len(scene.server.references) == len(set(scene.server.references)) == 6


@pytest.mark.parametrize("scene", sorted(set(SCENES) - SINGLE), indirect=True)
def test_a_provider_that_refuses_everybody_is_given_up_and_the_rest_is_not_tried(scene: Scene) -> None:
    scene.server.refused = {f"reader{number}@example.org" for number in range(1, 65)}
    report = Recorder()
    with pytest.raises(ProviderError, match="refuses every mail"):
        scene.provider.send(messages(scene, 64), report, never)
    failed = [number for number in range(1, 65) if report.marks(number).endswith("f")]
    most = calling.REFUSALS if scene.server.refuses_whole_calls else scene.provider.capabilities.recipients
    assert len(failed) == min(most, 64)


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "404 Not Found", "302 Found"])
def test_a_call_that_is_refused_as_a_whole_makes_the_provider_unusable_and_fails_nobody(
    scene: Scene, status: str
) -> None:
    scene.server.faults.extend([answers(status, Location="https://elsewhere.example.org/")] * 3)
    report = Recorder()
    with pytest.raises(ProviderError) as caught:
        scene.provider.send(messages(scene, 3), report, never)
    assert caught.value.permanent
    assert caught.value.remedy
    assert scene.server.references == []
    assert {report.marks(number) for number in range(1, 4)} <= {"br", ""}


HINTS = [
    ({"Retry_After": "7"}, 7),
    ({"Retry_After": "Thu, 21 Nov 2024 07:30:00 GMT"}, 0),
    ({"ratelimit_reset": "9"}, 9),
    ({"x_ratelimit_reset": "3"}, 3),
    ({"Retry_After": "4", "ratelimit_reset": "11"}, 11),
    ({}, 1),
]


@pytest.mark.parametrize(("hint", "seconds"), HINTS)
def test_too_many_requests_waits_as_it_is_told_and_sends_each_mail_once(
    scene: Scene, hint: dict[str, str], seconds: float
) -> None:
    scene.server.faults.append(answers("429 Too Many Requests", b"{}", **hint))
    report = send(scene, messages(scene, 3))
    assert states(report, 3) == "aaa"
    assert sum(scene.waits) == pytest.approx(seconds)
    assert sorted(scene.server.references) == sorted(map(reference, range(1, 4)))


def test_a_reset_that_is_a_moment_is_waited_for_until_then(scene: Scene) -> None:
    then = int(datetime.now(UTC).timestamp()) + 40
    scene.server.faults.append(answers("429 Too Many Requests", x_ratelimit_reset=str(then)))
    assert states(send(scene, messages(scene, 1)), 1) == "a"
    assert 35 < sum(scene.waits) <= 40


def test_who_says_not_now_for_too_long_is_left_alone_and_nothing_is_lost(scene: Scene) -> None:
    scene.server.faults.extend([answers("429 Too Many Requests", Retry_After="200")] * 20)
    report = Recorder()
    with pytest.raises(ProviderError, match="takes nothing for now") as caught:
        scene.provider.send(messages(scene, 3), report, never)
    assert not caught.value.permanent
    assert caught.value.retry_in is not None
    assert scene.server.references == []
    assert all(report.marks(number) in ("", "br", "brbr") for number in range(1, 4))


def test_who_says_not_now_and_at_once_is_not_asked_for_ever(scene: Scene) -> None:
    scene.server.faults.extend([answers("429 Too Many Requests", Retry_After="0")] * 60)
    report = Recorder()
    with pytest.raises(ProviderError, match="takes nothing for now"):
        scene.provider.send(messages(scene, 1), report, never)
    assert len(scene.server.faults) > 40


def test_a_server_error_is_not_repeated_on_a_guess(scene: Scene) -> None:
    """Somebody in between may have said it, after the provider took the call."""
    repeats = bool(scene.provider.capabilities.repeats_for)
    scene.server.faults.extend([answers("502 Bad Gateway")] * (1 if repeats else 2))
    report = Recorder()
    mails = messages(scene, 4)
    if repeats:
        scene.provider.send(mails, report, never)
        assert states(report, 4) == "aaaa"
        assert sorted(scene.server.references) == sorted(map(reference, range(1, 5)))
        return
    _send_and_expect_uncertain(scene, mails, report)


def _tried(scene: Scene, mails: list[Message], report: Recorder) -> ProviderError | None:
    try:
        scene.provider.send(mails, report, never)
    except ProviderError as error:
        return error
    return None


def _send_and_expect_uncertain(scene: Scene, mails: list[Message], report: Recorder) -> None:
    """Those of the calls that were hit are uncertain, all others accepted."""
    error = _tried(scene, mails, report)
    can = scene.provider.capabilities
    asked = "reconcile" if can.lookup or can.repeats_for else "notifications settle"
    assert error is None or ("does not answer" in error.message and asked in error.remedy)
    marks = {report.marks(mail.delivery_id) for mail in mails}
    assert "bu" in marks
    assert marks <= {"bu", "ba", ""}


@pytest.mark.parametrize("fault", [silent_before, silent_after, lost_after, garbled])
def test_without_an_answer_nothing_is_sent_twice(scene: Scene, fault: Fault) -> None:
    scene.client.hurried = fault in (silent_before, silent_after)
    scene.server.faults.append(fault)
    report = Recorder()
    mails = messages(scene, 4)
    if scene.provider.capabilities.repeats_for:
        scene.provider.send(mails, report, never)
        assert states(report, 4) == "aaaa"
    else:
        _send_and_expect_uncertain(scene, mails, report)
        uncertain = [mail.reference for mail in mails if report.marks(mail.delivery_id) == "bu"]
        took_it = fault is not silent_before
        assert (
            set(uncertain) <= set(scene.server.references)
            if took_it
            else not (set(uncertain) & set(scene.server.references))
        )
    assert len(scene.server.references) == len(set(scene.server.references))


TURNED_AWAY = [
    [answers("401 Unauthorized")],
    [answers("429 Too Many Requests", Retry_After="200")] * 4,
]


@pytest.mark.parametrize("later", TURNED_AWAY)
def test_what_may_have_been_taken_is_not_given_back_because_a_later_call_was_turned_away(
    scene: Scene, later: list[Fault]
) -> None:
    """Given back, it would be sent once more, in another call with another key."""
    scene.server.faults.extend([lost_after, *later])
    report, mails = Recorder(), messages(scene, 1)
    error = _tried(scene, mails, report)
    assert error is not None or not scene.provider.capabilities.repeats_for
    assert report.last(1)[0] == "u"
    assert "r" not in report.marks(1)
    assert scene.server.references == [mails[0].reference]


def test_what_may_have_been_taken_is_not_given_back_because_nobody_is_there_any_more(scene: Scene) -> None:
    def lost_for_good(api: FakeApi, exchange: Exchange) -> None:
        """Do all of it, break the connection off, and take no more."""
        api.stop_listening()
        lost_after(api, exchange)

    scene.server.faults.append(lost_for_good)
    report, mails = Recorder(), messages(scene, 1)
    _tried(scene, mails, report)
    assert report.last(1)[0] == "u"
    assert scene.server.references == [mails[0].reference]


def test_what_is_too_large_fails_and_is_never_sent(scene: Scene) -> None:
    scene.provider.capabilities = replace(scene.provider.capabilities, octets=20_000)
    scene.provider.dialect.capabilities = scene.provider.capabilities  # type: ignore[misc]
    mails = [*messages(scene, 1), *messages(scene, 1, "x" * 30_000 + "\n", first=2), *messages(scene, 1, first=3)]
    report = send(scene, mails)
    assert states(report, 3) == "afa"
    assert "20000" in report.last(2)[3]


def test_a_call_is_never_larger_than_the_provider_takes(scene: Scene) -> None:
    can = scene.provider.capabilities
    items = [scene.provider.dialect.item(mail) for mail in messages(scene, 40)]
    most = 3 * max(item.octets for item in items) + 1
    calls = together(items, replace(can, octets=most))
    assert [item for call in calls for item in call] == items
    assert all(sum(item.octets for item in call) <= most for call in calls)
    assert all(len(call) <= min(3, can.recipients) for call in calls)


def test_letters_beyond_ascii_before_the_at_are_refused_or_carried_and_stop_nobody(scene: Scene) -> None:
    mails = messages(scene, 2)
    strange = replace(delivery(3), email="jürgen@bücher.example")
    mails.insert(1, composer().compose(strange, NOW, scene.provider.way(strange)))
    report = send(scene, mails)
    assert report.marks(1) == report.marks(2) == "ba"
    if not scene.provider.capabilities.utf8_addresses:
        assert report.marks(3) == "f"
        assert "@" in report.last(3)[3]


def test_names_of_any_script_and_with_any_sign_arrive(scene: Scene) -> None:
    named = [
        replace(delivery(number), name=name)
        for number, name in enumerate(['Ann "Q" O\'Hara, Jr.', "Müller; Søren <x>", "山田 太郎", ""], 1)
    ]
    made = composer()
    report = send(scene, [made.compose(each, NOW, scene.provider.way(each)) for each in named])
    assert states(report, 4) == "aaaa"
    assert sorted(each.recipient for each in scene.server.taken) == [each.email for each in named]


def test_different_choices_of_sections_never_mix(scene: Scene) -> None:
    made = composer()
    chosen = [replace(delivery(n), sections=(("courts",), ("parliament",), None)[n % 3]) for n in range(1, 7)]
    send(scene, [made.compose(each, NOW, scene.provider.way(each)) for each in chosen])
    texts = {each.reference: each.text for each in scene.server.taken}
    for each in chosen:
        text = texts[reference(each.id)]
        assert ("In court" in text) == (each.sections != ("parliament",))
        assert ("In parliament" in text) == (each.sections != ("courts",))


def test_a_finished_mail_such_as_a_confirmation_goes_too(scene: Scene) -> None:
    data = (
        b"From: The daily <news@example.org>\r\nTo: Reader <reader1@example.org>\r\n"
        b"Subject: Please =?utf-8?q?best=C3=A4tigen?=\r\n"
        b"Message-ID: <1@example.org>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n\r\nWas it you?\r\n"
    )
    notice = Message(1, "news@example.org", "reader1@example.org", "<1@example.org>", data)
    assert states(send(scene, [notice]), 1) == "a"
    (taken,) = scene.server.taken
    assert taken.subject == "Please bestätigen"
    assert taken.text.strip() == "Was it you?"


def test_no_key_is_shown_by_anything(scene: Scene) -> None:
    scene.server.faults.append(answers("401 Unauthorized", f'{{"message": "bad key {KEY}"}}'.encode()))
    mails = messages(scene, 1)
    call = scene.provider.dialect.call([scene.provider.dialect.item(mails[0])])
    for shown in (repr(scene.provider.dialect), repr(scene.settings), repr(call), repr(scene.provider)):
        assert KEY not in shown
    with pytest.raises(ProviderError) as caught:
        scene.provider.send(mails, Recorder(), never)
    assert KEY not in repr(caught.value.__cause__)


def test_stop_begins_nothing_more(scene: Scene) -> None:
    report = Recorder()
    scene.provider.send(messages(scene, 3), report, lambda: True)
    assert report.words == []
    assert scene.server.references == []


def test_a_journal_that_cannot_be_written_stops_before_the_call(scene: Scene) -> None:
    class Full(Recorder):
        def begun(self, delivery_id: int, call: str = "") -> None:
            raise LedgerError("the journal cannot be written")

    with pytest.raises(LedgerError):
        scene.provider.send(messages(scene, 3), Full(), never)
    assert scene.server.references == []


def test_the_same_mails_make_the_same_call(scene: Scene) -> None:
    """Otherwise a key for repeated calls would be worth nothing, and golden files too."""
    if scene.settings.kind == "ses":
        return  # its requests are signed with the time
    dialect = scene.provider.dialect
    calls = [
        dialect.call([dialect.item(mail) for mail in messages(scene, dialect.capabilities.recipients and 1)])
        for _ in range(2)
    ]
    assert calls[0] == calls[1]


def test_a_connection_is_used_again(scene: Scene) -> None:
    for number in range(1, 6):
        send(scene, messages(scene, 1, first=number))
    assert scene.server.connections == 1


def test_nobody_there_is_said_and_everybody_waits(scene: Scene) -> None:
    mails = messages(scene, 2)
    scene.server.__exit__(None, None, None)
    report = Recorder()
    with pytest.raises(ProviderError, match="cannot be reached"):
        scene.provider.send(mails, report, never)
    assert not any(mark in report.marks(number) for number in (1, 2) for mark in "afdu")
