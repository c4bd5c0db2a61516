"""Tables about people, and the MetaData that every table of the database hangs on."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    false,
)
from sqlalchemy.engine import Dialect

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = BigInteger().with_variant(Integer, "sqlite")
"""A surrogate key: SQLite counts by itself only for INTEGER."""


class UTCDateTime(TypeDecorator[datetime]):
    """A moment: aware UTC in Python, `timestamptz` on PostgreSQL, naive UTC text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive moment: which zone was meant is a decision for the edge."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive moment {value!r} for the database")
        return value.astimezone(UTC) if dialect.name != "sqlite" else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give every moment back as aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("email", String(320), nullable=False),  # as mail is addressed: normalised, IDN as Unicode
    Column("email_key", String(320), nullable=False, unique=True),  # casefolded: one person, one row
    Column("name", Text, nullable=False, default="", server_default=""),
    Column("language", String(35), nullable=False, default="", server_default=""),  # "" = the newsletter's
    Column("timezone", String(64), nullable=False, default="", server_default=""),  # "" = the newsletter's
    Column("link_version", Integer, nullable=False, default=1, server_default="1"),  # raising it revokes links
    Column("attributes", JSON, nullable=False, default=dict, server_default="{}"),
    Column("created_at", UTCDateTime, nullable=False),
    sqlite_autoincrement=True,  # an erased person's id is nobody else's: links and deliveries name it
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("subscriber_id", Id, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True),
    Column("newsletter", String(64), primary_key=True),
    Column("state", String(16), nullable=False),  # SubscriptionState
    Column("sections", JSON(none_as_null=True)),  # list of section slugs; NULL = all
    Column("paused_until", UTCDateTime),
    Column("source", Text, nullable=False, default="", server_default=""),
    Column("created_at", UTCDateTime, nullable=False),
    Column("confirmed_at", UTCDateTime),
    Column("left_at", UTCDateTime),
    Column("left_reason", Text, nullable=False, default="", server_default=""),
    Index("ix_subscriptions_newsletter_state", "newsletter", "state", "subscriber_id"),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("email_key", String(320), nullable=False),  # plain, or, where `keyed`, the form of `hashing.keyed`
    Column("keyed", Boolean, nullable=False, default=False, server_default=false()),
    Column("newsletter", String(64)),  # NULL = every newsletter
    Column("reason", String(32), nullable=False),
    Column("detail", Text, nullable=False, default="", server_default=""),
    Column("created_at", UTCDateTime, nullable=False),
    Column("lifted_at", UTCDateTime),
    Column("lifted_by", Text, nullable=False, default="", server_default=""),
    Index("ix_suppressions_email_key", "email_key"),
    Index("ix_suppressions_keyed", "keyed"),
)

consents = Table(
    "consents",  # append-only: a trigger refuses to change a row; it goes with its person only
    metadata,
    Column("id", Id, primary_key=True),
    Column("subscriber_id", Id, ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False),
    Column("newsletter", String(64), nullable=False),
    Column("act", String(32), nullable=False),  # subscribed, confirmed, left, resubscribed, changed
    Column("how", Text, nullable=False),  # the way it was given: import FILE, link in mail, one-click, operator
    Column("at", UTCDateTime, nullable=False),
    Column("text", Text, nullable=False, default="", server_default=""),  # the words that were shown
    Column("network", String(64), nullable=False, default="", server_default=""),  # consents.truncated
    Index("ix_consents_subscriber_id", "subscriber_id"),
)

segments = Table(
    "segments",
    metadata,
    Column("name", String(63), primary_key=True),
    Column("expression", Text, nullable=False),  # of docs/segments.md, as `segments.printing` writes it
    Column("created_at", UTCDateTime, nullable=False),
    Column("changed_at", UTCDateTime, nullable=False),
    Column("changed_by", Text, nullable=False),
)

notices = Table(
    "notices",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(16), nullable=False),  # outbox.NoticeKind
    Column("newsletter", String(64), nullable=False),
    Column("email", String(320), nullable=False),  # whom it goes to
    Column("email_key", String(320), nullable=False),
    Column("subscriber_id", Id, ForeignKey("subscribers.id", ondelete="CASCADE")),  # NULL: nobody has looked yet
    Column("facts", JSON, nullable=False, default=dict, server_default="{}"),
    Column("created_at", UTCDateTime, nullable=False),
    Column("due_at", UTCDateTime, nullable=False),
    Column("attempts", Integer, nullable=False, default=0, server_default="0"),
    Column("error", Text, nullable=False, default="", server_default=""),
    Index("ix_notices_due_at", "due_at"),
    Index("ix_notices_email_key", "email_key"),
)

tries = Table(
    "tries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", String(64), nullable=False),  # whose try, as a keyed hash: rates.key_of
    Column("at", UTCDateTime, nullable=False),
    Index("ix_tries_key_at", "key", "at"),
)
