"""Amazon SES's events, as SNS brings them: by a configuration set ("eventType"), or the older notifications of an
identity ("notificationType", without tags). The request is SNS's JSON, whatever its Content-Type says, and the
event a string in it. SNS tries again for an hour at most, with the same message and time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.feedback import Feedback, FeedbackKind, HookRequest
from publisher.providers.hook_bounces import bounce_class, bounces
from publisher.providers.hook_reading import (
    Meaning,
    fresh,
    items,
    mark,
    meaning,
    moment,
    parsed,
    part,
    raw,
    refused,
    reply,
    required,
    unreadable,
    within_size,
    word,
    words,
)
from publisher.providers.sns import Fetch, Signatures, canonical, confirm

LONGEST = timedelta(hours=2)
"""How old a message of SNS may be."""

HEADER = "x-publisher-ref"
"""The header of a mail that holds our reference, where a topic includes the original headers."""

EVENTS: Mapping[str, Meaning | None] = {
    "Send": Meaning(FeedbackKind.ACCEPTED),
    "Delivery": Meaning(FeedbackKind.DELIVERED),
    "DeliveryDelay": Meaning(FeedbackKind.DEFERRED),
    **bounces("Bounce"),
    "Complaint": Meaning(FeedbackKind.COMPLAINED),
    "Complaint/OnAccountSuppressionList": Meaning(FeedbackKind.DROPPED),
    # Reports in the same format that no reader has made (RFC 5965; RFC 6591).
    "Complaint/not-spam": Meaning(FeedbackKind.UNKNOWN),
    "Complaint/auth-failure": Meaning(FeedbackKind.UNKNOWN),
    "Complaint/virus": Meaning(FeedbackKind.UNKNOWN),
    "Reject": Meaning(FeedbackKind.DROPPED),
    "Rendering Failure": Meaning(FeedbackKind.DROPPED),
    "Subscription": Meaning(FeedbackKind.UNKNOWN),
    "Subscription/unsubscribeAll": Meaning(FeedbackKind.UNSUBSCRIBED),
    "Open": None,
    "Click": None,
    "AmazonSnsSubscriptionSucceeded": None,
}
"""By event; of a bounce by type and subtype, of a complaint by what kind it is."""

_VALIDATED = "Successfully validated SNS topic"
"""How SES's trial message begins, which is no JSON."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an event keeps what is its own: an object, and in it recipients, reason, and names of its kind."""

    name: str
    recipients: str = ""
    text: str = ""
    names: tuple[str, ...] = ()


_PLACES: Mapping[str, _Place] = {
    "Send": _Place("send"),
    "Delivery": _Place("delivery", recipients="recipients", text="smtpResponse"),
    "DeliveryDelay": _Place("deliveryDelay", recipients="delayedRecipients", names=("delayType",)),
    "Bounce": _Place("bounce", recipients="bouncedRecipients", names=("bounceType", "bounceSubType")),
    "Complaint": _Place(
        "complaint", recipients="complainedRecipients", names=("complaintSubType", "complaintFeedbackType")
    ),
    "Reject": _Place("reject", text="reason"),
    "Rendering Failure": _Place("failure", text="errorMessage"),
    "Subscription": _Place("subscription"),
}


class SesHook:
    """Reads Amazon SES's events.

    Args:
        topic: the ARN of the one SNS topic that may call.
        fetch: gets SNS's certificates, and confirms the subscription of this address to the topic.
    """

    def __init__(self, topic: str, fetch: Fetch) -> None:
        self._topic = topic
        self._fetch = fetch
        self._signatures = Signatures(fetch)

    def read(self, request: HookRequest, now: datetime) -> Sequence[Feedback]:
        """The event of a request, once for each recipient. A subscription is confirmed and gives nothing.

        Raises:
            HookRefusedError: as `publisher.feedback.HookReader` says; 503 while SNS cannot be asked.
        """
        message = parsed(within_size(request.body))
        canonical(message)
        # Topic and time first: who is not from there does not make us fetch anything.
        if part(message, "TopicArn") != self._topic:
            raise refused("a webhook's request comes from another topic of SNS")
        told_at = fresh(moment(message, "Timestamp"), now, LONGEST)
        self._signatures.prove(message, now)
        if part(message, "Type") == "SubscriptionConfirmation":
            confirm(message, self._fetch)
        if part(message, "Type") != "Notification":
            return []
        return _read(required(message, "MessageId"), part(message, "Message"), told_at)


def _read(id_: str, told: object, told_at: datetime) -> list[Feedback]:
    if not isinstance(told, str):
        raise unreadable("a message of SNS is no text")
    if told.startswith(_VALIDATED):
        return []
    event = parsed(told)
    if not isinstance(event, dict):
        raise unreadable("a message of SNS has no event")
    name = word(event, "eventType") or required(event, "notificationType")
    place = _PLACES.get(name, _Place(""))
    names = list(_names(event, name, place))
    meant = meaning(EVENTS, *names)
    return [] if meant is None else list(_feedback(event, id_, told_at, meant, names, place))


def _names(event: object, name: str, place: _Place) -> Iterator[str]:
    """What SES calls the event, the general name first."""
    yield name
    if name == "Subscription" and part(event, place.name, "newTopicPreferences", "unsubscribeAll") is True:
        yield "unsubscribeAll"
    yield from filter(None, (word(event, place.name, each) for each in place.names))


def _feedback(
    event: object, id_: str, told_at: datetime, meant: Meaning, names: Sequence[str], place: _Place
) -> Iterator[Feedback]:
    own, type_ = part(event, place.name), "/".join(names)
    recipients = _recipients(part(own, place.recipients)) or _recipients(part(event, "mail", "destination"))
    for address, about in (recipients or {"": None}).items():
        text = words(about, "diagnosticCode") or words(own, place.text)
        code, status = reply(text)
        status = word(about, "status") or status
        yield Feedback(
            key=id_ if len(recipients) < 2 else f"{id_}/{mark(address)}",
            kind=meant.kind,
            at=moment(own, "timestamp") or moment(event, "mail", "timestamp") or told_at,
            reference=_reference(part(event, "mail")),
            recipient=address,
            provider_id=word(event, "mail", "messageId"),
            code=code,
            status=status,
            bounce=bounce_class(type_, meant, is_told=bool(code or status)),
            text=text,
            type=type_,
            raw=raw(event),
        )


def _recipients(listed: object) -> dict[str, object]:
    """Addresses, and what is told of each: they stand alone, or in an object."""
    told = ((word(each, "emailAddress") or word(each), each) for each in items(listed))
    return {address: each for address, each in told if address}


def _reference(mail: object) -> str:
    """Our reference: a tag; or a header of the mail, when the topic includes them."""
    headers = (
        word(header, "value") for header in items(part(mail, "headers")) if word(header, "name").lower() == HEADER
    )
    return word(mail, "tags", "ref", 0) or next(headers, "")
