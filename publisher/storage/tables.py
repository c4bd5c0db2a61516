"""Tables of digests, editions, the ledger and publications. People's tables are in `subscribers.tables`.

States are stored as the values of the StrEnum named beside the column. JSON columns hold what the pure
packages serialise; nothing here looks inside.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from subscribers.tables import Id, UTCDateTime, metadata

digests = Table(
    "digests",
    metadata,
    Column("id", Id, primary_key=True),
    Column("newsletter", String(64), nullable=False),
    Column("slug", String(200), nullable=False),
    Column("title", Text, nullable=False),
    Column("date", Date, nullable=False),
    Column("state", String(16), nullable=False),  # digests.model.DigestState
    Column("content", JSON, nullable=False),  # digests.serialise: the newest revision of the inbox
    Column("source", Text, nullable=False),  # the inbox file, relative to the inbox
    Column("source_hash", String(64), nullable=False),  # SHA-256 of the file and of the pictures beside it
    Column("publish_at", UTCDateTime),
    Column("seen_at", UTCDateTime, nullable=False),
    Column("finalized_at", UTCDateTime),  # first recorded as finalized
    Column("held_because", Text, nullable=False, default="", server_default=""),
    Column("published_at", UTCDateTime),
    Column("slot", UTCDateTime),  # the slot it took; NULL for backlog and for a release by hand
    Column("mail", String(16), nullable=False, default="none", server_default="none"),  # digests.record.MailChoice
    Column("withdrawn_at", UTCDateTime),
    Column("withdrawn_because", Text, nullable=False, default="", server_default=""),  # what its page says instead
    Column("entry_id", Text),  # minted once, at the first publication
    UniqueConstraint("newsletter", "slug"),
    UniqueConstraint("newsletter", "slot"),  # one digest a slot; NULLs do not collide
    Index("ix_digests_newsletter_state_date", "newsletter", "state", "date"),
    Index("ix_digests_source_hash", "source_hash"),
    Index(
        "ix_digests_newsletter_withdrawn_at",
        "newsletter",
        "withdrawn_at",
        sqlite_where=text("withdrawn_at IS NOT NULL"),
        postgresql_where=text("withdrawn_at IS NOT NULL"),
    ),
)

editions = Table(
    "editions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("digest_id", Id, ForeignKey("digests.id"), nullable=False),
    Column("number", Integer, nullable=False),  # 1, 2, ...: the first publication and its corrections
    Column("content", JSON, nullable=False),  # the digest as it was rendered
    Column("source_hash", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("preheader", Text, nullable=False, default="", server_default=""),
    Column("summary", Text, nullable=False, default="", server_default=""),  # plain text for feeds
    Column("page", LargeBinary, nullable=False),  # the digest's page, UTF-8
    Column("entry", Text, nullable=False),  # HTML for feeds
    Column("note", Text, nullable=False, default="", server_default=""),  # what a correction corrects
    Column("created_at", UTCDateTime, nullable=False),
    Column("updated_at", UTCDateTime, nullable=False),  # what feeds call updated: unmoved by a minor correction
    UniqueConstraint("digest_id", "number"),
    Index("ix_editions_corrections", "id", sqlite_where=text("number > 1"), postgresql_where=text("number > 1")),
)

digest_sections = Table(  # of each digest's newest edition, so that a section's feed need not read all digests
    "digest_sections",
    metadata,
    Column("digest_id", Id, ForeignKey("digests.id", ondelete="CASCADE"), primary_key=True),
    Column("section", String(200), primary_key=True),
    Column("newsletter", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("first_edition", Id, nullable=False),  # the digest's first edition: digests in the order of publication
    Index("ix_digest_sections_newsletter_section", "newsletter", "section", "first_edition"),
    Index("ix_digest_sections_newsletter_first_edition", "newsletter", "first_edition", "position"),
)

edition_blocks = Table(
    "edition_blocks",
    metadata,
    Column("edition_id", Id, ForeignKey("editions.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),  # editions.BlockKind
    Column("section", String(200), nullable=False, default="", server_default=""),  # slug, for kind section
    Column("html", JSON, nullable=False),  # list of literals (strings) and fields ({"field": name})
    Column("text", JSON, nullable=False),
)

assets = Table(
    "assets",
    metadata,
    Column("name", String(64), primary_key=True),  # digests.model.Asset.name
    Column("media_type", String(64), nullable=False),
    Column("data", LargeBinary, nullable=False),
)

digest_assets = Table(
    "digest_assets",
    metadata,
    Column("digest_id", Id, ForeignKey("digests.id", ondelete="CASCADE"), primary_key=True),
    Column("asset", String(64), ForeignKey("assets.name"), primary_key=True),
)

mailings = Table(
    "mailings",
    metadata,
    Column("id", Id, primary_key=True),
    Column("digest_id", Id, ForeignKey("digests.id"), nullable=False),
    Column("edition_id", Id, ForeignKey("editions.id"), nullable=False),
    Column("kind", String(16), nullable=False),  # ledger.MailingKind
    Column("state", String(16), nullable=False),  # ledger.MailingState
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False, default="", server_default=""),
    Column("selection", JSON(none_as_null=True)),  # a resend's frozen list of subscriber ids; NULL = the audience
    Column("act", String(16), nullable=False, default="", server_default=""),  # resending.Act; "": scheduled
    Column("token", String(64)),  # what makes ordering the same resend twice one act
    Column("again", Boolean, nullable=False, default=False, server_default=false()),  # mints new Message-IDs
    Column("local_time", String(5), nullable=False, default="", server_default=""),  # HH:MM of each reader's day
    Column("wave_at", UTCDateTime),  # the newest wave for which late joiners and moved zones were looked after
    Column("canary_id", Id),  # the last delivery that may leave before the canary is judged; NULL: all may
    Column("superseded_by", Id),  # the mailing that brings a correction to those this one had not reached
    Column("left_out", JSON, nullable=False, default=dict, server_default="{}"),  # reason -> count, at the plan
    Column("segment", JSON(none_as_null=True)),  # segments.frozen.Frozen; NULL = everybody
    Column("created_at", UTCDateTime, nullable=False),
    Column("started_at", UTCDateTime),
    Column("finished_at", UTCDateTime),
    Column("details_removed_at", UTCDateTime),  # retention: the servers' words about its deliveries are gone
    Index(
        "uq_mailings_scheduled",
        "digest_id",
        unique=True,
        sqlite_where=text("kind = 'scheduled'"),
        postgresql_where=text("kind = 'scheduled'"),
    ),
    Index("ix_mailings_state", "state"),
    Index("uq_mailings_token", "token", unique=True),  # NULLs do not collide
)

senders = Table(
    "senders",
    metadata,
    Column("id", String(64), primary_key=True),  # also the name of its journal
    Column("host", Text, nullable=False),  # the machine that holds the journal
    Column("started_at", UTCDateTime, nullable=False),
    Column("lease_until", UTCDateTime, nullable=False),
    Column("ended_at", UTCDateTime),  # settled to the last delivery
)

batches = Table(
    "batches",
    metadata,
    Column("id", Id, primary_key=True),
    Column("mailing_id", Id, ForeignKey("mailings.id", ondelete="CASCADE"), nullable=False),
    Column("first_id", Id, nullable=False),  # the range of delivery ids it covers, both ends included
    Column("last_id", Id, nullable=False),
    Column("sender_id", String(64), ForeignKey("senders.id")),  # NULL = open
    Column("done_at", UTCDateTime),
    Column("mails", Integer, nullable=False, default=0, server_default="0"),  # deliveries in it, since the plan
    Column("begun", Boolean, nullable=False, default=False, server_default=false()),  # a sender has had it
    Column("due_at", UTCDateTime),  # nothing in it may leave before; NULL: at once
    Index("ix_batches_mailing_id", "mailing_id", "done_at"),
)

# Not IN: SQLite would make a table of its list for every row that is changed, 4 µs a mail.
_TROUBLED = " AND ".join(
    f"state <> '{state}'" for state in ("accepted", "sending", "pending", "skipped", "delivered")
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("mailing_id", Id, ForeignKey("mailings.id", ondelete="CASCADE"), nullable=False),
    Column("digest_id", Id, nullable=False),  # copied from the mailing: a resend asks by digest
    Column("subscriber_id", Id, nullable=False),  # no foreign key: outlives an erased subscriber
    Column("sections", JSON(none_as_null=True)),  # the choice at the time of the plan; NULL = all
    Column("state", String(16), nullable=False),  # ledger.DeliveryState
    Column("reason", Text, nullable=False, default="", server_default=""),  # why skipped, or the server's words
    Column("code", Integer),  # the server's reply code
    Column("attempts", Integer, nullable=False, default=0, server_default="0"),
    Column("due_at", UTCDateTime),  # when a deferred one is tried again; a pending one does not leave before
    Column("sender_id", String(64)),  # who has it as `sending`
    Column("provider_id", Text, nullable=False, default="", server_default=""),  # the provider's word for it
    Column("changed_at", UTCDateTime, nullable=False),
    Column("replies_to", Id),  # a correction's: the newest edition that the subscriber has
    UniqueConstraint("mailing_id", "subscriber_id"),
    Index("ix_deliveries_digest_id_subscriber_id", "digest_id", "subscriber_id", "id"),
    Index(
        "ix_deliveries_pending",
        "mailing_id",
        "id",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
    Index(
        "ix_deliveries_sending",
        "sender_id",
        sqlite_where=text("state = 'sending'"),
        postgresql_where=text("state = 'sending'"),
    ),
    Index(
        "ix_deliveries_due",
        "due_at",
        sqlite_where=text("state = 'deferred'"),
        postgresql_where=text("state = 'deferred'"),
    ),
    Index(
        "ix_deliveries_again",
        "mailing_id",
        "attempts",
        sqlite_where=text("state = 'pending' AND attempts > 0"),
        postgresql_where=text("state = 'pending' AND attempts > 0"),
    ),
    Index(
        "ix_deliveries_troubled",
        "mailing_id",
        "id",
        "state",
        sqlite_where=text(_TROUBLED),
        postgresql_where=text(_TROUBLED),
    ),
    Index(
        "ix_deliveries_over",
        "mailing_id",
        "state",
        "id",
        sqlite_where=text("state IN ('skipped', 'delivered')"),
        postgresql_where=text("state IN ('skipped', 'delivered')"),
    ),
)

publications = Table(
    "publications",
    metadata,
    Column("id", Id, primary_key=True),
    Column("edition_id", Id, ForeignKey("editions.id"), nullable=False),
    Column("target", Text, nullable=False),  # "endpoint:NAME" or "hub:URL"
    Column("state", String(16), nullable=False),  # editions.PublicationState
    Column("pages_at", UTCDateTime),  # when pages and pictures were read back: the mail may start
    Column("attempts", Integer, nullable=False, default=0, server_default="0"),
    Column("due_at", UTCDateTime),
    Column("error", Text, nullable=False, default="", server_default=""),
    Column("changed_at", UTCDateTime, nullable=False),
    UniqueConstraint("edition_id", "target"),
    Index("ix_publications_state", "state"),
)

preflights = Table(
    "preflights",
    metadata,
    Column("id", Id, primary_key=True),
    Column("digest_id", Id, ForeignKey("digests.id"), nullable=False),
    Column("edition_id", Id, ForeignKey("editions.id")),  # what it was published as; NULL: it was not
    Column("source_hash", String(64), nullable=False),  # of the revision that was looked at
    Column("conditions", String(64), nullable=False),  # SHA-256 of what findings depend on beside the digest
    Column("at", UTCDateTime, nullable=False),
    Column("findings", JSON, nullable=False),  # list of {"rule", "level", "message", "remedy", "place"}
    Column("despite", JSON, nullable=False),  # the blocking rules that an editor overruled
    Index("ix_preflights_digest_id", "digest_id", "id"),
)

events = Table(
    "events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", UTCDateTime, nullable=False),
    Column("kind", String(32), nullable=False),  # docs/events.md lists them
    Column("actor", Text, nullable=False, default="", server_default=""),
    Column("digest_id", Id),
    Column("mailing_id", Id),
    Column("delivery_id", Id),
    Column("data", JSON, nullable=False, default=dict, server_default="{}"),
    Index("ix_events_digest_id", "digest_id", "id"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source", String(64), nullable=False),  # the provider's name, or "mail"
    Column("key", String(128), nullable=False),  # the source's own id of the event
    Column("kind", String(16), nullable=False),  # feedback.FeedbackKind
    Column("bounce", String(16), nullable=False, default="", server_default=""),  # feedback.BounceClass
    Column("reference", String(200), nullable=False, default="", server_default=""),  # "" when acted on
    Column("recipient_hash", String(80), nullable=False, default="", server_default=""),  # hashing.keyed
    Column("code", Integer),
    Column("status", String(16), nullable=False, default="", server_default=""),
    Column("text", Text, nullable=False, default="", server_default=""),  # without addresses; emptied in time
    Column("type", String(64), nullable=False, default="", server_default=""),  # the source's name of the event
    Column("alike", String(32), nullable=False, default="", server_default=""),  # bounces.acting.mark_of
    Column("raw", Text),  # as it came, without addresses; NULL: forgotten, or never kept
    Column("at", UTCDateTime, nullable=False),  # by the source's clock
    Column("received_at", UTCDateTime, nullable=False),
    Column("due_at", UTCDateTime),  # not looked at again before: its delivery was not settled
    Column("processed_at", UTCDateTime),
    Column("verdict", String(16), nullable=False, default="", server_default=""),  # bounces.processing.Verdict
    Column("held", Boolean, nullable=False, default=False, server_default=false()),  # waits for an editor's word
    Column("delivery_id", Id),  # this and the rest once it is known; no foreign keys, as in deliveries
    Column("mailing_id", Id),
    Column("digest_id", Id),
    Column("subscriber_id", Id),
    UniqueConstraint("source", "key"),  # told again, it is the same
    Index(
        "ix_feedback_unprocessed",
        "id",
        sqlite_where=text("processed_at IS NULL"),
        postgresql_where=text("processed_at IS NULL"),
    ),
    Index("ix_feedback_mailing_id_bounce", "mailing_id", "bounce", "alike"),
    Index("ix_feedback_subscriber_id_at", "subscriber_id", "at"),
    Index("ix_feedback_held", "mailing_id", sqlite_where=text("held"), postgresql_where=text("held")),
    Index(
        "ix_feedback_raw",
        "received_at",
        sqlite_where=text("raw IS NOT NULL"),
        postgresql_where=text("raw IS NOT NULL"),
    ),
    Index("ix_feedback_kind_received_at", "kind", "received_at"),
)

facts = Table(
    "facts",
    metadata,
    Column("name", String(64), primary_key=True),  # facts about the instance, e.g. the id of a feed
    Column("value", Text, nullable=False),
)

upstream_addresses = Table(
    "upstream_addresses",
    metadata,
    Column("key", String(64), primary_key=True),  # upstream.marks.source_key: the address itself may be a secret
    Column("title", Text, nullable=False, default="", server_default=""),  # what the feed calls itself
    Column("etag", Text, nullable=False, default="", server_default=""),
    Column("modified", Text, nullable=False, default="", server_default=""),  # Last-Modified, as it came
    Column("failures", Integer, nullable=False, default=0, server_default="0"),  # in a row
    Column("error", Text, nullable=False, default="", server_default=""),
    Column("asked_at", UTCDateTime),
    Column("due_at", UTCDateTime),  # not asked again before
)

upstream_marks = Table(  # kept for ever: an item is told once
    "upstream_marks",
    metadata,
    Column("newsletter", String(64), primary_key=True),
    Column("mark", String(64), primary_key=True),  # upstream.marks.marks_of
    Column("key", String(64), nullable=False),  # the address that brought it first
)

upstream_items = Table(  # that wait for a digest; gone when they are in one
    "upstream_items",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", String(64), nullable=False),  # the address that brought it
    Column("content", JSON, nullable=False),  # upstream.model.Item
    Column("seen_at", UTCDateTime, nullable=False),
    Index("ix_upstream_items_key", "key"),
)

upstream_digests = Table(
    "upstream_digests",
    metadata,
    Column("newsletter", String(64), primary_key=True),
    Column("slug", String(200), primary_key=True),
    Column("feed", String(64), nullable=False),  # [[inbox.feed]] name
    Column("content", LargeBinary),  # of the file, until it lies in the inbox
    Column("made_at", UTCDateTime, nullable=False),
)

upstream_turns = Table(
    "upstream_turns",
    metadata,
    Column("newsletter", String(64), primary_key=True),
    Column("feed", String(64), primary_key=True),
    Column("looked_at", UTCDateTime, nullable=False),  # when it was last decided whether to make a digest
)

generations = Table(
    "generations",
    metadata,
    Column("name", String(64), primary_key=True),  # of what: "site"
    Column("number", Id, nullable=False),  # one more with each change, so that whoever serves it looks again
)

site_versions = Table(
    "site_versions",
    metadata,
    Column("path", Text, primary_key=True),  # of a document, relative to the site
    Column("digest", String(64), nullable=False),  # SHA-256 of the bytes that were last served there
    Column("modified_at", UTCDateTime, nullable=False),  # what Last-Modified said of them; never goes back
)

feed_polls = Table(
    "feed_polls",
    metadata,
    Column("day", Date, primary_key=True),  # in UTC
    Column("family", String(64), primary_key=True),  # what the program calls itself, without version
    Column("document", String(500), primary_key=True),  # the feed's path
    Column("requests", Id, nullable=False),
    Column("conditional", Id, nullable=False),
    Column("not_modified", Id, nullable=False),
    Column("refused", Id, nullable=False),
    Column("subscribers", Id, nullable=False),  # as announced last that day; 0: not said
)

paces = Table(
    "paces",
    metadata,
    Column("scope", String(255), primary_key=True),  # "all", "provider:NAME", "domain:NAME"
    Column("spent", JSON, nullable=False),  # mailings.pace.Spent, or mailings.slowing.Slowed
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(16), nullable=False),  # notices.kinds.Kind
    Column("subject", Text, nullable=False),  # what it is about: a digest, a mailing, an endpoint
    Column("text", Text, nullable=False),  # what is wrong, in one line
    Column("remedy", Text, nullable=False),
    Column("began_at", UTCDateTime, nullable=False),
    Column("over_at", UTCDateTime),
    Index(
        "uq_alerts_open",  # however many processes see it, it begins once
        "kind",
        "subject",
        unique=True,
        sqlite_where=text("over_at IS NULL"),
        postgresql_where=text("over_at IS NULL"),
    ),
)

alert_tellings = Table(
    "alert_tellings",
    metadata,
    Column("id", Id, primary_key=True),
    Column("alert_id", Id, ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False),
    Column("carrier", Text, nullable=False),  # "mail:ADDRESS" or "webhook"
    Column("told_at", UTCDateTime),
    Column("told_in", String(64), nullable=False, default="", server_default=""),  # the message that told it
    Column("over_told_at", UTCDateTime),
    Column("over_told_in", String(64), nullable=False, default="", server_default=""),
    Column("attempts", Integer, nullable=False, default=0, server_default="0"),  # that failed in a row
    Column("due_at", UTCDateTime),  # when it is tried again
    Column("error", Text, nullable=False, default="", server_default=""),
    UniqueConstraint("alert_id", "carrier"),
)
