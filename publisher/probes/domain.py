"""What the DNS says of the domain that mail is sent from."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from time import monotonic
from typing import Protocol

import dns.exception
import dns.name
import dns.resolver

from publisher.facts import DomainFact, Offer
from publisher.probes import records
from publisher.probes.records import MISSING, Verdict
from publisher.probes.targets import is_reserved

_MOST_LABELS = 8
"""Names that are asked for a policy at most: a tree walk of DMARC does not ask for more."""


class UnansweredError(Exception):
    """The DNS did not say whether there is a record or not."""


class Texts(Protocol):
    """Asks the DNS for TXT records."""

    def texts(self, name: str) -> tuple[str, ...]:
        """The records of a name, none when there are none. Raises UnansweredError."""

    def answers(self) -> bool:
        """Whether the DNS answers at all."""


class Dns:
    """The DNS as this machine's resolvers see it, for so long.

    Args:
        timeout: for all questions together. After the first that nobody answers no other is asked.
        resolver: None is the one that the system is configured for.
    """

    def __init__(self, timeout: timedelta, resolver: dns.resolver.Resolver | None = None) -> None:
        self._ends = monotonic() + timeout.total_seconds()
        self._resolver = resolver

    def texts(self, name: str) -> tuple[str, ...]:
        """The TXT records of a name, each in one piece (RFC 7208, 3.3); none when there are none.

        Raises:
            UnansweredError: nobody answers, in time or at all, or with a failure of their own.
        """
        try:
            return tuple(self._ask(dns.name.from_text(name, idna_codec=dns.name.IDNA_2008_Practical), "TXT"))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except (dns.exception.DNSException, OSError) as error:
            self._ends = 0.0  # whoever does not answer this one would let us wait for the next, too
            raise UnansweredError from error

    def answers(self) -> bool:
        """Whether the DNS answers at all: its root is there for everybody who is connected to it."""
        try:
            return bool(list(self._ask(dns.name.root, "NS")))
        except (dns.exception.DNSException, OSError):
            return False

    def _ask(self, name: dns.name.Name, kind: str) -> Iterator[str]:
        resolver = self._resolver or dns.resolver.Resolver()
        left = self._ends - monotonic()
        if left <= 0:
            raise dns.exception.Timeout
        for record in resolver.resolve(name, kind, lifetime=left, search=False):
            strings = getattr(record, "strings", None)
            yield record.to_text() if strings is None else b"".join(strings).decode("utf-8", "replace")


def dns_answers(seconds: float) -> bool:
    """Whether the DNS answers this machine, found out in so many seconds."""
    return Dns(timedelta(seconds=seconds)).answers()


def probe_domain(
    domain: str, keys: Mapping[str, str], timeout: timedelta, *, envelope: str = "", ask: Texts | None = None
) -> DomainFact:
    """What the DNS offers to whoever wants to know whether mail from a domain is genuine.

    Every offer is UNKNOWN, without a word, for a domain that stands for examples, and with a word when the DNS
    cannot be asked. DKIM is UNKNOWN, without a word, while we do not sign: only the provider knows its selector.

    Args:
        domain: in From.
        keys: the public halves of our DKIM keys in base64, by the names of their records.
        timeout: for everything.
        envelope: the domain that bounces go to, when it is another: SPF is asked there.
        ask: who is asked; None is the DNS.
    """
    if is_reserved(domain):
        return DomainFact(domain, Offer.UNKNOWN, Offer.UNKNOWN, Offer.UNKNOWN)
    ask = ask or Dns(timeout)
    envelope = "" if envelope == domain else envelope
    try:
        spf = records.spf(ask.texts(envelope or domain))
        dmarc = _dmarc(ask, domain)
        published = [records.dkim(ask.texts(name), name, key) for name, key in keys.items()]
    except UnansweredError:
        return _unknown(domain, envelope)
    verdicts = [spf, dmarc, *published]
    if all(each == MISSING for each in verdicts) and not ask.answers():
        return _unknown(domain, envelope)  # some routers deny everything while they are offline
    return DomainFact(
        domain,
        spf.offer,
        _worst(published),
        dmarc.offer,
        "; ".join(dict.fromkeys(each.wrong for each in verdicts if each.wrong)),
        envelope,
    )


def _unknown(domain: str, envelope: str) -> DomainFact:
    return DomainFact(domain, Offer.UNKNOWN, Offer.UNKNOWN, Offer.UNKNOWN, "the DNS does not answer", envelope)


def _worst(keys: Collection[Verdict]) -> Offer:
    """MISSING as soon as one key is: mail is signed with all of them."""
    offers = {key.offer for key in keys}
    return Offer.MISSING if Offer.MISSING in offers else Offer.THERE if offers else Offer.UNKNOWN


def _dmarc(ask: Texts, domain: str) -> Verdict:
    """The policy of a domain: its own, else that of the domain it belongs to, which is found by walking up.

    Nobody has to know a list of registries for it: a top-level domain's record, if there is one, says that it is a
    registry's.
    """
    own = records.dmarc(ask.texts(f"_dmarc.{domain}"))
    if own.offer is Offer.THERE:
        return own
    labels = domain.rstrip(".").split(".")
    found = MISSING
    for start in range(max(1, len(labels) - _MOST_LABELS + 1), len(labels)):
        texts = [each for each in ask.texts("_dmarc." + ".".join(labels[start:])) if records.is_dmarc(each)]
        if texts and not any(map(records.is_of_a_registry, texts)):
            found = records.dmarc(texts)
    return found
