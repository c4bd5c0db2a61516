"""Sign-up and confirmation over HTTP: looking changes nothing, posting acts, the log learns nothing of anybody."""

from __future__ import annotations

import logging

import pytest

from publisher.web.middleware import redacted
from tests.unit.web.conftest import TOKEN, Client, FakePublic, FakeSignUps

FORM, CONFIRM, MANAGE = "/daily/subscribe", f"/c/{TOKEN}", f"/m/{TOKEN}"
ALL = pytest.mark.parametrize("path", [FORM, f"{FORM}/", CONFIRM, MANAGE])
OTHERS = ["x", "A" * 513, "%00", "%F0%9F%98%80", TOKEN.lower(), TOKEN[:-1]]


@ALL
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_changes_nothing(client: Client, signups: FakeSignUps, method: str, path: str) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, signups.acts) == (200, [])
    assert bool(answer.content) is (method == "GET")


@ALL
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nothing_is_kept_by_browsers_and_no_script_runs(client: Client, method: str, path: str) -> None:
    headers = client.request(method, path).headers
    assert "set-cookie" not in headers
    assert headers["referrer-policy"] == "no-referrer"
    assert "script-src" not in headers["content-security-policy"]
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["cache-control"] == (
        "no-cache" if (method, "subscribe" in path) == ("GET", True) else "no-store"
    )


def test_a_form_reaches_its_newsletter_with_the_network_and_no_address(
    client: Client, signups: FakeSignUps
) -> None:
    answer = client.post(FORM, data={"email": "anna@example.org"}, headers={"Origin": "https://example.com"})
    assert (answer.status_code, answer.text) == (200, "<p>Sent</p>")
    assert "location" not in answer.headers
    assert signups.acts == [("daily", {"email": ["anna@example.org"]}, "127.0.0.0/24", "https://example.com")]
    assert client.post(FORM, data={"many": "1"}).status_code == 429


def test_a_newsletter_that_there_is_not_has_no_form(client: Client) -> None:
    for answer in (client.get("/weekly/subscribe"), client.post("/weekly/subscribe", data={"email": "a@b"})):
        assert (answer.status_code, answer.text) == (404, "<p>Nothing here</p>")


@pytest.mark.parametrize("token", OTHERS)
@pytest.mark.parametrize("page", ["c", "m"])
def test_every_link_that_is_not_ours_gets_the_same_answer(client: Client, page: str, token: str) -> None:
    for answer in (client.get(f"/{page}/{token}"), client.post(f"/{page}/{token}", data={"act": "erase"})):
        assert (answer.status_code, answer.text) == (404, "<p>This link is not valid</p>")
        assert answer.headers["cache-control"] == "no-store"


def test_a_click_confirms_again_and_again(client: Client, signups: FakeSignUps) -> None:
    for _ in range(2):
        answer = client.post(CONFIRM)
        assert (answer.status_code, answer.text) == (200, "<p>Confirmed</p>")
    assert signups.acts == [(TOKEN, "127.0.0.0/24")] * 2


def test_my_data_is_a_file_to_keep(client: Client) -> None:
    answer = client.post(MANAGE, data={"act": "download"})
    assert answer.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    page = client.post(MANAGE, data={"act": "move"})
    assert "content-disposition" not in page.headers


@ALL
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(client: Client, signups: FakeSignUps, method: str, path: str) -> None:
    assert (client.request(method, path).status_code, signups.acts) == (405, [])


def test_a_flood_in_one_body_is_refused(client: Client, signups: FakeSignUps) -> None:
    for path in (FORM, MANAGE):
        assert client.post(path, data={"email": "x" * 20_000}).status_code == 413
    assert signups.acts == []


@pytest.mark.parametrize("path", [CONFIRM, MANAGE])
def test_the_log_has_no_token(
    client: Client, caplog: pytest.LogCaptureFixture, public: FakePublic, path: str
) -> None:
    with caplog.at_level(logging.INFO, logger="publisher.web.access"):
        client.get(path)
        client.post(path)
    lines = [record.getMessage() for record in caplog.records if record.name == "publisher.web.access"]
    assert len(lines) == 2
    assert TOKEN not in "".join(lines)
    assert redacted(path) == f"{path[:3]}-"
