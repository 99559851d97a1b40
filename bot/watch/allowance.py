"""How often a connection may be asked: what the vendor bears, and what was configured.

What the vendor bears is found out: it grows by a call a minute for every minute without
a complaint, and is halved after each. It is kept with the lane. Pure.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from bot.records import Lane

MINUTE = timedelta(minutes=1)
MINUTES_AN_HOUR = 60

FEWEST = 1 / 5
"""Calls a minute, below which we do not go however often we are told off."""
PLENTY = 600.0
"""Calls a minute, above which nothing is held back any more."""
LONGEST_CLEAN = timedelta(minutes=10)
"""A quiet stretch proves no more than this: nobody asked meanwhile."""


def grown(lane: Lane, now: datetime) -> float | None:
    """Return what a lane is allowed after a look that went well: calls a minute.

    `None` where nothing is held back.
    """
    if lane.allowance is None:
        return None
    more = lane.allowance + _elapsed(lane, now) / MINUTE
    return more if more < PLENTY else None


def halved(lane: Lane, now: datetime, shortest: timedelta, calls: int) -> float:
    """Return half of what was allowed, or, the first time, of what was asked for.

    Args:
        lane: as it was before the vendor complained.
        now: when it did.
        shortest: how far apart two looks are at the least.
        calls: how many calls the last look took.

    """
    asked = calls / (max(_elapsed(lane, now), shortest) / MINUTE)
    allowed = asked if lane.allowance is None else min(lane.allowance, asked)
    return max(allowed / 2, FEWEST)


def rate(allowance: float | None, per_hour: int | None) -> float | None:
    """Return how many calls a minute there may be in all; `None` for any number."""
    limits = [allowance, None if per_hour is None else per_hour / MINUTES_AN_HOUR]
    return min((limit for limit in limits if limit is not None), default=None)


def _elapsed(lane: Lane, now: datetime) -> timedelta:
    """Return how long ago the last look was, as far as it counts."""
    if lane.looked_at is None:
        return timedelta()
    return min(max(now - lane.looked_at, timedelta()), LONGEST_CLEAN)
