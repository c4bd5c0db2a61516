"""Which paths a document may have, at any kind of endpoint."""

from __future__ import annotations

import re

from publisher.errors import EndpointError

_ODD = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff]")
_LONGEST_PART = 240
"""Bytes; file systems stop at 255."""


def parts_of(path: str, endpoint: str) -> tuple[str, ...]:
    """The parts of a document's path: relative, with forward slashes, below the endpoint's root.

    Args:
        path: `Document.path`.
        endpoint: the endpoint's name, for the message.

    Raises:
        EndpointError: permanent; the path is absolute, leaves the root, or holds what some endpoint cannot store.
    """
    parts = tuple(path.split("/"))
    problem = _problem(path, parts)
    if problem:
        raise EndpointError(
            f"{endpoint}: the path {path[:200]!a} {problem}",
            remedy="Documents lie below the endpoint's root; please report this as a fault of the publisher",
            permanent=True,
            endpoint=endpoint,
            document=path,
        )
    return parts


def _problem(path: str, parts: tuple[str, ...]) -> str:
    if not path:
        return "is empty"
    if _ODD.search(path):
        return "holds a backslash or control characters"
    if any(part in {"", ".", ".."} for part in parts):
        return "is absolute, or has an empty part or dots for one"
    if any(len(part.encode()) > _LONGEST_PART for part in parts):
        return "has a part that is too long"
    return ""
