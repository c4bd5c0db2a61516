"""`kill -9` at one exact place, once: before or after the n-th call of a function, in whatever process calls it.

PUBLISHER_KILL is `module:qualified.name:n:before|after`; PUBLISHER_KILL_MARK a file that is made just before the
kill, so that the processes that come after it live.
"""

from __future__ import annotations

import importlib
import os
import signal
from functools import wraps
from typing import Any


def arm() -> None:
    """Patch the function that the environment names, if it names one."""
    point = os.environ.get("PUBLISHER_KILL")
    if not point:
        return
    module, name, number, when = point.split(":")
    owner: Any = importlib.import_module(module)
    *path, last = name.split(".")
    for part in path:
        owner = getattr(owner, part)
    original = getattr(owner, last)
    calls = iter(range(1, 1_000_000))

    @wraps(original)
    def counted(*arguments: Any, **named: Any) -> Any:
        mine = next(calls) == int(number)
        if mine and when == "before":
            die()
        result = original(*arguments, **named)
        if mine and when == "after":
            die()
        return result

    setattr(owner, last, counted)


def die() -> None:
    """Kill this process, unless somebody has died here already."""
    try:
        os.close(os.open(os.environ["PUBLISHER_KILL_MARK"], os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
