"""A Dovecot of Debian's on 127.0.0.1, for one test: one mailbox, by IMAP, with TLS."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

USER = "bounces"
PASSWORD = 'correct "horse" / battery'
CERTIFICATE = Path(__file__).parent / "certificates" / "press.pem"

_CONFIG = """
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/log
protocols = imap
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{certificate}
disable_plaintext_auth = no
auth_mechanisms = plain
mail_location = maildir:{root}/mail
first_valid_uid = 1
{users}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {root}/passwd
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}
}}
"""

_START_SECONDS = 30


class Dovecot:
    """The server; a context manager. As root it gives its rights away; anybody else runs it as themselves."""

    def __init__(self) -> None:
        self._root = Path(tempfile.mkdtemp(prefix="publisher-dovecot-"))
        self.port, self.tls_port = _free_port(), _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def new(self) -> int:
        """How many mails nobody has seen."""
        return sum(not path.name.endswith("S") for path in self._mails())

    @property
    def kept(self) -> int:
        """How many there are."""
        return len(self._mails())

    def _mails(self) -> list[Path]:
        return [path for folder in ("new", "cur") for path in (self._root / "mail" / folder).iterdir()]

    def deliver(self, *mails: bytes) -> None:
        """Put mails into the mailbox, as a delivery does."""
        for number, data in enumerate(mails, self.kept):
            path = self._root / "mail" / "new" / f"{1_700_000_000 + number}.M{number}.mail"
            path.write_bytes(data)
            self._own(path)

    def __enter__(self) -> Self:
        self._root.chmod(0o755)
        for name in ("mail", "mail/new", "mail/cur", "mail/tmp"):
            (self._root / name).mkdir()
            self._own(self._root / name)
        self._own(self._root)
        (self._root / "passwd").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n", encoding="utf-8")
        config = self._root / "dovecot.conf"
        config.write_text(self._config(), encoding="utf-8")
        self._process = subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", str(config)], stderr=subprocess.DEVNULL)
        self._wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(_START_SECONDS)
        shutil.rmtree(self._root)

    def _config(self) -> str:
        root = os.getuid() == 0
        name, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
        me = f"default_internal_user = {name}\ndefault_internal_group = {group}\ndefault_login_user = {name}"
        return _CONFIG.format(
            root=self._root,
            certificate=CERTIFICATE,
            users="" if root else me,
            port=self.port,
            tls_port=self.tls_port,
            uid="nobody" if root else os.getuid(),
            gid="nogroup" if root else os.getgid(),
        )

    @staticmethod
    def _own(path: Path) -> None:
        if os.getuid() == 0:
            shutil.chown(path, "nobody", "nogroup")

    def _wait(self) -> None:
        """Until it greets."""
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until:
            assert self._process
            assert self._process.poll() is None, f"Dovecot ended: {(self._root / 'log').read_text()}"
            try:
                with socket.create_connection(("127.0.0.1", self.port), _START_SECONDS) as connection:
                    if connection.recv(4) == b"* OK":
                        return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("Dovecot did not come up")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port
