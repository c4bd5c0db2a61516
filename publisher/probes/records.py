"""What TXT records say of who may send for a domain. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from publisher.facts import Offer


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the record is there, and what is wrong with it in words; nothing when it will do."""

    offer: Offer
    wrong: str = ""


MISSING = Verdict(Offer.MISSING)
_POLICIES = frozenset({"none", "quarantine", "reject"})


def spf(records: Sequence[str]) -> Verdict:
    """SPF (RFC 7208) among the TXT records of a domain."""
    found = [record.lower().split() for record in records if record.lower().split()[:1] == ["v=spf1"]]
    if not found:
        return MISSING
    if len(found) > 1:
        return Verdict(Offer.THERE, f"there are {len(found)} SPF records, so receivers heed none")
    if {"all", "+all"} & set(found[0]):
        return Verdict(Offer.THERE, "SPF lets everybody send as this domain (+all)")
    return Verdict(Offer.THERE)


def dkim(records: Sequence[str], name: str, ours: str = "") -> Verdict:
    """A DKIM key (RFC 6376, 3.6.1) among the TXT records of `name`; `ours` is the one we sign with, in base64."""
    keys = [found for record in records if "p" in (found := tags(record)) and found.get("v", "DKIM1") == "DKIM1"]
    if not keys:
        return MISSING
    if not any(key["p"] for key in keys):
        return Verdict(Offer.THERE, f"the DKIM key at {name} was revoked")
    if ours and not any("".join(key["p"].split()) == ours for key in keys):
        return Verdict(Offer.THERE, f"the DKIM key at {name} is not the one we sign with")
    return Verdict(Offer.THERE)


def dmarc(records: Sequence[str]) -> Verdict:
    """A DMARC policy (RFC 7489, 6.3) among the TXT records of `_dmarc.DOMAIN`."""
    found = [record for record in records if is_dmarc(record)]
    if not found:
        return MISSING
    if len(found) > 1:
        return Verdict(Offer.THERE, f"there are {len(found)} DMARC records, so receivers heed none")
    policy = tags(found[0]).get("p", "").lower()
    if policy in _POLICIES:
        return Verdict(Offer.THERE)
    if policy:
        return Verdict(Offer.THERE, "the DMARC record has a policy (p=) that does not exist")
    return Verdict(Offer.THERE, "the DMARC record has no policy (p=)")


def is_dmarc(record: str) -> bool:
    """Whether a TXT record is one of DMARC: its version stands first, in capitals."""
    name, equals, version = record.partition(";")[0].partition("=")
    return bool(equals) and name.strip() == "v" and version.strip() == "DMARC1"


def is_of_a_registry(record: str) -> bool:
    """Whether a DMARC record is a registry's word on the domains below its own (RFC 9091): no owner wrote it."""
    return tags(record).get("psd", "").lower() == "y"


def tags(record: str) -> Mapping[str, str]:
    """`a=1; b=2` as tags with their values (RFC 6376, 3.2), white space taken out; the first of a name counts."""
    found: dict[str, str] = {}
    for part in record.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            found.setdefault(name.strip(), "".join(value.split()))
    return found
