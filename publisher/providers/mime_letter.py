"""A finished message as a letter, for providers that take parts: a confirmation, an alert, a test.

Digests never come this way: their parts are made once for many (`messages.drafting`).
"""

from __future__ import annotations

from email import message_from_bytes, policy
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from hashlib import sha256

from publisher.drafts import Draft, Letter, Mailbox
from publisher.errors import ProviderError
from publisher.ledger import Message

_TOLD_APART = frozenset(
    {"from", "to", "reply-to", "subject", "date", "mime-version", "content-type", "content-transfer-encoding"}
)
_MEANINGLESS = frozenset({"dkim-signature"})
"""A signature of bytes that will not be those that arrive."""

_OWN = frozenset({"message-id", "list-unsubscribe", "in-reply-to", "references"})


def letter_of(message: Message) -> Letter:
    """The message in parts. Attachments it has none.

    Raises:
        ProviderError: it has no sender, or no text.
    """
    found = message_from_bytes(message.data, policy=policy.default)
    senders = _mailboxes(found, "From")
    text = _body(found, "plain")
    if not senders or not text:
        raise ProviderError("a mail in parts has a sender and a text", permanent=True)
    others = {name: " ".join(str(value).split()) for name, value in found.items()}
    headers = {name: value for name, value in others.items() if name.lower() not in _TOLD_APART | _MEANINGLESS}
    draft = Draft(
        key=sha256(message.data).hexdigest()[:32],
        sender=senders[0],
        reply_to=next(iter(_mailboxes(found, "Reply-To")), None),
        subject=" ".join(str(found["Subject"] or "").split()),
        text=(text,),
        html=(html,) if (html := _body(found, "html")) else (),
        headers={name: value for name, value in headers.items() if name.lower() not in _OWN},
    )
    names = {address: name for name, address in _mailboxes(found, "To")}
    return Letter(
        draft,
        (names.get(message.recipient, ""), message.recipient),
        {},
        {name: value for name, value in headers.items() if name.lower() in _OWN},
    )


def _mailboxes(message: EmailMessage, name: str) -> list[Mailbox]:
    field = message[name]
    addresses = field.addresses if isinstance(field, AddressHeader) else ()
    return [(each.display_name, each.addr_spec) for each in addresses]


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""
