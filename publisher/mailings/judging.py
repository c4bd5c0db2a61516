"""Acting on what became of a mailing so far: the rest follows its canary, or it pauses itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.ledger import Outcome
from publisher.mailings import brakes, canary
from publisher.mailings.brakes import USUAL, Limits
from publisher.mailings.canary import Canary
from publisher.mailings.ports import Ledger
from publisher.mailings.turns import ITSELF


@dataclass(frozen=True, slots=True)
class Judge:
    """Looks at running mailings, in a transaction of the sweep.

    Args:
        wait: how long after the last answer of a canary it is judged.
        limits: when a mailing pauses itself.
    """

    wait: timedelta = timedelta(0)
    limits: Limits = USUAL

    def __call__(self, ledger: Ledger, now: datetime) -> None:
        """Let the rest of mailings follow, or pause them."""
        for row in ledger.canaries():
            outcomes = [Outcome(0, state, code, reason) for state, code, reason in row.answers]
            verdict = canary.judge(
                Canary(row.mailing_id, outcomes, row.open, row.newest), self.wait, self.limits, now
            )
            if verdict.trouble:
                ledger.pause(row.mailing_id, verdict.trouble, now, actor=ITSELF)
            elif verdict.until is None:
                ledger.end_canary(row.mailing_id, now)
        for mailing_id, counts in ledger.complaints():
            if trouble := brakes.too_many_complaints(counts, self.limits):
                ledger.pause(mailing_id, trouble, now, actor=ITSELF)
