"""Whether Amazon SES lets this account send, and how much: GET /v2/email/account, signed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from publisher.config import SesProvider
from publisher.http import Answer
from publisher.providers.calls import Call, MalformedError, at, read_json
from publisher.providers.ses import Ses
from publisher.providers.trials import Grade, Seen, Trial

MAY_NOT_ASK = "AccessDeniedException"


def _name(provider: SesProvider) -> str:
    return f"ses:{provider.region}"


def _questions(provider: SesProvider) -> Sequence[Call]:
    return [Ses(provider, lambda: datetime.now(UTC)).question("account")]


def _own(provider: SesProvider, answer: Answer) -> Seen | None:
    if not answer.headers.get("x-amzn-errortype", "").startswith(MAY_NOT_ASK):
        return None
    return Seen(
        Grade.UNKNOWN,
        f"{_name(provider)}: the key is taken; it may not ask about the account",
        "Allow it ses:GetAccount, or see with `publisher provider test --to ADDRESS`",
    )


def _judge(provider: SesProvider, answers: Sequence[Answer], _senders: frozenset[str]) -> Iterator[Seen]:
    (answer,) = answers
    name, found = _name(provider), read_json(answer)
    if not isinstance(at(found, ["SendingEnabled"]), bool):
        raise MalformedError(f"the answer ({answer.said}) is about no account")
    if at(found, ["SendingEnabled"]) is not True:
        yield Seen(Grade.BROKEN, f"{name}: sending is switched off for this account", "Look at the account in SES")
    if at(found, ["ProductionAccessEnabled"]) is not True:
        yield Seen(
            Grade.WARNING,
            f"{name}: the account is in the sandbox: it mails verified addresses only, 200 a day",
            "Request production access in SES, in this region",
        )
    if at(found, ["EnforcementStatus"]) in ("PROBATION", "SHUTDOWN"):
        yield Seen(
            Grade.WARNING,
            f"{name}: the account is under review because of bounces or complaints",
            "See in SES what for, and mend it before you mail more",
        )
    yield _quota(name, found)


def _quota(name: str, found: object) -> Seen:
    day, sent, rate = (
        at(found, ["SendQuota", key]) for key in ("Max24HourSend", "SentLast24Hours", "MaxSendRate")
    )
    if not all(isinstance(each, int | float) for each in (day, sent, rate)):
        return Seen(Grade.FINE, f"{name}: the key is taken")
    much = "any number of mails" if day < 0 else f"{day:.0f} mails in 24 hours ({sent:.0f} sent)"
    return Seen(Grade.FINE, f"{name}: the key is taken; {much}, {rate:g} a second")


TRIAL = Trial(_name, _questions, _judge, (["message"], ["Message"]), _own)
