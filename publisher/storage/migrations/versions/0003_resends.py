"""What resends, corrections and withdrawals have to remember.

Written out rather than taken from `tables`: a step of the history must not change when the tables do.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add columns; resends of before are told apart from scheduled mailings by their kind, as ever."""
    op.add_column("mailings", sa.Column("act", sa.String(16), nullable=False, server_default=""))
    op.add_column("mailings", sa.Column("token", sa.String(64)))
    op.add_column("mailings", sa.Column("again", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("mailings", sa.Column("superseded_by", _ID))
    op.add_column("deliveries", sa.Column("replies_to", _ID))
    op.add_column("digests", sa.Column("withdrawn_at", sa.DateTime(timezone=True)))
    op.add_column("digests", sa.Column("withdrawn_because", sa.Text(), nullable=False, server_default=""))
    op.create_index("uq_mailings_token", "mailings", ["token"], unique=True)
