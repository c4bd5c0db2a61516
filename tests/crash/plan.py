"""What a campaign of kills is to be, and what one kill was."""

from __future__ import annotations

from dataclasses import dataclass

from tests.crash.processes import Victim


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
        """Who is to be mailed: at so many domains that none of them is slowed by what the server says."""
        return [f"reader{number}@d{number % 997}.example.org" for number in range(1, self.mails + 1)]


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill: what, the senders that died in it, and after how many seconds others had settled their work."""

    what: str
    victims: tuple[Victim, ...] = ()
    settled: float = 0.0
    remark: str = ""

    def __str__(self) -> str:
        held = ", ".join(f"{victim.connections} connections" for victim in self.victims)
        settled = f"senders had settled after {self.settled:.1f} s" if self.settled else ""
        return f"{self.what}: {'; '.join(word for word in (held, settled, self.remark) if word) or '-'}"
