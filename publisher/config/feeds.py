"""`[[inbox.feed]]`: feeds of others that become digests."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import timedelta
from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator

from publisher.config.fields import Duration, Line, Name, Slug
from publisher.config.section import Section

ItemField = Literal["title", "link", "summary", "content", "author", "category", "source", "date"]
"""What may stand in braces in `item`."""
TitleField = Literal["newsletter", "date", "count", "first"]
SectionField = Literal["source", "category"]

_LAYOUT = "### {title}\n{summary}\n*{source}, {date}*"
_LONGEST_LAYOUT = 2000


def _feed_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        is_one = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one or not re.fullmatch(r"[!-~]{1,2000}", value):
        raise ValueError('is no address of a feed: it begins with "https://" (or "http://"), and is in ASCII')
    return value


FeedAddress = Annotated[str, AfterValidator(_feed_address)]


def _check_fields(value: str, fields: Collection[str]) -> None:
    """Refuse a field that nobody knows, and braces that hold none."""
    rest = re.sub(rf"\{{(?:{'|'.join(fields)})\}}", "", value)
    if "{" in rest or "}" in rest:
        known = " ".join(f"{{{field}}}" for field in fields)
        raise ValueError(f"has braces that hold no field; the fields are {known}")


class InboxFeed(Section):
    """`[[inbox.feed]]`: feeds that become digests of a newsletter."""

    name: Name
    newsletter: Slug
    addresses: tuple[FeedAddress, ...] = Field(min_length=1, max_length=50, repr=False)
    """May hold tokens of private feeds, so they are shown nowhere."""
    every: Duration = Field(default=timedelta(minutes=15), ge=timedelta(minutes=1), le=timedelta(days=1))
    """How long an address is left alone, and the least time between two digests without a schedule."""
    schedule: Line | None = None
    """When a digest is made of what has come; without it, whenever something has."""
    title: Line = "{newsletter}, {date}"
    item: str = Field(default=_LAYOUT, min_length=1, max_length=_LONGEST_LAYOUT)
    section: str = Field(default="{source}", max_length=200)
    """The name of the section that an item stands in; empty: the lead."""
    names: dict[FeedAddress, Line] = Field(default_factory=dict, repr=False)
    """What `{source}` is, by address, in place of what the feed calls itself."""
    limit: int = Field(default=20, ge=1, le=50)
    max_age: Duration = Field(default=timedelta(days=14), ge=timedelta(hours=1))
    """An item that is older when it is first seen is passed over."""
    pictures: bool = False
    """Whether pictures of the content stay; they lie with the stranger."""
    status: Literal["draft", "final"] = "draft"

    @field_validator("title")
    @classmethod
    def _title_has_known_fields(cls, value: str) -> str:
        _check_fields(value, get_args(TitleField))
        return value

    @field_validator("section")
    @classmethod
    def _section_has_known_fields(cls, value: str) -> str:
        _check_fields(value, get_args(SectionField))
        return value

    @field_validator("item")
    @classmethod
    def _item_has_known_fields(cls, value: str) -> str:
        _check_fields(value, get_args(ItemField))
        lines = (line.strip() for line in value.splitlines())
        if any("{content}" in line and line != "{content}" for line in lines):
            raise ValueError("{content} stands in a line of its own")
        return value
