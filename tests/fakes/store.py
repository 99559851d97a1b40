"""A store in memory: what the courier needs of it, with transactions that roll back.

`interrupt` is called before and after each commit, so that a test can let the process
die there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.records import (
    ChannelState,
    Delivery,
    DeliveryState,
    Incident,
    Watch,
)
from tests.fakes.clock import FakeClock

DEAD = DeliveryState.DEAD
OPEN = frozenset({DeliveryState.PENDING, DeliveryState.TRYING})


@dataclass
class FakeOutbox:
    rows: dict[int, Delivery] = field(default_factory=dict)

    async def waiting(self, channel: str, limit: int) -> list[Delivery]:
        found = [r for r in self.rows.values() if r.channel == channel]
        return [row for row in found if row.state in OPEN][:limit]

    async def add(self, deliveries: Iterable[Delivery]) -> frozenset[str]:
        known, new = {row.key for row in self.rows.values()}, set()
        for row in deliveries:
            if row.key not in known:
                ident = len(self.rows) + 1
                self.rows[ident] = replace(row, id=ident)
                known.add(row.key)
                new.add(row.key)
        return frozenset(new)

    async def claim(self, ident: int, tries: int, now: datetime) -> bool:
        row = self.rows[ident]
        if row.state not in OPEN or row.tries != tries:
            return False
        self.rows[ident] = replace(
            row, state=DeliveryState.TRYING, tries=tries + 1, tried_at=now
        )
        return True

    async def settle(
        self,
        ident: int,
        state: DeliveryState,
        *,
        ts: str | None = None,
        error: str | None = None,
        degraded: int | None = None,
        tries: int | None = None,
    ) -> bool:
        row = self.rows[ident]
        if row.state not in OPEN or tries not in {None, row.tries}:
            return False
        self.rows[ident] = replace(
            row,
            state=state,
            ts=ts or row.ts,
            error=error,
            degraded=row.degraded if degraded is None else degraded,
        )
        return True

    async def give_up(self, before: datetime, *, error: str, limit: int) -> int:
        old = [r for r in self.rows.values() if r.created_at < before][:limit]
        return sum([await self.settle(r.id, DEAD, error=error) for r in old])

    async def swallow(self, idents: Collection[int]) -> int:
        mine = [i for i in idents if self.rows[i].state in OPEN]
        for ident in mine:
            self.rows[ident] = replace(self.rows[ident], state=DeliveryState.SWALLOWED)
        return len(mine)


@dataclass
class FakeIncidents:
    rows: dict[str, Incident] = field(default_factory=dict)

    async def get(self, ident: str) -> Incident | None:
        return self.rows.get(ident)

    async def save(self, incident: Incident) -> None:
        self.rows[incident.id] = incident


@dataclass
class FakeChannels:
    rows: dict[str, ChannelState] = field(default_factory=dict)

    async def get(self, channel: str) -> ChannelState | None:
        return self.rows.get(channel)

    async def save(self, state: ChannelState) -> None:
        self.rows[state.channel] = state

    async def parked(self) -> list[ChannelState]:
        return [state for state in self.rows.values() if state.parked is not None]


@dataclass
class FakeWatches:
    rows: list[Watch] = field(default_factory=list)

    async def in_channel(self, channel: str) -> list[Watch]:
        return [watch for watch in self.rows if watch.channel == channel]


@dataclass
class FakeTx:
    clock: FakeClock
    outbox: FakeOutbox = field(default_factory=FakeOutbox)
    incidents: FakeIncidents = field(default_factory=FakeIncidents)
    channels: FakeChannels = field(default_factory=FakeChannels)
    watches: FakeWatches = field(default_factory=FakeWatches)

    async def now(self) -> datetime:
        return self.clock.now()

    def copy(self) -> FakeTx:
        return FakeTx(
            self.clock,
            FakeOutbox(dict(self.outbox.rows)),
            FakeIncidents(dict(self.incidents.rows)),
            FakeChannels(dict(self.channels.rows)),
            FakeWatches(list(self.watches.rows)),
        )


class FakeStore:
    def __init__(self, clock: FakeClock) -> None:
        self.kept = FakeTx(clock)
        self.interrupt: Callable[[str], None] = lambda _: None

    @asynccontextmanager
    async def write(self) -> AsyncIterator[FakeTx]:
        tx = self.kept.copy()
        yield tx
        self.interrupt("before commit")
        self.kept = tx
        self.interrupt("after commit")

    @property
    def outbox(self) -> dict[int, Delivery]:
        return self.kept.outbox.rows
