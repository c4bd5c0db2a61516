"""No secret in what is told."""

from __future__ import annotations

from pathlib import Path

from publisher.config import parse
from publisher.notices.discretion import MOST, Discretion, secrets_of

RAW = {
    "site": {"title": "T", "url": "https://news.example.org/", "secret": "planted-site-secret"},
    "newsletter": [{"slug": "daily", "title": "D", "from": "d@news.example.org"}],
    "storage": {"url": "postgresql+psycopg://me:planted%2Fdatabase@host/name"},
    "provider": {"kind": "smtp", "host": "h", "user": "u", "password": "planted password"},
    "dkim": [{"domain": "news.example.org", "selector": "s", "key": "planted-key"}],
    "alerts": {"webhook": "https://hooks.example.org/services/planted-path?key=planted-query"},
}
PLANTED = (
    "planted-site-secret",
    "planted%2Fdatabase",
    "planted/database",
    "planted password",
    "planted%20password",
    "planted-key",
    "https://hooks.example.org/services/planted-path?key=planted-query",
    "/services/planted-path",
    "key=planted-query",
)


def test_every_secret_of_the_configuration_is_taken_out(tmp_path: Path) -> None:
    settings = parse(RAW, root=tmp_path)
    discreet = Discretion(secrets_of(settings, settings.storage.url))
    for planted in PLANTED:
        assert "planted" not in discreet(f"it said: {planted}, twice: {planted}"), planted
        assert "planted" not in repr(discreet)


def test_what_is_no_secret_stays_and_is_one_line_of_bearable_length() -> None:
    discreet = Discretion(["abc", ""])
    assert discreet("abc\n said\x1b[31m so") == "abc said[U+001B][31m so"
    assert len(discreet("x" * 10_000)) == MOST
