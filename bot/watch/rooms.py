"""What the courier needs of the store: a port, a small part of what `bot.store` has.

All that is done within one `write` is committed together when it ends, or not at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from bot.records import ChannelState, Delivery, DeliveryState, Incident, Watch


class Outbox(Protocol):
    """The messages on their way."""

    async def waiting(self, channel: str, limit: int) -> Sequence[Delivery]:
        """Return what is pending or being tried, in the order of adding."""

    async def add(self, deliveries: Iterable[Delivery]) -> Collection[str]:
        """Add rows, but for those whose key is there already; return the new keys."""

    async def claim(self, ident: int, tries: int, now: datetime, /) -> bool:
        """Mark a row as being tried for the next time; whether nobody else just did."""

    async def settle(
        self,
        ident: int,
        state: DeliveryState,
        /,
        *,
        ts: str | None = None,
        error: str | None = None,
        degraded: int | None = None,
        tries: int | None = None,
    ) -> bool:
        """Write down what became of a try; whether it still was to be settled.

        `tries` makes it so only where nobody has tried it since.
        """

    async def give_up(self, before: datetime, *, error: str, limit: int) -> int:
        """Mark as dead what has waited since `before`, at most `limit`; how many."""

    async def swallow(self, idents: Collection[int], /) -> int:
        """Mark rows as told by another; how many that were not settled."""


class Incidents(Protocol):
    """What is red in which channel."""

    async def get(self, ident: str, /) -> Incident | None:
        """Return an incident by its id."""

    async def save(self, incident: Incident, /) -> None:
        """Write an incident over what was known of it."""


class Channels(Protocol):
    """The places to post to."""

    async def get(self, channel: str, /) -> ChannelState | None:
        """Return what is known of a place, if anything."""

    async def save(self, state: ChannelState, /) -> None:
        """Write a place over what was known of it."""


class Watches(Protocol):
    """Who wants to hear what."""

    async def in_channel(self, channel: str, /) -> Sequence[Watch]:
        """Return the watches of a place."""


class Tx(Protocol):
    """A transaction."""

    async def now(self) -> datetime:
        """Return the time by the one clock that all replicas share."""

    @property
    def outbox(self) -> Outbox: ...  # noqa: D102 - see the class
    @property
    def incidents(self) -> Incidents: ...  # noqa: D102
    @property
    def channels(self) -> Channels: ...  # noqa: D102
    @property
    def watches(self) -> Watches: ...  # noqa: D102


class Store(Protocol):
    """Where all truth lives."""

    def write(self) -> AbstractAsyncContextManager[Tx]:
        """Begin a transaction that may write; it ends with its block."""
