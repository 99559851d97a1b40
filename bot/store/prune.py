"""Letting go of history, a little at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, Table, and_, delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.records import CARDS, UNSETTLED, DeliveryKind
from bot.store.tables import happenings, incidents, mutes, outbox, runs, watches

Outdated = Callable[[datetime], ColumnElement[bool]]


def _settled_deliveries(before: datetime) -> ColumnElement[bool]:
    """Return what was told; but of an open incident its card, and how that looks now.

    A person may act on the card for as long as it is red.
    """
    is_open = exists().where(
        incidents.c.id == outbox.c.incident, incidents.c.closed_at.is_(None)
    )
    newer = outbox.alias("newer")
    is_overtaken = exists().where(
        newer.c.incident == outbox.c.incident,
        newer.c.kind == DeliveryKind.UPDATE,
        newer.c.id > outbox.c.id,
    )
    is_shown = and_(outbox.c.kind == DeliveryKind.UPDATE, ~is_overtaken)
    return and_(
        outbox.c.state.not_in(UNSETTLED),
        outbox.c.created_at < before,
        ~and_(is_open, or_(outbox.c.kind.in_(CARDS), is_shown)),
    )


def _closed_incidents(before: datetime) -> ColumnElement[bool]:
    waiting = exists().where(
        outbox.c.incident == incidents.c.id, outbox.c.state.in_(UNSETTLED)
    )
    return and_(incidents.c.closed_at < before, ~waiting)


def _overtaken_runs(before: datetime) -> ColumnElement[bool]:
    """Every run but the newest of its pipeline: looking back ends there."""
    newer = runs.alias("newer")
    overtaken = exists().where(
        newer.c.pipeline == runs.c.pipeline,
        or_(
            newer.c.placed_at > runs.c.placed_at,
            and_(newer.c.placed_at == runs.c.placed_at, newer.c.ref > runs.c.ref),
        ),
    )
    return and_(runs.c.seen_at < before, overtaken)


_HISTORY: tuple[tuple[Table, Outdated], ...] = (
    (outbox, _settled_deliveries),
    (incidents, _closed_incidents),
    # Their verdicts go with them.
    (happenings, lambda before: happenings.c.seen_at < before),
    (runs, _overtaken_runs),
    (watches, lambda before: watches.c.removed_at < before),
    (mutes, lambda before: mutes.c.until < before),
)
"""What is history, and since when. What is not here is never pruned."""


async def prune(connection: AsyncConnection, before: datetime, limit: int) -> int:
    """Remove history from before a moment; return how many rows, at most `limit`.

    The verdicts on a happening go with it, uncounted. Never removed: deliveries that
    are pending or trying, the cards of open incidents, incidents that are open or still
    to be told of, what lineages remember, the newest run of a pipeline.
    """
    removed = 0
    for table, outdated in _HISTORY:
        (key,) = table.primary_key.columns
        some = select(key).where(outdated(before)).limit(limit - removed)
        result = await connection.execute(delete(table).where(key.in_(some)))
        removed += result.rowcount
        if removed >= limit:
            break
    return removed
