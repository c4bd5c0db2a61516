"""The first schema: people, digests, editions, the ledger, publications, events, settings.

Written out rather than taken from `tables`: a step of the history must not change when the tables do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_Column = sa.Column[Any]


def _key(name: str = "id", **options: Any) -> _Column:
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, **options)


def _reference(name: str) -> _Column:
    """An id without a foreign key, that may be absent."""
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer(), "sqlite"))


def _moment(name: str, *, nullable: bool = True) -> _Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, **options: Any) -> _Column:
    return sa.Column(name, sa.Text(), nullable=False, **options)


def _string(name: str, length: int, *, nullable: bool = False, **options: Any) -> _Column:
    return sa.Column(name, sa.String(length), nullable=nullable, **options)


def _number(name: str, **options: Any) -> _Column:
    return sa.Column(name, sa.Integer(), nullable=False, **options)


def _json(name: str, **options: Any) -> _Column:
    return sa.Column(name, sa.JSON(), nullable=False, **options)


def _foreign(table: str, column: str, other: str, *, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    target, _, _ = other.partition(".")
    return sa.ForeignKeyConstraint([column], [other], name=f"fk_{table}_{column}_{target}", ondelete=ondelete)


def _partial_index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def upgrade() -> None:
    """Create every table; each one after those it points to."""
    for step in _STEPS:
        step()


def _people() -> None:
    op.create_table(
        "subscribers",
        _key(),
        _string("email", 320),
        _string("email_key", 320),
        _text("name", server_default=""),
        _string("language", 35, server_default=""),
        _string("timezone", 64, server_default=""),
        _number("link_version", server_default="1"),
        _json("attributes", server_default="{}"),
        _moment("created_at", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subscribers"),
        sa.UniqueConstraint("email_key", name="uq_subscribers_email_key"),
    )
    op.create_table(
        "subscriptions",
        _key("subscriber_id"),
        _string("newsletter", 64),
        _string("state", 16),
        sa.Column("sections", sa.JSON()),
        _moment("paused_until"),
        _text("source", server_default=""),
        _moment("created_at", nullable=False),
        _moment("confirmed_at"),
        _moment("left_at"),
        _text("left_reason", server_default=""),
        _foreign("subscriptions", "subscriber_id", "subscribers.id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("subscriber_id", "newsletter", name="pk_subscriptions"),
    )
    op.create_index("ix_subscriptions_newsletter_state", "subscriptions", ["newsletter", "state", "subscriber_id"])


def _permissions() -> None:
    op.create_table(
        "suppressions",
        _key(),
        _string("email_key", 320),
        _string("newsletter", 64, nullable=True),
        _string("reason", 32),
        _text("detail", server_default=""),
        _moment("created_at", nullable=False),
        _moment("lifted_at"),
        _text("lifted_by", server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_suppressions"),
    )
    op.create_index("ix_suppressions_email_key", "suppressions", ["email_key"])
    op.create_table(
        "consents",
        _key(),
        _key("subscriber_id"),
        _string("newsletter", 64),
        _string("act", 32),
        _text("how"),
        _moment("at", nullable=False),
        _foreign("consents", "subscriber_id", "subscribers.id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_consents"),
    )
    op.create_index("ix_consents_subscriber_id", "consents", ["subscriber_id"])


def _digests() -> None:
    op.create_table(
        "digests",
        _key(),
        _string("newsletter", 64),
        _string("slug", 200),
        _text("title"),
        sa.Column("date", sa.Date(), nullable=False),
        _string("state", 16),
        _json("content"),
        _text("source"),
        _string("source_hash", 64),
        _moment("publish_at"),
        _moment("seen_at", nullable=False),
        _moment("finalized_at"),
        _text("held_because", server_default=""),
        _moment("published_at"),
        _moment("slot"),
        _string("mail", 16, server_default="none"),
        sa.Column("entry_id", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_digests"),
        sa.UniqueConstraint("newsletter", "slug", name="uq_digests_newsletter_slug"),
        sa.UniqueConstraint("newsletter", "slot", name="uq_digests_newsletter_slot"),
    )
    op.create_index("ix_digests_newsletter_state_date", "digests", ["newsletter", "state", "date"])
    op.create_index("ix_digests_source_hash", "digests", ["source_hash"])


def _pictures() -> None:
    op.create_table(
        "assets",
        _string("name", 64),
        _string("media_type", 64),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_assets"),
    )
    op.create_table(
        "digest_assets",
        _key("digest_id"),
        _string("asset", 64),
        _foreign("digest_assets", "digest_id", "digests.id", ondelete="CASCADE"),
        _foreign("digest_assets", "asset", "assets.name"),
        sa.PrimaryKeyConstraint("digest_id", "asset", name="pk_digest_assets"),
    )


def _editions() -> None:
    op.create_table(
        "editions",
        _key(),
        _key("digest_id"),
        _number("number"),
        _json("content"),
        _string("source_hash", 64),
        _text("subject"),
        _text("preheader", server_default=""),
        _text("summary", server_default=""),
        sa.Column("page", sa.LargeBinary(), nullable=False),
        _text("entry"),
        _text("note", server_default=""),
        _moment("created_at", nullable=False),
        _moment("updated_at", nullable=False),
        _foreign("editions", "digest_id", "digests.id"),
        sa.PrimaryKeyConstraint("id", name="pk_editions"),
        sa.UniqueConstraint("digest_id", "number", name="uq_editions_digest_id_number"),
    )
    op.create_table(
        "edition_blocks",
        _key("edition_id"),
        _number("position"),
        _string("kind", 16),
        _string("section", 200, server_default=""),
        _json("html"),
        _json("text"),
        _foreign("edition_blocks", "edition_id", "editions.id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("edition_id", "position", name="pk_edition_blocks"),
    )


def _mailings() -> None:
    op.create_table(
        "mailings",
        _key(),
        _key("digest_id"),
        _key("edition_id"),
        _string("kind", 16),
        _string("state", 16),
        _text("actor"),
        _text("reason", server_default=""),
        sa.Column("selection", sa.JSON()),
        _json("left_out", server_default="{}"),
        _moment("created_at", nullable=False),
        _moment("started_at"),
        _moment("finished_at"),
        _foreign("mailings", "digest_id", "digests.id"),
        _foreign("mailings", "edition_id", "editions.id"),
        sa.PrimaryKeyConstraint("id", name="pk_mailings"),
    )
    _partial_index("uq_mailings_scheduled", "mailings", ["digest_id"], "kind = 'scheduled'", unique=True)
    op.create_index("ix_mailings_state", "mailings", ["state"])


def _senders() -> None:
    op.create_table(
        "senders",
        _string("id", 64),
        _text("host"),
        _moment("started_at", nullable=False),
        _moment("lease_until", nullable=False),
        _moment("ended_at"),
        sa.PrimaryKeyConstraint("id", name="pk_senders"),
    )
    op.create_table(
        "batches",
        _key(),
        _key("mailing_id"),
        _key("first_id"),
        _key("last_id"),
        _string("sender_id", 64, nullable=True),
        _moment("done_at"),
        _foreign("batches", "mailing_id", "mailings.id", ondelete="CASCADE"),
        _foreign("batches", "sender_id", "senders.id"),
        sa.PrimaryKeyConstraint("id", name="pk_batches"),
    )
    op.create_index("ix_batches_mailing_id", "batches", ["mailing_id", "done_at"])


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        _key(),
        _key("mailing_id"),
        _key("digest_id"),
        _key("subscriber_id"),
        sa.Column("sections", sa.JSON()),
        _string("state", 16),
        _text("reason", server_default=""),
        sa.Column("code", sa.Integer()),
        _number("attempts", server_default="0"),
        _moment("due_at"),
        _string("sender_id", 64, nullable=True),
        _text("provider_id", server_default=""),
        _moment("changed_at", nullable=False),
        _foreign("deliveries", "mailing_id", "mailings.id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("mailing_id", "subscriber_id", name="uq_deliveries_mailing_id_subscriber_id"),
    )
    op.create_index("ix_deliveries_digest_id_subscriber_id", "deliveries", ["digest_id", "subscriber_id", "id"])
    _partial_index("ix_deliveries_pending", "deliveries", ["mailing_id", "id"], "state = 'pending'")
    _partial_index("ix_deliveries_sending", "deliveries", ["sender_id"], "state = 'sending'")
    _partial_index("ix_deliveries_due", "deliveries", ["due_at"], "state = 'deferred'")


def _publications() -> None:
    op.create_table(
        "publications",
        _key(),
        _key("edition_id"),
        _text("target"),
        _string("state", 16),
        _moment("pages_at"),
        _number("attempts", server_default="0"),
        _moment("due_at"),
        _text("error", server_default=""),
        _moment("changed_at", nullable=False),
        _foreign("publications", "edition_id", "editions.id"),
        sa.PrimaryKeyConstraint("id", name="pk_publications"),
        sa.UniqueConstraint("edition_id", "target", name="uq_publications_edition_id_target"),
    )
    op.create_index("ix_publications_state", "publications", ["state"])


def _events() -> None:
    op.create_table(
        "events",
        _key(),
        _moment("at", nullable=False),
        _string("kind", 32),
        _text("actor", server_default=""),
        _reference("digest_id"),
        _reference("mailing_id"),
        _reference("delivery_id"),
        _json("data", server_default="{}"),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
    )
    op.create_index("ix_events_digest_id", "events", ["digest_id", "id"])


def _settings() -> None:
    op.create_table("facts", _string("name", 64), _text("value"), sa.PrimaryKeyConstraint("name", name="pk_facts"))


_STEPS: tuple[Callable[[], None], ...] = (
    _people,
    _permissions,
    _digests,
    _pictures,
    _editions,
    _mailings,
    _senders,
    _deliveries,
    _publications,
    _events,
    _settings,
)
