"""The `smtp` provider: any mail server, one connection, in turns, one recipient a message (RFC 5321).

Each delivery ends in the server's own words. The body goes out without its final dot; if the connection is lost up
to there, the server cannot have taken it. Lost after the dot and before the reply, the delivery is uncertain,
unless the kernel knows that the dot never arrived (see `tcp`).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence

from publisher.config import SmtpProvider
from publisher.errors import ProviderError
from publisher.ledger import Message, Report
from publisher.providers import tcp
from publisher.providers.smtp_connect import connect, tls_context
from publisher.providers.smtp_dialogue import POLL_SECONDS, Dialogue, Lost, Reply

TRIES = 3
"""How often one message is begun, and how often a connection is tried, before it waits for a later run."""

SETBACKS = 5
"""Messages in a row without any answer, after which the server is given up for this run."""

FINAL_REPLY_SECONDS = 600.0
"""The reply to the final dot may take long (RFC 5321, 4.5.3.2.6), and giving up makes it uncertain."""

_UNSAFE = re.compile(r"[\x00-\x1f\x7f<>]")
_ABOUT_SIZE = 552


class _Unsendable(Exception):  # noqa: N818 - says what the message is
    """This server cannot be given this message, whatever we do."""


class Smtp:
    """Hands messages to a mail server.

    Args:
        settings: `[provider]`, with `ca_file` made absolute.
        pause: waits so many seconds between two attempts to connect.
        patience: seconds to wait for the reply to a complete message.
    """

    idempotent = False

    def __init__(
        self,
        settings: SmtpProvider,
        *,
        pause: Callable[[float], None] = time.sleep,
        patience: float = FINAL_REPLY_SECONDS,
    ) -> None:
        self.name = f"smtp:{settings.host}:{settings.port}"
        self._settings = settings
        self._pause = pause
        self._patience = patience
        self._timeout = settings.timeout.total_seconds()
        self._context = tls_context(settings)
        self._dialogue: Dialogue | None = None
        self._setbacks = 0

    def send(self, messages: Sequence[Message], report: Report, stop: Callable[[], bool]) -> None:
        """See `mailings.ports.Provider`.

        Raises:
            ProviderError: no connection, no login, a certificate that does not hold, a server that refuses our
                sender, or closes again and again.
        """
        for message in messages:
            if stop() or not self._deliver(message, report, stop):
                return

    def close(self) -> None:
        """Say goodbye, when there is a connection."""
        if self._dialogue is not None:
            try:
                self._dialogue.say(b"QUIT\r\n")
                self._dialogue.hear(1.0)
            except Lost:
                pass  # we are leaving anyway
            self._drop()

    # --- one message -----------------------------------------------------------------------------------------

    def _deliver(self, message: Message, report: Report, stop: Callable[[], bool]) -> bool:
        """Bring one message to an answer; False when there is none because of `stop`."""
        for _ in range(TRIES):
            dialogue = self._connected(stop)
            if dialogue is None:
                return False
            try:
                answered = self._transact(dialogue, message, report)
            except Lost as lost:  # before the message was complete
                self._drop()
                last = lost
                if stop():
                    return False
            except _Unsendable as problem:
                report.failed(message.delivery_id, None, str(problem))
                return True
            else:
                self._count(answered, "it takes no mail for now")
                return True
        report.deferred(message.delivery_id, last.code, last.text)
        self._count(False, last.text)
        return True

    def _count(self, answered: bool, text: str) -> None:
        """Give the server up for this run when it had no word about the last few messages themselves."""
        self._setbacks = 0 if answered else self._setbacks + 1
        if self._setbacks >= SETBACKS:
            self._setbacks = 0
            raise ProviderError(
                f"{self.name} has turned {SETBACKS} messages away in a row: {text}",
                remedy="Ask its operator; the next run goes on where this one stopped",
                provider=self.name,
            )

    def _transact(self, dialogue: Dialogue, message: Message, report: Report) -> bool:
        """One mail transaction; whether the server came as far as to judge the message or its recipient."""
        mail, recipient = self._envelope(dialogue, message)
        body = wire_body(message.data)
        if dialogue.interrupted():
            raise Lost("the server spoke out of turn")  # replies would answer the wrong commands from here
        reply = dialogue.ask(mail)
        if not reply.done:
            self._refuse(message, reply, report, of_sender=True)
            return False
        reply = dialogue.ask(f"RCPT TO:<{recipient}>")
        if reply.done:
            reply = dialogue.ask("DATA")
        if reply.code != 354:
            self._refuse(message, reply, report)
            self._reset(dialogue)
            return True
        report.begun(message.delivery_id)
        try:
            dialogue.say(body)
            if dialogue.interrupted():
                self._turned_away(dialogue.hear(), message, report)
                return True
            before_dot = tcp.written(dialogue.socket)
            dialogue.say(b".\r\n")
        except Lost as lost:
            report.returned(message.delivery_id, lost.text)
            raise
        self._conclude(dialogue, message, report, before_dot)
        return True

    def _turned_away(self, reply: Reply, message: Message, report: Report) -> None:
        """A reply in the middle of the body: without the dot nothing can have been taken."""
        self._refuse(message, reply, report)
        self._drop()

    def _conclude(self, dialogue: Dialogue, message: Message, report: Report, before_dot: int | None) -> None:
        """The dot is out: hear what became of the message."""
        try:
            reply = dialogue.hear(self._patience)
        except Lost as lost:
            if lost.code == 421:
                self._drop()
                report.deferred(message.delivery_id, lost.code, lost.text)
                return
            if lost.closed and before_dot is not None and _had_no_dot(dialogue, before_dot):
                report.returned(message.delivery_id, lost.text)
                raise
            self._drop()
            report.uncertain(message.delivery_id, f"no reply to the complete message: {lost.text}")
            return
        if reply.done:
            report.accepted(message.delivery_id, reply.code, reply.text)
        elif reply.refused or reply.refused_for_now:
            self._refuse(message, reply, report)
        else:
            self._drop()
            report.uncertain(message.delivery_id, f"no verdict on the complete message: {reply}")

    def _refuse(self, message: Message, reply: Reply, report: Report, *, of_sender: bool = False) -> None:
        """Report a refusal in the server's words. One of our own address stops the run: it would fail everybody.

        Raises:
            ProviderError: our address is refused for good.
            Lost: it is no refusal.
        """
        if reply.refused_for_now:
            report.deferred(message.delivery_id, reply.code, reply.text)
        elif not reply.refused:
            raise Lost(f"the server's reply makes no sense here: {reply}")
        elif of_sender and reply.code != _ABOUT_SIZE:
            self._drop()
            raise ProviderError(
                f"{self.name} refuses mail from {message.envelope_from}: {reply}",
                remedy="Mend `from` or `envelope_from` of the newsletter, or the login in [provider]",
                provider=self.name,
                permanent=True,
            )
        else:
            report.failed(message.delivery_id, reply.code, reply.text)

    def _reset(self, dialogue: Dialogue) -> None:
        """After a refused recipient: forget the envelope. A server that cannot is left."""
        try:
            if dialogue.ask("RSET").done:
                return
        except Lost:
            pass  # the next message connects anew
        self._drop()

    def _envelope(self, dialogue: Dialogue, message: Message) -> tuple[str, str]:
        """The MAIL command with what the extensions ask for, and the recipient as it goes on the wire."""
        features = dialogue.features
        sender, recipient = wire_address(message.envelope_from), wire_address(message.recipient)
        options = []
        if "SIZE" in features:
            limit = features["SIZE"]
            if limit.isdecimal() and 0 < int(limit) < len(message.data):
                raise _Unsendable(f"too big: {len(message.data)} bytes, and the server takes {limit} (SIZE)")
            options.append(f"SIZE={len(message.data)}")
        if not message.data.isascii():
            if "8BITMIME" not in features:
                raise _Unsendable("has 8-bit text, and the server offers no 8BITMIME")
            options.append("BODY=8BITMIME")
        head = message.data.partition(b"\r\n\r\n")[0]
        if not (sender.isascii() and recipient.isascii() and head.isascii()):
            if "SMTPUTF8" not in features:
                raise _Unsendable("the address needs SMTPUTF8, and the server does not offer it")
            options.append("SMTPUTF8")
        return " ".join([f"MAIL FROM:<{sender}>", *options]), recipient

    # --- the connection --------------------------------------------------------------------------------------

    def _connected(self, stop: Callable[[], bool]) -> Dialogue | None:
        """The connection, made anew when there is none; None when it is time to stop first."""
        for attempt in range(TRIES):
            if self._dialogue is not None:
                return self._dialogue
            if attempt and not self._wait(2.0**attempt, stop):
                return None
            try:
                self._dialogue = connect(self._settings, self._context, stop)
            except (Lost, OSError) as error:
                last: Exception = error
        if self._dialogue is not None:
            return self._dialogue
        raise ProviderError(
            f"{self.name} cannot be reached: {last}",
            remedy="Look at host, port and security in [provider], and whether the server is up",
            provider=self.name,
        ) from last

    def _wait(self, seconds: float, stop: Callable[[], bool]) -> bool:
        while seconds > 0:
            if stop():
                return False
            self._pause(min(POLL_SECONDS, seconds))
            seconds -= POLL_SECONDS
        return True

    def _drop(self) -> None:
        if self._dialogue is not None:
            self._dialogue.close()
            self._dialogue = None


def wire_body(data: bytes) -> bytes:
    """A message as it follows DATA, without the final dot: leading dots doubled, a line break at its end.

    Raises:
        _Unsendable: a CR or LF stands alone; what a server makes of that is anybody's guess.
    """
    lines = data.count(b"\r\n")
    if data.count(b"\n") != lines or data.count(b"\r") != lines:
        raise _Unsendable("cannot be sent: a line break in it is not CR LF")
    body = data.replace(b"\r\n.", b"\r\n..")
    if body.startswith(b"."):
        body = b"." + body
    return body if body.endswith(b"\r\n") else body + b"\r\n"


def wire_address(address: str) -> str:
    """An address, when it can stand in a command.

    Raises:
        _Unsendable: it would break out of it.
    """
    if _UNSAFE.search(address):
        raise _Unsendable("the address has a character that no address may have")
    return address


def _had_no_dot(dialogue: Dialogue, before_dot: int) -> bool:
    acknowledged = tcp.acknowledged(dialogue.socket)
    return acknowledged is not None and acknowledged <= before_dot
