"""Where templates live, and how they are filled; every mistake in one is an error with its name and line."""

from __future__ import annotations

import traceback
from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path
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
    select_autoescape,
)

from publisher.errors import RenderError
from publisher.rendering.look import link_address, picture_address
from publisher.rendering.measures import breaking_columns, installed_fonts, shown_size, together
from publisher.rendering.prose import column_alignments, plain

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
    chain: list[BaseLoader] = [FileSystemLoader(override)] if override else []
    env = Environment(
        loader=ChoiceLoader([*chain, ours, PrefixLoader({"original": ours})]),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    env.filters["kind"] = lambda node: type(node).__name__
    env.filters["href"] = link_address
    env.filters["alignments"] = column_alignments
    env.filters["plain"] = plain
    env.filters["asset"] = picture_address
    env.filters["size"] = shown_size
    env.filters["breaking"] = breaking_columns
    env.filters["together"] = together
    env.filters["installed"] = installed_fonts
    env.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
    return env


def fill(env: Environment, name: str, /, **values: object) -> str:
    """The template `name`, filled.

    Raises:
        RenderError: with the template and its line.
    """
    try:
        filled = env.get_template(name).render(values)
        filled.encode()  # half a character is an error here and not where bytes are needed
    except TemplateSyntaxError as error:
        raise _complaint(error.name or name, error.lineno, error) from error
    except TemplateNotFound as error:
        raise RenderError(f"there is no template {error.name}", remedy=_REMEDY, file=name) from error
    except (TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
        raise _complaint(*_place(error, env, name), error) from error
    return filled


def _complaint(name: str, line: int | None, error: Exception) -> RenderError:
    text = str(error) or type(error).__name__
    return RenderError(f"the template cannot be filled: {text}", remedy=_REMEDY, file=name, line=line)


def _place(error: BaseException, env: Environment, name: str) -> tuple[str, int | None]:
    """The innermost template line that was being filled: Jinja2 rewrites its frames to point at templates."""
    folders = [Path(folder) for folder in _folders(env.loader)]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        for folder in folders:
            if Path(frame.filename).is_relative_to(folder):
                return Path(frame.filename).relative_to(folder).as_posix(), frame.lineno
    return name, None


def _folders(loader: Any) -> list[str]:
    if isinstance(loader, ChoiceLoader):
        return [folder for each in loader.loaders for folder in _folders(each)]
    return list(loader.searchpath) if isinstance(loader, FileSystemLoader) else []
