"""Two connections, a store, and people who ask: for the verbs of the watch."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random
from zoneinfo import ZoneInfo

from bot.alerts import Card, pack, unpack
from bot.answers import (
    Answer,
    Mutes,
    Problem,
    Wrote,
)
from bot.catalog import Words
from bot.commands.answering import answer
from bot.commands.asker import Asker
from bot.commands.gather import Desk
from bot.reader import Reader
from bot.records import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Event,
    Happening,
    Incident,
    Lineage,
    Ruling,
    Verdict,
    Watch,
)
from bot.store import Store
from bot.watch.past import past_of
from providers.model import Pipeline, PipelineRef, State
from tests.fakes.clock import FakeClock
from tests.fakes.provider import NOON, FakeProvider, make_run

PASSED, FAILED = State.SUCCEEDED, State.FAILED
RELEASE = PipelineRef("ci", "release")
KIM = Asker(user="U0KIM", channel="C0CI", zone=ZoneInfo("Asia/Seoul"))
LEE = Asker(user="U0LEE", channel="C0OTHER")
ALONE = Asker(user="U0KIM", channel="D0KIM", is_direct=True)


class Room:
    """Two connections, a store, and people who ask."""

    def __init__(self, store: Store) -> None:
        self.ci = FakeProvider(
            "ci", {"release": [PASSED, FAILED, FAILED, PASSED], "nightly": [PASSED]}
        )
        self.ml = FakeProvider("ml", {"train": [State.RUNNING]})
        self.clock = FakeClock(NOON + timedelta(hours=1))
        self.store = store
        providers = {"ci": self.ci, "ml": self.ml}
        self.desk = Desk(
            reader=Reader(providers, clock=self.clock),
            words=Words(groups={"all-ci": ("ci",)}, aliases={}),
            clock=self.clock,
            command="/runs",
            store=store,
            random=Random(7),  # noqa: S311 - ids, not secrets
        )

    async def ask(self, text: str, asker: Asker | None = KIM) -> Answer:
        return await answer(self.desk, text, asker)

    async def wrote(self, text: str, asker: Asker | None = KIM) -> Wrote:
        found = await self.ask(text, asker)
        assert isinstance(found, Wrote), found
        return found

    async def watches(self, channel: str = "C0CI") -> list[Watch]:
        async with self.store.read() as tx:
            return await tx.watches.in_channel(channel)

    async def watch(self, text: str, asker: Asker = KIM) -> Watch:
        before = await self.watches(asker.place)
        await self.wrote(text, asker)
        [made] = [w for w in await self.watches(asker.place) if w not in before]
        return made


class Members:
    """Knows who is in which channel, and of which it is asked."""

    def __init__(self, *known: tuple[str, str], says: bool | None = False) -> None:
        self.known = known
        self.says = says
        self.asked: list[str] = []

    async def __call__(self, user: str, channel: str) -> bool | None:
        self.asked.append(channel)
        return True if (user, channel) in self.known else self.says


def is_problem(found: Answer, what: str) -> Problem:
    assert isinstance(found, Problem), found
    assert found.what.startswith(what)
    return found


def made(wrote: Wrote) -> str:
    """Return the id of the watch that was made."""
    return (wrote.undo or "").split()[-1]


async def breaks(room: Room) -> None:
    """The next run of release fails, as its vendor says."""
    room.ci.runs[RELEASE].append(make_run(RELEASE, 5, FAILED))
    room.clock.move(timedelta(minutes=1))


async def muted(room: Room) -> list[str]:
    found = await room.ask("mutes")
    assert isinstance(found, Mutes)
    return [row.what for row in found.rows]


async def broken(room: Room, watch: Watch) -> Incident:
    """A card stands in the channel."""
    run = make_run(RELEASE, 3, FAILED)
    incident = Incident(
        id="a1b2c3d4e5f6",
        channel=watch.channel,
        lineage=Lineage(RELEASE, "branch:main"),
        watch=watch.id,
        opened_at=NOON,
        first_run=run.ref,
        latest_run=run.ref,
        ts="1714564800.000100",
    )
    card = Card(
        incident=incident.id,
        watch=watch.id,
        event=Event.BROKEN,
        pipeline=Pipeline(ref=RELEASE, name="release"),
        run=run,
    )
    happening = Happening(
        key="h1",
        lineage=incident.lineage,
        run=run.ref,
        event=Event.BROKEN,
        at=NOON,
        seen_at=NOON,
        reason="Run 3 failed.",
        streak=1,
        red_since=NOON,
    )
    verdict = Verdict(
        happening="h1",
        watch=watch.id,
        ruling=Ruling.RING,
        rule="asked-for",
        reason="This watch rings on broken.",
        at=NOON,
    )
    async with room.store.write() as tx:
        await tx.runs.add([past_of(run, NOON)])
        await tx.happenings.add([happening])
        await tx.watches.add(replace(watch, id="welse", channel="C0ELSE"))
        await tx.verdicts.add([verdict, replace(verdict, watch="welse")])
        await tx.incidents.save(incident)
        await tx.outbox.add(
            [
                Delivery(
                    key="d1",
                    channel=watch.channel,
                    kind=DeliveryKind.CARD,
                    payload=pack(card),
                    incident=incident.id,
                    created_at=NOON,
                )
            ]
        )
        [row] = await tx.outbox.waiting(watch.channel, 9)
        await tx.outbox.settle(row.id, DeliveryState.SENT, ts=incident.ts)
    return incident


async def cards(room: Room) -> list[Card]:
    async with room.store.read() as tx:
        found = [unpack(d.payload) for d in await tx.outbox.waiting("C0CI", 9)]
    return [alert for alert in found if isinstance(alert, Card)]
