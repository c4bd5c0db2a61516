"""Phrases that filters know from advertising."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from publisher.digests.walk import plain
from publisher.preflight.model import Candidate, Level, Problem, Rule
from publisher.preflight.pieces import Role
from publisher.preflight.reading import reading
from publisher.preflight.wording import listed, quoted

PHRASES: Mapping[str, tuple[str, ...]] = {
    "en": (
        "act now",
        "click here",
        "100% free",
        "limited time offer",
        "special promotion",
        "order now",
        "no obligation",
        "no credit check",
        "satisfaction guaranteed",
        "money back guarantee",
        "double your income",
        "make money fast",
        "earn extra cash",
        "you have been selected",
        "you are a winner",
        "congratulations, you won",
        "claim your prize",
        "this is not spam",
        "dear friend",
        "risk free trial",
    ),
    "de": (
        "klicken sie hier",
        "hier klicken",
        "100% kostenlos",
        "jetzt zugreifen",
        "jetzt bestellen",
        "nur für kurze zeit",
        "geld-zurück-garantie",
        "sie haben gewonnen",
        "sie wurden ausgewählt",
        "schnell geld verdienen",
        "ohne schufa",
        "garantierter gewinn",
    ),
    "fr": (
        "cliquez ici",
        "100% gratuit",
        "offre à durée limitée",
        "offre exceptionnelle",
        "commandez maintenant",
        "vous avez gagné",
        "vous avez été sélectionné",
        "satisfait ou remboursé",
        "gagnez de l'argent",
        "sans engagement",
    ),
    "es": (
        "haga clic aquí",
        "haz clic aquí",
        "100% gratis",
        "oferta por tiempo limitado",
        "compre ahora",
        "ha sido seleccionado",
        "usted ha ganado",
        "gane dinero",
        "sin compromiso",
        "garantía de devolución",
    ),
}
"""By language. Each is one that news hardly ever needs; single words (free, winner, casino) are in every paper."""

SHOUTS = re.compile(r"[!¡！]{3,}|[$€£]{3,}")
IN_THE_TEXT = 2
"""One phrase in running text is a story about advertising; different ones are advertising."""

_REMEDY = "Say it in other words: mail filters know this from advertising"


def _check(candidate: Candidate) -> Iterator[Problem]:
    language = candidate.digest.language
    seen = {"subject": candidate.rendered.subject, "preview line": candidate.rendered.preheader}
    for place, text in seen.items():
        if found := phrases(text, language):
            yield Problem(f"filters take {_quoted(found)} for advertising", _REMEDY, place)
    running: dict[str, str] = {}
    for piece in reading(candidate).pieces:
        links = [plain(link.children) for link in piece.links]
        if found := phrases("\n".join(links), language):
            yield Problem(
                f"a link that says only {_quoted(found)}",
                "Let the link say where it leads: filters and screen readers both need it",
                piece.place,
            )
        elif piece.role is Role.TEXT:
            running.update(dict.fromkeys(phrases(piece.prose, language), piece.place))
    if len(running) >= IN_THE_TEXT:
        place = next(iter(running.values()))
        yield Problem(f"filters take {_quoted(list(running))} for advertising", _REMEDY, place)


def phrases(text: str, language: str) -> list[str]:
    """The phrases in a text, in English and in the digest's language."""
    found = _pattern(language.partition("-")[0].lower()).findall(
        " ".join(text.casefold().replace("’", "'").split())
    )
    return list(dict.fromkeys([*found, *SHOUTS.findall(text)]))


@lru_cache(maxsize=16)
def _pattern(language: str) -> re.Pattern[str]:
    known = [*PHRASES["en"], *(PHRASES.get(language, ()) if language != "en" else ())]
    return re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(phrase.casefold()) for phrase in known)})(?!\w)")


def _quoted(found: list[str]) -> str:
    return listed([quoted(phrase) for phrase in found])


RULE = Rule(
    "spam-phrases",
    Level.WARN,
    "No phrase of advertising in subject, preview line and link texts, and no two different ones in the text; in "
    "English, German, French and Spanish. No “!!!” either.",
    _check,
)
