"""What looks like a template's, or a filler text, in the editors' own words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from publisher.preflight.model import Candidate, Level, Problem, Rule
from publisher.preflight.reading import reading
from publisher.preflight.wording import quoted

_LEFT = re.compile(
    r"""
      \{\{[^{}\n]{0,80}\}\} | \{%[^{}\n]{0,80}%\} | \{\{ | \}\} | \{% | %\}
    | %\([a-z_]\w{0,40}\)[sd] | \$\{\w{1,40}\} | \*\|\w{1,40}\|\*
    | \blorem\ ipsum\b
    """,
    re.VERBOSE | re.IGNORECASE,
)


def _check(candidate: Candidate) -> Iterator[Problem]:
    for piece in reading(candidate).pieces:
        for found in dict.fromkeys(_LEFT.findall(piece.prose)):
            yield Problem(
                f"{quoted(found)} looks like a place that was to be filled",
                "Write what should stand there; readers will see it as it is",
                piece.place,
            )


RULE = Rule(
    "leftovers",
    Level.WARN,
    "No `{{ … }}`, `{% … %}`, `%(name)s`, `*|NAME|*` and no “lorem ipsum” in the digest's own words, code aside.",
    _check,
)
