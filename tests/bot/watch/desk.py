"""A desk to try the courier at: a store, a Slack and a clock, all in memory."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest

from bot.alerts import Alert, Card, Update, pack
from bot.records import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Event,
    Incident,
    Lineage,
    Watch,
)
from bot.watch.courier import Courier
from bot.watch.posting import Counted, Outcome, Result
from providers.model import Pipeline, PipelineRef, State
from tests.fakes.clock import FakeClock
from tests.fakes.provider import NOON, make_run
from tests.fakes.slack_ledger import SlackLedger
from tests.fakes.store import FakeStore

T = TypeVar("T")

OPS = "C0OPS"
UTC_ZONE = ZoneInfo("UTC")
LIMITED = Outcome(
    result=Result.NOT_SENT, error="ratelimited", retry_after=timedelta(seconds=30)
)
NO_HISTORY = Outcome(result=Result.BAD_INSTALL, error="missing_scope")
ARCHIVED = Outcome(result=Result.BAD_PLACE, error="is_archived")
REVOKED = Outcome(result=Result.BAD_INSTALL, error="token_revoked")


def run(errand: Coroutine[Any, Any, T]) -> T:
    """Run something outside of any test's loop, and leave none behind."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(errand)


class Desk:
    """A store, a Slack, a clock, and couriers that come and go."""

    def __init__(self, **options: Any) -> None:
        self.clock = FakeClock(NOON + timedelta(hours=1))
        self.stopwatch = 0.0
        self.store = FakeStore(self.clock)
        self.slack = SlackLedger(self.clock)
        self.counted: Counter[Counted] = Counter()
        self.options = options
        self.courier = self.new_courier()
        self.numbers = 0

    def new_courier(self, clock: FakeClock | None = None) -> Courier:
        """Return the courier of another process, whose clock may be wrong."""
        return Courier(
            self.store,
            self.slack,
            clock or self.clock,
            steady=lambda: self.clock.now().timestamp() + self.stopwatch,
            zone=UTC_ZONE,
            count=lambda what: self.counted.update([what]),
            **self.options,
        )

    def add(
        self, kind: DeliveryKind, alert: Alert, *, channel: str = OPS, **more: Any
    ) -> Delivery:
        self.numbers += 1
        row = Delivery(
            key=f"key-{self.numbers}",
            channel=channel,
            kind=kind,
            payload=pack(alert),
            created_at=self.clock.now(),
            id=self.numbers,
            **more,
        )
        rows = self.store.outbox
        ident = len(rows) + 1
        rows[ident] = replace(row, id=ident)
        return rows[ident]

    def break_(self, name: str = "release", **more: Any) -> Delivery:
        """Let a pipeline break: an incident, and the card of it."""
        alert = self.card(name, Event.BROKEN)
        incident = f"i-{name}-{self.numbers + 1}"
        self.store.kept.incidents.rows[incident] = Incident(
            id=incident,
            channel=OPS,
            lineage=Lineage(alert.pipeline.ref, "branch:main"),
            watch="w1",
            opened_at=self.clock.now(),
            first_run=alert.run.ref,
            latest_run=alert.run.ref,
        )
        more = {"incident": incident, "is_loud": True, **more}
        return self.add(DeliveryKind.CARD, alert, **more)

    def break_in_a_storm(self) -> Delivery:
        """Return a card that was told of in a message for many, and never posted."""
        card = self.break_()
        swallowed = replace(card, state=DeliveryState.SWALLOWED)
        self.store.outbox[card.id] = swallowed
        return card

    def goes_on(self, card: Delivery, name: str = "release") -> Delivery:
        alert = self.card(name, Event.STILL_BROKEN)
        return self.add(DeliveryKind.UPDATE, alert, incident=card.incident)

    def fixed(self, card: Delivery, name: str = "release") -> tuple[Delivery, Delivery]:
        alert, said = self.card(name, Event.FIXED), self.update(name, Event.FIXED)
        edit = self.add(DeliveryKind.UPDATE, alert, incident=card.incident)
        return edit, self.add(DeliveryKind.REPLY, said, incident=card.incident)

    def update(self, name: str, event: Event = Event.BROKEN) -> Update:
        alert = self.card(name, event)
        return Update(event=alert.event, pipeline=alert.pipeline, run=alert.run)

    def card(self, name: str, event: Event) -> Card:
        pipeline = Pipeline(ref=PipelineRef("ci", name), name=name)
        state = State.SUCCEEDED if event is Event.FIXED else State.FAILED
        run = make_run(pipeline.ref, self.numbers + 1, state)
        return Card(
            incident="i1",
            watch="w1",
            event=event,
            pipeline=pipeline,
            run=run,
            red_since=NOON,
            streak=2,
        )

    async def drain(self, channel: str = OPS) -> Any:
        return await self.courier.drain(channel)

    async def drain_all(self, channel: str = OPS) -> None:
        """Drain until nothing is left that time alone would let through."""
        for _ in range(500):
            until = await self.drain(channel)
            if until is None:
                return
            self.clock.move(max(until - self.clock.now(), timedelta()))
        pytest.fail("the courier never comes to an end")

    def state(self, row: Delivery) -> DeliveryState:
        return self.store.outbox[row.id].state

    def texts(self, channel: str = OPS) -> list[str]:
        return [posted.said[-1].text for posted in self.slack.in_channel(channel)]

    def keys(self, channel: str = OPS) -> list[str]:
        return [posted.key for posted in self.slack.in_channel(channel)]


def a_watch(owner: str, channel: str = OPS) -> Watch:
    return Watch(id="w1", channel=channel, target="x", owner=owner, created_at=NOON)
