"""The frozen edition: every byte that readers get of one finalized revision, made once and only copied later.

Mail is kept as blocks in reading order. A block is a list of parts: literal text, and fields that differ per
subscriber. A reader's choice of sections is a choice of blocks; nothing is ever rendered again.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from publisher.digests.model import Digest


class FieldName(StrEnum):
    """The places in a rendered mail that differ per subscriber."""

    EMAIL = "email"
    UNSUBSCRIBE_URL = "unsubscribe_url"
    PREFERENCES_URL = "preferences_url"


@dataclass(frozen=True, slots=True)
class Field:
    """A place for one subscriber's value."""

    name: FieldName


Part = str | Field
Parts = tuple[Part, ...]


class BlockKind(StrEnum):
    """A mail is made of OPENING, LEAD, CONTENTS, the chosen SECTIONs, CHOICE, CLOSING, in the edition's order."""

    OPENING = "opening"  # document head, masthead, title
    LEAD = "lead"
    CONTENTS = "contents"  # the names of all sections: only whoever gets all of them gets it
    SECTION = "section"
    CHOICE = "choice"  # says that sections were left out: only whoever left out some gets it
    CLOSING = "closing"  # footer, end of document


@dataclass(frozen=True, slots=True)
class EditionBlock:
    """One block of a mail, as HTML and as plain text; `section` is the section's slug for kind SECTION."""

    kind: BlockKind
    html: Parts
    text: Parts
    section: str = ""


@dataclass(frozen=True, slots=True)
class RenderedEdition:
    """What rendering makes of a digest, before storage gives it a number.

    `html` parts hold finished HTML, `text` parts plain text with `\\n` line ends. `page` is a whole UTF-8
    document, `entry` an HTML fragment with absolute addresses, `summary` plain text of at most 300 characters.
    """

    subject: str
    preheader: str
    summary: str
    blocks: tuple[EditionBlock, ...]
    page: bytes
    entry: str


@dataclass(frozen=True, slots=True)
class Note:
    """What a correction or a withdrawal says to readers: an editor's plain words, one paragraph. `at` is aware.

    A `minor` one stands on the page and in the entry only: the mail looks as the first edition's did. `revised` is
    the digest before and after it, for newsletters that show what was changed.
    """

    at: datetime
    text: str
    minor: bool = False
    revised: tuple[Digest, Digest] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What readers still get of a withdrawn digest: what it was called, and the notice in its place."""

    title: str
    date: date
    language: str
    notice: Note


@dataclass(frozen=True, slots=True)
class Edition:
    """A stored edition. Never changes; a correction is the next number."""

    id: int
    digest_id: int
    number: int
    digest: Digest
    rendered: RenderedEdition
    note: str
    created_at: datetime
    updated_at: datetime

    @property
    def is_minor(self) -> bool:
        """Whether it is a minor correction: it kept the moment of the edition before it."""
        return self.updated_at < self.created_at


@dataclass(frozen=True, slots=True)
class EditionFacts:
    """A stored edition without its bytes."""

    id: int
    number: int
    subject: str
    note: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """A digest as feeds show it. `id` is minted once; `published` never moves; both moments are aware UTC."""

    id: str
    url: str
    title: str
    summary: str
    content: str
    published: datetime
    updated: datetime
    language: str
    author: str = ""
    sections: tuple[tuple[str, str], ...] = ()
    """(slug, name) of each section, in order."""
    image: str = ""
    """Absolute address of the picture that stands for the digest, or empty."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file to put at an endpoint. `path` is relative, with forward slashes, without a leading one."""

    path: str
    media_type: str
    data: bytes


def choose(blocks: Iterable[EditionBlock], sections: Iterable[str] | None) -> tuple[EditionBlock, ...]:
    """The blocks of one reader's mail, in the edition's order.

    `sections` None is everything. A choice that matches none of this edition's sections is everything too:
    the names of sections change from day to day, and an empty mail serves nobody. Whoever leaves out a section
    gets no table of contents, whose links would lead nowhere, but a word that this is a choice.
    """
    blocks = tuple(blocks)
    wanted = None if sections is None else set(sections)
    present = {block.section for block in blocks if block.kind is BlockKind.SECTION}
    if wanted is None or not wanted & present or present <= wanted:
        return tuple(block for block in blocks if block.kind is not BlockKind.CHOICE)
    return tuple(
        block
        for block in blocks
        if block.kind is not BlockKind.CONTENTS
        and (block.kind is not BlockKind.SECTION or block.section in wanted)
    )


class PublicationState(StrEnum):
    """What became of an edition at one endpoint or hub. BEHIND: tried, failed, and tried again."""

    PENDING = "pending"
    BEHIND = "behind"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Publication:
    """A stored publication. `target` is `endpoint:NAME`, `public:URL` (what readers are served) or `hub:URL`."""

    id: int
    edition_id: int
    target: str
    state: PublicationState
    pages_at: datetime | None
    attempts: int
    due_at: datetime | None
    error: str


@dataclass(frozen=True, slots=True)
class Headline:
    """A published digest as lists show it: no content. A withdrawn one has no summary either."""

    newsletter: str
    slug: str
    title: str
    summary: str
    date: date
    published_at: datetime
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Month:
    """A month of a newsletter's archive, by the digests' own dates; `withdrawn` of the `count` are withdrawn."""

    first: date
    count: int
    withdrawn: int = 0

    @property
    def last(self) -> date:
        """Its last day."""
        return self.first.replace(day=monthrange(self.first.year, self.first.month)[1])


@dataclass(frozen=True, slots=True)
class Change:
    """When a digest's page last changed, aware: published, corrected (in a minor way too) or withdrawn."""

    slug: str
    date: date
    at: datetime
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Touched:
    """A digest, the days under which it stands in lists or ever stood, and the sections it has or ever had.

    A correction may give it others.
    """

    digest_id: int
    newsletter: str
    days: frozenset[date]
    sections: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Amendment:
    """What readers of a published digest must hear of: a correction that was no minor one, or its withdrawal.

    `number` is that of the edition that corrects, 0 for a withdrawal; `note` is what it says to readers, with its
    moment; title, date and language are as that edition has them.
    """

    entry_id: str
    slug: str
    title: str
    date: date
    language: str
    number: int
    note: Note

    @property
    def is_withdrawal(self) -> bool:
        """Whether the digest was taken back."""
        return self.number == 0


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The digest before or after another one in the archive, and its newest edition."""

    edition_id: int
    slug: str
    title: str
    date: date


@dataclass(frozen=True, slots=True)
class PublishedEdition:
    """The newest edition of a published digest, with what feeds need and no more: neither blocks nor page.

    `withdrawn` is what stands in its place when the digest was withdrawn.
    """

    edition_id: int
    digest_id: int
    newsletter: str
    slug: str
    title: str
    date: date
    summary: str
    entry: str
    entry_id: str
    published_at: datetime
    updated_at: datetime
    language: str
    author: str = ""
    sections: tuple[tuple[str, str], ...] = ()
    """(slug, name) of each section, in order."""
    image: str = ""
    """The `src` of the picture that stands for the digest: an http(s) address, `asset:NAME`, or empty."""
    withdrawn: Note | None = None


def published_edition(
    digest: Digest,
    *,
    edition_id: int,
    digest_id: int,
    summary: str,
    entry: str,
    entry_id: str,
    published_at: datetime,
    updated_at: datetime,
    withdrawn: Note | None = None,
) -> PublishedEdition:
    """What feeds need of an edition: what the digest says, and what only rendering and storage know."""
    return PublishedEdition(
        edition_id=edition_id,
        digest_id=digest_id,
        newsletter=digest.newsletter,
        slug=digest.slug,
        title=digest.title,
        date=digest.date,
        summary=summary,
        entry=entry,
        entry_id=entry_id,
        published_at=published_at,
        updated_at=updated_at,
        language=digest.language,
        author=digest.author,
        sections=tuple((section.slug, section.name) for section in digest.sections),
        image=digest.image.src if digest.image else "",
        withdrawn=withdrawn,
    )
