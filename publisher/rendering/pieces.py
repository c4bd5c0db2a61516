"""Places in a rendered mail: where its blocks part, and where a subscriber's values go.

A place is marked by a word that is a hash of everything that is rendered: the same for the same content, and
nothing that the content could hold by chance or on purpose. It is only letters and digits, so that it comes
through escaping, address handling and line breaking as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from publisher.editions import Field, FieldName, Part, Parts
from publisher.errors import RenderError


@dataclass(frozen=True, slots=True)
class Places:
    """The marks of one rendering."""

    stem: str

    def field(self, name: FieldName) -> str:
        """The word that stands for a subscriber's value."""
        return f"{self.stem}{name.name.replace('_', '').lower()}z"

    @property
    def cut(self) -> str:
        """The HTML comment at which two blocks part."""
        return f"<!--{self.stem}cutz-->"

    def blocks(self, document: str, count: int) -> list[str]:
        """`document` in its blocks, the comments gone.

        Raises:
            RenderError: a template has lost or doubled one.
        """
        pieces = document.split(self.cut)
        if len(pieces) != count:
            raise RenderError(
                f"the mail falls into {len(pieces)} blocks instead of {count}",
                remedy="Every {{ cut|safe }} of templates/email/mail.html must stand where it stands in ours",
            )
        return pieces

    def parts(self, text: str) -> Parts:
        """`text` as literals and fields."""
        names = {self.field(name): name for name in FieldName}
        found: list[Part] = []
        for piece in re.split(f"({'|'.join(names)})", text):
            if piece in names:
                found.append(Field(names[piece]))
            elif piece:
                found.append(piece)
        return tuple(found)


def places(*rendered: object) -> Places:
    """Marks for what is rendered: plain frozen data, whose `repr` says everything about it."""
    return Places(f"q{sha256(repr(rendered).encode('utf-8', 'surrogatepass')).hexdigest()[:32]}")


def require_fields(blocks: Sequence[Parts], what: str) -> None:
    """Raise RenderError unless the way out is in there: a mail without it must never leave."""
    if not any(part == Field(FieldName.UNSUBSCRIBE_URL) for parts in blocks for part in parts):
        raise RenderError(
            f"the {what} mail has no unsubscribe link",
            remedy="Write {{ fields.unsubscribe_url }} into the footer of the template",
        )
