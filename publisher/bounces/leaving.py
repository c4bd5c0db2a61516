"""Unsubscribing by mail: what `List-Unsubscribe: <mailto:...>` (RFC 2369) asks for, and what counts of it. Pure.

From is anybody's word. So our mails name `leave@example.org?subject=unsubscribe%20TOKEN` with the token of the
links in the same mail (`subscribers.tokens`), and only a mail with one does something. It stands in the subject,
because relays may change the case of an address, and a link's token has letters of both.
"""

from __future__ import annotations

import re

from publisher.bounces.mime import Mail

TYPE = "mailto"
"""`Feedback.type` of a mail that holds a token: `reference` is one of links then, not of an envelope."""

WITHOUT_TOKEN = "mailto without a token"  # noqa: S105 - no secret
"""`Feedback.type` of one that does nothing: somebody should look whether a reader has written."""

_TOKEN = re.compile(r"(?<![\w-])[A-Za-z0-9_-]{28,200}(?![\w-])")


def token_of(mail: Mail) -> str:
    """What stands at the place of a link's token in the subject, with whatever before it; or nothing."""
    found = _TOKEN.findall(mail.header("subject"))
    return found[-1] if found else ""
