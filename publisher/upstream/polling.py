"""When an address is asked, and what follows from its answer. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from publisher import slots
from publisher.http import Answer
from publisher.upstream.model import Poll

LONGEST = timedelta(days=1)
"""Nobody is left alone longer, whatever they say or however long they are down: a day's news would be missed."""

_LONGEST_VALIDATOR = 1000


def answered(
    poll: Poll, answer: Answer, *, every: timedelta, now: datetime, ttl: timedelta | None, title: str, whole: bool
) -> Poll:
    """After an answer that could be used: a document (200), or that it is still the same (304).

    Args:
        poll: what was known.
        answer: what the server said.
        every: how long we leave it alone in any case.
        now: the present moment.
        ttl: what the document itself asks for.
        title: of the feed; empty when there is no document.
        whole: whether the document was read to its end. Of a broken one no validator is kept, so that it comes
            again.
    """
    is_same = answer.status == 304
    rest = min(max(every, ttl or every, max_age(answer.headers)), LONGEST)
    etag, modified = (validator(answer.headers, name) for name in ("etag", "last-modified"))
    return Poll(
        etag=(etag or poll.etag if is_same else etag) if whole else "",
        modified=(modified or poll.modified if is_same else modified) if whole else "",
        title=title or poll.title,
        asked_at=now,
        due_at=now + rest,
    )


def failed(poll: Poll, error: str, *, every: timedelta, now: datetime, wish: timedelta | None) -> Poll:
    """After no answer that could be used: the rest doubles each time, and is at least what the server wishes."""
    failures = poll.failures + 1
    rest = every * 2 ** min(failures - 1, 10)
    return Poll(
        etag=poll.etag,
        modified=poll.modified,
        title=poll.title,
        failures=failures,
        error=error,
        asked_at=now,
        due_at=now + min(max(rest, wish or rest), LONGEST),
    )


def max_age(headers: Mapping[str, str]) -> timedelta:
    """How much longer the answer is fresh (RFC 9111, 4.2); nothing when its server does not say."""
    said = headers.get("cache-control", "").lower()
    found = re.search(r"(?:^|[\s,])max-age=\"?([0-9]{1,9})", said)
    if found is None or re.search(r"\bno-(?:cache|store)\b", said):
        return timedelta()
    age = headers.get("age", "").strip()
    spent = int(age) if re.fullmatch(r"[0-9]{1,9}", age, re.ASCII) else 0
    return timedelta(seconds=max(int(found[1]) - spent, 0))


def validator(headers: Mapping[str, str], name: str) -> str:
    """A validator as it came, when it can be sent back: of one line, in ASCII, and not endless."""
    value = headers.get(name, "").strip()
    return value if len(value) <= _LONGEST_VALIDATOR and re.fullmatch(r"[ -~]*", value) else ""


def is_turn(
    schedule: str | None, zone: ZoneInfo, *, every: timedelta, looked_at: datetime | None, now: datetime
) -> bool:
    """Whether it is decided now if there is to be a digest of what has come.

    With a schedule that is once a slot, the newest that is over; without one, at most every so often.

    Args:
        schedule: as `slots` reads them; None, or `on finalize`, is none.
        zone: the newsletter's.
        every: the least time between two digests without a schedule.
        looked_at: when it was decided last: with a schedule also that there was nothing.
        now: the present moment.
    """
    if schedule is None or isinstance(slots.parse(schedule), slots.OnFinalize):
        return looked_at is None or looked_at + every <= now
    newest = slots.newest_slot(schedule, zone, now)
    return newest is not None and (looked_at is None or looked_at < newest)
