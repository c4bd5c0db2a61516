"""A mailing by the real `publisher run` and its senders, all of them killed with -9 at random moments.

The publisher is a process group: `run`, which is forked from here (that spares it the imports), and the senders
that it starts by command line. Whatever is killed, what remains has to bring the mailing to its end.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import func, select

from publisher.storage.database import connect
from publisher.storage.tables import batches, deliveries, mailings, senders
from subscribers.tables import subscribers
from tests.crash import processes
from tests.crash.processes import Victim
from tests.crash.verdict import Book, Left
from tests.instance import Instance

LIFE = 0.4
"""Seconds of sending between two kills, on average; the mail server keeps the pace for it."""

ANY_MOMENT = 0.15
"""Kills that come whatever is going on, and not while mails leave."""

LAST_WORDS = 10.0
"""Seconds within which senders have to be gone when their parent is."""

PATIENCE = 60.0
"""Seconds after which something that should happen will not."""

LAST_RUNS = 30
"""How often the publisher is started to bring the mailing to its end, or to the next kill."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to happen; `connections` are those of each sender."""

    mails: int = 20_000
    kills: int = 100
    seed: int = 1
    senders: int = 2
    connections: int = 5

    @property
    def everybody(self) -> list[str]:
        """Who is to be mailed."""
        return [f"reader{number}@example.org" for number in range(1, self.mails + 1)]


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill: what, the senders that died in it, and how long others took to end by themselves."""

    what: str
    victims: tuple[Victim, ...] = ()
    lingered: float = 0.0
    remark: str = ""


class StuckError(Exception):
    """The mailing does not go on, or is over before its time."""


class MailServer:
    """The counting server's process.

    Args:
        book: the file that it writes.
        seed: of its bad moments.
    """

    def __init__(self, book: Path, seed: int) -> None:
        self._book = book
        command = [sys.executable, "-m", "tests.crash.counting", str(book), str(seed)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def pace(self, seconds: float) -> None:
        """Take so long over each message from now on, on average."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{seconds}\n")
        self._process.stdin.flush()

    @property
    def written(self) -> int:
        """The size of the book."""
        return self._book.stat().st_size

    @property
    def book(self) -> Book:
        """What stands in it."""
        return Book.read(self._book.read_text(encoding="utf-8"))


class Campaign:
    """One mailing and its kills.

    Args:
        plan: what is to happen.
        root: a folder for the instance.
        database: [storage] url.
        server: where the mail goes.
        tell: gets a line for each kill.
    """

    def __init__(
        self, plan: Plan, root: Path, database: str, server: MailServer, tell: Callable[[str], object]
    ) -> None:
        self.kills: list[Kill] = []
        self._plan, self._server, self._tell = plan, server, tell
        self._database = database
        self._chance = random.Random(plan.seed)
        self._run: int | None = None
        self._groups: list[int] = []
        self._aim = 0.05
        self._acts: dict[str, tuple[int, Callable[[], Kill | None]]] = {
            "one sender": (35, self._one_sender),
            "all senders": (15, self._all_senders),
            "parent": (25, self._parent),
            "parent and senders": (25, self._everything),
        }
        self._instance = Instance(
            root,
            database=database,
            provider=f'kind = "smtp"\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n'
            f"connections = {plan.connections}\n",
            sending=f'senders = {plan.senders}\nretry_after = "1 s"\n',
        )
        self._journals = root / "var" / "journal"

    def go(self) -> Left:
        """Kill as often as planned, then let the mailing come to its end; gives what it left behind.

        Raises:
            StuckError: it does not get there.
        """
        self._instance.digest("2024-11-21")
        self._instance.subscribe(*self._plan.everybody)
        try:
            for number in range(1, self._plan.kills + 1):
                self._keep_pace(number)
                kill = self._next_kill()
                self.kills.append(kill)
                self._tell(self._line(number, kill))
            self._server.pace(0)
            return self._finish()
        finally:
            self._end_everything()

    @property
    def dead(self) -> list[Victim]:
        """Every sender that was killed."""
        return [victim for kill in self.kills for victim in kill.victims]

    # --- kills -----------------------------------------------------------------------------------------------

    def _next_kill(self) -> Kill:
        for _ in range(LAST_RUNS):
            if not self._runs() and self._orphaned and self._chance.random() < 0.5:
                return self._in_rescue()
            self._start()
            weights = [weight for weight, _ in self._acts.values()]
            (_, act) = self._chance.choices(list(self._acts.values()), weights)[0]
            self._wait_for_the_moment()
            if self._runs() and (kill := act()) is not None:
                return kill
        raise StuckError(f"{LAST_RUNS} runs in a row have ended by themselves")

    def _one_sender(self) -> Kill | None:
        found = self._senders()
        return Kill("one sender", self._kill([self._chance.choice(found)])) if found else None

    def _all_senders(self) -> Kill | None:
        found = self._senders()
        return Kill("all senders", self._kill(found)) if found else None

    def _parent(self) -> Kill:
        """The parent alone: its senders have to see it, settle and go, a new parent beside them or not."""
        leader, orphans = self._kill_run(), self._senders()
        began = time.monotonic()
        victims: tuple[Victim, ...] = ()
        chance, remark = self._chance.random(), ""
        if chance < 0.5:
            self._start()
            remark = "a new parent at once"
        elif chance < 0.75 and orphans:
            time.sleep(self._chance.uniform(0, 0.05))
            victims = self._kill([self._chance.choice(orphans)])
            remark = "an orphan with it"
        self._until(lambda: not processes.group(leader), LAST_WORDS, "senders outlive their parent")
        return Kill("parent", victims, time.monotonic() - began if orphans else 0.0, remark)

    def _everything(self) -> Kill:
        found = self._senders()
        self._kill_run()
        return Kill("parent and senders", self._kill(found))

    def _in_rescue(self) -> Kill:
        """A new parent, while it settles what the last kill left. The aim is taken from the shots before."""
        before = len(self._orphaned)
        self._start()
        time.sleep(self._aim * self._chance.uniform(0.6, 1.4))
        left = len(self._orphaned)
        leader = self._kill_run()
        victims = self._kill(processes.group(leader))
        self._aim *= 1.15 if left else 0.8
        return Kill("parent in rescue", victims, remark=f"{left} of {before} journals were left")

    def _kill(self, pids: list[int]) -> tuple[Victim, ...]:
        return processes.kill_all(pids, self._server.port, self._journals)

    def _kill_run(self) -> int:
        """Kill the parent; gives its id, which is that of its group."""
        leader, self._run = self._run, None
        assert leader is not None
        os.kill(leader, signal.SIGKILL)
        os.waitpid(leader, 0)
        return leader

    # --- what goes on ----------------------------------------------------------------------------------------

    @property
    def _orphaned(self) -> list[Path]:
        """Journals; of the dead, when nothing runs."""
        return list(self._journals.iterdir()) if self._journals.exists() else []

    def _start(self) -> None:
        if not self._runs():
            self._run = self._instance.start("run")
            self._groups.append(self._run)

    def _runs(self) -> bool:
        """Whether there is a parent; one that ended by itself is reaped."""
        if self._run is not None and os.waitpid(self._run, os.WNOHANG)[0]:
            self._run = None
        return self._run is not None

    def _senders(self) -> list[int]:
        return processes.group(self._groups[-1])

    def _wait_for_the_moment(self) -> None:
        if self._chance.random() < ANY_MOMENT:
            time.sleep(self._chance.uniform(0, 3 * LIFE))
            return
        written = self._server.written
        self._until(lambda: self._server.written > written or not self._runs(), PATIENCE, "no mail leaves")
        time.sleep(self._chance.uniform(0, 2 * LIFE))

    def _keep_pace(self, number: int) -> None:
        """Make what is left of the mails last for what is left of the kills."""
        mails = self._plan.mails - len(self._server.book.taken) - self._plan.mails // 20
        if mails < 0:
            raise StuckError(f"the mails do not last for {self._plan.kills} kills, but for {number}")
        at_once = self._plan.senders * self._plan.connections
        self._server.pace(at_once * LIFE * (self._plan.kills - number + 1) / (mails + 1))

    def _finish(self) -> Left:
        """Runs until nothing is left to do: what was refused for now comes due between them."""
        for _ in range(LAST_RUNS):
            self._start()
            self._until(lambda: not self._runs(), 5 * PATIENCE, "the last run does not end")
            left = self._left()
            if not left.counts.keys() & {"pending", "sending", "deferred"}:
                return left
            time.sleep(0.2)
        raise StuckError(f"{LAST_RUNS} runs do not bring it to its end: {dict(left.counts)}")

    def _until(self, condition: Callable[[], bool], seconds: float, otherwise: str) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise StuckError(f"{otherwise} (waited {seconds:.0f} s)")
            time.sleep(0.003)

    def _left(self) -> Left:
        """What there is now."""
        query = select(subscribers.c.email, deliveries.c.state, deliveries.c.sender_id)
        database = connect(self._database, self._instance.root)
        with database.read() as connection:
            people = query.join_from(deliveries, subscribers, subscribers.c.id == deliveries.c.subscriber_id)
            states = {row[0]: (row[1], row[2] or "") for row in connection.execute(people)}
            running = tuple(connection.scalars(select(mailings.c.state)))
            unended = tuple(connection.scalars(select(senders.c.id).where(senders.c.ended_at.is_(None))))
            open_ = connection.scalar(select(func.count()).select_from(batches).where(batches.c.done_at.is_(None)))
        database.close()
        with self._instance.opened() as app:
            told = {str(state): number for state, number in app.mailroom.all()[0].counts.items()}
        logs = {path.name: path.read_text(errors="replace") for path in self._instance.root.glob("err.*")}
        return Left(
            states,
            told,
            running,
            tuple(path.name for path in self._journals.iterdir()),
            unended,
            open_ or 0,
            tuple(pid for group in self._groups for pid in processes.group(group)),
            tuple(name for name, text in logs.items() if "Traceback" in text),
        )

    def _end_everything(self) -> None:
        if self._runs():
            self._kill_run()
        for leader in self._groups:
            self._kill(processes.group(leader))

    def _line(self, number: int, kill: Kill) -> str:
        held = ", ".join(f"{victim.connections} connections" for victim in kill.victims)
        lingered = f"senders gone after {kill.lingered:.1f} s" if kill.lingered else ""
        words = "; ".join(word for word in (held, lingered, kill.remark) if word)
        return f"{number:4d} {kill.what}: {words or '-'}; {len(self._server.book.taken)} mails taken"
