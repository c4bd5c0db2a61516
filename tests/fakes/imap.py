"""A mailbox on 127.0.0.1 that speaks as much IMAP as our client asks for, and goes wrong by script."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from tests.fakes.listening import Listening

CLOSE = "close"
"""In place of an answer."""


@dataclass
class Stored:
    """One mail of the folder."""

    uid: int
    data: bytes = field(repr=False)
    flags: set[str] = field(default_factory=set)


class FakeImap(Listening):
    """The server; a context manager. Commands with `refused` in them get a NO; "FETCH:close" hangs up instead."""

    def __init__(
        self, mails: Sequence[bytes], *, capabilities: str = "IMAP4rev1 UIDPLUS AUTH=PLAIN", refused: str = ""
    ) -> None:
        super().__init__()
        self.mails = [Stored(number, data) for number, data in enumerate(mails, 1)]
        self.commands: list[str] = []
        self.capabilities = capabilities
        self.refuses_login = False
        self.refused, _, self._act = refused.partition(":")

    @property
    def unseen(self) -> list[int]:
        """The uids of new mails."""
        return [mail.uid for mail in self.mails if "\\Seen" not in mail.flags]

    def _serve(self, connection: socket.socket) -> None:
        lines = connection.makefile("rb")
        try:
            connection.sendall(b"* OK ready\r\n")
            while line := lines.readline():
                if not self._answer(connection, lines, line.decode("ascii", "replace").strip()):
                    break
        except OSError:
            pass  # the client went
        finally:
            self._open.discard(connection)
            lines.close()
            connection.close()

    def _answer(self, connection: socket.socket, lines: BinaryIO, line: str) -> bool:
        tag, _, command = line.partition(" ")
        self.commands.append(command)
        if self.refused and self.refused in command:
            if self._act == CLOSE:
                return False
            # Some servers repeat what they were told.
            connection.sendall(f"{tag} NO not {command}\r\n".encode())
            return True
        if command.startswith("AUTHENTICATE"):
            connection.sendall(b"+ \r\n")
            self.commands.append(lines.readline().decode("ascii").strip())
            if self.refuses_login:
                connection.sendall(f"{tag} NO not {self.commands[-1]}\r\n".encode())
                return True
        said = b"".join(b"* %b\r\n" % each for each in self._said(command))
        connection.sendall(said + f"{tag} OK done\r\n".encode())
        return command != "LOGOUT"

    def _said(self, command: str) -> list[bytes]:
        verb = " ".join(command.split()[:2]) if command.startswith("UID") else command.partition(" ")[0]
        if verb == "CAPABILITY":
            return [f"CAPABILITY {self.capabilities}".encode()]
        if verb == "SELECT":
            return [b"%d EXISTS" % len(self.mails)]
        if verb == "UID SEARCH":
            return [" ".join(["SEARCH", *map(str, self.unseen)]).encode()]
        if verb == "UID FETCH":
            return [self._fetched(mail, command) for mail in self._named(command)]
        if verb == "UID STORE":
            for mail in self._named(command):
                mail.flags |= set(re.findall(r"\\\w+", command))
        if verb in ("UID EXPUNGE", "EXPUNGE"):
            self.mails = [mail for mail in self.mails if "\\Deleted" not in mail.flags]
        return []

    def _named(self, command: str) -> list[Stored]:
        uids = set(map(int, command.split()[2].split(",")))
        return [mail for mail in self.mails if mail.uid in uids]

    def _fetched(self, mail: Stored, command: str) -> bytes:
        most = re.search(r"<0\.(\d+)>", command)
        assert most
        data = mail.data[: int(most[1])]
        return b"%d FETCH (UID %d BODY[]<0> {%d}\r\n%b)" % (mail.uid, mail.uid, len(data), data)
