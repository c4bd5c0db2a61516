"""What the feeds of sections and of corrections ask for, without reading all digests.

Written out rather than taken from `tables`: a step of the history must not change when the tables do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_AT_ONCE = 100
"""Editions read at a time: each holds a whole digest."""


def upgrade() -> None:
    """Add the table with the sections that there are; nothing that is there changes."""
    table = op.create_table(
        "digest_sections",
        sa.Column("digest_id", _ID, sa.ForeignKey("digests.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("section", sa.String(200), primary_key=True),
        sa.Column("newsletter", sa.String(64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("first_edition", _ID, nullable=False),
    )
    _fill(table)
    _index("digest_sections_newsletter_section", "digest_sections", "newsletter", "section", "first_edition")
    _index(
        "digest_sections_newsletter_first_edition", "digest_sections", "newsletter", "first_edition", "position"
    )
    _index("editions_corrections", "editions", "id", where="number > 1")
    _index(
        "digests_newsletter_withdrawn_at",
        "digests",
        "newsletter",
        "withdrawn_at",
        where="withdrawn_at IS NOT NULL",
    )


def _fill(table: sa.Table) -> None:
    connection = op.get_bind()
    editions = sa.table(
        "editions", sa.column("id"), sa.column("digest_id"), sa.column("number"), sa.column("content", sa.JSON())
    )
    digests = sa.table("digests", sa.column("id"), sa.column("newsletter"))
    first, later = editions.alias("first"), editions.alias("later")
    newest = sa.select(sa.func.max(later.c.number)).where(later.c.digest_id == editions.c.digest_id)
    query = (
        sa.select(editions.c.id, editions.c.digest_id, digests.c.newsletter, first.c.id, editions.c.content)
        .select_from(editions)
        .join(digests, digests.c.id == editions.c.digest_id)
        .join(first, sa.and_(first.c.digest_id == editions.c.digest_id, first.c.number == 1))
        .where(editions.c.number == newest.scalar_subquery())
        .order_by(editions.c.id)
        .limit(_AT_ONCE)
    )
    last = 0
    while found := connection.execute(query.where(editions.c.id > last)).all():
        last = found[-1][0]
        rows = [row for edition in found for row in _rows(*edition[1:])]
        if rows:
            connection.execute(sa.insert(table), rows)


def _rows(
    digest_id: int, newsletter: str, first_edition: int, content: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    names = {section["slug"]: section["name"] for section in content.get("sections", ())}
    for position, (slug, name) in enumerate(names.items()):
        yield {
            "digest_id": digest_id,
            "section": slug,
            "newsletter": newsletter,
            "name": name,
            "position": position,
            "first_edition": first_edition,
        }


def _index(name: str, table: str, *columns: str, where: str = "") -> None:
    only = sa.text(where) if where else None
    op.create_index(f"ix_{name}", table, list(columns), sqlite_where=only, postgresql_where=only)
