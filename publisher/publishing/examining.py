"""Whether an instance can do its work, as far as that can be told without mailing anybody."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from publisher.config import MaildirProvider, Newsletter, Settings
from publisher.digests.model import Digest, Item, Link, ListBlock, Paragraph, Section, Strong, Text
from publisher.errors import PublisherError
from publisher.preflight.inspect import shown
from publisher.preflight.model import Finding, Level

NOT_CHECKED = (
    "whether the provider takes mail",
    "whether the public addresses serve what is at the endpoints",
    "space on the disk",
)
"""What nobody should think was looked at."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `detail` says what exactly; without findings it is as it should be."""

    name: str
    detail: str
    findings: tuple[Finding, ...] = ()

    @property
    def blocks(self) -> bool:
        """Whether the instance cannot work like this."""
        return any(finding.level is Level.BLOCK for finding in self.findings)


def check(name: str, detail: str, look: Callable[[], object]) -> Check:
    """A check that has failed when `look` raises an error of ours."""
    try:
        look()
    except PublisherError as error:
        return failed(name, detail, error)
    return Check(name, detail)


def failed(name: str, detail: str, error: PublisherError) -> Check:
    """A check whose thing does not work at all."""
    finding = Finding(name, Level.BLOCK, shown(error.message), shown(error.remedy), error.place)
    return Check(name, detail, (finding,))


def folder_checks(settings: Settings) -> Iterator[Check]:
    """The inbox, and every folder that is written to."""
    inbox = settings.path(settings.inbox.directory)
    yield Check("inbox", str(inbox), tuple(_unreadable(inbox)))
    outputs = [(f"endpoint {each.name}", settings.path(each.path)) for each in settings.endpoint]
    if isinstance(settings.provider, MaildirProvider):
        outputs.append(("maildir", settings.path(settings.provider.path)))
    outputs.append(("journals", settings.path(Path("var/journal"))))
    for name, folder in outputs:
        yield Check(name, str(folder), tuple(_unwritable(name, folder)))


def sample_digest(newsletter: Newsletter, site_url: str, language: str, today: date) -> Digest:
    """A small digest that no rule has anything to say about; what one says then, it says of the instance."""
    link = Link(site_url, (Text("the site"),))
    line = Paragraph((Strong((Text("One"),)), Text(" item of a list.")))
    items = ListBlock((Item((line,)),))
    return Digest(
        newsletter=newsletter.slug,
        slug="a-test-of-this-instance",
        title="A test of this instance",
        date=today,
        language=language,
        direction="ltr",
        lead=(
            Paragraph((Text("This text is made by the publisher and sent to nobody. It names "), link, Text("."))),
        ),
        sections=(Section("a-section", "A section", (items, Paragraph((Text("The last words of it."),)))),),
    )


def _unreadable(folder: Path) -> Iterator[Finding]:
    remedy = "Make the folder, or name another in [inbox] directory"
    if not folder.is_dir():
        yield Finding("inbox", Level.BLOCK, "there is no such folder", remedy)
    elif not os.access(folder, os.R_OK | os.X_OK):
        yield Finding("inbox", Level.BLOCK, "the folder cannot be read", "Let the publisher's user read it")


def _unwritable(name: str, folder: Path) -> Iterator[Finding]:
    """What keeps us from writing below `folder`, or from making it where it is not there yet."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            return
    except OSError as error:
        words = f"nothing can be written to {existing}: {error.strerror}"
    yield Finding(name, Level.BLOCK, words, "Let the publisher's user write there, or name another folder")
