"""How long a server wants to be left alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_LONGEST = timedelta(days=365)


def retry_after(value: str, now: datetime) -> timedelta | None:
    """What a `Retry-After` header says (RFC 9110, 10.2.3): seconds, or a date in any of HTTP's three forms.

    None when it says nothing that can be understood. A date that has passed is no time at all; nobody is
    believed to mean more than a year.
    """
    value = value.strip()
    if re.fullmatch(r"[0-9]{1,20}", value):
        return min(timedelta(seconds=min(int(value), int(_LONGEST.total_seconds()))), _LONGEST)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(moment - now, timedelta()), _LONGEST)
