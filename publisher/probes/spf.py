"""SPF as receivers evaluate it (RFC 7208): syntax, look-ups over all that is included, and where it ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Protocol

MOST_LOOKUPS = 10
"""Receivers stop with an error at one more (4.6.4)."""

MOST_VOID = 2
"""Look-ups that find nothing, likewise."""

_FOLLOWED = 40
"""Look-ups after which we stop counting: the verdict stands, and nobody's records keep us."""

_TERM = re.compile(r"([+?~-]?)(all|include|a|mx|ptr|ip4|ip6|exists)(?=[:/]|$)(.*)", re.I)
_MODIFIER = re.compile(r"([a-z][a-z0-9_.-]*)=(.*)", re.I)
_LENGTHS = re.compile(r"(?:/(\d{1,3}))?(?://(\d{1,3}))?")
_DOMAIN = re.compile(r"[\w%{}+/=,.-]*[\w%}](\.)?", re.ASCII)


class Asking(Protocol):
    """What of the DNS is needed; raises for what nobody answers."""

    def texts(self, name: str) -> tuple[str, ...]:
        """TXT records."""

    def mail_hosts(self, name: str) -> tuple[tuple[int, str], ...]:
        """MX records."""

    def addresses(self, name: str) -> tuple[str, ...]:
        """A and AAAA records."""


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a record: `kind` in lower case, `value` the domain or network, empty for the domain itself."""

    kind: str
    value: str = ""
    qualifier: str = "+"
    wrong: str = ""


@dataclass(slots=True)
class Spf:
    """What a domain's SPF comes to. `everybody`: it ends in +all. `open_end`: it ends in nothing or ?all."""

    records: int = 0
    lookups: int = 0
    void: int = 0
    wrong: list[str] = field(default_factory=list)
    everybody: bool = False
    open_end: bool = False
    unseen: bool = False
    """Whether something hangs on the mail itself (macros) and was counted, but not followed."""
    ptr: bool = False


def is_spf(record: str) -> bool:
    """Whether a TXT record is one of SPF."""
    return record.lower().split(" ")[0] == "v=spf1"


def read(record: str) -> tuple[Term, ...]:
    """The terms of a record, those that are none with what is wrong with them. Pure."""
    return tuple(_term(word) for word in record.split(" ")[1:] if word)


def walk(domain: str, ask: Asking) -> Spf:
    """Everything that a receiver may have to look up for a domain."""
    result = Spf()
    records = [record for record in ask.texts(domain) if is_spf(record)]
    result.records = len(records)
    if len(records) == 1:
        _evaluate(domain, records[0], ask, result, (domain,))
    return result


def _evaluate(domain: str, record: str, ask: Asking, result: Spf, path: tuple[str, ...]) -> None:
    terms = read(record)
    result.wrong += [f"{domain}: {term.wrong}" for term in terms if term.wrong]
    ends = [term for term in terms if term.kind == "all"]
    redirects = [term for term in terms if term.kind == "redirect"]
    top = len(path) == 1
    for term in _until_all(terms):
        if result.lookups >= _FOLLOWED:
            return
        _COUNTED.get(term.kind, _nothing)(term, domain, ask, result, path)
    if len(redirects) > 1:
        result.wrong.append(f"{domain}: redirect= is there twice")
    if not ends and redirects:
        _follow(redirects[0], domain, ask, result, path)
    elif top:
        result.everybody = bool(ends) and ends[0].qualifier == "+"
        result.open_end = not ends or ends[0].qualifier == "?"


def _until_all(terms: tuple[Term, ...]) -> Iterator[Term]:
    """Nothing after `all` is ever looked at (5.1)."""
    for term in terms:
        if term.kind == "all":
            return
        if not term.wrong:
            yield term


def _nothing(term: Term, domain: str, ask: Asking, result: Spf, path: tuple[str, ...]) -> None:
    """Needs no look-up."""


def _include(term: Term, domain: str, ask: Asking, result: Spf, path: tuple[str, ...]) -> None:
    _enter(term.value, domain, ask, result, (*path, term.value), "include")


def _follow(term: Term, domain: str, ask: Asking, result: Spf, path: tuple[str, ...]) -> None:
    """`redirect` puts the other record in place of this one, so what it ends in counts as ours."""
    deeper = (term.value,) if len(path) == 1 and term.value not in path else (*path, term.value)
    _enter(term.value, domain, ask, result, deeper, "redirect")


def _enter(there: str, domain: str, ask: Asking, result: Spf, path: tuple[str, ...], word: str) -> None:
    result.lookups += 1
    if "%" in there:
        result.unseen = True
        return
    if there in path[:-1] or result.lookups >= _FOLLOWED:
        result.wrong.append(f"{domain}: {word} of {there} goes in a circle")
        return
    texts = ask.texts(there)
    records = [record for record in texts if is_spf(record)]
    if not texts:
        result.void += 1
    if len(records) != 1:
        found = "has no SPF record" if not records else f"has {len(records)} SPF records"
        result.wrong.append(f"{domain}: {word} of {there}, which {found}")
        return
    _evaluate(there, records[0], ask, result, path)


def _address(term: Term, domain: str, ask: Asking, result: Spf, path: tuple[str, ...]) -> None:
    result.lookups += 1
    name = term.value or domain
    if "%" in name:
        result.unseen = True
    elif not ask.addresses(name):
        result.void += 1


def _mail_hosts(term: Term, domain: str, ask: Asking, result: Spf, path: tuple[str, ...]) -> None:
    result.lookups += 1
    name = term.value or domain
    if "%" in name:
        result.unseen = True
        return
    hosts = ask.mail_hosts(name)
    if not hosts:
        result.void += 1
    if len(hosts) > MOST_LOOKUPS:
        result.wrong.append(f"{domain}: mx of {name} leads to {len(hosts)} hosts, and {MOST_LOOKUPS} are the most")


def _pointer(term: Term, domain: str, ask: Asking, result: Spf, path: tuple[str, ...]) -> None:
    result.lookups += 1
    result.ptr = True


_COUNTED = {"include": _include, "a": _address, "exists": _address, "mx": _mail_hosts, "ptr": _pointer}
"""Terms that cost a look-up (4.6.4)."""


def _term(word: str) -> Term:
    match = _TERM.fullmatch(word)
    if match:
        return _mechanism(match[2].lower(), match[3], match[1] or "+", word)
    modifier = _MODIFIER.fullmatch(word)
    if modifier:
        kind = modifier[1].lower()
        wrong = f"“{word}” names no domain" if kind in {"redirect", "exp"} and not _is_domain(modifier[2]) else ""
        return Term(kind, modifier[2].rstrip(".").lower(), wrong=wrong)
    return Term(word, wrong=f"“{word}” is no term of SPF")


def _mechanism(kind: str, rest: str, qualifier: str, word: str) -> Term:
    value, wrong = rest.removeprefix(":"), f"“{word}” is written wrongly"
    if kind == "all":
        return Term(kind, qualifier=qualifier, wrong=wrong if rest else "")
    if kind in {"ip4", "ip6"}:
        return Term(kind, value, qualifier, "" if _is_network(kind, value) else f"“{word}” holds no network")
    if kind in {"include", "exists"}:
        return Term(kind, value.rstrip(".").lower(), qualifier, "" if _is_domain(value) else wrong)
    name, slash, _ = value.partition("/")
    lengths = _LENGTHS.fullmatch(value[len(name) :]) if slash else None
    right = (not rest.startswith(":") or _is_domain(name)) and (not slash or _fits(lengths))
    return Term(kind, name.rstrip(".").lower(), qualifier, "" if right else wrong)


def _fits(lengths: re.Match[str] | None) -> bool:
    return lengths is not None and int(lengths[1] or 0) <= 32 and int(lengths[2] or 0) <= 128


def _is_domain(text: str) -> bool:
    return bool(_DOMAIN.fullmatch(text)) and ("." in text.rstrip(".") or "%" in text)


def _is_network(kind: str, text: str) -> bool:
    try:
        (IPv4Network if kind == "ip4" else IPv6Network)(text, strict=False)
    except ValueError:
        return False
    return True
