"""Whether Resend would take mail from our domains: GET /domains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from publisher.config import ResendProvider
from publisher.http import Answer
from publisher.providers.calls import Call, MalformedError, at, read_json
from publisher.providers.resend import ADDRESS
from publisher.providers.trials import Grade, Seen, Trial, get

ONLY_SENDS = "restricted_api_key"


def _name(_provider: ResendProvider) -> str:
    return "resend"


def _questions(provider: ResendProvider) -> Sequence[Call]:
    headers = {"Authorization": f"Bearer {provider.key.get_secret_value()}"}
    return [get(f"{provider.url or ADDRESS}domains", headers)]


def _own(_provider: ResendProvider, answer: Answer) -> Seen | None:
    if at(read_json(answer), ["name"]) != ONLY_SENDS:
        return None
    return Seen(
        Grade.UNKNOWN,
        "resend: the key is taken; it may only send, so whether the domain is verified is not seen",
        "`publisher provider test --to ADDRESS` tells: it sends a mail",
    )


def _judge(_provider: ResendProvider, answers: Sequence[Answer], senders: frozenset[str]) -> Iterator[Seen]:
    (answer,) = answers
    domains = at(read_json(answer), ["data"])
    if not isinstance(domains, list):
        raise MalformedError(f"the answer ({answer.said}) has no domains")
    states = {str(at(each, ["name"])).lower(): str(at(each, ["status"])) for each in domains}
    for domain in sorted(senders):
        yield _domain(domain, states.get(domain))


def _domain(domain: str, state: str | None) -> Seen:
    if state == "verified":
        return Seen(Grade.FINE, f"resend: the key is taken, {domain} is verified")
    if state is None:
        return Seen(Grade.BROKEN, f"resend: {domain} is no domain of this account", "Add it at Resend")
    return Seen(
        Grade.BROKEN,
        f"resend: {domain} is not verified ({state})",
        "Publish the records that Resend shows for it in the DNS, and have them verified there",
    )


TRIAL = Trial(_name, _questions, _judge, (["message"], ["name"]), _own)
