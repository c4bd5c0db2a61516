"""What no provider can carry stops the start; what some cannot is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from publisher.app import load_settings
from publisher.capabilities import Capabilities, Form
from publisher.config import parse
from publisher.errors import ConfigError
from publisher.mailings.carriage import Asked, Letters, asked_by, cautions, refusals
from publisher.providers.registry import capabilities_of

SAMPLE = Path(__file__).parents[3] / "config.toml"
OURS = Capabilities()
THEIRS = Capabilities(form=Form.PARTS, return_path=False, signs=True)
"""A provider that takes bounces and signs."""

VERP = Letters(verp=True, envelope_from=True)
ENVELOPE = Letters(envelope_from=True)
PLAIN = Letters()

ASKED: dict[str, tuple[Callable[[dict[str, Capabilities]], Asked], Capabilities]] = {
    "newsletter[2].verp": (lambda can: Asked(can, [PLAIN, VERP]), replace(OURS, return_path=False)),
    "newsletter[1].verp": (lambda can: Asked(can, [Letters(verp=True)]), replace(OURS, return_path=False)),
    "newsletter[2].envelope_from": (lambda can: Asked(can, [PLAIN, ENVELOPE]), replace(OURS, return_path=False)),
    "dkim[1]": (lambda can: Asked(can, [PLAIN], ["news.example.org"]), replace(OURS, signs=True)),
}
"""By the key that asks: a configuration, and a provider that cannot carry it."""


@pytest.mark.parametrize("key", ASKED)
def test_what_the_only_provider_cannot_carry_is_refused_by_its_key(key: str) -> None:
    asks, cannot = ASKED[key]
    (refusal,) = refusals(asks({"mailgun": cannot}))
    assert refusal.key == key
    assert "mailgun" in refusal.message
    assert refusal.remedy


@pytest.mark.parametrize("key", ASKED)
def test_what_a_provider_can_carry_is_neither_refused_nor_said(key: str) -> None:
    asks, _ = ASKED[key]
    assert list(refusals(asks({"smtp": OURS}))) == []
    assert list(cautions(asks({"smtp": OURS}))) == []


@pytest.mark.parametrize("key", ASKED)
def test_what_one_of_several_can_carry_is_not_refused(key: str) -> None:
    asks, cannot = ASKED[key]
    assert list(refusals(asks({"mailgun": cannot, "smtp": OURS}))) == []


@pytest.mark.parametrize("key", ASKED)
def test_what_none_of_several_can_carry_is_refused_in_the_name_of_all(key: str) -> None:
    asks, cannot = ASKED[key]
    (refusal,) = refusals(asks({"mailgun": cannot, "ses": cannot}))
    assert "mailgun and ses" in refusal.message


def test_bounces_that_only_some_send_back_are_said() -> None:
    asked = Asked({"mailgun": THEIRS, "smtp": OURS}, [VERP, ENVELOPE])
    assert [(each.key, "mailgun" in each.message, "smtp" in each.message) for each in cautions(asked)] == [
        ("newsletter[1].verp", True, False),
        ("newsletter[2].envelope_from", True, False),
    ]


def test_a_key_that_only_some_mail_is_signed_with_is_as_it_should_be() -> None:
    assert list(cautions(Asked({"mailgun": THEIRS, "smtp": OURS}, [PLAIN], ["news.example.org"]))) == []


@pytest.mark.parametrize(
    ("cannot", "words"),
    [
        (replace(OURS, own_headers=False), "List-Unsubscribe"),
        (replace(OURS, own_unsubscribe=False), "links to unsubscribe of its own"),
    ],
)
def test_a_provider_that_takes_unsubscribing_from_us_is_refused_beside_any_other(
    cannot: Capabilities, words: str
) -> None:
    (alone,) = refusals(Asked({"dove": cannot}, [PLAIN]))
    assert (alone.key, words in alone.message) == ("provider.kind", True)
    (second,) = refusals(Asked({"smtp": OURS, "dove": cannot}, [PLAIN]))
    assert (second.key, words in second.message) == ("provider[2].kind", True)


def test_the_sample_configuration_asks_for_nothing_that_is_not_carried() -> None:
    settings = load_settings(SAMPLE)
    asked = asked_by(settings, {each.name: capabilities_of(each) for each in settings.provider})
    assert [*refusals(asked), *cautions(asked)] == []


MAILGUN = 'kind = "mailgun"\ndomain = "mg.example.org"\nkey = "key-of-nobody"\n'
NEWSLETTER = """
[site]
title = "News"
url = "https://news.example.org/"

[[newsletter]]
slug = "daily"
title = "Daily"
from = "daily@news.example.org"
"""
WRITTEN: dict[str, tuple[str, str]] = {
    "verp": (f"{NEWSLETTER}verp = true\n[provider]\n{MAILGUN}", "newsletter[1].verp: with mailgun"),
    "envelope_from": (
        f'{NEWSLETTER}envelope_from = "b@news.example.org"\n[provider]\n{MAILGUN}',
        "newsletter[1].envelope_from: with mailgun",
    ),
    "dkim": (
        f'{NEWSLETTER}[provider]\n{MAILGUN}[[dkim]]\ndomain = "news.example.org"\nselector = "s"\nkey = "k"\n',
        "dkim[1]: with mailgun",
    ),
}


@pytest.mark.parametrize("what", WRITTEN)
def test_a_configuration_that_cannot_be_carried_does_not_load(tmp_path: Path, what: str) -> None:
    written, message = WRITTEN[what]
    path = tmp_path / "config.toml"
    path.write_text(written)
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert caught.value.message.startswith(message)
    assert (caught.value.exit_code, caught.value.file) == (2, str(path))


@pytest.mark.parametrize("provider", [{"kind": "maildir"}, {"kind": "smtp", "host": "mail.example.org"}])
def test_files_and_mail_servers_carry_everything(provider: dict[str, Any]) -> None:
    raw = {
        "site": {"title": "News", "url": "https://news.example.org/"},
        "newsletter": [
            {
                "slug": "daily",
                "title": "Daily",
                "from": "a@example.org",
                "verp": True,
                "envelope_from": "b@example.org",
            }
        ],
        "provider": provider,
        "dkim": [{"domain": "example.org", "selector": "s", "key": "k"}],
    }
    settings = parse(raw, root=Path("/"))
    assert list(refusals(asked_by(settings, {"it": capabilities_of(settings.provider[0])}))) == []
