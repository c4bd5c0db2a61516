"""Where templates live, and how they are filled; every mistake in one is an error with its name and line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache, partial
from gettext import NullTranslations
from pathlib import Path
from traceback import walk_tb
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
    select_autoescape,
)
from jinja2.utils import missing

from publisher.errors import RenderError
from publisher.rendering.dates import unbroken_dates
from publisher.rendering.look import link_address, picture_address
from publisher.rendering.measures import breaking_columns, has_compound, installed_fonts, shown_size, together
from publisher.rendering.prose import column_alignments, is_number, plain

_REMEDY = "docs/templates.md lists the templates and the names they are given"


@lru_cache(maxsize=1)
def templates_root() -> Path:
    """The folder of our templates: `publisher/_templates` in a wheel, `templates` in a checkout.

    Raises:
        RenderError: neither is there; the installation is broken.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "_templates", package.parent / "templates"):
        if folder.is_dir():
            return folder
    raise RenderError("the templates are missing", remedy="Install the publisher again")


@lru_cache(maxsize=64)
def environment(override: Path | None, translations: NullTranslations) -> Environment:
    """A Jinja2 environment that speaks through `translations`.

    A file in `override` stands in for ours of the same name; `original/NAME` still names ours, so that a site
    can extend what it replaces.
    """
    ours = FileSystemLoader(templates_root())
    own = _Overridden(override, ours) if override else ours
    env = Environment(
        loader=ChoiceLoader([own, PrefixLoader({"original": ours})]),
        undefined=_Unknown,
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    env.filters["kind"] = lambda node: type(node).__name__
    env.filters["href"] = link_address
    env.filters["alignments"] = column_alignments
    env.filters["plain"] = plain
    env.filters["numeric"] = is_number
    env.filters["asset"] = picture_address
    env.filters["size"] = shown_size
    env.filters["breaking"] = breaking_columns
    env.filters["together"] = together
    env.filters["unbroken"] = unbroken_dates
    env.filters["compound"] = has_compound
    env.filters["installed"] = installed_fonts
    env.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
    return env


class _Overridden(BaseLoader):
    """Templates of a site before ours; a file that is put there later is seen at the next edition."""

    def __init__(self, folder: Path, ours: FileSystemLoader) -> None:
        self.site, self.ours = FileSystemLoader(folder), ours
        self._folder = folder

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """As Jinja2 asks for it: source, file name, and whether that is still so."""
        try:
            return self.site.get_source(environment, template)
        except TemplateNotFound:
            source, name, fresh = self.ours.get_source(environment, template)
            return source, name, lambda: fresh() and not (self._folder / template).exists()


def fill(env: Environment, name: str, /, **values: object) -> str:
    """The template `name`, filled.

    Raises:
        RenderError: with the template, its line, and for a name that does not exist those that do.
    """
    try:
        filled = env.get_template(name).render(values)
        filled.encode()  # half a character is an error here and not where bytes are needed
    except TemplateSyntaxError as error:
        raise _complaint(_Place(error.name or name, error.lineno), error) from error
    except TemplateNotFound as error:
        raise RenderError(f"there is no template {error.name}", remedy=_REMEDY, file=name) from error
    except (
        TemplateError,
        TypeError,
        ValueError,
        LookupError,
        AttributeError,
        ArithmeticError,
        AssertionError,
    ) as error:
        raise _complaint(_place(error, env, name), error) from error
    return filled


def _complaint(place: _Place, error: Exception) -> RenderError:
    text = str(error) or type(error).__name__
    remedy = _names_there(error, place) if isinstance(error, _UnknownNameError) else ""
    return RenderError(
        f"the template cannot be filled: {text}", remedy=remedy + _REMEDY, file=place.file, line=place.line
    )


class _UnknownNameError(UndefinedError):
    """A template asked for what is not there. `owner` is whose attribute it would be, `missing` if nobody's."""

    def __init__(self, owner: object, name: object, message: str) -> None:
        super().__init__(message)
        self.owner = owner
        self.name = name


class _Unknown(StrictUndefined):
    """What stands for a name that does not exist; any use of it is an error that knows what it was."""

    __slots__ = ()

    def __init__(self, hint: str | None = None, obj: object = missing, name: str | None = None, exc: Any = None):
        error: Any = exc or partial(_UnknownNameError, obj, name)
        super().__init__(hint, obj, name, error)


def _names_there(error: _UnknownNameError, place: _Place) -> str:
    """The names that could have been meant, the likeliest first."""
    known = sorted(place.names if error.owner is missing else _names_of(error.owner))
    if not known:
        return ""
    meant = get_close_matches(str(error.name), known, n=1)
    there = "There are" if error.owner is missing else "It has"
    return f"{f'Did you mean {meant[0]}? ' if meant else ''}{there}: {', '.join(known)}. "


def _names_of(owner: object) -> Iterable[str]:
    if isinstance(owner, Mapping):
        return map(str, owner)
    if isinstance(owner, str | int | float | tuple | list | frozenset):
        return ()
    return (name for name in dir(owner) if not name.startswith("_"))


@dataclass(frozen=True, slots=True)
class _Place:
    """A line of a template, and the names that could be used there."""

    file: str
    line: int | None
    names: frozenset[str] = frozenset()


def _place(error: BaseException, env: Environment, name: str) -> _Place:
    """The innermost template line that was being filled: Jinja2 rewrites its frames to point at templates."""
    folders = [Path(folder) for folder in _folders(env.loader)]
    for frame, line in reversed(list(walk_tb(error.__traceback__))):
        file = Path(frame.f_code.co_filename)
        for folder in folders:
            if file.is_relative_to(folder):
                names = frozenset(each for each in frame.f_locals if each not in env.globals)
                return _Place(file.relative_to(folder).as_posix(), line, names)
    return _Place(name, None)


def _folders(loader: Any) -> list[str]:
    if isinstance(loader, ChoiceLoader):
        return [folder for each in loader.loaders for folder in _folders(each)]
    if isinstance(loader, _Overridden):
        return [*loader.site.searchpath, *loader.ours.searchpath]
    return list(loader.searchpath) if isinstance(loader, FileSystemLoader) else []
