"""The tables: one for each sort of record, a column for each of its fields.

`migrations` leads to the same tables from every earlier version; a test holds the two
against each other. What is not a field says so in a comment.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
)

from bot.records import DeliveryKind, DeliveryState, Event, Origin, Ruling, Style
from bot.store.types import (
    AnyWhole,
    Events,
    Moment,
    PipelineAddress,
    Plain,
    RunAddress,
    Span,
    Word,
)

VERSION = "0002"
"""What these tables are called: the newest of `migrations/versions`."""

# PostgreSQL names what has no name by other rules than SQLite; with names of ours a
# later migration can say what it drops.
metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "uq": "%(table_name)s_%(column_0_N_name)s_unique",
        "fk": "%(table_name)s_%(column_0_N_name)s_fk",
        "ix": "%(table_name)s_%(column_0_N_name)s",
    }
)

# SQLite counts by itself in a column of this type alone.
_Counted = BigInteger().with_variant(Integer, "sqlite")

watches = Table(
    "watches",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("channel", Plain, nullable=False, index=True),
    Column("target", Plain, nullable=False),
    Column("filters", Plain, nullable=False),
    Column("on", Events, nullable=False),
    Column("after", Integer, nullable=False),
    Column("queued", Span),
    Column("longer", Span),
    Column("default_branch_only", Boolean, nullable=False),
    Column("mention", Plain),
    Column("style", Word(Style), nullable=False),
    Column("owner", Plain, nullable=False),
    Column("origin", Word(Origin), nullable=False),
    Column("created_at", Moment, nullable=False),
    # Of no record: a removed watch is kept, so that `why` can still name it.
    Column("removed_at", Moment),
    Column("removed_by", Plain),
    # Of no record: when it last meant any pipeline, and when its silence was told.
    Column("matched_at", Moment),
    Column("vain_told_at", Moment),
)

# How often something was changed, by its name: who has read it at the same count need
# not read it again.
revisions = Table(
    "revisions",
    metadata,
    Column("name", Plain, primary_key=True),
    Column("count", BigInteger, nullable=False),
)

mutes = Table(
    "mutes",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("channel", Plain, nullable=False, index=True),
    Column("target", Plain),
    Column("watch", Plain),
    Column("until", Moment),
    Column("until_fixed", Boolean, nullable=False),
    Column("by", Plain, nullable=False),
    Column("created_at", Moment, nullable=False),
)

# `lineage`, here and below, is of no record: a digest of pipeline and line, since a
# branch may have a longer name than PostgreSQL puts into an index (2,704 bytes).
lineages = Table(
    "lineages",
    metadata,
    Column("lineage", Plain, primary_key=True),
    Column("pipeline", PipelineAddress, nullable=False, index=True),
    Column("line", Plain, nullable=False),
    Column("state", Plain, nullable=False),
    Column("saved_at", Moment, nullable=False),
)

happenings = Table(
    "happenings",
    metadata,
    Column("key", Plain, primary_key=True),
    Column("lineage", Plain, nullable=False),
    Column("pipeline", PipelineAddress, nullable=False),
    Column("line", Plain, nullable=False),
    Column("run", RunAddress, nullable=False, index=True),
    Column("event", Word(Event), nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Column("seen_at", Moment, nullable=False, index=True),
    Column("reason", Plain, nullable=False),
    Column("streak", Integer, nullable=False),
    Column("red_since", Moment),
    Index(None, "lineage", "at"),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column(
        "happening",
        Plain,
        ForeignKey(happenings.c.key, ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("watch", Plain, primary_key=True),
    Column("ruling", Word(Ruling), nullable=False),
    Column("rule", Plain, nullable=False),
    Column("reason", Plain, nullable=False),
    Column("at", Moment, nullable=False),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("channel", Plain, nullable=False),
    Column("lineage", Plain, nullable=False),
    Column("pipeline", PipelineAddress, nullable=False),
    Column("line", Plain, nullable=False),
    Column("watch", Plain, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("first_run", RunAddress, nullable=False),
    Column("latest_run", RunAddress, nullable=False),
    Column("streak", Integer, nullable=False),
    Column("acked_by", Plain),
    Column("acked_at", Moment),
    Column("closed_at", Moment, index=True),
    Column("ts", Plain),
    Index(None, "channel", "ts"),
)
# One card for a lineage in a channel, whatever races.
Index(
    "incidents_open",
    incidents.c.channel,
    incidents.c.lineage,
    unique=True,
    sqlite_where=incidents.c.closed_at.is_(None),
    postgresql_where=incidents.c.closed_at.is_(None),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", _Counted, primary_key=True),
    Column("key", Plain, nullable=False, unique=True),
    Column("channel", Plain, nullable=False),
    Column("kind", Word(DeliveryKind), nullable=False),
    Column("payload", Plain, nullable=False),
    Column("incident", Plain, index=True),
    Column("is_loud", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("state", Word(DeliveryState), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("tried_at", Moment),
    Column("ts", Plain),
    Column("error", Plain),
    Column("degraded", Integer, nullable=False),
    Index(None, "state", "channel"),
    Index(None, "channel", "ts"),
    sqlite_autoincrement=True,
)

channels = Table(
    "channels",
    metadata,
    Column("channel", Plain, primary_key=True),
    Column("parked", Plain),
    Column("parked_at", Moment),
    Column("told", Boolean, nullable=False),
    Column("resume_at", Moment),
    Column("last_ts", Plain),
)

lanes = Table(
    "lanes",
    metadata,
    Column("connection", Plain, primary_key=True),
    Column("due_at", Moment, nullable=False),
    Column("allowance", Float),
    Column("failures", Integer, nullable=False),
    Column("open_until", Moment),
    Column("blind_since", Moment),
    Column("blind_reason", Plain),
    Column("blind_told", Boolean, nullable=False),
    Column("looked_at", Moment),
    # Of no record: while this is not over, one replica alone asks the connection.
    Column("claimed_until", Moment),
    Column("claimed_by", Plain),
    Column("refused", Plain),
)

unreadable = Table(
    "unreadable",
    metadata,
    Column("pipeline", PipelineAddress, primary_key=True),
    Column("name", Plain, nullable=False),
    Column("since", Moment, nullable=False),
    Column("reason", Plain, nullable=False),
    Column("told", Boolean, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("ref", RunAddress, primary_key=True),
    # Of no record: a part of `ref`, and the best known time for comparing.
    Column("pipeline", PipelineAddress, nullable=False),
    Column("placed_at", Moment, nullable=False),
    Column("line", Plain, nullable=False),
    Column("state", Plain, nullable=False),
    Column("reason", Plain),
    Column("native", Plain),
    Column("number", AnyWhole),
    Column("branch", Plain),
    Column("actor", Plain),
    Column("trigger", Plain),
    Column("title", Plain),
    Column("url", Plain),
    Column("moment", Moment),
    Column("started_at", Moment),
    Column("finished_at", Moment),
    Column("seen_at", Moment, nullable=False, index=True),
    Index(None, "pipeline", "placed_at"),
)

follows = Table(
    "follows",
    metadata,
    Column("run", RunAddress, primary_key=True),
    Column("user", Plain, primary_key=True),
    Column("channel", Plain),
    Column("ts", Plain),
    Column("created_at", Moment, nullable=False),
    Index(None, "user"),
)
