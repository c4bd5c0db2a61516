"""SPF of the domains that bounces go to: one record, no mistake in it, and within what receivers look up."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.doctor.addresses import envelope_domain, real
from publisher.doctor.model import Check, Finding, Ground, broken, fine, warning
from publisher.probes.spf import MOST_LOOKUPS, MOST_VOID, Spf, walk


def _look(ground: Ground) -> Iterator[Finding]:
    for domain in real(map(envelope_domain, ground.newsletters)):
        if isinstance(domain, Finding):
            yield domain
        else:
            found = tuple(_judge(domain, walk(domain, ground.dns)))
            yield from found


def _judge(domain: str, spf: Spf) -> Iterator[Finding]:
    if spf.records != 1:
        yield _count(domain, spf.records)
        return
    faults = (*_errors(domain, spf), *_doubts(domain, spf))
    yield from faults
    if not faults:
        seen = "; what hangs on each mail (macros) was not followed" if spf.unseen else ""
        yield fine(f"{domain}: {spf.lookups} of {MOST_LOOKUPS} look-ups{seen}")


def _count(domain: str, records: int) -> Finding:
    if not records:
        return broken(
            f"{domain} has no SPF record, which says who may send for it",
            f"Ask whoever carries your mail for the TXT record, and publish it at {domain}",
        )
    return broken(
        f"{domain} has {records} SPF records, so receivers heed none",
        "Put their terms into one record, and remove the others",
    )


def _errors(domain: str, spf: Spf) -> Iterator[Finding]:
    """What makes receivers take the record for none (permerror)."""
    for wrong in spf.wrong[:3]:
        yield broken(f"{domain}: SPF has a mistake: {wrong}", "Mend that term in the DNS")
    if spf.lookups > MOST_LOOKUPS:
        yield broken(
            f"{domain}: SPF needs {spf.lookups} look-ups, and receivers stop after {MOST_LOOKUPS}",
            "Remove what sends no mail any more; write networks (ip4:, ip6:) in place of include: and mx",
        )
    if spf.void > MOST_VOID:
        yield broken(
            f"{domain}: {spf.void} names in SPF do not exist, and receivers stop after {MOST_VOID}",
            "Remove the terms whose names are gone",
        )
    if spf.everybody:
        yield broken(
            f"{domain}: SPF lets everybody send as this domain (+all)", 'End the record in "~all" or "-all"'
        )


def _doubts(domain: str, spf: Spf) -> Iterator[Finding]:
    if spf.open_end:
        yield warning(f"{domain}: SPF says nothing about other senders", 'End the record in "~all" or "-all"')
    if spf.ptr:
        yield warning(
            f"{domain}: SPF uses ptr, which receivers may leave out (RFC 7208, 5.5)", "Name the servers instead"
        )


CHECK = Check(
    "spf", "one record where bounces go, without mistakes, within ten look-ups, not open to everybody", _look
)
