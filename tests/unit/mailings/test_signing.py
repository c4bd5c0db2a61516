"""Which keys sign whose mail."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from publisher.config import Dkim, Newsletter
from publisher.errors import ConfigError
from publisher.mailings.signing import Signing
from publisher.messages.dkim_keys import KeyKind, make_key, public_key, read_key

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PEMS = {kind: make_key(kind).decode() for kind in KeyKind}
MESSAGE = b"From: daily@news.example.org\r\n\r\nHello.\r\n"


def configured(domain: str, kind: KeyKind = KeyKind.ED25519) -> Dkim:
    return Dkim.model_validate({"domain": domain, "selector": f"s{kind}", "key": PEMS[kind]})


def newsletter(sender: str = "Daily <daily@news.example.org>") -> Newsletter:
    return Newsletter.model_validate({"slug": "daily", "title": "Daily", "from": sender})


def test_without_a_key_nothing_signs() -> None:
    assert Signing(()).of(newsletter()) is None


@pytest.mark.parametrize("domain", ["news.example.org", "example.org", "NEWS.example.org"])
def test_mail_is_signed_with_every_key_of_its_domain_or_one_above(domain: str) -> None:
    keys = [configured(domain, KeyKind.RSA), configured(domain), configured("else.example.com")]
    sign = Signing(keys).of(newsletter())
    assert sign is not None
    message = sign(MESSAGE, NOW)
    assert message.endswith(MESSAGE)
    assert message.count(b"DKIM-Signature:") == 2
    assert message.startswith(b"DKIM-Signature: v=1; a=rsa-sha256;")
    assert f"d={domain.lower()};".encode() in message


@pytest.mark.parametrize("domain", ["other.example.org", "ews.example.org", "a.news.example.org"])
def test_a_newsletter_without_a_key_beside_signed_ones_is_refused(domain: str) -> None:
    with pytest.raises(ConfigError, match=r"newsletter daily: .* `publisher dkim new news.example.org`"):
        Signing([configured(domain)]).of(newsletter())


def test_a_key_that_is_none_is_named_and_not_shown() -> None:
    wrong = Dkim.model_validate({"domain": "news.example.org", "selector": "s1", "key": "hush"})
    assert "hush" not in repr(wrong)
    with pytest.raises(ConfigError, match=r"s1\._domainkey\.news\.example\.org") as caught:
        Signing([wrong]).of(newsletter())
    assert "hush" not in str(caught.value)


def test_the_dns_is_compared_with_the_keys_that_sign() -> None:
    keys = [configured("news.example.org"), configured("else.example.com")]
    ours = public_key(read_key(PEMS[KeyKind.ED25519].encode(), "x"))
    assert Signing(keys).public_keys("news.example.org") == {"sed25519._domainkey.news.example.org": ours}
