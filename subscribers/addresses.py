"""Addresses as mail is sent to them, and the key by which two spellings are one person (RFC 5321, 5322, 6531)."""

from __future__ import annotations

import re
import unicodedata

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from email_validator.rfc_constants import CASE_INSENSITIVE_MAILBOX_NAMES

from publisher.errors import SubscriberError

KEY_LENGTH = 320
"""Characters that the database's column holds."""

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9]|-(?!-)){0,61}(?<!-)"
_PLAIN = re.compile(
    rf"(?P<local>(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*)@(?P<domain>(?:{_LABEL}\.)+[A-Za-z]{{2,63}})"
)
"""Plain ASCII addresses; every one is taken by email-validator too, unless its name or domain is special."""

_SPECIAL_ENDINGS = tuple(f".{name}" for name in SPECIAL_USE_DOMAIN_NAMES)
_SPECIAL_NAMES = frozenset(CASE_INSENSITIVE_MAILBOX_NAMES)


def normalise(text: str) -> tuple[str, str]:
    """`(address, key)`: the address as mail is addressed to it, and its key, equal for any case of it.

    White space around it is ignored. The domain is lower case, an internationalised one in Unicode; tags after a
    plus stay. Whether the domain exists is not asked. `example.org` and `.test` are allowed: samples need them.

    Raises:
        SubscriberError: it is no address, and why.
    """
    text = text.strip()
    return _plain(text) or _validated(text)


def _plain(text: str) -> tuple[str, str] | None:
    """The same for the plain addresses that most are, a fraction of the time; None for the rest."""
    found = _PLAIN.fullmatch(text)
    if found is None or len(text) > 254:
        return None
    local, domain = found["local"], found["domain"].lower()
    if domain.endswith(_SPECIAL_ENDINGS) or local.lower() in _SPECIAL_NAMES:
        return None
    address = f"{local}@{domain}"
    return address, address.lower()


def _validated(text: str) -> tuple[str, str]:
    try:
        address = validate_email(text, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise SubscriberError(f'"{_shown(text)}" is no mail address: {_reason(error)}') from error
    key = address.casefold()
    if len(key) > KEY_LENGTH:
        raise SubscriberError(f'"{_shown(text)}" is no mail address: it is too long')
    return address, key


def _reason(error: EmailNotValidError) -> str:
    return str(error).rstrip(".")


def _shown(text: str) -> str:
    """`text` for an error's line: short, and without characters that do something to a terminal."""
    safe = "".join("�" if unicodedata.category(character)[0] == "C" else character for character in text)
    return safe if len(safe) <= 80 else f"{safe[:80]}…"
