"""The links in every mail: looking changes nothing, posting acts, whoever posts and however often (RFC 8058)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from publisher.errors import RenderError, StorageError
from publisher.web.middleware import LARGEST_BODY
from tests.unit.web.conftest import TOKEN, Client, FakePublic

LINK = f"/u/{TOKEN}"
CHOOSE = f"/s/{TOKEN}"
BOTH = pytest.mark.parametrize("link", [LINK, CHOOSE])
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
GARBAGE = ["x", "A" * 513, "%00", "%F0%9F%98%80", "%20", "..%5c..", "'%20OR%201=1", TOKEN.lower()]


@BOTH
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_at_a_link_changes_nothing(client: Client, public: FakePublic, method: str, link: str) -> None:
    for _ in range(2):
        answer = client.request(method, link)
        assert answer.status_code == 200
    assert (public.acts, public.saved) == ([], [])
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    size = int(answer.headers["content-length"])
    assert len(answer.content) == (size if method == "GET" else 0)
    assert size > 40


@BOTH
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_is_kept_out_of_caches_referrers_and_search_engines(client: Client, method: str, link: str) -> None:
    headers = client.request(method, link).headers
    assert "set-cookie" not in headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-robots-tag"] == "noindex"


def test_the_button_unsubscribes_and_shows_a_page(client: Client, public: FakePublic) -> None:
    answer = client.post(LINK)
    assert (answer.status_code, answer.text) == (200, "<p>You are unsubscribed</p>")
    assert public.acts == [(TOKEN, "button on the page")]


@pytest.mark.parametrize("encoding", ["urlencoded", "multipart"])
def test_one_click_is_200_every_time_without_cookie_or_redirect(
    client: Client, public: FakePublic, encoding: str
) -> None:
    for _ in range(3):
        if encoding == "urlencoded":
            answer = client.post(LINK, data=ONE_CLICK)
        else:
            answer = client.post(LINK, files={"List-Unsubscribe": (None, "One-Click")})
        assert (answer.status_code, answer.text) == (200, "Unsubscribed\n")
        assert "set-cookie" not in answer.headers
        assert "location" not in answer.headers
    assert public.acts == [(TOKEN, "one-click")] * 3


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b""),
        ({}, b"List-Unsubscribe=One-Click"),  # without a Content-Type it is no form
        ({"content-type": "application/x-www-form-urlencoded"}, b"List-Unsubscribe=Two-Clicks"),
        ({"content-type": "application/x-www-form-urlencoded"}, b"\xff\xfe=%ZZ&&;=="),
        ({"content-type": "application/json"}, b"{}"),
        ({"content-type": "multipart/form-data"}, b"no boundary"),
        ({"content-type": "multipart/form-data; boundary=x"}, b"--y\r\n\r\nbroken"),
        ({"content-type": "multipart/form-data; boundary=x"}, b'--x\r\nContent-Disposition: form-data; name="f"; '
         b'filename="f"\r\n\r\nfile\r\n--x--\r\n'),
    ],
)  # fmt: skip
def test_any_other_post_is_the_button(
    client: Client, public: FakePublic, headers: dict[str, str], body: bytes
) -> None:
    answer = client.post(LINK, content=body, headers=headers)
    assert (answer.status_code, answer.text) == (200, "<p>You are unsubscribed</p>")
    assert public.acts == [(TOKEN, "button on the page")]


def test_a_choice_is_given_as_it_was_sent_and_sends_nobody_elsewhere(client: Client, public: FakePublic) -> None:
    answer = client.post(CHOOSE, data={"which": "chosen", "section": ["courts", "x\0y", "courts"], "else": ""})
    assert (answer.status_code, answer.text) == (200, "<p>Saved</p>")
    assert "location" not in answer.headers
    assert public.saved == [(TOKEN, {"which": ["chosen"], "section": ["courts", "x\0y", "courts"], "else": [""]})]
    client.post(CHOOSE, files={"which": (None, "all")})
    assert public.saved[-1] == (TOKEN, {"which": ["all"]})
    assert public.acts == []


@pytest.mark.parametrize("body", [b"", b"\xff\xfe=%ZZ&&;==", b"section=1" + b"&section=1" * 1200])
def test_a_form_that_cannot_be_read_says_nothing(client: Client, public: FakePublic, body: bytes) -> None:
    for kind in ("application/json", "multipart/form-data; boundary=x"):
        assert client.post(CHOOSE, content=body, headers={"content-type": kind}).status_code == 200
    assert public.saved == [(TOKEN, {})] * 2


@pytest.mark.parametrize("token", GARBAGE)
def test_every_choice_that_is_not_ours_gets_the_same_answer(client: Client, token: str) -> None:
    for answer in (
        client.get(f"/s/{token}"),
        client.post(f"/s/{token}"),
        client.post(f"/s/{token}", data=ONE_CLICK),
    ):
        assert (answer.status_code, answer.text) == (404, "<p>This link is not valid</p>")


@pytest.mark.parametrize("token", GARBAGE)
def test_every_link_that_is_not_ours_gets_the_same_answer(client: Client, token: str) -> None:
    looked, posted = client.get(f"/u/{token}"), client.post(f"/u/{token}")
    assert (looked.status_code, looked.text) == (404, "<p>This link is not valid</p>")
    assert (posted.status_code, posted.text) == (404, "<p>This link is not valid</p>")
    clicked = client.post(f"/u/{token}", data=ONE_CLICK)
    assert (clicked.status_code, clicked.text) == (200, "Not subscribed\n")


def test_what_cannot_be_a_token_reaches_no_database(client: Client, public: FakePublic) -> None:
    for token in ("A" * 513, "%00", "%F0%9F%98%80", "a%20b"):
        for page in "us":
            client.get(f"/{page}/{token}")
            client.post(f"/{page}/{token}")
    assert (public.looks, public.acts, public.saved) == ([], [], [])


@pytest.mark.parametrize(
    "path", ["/u", "/u/", f"{LINK}/", f"{LINK}/x", "/u/a%2Fb", "/s", "/s/", f"{CHOOSE}/", "/s/a%2Fb"]
)
def test_near_a_link_there_is_nothing(client: Client, public: FakePublic, path: str) -> None:
    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 405
    assert (public.looks, public.acts, public.saved) == ([], [], [])


@BOTH
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(client: Client, public: FakePublic, method: str, link: str) -> None:
    assert client.request(method, link).status_code == 405
    assert (public.looks, public.acts, public.saved) == ([], [], [])


async def _stream() -> AsyncIterator[bytes]:
    yield b"a="
    for _ in range(64):
        yield b"x" * 1024


@BOTH
def test_too_much_is_refused_and_does_not_act(client: Client, public: FakePublic, link: str) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    announced = client.post(link, content=b"a=" + b"x" * LARGEST_BODY, headers=form)
    streamed = client.post(link, content=_stream(), headers=form)
    assert (announced.status_code, streamed.status_code) == (413, 413)
    assert (public.acts, public.saved) == ([], [])
    assert client.post(link, content=b"a=" + b"x" * (LARGEST_BODY - 2), headers=form).status_code == 200


@BOTH
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_when_the_database_is_away_the_reader_is_asked_back(
    client: Client, public: FakePublic, method: str, link: str
) -> None:
    public.failure = StorageError("the database does not answer", permanent=False)
    answer = client.request(method, link)
    assert (answer.status_code, answer.text) == (503, "<p>Try again</p>")
    assert answer.headers["retry-after"] == "120"
    assert answer.headers["cache-control"] == "no-store"


def test_when_even_the_page_that_asks_back_is_broken_a_line_does(client: Client, public: FakePublic) -> None:
    public.failure = public.broken = RenderError("the template cannot be filled")
    answer = client.get(CHOOSE)
    assert answer.status_code == 503
    assert answer.text == "This does not work at the moment. Please try again in a few minutes.\n"


def test_one_click_is_not_200_when_nothing_was_done(client: Client, public: FakePublic) -> None:
    public.failure = StorageError("the database does not answer", permanent=False)
    assert client.post(LINK, data=ONE_CLICK).status_code == 503


def test_a_reason_is_kept_and_unsubscribes_nobody(client: Client, public: FakePublic) -> None:
    answer = client.post(LINK, data={"reason": "Too much mail"})
    assert (answer.status_code, answer.text) == (200, "<p>Thank you</p>")
    assert (public.reasons, public.acts) == ([(TOKEN, "Too much mail")], [])
    client.post(LINK, data={"reason": "x", "List-Unsubscribe": "One-Click"})
    assert public.acts == [(TOKEN, "one-click")]
    for token in GARBAGE:
        assert client.post(f"/u/{token}", data={"reason": "x"}).status_code == 404
