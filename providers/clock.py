"""How time reaches this package: handed in, never read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime, timedelta


class Clock(Protocol):
    """The time, and a way to let it pass."""

    def now(self) -> datetime:
        """Return the time, aware and in UTC."""

    async def sleep(self, duration: timedelta) -> None:
        """Return after `duration`."""
