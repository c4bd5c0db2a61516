"""One edition's mails: what they all say is compiled once per choice of sections, the rest is filled in."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from publisher.capabilities import Form
from publisher.config import Newsletter, Site
from publisher.editions import BlockKind, Edition, EditionBlock, EditionFacts, choose
from publisher.ledger import AS_IT_IS, Delivery, Message, Way
from publisher.mailings.ports import Sign
from publisher.messages import Letterhead, Person, compile_message, envelope_address, message_id
from publisher.messages.drafting import Drafting
from publisher.messages.headers import ascii_domain, ascii_url, split_address, web_link
from publisher.messages.verp import ReturnPath, mint
from subscribers import tokens

Made = TypeVar("Made")

SKELETONS_KEPT = 64
"""Choices of sections whose skeletons are remembered: readers can make more than memory should hold."""


class EditionComposer:
    """Composes the mails of one edition.

    Args:
        edition: the frozen edition.
        newsletter: its newsletter's settings.
        site: where its links lead.
        secret: the instance's, for links and Message-IDs.
        earlier: the digest's editions before this one, the oldest first: a correction answers one of them.
        sign: puts signatures before a complete message.

    Raises:
        HeaderError: the newsletter's settings cannot stand in a mail; no mail of it could be composed.
    """

    def __init__(
        self,
        edition: Edition,
        newsletter: Newsletter,
        site: Site,
        secret: bytes,
        earlier: Sequence[EditionFacts] = (),
        sign: Sign | None = None,
    ) -> None:
        self._sign = sign
        self._edition = edition
        self._made = edition.created_at.isoformat()
        self._thread = [(each.id, each.created_at.isoformat()) for each in earlier]
        self._newsletter = newsletter
        self._leave, self._prefer = (ascii_url(f"{site.links_url}{page}/") for page in "us")
        web_link(self._leave)  # what is wrong for everybody is said now, not once a delivery
        self._secret = secret
        sender = envelope_address(split_address(newsletter.sender)[1])
        self._domain = sender.rpartition("@")[2]
        self._envelope_from = envelope_address(newsletter.bounces_to)
        self._return_path = ReturnPath(secret, self._envelope_from) if newsletter.verp else None
        self._letterhead = letterhead(edition, newsletter, site)
        self._skeletons = _Kept(compile_message, self._letterhead)
        self._drafts = _Kept(Drafting, self._letterhead)
        everything = choose(edition.rendered.blocks, None)
        self._whole = self._skeletons.of(everything)  # likewise
        self._whole_draft = self._drafts.of(everything)

    def compose(self, delivery: Delivery, date: datetime, way: Way = AS_IT_IS) -> Message:
        """One subscriber's mail; see `ports.Composer`.

        Raises:
            HeaderError: the subscriber's address or name cannot stand in a mail.
        """
        person, can = self.person(delivery, date), way.capabilities
        in_parts = can.form is Form.PARTS
        return Message(
            delivery_id=delivery.id,
            envelope_from=self._bounces_to(delivery),
            recipient=envelope_address(delivery.email),
            message_id=person.message_id,
            data=b"" if in_parts else self._mime(delivery, person, date, signs=can.signs),
            attempt=delivery.attempts,
            proven=not person.needs_smtputf8,
            letter=self._drafting(delivery, person).letter(person) if in_parts else None,
            reference=mint(self._secret, delivery.id, delivery.email) if can.reference else "",
            provider=way.provider,
        )

    def _drafting(self, delivery: Delivery, person: Person) -> Drafting:
        plain = delivery.sections is None and not person.references
        return self._whole_draft if plain else self._drafts.of(*self._choice(delivery, person))

    def _mime(self, delivery: Delivery, person: Person, date: datetime, *, signs: bool) -> bytes:
        plain = delivery.sections is None and not person.references
        skeleton = self._whole if plain else self._skeletons.of(*self._choice(delivery, person))
        data = skeleton.splice(person)
        return data if self._sign is None or signs else self._sign(data, date)

    def _choice(self, delivery: Delivery, person: Person) -> tuple[tuple[EditionBlock, ...], bool]:
        return choose(self._edition.rendered.blocks, delivery.sections), bool(person.references)

    def person(self, delivery: Delivery, date: datetime) -> Person:
        """What differs in one subscriber's mail.

        The Message-ID comes from edition and subscriber, so that a resend keeps it; one that is meant to arrive a
        second time has another. The moment the edition was made is part of it: numbers begin anew with a new
        database, and receivers drop what looks like a double.
        """
        token = tokens.mint(
            self._secret, delivery.subscriber_id, self._edition.digest.newsletter, delivery.link_version
        )
        made = f"{self._made}/{delivery.again}" if delivery.again else self._made
        answers = delivery.replies_to
        return Person(
            email=delivery.email,
            name=delivery.name,
            unsubscribe_url=self._leave + token,
            preferences_url=self._prefer + token,
            message_id=self._identity(self._edition.id, made, delivery),
            date=date,
            references=() if answers is None else self._references(answers, delivery),
            token=token,
        )

    def _identity(self, edition_id: int, made: str, delivery: Delivery) -> str:
        return message_id(edition_id, delivery.subscriber_id, self._secret, self._domain, again=made)

    def _references(self, answers: int, delivery: Delivery) -> tuple[str, ...]:
        """The thread up to the edition it answers. Editions that somebody never got do not break it."""
        thread = [each for each in self._thread if each[0] <= answers]
        return tuple(self._identity(edition_id, made, delivery) for edition_id, made in thread)

    def _bounces_to(self, delivery: Delivery) -> str:
        if self._return_path is None:
            return self._envelope_from
        return self._return_path.of(delivery.id, delivery.email)


class _Kept(Generic[Made]):
    """What was made of the last choices of sections.

    Args:
        make: makes it.
        letterhead: for all of them.
    """

    def __init__(self, make: Callable[..., Made], letterhead: Letterhead) -> None:
        self._make = make
        self._letterhead = letterhead
        self._made: OrderedDict[tuple[bool, tuple[str, ...]], Made] = OrderedDict()

    def of(self, blocks: tuple[EditionBlock, ...], is_reply: bool = False) -> Made:
        """What these blocks make."""
        key = (is_reply, tuple(block.section for block in blocks if block.kind is BlockKind.SECTION))
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._make(blocks, self._letterhead, is_reply=is_reply)
            if len(self._made) > SKELETONS_KEPT:
                self._made.popitem(last=False)
        else:
            self._made.move_to_end(key)
        return made


def letterhead(edition: Edition, newsletter: Newsletter, site: Site) -> Letterhead:
    """What the headers of an edition say to everybody.

    The list's name is the newsletter's slug below the site's host; for a site on disk, the sender's domain.
    """
    sender = envelope_address(split_address(newsletter.sender)[1])
    host = ascii_domain(urlsplit(site.url).hostname or sender.rpartition("@")[2])
    sender_id = hashlib.sha256(host.encode()).hexdigest()[:12]
    return Letterhead(
        subject=edition.rendered.subject,
        sender=newsletter.sender,
        list_id=f"{newsletter.slug}.{host}",
        list_title=newsletter.title,
        reply_to=newsletter.reply_to,
        unsubscribe_mailto=newsletter.unsubscribe_mailto,
        feedback_id=f"{edition.id}:{newsletter.slug}:digest:{sender_id}",
        language=edition.digest.language,
    )
