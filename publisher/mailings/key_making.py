"""A new key that signs mail: its file, and what the DNS is to be told."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from publisher.errors import UsageError
from publisher.messages.dkim_keys import KeyKind, make_key, public_record, read_key, zone_line
from publisher.messages.headers import HeaderError, ascii_domain

FOLDER = Path("var/dkim")

_SELECTOR = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was made. `place` is its file as config.toml names it; `record` the text of its TXT record."""

    domain: str
    selector: str
    place: Path
    record: str

    @property
    def name(self) -> str:
        """Where the record belongs (RFC 6376, 3.6.2.1)."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def zone_line(self) -> str:
        """The record as a zone file has it."""
        return zone_line(self.name, self.record)


def make_key_file(root: Path, domain: str, selector: str, kind: KeyKind, today: date) -> NewKey:
    """Make a key and its file, which only this user can read.

    Args:
        root: the folder of config.toml.
        domain: whose mail it signs.
        selector: its name below the domain; empty: one of this month, as keys are best replaced now and then.
        kind: RSA for everybody, Ed25519 beside it.
        today: for the selector.

    Raises:
        UsageError: domain or selector is none, there is such a key already, or the file cannot be made.
    """
    domain, selector = _domain(domain), selector or f"p{today:%Y%m}{'' if kind is KeyKind.RSA else 'e'}"
    if not _SELECTOR.fullmatch(selector):
        raise UsageError(f'"{selector}" is no selector', remedy="Write letters, digits and hyphens, like p202611")
    place = FOLDER / f"{domain}.{selector}.pem"
    pem = make_key(kind)
    try:
        (root / FOLDER).mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(root / place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        remedy = "A key is never replaced: give another --selector, publish it, and change config.toml"
        raise UsageError(f"{place} is there already", remedy=remedy) from None
    except OSError as error:
        raise UsageError(f"{place} cannot be made: {error.strerror}") from error
    return NewKey(domain, selector, place, public_record(read_key(pem, str(place))))


def _domain(text: str) -> str:
    try:
        domain = ascii_domain(text.strip().rstrip(".")).lower()
    except HeaderError as error:
        raise UsageError(f'"{text}" is no domain', remedy="Write the domain in From: news.example.org") from error
    if "." not in domain or domain.startswith("["):
        raise UsageError(f'"{text}" is no domain', remedy="Write the domain in From: news.example.org")
    return domain
