"""docs/benchmarks.md: a section a table, each with the day of its run. Who measures one keeps the others."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from datetime import date

from tests.bench.measuring import Row, table

HEAD = """# Benchmarks

Written by `make bench`; `python -m tests.bench SECTION...` measures some of it anew and leaves the other sections
as they were, each with the day of its run. Ratios are of one run. CPU is the median of five rounds, of what is
measured alone: neighbours on the machine do not count. Where it says "s" or "/s" they do.
"""

_SECTION = re.compile(r"^## ([a-z]+)\n", re.MULTILINE)


def written(rows: Sequence[Row], day: date) -> str:
    """One section."""
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    return f"Run of {day}: {machine}.\n\n{table(rows)}"


def merged(before: str, measured: dict[str, str], names: Sequence[str]) -> str:
    """The page, with what was measured in place of what was there; `names` in their order, and no others.

    What was never measured is said to be missing.
    """
    _, *parts = _SECTION.split(before)
    known = dict(zip(parts[::2], parts[1::2], strict=True)) | measured
    known = {name: body.strip() + "\n" for name, body in known.items()}
    missing = "Not measured yet: `python -m tests.bench {}`.\n"
    return HEAD + "".join(f"\n## {name}\n\n{known.get(name, missing.format(name))}" for name in names)
