"""The catalogues of our words: `make catalogs` brings them up to date, tests hold them to what the code says.

Babel's own extractor does not see calls inside f-strings before Python 3.12, so Python is read as a syntax tree.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from gettext import c2py
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

ROOT = Path(__file__).parents[1]
LOCALE = ROOT / "templates" / "locale"
SOURCE = LOCALE / "publisher.pot"
"""The English words: what a new language begins with."""

LANGUAGES = ("ar", "de", "es", "fr", "uk")
TEMPLATES = (".html", ".txt")
CALLS = ("words", "ours", "gettext", "ngettext")
"""What the objects and functions are called that give a word in the reader's language."""

PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_OPTIONS = {"trim_blocks": "true", "lstrip_blocks": "true", "newstyle_gettext": "true", "silent": "false"}
_EXTENSIONS = {"extensions": "jinja2.ext.i18n,jinja2.ext.do"}
_HEADER = """msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural}\\n"

"""
Id = str | tuple[str, ...]


def file_of(language: str) -> Path:
    """The catalogue of a language."""
    return LOCALE / language / "LC_MESSAGES" / "publisher.po"


def read(file: Path) -> Catalog:
    """A catalogue; raises PoFileError with its line when it is none."""
    with file.open("rb") as opened:
        return read_po(opened, abort_invalid=True)


def spoken(root: Path = ROOT) -> Catalog:
    """Every word that templates and the publisher's Python ask for, with the files that do."""
    found = Catalog()
    for file in sorted((root / "templates").rglob("*")):
        if file.suffix in TEMPLATES:
            for message in _in_template(file):
                found.add(message, locations=[(file.relative_to(root).as_posix(), 1)])
    for file in sorted((root / "publisher").rglob("*.py")):
        for message in _in_python(file):
            found.add(message, locations=[(file.relative_to(root).as_posix(), 1)])
    return found


def _in_template(file: Path) -> Iterator[Id]:
    with file.open("rb") as opened:
        for _, _, message, _ in babel_extract(opened, CALLS, (), _OPTIONS | _EXTENSIONS):
            ids = tuple(part for part in ((message,) if isinstance(message, str) else message or ()) if part)
            yield ids[:2] if len(ids) > 1 else ids[0]


def _in_python(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(
                func=ast.Name(id=name) | ast.Attribute(attr=name), args=[ast.Constant(value=str(word)), *_]
            ) if name in CALLS:
                yield word


def problems(catalog: Catalog, wanted: Catalog) -> list[str]:
    """What a translator has still to do, or has done wrong; one line each."""
    found = [f"fuzzy: {_shown(message)}" for message in _words(catalog) if message.fuzzy]
    found += [f"obsolete: {_shown(message)}" for message in catalog.obsolete.values()]
    found += [f"said nowhere: {_shown(message)}" for message in _words(catalog) if message.id not in wanted]
    for source in _words(wanted):
        message = catalog.get(source.id)
        if message is None or message.id != source.id:
            found.append(f"missing: {_shown(source)}")
        else:
            found += _wrong(message, _numbers(catalog))
    return found


def _numbers(catalog: Catalog) -> list[list[int]]:
    """For each plural form of a language, some of the numbers it stands for."""
    form_of = c2py(catalog.plural_expr)
    forms: list[list[int]] = [[] for _ in range(catalog.num_plurals)]
    for number in range(1000):
        forms[form_of(number)].append(number)
    return forms


def _wrong(message: Message, forms: list[list[int]]) -> list[str]:
    """What is wrong with a translation; `forms` are the numbers that each of its plurals stands for."""
    shown = _shown(message)
    ids, strings = _all(message.id), _all(message.string)
    if not all(each and each.strip() for each in strings):
        return [f"not translated: {shown}"]
    if len(strings) != (len(forms) if len(ids) > 1 else 1):
        return [f"{len(strings)} plural forms: {shown}"]
    names = {name for each in ids for name in PLACEHOLDER.findall(each)}
    found = []
    for each, numbers in zip(strings, forms if len(ids) > 1 else [[]], strict=True):
        spared = {"count"} if len(numbers) == 1 else set()  # a form for one number may say it as a word
        held = set(PLACEHOLDER.findall(each))
        if not names - spared <= held <= names or "%" in PLACEHOLDER.sub("", each):
            found.append(f"other placeholders: {shown}: {each}")
        if ids[0].endswith(":") != each.endswith(":"):
            found.append(f"one ends with a colon: {shown}: {each}")
    return found


def _words(catalog: Catalog) -> list[Message]:
    return [message for message in catalog if message.id]


def _all(said: str | Sequence[str] | None) -> tuple[str, ...]:
    """A word and its plurals."""
    return (said,) if isinstance(said, str) else tuple(said or ("",))


def _shown(message: Message) -> str:
    return _all(message.id)[0]


def write(file: Path, catalog: Catalog, language: str, plural: str) -> None:
    """Write a catalogue sorted by its English words, without the dates that would change each time."""
    out = BytesIO()
    write_po(out, catalog, width=0, omit_header=True, sort_output=True, include_lineno=False, ignore_obsolete=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(_HEADER.format(language=language, plural=plural).encode() + out.getvalue())


def main() -> int:
    """Bring every catalogue up to date, and say what is left to translate."""
    wanted = spoken()
    write(SOURCE, wanted, "en", "nplurals=2; plural=(n != 1);")
    left = 0
    for language in LANGUAGES:
        file = file_of(language)
        catalog = read(file) if file.exists() else Catalog(language)
        catalog.update(wanted, no_fuzzy_matching=True)
        write(file, catalog, language, str(get_plural(language)))
        todo = problems(read(file), wanted)
        left += len(todo)
        for line in todo:
            print(f"{language}: {line}")
    print(f"{len(wanted)} messages in {len(LANGUAGES)} languages and English; {left} to do")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
