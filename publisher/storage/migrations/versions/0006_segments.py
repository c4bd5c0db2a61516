"""Named segments, and the one that a mailing went to.

Written out rather than taken from `tables`: a step of the history must not change when the tables do.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add a table and a column; mailings of before went to everybody."""
    op.create_table(
        "segments",
        sa.Column("name", sa.String(63), primary_key=True),
        sa.Column("expression", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
    )
    op.add_column("mailings", sa.Column("segment", sa.JSON()))
