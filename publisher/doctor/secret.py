"""The instance's secret, without which links in mails are dead."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.doctor.model import Check, Finding, Ground, fine


def _look(ground: Ground) -> Iterator[Finding]:
    ground.database.secret()
    yield fine("it is there, and signs the links in mails")


CHECK = Check("secret", "the secret that signs the links in mails is there", _look)
