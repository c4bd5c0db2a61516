"""Mails of one edition: what differs per person, and what never may."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest

from publisher.config import Newsletter, Site
from publisher.digests.model import Digest
from publisher.editions import BlockKind, Edition, EditionBlock, EditionFacts, Field, FieldName, RenderedEdition
from publisher.errors import PublisherError
from publisher.ledger import Delivery
from publisher.mailings import composing
from publisher.mailings.composing import EditionComposer
from publisher.messages import compile_message, verp
from subscribers import tokens

NOW = datetime(2024, 11, 21, 7, 30, tzinfo=UTC)
SECRET = b"a secret of the instance"


def block(kind: BlockKind, words: str, section: str = "") -> EditionBlock:
    return EditionBlock(kind, (f"<p>{words}</p>",), (f"{words}\n",), section)


FOOTER = EditionBlock(
    BlockKind.CLOSING,
    ('<a href="', Field(FieldName.UNSUBSCRIBE_URL), '">leave</a>'),
    ("Leave: ", Field(FieldName.UNSUBSCRIBE_URL), "\n"),
)
BLOCKS = (
    block(BlockKind.OPENING, "The daily"),
    block(BlockKind.LEAD, "Good morning"),
    block(BlockKind.SECTION, "In court", "courts"),
    block(BlockKind.SECTION, "In parliament", "parliament"),
    FOOTER,
)
DIGEST = Digest("daily", "2024-11-21", "The daily", date(2024, 11, 21), "en", "ltr", (), ())
EDITION = Edition(3, 2, 1, DIGEST, RenderedEdition("Thursday's news", "", "", BLOCKS, b"", ""), "", NOW, NOW)
NEWSLETTER = Newsletter.model_validate(
    {"slug": "daily", "title": "The daily", "from": "The daily <news@example.org>", "reply_to": "desk@example.org"}
)
SITE = Site(title="News", url="https://news.example.org/", app_url="https://app.example.org/")
DELIVERY = Delivery(11, 7, "reader@example.org", "A Reader", 1, None, 1)


def composer(edition: Edition = EDITION, newsletter: Newsletter = NEWSLETTER) -> EditionComposer:
    return EditionComposer(edition, newsletter, SITE, SECRET)


def parsed(data: bytes) -> EmailMessage:
    found = message_from_bytes(data, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def text_of(data: bytes) -> str:
    body = parsed(data).get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_a_mail_has_its_persons_address_and_a_link_that_unsubscribes_that_person() -> None:
    message = composer().compose(DELIVERY, NOW)
    found = parsed(message.data)
    token = tokens.mint(SECRET, 7, "daily", 1)
    assert str(found["To"]) == "A Reader <reader@example.org>"
    assert str(found["List-Unsubscribe"]) == f"<https://app.example.org/u/{token}>"
    assert f"https://app.example.org/u/{token}" in text_of(message.data)
    assert str(found["List-Id"]).endswith("<daily.news.example.org>")
    assert str(found["Reply-To"]) == "desk@example.org"
    assert (message.delivery_id, message.recipient, message.attempt) == (11, "reader@example.org", 1)
    assert (message.envelope_from, message.message_id) == ("news@example.org", str(found["Message-ID"]))


def test_the_message_id_is_kept_by_a_resend_and_shared_with_nobody() -> None:
    first = composer().compose(DELIVERY, NOW)
    resend = composer().compose(replace(DELIVERY, id=99, attempts=3, name="New Name"), NOW + timedelta(days=1))
    assert first.message_id == resend.message_id
    others = [
        composer().compose(replace(DELIVERY, subscriber_id=8), NOW),
        composer(replace(EDITION, id=4)).compose(DELIVERY, NOW),
        composer(replace(EDITION, created_at=NOW + timedelta(days=1))).compose(DELIVERY, NOW),  # a new database
    ]
    assert len({first.message_id, *(other.message_id for other in others)}) == 4


@pytest.mark.parametrize(
    ("sections", "held"),
    [
        (None, ["court", "parliament"]),
        (("courts",), ["court"]),
        (("parliament", "courts"), ["court", "parliament"]),
        (("weather",), ["court", "parliament"]),
        ((), ["court", "parliament"]),
    ],
)
def test_a_reader_gets_the_sections_of_their_choice(sections: tuple[str, ...] | None, held: list[str]) -> None:
    text = text_of(composer().compose(replace(DELIVERY, sections=sections), NOW).data)
    assert [word for word in ("court", "parliament") if f"In {word}" in text] == held
    assert "Good morning" in text


def test_a_choice_of_sections_is_compiled_once_and_memory_stays_flat(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[Any] = []
    real = compile_message

    def counting(*arguments: Any, **options: Any) -> Any:
        compiled.append(arguments)
        return real(*arguments, **options)

    monkeypatch.setattr(composing, "compile_message", counting)
    monkeypatch.setattr(composing, "SKELETONS_KEPT", 2)
    one = composer()
    for _ in range(3):
        for sections in (None, ("courts",)):
            one.compose(replace(DELIVERY, sections=sections), NOW)
    assert len(compiled) == 2
    for sections in (("parliament",), ("courts",)):
        one.compose(replace(DELIVERY, sections=sections), NOW)
    assert len(one._skeletons._made) == 2


def test_readers_with_the_same_choice_share_what_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[Any] = []

    def counting(*arguments: Any, **options: Any) -> Any:
        compiled.append(arguments)
        return compile_message(*arguments, **options)

    monkeypatch.setattr(composing, "compile_message", counting)
    one = composer()  # compiles what has all sections
    for reader, sections in enumerate(
        [("courts",), ("courts", "weather"), ("weather", "courts"), ("courts", "courts")]
    ):
        text = text_of(one.compose(replace(DELIVERY, subscriber_id=reader, sections=sections), NOW).data)
        assert "In court" in text
        assert tokens.mint(SECRET, reader, "daily", 1) in text
    for reader, sections in enumerate([("parliament", "courts"), ("courts", "parliament", "weather")], 10):
        one.compose(replace(DELIVERY, subscriber_id=reader, sections=sections), NOW)
    assert len(compiled) == 2


@pytest.mark.parametrize("changes", [{"name": "A\r\nBcc: everybody@example.org"}, {"email": "no address"}])
def test_a_person_who_cannot_stand_in_a_header_is_an_error_of_their_own(changes: dict[str, str]) -> None:
    one = composer()
    with pytest.raises(PublisherError):
        one.compose(replace(DELIVERY, **changes), NOW)  # type: ignore[arg-type]
    one.compose(DELIVERY, NOW)


def test_what_is_wrong_for_everybody_is_said_before_the_first_mail() -> None:
    broken = replace(EDITION.rendered, subject="two\r\nlines")
    with pytest.raises(PublisherError):
        composer(replace(EDITION, rendered=broken))


def test_a_site_whose_links_no_header_takes_is_said_before_the_first_mail() -> None:
    with pytest.raises(PublisherError, match="unsubscribe link"):
        EditionComposer(EDITION, NEWSLETTER, Site(title="News", url="file:///srv/site/"), SECRET)


def test_a_site_with_a_name_beyond_ascii_mails_links_in_ascii() -> None:
    site = Site(title="News", url="https://Bücher.example:8443/blätter/")
    message = EditionComposer(EDITION, NEWSLETTER, site, SECRET).compose(DELIVERY, NOW)
    link = f"https://xn--bcher-kva.example:8443/bl%C3%A4tter/u/{tokens.mint(SECRET, 7, 'daily', 1)}"
    assert str(parsed(message.data)["List-Unsubscribe"]) == f"<{link}>"
    assert link in text_of(message.data)


def test_bounces_go_where_the_configuration_says() -> None:
    newsletter = NEWSLETTER.model_copy(update={"envelope_from": "bounces@bücher.example"})
    assert composer(newsletter=newsletter).compose(DELIVERY, NOW).envelope_from == "bounces@xn--bcher-kva.example"


def test_a_site_on_disk_still_has_a_list_name() -> None:
    site = Site(title="News", url="file:///srv/site/")
    assert composing.letterhead(EDITION, NEWSLETTER, site).list_id == "daily.example.org"


def test_with_verp_the_envelope_sender_names_the_delivery_and_the_mail_does_not_change() -> None:
    letter = NEWSLETTER.model_copy(update={"envelope_from": "bounces@bücher.example", "verp": True})
    mails = [composer(newsletter=letter).compose(replace(DELIVERY, id=number), NOW) for number in (11, 11, 12)]
    first, again, other = (mail.envelope_from for mail in mails)
    assert first == again != other
    assert first.endswith("@xn--bcher-kva.example")
    assert verp.read(SECRET, first, {11: "Reader@example.org"}.get) == 11
    assert mails[0].data == composer().compose(DELIVERY, NOW).data


# --- threads ---------------------------------------------------------------------------------------------------

EARLIER = [EditionFacts(number, number, "News", "", NOW - timedelta(hours=9 - number), NOW) for number in (1, 2)]


def corrected() -> EditionComposer:
    """What makes the mails of the third edition, 3, after 1 and 2."""
    return EditionComposer(replace(EDITION, number=3), NEWSLETTER, SITE, SECRET, EARLIER)


def identity(edition: EditionFacts) -> str:
    """The Message-ID that a mail of an earlier edition had."""
    made = replace(EDITION, id=edition.id, created_at=edition.created_at)
    return composer(made).compose(DELIVERY, NOW).message_id


def test_a_correction_answers_the_mail_that_its_reader_has() -> None:
    first, second = map(identity, EARLIER)
    found = parsed(corrected().compose(replace(DELIVERY, replies_to=2), NOW).data)
    assert found["In-Reply-To"] == second
    assert str(found["References"]).split() == [first, second]
    found = parsed(corrected().compose(replace(DELIVERY, replies_to=1), NOW).data)
    assert (found["In-Reply-To"], found["References"]) == (first, first)


def test_an_answer_differs_from_any_other_mail_of_its_edition_in_nothing_else() -> None:
    plain = corrected().compose(DELIVERY, NOW)
    answer = corrected().compose(replace(DELIVERY, replies_to=2), NOW)
    assert answer.message_id == plain.message_id
    lines = answer.data.split(b"\r\n")
    assert b"\r\n".join(lines[:6] + lines[9:]) == plain.data
    assert b"\r\n".join(lines[6:9]).startswith(b"In-Reply-To: <")
    assert max(map(len, lines[6:9])) <= 78


def test_a_choice_of_sections_and_an_answer_are_two_things() -> None:
    made = corrected()
    both = made.compose(replace(DELIVERY, replies_to=1, sections=("courts",)), NOW).data
    plain = made.compose(replace(DELIVERY, sections=("courts",)), NOW).data
    assert "In court" in text_of(both)
    assert "In parliament" not in text_of(both)
    assert b"References" in both
    assert b"References" not in plain


def test_only_again_mints_another_message_id() -> None:
    made = composer()
    first = made.compose(DELIVERY, NOW).message_id
    assert made.compose(replace(DELIVERY, id=99, attempts=3), NOW).message_id == first
    again = {made.compose(replace(DELIVERY, again=mailing), NOW).message_id for mailing in (7, 8)}
    assert len(again | {first}) == 3


def test_complaints_are_counted_by_edition_and_newsletter_for_a_sender_that_stays() -> None:
    """Feedback-ID, as Gmail reads it: three names of ours, and a sender of 5 to 15 letters."""
    told = [
        str(parsed(each.compose(DELIVERY, NOW).data)["Feedback-ID"]).split(":")
        for each in (composer(), composer(replace(EDITION, id=4)))
    ]
    assert [names[:3] for names in told] == [["3", "daily", "digest"], ["4", "daily", "digest"]]
    assert told[0][3] == told[1][3]
    assert 5 <= len(told[0][3]) <= 15


def test_an_address_to_leave_by_mail_is_named_only_when_there_is_one() -> None:
    assert composing.letterhead(EDITION, NEWSLETTER, SITE).unsubscribe_mailto is None
    read = NEWSLETTER.model_copy(update={"unsubscribe_mailto": "leave@news.example.org"})
    mail = composer(newsletter=read).compose(DELIVERY, NOW).data
    link = re.search(
        rb"<https://[^>]+/u/([A-Za-z0-9_-]+)>,\r\n <mailto:leave@news\.example\.org\?([^>]+)>\r\n", mail
    )
    assert link
    assert link[2] == b"subject=unsubscribe%20" + link[1]
