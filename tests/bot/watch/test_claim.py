"""One replica looks at a lane at a time; a look that lost its lane keeps nothing."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import pytest

from bot.records import Event
from bot.store import Store, StoreError
from bot.store.places import Lanes
from bot.watch.claim import HOLD, Claim, Lost
from bot.watch.poller import Poller
from providers.model import State
from tests.bot.watch.tower import MINUTE, PACE, RELEASE, Tower, put
from tests.fakes.clock import FakeClock
from tests.fakes.provider import FakeProvider

SHORT = timedelta(milliseconds=30)


async def begun(tower: Tower) -> None:
    await tower.watch()
    tower.runs(1, State.SUCCEEDED)
    await tower.pass_time()
    tower.clock.move(MINUTE)


def impatient(tower: Tower) -> Poller:
    """Return a poller whose claims run out soon."""
    return Poller(
        tower.providers,
        tower.store,
        clock=tower.clock,
        random=random.Random(2),  # noqa: S311 - repeatable
        targets=tower.targets,
        pace=PACE,
        calls=lambda _: 1,
        hold=SHORT,
    )


async def test_a_claim_is_extended_for_as_long_as_the_look_takes(
    tower: Tower, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begun(tower)
    provider.gate = asyncio.Event()
    extended = asyncio.Event()
    extend = Lanes.extend

    async def noticed(self: Lanes, *args: object, **more: object) -> bool:
        done = await extend(self, *args, **more)  # type: ignore[arg-type]
        extended.set()
        return done

    monkeypatch.setattr(Lanes, "extend", noticed)
    tower.runs(2, State.FAILED)
    look = asyncio.create_task(impatient(tower).look("acme"))
    await extended.wait()
    # Long past the end of the first claim, by the clock.
    tower.clock.move(2 * SHORT)
    for _ in range(2):  # the one that is under way, and one that knows the time
        extended.clear()
        await extended.wait()

    assert (await tower.again().poller.look("acme")).is_skipped
    provider.gate.set()
    assert not (await look).is_skipped
    assert await tower.events() == [Event.BROKEN]


async def test_a_look_whose_lane_was_taken_over_keeps_nothing_of_what_it_saw(
    tower: Tower, provider: FakeProvider, clock: FakeClock
) -> None:
    await begun(tower)
    put(clock, provider, RELEASE, 2, State.RUNNING)
    frozen = FakeProvider("acme", {"release": []})
    frozen.runs[RELEASE] = list(provider.runs[RELEASE])
    frozen.gate = asyncio.Event()
    slow = Tower(tower.store, clock, [frozen], tower.random, tower.slack)
    stale = asyncio.create_task(slow.poller.look("acme"))
    async with asyncio.timeout(10):
        while not frozen.asked:
            await asyncio.wait({stale}, timeout=0.01)
    clock.move(HOLD + MINUTE)
    put(clock, provider, RELEASE, 2, State.FAILED)
    await tower.pass_time()
    async with tower.store.read() as tx:
        before = await tx.lanes.get("acme"), await tx.runs.newest(RELEASE)

    frozen.gate.set()

    assert (await stale).is_skipped
    async with tower.store.read() as tx:
        assert (await tx.lanes.get("acme"), await tx.runs.newest(RELEASE)) == before


async def test_a_look_that_learns_that_its_lane_is_lost_is_given_up(
    store: Store, clock: FakeClock, tower: Tower
) -> None:
    await begun(tower)
    ended = asyncio.Event()

    async def for_ever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    claim = Claim(store, "acme", "a", SHORT)
    async with store.write() as tx:
        assert await claim.take(tx)
        await tx.lanes.release_all()

    with pytest.raises(Lost):
        await claim.hold(for_ever())
    assert ended.is_set()


async def test_a_store_that_is_away_for_a_moment_costs_no_look(
    store: Store, clock: FakeClock, tower: Tower, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begun(tower)
    tried = asyncio.Event()

    async def extend(*_: object, **__: object) -> bool:
        tried.set()
        raise StoreError("the store is away")

    async def look() -> str:
        await tried.wait()
        return "seen"

    monkeypatch.setattr(Lanes, "extend", extend)
    claim = Claim(store, "acme", "a", SHORT)
    async with store.write() as tx:
        assert await claim.take(tx)

    assert await claim.hold(look()) == "seen"
