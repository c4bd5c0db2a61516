"""What Alembic runs for every command: on the connection that `publisher.storage.migrate` hands it.

Offline mode (SQL scripts) is not offered: the history must see the database it changes.
"""

from __future__ import annotations

from alembic import context

from publisher.storage import tables
from subscribers.tables import metadata

__all__ = ["tables"]  # importing it is what hangs the publisher's tables on the MetaData

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",  # SQLite changes a table by copying it
)
context.run_migrations()
