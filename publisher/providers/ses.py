"""The `ses` provider: Amazon SES, version 2 of its API. Each mail is a call, and goes byte for byte as we make it.

The API: POST /v2/email/outbound-emails (SendEmail), JSON, signed with AWS Signature Version 4. SES puts a
Message-ID and a Date of its own into the mail and signs it; it has nothing that could be asked what became of one.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from publisher.capabilities import Capabilities, Form
from publisher.config import SesProvider
from publisher.http import Answer, asked_wait
from publisher.ledger import Mark, Message
from publisher.providers.calls import (
    Call,
    Fate,
    Item,
    MalformedError,
    Verdict,
    at,
    read_json,
    told,
    usual_fate,
)

OCTETS = 40_000_000
"""Of a message, as base64 writes it."""

REFERENCE_HEADER = "X-Publisher-Ref"
"""The reference once more: tags come back in events alone, header fields in every kind of notification."""

QUOTA_WAIT = timedelta(minutes=10)
"""The quota is of the last 24 hours and frees itself bit by bit; this is how often AWS wants to be asked."""

_BESIDE = 2_000
"""How much of a call is not the message, at most."""

FATES: Mapping[str, Fate] = {
    "TooManyRequestsException": Fate.NOT_NOW,
    "ThrottlingException": Fate.NOT_NOW,
    "Throttling": Fate.NOT_NOW,
    "RequestThrottled": Fate.NOT_NOW,
    # The day's quota. Nobody has to mend anything: tomorrow's run goes on, and another provider may step in.
    "LimitExceededException": Fate.NOT_NOW,
    "MessageRejected": Fate.REFUSED,
    "BadRequestException": Fate.REFUSED,
}
"""By the type of an error, what it says of the mail. Whatever else is refused is refused because of the account,
its keys or its identities, as everybody's mail would be. A type that we do not know fails nobody on a guess."""

_WHOEVER_IT_IS_FOR = re.compile(r"not verified|suspended|paused|configuration set", re.IGNORECASE)
"""MessageRejected and BadRequestException are said of an unverified sender and to accounts in the sandbox, too."""

_OUR_SIGNATURES = re.compile(rb"\A(?:DKIM-Signature:.*\r\n(?:[ \t].*\r\n)*)+", re.IGNORECASE)
"""Of a finished mail that was signed for other providers, too: SES changes Message-ID and Date under them."""

_QUOTA = re.compile(r"\bquota\b", re.IGNORECASE)


class Ses:
    """How SES is spoken to.

    Args:
        settings: where, and with which key.
        clock: now; a signature holds for some minutes.
    """

    def __init__(self, settings: SesProvider, clock: Callable[[], datetime]) -> None:
        self.name = f"ses:{settings.region}"
        self.capabilities = Capabilities(
            form=Form.MIME,
            octets=OCTETS,
            calls=settings.connections,
            return_path=False,
            keeps_message_id=False,
            utf8_addresses=False,
            signs=True,
            reference=True,
        )
        base = settings.url or f"https://email.{settings.region}.amazonaws.com/"
        self._base = f"{base}v2/email/"
        self._address = f"{self._base}outbound-emails"
        self._region = settings.region
        token = settings.session_token
        self._key = _Key(
            settings.access_key.get_secret_value(),
            settings.secret_key.get_secret_value(),
            token.get_secret_value() if token else None,
        )
        self._configuration_set = settings.configuration_set
        self._clock = clock

    def __repr__(self) -> str:
        return f"Ses({self.name!r})"

    def item(self, message: Message) -> Item:
        """See `Dialect`."""
        data = _OUR_SIGNATURES.sub(b"", message.data)
        if message.reference:
            data = f"{REFERENCE_HEADER}: {message.reference}\r\n".encode("ascii") + data
        return Item(message, data, 4 * (len(data) // 3 + 1) + _BESIDE)

    def call(self, items: Sequence[Item]) -> Call:
        """See `Dialect`."""
        (item,) = items
        message = item.message
        request: dict[str, object] = {
            "FromEmailAddress": message.envelope_from,
            "Destination": {"ToAddresses": [message.recipient]},
            "Content": {"Raw": {"Data": b64encode(item.content).decode("ascii")}},
        }
        if message.reference:
            request["EmailTags"] = [{"Name": "ref", "Value": message.reference}]
        if self._configuration_set:
            request["ConfigurationSetName"] = self._configuration_set
        data = json.dumps(request).encode()
        return Call(self._address, _signed(self._address, data, self._key, self._region, self._clock()), data)

    def question(self, path: str) -> Call:
        """A signed GET of something below /v2/email/, which changes nothing."""
        address = f"{self._base}{path}"
        return Call(address, _signed(address, b"", self._key, self._region, self._clock(), "GET"), b"", "GET")

    def fate(self, answer: Answer) -> Fate:
        """See `Dialect`. By the type of the error; by the status where that says enough."""
        if answer.status in (413, 429) or not 400 <= answer.status < 500:
            return usual_fate(answer)
        fate = FATES.get(_kind(answer), Fate.UNUSABLE)
        for_everybody = fate is Fate.REFUSED and _WHOEVER_IT_IS_FOR.search(_message(answer))
        return Fate.UNUSABLE if for_everybody else fate

    def verdicts(self, answer: Answer, items: Sequence[Item]) -> Sequence[Verdict]:
        """See `Dialect`."""
        found = at(read_json(answer), ["MessageId"])
        if not isinstance(found, str) or not found:
            raise MalformedError(f"the answer ({answer.said}) has no MessageId")
        return [Verdict(Mark.ACCEPTED, answer.status, "accepted", found)]

    def words(self, answer: Answer) -> str:
        """See `Dialect`."""
        kind = _kind(answer)
        return f"{told(answer, ['message'], ['Message'])}{f' ({kind})' if kind else ''}"

    def wait(self, answer: Answer, now: datetime) -> timedelta | None:
        """See `Dialect`. SES itself says nothing; a day's quota is not waited for."""
        if _kind(answer) == "LimitExceededException" or _QUOTA.search(_message(answer)):
            return QUOTA_WAIT
        return asked_wait(answer.headers, now)


class _Key(NamedTuple):
    """What botocore reads of credentials. Never shown: it is a secret."""

    access_key: str
    secret_key: str
    token: str | None

    def __repr__(self) -> str:
        return "_Key(...)"


def _kind(answer: Answer) -> str:
    """The type of an error: `com.example#Type` in the body, or `Type:address` in the header."""
    said = answer.headers.get("x-amzn-errortype", "")
    if not said and answer.body.startswith(b"{"):
        try:
            found = read_json(answer)
        except MalformedError:
            return ""
        said = next((value for name in ("__type", "code") if isinstance(value := at(found, [name]), str)), "")
    return said.partition(":")[0].rpartition("#")[2].strip()


def _message(answer: Answer) -> str:
    return told(answer, ["message"], ["Message"])


def _signed(
    address: str, data: bytes, key: _Key, region: str, now: datetime, method: str = "POST"
) -> dict[str, str]:
    """The header of a call with its signature. All that is untyped is in here.

    botocore's own `add_auth` reads the clock of the machine; its steps are public, and these are they. No session
    is made: neither the environment nor any file of AWS' is looked at.
    """
    # Loaded with the first call: it takes a fifth of a second, which a command that only lists providers saves.
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {"Content-Type": "application/json", "X-Amz-Date": moment}
    if key.token:
        headers["X-Amz-Security-Token"] = key.token
    request = AWSRequest(method=method, url=address, headers=headers, data=data)
    request.context["timestamp"] = moment
    signer = SigV4Auth(key, "ses", region)
    signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    names = signer.signed_headers(signer.headers_to_sign(request))
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={signer.scope(request)}, SignedHeaders={names}, Signature={signature}"
    )
    return {**headers, "Authorization": authorization}
