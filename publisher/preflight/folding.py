"""Words made comparable: capitals, accents, line breaks and invisible signs leave them equal."""

from __future__ import annotations

import re
import unicodedata

BEGIN, END = "\x1e", "\x1f"
"""Stand where a link begins and ends: there the text part may have its number or address, within a word."""

_JOINED = re.compile(rf"[^\W_]+{END}*{BEGIN}[{BEGIN}{END}]*[^\W_]*|[^\W_]*{BEGIN}*{END}[{BEGIN}{END}]*[^\W_]+")
_WORD = re.compile(r"[^\W_]+")
_WIDE = re.compile(
    "([\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f"
    "\uff00-\uff60\uffe0-\uffe6\U00016fe0-\U00018cff\U0001aff0-\U0001b2ff\U00020000-\U0003fffd])"
)
"""Letters between which a line may break; each is a word by itself."""

_UNSEEN = re.compile("[\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
_DOTLESS = str.maketrans("ıȷ", "ij")


def words(text: str) -> list[str]:
    """The words of `text`, folded; of Chinese, Japanese and Korean each letter.

    A word that a link begins or ends in is left out.
    """
    text = text.lower() if text.isascii() else _folded(_WIDE.sub(r" \1 ", text))
    return _WORD.findall(_JOINED.sub(" ", text) if BEGIN in text else text)


def is_wide(word: str) -> bool:
    """Whether a word is one letter of Chinese, Japanese or Korean."""
    return _WIDE.match(word) is not None


def _folded(text: str) -> str:
    """Compatible with capitals in every language: casefold(upper(x)) is casefold(x) but for dots on an i."""
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", _UNSEEN.sub("", text)).casefold())
    if not text.isascii():
        text = "".join(filter(_is_no_mark, text.translate(_DOTLESS)))
    return text


def _is_no_mark(character: str) -> bool:
    return character < "\u0300" or not unicodedata.category(character).startswith("M")
