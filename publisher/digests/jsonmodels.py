"""The shape of a JSON digest. `digest.schema.json` is made from these models and published beside them.

Where the format takes running text, a string will do; a list of strings and objects has links and emphasis in it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema

from publisher.digests import values
from publisher.digests.links import SCHEMES, allowed
from publisher.digests.slugs import MAX_LENGTH, PATTERN


class _Object(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


def _href(value: str) -> str:
    href = allowed(value)
    if href is None:
        raise ValueError(f"is no address beginning with {', '.join(sorted(SCHEMES))}")
    return href


def _checked(read: Callable[[str], object]) -> Callable[[str], str]:
    """A validator that keeps the string; `json.py` reads it again into what it means."""

    def check(value: str) -> str:
        read(value)
        return value

    return check


_SLUG = rf"^{PATTERN.pattern}$"
Line = Annotated[str, StringConstraints(min_length=1, max_length=values.MAX_TITLE)]
Href = Annotated[
    str, AfterValidator(_href), WithJsonSchema({"type": "string", "pattern": "^(https?|mailto|tel):"})
]
Slug = Annotated[str, Field(pattern=_SLUG, max_length=MAX_LENGTH), AfterValidator(_checked(values.slug))]
Day = Annotated[
    str,
    AfterValidator(_checked(date.fromisoformat)),
    WithJsonSchema({"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"}),
]
Moment = Annotated[
    str,
    AfterValidator(_checked(values.moment)),
    WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}"}),
]


class LinkModel(_Object):
    """A link."""

    type: Literal["link"]
    href: Href
    content: InlinesModel


class StrongModel(_Object):
    """Text of strong importance."""

    type: Literal["strong"]
    content: InlinesModel


class EmphasisModel(_Object):
    """Stressed text."""

    type: Literal["emphasis"]
    content: InlinesModel


class CodeSpanModel(_Object):
    """A run of code."""

    type: Literal["code"]
    text: str


class LineBreakModel(_Object):
    """A line break."""

    type: Literal["break"]


class NoteMarkModel(_Object):
    """The mark of a footnote; a block of type note with the same number holds its text."""

    type: Literal["mark"]
    number: Annotated[int, Field(ge=1)]


InlineModel = Annotated[
    LinkModel | StrongModel | EmphasisModel | CodeSpanModel | LineBreakModel | NoteMarkModel,
    Field(discriminator="type"),
]
InlinesModel = str | list[str | InlineModel]


class ParagraphModel(_Object):
    """A paragraph."""

    type: Literal["paragraph"]
    content: InlinesModel


class HeadingModel(_Object):
    """A heading inside a section or lead."""

    type: Literal["heading"]
    level: Annotated[int, Field(ge=3, le=6)] = 3
    content: InlinesModel


class ItemModel(_Object):
    """An item of a list that holds more than a line."""

    blocks: list[BlockModel]


class ListModel(_Object):
    """A list; with `start` it is numbered from there."""

    type: Literal["list"]
    start: Annotated[int, Field(ge=0, le=999_999_999)] | None = None
    items: Annotated[list[str | list[str | InlineModel] | ItemModel], Field(min_length=1)]


class QuoteModel(_Object):
    """A quotation, and who said it."""

    type: Literal["quote"]
    blocks: list[BlockModel]
    source: str = ""


class PictureModel(_Object):
    """A picture: a file beside the digest, or an address."""

    src: str = ""
    alt: str = ""
    caption: InlinesModel = ""
    credit: str = ""


class FigureModel(PictureModel):
    """A picture in the text."""

    type: Literal["figure"]


class TableModel(_Object):
    """A table; every row is as long as `alignments`."""

    type: Literal["table"]
    alignments: Annotated[list[Literal["left", "right", "center", "none"]], Field(min_length=1)]
    header: list[InlinesModel] = []
    rows: list[list[InlinesModel]]


class CodeModel(_Object):
    """A block of code."""

    type: Literal["code"]
    text: str


class RuleModel(_Object):
    """A thematic break."""

    type: Literal["rule"]


class NoteModel(_Object):
    """The text of a footnote."""

    type: Literal["note"]
    number: Annotated[int, Field(ge=1)]
    blocks: list[BlockModel]


BlockModel = Annotated[
    ParagraphModel
    | HeadingModel
    | ListModel
    | QuoteModel
    | FigureModel
    | TableModel
    | CodeModel
    | RuleModel
    | NoteModel,
    Field(discriminator="type"),
]


class SectionModel(_Object):
    """A named part of a digest."""

    name: Line
    slug: Slug | None = None
    blocks: list[BlockModel]


class DigestModel(_Object):
    """A digest for the publisher's inbox."""

    model_config = ConfigDict(title="Digest")

    title: Line
    date: Day | None = None
    newsletter: Annotated[str, Field(pattern=values.NEWSLETTER_PATTERN)] | None = None
    slug: Slug | None = None
    status: Literal["draft", "final", "finalized"] = "final"
    publish_at: Moment | None = None
    language: Annotated[str, Field(pattern=values.LANGUAGE_PATTERN)] | None = None
    author: str = ""
    image: PictureModel | None = None
    lead: list[BlockModel] = []
    sections: list[SectionModel] = []


for _model in (LinkModel, StrongModel, EmphasisModel, ItemModel, ListModel, QuoteModel, NoteModel, DigestModel):
    _model.model_rebuild()


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a digest, as `digest.schema.json` holds it."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **DigestModel.model_json_schema()}
