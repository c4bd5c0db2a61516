"""axe-core finds no violation on any page, nor in any mail but for landmarks: a mail stands in a client's page."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.gallery import Gallery, Kind
from tests.browser.tools import MODULES, Window, needed

pytestmark = pytest.mark.system

RUN = """async ([off, only]) => {
  const options = {resultTypes: ["violations"], iframes: false, rules: {"target-size": {enabled: true}}};
  for (const rule of axe.getRules())
    if (off.some((start) => rule.ruleId.startsWith(start))) options.rules[rule.ruleId] = {enabled: false};
  if (only.length) options.runOnly = {type: "rule", values: only};
  const found = await axe.run(document, options);
  return found.violations.flatMap(
    (each) => each.nodes.map((node) => `${each.id}: ${node.target} ${node.failureSummary.replace(/\\s+/g, " ")}`)
  );
}"""
NOT_FOR_MAIL = ("region", "landmark-")
IN_THE_DARK = ["color-contrast", "link-in-text-block"]
"""What another scheme can change."""
FEW = ("en", "ar")
"""Of the pages behind links, which differ in nothing but their words, one from the left and one from the right."""


def violations(window: Window, *, off: tuple[str, ...] = (), only: list[str] | None = None) -> list[str]:
    """What axe says about the document in the window."""
    axe = needed("axe-core", MODULES / "axe-core" / "axe.min.js")
    window.page.evaluate(axe.read_text(encoding="utf-8"))
    found: list[Any] = window.page.evaluate(RUN, [list(off), only or []])
    return [str(line) for line in found]


@pytest.mark.parametrize("kind", ["mail", "page", "desk"])
def test_axe_finds_nothing(gallery: Gallery, window: Window, kind: Kind) -> None:
    found = []
    off = NOT_FOR_MAIL if kind == "mail" else ()
    shown = [each for each in gallery.of_kind(kind) if each.path.parent.name != "notices" or each.language in FEW]
    for each in shown:
        window.open(each.path, width=375)
        found += [f"{each.name}: {line}" for line in violations(window, off=off)]
        window.open(each.path, scheme="dark", width=375)
        found += [f"{each.name}, dark: {line}" for line in violations(window, only=IN_THE_DARK)]
    assert not found, "\n".join(found)


def test_axe_looks(gallery: Gallery, window: Window) -> None:
    """What is wrong on purpose is found, so that silence means something."""
    page = next(gallery.of_kind("page"))
    window.open(page.path)
    window.page.evaluate(
        "document.querySelector('main').innerHTML += '<img src=x><p style=\"color:#999\">Faint</p>'"
    )
    assert {line.partition(":")[0] for line in violations(window)} == {"image-alt", "color-contrast"}
