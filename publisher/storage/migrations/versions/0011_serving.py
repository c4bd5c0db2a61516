"""What is known of documents as they are served, and of those who poll feeds.

Written out rather than taken from `tables`: a step of the history must not change when the tables do.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_COUNTS = ("requests", "conditional", "not_modified", "refused", "subscribers")


def upgrade() -> None:
    """Add the tables; nothing that is there changes."""
    op.create_table(
        "generations",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("number", _NUMBER, nullable=False),
    )
    op.create_table(
        "site_versions",
        sa.Column("path", sa.Text(), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "feed_polls",
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("family", sa.String(64), primary_key=True),
        sa.Column("document", sa.String(500), primary_key=True),
        *(sa.Column(name, _NUMBER, nullable=False) for name in _COUNTS),
    )
