"""A Postfix of Debian's on 127.0.0.1, for one test: takes mail by SMTP, and bounces it as Postfix does.

Mail to people at `UNKNOWN` whom this machine does not know is taken, and comes back; whoever it knows (`KNOWN` are
some) finds theirs in a mailbox. Mail to `ARRIVING` arrives, and is forgotten. Mail to our own domain, bounces with
it, goes to the LMTP listener. Nothing leaves the machine.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

UNKNOWN = "unknown.example.net"
KNOWN = ("daemon", "games", "news")
ARRIVING = "arriving.example.net"
OURS = "news.example.org"

_DAEMONS = "/usr/lib/postfix/sbin"

_MAIN = """
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
daemon_directory = {daemons}
command_directory = /usr/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {root}/log
maillog_file_prefixes = {root}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.{ours}
mydestination = {unknown}
mail_spool_directory = {root}/spool
mynetworks = 127.0.0.0/8
relay_domains =
local_recipient_maps =
alias_maps =
alias_database =
recipient_delimiter = +
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_discard_ehlo_keywords = chunking
transport_maps = inline:{{ {{ {ours} = lmtp:inet:127.0.0.1:{lmtp} }}, {{ {arriving} = discard: }} }}
default_transport = error:nothing leaves this machine
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
"""

_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup    unix  n - n 60  1 pickup
cleanup   unix  n - n -   0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n -   - trivial-rewrite
bounce    unix  - - n -   0 bounce
defer     unix  - - n -   0 bounce
trace     unix  - - n -   0 bounce
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n -   - proxymap
smtp      unix  - - n -   - smtp
error     unix  - - n -   - error
retry     unix  - - n -   - error
discard   unix  - - n -   - discard
local     unix  - n n -   - local
lmtp      unix  - - n -   - lmtp
anvil     unix  - - n -   1 anvil
postlog   unix-dgram n - n - 1 postlogd
"""

_START_SECONDS = 30


class Postfix:
    """The server; a context manager. It starts as root alone, and gives its rights away itself.

    Args:
        lmtp_port: where mail to our own domain is handed over.
    """

    def __init__(self, lmtp_port: int) -> None:
        self._root = Path(tempfile.mkdtemp(prefix="publisher-postfix-"))
        with socket.create_server(("127.0.0.1", 0)) as found:
            self.port: int = found.getsockname()[1]
        self._lmtp_port = lmtp_port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What it has noted."""
        path = self._root / "log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def mailbox(self, user: str) -> str:
        """What has arrived for one of `KNOWN`."""
        path = self._root / "spool" / user
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def __enter__(self) -> Self:
        assert os.getuid() == 0, "Postfix starts as root alone"
        self._root.chmod(0o755)  # its daemons are other users
        for name in ("queue", "data", "etc", "spool"):
            (self._root / name).mkdir()
        (self._root / "spool").chmod(0o1777)  # its daemons write as whom the mail is for
        shutil.chown(self._root / "data", "postfix")
        self._write()
        config = str(self._root / "etc")
        subprocess.run(
            ["/usr/sbin/postfix", "-c", config, "check"], check=True, capture_output=True
        )  # makes queues
        # A session of its own: when it ends it ends its process group.
        command = [f"{_DAEMONS}/master", "-c", config, "-d"]
        self._process = subprocess.Popen(command, start_new_session=True)
        self._wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(_START_SECONDS)
            self._wait_for_daemons(self._process.pid)
        shutil.rmtree(self._root)

    @staticmethod
    def _wait_for_daemons(group: int) -> None:
        """They end a little later than their master, and write until then."""
        until = time.monotonic() + _START_SECONDS
        with suppress(ProcessLookupError):
            while time.monotonic() < until:
                os.killpg(group, 0)
                time.sleep(0.02)

    def _write(self) -> None:
        facts = {
            "root": self._root,
            "daemons": _DAEMONS,
            "ours": OURS,
            "unknown": UNKNOWN,
            "arriving": ARRIVING,
            "lmtp": self._lmtp_port,
            "port": self.port,
        }
        (self._root / "etc" / "main.cf").write_text(_MAIN.format(**facts), encoding="utf-8")
        (self._root / "etc" / "master.cf").write_text(_MASTER.format(**facts), encoding="utf-8")

    def _wait(self) -> None:
        """Until it greets: it listens before it is ready."""
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until:
            assert self._process
            assert self._process.poll() is None, f"Postfix ended: {self.log}"
            try:
                with socket.create_connection(("127.0.0.1", self.port), _START_SECONDS) as connection:
                    if connection.recv(4) == b"220 ":
                        return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"Postfix did not come up: {self.log}")
