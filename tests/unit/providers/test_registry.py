"""The configuration's kind of provider becomes that provider."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

from publisher.config import Provider, Settings, parse
from publisher.mailings.sending import utc_now
from publisher.providers import registry
from publisher.providers.maildir import Maildir
from publisher.providers.registry import _OPENERS, DIALECTS
from publisher.providers.smtp import Smtp


def settings(root: Path, provider: dict[str, Any]) -> Settings:
    raw = {
        "site": {"title": "News", "url": "https://news.example.org/"},
        "newsletter": [{"slug": "daily", "title": "The daily", "from": "news@example.org"}],
        "provider": provider,
    }
    return parse(raw, root=root)


def open_provider(root: Path, provider: dict[str, Any]) -> Any:
    found = settings(root, provider)
    return registry.open_provider(found.provider[0], found)


def test_every_kind_that_can_be_configured_can_be_opened() -> None:
    sections = get_args(get_args(Provider)[0])
    assert {section.model_fields["kind"].annotation.__args__[0] for section in sections} == set(_OPENERS) | set(
        DIALECTS
    )


def test_a_maildir_lies_below_the_configuration(tmp_path: Path) -> None:
    provider = open_provider(tmp_path, {"kind": "maildir", "path": "var/outbox"})
    assert isinstance(provider, Maildir)
    assert provider.name == f"maildir:{tmp_path / 'var/outbox'}"


def test_smtp_connects_to_nothing_before_it_sends(tmp_path: Path) -> None:
    provider = open_provider(tmp_path, {"kind": "smtp", "host": "mail.example.org"})
    assert isinstance(provider, Smtp)
    assert provider.name == "smtp:mail.example.org:587"
    provider.close()


def test_a_missing_ca_file_is_found_at_once(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"provider\.ca_file") as caught:
        open_provider(tmp_path, {"kind": "smtp", "host": "mail.example.org", "ca_file": "ca.pem"})
    assert str(tmp_path / "ca.pem") in str(caught.value)


def test_what_became_of_mail_is_asked_where_it_can_be(tmp_path: Path) -> None:
    given: dict[str, dict[str, Any]] = {
        "mailgun": {"domain": "mg.example.org"},
        "postmark": {},
        "sendgrid": {},
        "resend": {},
    }
    for kind, more in given.items():
        found = settings(tmp_path, {"kind": kind, "key": "a key", **more})
        lookup = registry.open_lookup(found.provider[0], found, utc_now)
        assert (lookup is not None) == (kind in registry.LOOKUPS)
        assert (lookup is not None) == registry.capabilities_of(found.provider[0]).lookup
    found = settings(tmp_path, {"kind": "smtp", "host": "mail.example.org"})
    assert registry.open_lookup(found.provider[0], found, utc_now) is None
