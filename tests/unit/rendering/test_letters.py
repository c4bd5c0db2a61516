"""Mails to one person: what each says, in every language, and that nothing in them becomes markup or a header."""

from __future__ import annotations

from dataclasses import replace

import pytest

from publisher.rendering.letters import LetterKind, letter
from publisher.rendering.look import Look
from tests.catalogs import LANGUAGES

from .samples import SITE, parsed

LINK = "https://news.example.org/c/abc-_123"
LOOK = Look(SITE, "daily", "The <Harbour> Daily", postal_address="1 Quay\nExampleton")


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
@pytest.mark.parametrize("kind", LetterKind)
def test_each_says_it_in_both_parts_and_its_language(kind: LetterKind, language: str) -> None:
    written = letter(kind, LOOK, language=language, email="o'neil&co@example.org", url=LINK)
    page = parsed(written.html.encode())
    assert (written.language, page.xpath("//html/@lang")) == (language, [language])
    assert page.xpath("//html/@dir") == ["rtl" if language == "ar" else "ltr"]
    linked = kind is not LetterKind.MOVED
    assert page.xpath("//a/@href") == [LINK] * 2 * linked
    assert (LINK in written.text) is linked
    assert not page.xpath("//script | //img | //form")
    title = page.xpath("normalize-space(//h1)")
    assert " ".join(title.split()) in " ".join(written.text.split())
    assert "o'neil&co@example.org" in written.text
    assert max(map(len, written.text.splitlines())) <= 78
    assert "\n" not in written.subject


def test_a_title_cannot_become_markup() -> None:
    written = letter(LetterKind.CONFIRM, LOOK, language="en", email="a@example.org", url=LINK)
    assert "<Harbour>" not in written.html
    assert "The <Harbour> Daily" in written.subject
    broken = replace(LOOK, title="A\r\nBcc: all@example.org")
    assert "\n" not in letter(LetterKind.CONFIRM, broken, language="en", email="a@example.org", url=LINK).subject
