"""What an editor opens to see a digest as readers will: one page around the documents that would be published.

The page opens from disk, asks no other host for anything and needs no script. What it shows in frames are *views*:
copies of the documents in which nothing is changed but what `view` lists. The documents themselves lie beside it,
as they would be sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Literal

from publisher.digests.model import Digest
from publisher.rendering.look import Look
from publisher.rendering.templates import environment, fill
from publisher.rendering.words import words

Scheme = Literal["light", "dark"]

_LANGUAGE = "en"
"""Editors' pages are in English, whatever their digests are in."""

_POLICY = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src {images}\">"
)
_PICTURES = {True: "'self' file: data:", False: "'none'"}
"""Pictures of ours, which lie beside the preview, or none at all."""

_HEAD = re.compile(r"<head(?:\s[^>]*)?>|<!doctype[^>]*>", re.IGNORECASE)
_STYLED = re.compile(r"<style\b.*?</style>|<(?:meta|link|source)\b[^>]*>", re.IGNORECASE | re.DOTALL)
"""Where the choice between light and dark is made. Digests cannot bring such elements: their words are escaped."""
_QUERY = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)", re.IGNORECASE)
_PROPERTY = re.compile(r"(?<![\w-])color-scheme\s*:\s*[^;}\"]+")
_META = re.compile(r'(<meta\s+name="color-scheme"\s+content=")[^"]*"', re.IGNORECASE)
_FRAME = (
    '<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>{title}</title>'
    "<style>body {{ max-width: 66ch; margin: 16px auto; padding: 0 16px; font: 16px/24px sans-serif }}"
    " img {{ max-width: 100%; height: auto }}</style></head>"
    "<body>\n{fragment}\n</body></html>\n"
)
_REMOTE = re.compile(r'<img\b[^>]*\ssrc="(https?:[^"]*)"', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """A finding of preflight as plain words; `level` is `block` or `warn`."""

    rule: str
    level: str
    message: str
    remedy: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a part is, in octets; `limit` is what it should stay under, `remark` says why."""

    name: str
    octets: int
    limit: int | None = None
    remark: str = ""

    @property
    def share(self) -> int:
        """Percent of the limit, at most 100."""
        return min(100, round(100 * self.octets / self.limit)) if self.limit else 0

    @property
    def over(self) -> bool:
        """Whether it is larger than it should be."""
        return self.limit is not None and self.octets > self.limit


@dataclass(frozen=True, slots=True)
class Preview:
    """Everything the page shows.

    Args:
        digest: what editors wrote.
        made: when this preview was made, aware UTC.
        headers: the mail's header fields, decoded, in their order.
        raw_headers: the same as they are sent.
        preheader: the line that inboxes show beside the subject.
        text: the plain-text part.
        sizes: of the parts.
        findings: what preflight found; None when it did not look.
        remote: how many pictures lie on other hosts, and are not asked for here.
        page: the path of the digest's page, from the preview's folder.
        documents: paths of everything else that lies beside the preview, in reading order.
    """

    digest: Digest
    made: datetime
    headers: Sequence[tuple[str, str]]
    raw_headers: str
    preheader: str
    text: str
    sizes: Sequence[Size]
    findings: Sequence[Found] | None
    remote: int
    page: str
    documents: Sequence[str]

    def header(self, name: str) -> str:
        """A header field by its name; empty when there is none."""
        return next((value for each, value in self.headers if each.lower() == name.lower()), "")

    def of_level(self, level: str) -> tuple[Found, ...]:
        """The findings of one level."""
        return tuple(found for found in self.findings or () if found.level == level)


def preview_page(preview: Preview, look: Look) -> bytes:
    """The page `index.html` of a preview.

    Raises:
        RenderError: the template is wrong.
    """
    ours = words(_LANGUAGE)
    env = environment(look.site.templates, ours.translations)
    filled = fill(
        env, "desk/preview.html", preview=preview, digest=preview.digest, look=look, words=ours, size=readable
    )
    return filled.encode()


def view(document: str, *, assets: str, local: str, scheme: Scheme | None = None, pictures: bool = True) -> str:
    """A document as a frame of the preview shows it. Changed is this, and not a byte more:

    - a content policy is written into its head, so that no frame asks another host for anything or runs a script;
    - addresses of our own pictures lead to where they lie beside the preview;
    - with a `scheme`, what asks the reader's machine for light or dark is answered with it.

    Args:
        document: a whole HTML document.
        assets: how addresses of our own pictures begin in it.
        local: how they begin as seen from the view.
        scheme: the one to show; None leaves it to the editor's machine.
        pictures: whether to show any.
    """
    policy = _POLICY.format(images=_PICTURES[pictures])
    if scheme:
        document = _STYLED.sub(lambda found: _pinned(found.group(), scheme), document)
    document = document.replace(f'src="{assets}', f'src="{local}').replace(f'srcset="{assets}', f'srcset="{local}')
    heads = list(_HEAD.finditer(document[:2000]))
    at = heads[-1].end() if heads else 0
    return document[:at] + policy + document[at:]


def fragment_view(fragment: str, title: str, *, assets: str, local: str) -> str:
    """The view of a feed entry: a document that says its encoding, styled as plainly as feed readers do it."""
    return view(_FRAME.format(title=escape(title), fragment=fragment), assets=assets, local=local)


def remote_pictures(document: str, assets: str) -> int:
    """How many pictures of a document are not ours: readers' machines ask other hosts for them."""
    return sum(not address.startswith(assets) for address in _REMOTE.findall(document))


def readable(octets: int) -> str:
    """`617 bytes`, `48.2 kB` (a kB has 1000), `1.3 MB`."""
    if octets < 1000:
        return f"{octets} bytes"
    return f"{octets / 1000:.1f} kB" if octets < 1_000_000 else f"{octets / 1_000_000:.1f} MB"


def _pinned(styled: str, scheme: Scheme) -> str:
    """Style elements and tags with the question for light or dark answered: always true, or never."""
    answered = _QUERY.sub(
        lambda found: "(min-width: 0)" if found.group(1).lower() == scheme else "(max-width: 0)", styled
    )
    return _META.sub(rf'\g<1>{scheme}"', _PROPERTY.sub(f"color-scheme: {scheme}", answered))
