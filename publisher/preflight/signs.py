"""Characters that are there without being seen, or that turn what stands around them."""

from __future__ import annotations

import re
import unicodedata

_OVERRIDES = "\u202d\u202e"
_EMBEDDINGS = "\u202a\u202b"
_ISOLATES = "\u2066\u2067\u2068"
_POP = "\u202c"
_POP_ISOLATE = "\u2069"
_CONTROLS = re.compile(f"[{_OVERRIDES}{_EMBEDDINGS}{_POP}{_ISOLATES}{_POP_ISOLATE}]")

_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0\u034f")
"""Fillers and blanks that count as letters or signs."""

_HIDDEN = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2064\u206a-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
_TAGGED_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f")
"""The flags of England, Scotland and Wales (UTS 51): tag characters that are seen."""

_IDLE_JOINER = re.compile("(?<=[A-Za-zÀ-ɏͰ-ϿЀ-ӿ ])[\u200c\u200d](?=[A-Za-zÀ-ɏͰ-ϿЀ-ӿ ])")
"""Joiners between letters that never join. In Persian, Indic scripts and emoji they are part of the spelling."""


def turning(text: str) -> list[str]:
    """The direction controls that change how their surroundings are read, as `U+202E`.

    Those are overrides, and whatever is opened and never closed, or closed and never opened (UAX 9). An embedding
    or isolate that is closed again is how names of the other direction are written properly.
    """
    found: list[str] = []
    open_controls: list[str] = []
    for match in _CONTROLS.finditer(text):
        control = match[0]
        if control in _OVERRIDES:
            found.append(control)
        if control == _POP_ISOLATE:
            while open_controls and open_controls[-1] not in _ISOLATES:
                found.append(open_controls.pop())
        if control not in _POP + _POP_ISOLATE:
            open_controls.append(control)
        elif open_controls and (open_controls[-1] in _ISOLATES) == (control == _POP_ISOLATE):
            open_controls.pop()
        else:
            found.append(control)
    return names([*found, *open_controls])


def controls(text: str) -> list[str]:
    """Every direction control, as `U+202E`."""
    return names(_CONTROLS.findall(text))


def hidden(text: str) -> list[str]:
    """The characters that nobody sees and that spell nothing, as `U+200B`."""
    rest = _TAGGED_FLAG.sub("", text)
    return names([*_HIDDEN.findall(rest), *_IDLE_JOINER.findall(rest)])


def names(characters: list[str]) -> list[str]:
    """Each of the characters once, by its number."""
    return [f"U+{ord(each):04X}" for each in dict.fromkeys(characters)]


def is_blank(text: str) -> bool:
    """Whether a reader sees nothing of it."""
    return all(
        character.isspace() or character in _BLANK or unicodedata.category(character) in {"Cf", "Cc", "Mn"}
        for character in text
    )
