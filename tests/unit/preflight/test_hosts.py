"""What looks like a host, and which hosts are one owner's."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.preflight.hosts import ascii_host, opened_host, readable_host, same_owner, shown_hosts


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("example.com", ["example.com"]),
        ("  “Example.COM”. ", ["example.com"]),
        ("EXAMPLE.COM:8080/a?b#c", ["example.com"]),
        ("https://example.com", ["example.com"]),
        ("http://localhost/", ["localhost"]),
        ("https://user:secret@example.com/", ["example.com"]),
        ("https://example.org@example.com/", ["example.com", "example.org"]),
        ("https://example.org:443@example.com/", ["example.com", "example.org"]),
        ("https://example.org%2F@example.com/", ["example.com", "example.org"]),
        ("https:/example.com", ["example.com"]),
        ("bücher.de", ["xn--bcher-kva.de"]),
        ("xn--bcher-kva.de", ["xn--bcher-kva.de"]),
        ("example。com", ["example.com"]),
        ("ｅｘａｍｐｌｅ．com", ["example.com"]),
        ("exam\u00adple.c\u200bom", ["example.com"]),
        ("desk@example.com", ["example.com"]),
        ("see www.example.com and https://example.org/x", ["www.example.com", "example.org"]),
        ("see example.com/a, or not", ["example.com"]),
        ("t.co", []),
        ("x.com", ["x.com"]),
        ("t.me/harbour", ["t.me"]),
        ("see example.com for more", []),
        ("Example.com raises its prices", []),
        ("write to desk@example.com", []),
        ("www.", []),
        ("www.example", []),
        ("report.pdf", []),
        ("and/or", []),
        ("1.5", []),
        ("192.168.0.1", []),
        ("e.g.", []),
        ("U.S.", []),
        ("Node.js", []),
        ("ftp://example.com/", []),
        ("@desk@social.example", []),
        ("...", []),
        ("a" * 70 + ".com", []),
        ("-a.com", []),
        ("", []),
    ],
)
def test_hosts_that_a_text_shows(text: str, hosts: list[str]) -> None:
    assert list(shown_hosts(text)) == hosts


def test_the_name_of_the_file_that_is_opened_is_no_host() -> None:
    assert list(shown_hosts("README.md", "https://example.com/docs/README.md")) == []
    assert list(shown_hosts("README.md", "https://example.com/")) == ["readme.md"]
    assert list(shown_hosts("evil.md", "https://evil.md")) == ["evil.md"]


def test_a_file_that_is_called_like_a_host_makes_no_host_a_file() -> None:
    for host in ("www.bank.example", "bank.com", "www.bank.md"):
        assert list(shown_hosts(host, f"https://evil.test/a/{host}")) == [host]


def test_a_mail_address_in_a_sentence_counts_where_mail_is_written() -> None:
    assert list(shown_hosts("write to desk@example.com", "mailto:x@example.org")) == ["example.com"]


@pytest.mark.parametrize(
    ("href", "host"),
    [
        ("https://Example.com:443/a", "example.com"),
        ("http://bücher.de/", "xn--bcher-kva.de"),
        ("https://b%C3%BCcher.de/", "xn--bcher-kva.de"),
        ("https://example.com@evil.test/", "evil.test"),
        ("mailto:desk@example.com?subject=a@b.test", "example.com"),
        ("tel:+49123", ""),
        ("#ships", ""),
        ("/a", ""),
        ("https://[::1", ""),
        ("https://[2001:db8::1]/", "2001:db8::1"),
        ("", ""),
    ],
)
def test_host_that_an_address_opens(href: str, host: str) -> None:
    assert opened_host(href) == host


@pytest.mark.parametrize(
    ("shown", "opened", "same"),
    [
        ("example.com", "example.com", True),
        ("example.com", "www.example.com", True),
        ("a.example.com", "b.example.com", True),
        ("example.co.uk", "news.example.co.uk", True),
        ("other.co.uk", "example.co.uk", False),
        ("example.com", "example.org", False),
        ("example.com", "notexample.com", False),
        ("example.com", "example.com.evil.test", False),
        ("alice.github.io", "bob.github.io", False),
        ("youtube.com", "youtu.be", True),
        ("localhost", "localhost", True),
    ],
)
def test_hosts_of_one_owner(shown: str, opened: str, same: bool) -> None:
    assert same_owner(shown, opened) is same
    assert same_owner(opened, shown) is same


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(max_size=40), st.text(max_size=40))
def test_no_text_is_too_odd(text: str, href: str) -> None:
    list(shown_hosts(text, href))
    ascii_host(text)
    readable_host(text)
    assert same_owner(opened_host(href), opened_host(href))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.from_regex(r"[a-zé漢и0-9]{1,8}\.(com|de|рф)", fullmatch=True))
def test_a_link_that_shows_its_own_host_always_passes(host: str) -> None:
    for shown in shown_hosts(host):
        assert same_owner(shown, opened_host(f"https://{host}/"))
