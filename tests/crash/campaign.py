"""A mailing by the real `publisher run` and its senders, all of them killed with -9 at random moments.

Whatever is killed, what remains, or the next parent, has to bring the mailing to its end.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

from tests.crash.fleet import Fleet
from tests.crash.mailserver import MailServer
from tests.crash.plan import Kill, Plan
from tests.crash.processes import Victim
from tests.crash.remains import remains
from tests.crash.verdict import Left
from tests.instance import Instance

LIFE = 0.4
"""Seconds of sending between two kills, on average; the mail server keeps the pace for it."""

ANY_MOMENT = 0.15
"""Kills that come whatever is going on, and not while mails leave."""

RESCUES = 0.5
"""New parents that are killed at once, while they settle what a kill has left."""

RESCUE = 0.005
"""Seconds that settling a journal takes, or about so many."""

LAST_WORDS = 10.0
"""Seconds within which senders have to have settled everything when their parent is gone."""

BESIDE = 0.6
"""Kills of the parent alone at which another one has begun, and looks for the dead while its senders live."""

PATIENCE = 60.0
"""Seconds after which something that should happen will not."""

LAST_RUNS = 30
"""How often the publisher is started to bring the mailing to its end, or to the next kill."""


class StuckError(Exception):
    """The mailing does not go on, or is over before its time."""


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
        self._chance = random.Random(plan.seed)
        self._acts: list[tuple[Callable[[], Kill | None], int]] = [
            (self._one_sender, 35),
            (self._all_senders, 15),
            (self._parent, 25),
            (self._everything, 25),
        ]
        self._instance = Instance(
            root,
            database=database,
            provider=f'kind = "smtp"\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n'
            f"connections = {plan.connections}\n",
            sending=f'senders = {plan.senders}\nretry_after = "1 s"\n',
        )
        self._fleet = Fleet(self._instance, server.port)

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
                self._tell(f"{number:4d} {kill}; {len(self._server.book.taken)} mails taken")
            self._server.pace(0)
            return self._finish()
        finally:
            self._fleet.end()

    @property
    def dead(self) -> list[Victim]:
        """Every sender that was killed."""
        return [victim for kill in self.kills for victim in kill.victims]

    # --- kills -----------------------------------------------------------------------------------------------

    def _next_kill(self) -> Kill:
        fleet = self._fleet
        acts, weights = zip(*self._acts, strict=True)
        for _ in range(LAST_RUNS):
            if not fleet.runs and fleet.journals and self._chance.random() < RESCUES:
                kill = self._in_rescue()
            else:
                fleet.start()
                act = self._chance.choices(acts, weights)[0]
                self._wait_for_the_moment()
                kill = act() if fleet.runs else None
            if kill is not None:
                return kill
        raise StuckError(f"{LAST_RUNS} runs in a row have ended by themselves")

    def _one_sender(self) -> Kill | None:
        found = self._fleet.senders
        return Kill("one sender", self._fleet.kill([self._chance.choice(found)])) if found else None

    def _all_senders(self) -> Kill | None:
        found = self._fleet.senders
        return Kill("all senders", self._fleet.kill(found)) if found else None

    def _everything(self) -> Kill:
        found = self._fleet.senders
        self._fleet.kill_parent(self._fleet.parent)
        return Kill("parent and senders", self._fleet.kill(found))

    def _parent(self) -> Kill:
        """The parent alone: its senders have to see it, settle and go. Often another has begun beside it."""
        fleet, parent, chance = self._fleet, self._fleet.parent, self._chance.random()
        victims: tuple[Victim, ...] = ()
        remark = ""
        if chance < BESIDE:
            remark = "another beside it"
            self._begin_another()
        fleet.kill_parent(parent)
        orphans = fleet.senders_of(parent)
        at_work = [pid for pid in orphans if fleet.holds_journal(pid)]
        began = time.monotonic()
        if chance > (1 + BESIDE) / 2 and orphans:
            time.sleep(self._chance.uniform(0, 0.05))
            victims, remark = fleet.kill([self._chance.choice(orphans)]), "an orphan with it"
        self._until(lambda: not any(map(fleet.holds_journal, at_work)), LAST_WORDS, "senders outlive their parent")
        settled = time.monotonic() - began if at_work else 0.0
        self._until(lambda: not fleet.senders_of(parent), PATIENCE, "senders that have settled do not end")
        return Kill("parent", victims, settled, remark)

    def _begin_another(self) -> None:
        """Let another parent begin; it has looked for the dead when it has senders, or found nothing to do."""
        self._fleet.start(another=True)
        self._until(lambda: not self._fleet.runs or bool(self._fleet.senders), PATIENCE, "a second parent hangs")
        time.sleep(self._chance.uniform(0, LIFE))

    def _in_rescue(self) -> Kill | None:
        """A new parent, in the middle of settling what the last kill left: the first journal or a later one."""
        fleet = self._fleet
        before = len(fleet.journals)
        moment = self._chance.randint(1, before)
        fleet.start()

        def settling() -> bool:
            left = len(fleet.journals)
            return not left or not fleet.runs or (left <= moment and fleet.holds_journal(fleet.parent))

        self._until(settling, PATIENCE, "nobody settles what the dead have left", every=0.0002)
        time.sleep(self._chance.expovariate(1 / RESCUE))
        if not fleet.runs:
            return None
        left = len(fleet.journals)
        fleet.kill_parent(fleet.parent)
        victims = fleet.kill(fleet.senders)
        return Kill("parent in rescue", victims, remark=f"{left} of {before} journals were left")

    # --- what goes on ----------------------------------------------------------------------------------------

    def _wait_for_the_moment(self) -> None:
        if self._chance.random() < ANY_MOMENT:
            time.sleep(self._chance.uniform(0, 3 * LIFE))
            return
        written = self._server.written
        self._until(lambda: self._server.written > written or not self._fleet.runs, PATIENCE, "no mail leaves")
        time.sleep(self._chance.uniform(0, 2 * LIFE))

    def _keep_pace(self, number: int) -> None:
        """Make what is left of the mails last for what is left of the kills."""
        mails = self._plan.mails - len(self._server.book.taken) - self._plan.mails // 20
        if mails < 0:
            raise StuckError(f"the mails do not last for {self._plan.kills} kills, but for {number}")
        at_once = self._plan.senders * self._plan.connections
        share = (mails + 1) / (self._plan.kills - number + 1)
        self._server.pace(at_once * LIFE / share, round(share * 2))

    def _finish(self) -> Left:
        """Runs until nothing is left to do: what was refused for now comes due between them."""
        for _ in range(LAST_RUNS):
            self._fleet.start()
            self._until(lambda: not self._fleet.runs, 5 * PATIENCE, "the last run does not end")
            left = remains(self._instance, self._fleet.all_senders)
            if not left.counts.keys() & {"pending", "sending", "deferred"}:
                return left
            time.sleep(0.2)
        raise StuckError(f"{LAST_RUNS} runs do not bring it to its end: {dict(left.counts)}")

    def _until(
        self, condition: Callable[[], bool], seconds: float, otherwise: str, *, every: float = 0.003
    ) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise StuckError(f"{otherwise} (waited {seconds:.0f} s)")
            time.sleep(every)
