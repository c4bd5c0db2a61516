"""A digest as JSON-safe values, for the database, and back again without a difference.

Inlines and blocks are objects whose `type` names their class in `_KINDS`; their other keys are the class's fields.
Fields that hold their default are left out, so that a later field can be added without rewriting stored digests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from datetime import UTC, date, datetime
from typing import Any

from publisher.digests import model
from publisher.digests.model import Digest
from publisher.errors import DigestError

_Decoder = Callable[[Any], Any]


def to_json(digest: Digest) -> dict[str, Any]:
    """`digest` as dicts, lists, strings and numbers."""
    encoded: dict[str, Any] = _encode(digest)
    return encoded


def from_json(value: Any) -> Digest:
    """The digest that `to_json` gave.

    Raises:
        DigestError: this is no such value.
    """
    try:
        return Digest(**_decoded_fields(Digest, value))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DigestError(
            f"a stored digest cannot be read: {type(error).__name__} {error}",
            remedy="It was written by another version, or by hand; restore the database from a backup",
        ) from error


_KINDS: Mapping[str, type] = {
    "text": model.Text,
    "strong": model.Strong,
    "emphasis": model.Emphasis,
    "code_span": model.CodeSpan,
    "link": model.Link,
    "break": model.LineBreak,
    "mark": model.NoteMark,
    "paragraph": model.Paragraph,
    "heading": model.Heading,
    "list": model.ListBlock,
    "quote": model.Quote,
    "figure": model.Figure,
    "table": model.Table,
    "code": model.Code,
    "rule": model.Rule,
    "note": model.Note,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_UNTYPED = (Digest, model.Section, model.Item)


def _encode(value: Any) -> Any:
    match value:
        case tuple():
            return [_encode(item) for item in value]
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case _ if type(value) in _NAMES or isinstance(value, _UNTYPED):
            kept = {"type": _NAMES[type(value)]} if type(value) in _NAMES else {}
            for field in fields(value):
                held = getattr(value, field.name)
                if field.default is MISSING or held != field.default:
                    kept[field.name] = _encode(held)
            return kept
    return value


def _node(value: Mapping[str, Any]) -> Any:
    """An inline or a block."""
    kind = _KINDS[value["type"]]
    return kind(**_decoded_fields(kind, {key: held for key, held in value.items() if key != "type"}))


def _decoded_fields(kind: type, value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _decoder(kind, key)(held) for key, held in value.items()}


def _nodes(value: list[Any]) -> tuple[Any, ...]:
    return tuple(_node(item) for item in value)


def _cells(value: list[Any]) -> tuple[Any, ...]:
    return tuple(_nodes(cell) for cell in value)


def _rows(value: list[Any]) -> tuple[Any, ...]:
    return tuple(_cells(row) for row in value)


def _items(value: list[Any]) -> tuple[model.Item, ...]:
    return tuple(model.Item(_nodes(item["blocks"])) for item in value)


def _sections(value: list[Any]) -> tuple[model.Section, ...]:
    return tuple(model.Section(**_decoded_fields(model.Section, item)) for item in value)


_BY_FIELD: Mapping[tuple[type, str], _Decoder] = {
    (Digest, "date"): date.fromisoformat,
    (Digest, "publish_at"): datetime.fromisoformat,
    (Digest, "sections"): _sections,
    (Digest, "image"): _node,
    (model.ListBlock, "items"): _items,
    (model.Table, "alignments"): tuple,
    (model.Table, "header"): _cells,
    (model.Table, "rows"): _rows,
}
_BY_NAME: Mapping[str, _Decoder] = {
    "children": _nodes,
    "inlines": _nodes,
    "blocks": _nodes,
    "caption": _nodes,
    "lead": _nodes,
}


def _decoder(kind: type, name: str) -> _Decoder:
    return _BY_FIELD.get((kind, name)) or _BY_NAME.get(name) or _same


def _same(value: Any) -> Any:
    return value
