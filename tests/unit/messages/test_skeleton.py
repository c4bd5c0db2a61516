"""A spliced message is a whole, valid mail that says what was rendered, to the one it is for."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.editions import BlockKind, EditionBlock, Field, FieldName, Parts, choose
from publisher.messages import HeaderError, Letterhead, Person, compile_message, message_id
from publisher.rendering import render
from tests.unit.messages.test_quoted import assert_quoted_printable
from tests.unit.rendering.samples import ARABIC_LOOK, LOOK, RICH, RTL, assert_golden, noted

LETTERHEAD = Letterhead(
    subject="The harbour opens again – & stays open",
    sender="The Harbour Daily <daily@news.example.org>",
    reply_to="editors@news.example.org",
    list_id="daily.news.example.org",
    list_title="The Harbour Daily",
    feedback_id="7:daily:digest:harbour",
    unsubscribe_mailto="leave@news.example.org",
    language="en",
)
ADA = Person(
    email="ada@example.net",
    name="Ada Example",
    unsubscribe_url="https://news.example.org/u/abc-DEF_123",
    preferences_url="https://news.example.org/s/abc-DEF_123",
    message_id=message_id(7, 1, b"s" * 32, "news.example.org"),
    date=datetime(2024, 11, 21, 7, 0, 5, tzinfo=UTC),
    token="abc-DEF_123",
)


def block(html: Parts, text: Parts) -> EditionBlock:
    return EditionBlock(BlockKind.LEAD, html, text)


def read(data: bytes) -> EmailMessage:
    """The message as Python's own parser reads it, without a defect anywhere."""
    message = message_from_bytes(data, policy=policy.default)
    assert isinstance(message, EmailMessage)
    for part in message.walk():
        assert part.defects == []
    return message


def bodies(message: EmailMessage) -> tuple[str, str]:
    """The plain text and the HTML."""
    text, html = message.iter_parts()
    return text.get_content().replace("\r\n", "\n"), html.get_content().replace("\r\n", "\n")


def spliced(parts: Parts, person: Person, *, html: bool) -> str:
    values = {
        FieldName.EMAIL: person.email,
        FieldName.UNSUBSCRIBE_URL: person.unsubscribe_url,
        FieldName.PREFERENCES_URL: person.preferences_url,
    }
    return "".join(
        part if isinstance(part, str) else escape(values[part.name]) if html else values[part.name]
        for part in parts
    )


def assert_well_formed(data: bytes) -> None:
    """RFC 5322, 2.1: lines of at most 998 octets, CR and LF only together; and bodies in quoted-printable."""
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", data)
    lines = data.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert not any(line.startswith(b".") for line in lines)
    for part in data.split(b"quoted-printable\r\n\r\n")[1:]:
        assert_quoted_printable(part.partition(b"\r\n--=_")[0])


def test_golden_message() -> None:
    blocks = choose(render(RICH, LOOK, notes=noted("The fee is $1,200.")).blocks, None)
    assert_golden("messages/rich.eml", compile_message(blocks, LETTERHEAD).splice(ADA))
    arabic = replace(LETTERHEAD, subject=RTL.title, list_title=ARABIC_LOOK.title, language="ar", reply_to=None)
    reader = replace(ADA, email="قارئ@xn--example.org", name="عادة")
    blocks = choose(render(RTL, ARABIC_LOOK).blocks, None)
    assert_golden("messages/rtl.eml", compile_message(blocks, arabic).splice(reader))


@pytest.mark.parametrize("sections", [None, ["money"], ["plain", "ships"]])
def test_both_parts_are_the_blocks_with_the_persons_values(sections: list[str] | None) -> None:
    blocks = choose(render(RICH, LOOK).blocks, sections)
    data = compile_message(blocks, LETTERHEAD).splice(ADA)
    assert_well_formed(data)
    text, html = bodies(read(data))
    assert text == "".join(spliced(each.text, ADA, html=False) for each in blocks)
    assert html == "".join(spliced(each.html, ADA, html=True) for each in blocks)


def test_headers_say_what_receivers_ask_for() -> None:
    message = read(compile_message(render(RICH, LOOK).blocks, LETTERHEAD).splice(ADA))
    assert {name: str(value) for name, value in message.items() if name != "Content-Type"} == {
        "From": "The Harbour Daily <daily@news.example.org>",
        "Reply-To": "editors@news.example.org",
        "To": "Ada Example <ada@example.net>",
        "Subject": LETTERHEAD.subject,
        "Date": "Thu, 21 Nov 2024 07:00:05 +0000",
        "Message-ID": ADA.message_id,
        "List-Id": "The Harbour Daily <daily.news.example.org>",
        "List-Unsubscribe": "<https://news.example.org/u/abc-DEF_123>,"
        " <mailto:leave@news.example.org?subject=unsubscribe%20abc-DEF_123>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Precedence": "bulk",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
        "Feedback-ID": "7:daily:digest:harbour",
        "Content-Language": "en",
        "MIME-Version": "1.0",
    }
    assert len(message.keys()) == len({name.lower() for name in message})
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_mailto_is_offered_only_when_somebody_reads_it() -> None:
    bare = Letterhead(subject="x", sender="daily@example.org", list_id="daily.example.org")
    message = read(compile_message((), bare).splice(replace(ADA, name="")))
    assert message["List-Unsubscribe"] == "<https://news.example.org/u/abc-DEF_123>"
    assert message["To"] == "ada@example.net"
    assert message["From"] == "daily@example.org"
    for name in ("Reply-To", "Feedback-ID", "Content-Language"):
        assert name not in message


field_parts = st.sampled_from([Field(FieldName.EMAIL), Field(FieldName.UNSUBSCRIBE_URL)])
literals = st.text(st.sampled_from("ab =.F\n\té漢<>&-"), min_size=1, max_size=90)
parts = st.lists(literals | field_parts, max_size=6).map(tuple)
names = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=40)
locals_ = st.from_regex(r"[a-z.F'=&+ë漢-]{1,20}", fullmatch=True)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(
    st.lists(st.builds(block, parts, parts), max_size=3),
    names,
    names,
    locals_,
    st.from_regex("[!-~]{0,90}", fullmatch=True),
)
def test_any_content_for_anybody_comes_back(
    blocks: list[EditionBlock], subject: str, name: str, local: str, token: str
) -> None:
    token = re.sub("[<>]", "", token)
    person = replace(
        ADA, name=name, email=f"{local}@example.net", unsubscribe_url=f"https://example.org/u/{token}"
    )
    try:
        data = compile_message(blocks, replace(LETTERHEAD, subject=subject)).splice(person)
    except HeaderError:
        assert re.search(r"^\.|\.\.|\.$", local)
        return
    assert_well_formed(data)
    message = read(data)
    assert message["Subject"] == subject.strip()
    text, html = bodies(message)
    assert text == "".join(spliced(each.text, person, html=False) for each in blocks)
    assert html == "".join(spliced(each.html, person, html=True) for each in blocks)
    assert person.needs_smtputf8 is not local.isascii()


def test_same_blocks_same_bytes_and_one_mails_values_are_not_in_the_next() -> None:
    skeleton = compile_message(render(RICH, LOOK).blocks, LETTERHEAD)
    first = skeleton.splice(ADA)
    other = skeleton.splice(
        replace(
            ADA,
            email="b@example.net",
            name="",
            unsubscribe_url="https://example.org/u/b",
            preferences_url="https://example.org/s/b",
            token="b",
        )
    )
    assert b"ada@" not in other
    assert b"abc-DEF_123" not in other
    assert skeleton.splice(ADA) == first
    assert compile_message(render(RICH, LOOK).blocks, LETTERHEAD).splice(ADA) == first


def test_the_boundary_is_in_no_body_whatever_it_says() -> None:
    skeleton = compile_message((block(("x",), ("x",)),), LETTERHEAD)
    boundary = re.findall(rb'boundary="([^"]+)"', skeleton.splice(ADA))[0].decode()
    evil = f"\n--{boundary}\n--{boundary}--\n"
    data = compile_message((block((evil, Field(FieldName.EMAIL)), (evil,)),), LETTERHEAD).splice(ADA)
    text, html = bodies(read(data))
    assert (text, html) == (evil, f"{evil}ada@example.net")


@pytest.mark.parametrize(
    "changes",
    [
        {"unsubscribe_url": "javascript:x"},
        {"unsubscribe_url": "https://example.org/a b"},
        {"unsubscribe_url": "https://example.org/>,<mailto:x@example.org"},
        {"message_id": "no-brackets@example.org"},
        {"message_id": "<a@b>\r\nBcc: x"},
        {"date": datetime(2024, 11, 21)},  # noqa: DTZ001 - a naive moment is what is refused
        {"name": "a\r\nBcc: x@example.org"},
        {"email": "a@example.org\r\nBcc: x@example.org"},
        {"email": "nobody"},
        {"token": ""},
        {"token": "a>\r\nBcc: x"},
        {"token": "a&body=x"},
    ],
)
def test_a_person_who_cannot_be_mailed_is_an_error_and_no_mail(changes: dict[str, object]) -> None:
    skeleton = compile_message((), LETTERHEAD)
    person = Person(**{**{name: getattr(ADA, name) for name in Person.__slots__}, **changes})
    with pytest.raises(HeaderError):
        skeleton.splice(person)


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "a\r\nBcc: x@example.org"},
        {"sender": "Nobody"},
        {"reply_to": "a\nb"},
        {"list_id": "two words"},
        {"list_id": "a" * 300},
        {"list_title": "a\nb"},
        {"feedback_id": "a\r\nb"},
        {"unsubscribe_mailto": "nobody"},
    ],
)
def test_a_letterhead_that_cannot_stand_is_refused_at_once(changes: dict[str, str]) -> None:
    values = {name: getattr(LETTERHEAD, name) for name in Letterhead.__slots__}
    with pytest.raises(HeaderError):
        compile_message((), Letterhead(**{**values, **changes}))


def test_a_reply_names_its_thread_and_what_it_answers() -> None:
    thread = tuple(f"<{number}@example.org>" for number in range(40))
    skeleton = compile_message((), LETTERHEAD, is_reply=True)
    data = skeleton.splice(replace(ADA, references=thread))
    found = read(data)
    assert found["In-Reply-To"] == "<39@example.org>"
    assert found["References"].split() == list(thread)
    assert max(map(len, data.split(b"\r\n"))) <= 78


def test_no_reply_leaves_without_what_it_answers() -> None:
    skeleton = compile_message((), LETTERHEAD, is_reply=True)
    for references in ((), ("<a@example.org>\r\nBcc: x@example.org",)):
        with pytest.raises(HeaderError):
            skeleton.splice(replace(ADA, references=references))
