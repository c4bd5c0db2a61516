"""A whole instance in a folder, driven through the real command line in processes of its own."""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from publisher.app import App, open_app
from publisher.cli import main
from publisher.cli.commands import tree

FORKS_BADLY = 'kind = "s3"'
"""In config.toml. The library for it runs threads: what is forked from a process that has them waits for ever."""

KILLING = Path(__file__).parent / "crash" / "killing"

CONFIG = """
[site]
title = "The Example Gazette"
url = "https://news.example.org/"

[[newsletter]]
slug = "daily"
title = "The Example Daily"
from = "The Example Daily <daily@news.example.org>"
postal_address = "1 Quay Street, Exampleton"
{newsletter}
[storage]
url = "{database}"

[sending]
{sending}
[provider]
{provider}
[[endpoint]]
kind = "directory"
"""

DIGEST = """{date}
{title}

The lead says what happened, once.

News

  • One thing happened at https://example.org/one.
  • Another did not.
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended; a negative code is the signal that killed it."""

    code: int
    out: str
    err: str


@dataclass
class Instance:
    """An instance below `root`.

    Args:
        root: its folder.
        database: [storage] url.
        provider: the lines of [provider].
        newsletter: more lines of [[newsletter]].
        sending: the lines of [sending].
    """

    root: Path
    database: str = "sqlite:///var/publisher.db"
    provider: str = 'kind = "maildir"\n'
    newsletter: str = ""
    sending: str = "senders = 1\n"
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.root / "digests").mkdir(parents=True, exist_ok=True)
        self.configure()

    def configure(self) -> None:
        """Write config.toml from the fields."""
        text = CONFIG.format(
            database=self.database, provider=self.provider, newsletter=self.newsletter, sending=self.sending
        )
        self.config.write_text(text, encoding="utf-8")

    def copied(self, root: Path) -> Instance:
        """The same instance in another folder, as it stands: for tests that go on from one morning."""
        shutil.copytree(self.root, root)
        return replace(self, root=root)

    @property
    def config(self) -> Path:
        """The configuration."""
        return self.root / "config.toml"

    @property
    def outbox(self) -> Path:
        """The Maildir."""
        return self.root / "var" / "outbox"

    @property
    def site(self) -> Path:
        """The folder of pages and feeds."""
        return self.root / "var" / "site"

    def put(self, name: str, content: str | bytes) -> Path:
        """A file in the inbox that has not changed for a while."""
        path = self.root / "digests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(path, (1_700_000_000, 1_700_000_000))
        return path

    def digest(self, day: str, title: str = "") -> Path:
        """A small digest of a day, `2024-11-21`."""
        return self.put(f"news-{day}.txt", DIGEST.format(date=day, title=title or f"News of {day}"))

    def subscribe(self, *addresses: str) -> None:
        """Confirmed subscribers."""
        path = self.root / "subscribers.csv"
        path.write_text("email\n" + "\n".join(addresses) + "\n", encoding="utf-8")
        ended = self("subscriber", "import", str(path), "--newsletter", "daily", "--confirmed")
        assert ended.code == 0, ended

    def __call__(self, *words: str, kill: str = "", after: float | None = None) -> Ended:
        """Run a command to its end in a forked process.

        Args:
            words: the command, without --config.
            kill: a kill point, see `crash/killing/killpoint.py`.
            after: kill -9 it so many seconds after it began.
        """
        return self.wait(self.start(*words, kill=kill), after)

    def start(self, *words: str, kill: str = "", afresh: bool = False) -> int:
        """Begin a command; gives its process id.

        `afresh`: in a process that is not forked from this one, for tests that look at its memory.
        """
        if afresh or FORKS_BADLY in self.config.read_text(encoding="utf-8"):
            return self._spawned(*words)
        out, err = (self.root / f"{name}.log" for name in ("out", "err"))
        load()
        pid = os.fork()
        if pid:
            return pid
        # The child: as `publisher` would be, but for the seconds that importing takes.
        code = 70
        try:
            os.setpgid(0, 0)
            for path, number in ((out, 1), (err, 2)):
                os.dup2(
                    os.open(path.with_suffix(f".{os.getpid()}"), os.O_CREAT | os.O_WRONLY | os.O_TRUNC), number
                )
            sys.stdout = os.fdopen(1, "w", closefd=False)
            sys.stderr = os.fdopen(2, "w", closefd=False)
            os.environ.update(self.environment)
            if kill:
                self._arm(kill)
            main(["--config", str(self.config), *words])
            code = 0
        except SystemExit as exit_:
            code = exit_.code if isinstance(exit_.code, int) else 1
        except BaseException:  # noqa: BLE001 - a forked child must never return into pytest
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _spawned(self, *words: str) -> int:
        """The same in a process that was not forked."""
        paths = [self.root / f"{name}.new" for name in ("out", "err")]
        flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC
        files = [(os.POSIX_SPAWN_OPEN, number, path, flags, 0o600) for number, path in enumerate(paths, 1)]
        command = [sys.executable, "-m", "publisher", "--config", str(self.config), *words]
        pid = os.posix_spawn(sys.executable, command, {**os.environ, **self.environment}, file_actions=files)
        for path in paths:
            path.rename(path.with_suffix(f".{pid}"))  # once it is begun: opened it is before posix_spawn returns
        return pid

    def wait(self, pid: int, after: float | None = None) -> Ended:
        """Wait for a command that `start` began, or kill it after so many seconds."""
        if after is not None:
            with _alarm(after, lambda: os.kill(pid, signal.SIGKILL)):
                _, status = os.waitpid(pid, 0)
        else:
            _, status = os.waitpid(pid, 0)
        texts = [(self.root / f"{name}.{pid}").read_text(errors="replace") for name in ("out", "err")]
        return Ended(os.waitstatus_to_exitcode(status), *texts)

    @contextmanager
    def opened(self) -> Any:
        """The instance, opened in this process."""
        app: App = open_app(self.config)
        try:
            yield app
        finally:
            app.close()

    def mails(self) -> list[EmailMessage]:
        """Every mail in the Maildir."""
        parser = BytesParser(policy=policy.default)
        files = [path for folder in ("new", "cur") for path in sorted((self.outbox / folder).glob("*"))]
        return [parser.parsebytes(path.read_bytes()) for path in files]

    def public_bytes(self) -> dict[str, bytes]:
        """Every document at the endpoint."""
        files = (path for path in self.site.rglob("*") if path.is_file())
        return {path.relative_to(self.site).as_posix(): path.read_bytes() for path in files}

    def _arm(self, kill: str) -> None:
        os.environ["PUBLISHER_KILL"] = kill
        os.environ["PUBLISHER_KILL_MARK"] = str(self.root / "killed")
        os.environ["PYTHONPATH"] = os.pathsep.join([str(KILLING), os.environ.get("PYTHONPATH", "")]).rstrip(
            os.pathsep
        )
        sys.path.insert(0, str(KILLING))
        importlib.import_module("killpoint").arm()


@cache
def load() -> None:
    """Load what a command would load, and render once: what is forked from here on begins with all of it.

    A forked child would otherwise spend most of a second on it, for each command anew.
    """
    tree()
    importlib.import_module("publisher.publishing.outside")
    with TemporaryDirectory() as folder:
        instance = Instance(Path(folder))
        with instance.opened() as app:
            app.rehearse(app.settings.newsletter[0], ask=False)


@contextmanager
def _alarm(seconds: float, act: Callable[[], None]) -> Any:
    before = signal.signal(signal.SIGALRM, lambda *_: act())
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
