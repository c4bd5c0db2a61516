"""Amazon SES as far as we use it: SendEmail with a raw message. It checks the signature by its own arithmetic."""

from __future__ import annotations

import hmac
import json
import re
from base64 import b64decode
from collections.abc import Sequence
from email import message_from_bytes, policy
from hashlib import sha256

from tests.fakes.apis.base import FakeApi, Taken, bodies_of, said
from tests.fakes.web import Asked

PLACE = "/v2/email/outbound-emails"
REGION = "eu-west-1"
ACCESS_KEY = "AKIDOFNOBODY"
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/ses/aws4_request, "
    r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})"
)
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")


class FakeSes(FakeApi):
    """Each call is about one recipient. The rest of what it takes is in `sets`, `senders` and `raw`.

    Attributes:
        secret: what calls have to be signed with.
        sets: the configuration sets that calls named.
        senders: who sent, as the calls say.
        raw: the messages, byte for byte.
    """

    def __init__(self, secret: str, place: str = PLACE) -> None:
        super().__init__(place)
        self.secret = secret
        self.sets: list[str] = []
        self.senders: list[str] = []
        self.raw: list[bytes] = []

    def respond(self, asked: Asked) -> tuple[str, bytes]:
        """See `FakeApi`."""
        if not signature_fits(asked, self.secret):
            return "403 Forbidden", said({"__type": "InvalidSignatureException", "message": "it does not match"})
        request = json.loads(asked.body)
        (recipient,) = request["Destination"]["ToAddresses"]
        if recipient in self.refused:
            return "400 Bad Request", said({"__type": "BadRequestException", "message": "Illegal address"})
        tags = {tag["Name"]: tag["Value"] for tag in request.get("EmailTags", ())}
        if not all(_TAG.fullmatch(text) for pair in tags.items() for text in pair):
            return "400 Bad Request", said({"__type": "BadRequestException", "message": "Invalid tag"})
        self.raw.append(b64decode(request["Content"]["Raw"]["Data"], validate=True))
        self.sets.append(request.get("ConfigurationSetName", ""))
        self.senders.append(request["FromEmailAddress"])
        self.taken.append(_taken(recipient, tags.get("ref", ""), self.raw[-1]))
        return "200 OK", said({"MessageId": f"0102-{len(self.taken)}-000000"})


def signature_fits(asked: Asked, secret: str) -> bool:
    """Whether the request was signed with this secret: AWS Signature Version 4, step by step."""
    found = _AUTHORIZATION.fullmatch(asked.headers.get("authorization", ""))
    if found is None or found[1] != ACCESS_KEY:
        return False
    _, day, region, names, signature = found.groups()
    moment = asked.headers["x-amz-date"]
    signed = names.split(";")
    if not {"host", "x-amz-date"} <= set(signed) or not moment.startswith(day):
        return False
    fields = [f"{name}:{' '.join(asked.headers[name].split())}" for name in signed]
    lines = [asked.method, asked.path, "", *fields, "", names, sha256(asked.body).hexdigest()]
    request = sha256("\n".join(lines).encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", moment, f"{day}/{region}/ses/aws4_request", request])
    key = _chained(f"AWS4{secret}".encode(), [day, region, "ses", "aws4_request", text])
    return hmac.compare_digest(key.hex(), signature)


def _chained(key: bytes, texts: Sequence[str]) -> bytes:
    for text in texts:
        key = hmac.digest(key, text.encode(), "sha256")
    return key


def _taken(recipient: str, tag: str, data: bytes) -> Taken:
    """What arrives: SES has put a Message-ID of its own into it. The reference is told in two places."""
    message = message_from_bytes(data, policy=policy.default)
    headers = {name: str(value) for name, value in message.items()}
    assert headers.pop("X-Publisher-Ref", "") == tag
    headers["Message-ID"] = "<0102@eu-west-1.amazonses.example>"
    text, html = bodies_of(message)
    return Taken(recipient, tag, headers["Subject"], text, headers, html)
