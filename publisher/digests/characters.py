"""Bytes of a file become characters, and characters become clean text.

Newsrooms send UTF-8, UTF-8 or UTF-16 with a byte order mark, and what old Windows programs write. What is none of
these is refused with a line, never guessed into nonsense.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable
from itertools import chain

from publisher.digests.model import Direction
from publisher.errors import DigestError

MAX_BYTES = 5 * 1024 * 1024
"""A digest file may be as large as this; people do not read more in a day."""

MAX_MARKS = 30
"""Combining marks that may follow one letter (the limit of the Stream-Safe Text Format, UAX 15)."""

_UTF8_REMEDY = "Save it as UTF-8 text"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LINE_ENDS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_UNWANTED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufeff\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]")
_SPACES = re.compile("[ \t\n\r\f\v\x85\u2028\u2029]+")
_MULTIBYTE = re.compile(rb"[\xc2-\xf4][\x80-\xbf]{1,3}")
_MARK_RUN = re.compile(rf"[^\w\s\x00-\x7f]{{{MAX_MARKS + 1},}}")
_ADDRESS_SIGNS = ("://", "@", "www.")


def check_size(size: int, *, name: str) -> None:
    """Refuse what is empty or larger than `MAX_BYTES`.

    Raises:
        DigestError: it is.
    """
    if not size:
        raise DigestError("the file is empty", remedy="Write the digest into it, or remove it", file=name)
    if size > MAX_BYTES:
        raise DigestError(
            f"the file has {size / 1_000_000:.1f} MB, and a digest may have {MAX_BYTES / 1_000_000:.1f} MB",
            remedy="Shorten it; pictures belong beside it, not in it",
            file=name,
        )


def decode(data: bytes, *, name: str) -> str:
    r"""The characters of a file, NFC-normalised, with `\n` line ends and without a byte order mark.

    Raises:
        DigestError: it is empty, too large, binary, or in an encoding that cannot be told.
    """
    check_size(len(data), name=name)
    text = _LINE_ENDS.sub("\n", _characters(data, name))
    controls = len(_CONTROLS.findall(text))
    if "\0" in text or controls * 100 > len(text):
        raise DigestError(
            "this is no text but binary data", remedy="Save the digest as .txt, .md or .json", file=name
        )
    if not text.strip():
        raise DigestError("the file is empty", remedy="Write the digest into it, or remove it", file=name)
    _check_marks(text, name)
    return unicodedata.normalize("NFC", text)


def _characters(data: bytes, name: str) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding)
            except UnicodeDecodeError as error:
                raise DigestError(
                    f"broken {encoding.upper()} text",
                    remedy=_UTF8_REMEDY,
                    file=name,
                    line=_line(data, error.start),
                ) from error
    if b"\0" in data:
        raise DigestError("this is no text but binary data", remedy=_UTF8_REMEDY, file=name)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _windows(data, _line(data, error.start), name)


def _windows(data: bytes, line: int, name: str) -> str:
    """Windows-1252, when it is believable: few letters beyond ASCII, and no UTF-8 with a broken place in it."""
    high = sum(len(run) for run in re.findall(rb"[\x80-\xff]+", data))
    letters = sum(len(run) for run in re.findall(rb"[A-Za-z\x80-\xff]+", data))
    whole = sum(len(run) for run in _MULTIBYTE.findall(data))
    if whole * 2 > high:
        raise DigestError("broken UTF-8 text", remedy=_UTF8_REMEDY, file=name, line=line)
    try:
        if high * 3 > letters:
            raise UnicodeError
        return data.decode("cp1252")
    except UnicodeError:
        raise DigestError(
            "neither UTF-8 nor Windows-1252 text", remedy=_UTF8_REMEDY, file=name, line=line
        ) from None


def _line(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1


def _check_marks(text: str, name: str) -> None:
    """Refuse towers of combining marks: no language has them, and sorting them takes quadratic time."""
    for run in _MARK_RUN.finditer(text):
        height = 0
        for offset, character in enumerate(run[0]):
            height = height + 1 if unicodedata.combining(character) else 0
            if height > MAX_MARKS:
                line = text.count("\n", 0, run.start() + offset) + 1
                raise DigestError(
                    f"more than {MAX_MARKS} marks on one letter", remedy="Remove them", file=name, line=line
                )


def clean(text: str) -> str:
    """Text for the model: NFC, every run of white space one space, nothing that XML or a terminal chokes on.

    No-break spaces, joiners and direction marks are the writer's and stay.
    """
    return unicodedata.normalize("NFC", _UNWANTED.sub("", _SPACES.sub(" ", text)))


def clean_code(text: str) -> str:
    r"""Like `clean`, but white space and `\n` stay as they are."""
    kept = _LINE_ENDS.sub("\n", text).expandtabs(4)
    return unicodedata.normalize("NFC", _UNWANTED.sub("", kept)).strip("\n")


_RIGHT_LANGUAGES = frozenset(
    ("ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "nqo", "ps", "sd", "syr", "ug", "ur", "yi")
)
_RIGHT_SCRIPTS = frozenset(("adlm", "arab", "hebr", "mand", "nkoo", "rohg", "samr", "syrc", "thaa"))


def direction_of(texts: Iterable[str], language: str = "") -> Direction:
    """Which way the text runs: as most of its strong characters do, web addresses aside; the first decides a tie.

    The classes are those of the Unicode Bidirectional Algorithm (UAX 9). A `language` that its writer names and
    that is written from the right decides alone: names in Latin letters may be the most of a short text.
    """
    if _from_the_right(language):
        return "rtl"
    right = left = 0
    first: Direction = "ltr"
    for text in texts:
        words = (word for word in text.split() if not any(sign in word for sign in _ADDRESS_SIGNS))
        for character in chain.from_iterable(words):
            kind = unicodedata.bidirectional(character)
            if kind in {"R", "AL"}:
                first = first if right or left else "rtl"
                right += 1
            elif kind == "L":
                left += 1
    if right == left:
        return first
    return "rtl" if right > left else "ltr"


def _from_the_right(language: str) -> bool:
    """Whether a language tag (RFC 5646) names its script, or else has one, that is written from the right."""
    primary, *subtags = language.lower().split("-")
    script = next((subtag for subtag in subtags if len(subtag) == 4 and subtag.isalpha()), "")
    return script in _RIGHT_SCRIPTS if script else primary in _RIGHT_LANGUAGES
