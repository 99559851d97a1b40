"""Who watches what of which connection: read anew only where a watch has changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from bot.records import Watch
from bot.store import Tx
from bot.watch.targets import Targets


class Roster:
    """The watches by connection, as of the last time that any of them was changed."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets
        self._revision: int | None = None
        self._by_connection: Mapping[str, Sequence[Watch]] = {}

    async def of(self, connection: str, tx: Tx) -> Sequence[Watch]:
        """Return the watches that may mean a pipeline of a connection.

        The very same object as before, as long as no watch has changed.
        """
        revision = await tx.watches.revision()
        if revision != self._revision:
            self._by_connection = self._sorted(await tx.watches.all())
            self._revision = revision
        return self._by_connection.get(connection, ())

    def _sorted(self, watches: Iterable[Watch]) -> dict[str, Sequence[Watch]]:
        """Return the watches by connection, each target being read but once."""
        found: dict[str, list[Watch]] = {}
        for watch in watches:
            for connection in self._targets.reach(watch.target):
                found.setdefault(connection, []).append(watch)
        return {connection: tuple(some) for connection, some in found.items()}

    def is_seen(self, watch: Watch, unseen: Collection[str]) -> bool:
        """Return whether every connection that a watch is about can be seen."""
        concerns = self._targets.concerns
        return not any(concerns(watch.target, connection) for connection in unseen)
