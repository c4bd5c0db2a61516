"""Which provider has a reader of webhooks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import SecretStr

from publisher.errors import ConfigError, ProviderError
from publisher.http import Answer, Client
from publisher.providers.hooks import fetching, readers
from tests.fakes.hook_payloads import CERTIFICATE_AT, KINDS, NOW, Keys, amazon, event, signed


def test_each_provider_has_its_reader_by_its_name() -> None:
    two = [replace(KINDS["mailgun"].settings(whose), name=f"mailgun{whose}") for whose in ("", "another")]
    opened = readers([*two, KINDS["ses"].settings()], amazon)
    assert list(opened) == ["mailgun", "mailgunanother", "ses"]
    assert opened["mailgun"].read(signed("mailgun", event("mailgun", "delivered")), NOW)


@pytest.mark.parametrize("kind", [*KINDS, "smtp", "maildir"])
def test_without_a_key_there_is_no_reader(kind: str) -> None:
    empty = Keys(kind, kind, SecretStr(""), "", SecretStr(""), "")
    assert readers([Keys(kind, kind), empty], amazon) == {}


@pytest.mark.parametrize("half", [{"webhook_user": "hooks"}, {"webhook_password": SecretStr("planted")}])
def test_half_a_login_is_none(half: dict[str, str]) -> None:
    assert readers([Keys("postmark", "postmark", **half)], amazon) == {}  # type: ignore[arg-type]


def test_a_wrong_key_is_an_error_and_is_not_shown() -> None:
    with pytest.raises(ConfigError) as error:
        readers([Keys("resend", "resend", webhook_key=SecretStr("planted secret"))], amazon)
    assert "planted" not in str(error.value) + repr(error.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_reader_shows_no_key(kind: str) -> None:
    settings, reader = KINDS[kind].settings(), KINDS[kind].reader()
    told = repr(reader) + repr(vars(reader))
    for secret in filter(None, (settings.webhook_key, settings.webhook_password)):
        assert secret.get_secret_value() not in told


class _Web(Client):
    def __init__(self, status: int) -> None:
        self.status = status

    def ask(self, method: str, address: str, **more: object) -> Answer:
        assert method == "GET"
        return Answer(address, self.status, {"location": "https://example.org/"}, b"what is there")


def test_what_is_at_amazon_is_fetched_and_nobody_is_followed_elsewhere() -> None:
    assert fetching(_Web(200))(CERTIFICATE_AT) == b"what is there"
    for status in (302, 404, 500):
        with pytest.raises(ProviderError) as error:
            fetching(_Web(status))(CERTIFICATE_AT + "?Token=planted")
        assert "planted" not in str(error.value)
