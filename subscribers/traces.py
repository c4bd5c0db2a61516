"""The traces of one person in texts: what they look like, taken out of a text, found among bytes. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from subscribers.addresses import normalise

SHORTEST_NAME = 5
"""Characters; a shorter name of one word is other words, too, and is not looked for in texts."""

INSTEAD = "[erased]"


@dataclass(frozen=True, slots=True)
class Traces:
    """What a person is called: the spellings of their address, and their name."""

    addresses: tuple[str, ...]
    name: str = field(default="", repr=False)

    def removed(self, text: str) -> str:
        """The text without them; case does not matter."""
        return self._pattern.sub(INSTEAD, text)

    def removed_from(self, value: Any) -> Any:
        """The same for what JSON can hold, keys of objects too."""
        match value:
            case str():
                return self.removed(value)
            case list():
                return [self.removed_from(each) for each in value]
            case dict():
                return {self.removed(key): self.removed_from(each) for key, each in value.items()}
        return value

    @property
    def needles(self) -> tuple[bytes, ...]:
        """The spellings of the address as bytes of a file may hold them, in lower case."""
        spelled = [form for address in self.addresses for form in (address, json.dumps(address)[1:-1])]
        return tuple(dict.fromkeys(form.lower().encode("utf-8", "surrogatepass") for form in spelled))

    @property
    def _pattern(self) -> re.Pattern[str]:
        names = [rf"(?<!\w){re.escape(self.name)}(?!\w)"] if _tells(self.name) else []
        # Not within a longer address; a dot may follow, but not one that the address goes on after.
        addresses = [rf"(?<![\w.+-]){re.escape(each)}(?![\w-]|\.\w)" for each in self.addresses]
        return re.compile("|".join([*addresses, *names]), re.IGNORECASE)


def traces_of(written: str, *, email: str = "", name: str = "") -> Traces:
    """The traces of whoever has this address.

    Args:
        written: the address as somebody wrote it.
        email: as it is stored, when it is.
        name: the same.

    Raises:
        SubscriberError: `written` is no address.
    """
    address, key = normalise(written)
    plain = (written.strip(), address, key, email)
    forms = [form for each in plain if each for form in (each, _in_ascii(each))]
    return Traces(tuple(sorted(dict.fromkeys(forms), key=lambda form: (-len(form), form))), name.strip())


def _in_ascii(address: str) -> str:
    """The address with its domain as the DNS has it."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return address


def _tells(name: str) -> bool:
    return " " in name or len(name) >= SHORTEST_NAME
