"""What a configuration asks for and its providers cannot carry: found before the first mail, by a table. Pure.

What an option of ours needs, one provider has to carry: refused is what none of them can. What some cannot is said
by `publisher check`. What every mail needs, every provider has to carry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from publisher.capabilities import Capabilities
from publisher.config import Settings


class Letters(NamedTuple):
    """What a newsletter asks for: `verp` and `envelope_from`, as far as they were written."""

    verp: bool = False
    envelope_from: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What a configuration asks for.

    Args:
        providers: what each can carry, by its name, in the order of the configuration.
        newsletters: in the order of the configuration.
        dkim: the domains of `[[dkim]]`, in their order.
    """

    providers: Mapping[str, Capabilities]
    newsletters: Sequence[Letters] = ()
    dkim: Sequence[str] = ()


class Refusal(NamedTuple):
    """What cannot be carried: the dotted key that asks for it, what is wrong, and what to do."""

    key: str
    message: str
    remedy: str


def asked_by(settings: Settings, providers: Mapping[str, Capabilities]) -> Asked:
    """What a configuration asks for; `providers` are its own."""
    letters = [Letters(each.verp, each.envelope_from is not None) for each in settings.newsletter]
    return Asked(providers, letters, [key.domain for key in settings.dkim])


def refusals(asked: Asked) -> Iterator[Refusal]:
    """What cannot be carried at all: the configuration is wrong."""
    for option in OPTIONS:
        lacking = _lacking(asked, option.carries)
        if len(lacking) == len(asked.providers):
            yield from (_said(option, option.refused, key, lacking) for key in option.keys(asked))
    for need in NEEDS:
        for name in _lacking(asked, need.carries):
            yield Refusal(_place(asked, name), f"{name} {need.refused}", need.remedy)


def cautions(asked: Asked) -> Iterator[Refusal]:
    """What some providers carry and others do not: allowed, and worth knowing."""
    for option in OPTIONS:
        lacking = _lacking(asked, option.carries)
        if option.partly and 0 < len(lacking) < len(asked.providers):
            yield from (_said(option, option.partly, key, lacking) for key in option.keys(asked))


@dataclass(frozen=True, slots=True)
class _Option:
    """Something that may be asked for: by which keys, who carries it, and what is said where not all do."""

    keys: Callable[[Asked], Iterator[str]]
    carries: Callable[[Capabilities], bool]
    refused: str
    partly: str
    remedy: str


@dataclass(frozen=True, slots=True)
class _Need:
    """Something that every mail of ours needs."""

    carries: Callable[[Capabilities], bool]
    refused: str
    remedy: str


def _verp(asked: Asked) -> Iterator[str]:
    return (f"newsletter[{number}].verp" for number, each in enumerate(asked.newsletters, 1) if each.verp)


def _envelope_from(asked: Asked) -> Iterator[str]:
    # With verp, that one is told: what it needs includes this.
    wanted = (each.envelope_from and not each.verp for each in asked.newsletters)
    return (f"newsletter[{number}].envelope_from" for number, wants in enumerate(wanted, 1) if wants)


def _dkim(asked: Asked) -> Iterator[str]:
    return (f"dkim[{number}]" for number, _ in enumerate(asked.dkim, 1))


OPTIONS: Sequence[_Option] = (
    _Option(
        _verp,
        lambda can: can.return_path,
        "with {names} bounces go to the provider, and no mail can have a sender of its own for them",
        "with {names} it does nothing: bounces go to the provider, which tells of them by its webhook",
        "Take verp out; what becomes of mail is told by the provider's webhook",
    ),
    _Option(
        _envelope_from,
        lambda can: can.return_path,
        "with {names} bounces go to the provider, at an address of its own",
        "with {names} it does nothing: bounces go to the provider, which tells of them by its webhook",
        "Take envelope_from out; what becomes of mail is told by the provider's webhook",
    ),
    _Option(
        _dkim,
        lambda can: not can.signs,
        "with {names} nothing is signed with it: the provider has a key of its own",
        "",
        "Take [[dkim]] out, and publish the key that the provider names in the DNS",
    ),
)
"""What may be asked for; one provider has to carry it."""

NEEDS: Sequence[_Need] = (
    _Need(
        lambda can: can.own_headers,
        "lets no header fields of ours through, and mail of a newsletter needs List-Unsubscribe",
        "Choose another provider, or another way that this one takes mail",
    ),
    _Need(
        lambda can: can.own_unsubscribe,
        "puts links to unsubscribe of its own into mail: who follows one is mailed all the same",
        "Choose another provider, or have it leave unsubscribing to us",
    ),
)
"""What every provider has to carry."""


def _lacking(asked: Asked, carries: Callable[[Capabilities], bool]) -> Sequence[str]:
    return [name for name, can in asked.providers.items() if not carries(can)]


def _said(option: _Option, words: str, key: str, names: Sequence[str]) -> Refusal:
    return Refusal(key, words.format(names=" and ".join(names)), option.remedy)


def _place(asked: Asked, name: str) -> str:
    """The key of a provider: one alone is a table, `provider`; several are numbered."""
    number = list(asked.providers).index(name) + 1
    return "provider.kind" if len(asked.providers) == 1 else f"provider[{number}].kind"
