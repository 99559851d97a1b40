"""One picture after the other, to each browser that watches."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

from bot.demo.page.picture import Picture, difference
from bot.demo.slack.changes import Changes

TICK = 1.0
"""Seconds after which the stage is looked at although Slack said of no change: somebody
may have taken a cloud down at the prompt."""
KEEP_ALIVE = 15.0
"""Seconds of silence after which a stream shows that it still lives."""


class WaitFor(Protocol):
    """`LocalSlack.wait_for`."""

    def __call__(
        self, look: Callable[[], bool | None], *, patience: float
    ) -> Awaitable[bool]:
        """Return once the look is true; raises TimeoutError after `patience`."""


class Film:
    """The present picture, and all who watch it change."""

    def __init__(self, take: Callable[[], Picture]) -> None:
        self._take = take
        self._changes = Changes()
        self._closed = False
        self.picture = take()

    def look(self) -> bool:
        """Take a picture, and return whether it shows anything new."""
        present = self._take()
        if present == self.picture:
            return False
        self.picture = present
        self._changes.announce()
        return True

    async def run(self, wait_for: WaitFor) -> None:
        """Take a picture whenever something has changed, for ever."""
        while True:
            try:
                await wait_for(self.look, patience=TICK)
            except TimeoutError:
                continue

    def close(self) -> None:
        """End every stream."""
        self._closed = True
        self._changes.announce()

    async def scenes(
        self, *, patience: float = KEEP_ALIVE
    ) -> AsyncIterator[dict[str, Any] | None]:
        """Yield the whole picture, then what changes in it; `None` after long silence.

        Ends when the film is closed.
        """
        seen = self.picture
        yield {"all": True, **difference({}, seen)}
        while not self._closed:
            last = seen

            def is_over(last: Picture = last) -> bool:
                return self._closed or self.picture is not last

            try:
                await self._changes.until(is_over, patience=patience)
            except TimeoutError:
                yield None
                continue
            seen = self.picture
            if seen is not last:
                yield {"all": False, **difference(last, seen)}
