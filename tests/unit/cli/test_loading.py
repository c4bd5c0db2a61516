"""What a command loads: a sender is started for each mailing, and must not pay for what it never uses."""

from __future__ import annotations

import subprocess
import sys

NOT_FOR_SENDERS = ("alembic", "feedgen", "jinja2", "lxml", "markdown_it", "premailer", "requests", "rich", "yaml")
"""Libraries of reading, rendering, feeds, HTTP and telling people: together most of a second."""

_SENDER = """
import sys
from publisher.cli.commands import tree
tree(["sender"])
import publisher.app.sender
print(*sorted(sys.modules))
"""


def test_a_sender_loads_only_what_sending_needs() -> None:
    done = subprocess.run([sys.executable, "-c", _SENDER], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "publisher.mailings.sending" in loaded
    assert loaded.isdisjoint({*NOT_FOR_SENDERS, "publisher.app.work"})
