"""Each newsletter's templates, theme and mail, by a test digest that is sent to nobody."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.config import Newsletter
from publisher.doctor.model import Check, Finding, Ground, broken, fine, warning
from publisher.doctor.ports import Rehearsal
from publisher.errors import PublisherError
from publisher.preflight.model import Level as PreflightLevel


def _look(ground: Ground) -> Iterator[Finding]:
    rehearse = ground.database.rehearse
    for newsletter in ground.newsletters:
        yield from _rehearsed(newsletter, rehearse)


def _rehearsed(newsletter: Newsletter, rehearse: Rehearsal) -> Iterator[Finding]:
    try:
        found = rehearse(newsletter)
    except PublisherError as error:
        yield broken(f"{newsletter.slug}: {error.message}", error.remedy or "Mend config.toml or the template")
        return
    for each in found:
        report = broken if each.level is PreflightLevel.BLOCK else warning
        yield report(f"{newsletter.slug}: {each}", each.remedy)
    if not found:
        yield fine(f"{newsletter.slug}: a test digest was rendered, composed and looked at")


CHECK = Check("newsletters", "templates, theme and mail of each, by a test digest that is sent to nobody", _look)
