"""What the DNS says of a sender's domain, asked of a name server on this machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from datetime import timedelta

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.facts import DomainFact, Offer
from publisher.probes import records
from publisher.probes.domain import Dns, UnansweredError, probe_domain

THERE, MISSING, UNKNOWN = Offer.THERE, Offer.MISSING, Offer.UNKNOWN
SOME = timedelta(seconds=10)
SOON = timedelta(milliseconds=200)
SPF = {"press.internal": ["v=spf1 mx -all"]}
DMARC = {"_dmarc.press.internal": ["v=DMARC1; p=none"]}
ROOT = {".": ["a.root.internal."]}
KEY = {"s1._domainkey.press.internal": ["v=DKIM1; k=rsa; p=MIGf"]}


class FakeDns:
    """The records of a few names; every other is missing. `down` answers nothing."""

    def __init__(self, texts: Mapping[str, list[str]], *, online: bool = True, down: frozenset[str] = frozenset()):
        self.asked: list[str] = []
        self._texts = texts
        self._online = online
        self._down = down

    def texts(self, name: str) -> tuple[str, ...]:
        self.asked.append(name)
        if name in self._down:
            raise UnansweredError
        return tuple(self._texts.get(name, ()))

    def answers(self) -> bool:
        return self._online


def said(texts: Mapping[str, list[str]], *selectors: str, domain: str = "press.internal") -> DomainFact:
    return probe_domain(
        domain, {f"{each}._domainkey.{domain}": "" for each in selectors}, SOME, ask=FakeDns(texts)
    )


# --- what is said ----------------------------------------------------------------------------------------------


def test_a_domain_with_everything_is_told_so_without_a_word() -> None:
    fact = said({**SPF, **DMARC, **KEY}, "s1")
    assert fact == DomainFact("press.internal", THERE, THERE, THERE)


def test_a_domain_with_nothing_is_told_so() -> None:
    assert said({}, "s1") == DomainFact("press.internal", MISSING, MISSING, MISSING)


def test_without_a_selector_of_ours_nothing_is_known_of_dkim() -> None:
    assert said({**SPF, **DMARC}).dkim is UNKNOWN


def test_one_key_of_several_that_is_missing_is_missing() -> None:
    assert said({**SPF, **DMARC, **KEY}, "s1", "s2").dkim is MISSING


def test_a_domain_for_examples_is_not_asked() -> None:
    ask = FakeDns({})
    assert probe_domain("news.example.org", {}, SOME, ask=ask) == DomainFact(
        "news.example.org", UNKNOWN, UNKNOWN, UNKNOWN
    )
    assert ask.asked == []


def test_spf_is_asked_where_bounces_go() -> None:
    ask = FakeDns({"bounces.internal": ["v=spf1 -all"], **DMARC})
    assert probe_domain("press.internal", {}, SOME, envelope="bounces.internal", ask=ask).spf is THERE


@pytest.mark.parametrize("silent", ["press.internal", "_dmarc.press.internal"])
def test_a_dns_that_does_not_answer_blames_nobody(silent: str) -> None:
    ask = FakeDns({**SPF, **DMARC}, down=frozenset({silent}))
    fact = probe_domain("press.internal", {}, SOME, ask=ask)
    assert fact == DomainFact("press.internal", UNKNOWN, UNKNOWN, UNKNOWN, "the DNS does not answer")


def test_a_router_that_denies_everything_while_it_is_offline_blames_nobody() -> None:
    fact = probe_domain("press.internal", {}, SOME, ask=FakeDns({}, online=False))
    assert (fact.spf, fact.dmarc, fact.detail) == (UNKNOWN, UNKNOWN, "the DNS does not answer")


def test_a_policy_of_the_domain_above_holds_for_those_below() -> None:
    fact = said({"mail.press.internal": ["v=spf1 -all"], **DMARC}, domain="mail.press.internal")
    assert fact.dmarc is THERE


def test_a_registrys_policy_is_nobodys_own() -> None:
    assert said({**SPF, "_dmarc.internal": ["v=DMARC1; p=reject; psd=y"]}).dmarc is MISSING


def test_no_more_than_eight_names_are_asked_for_a_policy() -> None:
    ask = FakeDns({})
    probe_domain(".".join("abcdefghijklmnop"), {}, SOME, ask=ask)
    assert sum(name.startswith("_dmarc.") for name in ask.asked) == 8


# --- records ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "offer", "wrong"),
    [
        (["v=spf1 include:_spf.press.internal ~all"], THERE, ""),
        (["google-site-verification=x", "V=SPF1 -all"], THERE, ""),
        (["v=spf1"], THERE, ""),
        (["v=spf10 -all", "spf1 -all", "v=spf2.0/pra -all"], MISSING, ""),
        (["v=spf1 -all", "v=spf1 mx ~all"], THERE, "2 SPF records"),
        (["v=spf1 +all"], THERE, "everybody"),
        (["v=spf1 mx all"], THERE, "everybody"),
        (["v=spf1 ?all"], THERE, ""),
    ],
)
def test_spf_is_read_as_receivers_do(texts: list[str], offer: Offer, wrong: str) -> None:
    verdict = records.spf(texts)
    assert verdict.offer is offer
    assert wrong in verdict.wrong
    assert bool(wrong) == bool(verdict.wrong)


@pytest.mark.parametrize(
    ("texts", "offer", "wrong"),
    [
        (["v=DMARC1; p=reject; rua=mailto:a@press.internal"], THERE, ""),
        (["v = DMARC1 ;P=x; p = Quarantine"], THERE, ""),
        (["v=DMARC1"], THERE, "no policy"),
        (["v=DMARC1; p=maybe"], THERE, "does not exist"),
        (["v=DMARC1; p=none", "v=DMARC1; p=none"], THERE, "2 DMARC records"),
        (["v=dmarc1; p=none", "p=none; v=DMARC1", "v=DMARC12; p=none", ""], MISSING, ""),
    ],
)
def test_dmarc_is_read_as_receivers_do(texts: list[str], offer: Offer, wrong: str) -> None:
    verdict = records.dmarc(texts)
    assert verdict.offer is offer
    assert wrong in verdict.wrong
    assert bool(wrong) == bool(verdict.wrong)


@pytest.mark.parametrize(
    ("texts", "offer", "wrong"),
    [
        (["v=DKIM1; k=rsa; p=MI Gf"], THERE, ""),
        (["p=MIGf"], THERE, ""),
        (["v=DKIM1; p="], THERE, "revoked"),
        (["v=DKIM1; k=rsa"], MISSING, ""),
        (["v=DKIM2; p=MIGf", "anything"], MISSING, ""),
    ],
)
def test_a_dkim_key_is_read_as_receivers_do(texts: list[str], offer: Offer, wrong: str) -> None:
    verdict = records.dkim(texts, "s1")
    assert verdict.offer is offer
    assert wrong in verdict.wrong
    assert bool(wrong) == bool(verdict.wrong)


@given(st.lists(st.text(max_size=40) | st.text(alphabet="v=spf1DMARCKI;p +al\n", max_size=40), max_size=4))
def test_whatever_stands_in_a_record_what_is_said_of_it_is_ours(texts: list[str]) -> None:
    for verdict in (records.spf(texts), records.dmarc(texts), records.dkim(texts, "s1")):
        assert not any(len(text) > 9 and text in verdict.wrong for text in texts)
        assert "\n" not in verdict.wrong


# --- a real name server ----------------------------------------------------------------------------------------


class NameServer:
    """A name server on 127.0.0.1. What it does not know does not exist; a name with `None` gets no answer."""

    def __init__(self, zone: Mapping[str, list[str] | None]) -> None:
        self._zone = zone
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> dns.resolver.Resolver:
        self._thread.start()
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = self._socket.getsockname()[1]
        return resolver

    def __exit__(self, *_error: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._socket.getsockname())
        self._thread.join(10)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            data, client = self._socket.recvfrom(4096)
            if not data:
                return
            query = dns.message.from_wire(data)
            name = query.question[0].name.to_text()
            if name in self._zone and (found := self._zone[name]) is None:
                continue
            reply = dns.message.make_response(query)
            reply.flags |= dns.flags.RA
            if name not in self._zone:
                reply.set_rcode(dns.rcode.NXDOMAIN)
            elif found:
                kind = dns.rdatatype.to_text(query.question[0].rdtype)
                reply.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", kind, *found))
            self._socket.sendto(reply.to_wire(), client)


def test_records_come_from_a_name_server_in_one_piece() -> None:
    zone = {
        **ROOT,
        "press.internal.": ['"v=spf1 in" "clude:x.internal -all"', '"other"'],
        "_dmarc.press.internal.": ['"v=DMARC1; p=none"'],
        "s1._domainkey.press.internal.": ['"v=DKIM1; p=" "MIGf"'],
    }
    with NameServer(zone) as resolver:
        ask = Dns(SOME, resolver)
        assert set(ask.texts("press.internal")) == {"v=spf1 include:x.internal -all", "other"}
        assert probe_domain("press.internal", {"s1._domainkey.press.internal": ""}, SOME, ask=ask) == DomainFact(
            "press.internal", THERE, THERE, THERE
        )
        assert ask.answers()


def test_a_name_without_records_and_a_name_that_does_not_exist_have_none() -> None:
    with NameServer({**ROOT, "press.internal.": []}) as resolver:
        assert probe_domain("press.internal", {}, SOME, ask=Dns(SOME, resolver)) == DomainFact(
            "press.internal", MISSING, UNKNOWN, MISSING
        )


def test_a_name_server_that_denies_even_the_root_knows_nothing() -> None:
    with NameServer({}) as resolver:
        fact = probe_domain("press.internal", {}, SOME, ask=Dns(SOME, resolver))
    assert fact.detail == "the DNS does not answer"


def test_a_name_server_that_is_silent_is_asked_no_longer_than_allowed() -> None:
    silent: Mapping[str, None] = {"press.internal.": None, "_dmarc.press.internal.": None}
    with NameServer(silent) as resolver:
        ask = Dns(SOON, resolver)
        assert probe_domain("press.internal", {}, SOON, ask=ask).spf is UNKNOWN
        with pytest.raises(UnansweredError):
            ask.texts("other.internal")


@pytest.mark.parametrize("name", ["a..internal", f"{'a' * 64}.internal", "\ud800.internal"])
def test_what_is_no_domain_is_unknown(name: str) -> None:
    with NameServer({}) as resolver, pytest.raises(UnansweredError):
        Dns(SOON, resolver).texts(name)
