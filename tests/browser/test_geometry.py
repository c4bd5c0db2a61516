"""Mails and pages at 600, 375 and 320 px, light and dark, in six languages: nothing sticks out, is cut off, too
small, too faint, over something else or on the wrong side, and no document asks another host for anything.
"""

from __future__ import annotations

import pytest

from tests.browser.gallery import NEWSLETTERS, Gallery, Kind
from tests.browser.measuring import all_faults, faults
from tests.browser.tools import Window

pytestmark = pytest.mark.system


def test_there_is_something_to_look_at(gallery: Gallery) -> None:
    mails, pages = (list(gallery.of_kind(kind)) for kind in ("mail", "page"))
    assert {each.language for each in mails} == {each.language for each in pages} == set(NEWSLETTERS)
    assert len(mails) >= 10
    assert len(pages) >= 50
    assert len(list(gallery.of_kind("desk"))) == 3


@pytest.mark.parametrize("kind", ["mail", "page", "desk"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_is_well_set(gallery: Gallery, window: Window, kind: Kind, scheme: str) -> None:
    found = list(all_faults(window, gallery.of_kind(kind), scheme))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_mail_without_its_pictures_is_well_set(gallery: Gallery, window: Window, scheme: str) -> None:
    found = []
    for each in gallery.of_kind("mail"):
        off = each.path.read_text(encoding="utf-8").replace("https://news.example.org/assets/", "missing:")
        path = each.path.with_name("off.html")
        path.write_text(off, encoding="utf-8")
        for width in (600, 375):
            window.open(path, scheme=scheme, width=width)
            lines = faults(window, scheme, pictures=False)
            found += [f"{each.name}, {scheme}, {width} px: {fault}" for fault in lines]
    assert not found, "\n".join(found)
