"""Who holds a lane, which credential was refused, and what cannot be read by itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add two columns to the lanes, and a table."""
    op.add_column("lanes", sa.Column("claimed_by", sa.Text()))
    op.add_column("lanes", sa.Column("refused", sa.Text()))
    op.create_table(
        "unreadable",
        sa.Column("pipeline", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("pipeline", name="unreadable_pk"),
    )
