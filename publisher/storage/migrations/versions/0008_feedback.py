"""What comes back about mail.

Written out rather than taken from `tables`: a step of the history must not change when the tables do.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the table; nothing that is there changes."""
    op.create_table(
        "feedback",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("bounce", sa.String(16), nullable=False, server_default=""),
        sa.Column("reference", sa.String(200), nullable=False, server_default=""),
        sa.Column("recipient_hash", sa.String(80), nullable=False, server_default=""),
        sa.Column("code", sa.Integer()),
        sa.Column("status", sa.String(16), nullable=False, server_default=""),
        sa.Column("text", sa.Text(), nullable=False, server_default=""),
        sa.Column("type", sa.String(64), nullable=False, server_default=""),
        sa.Column("alike", sa.String(32), nullable=False, server_default=""),
        sa.Column("raw", sa.Text()),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.Column("due_at", _MOMENT),
        sa.Column("processed_at", _MOMENT),
        sa.Column("verdict", sa.String(16), nullable=False, server_default=""),
        sa.Column("held", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("delivery_id", _ID),
        sa.Column("mailing_id", _ID),
        sa.Column("digest_id", _ID),
        sa.Column("subscriber_id", _ID),
        sa.UniqueConstraint("source", "key", name="uq_feedback_source_key"),
    )
    _index("unprocessed", "id", where="processed_at IS NULL")
    _index("mailing_id_bounce", "mailing_id", "bounce", "alike")
    _index("subscriber_id_at", "subscriber_id", "at")
    _index("held", "mailing_id", where="held")
    _index("raw", "received_at", where="raw IS NOT NULL")
    _index("kind_received_at", "kind", "received_at")


def _index(name: str, *columns: str, where: str = "") -> None:
    only = sa.text(where) if where else None
    op.create_index(f"ix_feedback_{name}", "feedback", list(columns), sqlite_where=only, postgresql_where=only)
