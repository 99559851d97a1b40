"""How often an app may ask: per method, and per channel it posts to.

https://docs.slack.dev/apis/web-api/rate-limits — off until switched on, because a test
of something else should not have to wait.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.demo.slack.errors import ApiError
from providers.clock import Clock

WINDOW = timedelta(minutes=1)


@dataclass(slots=True)
class _Bucket:
    """Fills by `per_second`, holds `burst`, gives one at a time."""

    left: float
    at: datetime


class Limits:
    """Counts calls and posts by the clock handed in."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._burst: int | None = None
        self._per_second = 1.0
        self._by_method = False
        self._calls: dict[str, deque[datetime]] = defaultdict(deque)
        self._buckets: dict[str, _Bucket] = {}

    def per_channel(self, *, burst: int = 3, per_second: float = 1.0) -> None:
        """Let about one message a second into a channel, after a small burst."""
        self._burst = burst
        self._per_second = per_second

    def per_method(self) -> None:
        """Count each method's calls within a minute against its tier."""
        self._by_method = True

    def off(self) -> None:
        """Let everything through again, and forget what was counted."""
        self._burst = None
        self._by_method = False
        self._calls.clear()
        self._buckets.clear()

    def count_call(self, method: str, per_minute: int) -> None:
        """Count one call.

        Raises:
            ApiError: `ratelimited`, with the seconds until the window has room.

        """
        if not self._by_method:
            return
        now, calls = self._clock.now(), self._calls[method]
        while calls and now - calls[0] >= WINDOW:
            calls.popleft()
        if len(calls) >= per_minute:
            raise _ratelimited((calls[0] + WINDOW - now).total_seconds())
        calls.append(now)

    def count_post(self, channel_id: str) -> None:
        """Count one message into a channel.

        Raises:
            ApiError: `ratelimited`, with the seconds until there is room again.

        """
        if self._burst is None:
            return
        now = self._clock.now()
        bucket = self._buckets.setdefault(channel_id, _Bucket(self._burst, now))
        passed = (now - bucket.at).total_seconds()
        bucket.left = min(self._burst, bucket.left + passed * self._per_second)
        bucket.at = now
        if bucket.left < 1:
            raise _ratelimited((1 - bucket.left) / self._per_second)
        bucket.left -= 1


def _ratelimited(seconds: float) -> ApiError:
    return ApiError("ratelimited", retry_after=max(1, math.ceil(seconds)))
