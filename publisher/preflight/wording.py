"""How findings are worded. What cannot be printed is spelled out where findings are collected (`inspect`)."""

from __future__ import annotations

_LONGEST = 60


def ordinal(number: int) -> str:
    """`1st`, `2nd`, `3rd`, `4th`, `11th`."""
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def quoted(text: str) -> str:
    """The beginning of `text` in quotation marks, on one line."""
    head = " ".join(text[: 4 * _LONGEST].split())
    return f"“{head if len(head) <= _LONGEST else head[: _LONGEST - 1].rstrip() + '…'}”"


def listed(names: list[str], most: int = 5) -> str:
    """`a, b and c`; of many only the first, and how many more there are."""
    shown = names if len(names) <= most else [*names[: most - 1], f"{len(names) - most + 1} more"]
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def kilobytes(octets: int) -> str:
    """`97 kB`, and from a million on `1.4 MB`; decimal, as mail providers count."""
    return f"{octets / 1_000_000:.1f} MB" if octets >= 1_000_000 else f"{octets / 1000:.0f} kB"
