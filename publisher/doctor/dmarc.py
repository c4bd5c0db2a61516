"""DMARC: a policy for the domain in From, and mail that it holds good for (RFC 7489, 3.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from publisher.config import Newsletter
from publisher.doctor.addresses import envelope_domain, from_domain
from publisher.doctor.model import Check, Finding, Ground, broken, fine, unchecked, warning
from publisher.doctor.ports import Dns
from publisher.facts import Offer
from publisher.preflight.suffixes import owner
from publisher.probes import records
from publisher.probes.targets import is_reserved


@dataclass(frozen=True, slots=True)
class _Policy:
    """The records of the first name that has one."""

    place: str
    texts: tuple[str, ...]

    def tag(self, name: str) -> str:
        return records.tags(self.texts[0]).get(name, "").lower()


def _look(ground: Ground) -> Iterator[Finding]:
    pairs: dict[tuple[str, str], Newsletter] = {}
    for newsletter in ground.newsletters:
        pairs.setdefault((from_domain(newsletter), envelope_domain(newsletter)), newsletter)
    for domain, envelope in pairs:
        if is_reserved(domain):
            yield unchecked(f"{domain} is a domain for examples", "Write your own domain into config.toml")
        else:
            yield from _judge(ground, domain, envelope)


def _judge(ground: Ground, domain: str, envelope: str) -> Iterator[Finding]:
    policy = _policy(domain, ground.dns)
    if policy is None:
        yield broken(
            f"{domain} has no DMARC policy, without which large providers refuse a newsletter",
            f'Publish a TXT record at _dmarc.{domain}; "v=DMARC1; p=none" will do to begin with',
        )
        return
    verdict = records.dmarc(policy.texts)
    if verdict.offer is Offer.THERE and verdict.wrong:
        yield broken(
            f"{policy.place}: {verdict.wrong}", "Mend the record: v=DMARC1; p=none (or quarantine, reject)"
        )
        return
    yield _aligned(ground, policy, domain, envelope)


def _aligned(ground: Ground, policy: _Policy, domain: str, envelope: str) -> Finding:
    """Signed by the domain in From, or sent from it: one has to hold. Forwarding leaves only the signature."""
    signers = [key.domain for key in ground.settings.dkim if key.signs_for(domain)]
    signed = any(_matches(signer, domain, strict=policy.tag("adkim") == "s") for signer in signers)
    sent = _matches(envelope, domain, strict=policy.tag("aspf") == "s")
    if signed:
        return fine(f"{domain}: {policy.place} (p={policy.tag('p')}), and our signature is of that domain")
    if signers:
        return broken(
            f"{domain}: our signature is by {', '.join(signers)}, and DMARC asks for the same domain (adkim=s)",
            f"`publisher dkim new {domain}` makes a key of that domain; or publish adkim=r",
        )
    if sent:
        return fine(f"{domain}: {policy.place} (p={policy.tag('p')}), and bounces go to that domain (SPF)")
    return warning(
        f"{domain}: bounces go to {envelope} and nothing is signed here, so DMARC holds only if the provider"
        f" signs as {domain}",
        f"Sign with `publisher dkim new {domain}`, or set envelope_from to an address below {domain}",
    )


def _matches(one: str, other: str, *, strict: bool) -> bool:
    return one == other or (not strict and owner(one) == owner(other))


def _policy(domain: str, dns: Dns) -> _Policy | None:
    """The domain's own policy, else that of the one it belongs to, by walking up. A registry's is nobody's own."""
    labels = domain.split(".")
    for start in range(len(labels) - 1):
        place = "_dmarc." + ".".join(labels[start:])
        texts = tuple(text for text in dns.texts(place) if records.is_dmarc(text))
        if texts and not any(map(records.is_of_a_registry, texts)):
            return _Policy(place, texts)
    return None


CHECK = Check("dmarc", "From has a policy, and is aligned with the signature or with where bounces go", _look)
