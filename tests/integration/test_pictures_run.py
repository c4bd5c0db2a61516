"""Pictures beside digests and logos, from files to the site and the mail, through the real command line."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from publisher.digests import pictures
from tests.instance import Instance
from tests.unit.digests.picturing import camera_data, chart, opened, photograph, saved

pytestmark = pytest.mark.slow

SITE = "https://news.example.org/assets/"
DIGEST = """---
title: News of the pier
date: 2024-11-21
---

The lead.

![The pier in fog](pictures/pier.jpg)

*The pier, four minutes early*

## Numbers

![Ferries a day](chart.webp)
"""


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    made = Instance(tmp_path / "instance")
    made.subscribe("reader@example.org")
    return made


def images(html: str) -> dict[str, dict[str, str]]:
    """The attributes of each picture, by its address."""
    tags = (dict(re.findall(r'([a-z]+)="([^"]*)"', tag)) for tag in re.findall(r"<img [^>]*>", html))
    return {tag["src"]: tag for tag in tags}


def mailed(instance: Instance) -> str:
    (mail,) = instance.mails()
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def test_pictures_are_fitted_published_and_shown_in_mail_and_page(instance: Instance) -> None:
    instance.put("pictures/pier.jpg", saved(photograph(2400, 1200), "JPEG", exif=camera_data(6)))
    instance.put("chart.webp", saved(chart(800, 500), "WEBP", lossless=True))
    instance.put("pier.md", DIGEST)

    ended = instance("run")

    assert ended.code == 0, ended
    public = instance.public_bytes()
    files = {path.removeprefix("assets/"): data for path, data in public.items() if path.startswith("assets/")}
    sizes = {name: opened(data).size for name, data in files.items()}
    assert sorted(sizes.values()) == [(800, 500), (1200, 2400)]
    assert not any(b"Secretphone" in data for data in files.values())
    shown = images(mailed(instance))
    assert set(shown) == {f"{SITE}{name}" for name in files}
    for name, (width, height) in sizes.items():
        tag = shown[f"{SITE}{name}"]
        assert tag["alt"] in {"The pier in fog", "Ferries a day"}
        assert 1 < int(tag["width"]) <= 600
        assert abs(int(tag["height"]) - int(tag["width"]) * height / width) <= 1
    page = public["daily/2024-11-21-pier/index.html"].decode()
    assert {src.removeprefix("../../assets/") for src in images(page)} == set(files)
    assert all(name.encode() in public["daily/atom.xml"] for name in files)


def test_a_preview_shows_what_would_be_published(instance: Instance) -> None:
    instance.put("pictures/pier.jpg", saved(photograph(2400, 1200), "JPEG"))
    instance.put("chart.webp", saved(chart(800, 500), "WEBP", lossless=True))
    file = instance.put("pier.md", DIGEST)
    ended = instance("preview", str(file), "--out", str(instance.root / "out"))
    assert ended.code == 0, ended
    before = {path.name: path.read_bytes() for path in (instance.root / "out" / "site" / "assets").iterdir()}
    instance("run")
    published = {path.name: path.read_bytes() for path in (instance.site / "assets").iterdir()}
    assert before == published


BROKEN = {
    "svg.png": (b"<svg/>", "is no PNG, JPEG, GIF or WebP"),
    "cut.jpg": (saved(photograph(90, 60), "JPEG")[:-40], "is cut off"),
    "bomb.png": (
        saved(chart(9, 9), "PNG")[:16] + bytes.fromhex("0000ea600000ea60") + saved(chart(9, 9), "PNG")[24:],
        "claims 60000 x 60000 pixels",
    ),
    "../outside.png": (saved(chart(9, 9), "PNG"), "may not be used"),
}


def test_a_picture_that_cannot_be_shown_is_one_line_and_other_digests_go(instance: Instance) -> None:
    for number, (name, (data, _)) in enumerate(BROKEN.items()):
        instance.put(name, data)
        instance.put(f"bad{number}.md", f"# Bad {number}\n\nText.\n\n![alt]({name})\n")
    instance.digest("2024-11-21")

    for _ in range(2):  # it stays an error until somebody mends it
        ended = instance("run")
        assert ended.code == 1
        assert "Traceback" not in ended.err
        lines = [line for line in ended.err.splitlines() if "the picture" in line]
        assert len(lines) == len(BROKEN), ended.err
        for number, (name, (_, words)) in enumerate(BROKEN.items()):
            (line,) = [line for line in lines if f"bad{number}.md:5" in line]
            assert f'the picture "{name}" {words}' in line
    assert [mail["Subject"] for mail in instance.mails()] == ["News of 2024-11-21"]


def test_a_digest_whose_newest_picture_is_broken_does_not_leave_with_the_old_one(instance: Instance) -> None:
    instance.put("chart.png", saved(chart(90, 60), "PNG"))
    instance.put("news.md", "---\nstatus: draft\ndate: 2024-11-21\n---\n\n# News\n\n![alt](chart.png)\n")
    assert instance("run").code == 0
    assert instance("digest", "finalize", "2024-11-21-news").code == 0
    instance.put("chart.png", saved(chart(90, 60), "PNG")[:-30])

    assert instance("run").code == 1
    assert instance.mails() == []

    instance.put("chart.png", saved(chart(80, 60), "PNG"))
    instance.put("news.md", "---\ndate: 2024-11-21\n---\n\n# News\n\n![alt](chart.png)\n")
    assert instance("run").code == 0
    assert len(instance.mails()) == 1


def test_what_makes_pictures_may_change_without_changing_a_digest(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture that comes out different from a newer Pillow is no news to anybody."""
    instance.put("pictures/pier.jpg", saved(photograph(1300, 200), "JPEG"))
    instance.put("chart.webp", saved(chart(80, 50), "WEBP", lossless=True))
    instance.put("pier.md", DIGEST)
    instance("run")
    before = instance.public_bytes()
    monkeypatch.setattr(pictures, "QUALITY", 20)
    with instance.opened() as app:
        report = app.run_pass()
    assert (report.taken, report.notes, report.errors) == ((), (), ())
    assert instance.public_bytes() == before


# --- the logo --------------------------------------------------------------------------------------------------


def test_the_logo_is_at_the_endpoint_before_anything_names_it(instance: Instance) -> None:
    (instance.root / "logo.png").write_bytes(saved(chart(800, 200), "PNG"))
    instance.config.write_text(instance.config.read_text() + '\n[theme]\nlogo = "logo.png"\nlogo_width = 160\n')
    instance.digest("2024-11-21")
    ended = instance("run")
    assert ended.code == 0, ended
    ((path, data),) = ((path, data) for path, data in instance.public_bytes().items() if "assets/" in path)
    assert opened(data).size == (320, 80)
    shown = images(mailed(instance))[f"https://news.example.org/{path}"]
    assert (shown["width"], shown["height"]) == ("160", "40")
    assert path.encode() in instance.public_bytes()["index.html"]


def test_an_old_page_has_its_logo_wherever_it_is_put(instance: Instance) -> None:
    instance.config.write_text(instance.config.read_text() + '\n[theme]\nlogo = "logo.png"\n')
    (instance.root / "logo.png").write_bytes(saved(chart(400, 100), "PNG"))
    instance.digest("2024-11-21")
    assert instance("run").code == 0
    before = instance.public_bytes()
    (instance.root / "logo.png").write_bytes(saved(chart(300, 100), "PNG"))
    shutil.rmtree(instance.site)

    assert instance("run").code == 0

    after = instance.public_bytes()
    page = "daily/2024-11-21-news/index.html"
    assert after[page] == before[page]
    (old,) = images(before[page].decode())
    assert old.removeprefix("../../") in after
    assert images(after["index.html"].decode()) != images(before["index.html"].decode())
    assert set(images(after["index.html"].decode())) <= set(after)


def test_a_missing_logo_is_told_before_anything_is_done(instance: Instance) -> None:
    instance.config.write_text(instance.config.read_text() + '\n[theme]\nlogo = "logo.png"\n')
    instance.digest("2024-11-21")
    ended = instance("run")
    assert ended.code == 2
    assert 'theme.logo: the picture "logo.png" is not there' in ended.err
    assert instance.public_bytes() == {}
