"""What a frozen page cannot know: when it came out, and what stands beside it. Filled in when it is put somewhere.

A page is rendered once, before its digest is published; the digest after it is written days later. So templates
leave two comments where these belong, and here they are filled. A page without them, of a template of the site's
own or of an older publisher, stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from publisher.editions import Neighbour
from publisher.rendering.corrections import dated
from publisher.rendering.look import Look
from publisher.rendering.templates import environment, fill
from publisher.rendering.words import words

HEAD = b"<!-- publisher: published -->\n"
BESIDE = b"<!-- publisher: beside -->\n"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands. `published` is aware; the neighbours are those in the archive's order."""

    published: datetime
    older: Neighbour | None = None
    newer: Neighbour | None = None


def placed(page: bytes, look: Look, place: Place) -> bytes:
    """The page with what its place says.

    Raises:
        RenderError: a template is wrong.
    """
    ours = words(look.language, look.site.templates)
    env = environment(look.site.templates, ours.translations)
    given = {"place": place, "when": dated(place.published, look, ours), "look": look, "words": ours}
    for mark, template in ((HEAD, "page/published.html"), (BESIDE, "page/beside.html")):
        if mark in page:
            page = page.replace(mark, fill(env, template, **given).encode(), 1)
    return page
