"""What was found about each digest before it left.

Written out rather than taken from `tables`: a step of the history must not change when the tables do.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the table of inspections; nothing that is there changes."""
    op.create_table(
        "preflights",
        sa.Column("id", _ID, nullable=False),
        sa.Column("digest_id", _ID, nullable=False),
        sa.Column("edition_id", _ID),
        sa.Column("source_hash", sa.String(64), nullable=False),
        sa.Column("conditions", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("despite", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.id"], name="fk_preflights_digest_id_digests"),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name="fk_preflights_edition_id_editions"),
        sa.PrimaryKeyConstraint("id", name="pk_preflights"),
    )
    op.create_index("ix_preflights_digest_id", "preflights", ["digest_id", "id"])
