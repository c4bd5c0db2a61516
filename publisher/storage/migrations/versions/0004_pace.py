"""When mail may leave: at the reader's hour, at a pace, and after a canary.

Written out rather than taken from `tables`: a step of the history must not change when the tables do.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add columns and the table of paces; what was planned before may leave at once, as it could."""
    op.add_column("batches", sa.Column("due_at", _MOMENT))
    op.add_column("mailings", sa.Column("local_time", sa.String(5), nullable=False, server_default=""))
    op.add_column("mailings", sa.Column("wave_at", _MOMENT))
    op.add_column("mailings", sa.Column("canary_id", _ID))
    op.create_table(
        "paces",
        sa.Column("scope", sa.String(255), primary_key=True),
        sa.Column("spent", sa.JSON(), nullable=False),
    )
