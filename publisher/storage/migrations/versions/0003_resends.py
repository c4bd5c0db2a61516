"""What resends, corrections and withdrawals have to remember, and what somebody was told of.

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
_MOMENT = sa.DateTime(timezone=True)


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
    op.add_column("batches", sa.Column("mails", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("batches", sa.Column("begun", sa.Boolean(), nullable=False, server_default=sa.false()))
    # The plus keeps SQLite from reading every delivery of the mailing for each of its batches.
    op.execute(
        "UPDATE batches SET begun = true, mails = (SELECT count(*) FROM deliveries"
        " WHERE +deliveries.mailing_id = batches.mailing_id"
        " AND deliveries.id BETWEEN batches.first_id AND batches.last_id)"
    )
    well = ("accepted", "sending", "pending", "skipped", "delivered")
    _partial_index("again", ["attempts"], "state = 'pending' AND attempts > 0")
    _partial_index("troubled", ["id", "state"], " AND ".join(f"state <> '{state}'" for state in well))
    _partial_index("over", ["state", "id"], "state IN ('skipped', 'delivered')")
    _alerts()


def _partial_index(name: str, columns: list[str], which: str) -> None:
    """An index of some of the deliveries of a mailing."""
    where = sa.text(which)
    op.create_index(
        f"ix_deliveries_{name}", "deliveries", ["mailing_id", *columns], sqlite_where=where, postgresql_where=where
    )


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False),
        sa.Column("began_at", _MOMENT, nullable=False),
        sa.Column("over_at", _MOMENT),
    )
    still = sa.text("over_at IS NULL")
    op.create_index(
        "uq_alerts_open", "alerts", ["kind", "subject"], unique=True, sqlite_where=still, postgresql_where=still
    )
    op.create_table(
        "alert_tellings",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("alert_id", _ID, sa.ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("told_at", _MOMENT),
        sa.Column("told_in", sa.String(64), nullable=False, server_default=""),
        sa.Column("over_told_at", _MOMENT),
        sa.Column("over_told_in", sa.String(64), nullable=False, server_default=""),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("due_at", _MOMENT),
        sa.Column("error", sa.Text(), nullable=False, server_default=""),
        sa.UniqueConstraint("alert_id", "carrier"),
    )
