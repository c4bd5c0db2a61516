"""Hosts: of addresses, and of texts that look like one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

import idna

from publisher.preflight.suffixes import COUNTRIES, ENDINGS, owner

_LONGEST = 2000
_ADDRESS = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]{0,20}):/{1,3})?(?:(?P<user>[^\s/?#@]*)@)?"
    r"(?P<host>[^\s/:?#@\\]+)(?::\d{1,5})?(?P<path>[/?#\\].*)?",
    re.IGNORECASE,
)
_MAIL = re.compile(r"[^\s@/:<>]+@(?P<host>[^\s@/:<>]+)")
_LABEL = re.compile(r"[^\W_](?:[\w-]*[^\W_])?")
_AROUND = " \t\n\"'“”„‚‘’«»‹›()[]{}<>.,;:!?…*_~|→›»"
_DOTS = str.maketrans("。．｡", "...")
_AFTER_USER = re.compile(r"[:%\\]")
_WEB = frozenset({"http", "https"})
_FILE_ENDINGS = "ai app cc in la md me mk ml mm mo mov pl pm ps py rs sh so st tf zip"
_FILES = frozenset(_FILE_ENDINGS.split())
"""Endings of hosts that are those of files, too."""


def ascii_host(host: str) -> str:
    """A host as the DNS knows it: lower case, other scripts in Punycode (UTS 46); else as it is."""
    host = unquote(host).translate(_DOTS).strip(".").lower()
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return host


def readable_host(host: str) -> str:
    """A host as people read it: Punycode in its own script, where it has one."""
    return ".".join(map(_readable, host.lower().strip(".").split(".")))


def _readable(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return idna.decode(label)
    except (idna.IDNAError, UnicodeError):
        return label


def opened_host(href: str) -> str:
    """The host that a web or mail address leads to, as the DNS knows it; empty when there is none."""
    try:
        parts = urlsplit(href.strip())
        host = parts.hostname or ""
    except ValueError:
        return ""
    if parts.scheme == "mailto":
        host = unquote(parts.path).rpartition("@")[2]
    return ascii_host(host) if parts.scheme in _WEB | {"mailto"} else ""


def shown_hosts(text: str, href: str = "") -> Iterator[str]:
    """The hosts that the text of a link shows, as the DNS knows them.

    A text that is nothing but a host shows it. In a sentence only what cannot be meant otherwise does: an address
    with its scheme, with `www.` or with a path; "Example.com raises its prices" is a headline. The name of the
    file that `href` leads to is no host, though `read.me` is both. Who reads `https://example.com@example.net/`
    reads two.
    """
    words = unicodedata.normalize("NFKC", _without_unseen(text[: 4 * _LONGEST])).split()
    alone = len(words) == 1
    for word in words:
        word = word.strip(_AROUND)
        if not 3 < len(word) < _LONGEST or ("." not in word.translate(_DOTS) and "://" not in word):
            continue
        mail = _MAIL.fullmatch(word)
        if mail:
            if (alone or href.startswith("mailto:")) and _is_host(mail["host"]):
                yield ascii_host(mail["host"])
            continue
        found = _ADDRESS.fullmatch(word)
        if found and _shows(found, alone=alone) and not _names_file(word, href):
            yield ascii_host(found["host"])
            user = _AFTER_USER.split(found["user"] or "")[0]
            if found["scheme"] and _is_host(user):
                yield ascii_host(user)


def same_owner(shown: str, opened: str) -> bool:
    """Whether two hosts are one, one below the other, or of one owner: `www.` and the like deceive nobody."""
    return (
        shown == opened
        or opened.endswith(f".{shown}")
        or shown.endswith(f".{opened}")
        or owner(shown) == owner(opened)
    )


def _shows(found: re.Match[str], *, alone: bool) -> bool:
    host = found["host"].translate(_DOTS).strip(".").lower()
    if found["scheme"]:
        return found["scheme"].lower() in _WEB and bool(host)
    if host.startswith("www."):
        return host.count(".") > 1
    if not _is_host(host):
        return False
    labels = host.split(".")
    if found["path"]:
        return True
    return alone and (len(labels[-2]) > 1 or labels[-1] not in COUNTRIES)


def _is_host(host: str) -> bool:
    """Whether a word is a host by its look: labels with dots between them and an ending that exists."""
    labels = host.translate(_DOTS).strip(".").lower().split(".")
    ending = labels[-1]
    return (
        len(labels) > 1
        and all(_LABEL.fullmatch(label) and len(label) < 64 for label in labels)
        and (ending in ENDINGS or ending.startswith("xn--"))
    )


def _names_file(word: str, href: str) -> bool:
    stem, _, ending = word.lower().rpartition(".")
    if "." in stem or ending not in _FILES:  # anybody can give a file the name of a bank
        return False
    path = unquote(href).partition("?")[0].partition("#")[0].lower()
    return "/" not in word and path.count("/") > 2 and path.endswith(f"/{word.lower()}")


def _without_unseen(text: str) -> str:
    return text if text.isascii() else "".join(c for c in text if unicodedata.category(c) != "Cf")
