"""Lines that belong to pictures: an alt line, a caption line, and who is credited in brackets at the end.

Newsrooms paste a picture as two lines that say nearly the same, each ending in a credit. Brackets at the end of a
line may also be something else (`[sic]`, `[in Russian]`, a source): what is not surely a credit stays text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from publisher.digests.links import linked
from publisher.digests.model import Figure

MAX_LINE = 700
"""Characters of an alt or caption line; what is longer is a paragraph."""

_AGENCY_NAMES = """
    aap abaca afp agi alamy ana anadolu ani ansa ap apa belga bloomberg bta cna ctk cp dpa dvids efe epa eyevine
    getty gallo imago istock itar jiji kcna keystone kyodo lapresse lusa mti ntb nurphoto pa pap pti reuters ria
    scanpix shutterstock sipa spa sputnik tass tt ukrinform unian unsplash upi wikimedia xinhua yna yonhap zuma
    أ.ف.ب رويترز
    الأناضول רויטרס
"""
_AGENCIES = frozenset(_AGENCY_NAMES.split())
_WORDS = re.compile(r"[^\W_]+(?:\.[^\W_]+)*")
_PHOTO = re.compile(
    r"(?:file )?(?:photos?|photograph|picture|image|handout|courtesy|credit|screengrab|screenshot|file|foto|fotos"
    r"|photographie|crédit|bild|imagen|צילום|تصوير|фото)\b\s*(?:[:/–-]|by\b|of\b|von\b|de\b|par\b|$)|©",
    re.IGNORECASE,
)
_BY_AND_FOR = re.compile(r"[^\W\d_a-z][^\s/]*(?: [^\s/]+){1,3} ?/ ?[^\W\d_a-z][^/]*")
"""Somebody with at least two names, a slash, and for whom: `Jo Example / The Gazette`."""

_NOTES = frozenset({"sic", "note", "update", "updated", "correction", "corrected", "translated", "ed", "editor"})


class Certainty(IntEnum):
    """How surely brackets hold a credit."""

    NONE = 0
    POSSIBLE = 1  # looks like a name; two such lines, one above the other, are a picture
    LIKELY = 2  # names an agency; may be the source of a paragraph too
    SURE = 3  # photographer and agency, or a word such as "Photo" or "via"


@dataclass(frozen=True, slots=True)
class Credited:
    """A line that ends in a credit."""

    text: str
    credit: str
    certainty: Certainty


def split_credit(line: str) -> Credited | None:
    """`line` apart from the credit in brackets that ends it, or None when it ends in none."""
    end = line.rstrip(" .\u00a0")
    if len(line) > MAX_LINE or not end or end[-1] not in "])":
        return None
    start = end.rfind("[" if end[-1] == "]" else "(")
    credit = end[start + 1 : -1].strip()
    text = line[: max(start, 0)].rstrip()
    if start < 0 or not credit or not text or any(bracket in credit for bracket in "[]()"):
        return None
    certainty = certainty_of(credit)
    needed = Certainty.POSSIBLE if end[-1] == "]" else Certainty.SURE
    return Credited(text, credit, certainty) if certainty >= needed else None


def certainty_of(credit: str) -> Certainty:
    """How surely the words in brackets are a credit."""
    words = _WORDS.findall(credit)
    first = words[0] if words else ""
    if not 1 <= len(words) <= 14 or len(credit) > 140 or first[0].isdigit() or credit[-1] in "?!:;,":
        return Certainty.NONE
    agency = any(_is_agency(word) for word in words) or "associated press" in credit.casefold()
    if _PHOTO.match(credit) or _BY_AND_FOR.fullmatch(credit) or (agency and ("/" in credit or "via" in words)):
        return Certainty.SURE
    if agency:
        return Certainty.LIKELY
    if first[0].islower() or first.casefold() in _NOTES:
        return Certainty.NONE
    return Certainty.POSSIBLE


def _is_agency(word: str) -> bool:
    """Short names count in capitals only: "PA" is an agency, "pa" may be anything."""
    return word.casefold() in _AGENCIES and (len(word) > 3 or word == word.upper())


def resemblance(one: str, other: str) -> float:
    """0 to 1: how many words of the poorer line the richer one has too; short words are alike everywhere."""
    ours, theirs = ({word.casefold() for word in _WORDS.findall(text) if len(word) > 3} for text in (one, other))
    poorer = min(len(ours), len(theirs))
    return len(ours & theirs) / poorer if poorer else 0.0


def figure_of_pair(alt: str, caption: str, *, parted: bool = False) -> Figure | None:
    """The figure that an alt line and the caption line under it make, or None when they are no such pair.

    With a blank line between them (`parted`) both must be credited.

    The alt text keeps its own brackets: its credit often says more than the caption's, and no word is lost.
    """
    if max(len(alt), len(caption)) > MAX_LINE:
        return None
    above, below = split_credit(alt), split_credit(caption)
    alike = resemblance(above.text if above else alt, below.text if below else caption)
    if above and below:
        if _is_one_picture(above, below, alike):
            return Figure(alt=alt, caption=linked(below.text), credit=below.credit)
    elif parted:
        return None
    elif below and below.certainty >= Certainty.LIKELY and alike >= 0.6:
        return Figure(alt=alt, caption=linked(below.text), credit=below.credit)
    elif above and above.certainty >= Certainty.LIKELY and alike >= 0.6:
        return Figure(alt=above.text, caption=linked(caption), credit=above.credit)
    return None


def _is_one_picture(above: Credited, below: Credited, alike: float) -> bool:
    """Whether two credited lines tell of one picture: the surer or the more alike the credits, the less else."""
    ours, theirs = ({word.casefold() for word in _WORDS.findall(line.credit)} for line in (above, below))
    if min(above.certainty, below.certainty) >= Certainty.SURE:
        return True
    if ours <= theirs or theirs <= ours:
        return "/" in below.credit or alike >= 0.2
    return alike >= (0.3 if max(above.certainty, below.certainty) >= Certainty.LIKELY else 0.5)


def figure_of_line(line: str) -> Figure | None:
    """The figure that a lone caption line makes, when its credit is sure."""
    credited = split_credit(line)
    if credited is None or credited.certainty < Certainty.SURE:
        return None
    return Figure(caption=linked(credited.text), credit=credited.credit)
