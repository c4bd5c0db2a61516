"""No secret in what is told."""

from __future__ import annotations

import html
import json
import quopri
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from publisher.config import Settings, parse
from publisher.config.discretion import MOST, Discretion, of_address, secret_keys, secrets_of
from publisher.config.referring import secrets_in

RAW = {
    "site": {"title": "T", "url": "https://news.example.org/", "secret": "planted-site-secret"},
    "newsletter": [{"slug": "daily", "title": "D", "from": "d@news.example.org"}],
    "storage": {"url": "postgresql+psycopg://me:planted%2Fdatabase@host/name"},
    "provider": {"kind": "smtp", "host": "h", "user": "u", "password": "planted password"},
    "dkim": [{"domain": "news.example.org", "selector": "s", "key": "planted-key"}],
    "bounces": {"imap_host": "h", "user": "u", "password": "planted mailbox"},
    "alerts": {"webhook": "https://hooks.example.org/services/planted-path?key=planted-query"},
}
PLANTED = (
    "planted-site-secret",
    "planted%2Fdatabase",
    "planted/database",
    "planted password",
    "planted%20password",
    "planted-key",
    "planted mailbox",
    "https://hooks.example.org/services/planted-path?key=planted-query",
    "/services/planted-path",
    "key=planted-query",
)


def test_every_secret_of_the_configuration_is_taken_out(tmp_path: Path) -> None:
    settings = parse(RAW, root=tmp_path)
    discreet = Discretion(secrets_of(settings))
    for planted in PLANTED:
        assert "planted" not in discreet(f"it said: {planted}, twice: {planted}"), planted
        assert "planted" not in repr(discreet)


def test_what_is_no_secret_stays_and_is_one_line_of_bearable_length() -> None:
    discreet = Discretion(["abc", ""])
    assert discreet("abc\n said\x1b[31m so") == "abc said[U+001B][31m so"
    assert len(discreet("x" * 10_000)) == MOST


@pytest.mark.parametrize("before", ["", "a", "ab", "\0daily\0", "user=daily\1auth=Bearer "])
def test_base64_of_anything_with_a_secret_in_it_is_noticed(before: str) -> None:
    secret = "a planted password"
    told = b64encode(f"{before}{secret}\1\1".encode()).decode()
    left = Discretion([secret]).redacted(f"it said {told}")
    assert "<secret>" in left
    middle = (len(before) + 3) * 4 // 3 + 1
    assert told[middle : middle + 8] not in left


@pytest.mark.parametrize(
    "write",
    [
        lambda secret: quote(secret, safe=""),
        quote_plus,
        html.escape,
        json.dumps,
        repr,
        lambda secret: repr(secret.encode()),
        lambda secret: quopri.encodestring(secret.encode()).decode().replace("=\n", ""),
        lambda secret: urlsafe_b64encode(secret.encode()).decode(),
    ],
)
def test_a_secret_is_noticed_however_it_is_written(write: Callable[[str], str]) -> None:
    secret = "planted &+/%=é<\"'>\\"
    assert "planted" not in Discretion([secret]).redacted(write(secret))
    assert "<secret>" in Discretion([secret]).redacted(write(secret))


def test_a_key_is_noticed_line_by_line() -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nplantedplanted\nplantedkey\n-----END PRIVATE KEY-----"
    left = Discretion([pem]).redacted(f"not readable: plantedkey, {pem}")
    assert "planted" not in left
    assert "-----BEGIN" in Discretion([pem]).redacted("-----BEGIN PRIVATE KEY-----")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://daily:planted@host/x", "planted"),
        ("postgresql://daily:planted@also-planted@host/x", "there is no host also-planted@host"),
        ("postgresql://daily:%70lanted/x@host/x", "planted/x"),
        ("postgresql://host/x?user=daily&password=planted", "planted"),
        ("postgresql://host/x?sslpassword=planted&sslmode=require", "planted"),
    ],
)
def test_the_password_of_a_database_is_noticed_in_parts_and_decoded(address: str, said: str) -> None:
    discreet = Discretion(of_address(address))
    assert "planted" not in discreet.redacted(f"{said}; {address}")
    assert "require" not in list(of_address(address))


def test_what_is_a_secret_says_its_type() -> None:
    assert secret_keys(Settings) >= {
        ("site.secret", False),
        ("provider.password", False),
        ("provider.token", False),
        ("dkim.key", False),
        ("alerts.webhook", False),
        ("storage.url", True),
    }


def test_a_wrong_configuration_still_gives_its_secrets_away_to_be_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTED", "planted-in-the-environment")
    (tmp_path / "key.pem").write_text("planted-in-a-file\n")
    (tmp_path / "config.toml").write_text(
        '[site]\nsecret = { env = "PLANTED" }\nno_such_key = 1\n[provider]\npassword = "planted-here"\n'
        '[[dkim]]\nkey = { file = "key.pem" }\n[[dkim]]\nkey = { file = "none.pem" }\n'
    )
    assert set(secrets_in(tmp_path / "config.toml")) == {
        "planted-in-the-environment",
        "planted-in-a-file",
        "planted-here",
    }
    assert list(secrets_in(tmp_path / "none.toml")) == []
