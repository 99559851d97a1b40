"""The first version: all that the watch remembers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# SQLite counts by itself in a column of this type alone.
_COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "channels",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("parked", sa.Text()),
        sa.Column("parked_at", sa.DateTime(timezone=True)),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("resume_at", sa.DateTime(timezone=True)),
        sa.Column("last_ts", sa.Text()),
        sa.PrimaryKeyConstraint("channel", name="channels_pk"),
    )
    op.create_table(
        "follows",
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text()),
        sa.Column("ts", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("run", "user", name="follows_pk"),
    )
    op.create_index("follows_user", "follows", ["user"])
    op.create_table(
        "happenings",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("lineage", sa.Text(), nullable=False),
        sa.Column("pipeline", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("streak", sa.Integer(), nullable=False),
        sa.Column("red_since", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("key", name="happenings_pk"),
    )
    op.create_index("happenings_at", "happenings", ["at"])
    op.create_index("happenings_lineage_at", "happenings", ["lineage", "at"])
    op.create_index("happenings_run", "happenings", ["run"])
    op.create_index("happenings_seen_at", "happenings", ["seen_at"])
    op.create_table(
        "incidents",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("lineage", sa.Text(), nullable=False),
        sa.Column("pipeline", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("watch", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_run", sa.Text(), nullable=False),
        sa.Column("latest_run", sa.Text(), nullable=False),
        sa.Column("streak", sa.Integer(), nullable=False),
        sa.Column("acked_by", sa.Text()),
        sa.Column("acked_at", sa.DateTime(timezone=True)),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("ts", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="incidents_pk"),
    )
    op.create_index("incidents_channel_ts", "incidents", ["channel", "ts"])
    op.create_index("incidents_closed_at", "incidents", ["closed_at"])
    op.create_index(
        "incidents_open",
        "incidents",
        ["channel", "lineage"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "lanes",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("allowance", sa.Float()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("open_until", sa.DateTime(timezone=True)),
        sa.Column("blind_since", sa.DateTime(timezone=True)),
        sa.Column("blind_reason", sa.Text()),
        sa.Column("blind_told", sa.Boolean(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True)),
        sa.Column("claimed_until", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("connection", name="lanes_pk"),
    )
    op.create_table(
        "lineages",
        sa.Column("lineage", sa.Text(), nullable=False),
        sa.Column("pipeline", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("lineage", name="lineages_pk"),
    )
    op.create_index("lineages_pipeline", "lineages", ["pipeline"])
    op.create_table(
        "mutes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("target", sa.Text()),
        sa.Column("watch", sa.Text()),
        sa.Column("until", sa.DateTime(timezone=True)),
        sa.Column("until_fixed", sa.Boolean(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="mutes_pk"),
    )
    op.create_index("mutes_channel", "mutes", ["channel"])
    op.create_table(
        "outbox",
        sa.Column("id", _COUNTED, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("incident", sa.Text()),
        sa.Column("is_loud", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True)),
        sa.Column("ts", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.Column("degraded", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="outbox_pk"),
        sa.UniqueConstraint("key", name="outbox_key_unique"),
        sqlite_autoincrement=True,
    )
    op.create_index("outbox_channel_ts", "outbox", ["channel", "ts"])
    op.create_index("outbox_incident", "outbox", ["incident"])
    op.create_index("outbox_state_channel", "outbox", ["state", "channel"])
    op.create_table(
        "runs",
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("pipeline", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("native", sa.Text()),
        sa.Column("number", sa.Text()),
        sa.Column("branch", sa.Text()),
        sa.Column("actor", sa.Text()),
        sa.Column("trigger", sa.Text()),
        sa.Column("title", sa.Text()),
        sa.Column("url", sa.Text()),
        sa.Column("moment", sa.DateTime(timezone=True)),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("ref", name="runs_pk"),
    )
    op.create_index("runs_pipeline_placed_at", "runs", ["pipeline", "placed_at"])
    op.create_index("runs_seen_at", "runs", ["seen_at"])
    op.create_table(
        "revisions",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="revisions_pk"),
    )
    op.create_table(
        "watches",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("filters", sa.Text(), nullable=False),
        sa.Column("on", sa.Text(), nullable=False),
        sa.Column("after", sa.Integer(), nullable=False),
        sa.Column("queued", sa.BigInteger()),
        sa.Column("longer", sa.BigInteger()),
        sa.Column("default_branch_only", sa.Boolean(), nullable=False),
        sa.Column("mention", sa.Text()),
        sa.Column("style", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.Column("removed_by", sa.Text()),
        sa.Column("matched_at", sa.DateTime(timezone=True)),
        sa.Column("vain_told_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="watches_pk"),
    )
    op.create_index("watches_channel", "watches", ["channel"])
    op.create_table(
        "verdicts",
        sa.Column("happening", sa.Text(), nullable=False),
        sa.Column("watch", sa.Text(), nullable=False),
        sa.Column("ruling", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["happening"],
            ["happenings.key"],
            name="verdicts_happening_fk",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("happening", "watch", name="verdicts_pk"),
    )
