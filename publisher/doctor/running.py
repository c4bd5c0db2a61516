"""Running checks: each by itself, all at once, and never longer than they may take together."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import monotonic
from traceback import extract_tb

from publisher.config.discretion import Discretion, secrets_of
from publisher.doctor.model import Check, Finding, Ground, Level, Result, UncheckedError, fine, unchecked
from publisher.errors import PublisherError, one_line, visible
from publisher.probes.names import UnansweredError

SECONDS = 12.0
"""For all checks together; with what opening the database may take it is 20, and longer nobody waits."""

_LONGEST = 600
_ONLINE = "Look again when this machine is online"


def run(checks: Sequence[Check], ground: Ground, seconds: float = SECONDS) -> tuple[Result, ...]:
    """What each check found, in their order.

    Most of them wait for somebody, so each has a thread. One that is still at it when the time is up is said to be
    unchecked, and its thread is left behind: it is a daemon, and holds nothing.
    """
    ends = monotonic() + seconds
    found: dict[str, tuple[Finding, ...]] = {}
    threads = [
        threading.Thread(target=_keep, args=(check, ground, found), name=f"check {check.name}", daemon=True)
        for check in checks
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(ends - monotonic(), 0))
    late = (unchecked(f"no answer within {seconds:.0f} s", "Look again; something here waits for an answer"),)
    return tuple(Result(check, found.get(check.name, late)) for check in checks)


def is_broken(results: Sequence[Result]) -> bool:
    """Whether anything does not work."""
    return any(result.of(Level.BROKEN) for result in results)


def _keep(check: Check, ground: Ground, found: dict[str, tuple[Finding, ...]]) -> None:
    discreet = Discretion(secrets_of(ground.settings))
    found[check.name] = tuple(_shown(finding, discreet) for finding in _isolated(check, ground))


def _isolated(check: Check, ground: Ground) -> Iterator[Finding]:
    """What a check says; whatever it does, the others are heard."""
    number = 0
    try:
        for number, finding in enumerate(check.look(ground), 1):  # noqa: B007 - whether there was one is asked below
            yield finding
    except UncheckedError as error:
        yield unchecked(error.why, error.remedy)
    except UnansweredError:
        yield unchecked("the DNS does not answer", _ONLINE)
    except PublisherError as error:
        yield Finding(Level.BROKEN, error.message, error.remedy or "Mend it, and look again")
    except Exception as error:  # noqa: BLE001 - said in one line: nobody can use a traceback at night
        yield _crashed(error)
    else:
        if not number:
            yield fine(check.what)


def _crashed(error: Exception) -> Finding:
    """A fault of ours. The error's own words are not shown: nobody knows what stands in them."""
    last = extract_tb(error.__traceback__)[-1]
    place = f"{Path(last.filename).name}:{last.lineno}"
    return Finding(
        Level.WARNING,
        f"the check itself crashed: {type(error).__name__} at {place}",
        "Please report this as a fault of the publisher; what it looks at is not known to be fine",
    )


def _shown(finding: Finding, discreet: Discretion) -> Finding:
    return Finding(finding.level, _line(finding.message, discreet), _line(finding.remedy, discreet))


def _line(text: str, discreet: Discretion) -> str:
    line = visible(one_line(discreet.redacted(text)))
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
