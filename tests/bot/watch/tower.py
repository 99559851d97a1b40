"""All of the watch but the network: what a test drives, and what it looks at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from bot.alerts import Alert, unpack
from bot.catalog import Words
from bot.records import Delivery, DeliveryKind, Event, Watch
from bot.store import Store
from bot.store.tables import outbox
from bot.watch.courier import Courier
from bot.watch.poller import Looked, Poller
from bot.watch.posting import Counted
from bot.watch.schedule import Pace
from bot.watch.service import Watching
from bot.watch.targets import Targets
from providers.model import PipelineRef, Run, RunRef, State
from tests.fakes.clock import FakeClock
from tests.fakes.engine import HandEngine
from tests.fakes.provider import FakeProvider
from tests.fakes.slack_ledger import SlackLedger

MINUTE = timedelta(minutes=1)
RELEASE = PipelineRef("acme", "release")
CHANNEL = "C0001"
PACE = Pace(idle=timedelta(seconds=30), busy=timedelta(seconds=10))


class Tower:
    """A bot's watch; another one on the same store is a restart, or a replica."""

    def __init__(
        self,
        store: Store,
        clock: FakeClock,
        providers: Collection[FakeProvider],
        random: Random,
        slack: SlackLedger | None = None,
        words: Words | None = None,
    ) -> None:
        self.store = store
        self.clock = clock
        self.providers = {provider.connection: provider for provider in providers}
        self.random = random
        self.slack = slack or SlackLedger(clock)
        self.words = words or Words(groups={}, aliases={})
        self.engine = HandEngine()
        self.looks: list[Looked] = []
        self.counted = Counter[Counted]()
        self.targets = Targets(self.words, tuple(self.providers), lambda _: ())
        self.poller = Poller(
            self.providers,
            store,
            clock=clock,
            random=random,
            targets=self.targets,
            pace=PACE,
            calls=lambda name: len(self.providers[name].asked),
        )
        self.watching = Watching(
            engine=self.engine,
            store=store,
            poller=self.poller,
            courier=Courier(
                store,
                self.slack,
                clock,
                steady=lambda: clock.now().timestamp(),
                zone=ZoneInfo("UTC"),
                count=lambda what: self.counted.update([what]),
            ),
            history=timedelta(days=30),
            looked=self.looks.append,
        )

    def again(self) -> Tower:
        """Return the watch of another process on the same store."""
        providers = tuple(self.providers.values())
        return Tower(
            self.store, self.clock, providers, self.random, self.slack, self.words
        )

    async def watch(self, ident: str = "w1", **more: Any) -> Watch:
        values: dict[str, Any] = {
            "channel": CHANNEL,
            "target": "acme:release",
            "created_at": self.clock.now(),
        }
        watch = Watch(id=ident, **(values | more))
        async with self.store.write() as tx:
            await tx.watches.replace(watch)
        return watch

    async def pass_time(self, time: timedelta = MINUTE, step: int = 15) -> None:
        """Let time go by, beat by beat."""
        until = self.clock.now() + time
        while self.clock.now() < until:
            self.clock.move(timedelta(seconds=step))
            await self.engine.beat()

    def runs(self, number: int, state: State, **more: Any) -> Run:
        """Have a run begin now, or go on; return it."""
        return put(self.clock, self.providers["acme"], RELEASE, number, state, **more)

    async def outbox(self, channel: str = CHANNEL) -> list[Delivery]:
        """Return all that was ever to be said in a channel, by the order of ids."""
        async with self.store.read() as tx:
            mine = outbox.c.channel == channel
            return await tx.outbox._all(mine, order=(outbox.c.id,))

    async def kinds(self, channel: str = CHANNEL) -> list[str]:
        return [row.kind.value for row in await self.outbox(channel)]

    async def events(self, kind: DeliveryKind = DeliveryKind.CARD) -> list[Event]:
        said = [unpack(row.payload) for row in await self.outbox() if row.kind is kind]
        return [alert.event for alert in said if hasattr(alert, "event")]

    async def said(self, kind: DeliveryKind, channel: str = CHANNEL) -> list[Alert]:
        rows = await self.outbox(channel)
        return [unpack(row.payload) for row in rows if row.kind is kind]


def put(
    clock: FakeClock,
    provider: FakeProvider,
    ref: PipelineRef,
    number: int,
    state: State,
    **more: Any,
) -> Run:
    """Have a run begin now, or go on where it has begun."""
    now, runs = clock.now(), provider.runs[ref]
    old = next((run for run in runs if run.number == number), None)
    begun = old or Run(
        ref=RunRef(ref, str(number)),
        state=state,
        number=number,
        branch="main",
        created_at=now,
        started_at=now,
    )
    run = replace(
        begun, state=state, finished_at=now if state.is_over else None, **more
    )
    provider.runs[ref] = sorted(
        [*(r for r in runs if r.number != number), run], key=lambda r: r.number or 0
    )
    return run
