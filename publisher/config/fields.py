"""The kinds of values in `config.toml`: what each may look like, and the words that refuse the rest."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, Field

RESERVED_SLUGS = frozenset({"about", "assets", "feeds", "desk", "api", "hooks", "u", "s", "c", "m", "healthz"})
"""First parts of public addresses that no newsletter may take."""

_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_SIZES = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
_BREAK = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
"""What ends a line, or a header, somewhere on the way; joiners that other alphabets need are none."""


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    match = re.fullmatch(r"([0-9]{1,6})\s*(s|min|h|d)", str(value).strip())
    if not match:
        raise ValueError('a duration is a number and a unit: "2 s", "10 min", "6 h" or "3 d"')
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def _size(value: object) -> int:
    match = re.fullmatch(r"([0-9]{1,6})\s*(MB|GB|TB)", str(value).strip())
    if not match:
        raise ValueError('a size is a whole number and a unit: "500 MB", "1 GB"')
    return int(match[1]) * _SIZES[match[2]]


def _line(value: str) -> str:
    if _BREAK.search(value) or not value.strip():
        raise ValueError("is one line of text")
    return value.strip()


def _name(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", value):
        raise ValueError("has 1 to 63 lower-case letters, digits and hyphens")
    return value


def _slug(value: str) -> str:
    if value in RESERVED_SLUGS:
        raise ValueError(f'"{value}" is reserved; choose another')
    return value


def _clock(value: object) -> object:
    if isinstance(value, bool):
        return value
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", str(value)):
        raise ValueError('is true, false, or a time of the day: "07:00"')
    return str(value)


def _share(value: object) -> object:
    match = re.fullmatch(r"([0-9]{1,2}(?:\.[0-9]{1,3})?)\s*%", value.strip()) if isinstance(value, str) else None
    if match:
        return float(match[1]) / 100
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError('is a number of mails, or a share of them: 500, "1 %"')


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError(f'"{value}" is no time zone; write one like "Europe/Berlin"') from None
    return value


def _bare_address(value: str) -> str:
    try:
        validate_email(value, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(f'"{value}" is no mail address: {error}') from None
    return value


def is_bare_address(value: str) -> bool:
    """Whether somebody can be mailed at it: one address, without a name."""
    try:
        _bare_address(_line(value))
    except ValueError:
        return False
    return True


def _address(value: str) -> str:
    """`Name <local@domain>` or `local@domain`, in one line."""
    _, bracket, rest = value.rpartition("<")
    if not bracket:
        return _bare_address(value)
    if not rest.endswith(">"):
        raise ValueError("an address with a name is written: Name <local@example.org>")
    _bare_address(rest[:-1])
    return value


def _web_address(value: str) -> str:
    if _BREAK.search(value) or " " in value:
        raise ValueError("a web address has no spaces")
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https", "file"} or (parts.scheme != "file" and not parts.hostname):
        raise ValueError('a web address begins with "https://" (or "http://")')
    if "?" in value or "#" in value or parts.username is not None:
        raise ValueError("a web address stands here without ?, # and user name")
    if parts.port == 0:  # reading it raises ValueError for what is no port
        raise ValueError("port 0 is no port")
    return value if value.endswith("/") else value + "/"


def _hub_address(value: str) -> str:
    """An address exactly as subscribers are told it: nothing is added to it."""
    if not re.fullmatch(r"https?://[!-~]+", value) or re.search(r"[#@<>\"'\\]", value):
        raise ValueError('a hub is an address that begins with "https://" (or "http://"), without # and user name')
    _web_address(value.partition("?")[0])
    return value


def _bucket_address(value: str) -> str:
    match = re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?P<prefix>/[^?#\\%]*)?", value)
    if not match or _BREAK.search(value):
        raise ValueError('a bucket is written "s3://bucket" or "s3://bucket/prefix"')
    if {".", ".."} & set(value.split("/")) or "//" in (match["prefix"] or ""):
        raise ValueError("a prefix has no empty part, and no dots for one")
    return value


def _colour(value: str) -> str:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise ValueError('a colour is written "#9b2c1f"')
    return value.lower()


def _font_family(value: str) -> str:
    # It stands inside style attributes and sheets, so nothing that could end either may be in it.
    if not re.fullmatch(r"[A-Za-z0-9 ,'_-]{1,200}", value) or value.count("'") % 2:
        raise ValueError("a font family is a list of names: Georgia, 'Times New Roman', serif")
    return value


def _domain(value: str) -> str:
    if not re.fullmatch(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}", value.lower()):
        raise ValueError('a domain is written in ASCII: "news.example.org", "xn--bcher-kva.example"')
    return value.lower()


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Size = Annotated[int, BeforeValidator(_size)]
"""Octets."""
Line = Annotated[str, AfterValidator(_line)]
"""Text of one line, not empty, without spaces around it."""
Colour = Annotated[str, AfterValidator(_colour)]
FontFamily = Annotated[str, AfterValidator(_font_family)]
Name = Annotated[str, AfterValidator(_name)]
Slug = Annotated[Name, AfterValidator(_slug)]
"""A name that stands first in public addresses."""
TimeZone = Annotated[str, AfterValidator(_timezone)]
ClockTime = Annotated[bool | str, BeforeValidator(_clock)]
"""A time of the day, `HH:MM`; or whether there is to be one."""
Portion = Annotated[int | float, BeforeValidator(_share)]
"""So many mails (an int), or a share of them (a float below 1)."""
Domain = Annotated[str, AfterValidator(_domain)]
"""As the DNS has it, in lower case."""
Address = Annotated[Line, AfterValidator(_address)]
BareAddress = Annotated[Line, AfterValidator(_bare_address)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
"""Always ends with a slash, so that paths can be appended."""
HubAddress = Annotated[str, AfterValidator(_hub_address)]
BucketAddress = Annotated[str, AfterValidator(_bucket_address)]
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
