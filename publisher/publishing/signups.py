"""The sign-up page, and the pages behind links that ask for a click: what each says, and what is done by it.

The answer to a sign-up is decided by what was sent, by the network and by the DNS, never by who is subscribed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from publisher.config import Settings
from publisher.errors import SubscriberError
from publisher.messages.headers import HeaderError, ascii_domain
from publisher.publishing.profiles import choice
from publisher.publishing.readers import Reader, Readers, source_of
from publisher.rendering.look import Look
from publisher.rendering.signups import (
    AddressProblem,
    ConfirmState,
    ManageProblem,
    ManageState,
    SubscribeState,
    confirm_page,
    consent_sentence,
    manage_page,
    subscribe_page,
)
from publisher.rendering.words import languages
from subscribers import tokens
from subscribers.acts import Purpose
from subscribers.addresses import normalise
from subscribers.moving import Moved

POT = "website"
"""A field that people do not see, and programs fill in."""

Answers = Mapping[str, Sequence[str]]
Address = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Answered:
    """A whole answer: a page, or a file to keep when it has a name."""

    data: bytes
    status: HTTPStatus = HTTPStatus.OK
    file_name: str = ""


class SignUps:
    """Sign-up, confirmation and one's own data; the contract is `web.ports.SignUps`.

    Args:
        readers: the acts.
        settings: the newsletters.
        look: how a newsletter presents itself, by its slug.
        secret: signs the links on these pages.
        takes_no_mail: whether it is proven that a domain takes no mail.
        clock: the present moment.
    """

    def __init__(
        self,
        readers: Readers,
        settings: Settings,
        look: Callable[[str], Look],
        secret: bytes,
        takes_no_mail: Callable[[str], bool],
        clock: Callable[[], datetime],
    ) -> None:
        self._readers = readers
        self._settings = settings
        self._look = look
        self._secret = secret
        self._takes_no_mail = takes_no_mail
        self._clock = clock

    # --- signing up --------------------------------------------------------------------------------------------

    def subscribe_page(self, newsletter: str) -> bytes | None:
        """The form of a newsletter."""
        return self._signing_up(newsletter, "ask") if self._known(newsletter) else None

    def subscribe(self, newsletter: str, answers: Answers, network: str, origin: str) -> Answered | None:
        """Have the owner of an address asked."""
        if not self._known(newsletter):
            return None
        written = (choice(answers, "email") or "").strip()
        address = _address(written)
        if address is None:
            return Answered(self._signing_up(newsletter, "ask", email=written, problem="bad_address"))
        now = self._clock()
        sent = Answered(self._signing_up(newsletter, "sent", email=address[0]))
        if any(each.strip() for each in answers.get(POT, ())):
            return sent
        if not self._readers.may_ask(network, now):
            return self._too_many(newsletter)
        domain = address[0].rpartition("@")[2]
        if choice(answers, "sure") != domain and self._takes_no_mail(ascii_domain(domain)):
            page = self._signing_up(newsletter, "ask", email=written, domain=domain, problem="no_mail")
            return Answered(page)
        facts = {
            "language": self._language(answers),
            "text": consent_sentence(self._look(newsletter)),
            "source": source_of(origin),
        }
        asked = self._readers.sign_up(address, newsletter, network, facts, now)
        return sent if asked else self._too_many(newsletter)

    def _too_many(self, newsletter: str) -> Answered:
        return Answered(self._signing_up(newsletter, "too_many"), HTTPStatus.TOO_MANY_REQUESTS)

    def _language(self, answers: Answers) -> str:
        """The language that a form asks for, when our words are written in it."""
        said = choice(answers, "language") or ""
        return (
            said if said in dict(languages(self._look(self._settings.newsletter[0].slug).site.templates)) else ""
        )

    def _signing_up(
        self,
        newsletter: str,
        state: SubscribeState,
        *,
        email: str = "",
        domain: str = "",
        problem: AddressProblem = "",
    ) -> bytes:
        address = f"{self._settings.site.links_url}{newsletter}/subscribe"
        return subscribe_page(
            self._look(newsletter), state, address=address, email=email, domain=domain, problem=problem
        )

    # --- one click ---------------------------------------------------------------------------------------------

    def confirm_page(self, token: str) -> bytes | None:
        """What a link asks, with one button."""
        now = self._clock()
        reader = self._readers.reader(token, Purpose.CONFIRM, now)
        if reader is not None:
            return self._clicking(reader, "ask") if self._readers.confirmable(reader) else None
        reader = self._readers.reader(token, Purpose.MOVE, now)
        return None if reader is None else self._clicking(reader, "move_ask")

    def confirm(self, token: str, network: str) -> bytes | None:
        """Do what the button says; again gives the same."""
        now = self._clock()
        reader = self._readers.reader(token, Purpose.CONFIRM, now)
        if reader is not None:
            text = (
                consent_sentence(self._look(reader.act.newsletter)) if self._known(reader.act.newsletter) else ""
            )
            done = self._readers.confirm(reader, text, network, now)
            return self._clicking(reader, "done") if done else None
        reader = self._readers.reader(token, Purpose.MOVE, now)
        if reader is None:
            return None
        moved = self._readers.move(reader, network, now) in (Moved.MOVED, Moved.ALREADY)
        return self._clicking(reader, "moved" if moved else "taken", moved=moved)

    def _clicking(self, reader: Reader, state: ConfirmState, *, moved: bool = False) -> bytes:
        who, act = reader.subscriber, reader.act
        known = self._known(act.newsletter)
        look = self._look(act.newsletter if known else self._settings.newsletter[0].slug)
        version = who.link_version + moved  # a move revokes the links of before
        token = tokens.mint(self._secret, who.id, act.newsletter, version)
        return confirm_page(
            look.site,
            state,
            newsletter=look.title if known else look.site.title,
            email=act.said or who.email,
            language=who.language or look.language,
            consent=consent_sentence(look),
            preferences=f"../s/{token}",
            archive=look.url,
        )

    # --- one's own data ----------------------------------------------------------------------------------------

    def manage_page(self, token: str) -> bytes | None:
        """What can be done with one's address and data."""
        reader = self._readers.reader(token, Purpose.MANAGE, self._clock())
        return None if reader is None else self._managing(reader, "ask")

    def manage(self, token: str, answers: Answers) -> Answered | None:
        """Do what a form of the page says; anything else shows the page again."""
        reader = self._readers.reader(token, Purpose.MANAGE, self._clock())
        if reader is None:
            return None
        acts = {"move": self._move, "download": self._download, "erase": self._erase}
        act = acts.get(choice(answers, "act") or "")
        return act(reader, answers) if act else Answered(self._managing(reader, "ask"))

    def _move(self, reader: Reader, answers: Answers) -> Answered:
        written = (choice(answers, "email") or "").strip()
        address = _address(written)
        if address is None:
            return Answered(self._managing(reader, "ask", wanted=written, problem="bad_address"))
        if not self._readers.ask_move(reader, address, self._clock()):
            return Answered(self._managing(reader, "ask", wanted=written, problem="too_many"))
        return Answered(self._managing(reader, "address_sent", wanted=address[0]))

    def _download(self, reader: Reader, _answers: Answers) -> Answered:
        data = json.dumps(self._readers.data(reader), ensure_ascii=False, indent=2)
        return Answered(f"{data}\n".encode(), file_name="my-data.json")

    def _erase(self, reader: Reader, answers: Answers) -> Answered:
        if choice(answers, "sure") != "yes":
            return Answered(self._managing(reader, "ask", problem="not_sure"))
        self._readers.erase(reader, self._clock())
        return Answered(self._managing(reader, "erased"))

    def _managing(
        self, reader: Reader, state: ManageState, *, wanted: str = "", problem: ManageProblem = ""
    ) -> bytes:
        who, known = reader.subscriber, self._known(reader.act.newsletter)
        look = self._look(reader.act.newsletter if known else self._settings.newsletter[0].slug)
        language = who.language or look.language
        return manage_page(look.site, state, email=who.email, language=language, wanted=wanted, problem=problem)

    def _known(self, newsletter: str) -> bool:
        return any(each.slug == newsletter for each in self._settings.newsletter)


def _address(text: str) -> Address | None:
    """The address, when it is one that a mail's header can hold."""
    try:
        found = normalise(text)
        ascii_domain(found[0].rpartition("@")[2])
    except (SubscriberError, HeaderError):
        return None
    return found
