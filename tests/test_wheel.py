"""The wheel holds all that is ours, and works where there is no checkout.

It is built from a copy of the checkout and installed into a fresh environment. The libraries it needs are lent to
that environment by a .pth line that names the site-packages of the tests. Such a line puts a folder on the path
and runs none of the .pth files inside it, so the editable installation there, which is one, leads nowhere: what
`import publisher` finds can only have come out of the wheel, and the tests ask it where it stands. A download of
every library would take longer and prove nothing more about our files.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path, PurePosixPath

import pytest

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).parents[1]
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES: list[str] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
ADDED: dict[str, str] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
"""What the wheel takes in from outside the packages, and where it puts it."""


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """The output of a command that must succeed, in a clean environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PUBLISHER"))}
    done = subprocess.run(
        command, cwd=cwd, env=kept | environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def files_of(folder: Path) -> set[str]:
    """Every file below a folder, by its relative path; of a file, itself."""
    return (
        {"."}
        if folder.is_file()
        else {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    )


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the wheel is built from, so that a build could not touch the checkout."""
    copy = tmp_path_factory.mktemp("source")
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
    for part in (*PACKAGES, *ADDED, "pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        if (CHECKOUT / part).is_dir():
            shutil.copytree(CHECKOUT / part, copy / part, ignore=ignored)
        else:
            shutil.copy(CHECKOUT / part, copy / part)
    return copy


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel; the build has left its source as it was."""
    out = tmp_path_factory.mktemp("wheel")
    before = files_of(source)
    run(
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        "wheel",
        "-d",
        out,
        cwd=source,
        PYTHONDONTWRITEBYTECODE="1",
    )
    assert files_of(source) == before
    (built,) = out.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of a fresh environment that holds the wheel and borrows the libraries."""
    home = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", home, cwd=home)
    python = home / "bin/python"
    pip = (sys.executable, "-m", "pip", "--python", str(python), "install")
    run(*pip, "--quiet", "--no-index", "--no-deps", wheel, cwd=home)
    packages = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=home).strip())
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home / "bin"


def test_the_wheel_holds_every_module_template_and_migration(wheel: Path, source: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    placed = {package: package for package in PACKAGES} | ADDED
    expected = {
        PurePosixPath(target, name).as_posix()
        for part, target in placed.items()
        for name in files_of(source / part)
    }
    assert expected <= inside
    for folder in ("publisher/storage/migrations/versions/", "publisher/_templates/email/"):
        assert any(name.startswith(folder) for name in inside)
    strangers = {name for name in inside - expected if ".dist-info/" not in name}
    assert strangers == set()


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name.partition(".dist-info/")[2]: name for name in archive.namelist() if ".dist-info/" in name}
        metadata = archive.read(names["METADATA"]).decode()
        assert "publisher = publisher.cli:main" in archive.read(names["entry_points.txt"]).decode()
    assert "licenses/LICENSE" in names
    assert "Requires-Python: >=3.11" in metadata
    assert "License-Expression: MIT" in metadata


def test_what_is_imported_comes_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    program = (
        "import publisher, subscribers; from publisher.rendering import templates_root; "
        "print(publisher.__file__, subscribers.__file__, templates_root(), sep='\\n')"
    )
    places = run(installed / "python", "-c", program, cwd=tmp_path).splitlines()
    assert len(places) == 3
    for place in places:
        assert Path(place).is_relative_to(installed.parent)


@pytest.mark.parametrize("launch", [("publisher",), ("python", "-m", "publisher")], ids=["script", "module"])
def test_the_command_answers_outside_the_checkout(
    installed: Path, tmp_path: Path, launch: tuple[str, ...]
) -> None:
    said = run(installed / launch[0], *launch[1:], "--help", cwd=tmp_path)
    for command in ("init", "run", "serve", "preview", "digest", "mailing", "resend", "subscriber", "feed", "db"):
        assert f" {command} " in said
    assert files_of(tmp_path) == set()


@pytest.mark.slow
def test_a_new_instance_publishes_its_first_digest(installed: Path, tmp_path: Path) -> None:
    command = installed / "publisher"
    run(command, "init", cwd=tmp_path)
    with (tmp_path / "config.toml").open() as config:
        newsletter = next(line.split('"')[1] for line in config if line.startswith("slug"))
    (tmp_path / "people.csv").write_text("email,name\na@example.org,A\nb@example.org,B\n")
    run(command, "subscriber", "import", "people.csv", "--newsletter", newsletter, "--confirmed", cwd=tmp_path)
    (tmp_path / "digests").mkdir(exist_ok=True)
    (tmp_path / "digests/first.md").write_text("---\ntitle: The first\n---\nOut of a wheel.\n")
    run(command, "run", cwd=tmp_path)
    site = files_of(tmp_path / "var/site")
    assert {"index.html", f"{newsletter}/index.html", f"{newsletter}/rss.xml", f"{newsletter}/atom.xml"} <= site
    mails = [file for file in (tmp_path / "var/outbox").rglob("*") if file.is_file()]
    assert sum(b"Out of a wheel." in mail.read_bytes() for mail in mails) == 2
