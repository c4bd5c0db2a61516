"""Whether Mailgun would take mail from our domain: GET /v4/domains/DOMAIN."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from publisher.config import MailgunProvider
from publisher.http import Answer
from publisher.providers.calls import Call, at, read_json
from publisher.providers.mailgun import ADDRESSES, access
from publisher.providers.trials import Grade, Seen, Trial, get


def _name(provider: MailgunProvider) -> str:
    return f"mailgun:{provider.domain}"


def _questions(provider: MailgunProvider) -> Sequence[Call]:
    base = provider.url or ADDRESSES[provider.region]
    return [get(f"{base}v4/domains/{quote(provider.domain)}", access(provider)[1])]


def _own(provider: MailgunProvider, answer: Answer) -> Seen | None:
    name = _name(provider)
    if answer.status in (401, 403):  # a sending key, the one to use, may ask nothing: it looks like a wrong one
        return Seen(
            Grade.UNKNOWN,
            f"{name} shows this key nothing: it is wrong, or may only send",
            "`publisher provider test --to ADDRESS` tells which: it sends a mail",
        )
    if answer.status == 404:
        return Seen(
            Grade.BROKEN,
            f"{name}: there is no such domain in this account and region",
            "Look at domain and region in [provider]",
        )
    return None


def _judge(provider: MailgunProvider, answers: Sequence[Answer], _senders: frozenset[str]) -> Iterator[Seen]:
    (answer,) = answers
    name, found = _name(provider), read_json(answer)
    grade, message, remedy = _STATES.get(str(at(found, ["domain", "state"])), _OTHER_STATE)
    yield Seen(grade, f"{name}: {message}", remedy)
    if at(found, ["domain", "type"]) == "sandbox":
        yield Seen(
            Grade.WARNING,
            f"{name} is a sandbox: it mails authorized recipients only",
            "Add a domain of your own at Mailgun",
        )


_STATES: Mapping[str, Seen] = {
    "active": Seen(Grade.FINE, "the key is taken, the domain is active"),
    "unverified": Seen(
        Grade.BROKEN,
        "the domain is not verified",
        "Publish the records that Mailgun shows for it in the DNS, and have them verified there",
    ),
    "disabled": Seen(Grade.BROKEN, "the domain is disabled", "Ask Mailgun why, and have it enabled"),
}
_OTHER_STATE = Seen(Grade.UNKNOWN, "the domain is in a state that is not known here", "Look at it at Mailgun")

TRIAL = Trial(_name, _questions, _judge, (["message"], ["Error"]), _own)
