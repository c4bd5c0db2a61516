"""Mails to one person that are no digest: confirmations, fresh links. They look like the newsletter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from publisher.errors import one_line
from publisher.rendering.columns import wrap
from publisher.rendering.inlining import inline_styles
from publisher.rendering.look import Look, picture_address
from publisher.rendering.templates import environment, fill
from publisher.rendering.words import Words, direction_of, words


class LetterKind(StrEnum):
    """What is written."""

    CONFIRM = "confirm"
    ALREADY = "already"
    FRESH = "fresh"
    MOVE = "move"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as its person gets it: one line of subject, and the two bodies."""

    subject: str
    html: str
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Said:
    """What one says, in the reader's words. Without `url` there is nothing to press."""

    subject: str
    title: str
    paragraphs: Sequence[str]
    button: str = ""
    url: str = ""
    otherwise: str = ""
    after: Sequence[str] = ()
    because: str = ""


Write = Callable[[Words, Mapping[str, str], str], Said]
"""From our words, the names that stand in them, and the link to what is said."""


def letter(kind: LetterKind, look: Look, *, language: str, email: str, url: str = "") -> Letter:
    """Write one.

    Args:
        kind: what it is.
        look: the newsletter in whose name it is.
        language: the reader's.
        email: whom it goes to.
        url: where its button leads; empty for one that has none.

    Raises:
        RenderError: a template is wrong.
    """
    ours = words(language, look.site.templates)
    names = {"newsletter": look.title, "site": look.site.title, "email": email}
    said = _WRITERS[kind](ours, names, url)
    env = environment(look.site.templates, ours.translations)
    rtl = ours.direction == "rtl"
    values: dict[str, object] = {
        "letter": said,
        "words": ours,
        "look": look,
        "theme": look.site.theme,
        "language": ours.spoken,
        "direction": ours.direction,
        "words_of_newsletter": direction_of(look.language),
        "start": "right" if rtl else "left",
        "end": "left" if rtl else "right",
        "picture": lambda src: picture_address(src, f"{look.site.url}assets/"),
        "wrap": lambda text: "\n".join(wrap(str(text))),
    }
    html = inline_styles(fill(env, "notice/letter.html", **values))
    text = fill(env, "notice/letter.txt", **values)
    return Letter(one_line(said.subject), html, f"{text.rstrip()}\n", ours.spoken)


def _confirm(ours: Words, names: Mapping[str, str], url: str) -> Said:
    return Said(
        ours("Please confirm: %(newsletter)s") % names,
        ours("Would you like to get %(newsletter)s?") % names,
        [
            ours("Somebody asked for %(newsletter)s to be sent to %(email)s. If it was you, one click is left.")
            % names
        ],
        ours("Yes, confirm"),
        url,
        _otherwise(ours),
        [ours("If it was not you, do nothing: you will get no more mail. The link works for seven days.")],
        _because(ours, names),
    )


def _already(ours: Words, names: Mapping[str, str], url: str) -> Said:
    return Said(
        ours("You are subscribed: %(newsletter)s") % names,
        ours("You get %(newsletter)s already") % names,
        [
            ours("Somebody asked for %(newsletter)s to be sent to %(email)s. You are subscribed already.") % names,
            ours("If no issue reaches you, look in your spam folder, or whether you have paused it."),
        ],
        ours("Your preferences"),
        url,
        _otherwise(ours),
        (),
        _because(ours, names),
    )


def _fresh(ours: Words, names: Mapping[str, str], url: str) -> Said:
    return Said(
        ours("Your link: %(newsletter)s") % names,
        ours("Your address and your data"),
        [ours("With this link you can change your address, download what we know about you, or have it erased.")],
        ours("Open"),
        url,
        _otherwise(ours),
        [
            ours("The link works for 15 minutes, and for you alone: do not pass it on."),
            ours("If you have not asked for it, do nothing."),
        ],
        _because(ours, names),
    )


def _move(ours: Words, names: Mapping[str, str], url: str) -> Said:
    return Said(
        ours("Please confirm your new address: %(newsletter)s") % names,
        ours("Is this your new address?"),
        [ours("A reader of %(newsletter)s would like to get it at %(email)s from now on.") % names],
        ours("Yes, use this address"),
        url,
        _otherwise(ours),
        [ours("If it was not you, do nothing: nothing will change. The link works for 24 hours.")],
        _because(ours, names),
    )


def _moved(ours: Words, names: Mapping[str, str], _url: str) -> Said:
    return Said(
        ours("Your address was changed: %(newsletter)s") % names,
        ours("Your address was changed"),
        [
            ours("From now on our mail goes to another address, and no longer to %(email)s.") % names,
            ours("If that was not you, reply to this email: a person will read it."),
        ],
        because=_because(ours, names),
    )


def _otherwise(ours: Words) -> str:
    return ours("If the button does not work, open this address:")


def _because(ours: Words, names: Mapping[str, str]) -> str:
    return ours("%(site)s sent this one message to %(email)s.") % names


_WRITERS: Mapping[LetterKind, Write] = {
    LetterKind.CONFIRM: _confirm,
    LetterKind.ALREADY: _already,
    LetterKind.FRESH: _fresh,
    LetterKind.MOVE: _move,
    LetterKind.MOVED: _moved,
}
