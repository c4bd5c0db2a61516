"""Feeds of others as the source of digests.

Written out rather than taken from `tables`: a step of the history must not change when the tables do.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the tables; nothing that is there changes."""
    op.create_table(
        "upstream_addresses",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("title", sa.Text(), nullable=False, server_default=""),
        sa.Column("etag", sa.Text(), nullable=False, server_default=""),
        sa.Column("modified", sa.Text(), nullable=False, server_default=""),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("error", sa.Text(), nullable=False, server_default=""),
        sa.Column("asked_at", _MOMENT),
        sa.Column("due_at", _MOMENT),
    )
    op.create_table(
        "upstream_marks",
        sa.Column("newsletter", sa.String(64), primary_key=True),
        sa.Column("mark", sa.String(64), primary_key=True),
        sa.Column("key", sa.String(64), nullable=False),
    )
    op.create_table(
        "upstream_items",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
    )
    op.create_index("ix_upstream_items_key", "upstream_items", ["key"])
    op.create_table(
        "upstream_digests",
        sa.Column("newsletter", sa.String(64), primary_key=True),
        sa.Column("slug", sa.String(200), primary_key=True),
        sa.Column("feed", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary()),
        sa.Column("made_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "upstream_turns",
        sa.Column("newsletter", sa.String(64), primary_key=True),
        sa.Column("feed", sa.String(64), primary_key=True),
        sa.Column("looked_at", _MOMENT, nullable=False),
    )
