"""What the watch cannot see just now: for those who are about to rely on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.commands.describing import moment_words

if TYPE_CHECKING:
    from datetime import datetime

    from bot.commands.gather import Desk
    from bot.store import Store
    from providers.model import Pipeline


MOST_NAMED = 3


async def unseen(
    desk: Desk, store: Store, pipelines: Sequence[Pipeline]
) -> tuple[str, ...]:
    """Return of which of these pipelines nothing is seen, since when, and why."""
    refs = {pipeline.ref for pipeline in pipelines}
    connections = {ref.connection for ref in refs}
    async with store.read() as tx:
        lanes = await tx.lanes.all()
        unreadable = await tx.unreadable.all()
    blind = [
        (lane.connection, lane.blind_since, lane.blind_reason or "")
        for lane in lanes
        if lane.connection in connections and lane.blind_since is not None
    ]
    single = [
        (f"{one.name} of {one.pipeline.connection}", one.since, one.reason)
        for one in unreadable
        if one.pipeline in refs
    ]
    some = tuple(_sentence(desk, *found) for found in (*blind, *single[:MOST_NAMED]))
    if (more := len(single) - MOST_NAMED) > 0:
        return (*some, f"Nor can I see {more} more of these pipelines.")
    return some


def _sentence(desk: Desk, what: str, since: datetime, reason: str) -> str:
    return (
        f"I cannot see {what} since {moment_words(since, desk.local_zone)}: {reason} "
        "This watch says nothing until that is over, which the channel is told."
    )
