"""Acting on what became of a mailing so far: the rest follows its canary, or it pauses itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.mailings import brakes, canary
from publisher.mailings.brakes import USUAL, Shares
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
    limits: Shares = USUAL

    def __call__(self, ledger: Ledger, now: datetime) -> None:
        """Let the rest of mailings follow, or pause them."""
        for first in ledger.canaries():
            verdict = canary.judge(first, self.wait, self.limits, now)
            if verdict.trouble:
                ledger.pause(first.mailing_id, verdict.trouble, now, actor=ITSELF)
            elif not verdict.waits:
                ledger.end_canary(first.mailing_id, now, actor=ITSELF)
        for mailing_id, counts in ledger.complaints():
            if trouble := brakes.too_many_complaints(counts, self.limits):
                ledger.pause(mailing_id, trouble, now, actor=ITSELF)
