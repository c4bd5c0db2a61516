"""CSS into style attributes, once for a whole mail, without losing what only a style element can say.

premailer by default reads the network, drops `!important` and rewrites media rules; none of it here. The document
is parsed by us, since premailer's own parser silently drops what nests deeper than 255 elements.
"""

from __future__ import annotations

import logging
import os
from functools import lru_cache
from threading import Lock
from typing import Any

from lxml import etree

from publisher.errors import RenderError

_DOCTYPE = "<!DOCTYPE html>"
_LESS = "\ufdd0"
"""Stands for `<` where libxml2 would write it as it is: in an attribute that looks like a server-side include. No
character, so no digest holds it."""
_LOCK = Lock()
"""cssutils keeps its state in the module."""


def inline_styles(document: str) -> str:
    """`document` with the rules of its style elements in style attributes as well.

    Style elements stay as they are, but one with `data-inline="only"` goes: every rule of it stands in the
    attributes. One with `data-premailer="ignore"` is only for clients that read it there.

    Raises:
        RenderError: the document cannot be parsed.
    """
    parser = etree.HTMLParser(huge_tree=True, encoding="utf-8")
    try:
        root = etree.fromstring(document.strip().encode(), parser)
    except (etree.XMLSyntaxError, UnicodeEncodeError, ValueError) as error:
        raise RenderError(f"the mail is no HTML: {error}", remedy="Look at templates/email/mail.html") from error
    deep = [entry.message for entry in parser.error_log if "xcessive depth" in entry.message]
    if deep:
        raise RenderError(f"the mail nests too deep: {deep[0]}", remedy="Nest lists and quotes less deep")
    with _LOCK:
        _premailer().transform(root)
    _tidy(root)
    text = etree.tostring(root, method="html", encoding="unicode", with_tail=False).replace(_LESS, "&lt;")
    return f"{_DOCTYPE}\n{text}\n"


def _tidy(root: Any) -> None:
    """Takes out what was only there to be inlined, and hides what libxml2 would not escape."""
    for style in root.xpath("//style[@data-inline='only']"):
        style.getparent().remove(style)
    for value in root.xpath("//@*[contains(., '<!--')]"):
        value.getparent().set(value.attrname, value.replace("<", _LESS))


def _premailer() -> Any:
    return _premailer_class()(
        allow_network=False,
        keep_style_tags=True,
        strip_important=False,
        disable_validation=True,  # mso-* and the like are no mistakes
        align_floating_images=False,  # ours never float, and it parses the style of each once more
        disable_basic_attributes=["align", "valign", "bgcolor", "width", "height"],
        cssutils_logging_level=logging.CRITICAL,
    )


@lru_cache(maxsize=1)
def _premailer_class() -> Any:
    """Imported at the first mail: senders, and most commands, never render one and start in half the time."""
    # Selectors, declarations and whole sheets share one cache, made at the import. Ours alone fill the 128 places
    # that it has by default, and an edition then takes four times as long.
    os.environ.setdefault("PREMAILER_CACHE_MAXSIZE", "2048")
    import cssutils
    from premailer import Premailer

    # cssutils writes to stderr unless told where else; the application decides what it listens to.
    log = logging.getLogger("publisher.rendering.css")
    log.addHandler(logging.NullHandler())
    log.propagate = False
    cssutils.log.setLog(log)
    cssutils.log.raiseExceptions = False
    return Premailer
