"""One connection and the messages it carries: who is begun, what the server said, and what a loss means for whom.

With PIPELINING (RFC 2920) the final dot of a message and the envelope of the next leave in one write, so that a
message costs one round trip. The body of a message never leaves before the one before it has its answer: a killed
process leaves one message a connection in doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from publisher.errors import ProviderError
from publisher.ledger import Message
from publisher.providers.smtp_connect import Connection
from publisher.providers.smtp_envelope import Envelope, Unsendable, envelope, wire_body
from publisher.providers.smtp_queue import Queue, Task
from publisher.providers.smtp_replies import Lost, Reply

_ABOUT_SIZE = 552

_SHORT = 131_072
"""Octets that a system takes at once, as good as always."""


class _Over(Exception):  # noqa: N818 - what happened: the message has its last word, the connection is done
    pass


@dataclass(frozen=True, slots=True)
class _Load:
    """A message as this server is given it. `ahead`: its envelope is on its way already."""

    task: Task
    envelope: Envelope
    body: Sequence[bytes]
    ahead: bool = False

    @property
    def message(self) -> Message:
        return self.task.message


class Channel:
    """A connection that is open and ready.

    Args:
        connection: belongs to the channel now.
        provider: its name, for errors.
        timeout: seconds to wait for a reply to a command.
        patience: seconds to wait for the reply to a complete message.
        pipelining: whether to use it where it is offered.
        most: messages to carry before it is time for a new connection; 0: any number.
    """

    def __init__(
        self,
        connection: Connection,
        provider: str,
        *,
        timeout: float,
        patience: float,
        pipelining: bool,
        most: int = 0,
    ) -> None:
        self.wire = connection.wire
        self.pipelining = pipelining and "PIPELINING" in connection.features
        self.broke_in_group = False
        """The connection was lost in a group of commands, and not by an orderly close: pipelining may be why."""
        self._features = connection.features
        self._provider = provider
        self._timeout = timeout
        self._patience = patience
        self._most = most
        self.carried = 0
        """Messages begun over it."""
        self._between = True

    @property
    def usable(self) -> bool:
        """Whether the next message may go this way: between two transactions, and the server is silent."""
        return self._between and self.wire.silent and not self._full

    async def carry(self, queue: Queue) -> None:
        """Messages from the queue until there are none, or the connection is done.

        Raises:
            ProviderError: the server refuses us, not one of our messages.
        """
        load = self._next(queue)
        try:
            while load is not None:
                load = await self._transact(load, queue)
        except _Over:
            pass

    async def alive(self) -> bool:
        """Whether a connection that was idle still answers."""
        self._between = False
        try:
            self._between = (await self._ask(b"NOOP")).done
        except Lost:
            return False
        return self._between

    async def quit(self) -> None:
        """Say goodbye, and wait for the answer."""
        if self._between and self.wire.silent:
            self.wire.say(b"QUIT\r\n")
            with suppress(Lost):  # we are leaving anyway
                await self.wire.hear(self._timeout)

    def leave(self) -> None:
        """Leave without waiting; politely, when nothing is open."""
        if self._between and self.wire.silent:
            self.wire.say(b"QUIT\r\n")
        self.wire.close()

    # --- one message -----------------------------------------------------------------------------------------

    @property
    def _full(self) -> bool:
        return 0 < self._most <= self.carried

    def _next(self, queue: Queue) -> _Load | None:
        """The next message that this server can be given at all; the others fail here."""
        while not self._full and (task := queue.take()) is not None:
            try:
                return _Load(task, envelope(task.message, self._features), wire_body(task.message))
            except Unsendable as problem:
                queue.report.failed(task.message.delivery_id, None, str(problem))
        return None

    async def _transact(self, load: _Load, queue: Queue) -> _Load | None:
        """One mail transaction; gives the next message."""
        try:
            return await self._attempt(load, queue)
        except Lost as lost:
            self.broke_in_group = self.pipelining and not lost.closed and lost.code is None
            self.wire.close()
            queue.lost(load.task, lost)
            raise _Over from lost

    async def _attempt(self, load: _Load, queue: Queue) -> _Load | None:
        """Raises Lost when the message has no last word."""
        self._between = False
        refusal = await self._present(load)
        if refusal is not None:
            await self._refused(load, *refusal, queue)
            return self._next(queue)
        await self._require_silence(load, queue)
        self.carried += 1
        following = self._ahead(load, queue)  # before anything is begun: it may take a transaction, and fail
        try:
            queue.report.begun(load.message.delivery_id)
            dot = self.wire.say_body(load.body, following.envelope.group if following is not None else b"")
            await self._conclude(load, queue, dot)
            if following is not None and queue.over():
                raise _Over  # its envelope is out, its body never will be
        except BaseException:
            if following is not None:
                queue.put_back(following.task)
            raise
        self._between = following is None
        return following or self._next(queue)

    def _ahead(self, load: _Load, queue: Queue) -> _Load | None:
        """With pipelining, the message whose envelope leaves on the heels of this one's dot."""
        # Nothing follows a long body: as long as its end is still here, it is proven that nobody has read it.
        if not self.pipelining or sum(map(len, load.body)) > _SHORT:
            return None
        following = self._next(queue)
        return following and _Load(following.task, following.envelope, following.body, ahead=True)

    async def _present(self, load: _Load) -> tuple[Reply, bool] | None:
        """The envelope and DATA; the refusal if there is one, and whether it was of our own address."""
        return await (self._present_group(load) if self.pipelining else self._present_in_turns(load.envelope))

    async def _present_in_turns(self, commands: Envelope) -> tuple[Reply, bool] | None:
        for command in (commands.mail, commands.recipient, b"DATA"):
            reply = await self._ask(command)
            if not (reply.code == 354 if command == b"DATA" else reply.done):
                return reply, command is commands.mail
        return None

    async def _present_group(self, load: _Load) -> tuple[Reply, bool] | None:
        if not load.ahead:
            self._require_quiet()
            self.wire.say(load.envelope.group)
        mail, recipient, data = [await self.wire.hear(self._timeout) for _ in range(3)]
        if mail.done and recipient.done and data.code == 354:
            return None
        if data.code == 354 and recipient.done:
            self.wire.close()  # an empty message would go to the recipient, whatever it thinks of the sender
        elif data.code == 354:  # though nobody is to get it: nothing is what it gets (RFC 2920, 3.1)
            self.wire.say(b".\r\n")
            await self.wire.hear(self._timeout)
        if not mail.done:
            return mail, True
        return (data if recipient.done else recipient), False

    async def _require_silence(self, load: _Load, queue: Queue) -> None:
        """A server that goes on after 354 does not wait for the body: it has refused it, or counts otherwise."""
        if self.wire.lost is not None:
            raise self.wire.lost
        if self.wire.silent:
            return
        reply = await self.wire.hear(self._timeout)
        self.broke_in_group = self.pipelining
        self.wire.close()
        self._refuse(load.message, reply, queue)
        queue.answered()
        raise _Over

    async def _conclude(self, load: _Load, queue: Queue, dot: int | None) -> None:
        """The message is out: hear what became of it."""
        message, report = load.message, queue.report
        try:
            reply = await self.wire.hear(self._patience)
        except Lost as lost:
            if lost.code is None and self.wire.proves_unread(dot):
                report.returned(message.delivery_id, lost.text)
                raise
            if lost.code == 421:
                report.deferred(message.delivery_id, lost.code, lost.text)
            else:
                report.uncertain(message.delivery_id, f"no reply to the complete message: {lost.text}")
            self.wire.close()
            raise _Over from lost
        if reply.done:
            report.accepted(message.delivery_id, reply.code, reply.text)
        elif reply.refused or reply.refused_for_now:
            self._refuse(message, reply, queue)
        else:
            self.wire.close()
            report.uncertain(message.delivery_id, f"no verdict on the complete message: {reply}")
            raise _Over
        queue.answered()

    async def _refused(self, load: _Load, reply: Reply, of_sender: bool, queue: Queue) -> None:
        """The envelope was refused: say whose fault it is, and forget it."""
        self._refuse(load.message, reply, queue, of_sender=of_sender)
        if of_sender:
            queue.setback(str(reply))
        else:
            queue.answered()
        try:
            self._between = (await self._ask(b"RSET")).done
        except Lost as lost:
            raise _Over from lost
        if not self._between:
            self.wire.close()
            raise _Over

    def _refuse(self, message: Message, reply: Reply, queue: Queue, *, of_sender: bool = False) -> None:
        """Report a refusal in the server's words. One of our own address stops the run: it would fail everybody.

        Raises:
            ProviderError: our address is refused for good.
            Lost: it is no refusal.
        """
        if reply.refused_for_now:
            queue.report.deferred(message.delivery_id, reply.code, reply.text)
        elif not reply.refused:
            raise Lost(f"the server's reply makes no sense here: {reply}")
        elif of_sender and reply.code != _ABOUT_SIZE:
            raise ProviderError(
                f"{self._provider} refuses mail from {message.envelope_from}: {reply}",
                remedy="Mend `from` or `envelope_from` of the newsletter, or the login in [provider]",
                provider=self._provider,
                permanent=True,
            )
        else:
            queue.report.failed(message.delivery_id, reply.code, reply.text)

    async def _ask(self, command: bytes) -> Reply:
        self._require_quiet()
        self.wire.say(command + b"\r\n")
        return await self.wire.hear(self._timeout)

    def _require_quiet(self) -> None:
        """Replies out of turn would answer the wrong commands from here on."""
        if not self.wire.silent:
            raise self.wire.lost or Lost("the server spoke out of turn")
