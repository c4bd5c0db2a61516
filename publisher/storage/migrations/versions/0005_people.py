"""What people saw when they agreed, a log of it that nothing changes, and ids of people that never come again.

Written out rather than taken from `tables`: a step of the history must not change when the tables do.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SAYS = "the consent log is never changed"

_ON_SQLITE = (
    f"CREATE TRIGGER consents_append_only BEFORE UPDATE ON consents BEGIN SELECT RAISE(ABORT, '{_SAYS}'); END",
)
_ON_POSTGRES = (
    "CREATE FUNCTION consents_append_only() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN RAISE EXCEPTION '{_SAYS}'; END $$",
    "CREATE TRIGGER consents_append_only BEFORE UPDATE ON consents"
    " FOR EACH ROW EXECUTE FUNCTION consents_append_only()",
)


def upgrade() -> None:
    """Add columns and the trigger; on SQLite, number people anew from the highest id that ever was."""
    op.add_column("consents", sa.Column("text", sa.Text(), nullable=False, server_default=""))
    op.add_column("consents", sa.Column("network", sa.String(64), nullable=False, server_default=""))
    op.add_column("mailings", sa.Column("details_removed_at", sa.DateTime(timezone=True)))
    op.add_column("suppressions", sa.Column("keyed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_suppressions_keyed", "suppressions", ["keyed"])
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    if on_sqlite:
        _never_again_the_same_id()
    for statement in _ON_SQLITE if on_sqlite else _ON_POSTGRES:
        op.execute(statement)


def _never_again_the_same_id() -> None:
    """SQLite gives the highest id again once its row is gone, and with it an erased person's links and mails."""
    with op.batch_alter_table("subscribers", recreate="always", table_kwargs={"sqlite_autoincrement": True}):
        pass
