"""Notices that wait to be mailed, and the tries that rate limits count.

Written out rather than taken from `tables`: a step of the history must not change when the tables do.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add both tables; nothing that is there changes."""
    op.create_table(
        "notices",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("newsletter", sa.String(64), nullable=False),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("email_key", sa.String(320), nullable=False),
        sa.Column("subscriber_id", _ID, sa.ForeignKey("subscribers.id", ondelete="CASCADE")),
        sa.Column("facts", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("error", sa.Text(), nullable=False, server_default=""),
    )
    op.create_index("ix_notices_due_at", "notices", ["due_at"])
    op.create_index("ix_notices_email_key", "notices", ["email_key"])
    op.create_table(
        "tries",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
    )
    op.create_index("ix_tries_key_at", "tries", ["key", "at"])
