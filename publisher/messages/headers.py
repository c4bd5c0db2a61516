"""Header fields as bytes: encoded after RFC 2047, folded after RFC 5322, and never more than one field.

Whoever can put a line break into a header writes the rest of the mail: carriage return, line feed and NUL are
refused wherever a value comes in.
"""

from __future__ import annotations

import re
from base64 import b64encode
from functools import lru_cache
from urllib.parse import quote, urlsplit

from email_validator import EmailNotValidError, validate_email

from publisher.errors import PublisherError

LINE = 78
"""Columns a header line should keep to."""

_ENCODED_LINE = 76
"""Columns of a line with an encoded word (RFC 2047, 2)."""

_LONGEST_ADDRESS = 320
_LONGEST_VALUE = 900
"""What cannot be folded, say a link, stays well below the 998 octets of a line (RFC 5322, 2.1.1)."""

_WORD = 75 - len("=?utf-8?b??=")
"""Room for base64 in one encoded word (RFC 2047, 2)."""

_PLAIN = re.compile(r"[\x20-\x7e]*")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_QUOTED = re.compile(r'"(?:[ !#-;=?-\[\]-~]|\\[ -;=?-~])*"')
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*")
_LITERAL = re.compile(r"\[[0-9A-Fa-f:.]+\]|\[IPv6:[0-9A-Fa-f:.]+\]")
_URL = re.compile(r"[!-;=?-~]+")
"""Visible ASCII without angle brackets."""
_IN_URLS = "!#$%&'()*+,/:;=?@[]~"
"""What `quote` leaves as it is in an address: what is reserved, and what is quoted already (RFC 3986)."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_MESSAGE_ID = re.compile(r"<[!-;=?A-~]+@[!-;=?A-~]+>")


class HeaderError(PublisherError):
    """A value cannot stand in a mail's header, or an address in its envelope."""


def refuse_breaks(value: str, what: str) -> str:
    """`value`, when it is one line.

    Raises:
        HeaderError: it holds CR, LF or NUL, or is no Unicode text.
    """
    if "\r" in value or "\n" in value or "\0" in value:
        raise HeaderError(f"{what} holds a line break or NUL", remedy="Write it in one line")
    if not value.isascii() and _SURROGATE.search(value):
        raise HeaderError(f"{what} holds half a character", remedy="Write it anew")
    return value


def unstructured(name: str, value: str) -> bytes:
    """A whole field of free text, say Subject, with its line end.

    Plain ASCII stays readable and is folded at spaces; anything else becomes encoded words.

    Raises:
        HeaderError: the value holds CR, LF or NUL.
    """
    text = refuse_breaks(value, name).strip()
    if _PLAIN.fullmatch(text) and "=?" not in text:
        folded = _fold(f"{name}:", text)
        if all(len(line) <= LINE for line in folded.split("\r\n")):
            return f"{folded}\r\n".encode()
    return f"{name}: {_encoded(text, len(name) + 2)}\r\n".encode()


def phrase(text: str, column: int) -> str:
    """A display name: as it is, quoted, or in encoded words, whichever it needs (RFC 5322, 3.2.5).

    Args:
        text: the name; may be empty.
        column: where it begins in its line.

    Raises:
        HeaderError: it holds CR, LF or NUL.
    """
    text = refuse_breaks(text, "a name").strip()
    if len(text) + column <= LINE and "=?" not in text and _PLAIN.fullmatch(text):
        if not text or _ATOMS.fullmatch(text):
            return text
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return _encoded(text, column)


def mailbox(header: str, name: str, email: str) -> bytes:
    """A whole field with one address, say To, with its line end.

    A local part beyond ASCII is written as it is, in UTF-8 (RFC 6532): see `needs_smtputf8`.

    Raises:
        HeaderError: the name or the address cannot stand in a header.
    """
    column = len(header) + 2
    written = phrase(name, column)
    address = envelope_address(email)
    return f"{header}: {with_address(written, f'<{address}>', column) if written else address}\r\n".encode()


def with_address(written: str, address: str, column: int) -> str:
    """A phrase that begins at `column`, and after it, in the same line or the next, what it is the name of."""
    last = len(written.rpartition("\n")[2]) + (0 if "\n" in written else column)
    room = _ENCODED_LINE if "=?" in written else LINE
    gap = "" if not written else " " if last + 1 + len(address) <= room else "\r\n "
    return f"{written}{gap}{address}"


def split_address(value: str) -> tuple[str, str]:
    """`Name <local@domain>` or `local@domain`, as the configuration writes it, as (name, address).

    Raises:
        HeaderError: there is no address in it, or it is more than one line.
    """
    text = refuse_breaks(value, "an address").strip()
    if not text.endswith(">"):
        return "", text
    name, bracket, email = text[:-1].rpartition("<")
    if not bracket:
        raise HeaderError(f'"{text}" is no address', remedy='Write "Name <name@example.org>"')
    name = name.strip()
    if len(name) >= 2 and name[0] == name[-1] == '"':
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    return name, email.strip()


def envelope_address(email: str) -> str:
    """An address as SMTP and header fields take it: the domain in A-labels (RFC 5891), the local part as it is.

    Raises:
        HeaderError: it is no address.
    """
    local, at, domain = refuse_breaks(email, "an address").rpartition("@")
    if not at or not local or len(email) > _LONGEST_ADDRESS or not _local_part(local):
        raise HeaderError("an address is local@domain", remedy="Correct the subscriber's address")
    return f"{local}@{ascii_domain(domain)}"


def needs_smtputf8(email: str) -> bool:
    """Whether only servers with SMTPUTF8 (RFC 6531) can be given an address: its local part is not ASCII."""
    return not email.rpartition("@")[0].isascii()


@lru_cache(maxsize=4096)
def ascii_domain(domain: str) -> str:
    """A domain in A-labels.

    Raises:
        HeaderError: it is none.
    """
    if _HOST.fullmatch(domain) or _LITERAL.fullmatch(domain):
        return domain
    try:
        found = validate_email(f"x@{domain}", check_deliverability=False, globally_deliverable=False).ascii_domain
    except EmailNotValidError as error:
        raise HeaderError("the domain of an address is none", remedy="Correct the address") from error
    return found


def ascii_url(url: str) -> str:
    """An address of the web in ASCII (RFC 3987, 3.1): its host in A-labels, the rest percent-encoded.

    Raises:
        HeaderError: its host is none.
    """
    if url.isascii():
        return url
    parts = urlsplit(refuse_breaks(url, "an address"))
    host = parts.hostname or ""
    netloc = parts.netloc if host.isascii() else parts.netloc.lower().replace(host, ascii_domain(host))
    return quote(parts._replace(netloc=netloc).geturl(), safe=_IN_URLS)


def web_link(url: str) -> str:
    """An address of the web in angle brackets, as List-Unsubscribe takes it (RFC 2369).

    Raises:
        HeaderError: it is not one word of visible ASCII, or longer than a line.
    """
    if not _URL.fullmatch(url) or not url.startswith(("https://", "http://")) or len(url) > _LONGEST_VALUE:
        raise HeaderError("an unsubscribe link is no https address", remedy="Look at [site] url in config.toml")
    return f"<{url}>"


def checked_message_id(value: str) -> str:
    """`value`, when it is a Message-ID in angle brackets.

    Raises:
        HeaderError: it is none.
    """
    if not _MESSAGE_ID.fullmatch(value) or len(value) > _LONGEST_VALUE:
        raise HeaderError("a Message-ID is <something@domain>")
    return value


def _local_part(local: str) -> bool:
    """Whether this may stand before the @: atoms with dots, or a quoted string; letters of any script."""
    if _DOT_ATOM.fullmatch(local):
        return True
    beyond = "".join("x" if ord(char) > 127 and char.isprintable() else char for char in local)
    return bool(_DOT_ATOM.fullmatch(beyond) or _QUOTED.fullmatch(beyond))


def _fold(start: str, text: str) -> str:
    """`start` and the words of `text`, with a line break before each word that would pass the line's end."""
    lines = [start]
    for word in text.split(" "):
        if not word or lines[-1] == start or len(lines[-1]) + 1 + len(word) <= LINE:
            lines[-1] += f" {word}"
        else:
            lines.append(f" {word}")
    return "\r\n".join(lines)


def _encoded(text: str, column: int) -> str:
    """`text` as encoded words in UTF-8 and base64, cut between characters, a line each."""
    words: list[str] = []
    chunk = b""
    room = _WORD - max(0, column - 1)
    for char in text:
        more = char.encode()
        if chunk and (len(chunk) + len(more) + 2) // 3 * 4 > room:
            words.append(f"=?utf-8?b?{b64encode(chunk).decode()}?=")
            chunk, room = b"", _WORD
        chunk += more
    words.append(f"=?utf-8?b?{b64encode(chunk).decode()}?=")
    return "\r\n ".join(words)
