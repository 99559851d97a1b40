"""Who watches what of which connection: read anew only where a watch has changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.records import Watch
from bot.store import Tx
from bot.watch.targets import Targets


class Roster:
    """The watches by connection, as of the last time that any of them was changed."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets
        self._revision: int | None = None
        self._watches: tuple[Watch, ...] = ()
        self._by_connection: dict[str, Sequence[Watch]] = {}

    async def of(self, connection: str, tx: Tx) -> Sequence[Watch]:
        """Return the watches that may mean a pipeline of a connection.

        The very same object as before, as long as no watch has changed.
        """
        revision = await tx.watches.revision()
        if revision != self._revision:
            self._watches = tuple(await tx.watches.all())
            self._by_connection = {}
            self._revision = revision
        if connection not in self._by_connection:
            self._by_connection[connection] = tuple(
                watch
                for watch in self._watches
                if self._targets.concerns(watch.target, connection)
            )
        return self._by_connection[connection]

    def is_seen(self, watch: Watch, unseen: Collection[str]) -> bool:
        """Return whether every connection that a watch is about can be seen."""
        concerns = self._targets.concerns
        return not any(concerns(watch.target, connection) for connection in unseen)
