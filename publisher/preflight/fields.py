"""Places in our own parts of the mail that nobody filled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from publisher.preflight.model import Candidate, Level, Problem, Rule
from publisher.preflight.reading import MailBlock, reading
from publisher.preflight.wording import quoted

_LEFT = re.compile(
    r"""
      q[0-9a-f]{32}[a-z]{2,20}z              # a mark of ours for a subscriber's value, changed on its way
    | \{\{[^{}]{0,80}(?:\}\}|$) | \}\}       # Jinja and its kin
    | \{[%#] | [%#]\}
    | %\([a-z_]\w{0,40}\)[sd]                # gettext
    | (?<![\w$])\$\{\w{1,40}\}
    | \*\|[\w:]{1,40}\|\*                    # merge tags of mail services
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NOTHING = re.compile(r"(?:.{0,60}:\s*)?(?:None|undefined|null|NaN|\[object Object\])[.,;]?")
"""A value that was nothing and was printed nevertheless: by itself, or after a colon."""

_NOWHERE = re.compile(r"https?://\S*[/=](?:None|undefined|null)(?:[/?#&]|$)")

_REMEDY = "Look for it in your own templates and in the texts of config.toml; docs/templates.md lists the names"


def _check(candidate: Candidate) -> Iterator[Problem]:
    digest = candidate.digest
    theirs = [digest.title, digest.author, *candidate.notes, candidate.rendered.preheader]
    theirs += [section.name for section in digest.sections]
    for block in reading(candidate).blocks:
        if block.own:
            yield from (
                Problem(f"the mail still says {quoted(left)} where a value should stand", _REMEDY, block.place)
                for left in dict.fromkeys(_left(block, theirs))
            )


def _left(block: MailBlock, theirs: Iterable[str]) -> Iterator[str]:
    """What was left over in a block, in its HTML and in its text, but for what editors wrote themselves."""
    theirs = sorted(filter(None, map(_squeezed, theirs)), key=len, reverse=True)
    lines = [*(text.strip() for text in block.strings), *(line.strip() for line in block.text.splitlines())]
    for line in lines:
        if _squeezed(line) not in theirs and (_NOTHING.fullmatch(line) or _NOWHERE.search(line)):
            yield line
    suspicious = [text for text in theirs if _LEFT.search(text)]
    for whole in (" ".join(block.strings), block.text):
        ours = _squeezed(whole)
        for text in suspicious:
            ours = ours.replace(text, " ")
        yield from (found[0] for found in _LEFT.finditer(ours))


def _squeezed(text: str) -> str:
    """Without white space and capitals: wrapped, kept together or set in capitals, a text is the same."""
    return "".join(text.split()).casefold()


RULE = Rule(
    "fields",
    Level.BLOCK,
    "No place left unfilled in our own parts of the mail (masthead, contents, footer): no `{{ … }}`, `{% … %}`, "
    "`%(name)s`, no `None` or `undefined` where a value should stand.",
    _check,
)
