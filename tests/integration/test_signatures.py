"""Signed mail as receivers see it: two programs that are not ours verify it, and nothing of it can be changed.

dkimpy verifies in every run; opendkim, as Debian has it, in `make check`, together with the whole sample.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import pytest

from publisher.messages.dkim import SIGNED
from tests.integration import verifiers
from tests.integration.signed_sample import NEWSLETTERS, Signed, records, sample

MUST = ("from", "to", "subject", "date", "message-id", "mime-version", "content-type", "list-id", "feedback-id")
UNSIGNED = frozenset(
    {"dkim-signature", "precedence", "auto-submitted", "x-auto-response-suppress", "content-language"}
)
"""Whoever changes these tells nobody anything else."""

_FIELD = re.compile(rb"^([A-Za-z-]+):(?:[^\r]|\r\n[ \t])*\r\n", re.MULTILINE)

Verifier = Callable[[Sequence[bytes]], list[list[bool]]]


@pytest.fixture(params=["dkimpy", pytest.param("opendkim", marks=pytest.mark.system)])
def verdicts(request: pytest.FixtureRequest, tmp_path: Path) -> Verifier:
    """What a program says of each signature of each mail."""
    if request.param == "dkimpy":
        return lambda mails: [verifiers.dkimpy(each, records()) for each in mails]
    return lambda mails: verifiers.opendkim(tmp_path, mails, records())


@lru_cache(maxsize=1)
def few() -> Sequence[Signed]:
    """Each newsletter, and readers of all kinds."""
    return tuple(sample(40, len(NEWSLETTERS)))


@lru_cache(maxsize=1)
def reply() -> bytes:
    """A mail with two signatures and every header we write: a correction, and answers go elsewhere."""
    replies = (each.data for each in few() if each.signatures == 2 and b"In-Reply-To:" in each.data)
    return next(data for data in replies if b"Reply-To: =?" in data)


def fields(data: bytes) -> Iterator[tuple[str, int, int]]:
    """Each header field: its name in lower case, where it begins and where it ends."""
    end = data.index(b"\r\n\r\n") + 2
    for match in _FIELD.finditer(data, 0, end):
        yield match[1].decode().lower(), match.start(), match.end()


def signed_names(data: bytes) -> list[list[str]]:
    """The tag h= of each signature."""
    head = data.partition(b"\r\n\r\n")[0].replace(b"\r\n", b"")
    return [tag.replace(" ", "").split(":") for tag in re.findall(r"; h=([^;]+);", head.decode(errors="replace"))]


def test_every_signature_of_a_mixed_sample_is_verified(verdicts: Verifier) -> None:
    assert verdicts([each.data for each in few()]) == [[True] * each.signatures for each in few()]


@pytest.mark.slow
def test_every_signature_of_a_thousand_mixed_mails_is_verified(verdicts: Verifier) -> None:
    mails = list(sample(1000, 30))
    assert {each.signatures for each in mails} == {1, 2}
    assert verdicts([each.data for each in mails]) == [[True] * each.signatures for each in mails]


def test_the_sample_is_mixed() -> None:
    """Else it would prove little: what receivers stumble over is in it."""
    heads = [each.data.partition(b"\r\n\r\n")[0] for each in few()]
    for what in (b"In-Reply-To:", b"Reply-To:", b"\r\nTo: =?utf-8?b?", b'To: "', b"@xn--", b"From: =?utf-8?b?"):
        assert 0 < sum(what in head for head in heads) < len(heads), what
    assert any(not head.isascii() for head in heads)
    assert any(line.startswith(b" ") for head in heads for line in head.split(b"\r\n"))
    sizes = [len(each.data) for each in few()]
    assert max(sizes) > 3 * min(sizes)


def test_every_header_of_every_mail_is_signed_once_more_than_it_is_there() -> None:
    for each in few():
        there = [name for name, _, _ in fields(each.data)]
        assert set(MUST) | {"list-unsubscribe", "list-unsubscribe-post"} <= set(there)
        signatures = signed_names(each.data)
        assert len(signatures) == each.signatures
        for names in signatures:
            assert {name for name in there if name not in names} == UNSIGNED
            assert all(names.count(name) == there.count(name) + 1 for name in SIGNED)


def header_places(data: bytes) -> dict[str, list[int]]:
    """Where each field that must not change has its letters: the relaxed form does not see blanks."""
    return {
        name: [place for place in range(start, end) if data[place : place + 1] not in b" \t\r\n"]
        for name, start, end in fields(data)
        if name not in UNSIGNED
    }


def assert_noticed(verdicts: Verifier, changed: Sequence[bytes]) -> None:
    """No signature of any of these verifies, and of the mail that they were made of each does."""
    first, *others = verdicts([reply(), *changed])
    assert first == [True, True]
    assert [place for place, found in enumerate(others) if any(found)] == []
    assert len(others) == len(changed) > 0


def flipped(place: int) -> bytes:
    """The mail with one bit of one byte turned over."""
    data = reply()
    return data[:place] + bytes([data[place] ^ 0x01]) + data[place + 1 :]


def body_places() -> list[int]:
    """The body's ends, and in it each boundary, each part's own header and a place of each part's text."""
    data = reply()
    start = data.index(b"\r\n\r\n") + 4
    marks = [match.start() for match in re.finditer(rb"--=_|Content-|\r\n\r\n|=\r\n|</", data[start:])]
    return [start, *(start + each for each in marks[:12] + marks[-12:]), len(data) - 3, len(data) - 1]


def test_one_changed_byte_of_each_signed_header_is_noticed(verdicts: Verifier) -> None:
    """Of its name, and at the beginning, in the middle and at the end of its value."""
    of_all = header_places(reply())
    others = {"reply-to", "in-reply-to", "references", "list-unsubscribe", "list-unsubscribe-post"}
    assert set(of_all) == {*MUST, *others}
    places = {
        place
        for name, places in of_all.items()
        for place in (places[0], places[len(name) + 1], places[(len(name) + len(places)) // 2], places[-1])
    }
    assert len(places) > 3 * len(of_all)
    assert_noticed(verdicts, [flipped(place) for place in sorted(places)])


def test_one_changed_byte_of_the_body_is_noticed_wherever_it_is(verdicts: Verifier) -> None:
    assert_noticed(verdicts, [flipped(place) for place in body_places()])


@pytest.mark.slow
def test_no_byte_at_all_can_be_changed(verdicts: Verifier) -> None:
    """Every letter of every signed header, and a thousand places of the body."""
    data = reply()
    start = data.index(b"\r\n\r\n") + 4
    body = range(start, len(data), max(1, (len(data) - start) // 1000))
    places = [*(place for places in header_places(data).values() for place in places), *body]
    assert len(places) > 2000
    assert_noticed(verdicts, [flipped(place) for place in places])


@pytest.mark.parametrize("end", [b"\r\n", b"more\r\n"])
def test_nothing_is_added_to_a_body_but_empty_lines(verdicts: Verifier, end: bytes) -> None:
    found = verdicts([reply() + end])
    assert found == [[end == b"\r\n"] * 2]


def test_no_header_that_is_signed_can_be_added_once_more_or_taken_away(verdicts: Verifier) -> None:
    """Neither above, where many programs look, nor below; nor one that no mail of ours has, such as List-Post."""
    data = reply()
    head, _, body = data.partition(b"\r\n\r\n")
    changed = []
    for name in SIGNED:
        forged = f"{name}: <forged@example.net>".encode()
        changed += [forged + b"\r\n" + data, head + b"\r\n" + forged + b"\r\n\r\n" + body]
    changed += [data[:start] + data[end:] for name, start, end in fields(data) if name in SIGNED]
    assert_noticed(verdicts, changed)


def test_what_receivers_may_change_is_no_breach(verdicts: Verifier) -> None:
    """Else the tests above might be green because nothing is ever verified."""
    data = reply()
    unsigned = data.replace(b"\r\nPrecedence: bulk", b"\r\nPrecedence: list")
    received = b"Received: from a by b; Thu, 21 Nov 2024 07:31:00 +0000\r\n" + data
    folded = data.replace(b"\r\nMIME-Version: 1.0", b"\r\nmime-version:\r\n\t1.0 ")
    assert len({data, unsigned, received, folded}) == 4
    assert verdicts([unsigned, received, folded]) == [[True, True]] * 3
