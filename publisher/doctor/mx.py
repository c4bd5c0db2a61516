"""Mail servers of the domains that readers' answers and bounces go to."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.doctor.addresses import domain_of, envelope_domain, real
from publisher.doctor.model import Check, Finding, Ground, broken, fine, warning


def _look(ground: Ground) -> Iterator[Finding]:
    answers = [domain_of(each.reply_to or each.sender) for each in ground.newsletters]
    for domain in real((*answers, *map(envelope_domain, ground.newsletters))):
        yield domain if isinstance(domain, Finding) else _judge(ground, domain)


def _judge(ground: Ground, domain: str) -> Finding:
    hosts = [host for _, host in ground.dns.mail_hosts(domain)]
    if hosts == [""]:
        return broken(
            f"{domain} takes no mail (null MX), but answers or bounces go there",
            "Set reply_to and envelope_from to addresses that take mail, or publish an MX record",
        )
    if not hosts and ground.dns.addresses(domain):
        return warning(
            f"{domain} has no MX record; mail goes to the host of that name, if it takes any",
            f"Publish an MX record at {domain}",
        )
    if not hosts:
        return broken(
            f"{domain} has neither MX nor address, so answers and bounces are lost",
            f"Publish an MX record at {domain}, or set reply_to and envelope_from to addresses that take mail",
        )
    lost = [host for host in hosts if not ground.dns.addresses(host)]
    if len(lost) == len(hosts):
        return broken(f"{domain}: its mail server {lost[0]} has no address", "Mend the MX record in the DNS")
    if lost:
        return warning(f"{domain}: its mail server {lost[0]} has no address", "Remove it from the MX records")
    return fine(f"{domain}: mail goes to {hosts[0]}")


CHECK = Check("mx", "the domains of answers and of bounces take mail", _look)
