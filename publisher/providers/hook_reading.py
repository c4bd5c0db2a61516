"""What the readers of webhooks share: foreign JSON within limits, times, replies of mail servers in prose.

Nothing here raises for what a request holds but `HookRefusedError`, and none of its messages quotes the request.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http import HTTPStatus

from publisher.errors import one_line, visible
from publisher.feedback import BounceClass, FeedbackKind, HookRefusedError

MOST_OCTETS = 1 << 20
"""Of a request. SNS sends at most 256 KB, SendGrid 768 KB; the others send one event."""

MOST_LEVELS = 40
"""Of nesting; no provider comes near."""

LONGEST_WORD = 400
"""Characters of an id, a name or an address (RFC 5321 allows one of 254)."""

LONGEST_TEXT = 2000
"""Characters that are kept of what a server said."""

AHEAD = timedelta(minutes=5)
"""How far a provider's clock may be ahead of ours."""

_DIGITS = 20
_CODE = re.compile(r"(?<![\d.])([245]\d\d)(?![\d.])", re.ASCII)
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a provider's name of an event means. `bounce` is None where code, status and text say it better."""

    kind: FeedbackKind
    bounce: BounceClass | None = None


def refused(message: str) -> HookRefusedError:
    """The error for a request whose sender has not proven who it is."""
    return HookRefusedError(message, HTTPStatus.FORBIDDEN)


def unreadable(message: str) -> HookRefusedError:
    """The error for a request that is not in its provider's form."""
    return HookRefusedError(message, HTTPStatus.BAD_REQUEST)


def within_size(body: bytes) -> bytes:
    """The body, when it is not too long.

    Raises:
        HookRefusedError: it is (413).
    """
    if len(body) > MOST_OCTETS:
        raise HookRefusedError(
            f"a webhook's request has more than {MOST_OCTETS} octets", HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        )
    return body


def parsed(body: bytes | str) -> object:
    """The JSON of a body: strictly JSON, in UTF-8, nested no deeper than `MOST_LEVELS`.

    Raises:
        HookRefusedError: it is none (400).
    """
    try:
        value = json.loads(body, parse_constant=_constant, parse_int=_whole, parse_float=_finite)
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError; neither may be quoted
        raise unreadable("a webhook's request is no JSON") from None
    if _deeper(value, MOST_LEVELS):
        raise unreadable(f"a webhook's request nests deeper than {MOST_LEVELS} levels")
    return value


def part(value: object, *path: str | int) -> object:
    """What stands in foreign JSON at the end of a path of keys and indexes; None when nothing does."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def items(value: object) -> Iterator[object]:
    """The items of a foreign list; none of anything else."""
    return iter(value if isinstance(value, list) else ())


def word(value: object, *path: str | int) -> str:
    """A string or number there, as one line that can be stored and shown, cut to `LONGEST_WORD`; "" for others."""
    return words(value, *path)[:LONGEST_WORD]


def words(value: object, *path: str | int) -> str:
    """The same for prose, cut to `LONGEST_TEXT`."""
    found = part(value, *path)
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return ""
    return visible(one_line(str(found)[: 2 * LONGEST_TEXT]))[:LONGEST_TEXT]


def required(value: object, *path: str | int) -> str:
    """A `word` that no event of this provider is without.

    Raises:
        HookRefusedError: it is missing (400).
    """
    found = word(value, *path)
    if not found:
        raise unreadable(f"a webhook's event has no {path[-1]}")
    return found


def number(value: object, *path: str | int) -> int | None:
    """A whole number there, or one written as a string."""
    found = word(value, *path)
    return int(found) if re.fullmatch(r"[0-9]{1,9}", found, re.ASCII) else None


def moment(value: object, *path: str | int) -> datetime | None:
    """A time there: seconds since 1970, or ISO 8601 with an offset; UTC when it has none. None: no time."""
    found = part(value, *path)
    try:
        if isinstance(found, str) and not re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,9})?", found, re.ASCII):
            told = datetime.fromisoformat(found)
            return (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)
        if isinstance(found, str | int | float) and not isinstance(found, bool):
            return datetime.fromtimestamp(float(found), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def fresh(at: datetime | None, now: datetime, longest: timedelta) -> datetime:
    """The time that was signed, when it is neither older than `longest` nor ahead of our clock.

    Raises:
        HookRefusedError: it is (403), or there is none (400).
    """
    if at is None:
        raise unreadable("a webhook's request does not say when it was signed")
    if not now - longest <= at <= now + AHEAD:
        raise HookRefusedError(
            "a webhook's request is too old, or from the future", remedy="Check the clock of this machine"
        )
    return at


def reply(text: str) -> tuple[int | None, str]:
    """The SMTP code and the enhanced status (RFC 3463) that a server's words hold: "550 5.1.1 no such user"."""
    code, status = _CODE.search(text), _STATUS.search(text)
    return int(code[1]) if code else None, status[1] if status else ""


def smtp_code(value: int | None) -> int | None:
    """The number, when it can be a code of SMTP and none of a provider's own."""
    return value if value is not None and value // 100 in (2, 4, 5) else None


def meaning(table: Mapping[str, Meaning | None], *names: str) -> Meaning | None:
    """What an event means, by the most particular of its names that the table has: "a/b/c", "a/b", "a".

    None: it is about nothing that we want to know. What the table has not is UNKNOWN.
    """
    for length in range(len(names), 0, -1):
        name = "/".join(names[:length])
        if name in table:
            return table[name]
    return Meaning(FeedbackKind.UNKNOWN)


def mark(text: str) -> str:
    """What stands for a text in a key: keys are kept and shown, so that no address is in them."""
    return sha256(text.encode()).hexdigest()[:16]


def raw(event: object) -> str:
    """One event as JSON that every database takes."""
    told = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    return told.encode("utf-8", "backslashreplace").decode()  # half a surrogate becomes the escape it came as


def _constant(text: str) -> object:
    raise ValueError("no JSON")


def _whole(text: str) -> int:
    if len(text) > _DIGITS:
        raise ValueError("no number that anybody needs")
    return int(text)


def _finite(text: str) -> float:
    if not math.isfinite(told := float(text)):
        raise ValueError("no number that JSON has")
    return told


def _deeper(value: object, most: int) -> bool:
    level = [value]
    for _ in range(most):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: object) -> Iterator[object]:
    return iter(value.values()) if isinstance(value, dict) else items(value)
