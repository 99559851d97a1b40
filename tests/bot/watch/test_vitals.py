"""How the watching is: health, readiness and figures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.metrics import Metrics
from bot.records import WORKSPACE, ChannelState, Lane, Unreadable
from bot.store import Store, open_store
from bot.watch.vitals import RECENT, Vitals
from bot.work.port import Health
from providers.refs import PipelineRef
from tests.bot.store.samples import HOUR, a_delivery
from tests.fakes.clock import FakeClock


class FakeEngine:
    """Is as it is told to be."""

    def __init__(self, last_tick: datetime | None) -> None:
        self.now = Health(
            lag=timedelta(seconds=3),
            last_tick=last_tick,
            workers=1,
            failures=0,
            trouble=None,
        )

    async def health(self) -> Health:
        return self.now


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def store(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Store]:
    async with open_store(f"sqlite:///{tmp_path}/x.db", clock=clock) as store:
        yield store


@pytest.fixture
def engine(clock: FakeClock) -> FakeEngine:
    return FakeEngine(clock.now())


@pytest.fixture
def vitals(store: Store, engine: FakeEngine, clock: FakeClock) -> Vitals:
    return Vitals(store, engine, clock, Metrics())


@pytest.fixture
async def lost(tmp_path: Path, store: Store) -> Store:
    """Take the tables away, as a database does that is being restored."""
    del tmp_path
    async with store.write() as tx:
        for table in ("lanes", "channels", "outbox"):
            await tx.connection.exec_driver_sql(
                f"ALTER TABLE {table} RENAME TO x{table}"
            )
    return store


async def test_where_all_is_well_nothing_is_said_to_be_wrong(vitals: Vitals) -> None:
    assert await vitals.health() == {
        "trouble": None,
        "blind": [],
        "unreadable": [],
        "parked": [],
        "outbox": {"waiting": 0, "oldest": None},
    }
    assert await vitals.trouble() is None


async def test_blind_connections_and_parked_channels_are_named(
    vitals: Vitals, store: Store, clock: FakeClock
) -> None:
    now = clock.now()
    async with store.write() as tx:
        await tx.lanes.save(Lane(connection="flow", due_at=now))
        await tx.lanes.save(
            Lane(connection="shop", due_at=now, blind_since=now, blind_reason="down.")
        )
        for channel, why in (("C0123", "is_archived"), (WORKSPACE, "token_revoked")):
            state = ChannelState(channel=channel, parked=why, parked_at=now)
            await tx.channels.save(state)
        await tx.outbox.add([a_delivery(created_at=now)])
        gone = Unreadable(
            pipeline=PipelineRef("shop", "42"), name="web", since=now, reason="gone."
        )
        await tx.unreadable.save([gone])
    health = await vitals.health()
    since = now.isoformat()
    assert health["unreadable"] == [
        {"pipeline": "shop:42", "name": "web", "since": since, "why": "gone."}
    ]
    assert health["blind"] == [{"connection": "shop", "since": since, "why": "down."}]
    assert health["parked"] == [
        {"channel": "every channel", "since": since, "why": "token_revoked"},
        {"channel": "C0123", "since": since, "why": "is_archived"},
    ]
    assert health["outbox"] == {"waiting": 1, "oldest": since}
    # Others are watched all the same: to start again would not help.
    assert await vitals.trouble() is None


async def test_a_process_that_stands_still_is_not_ready(
    vitals: Vitals, engine: FakeEngine, clock: FakeClock
) -> None:
    clock.move(RECENT)
    assert await vitals.trouble() is None
    clock.move(timedelta(seconds=1))
    assert await vitals.trouble() == "the watch stands still"
    engine.now = FakeEngine(None).now
    assert await vitals.trouble() == "the watch has not begun yet"


async def test_the_engines_own_trouble_is_told(
    vitals: Vitals, engine: FakeEngine, clock: FakeClock
) -> None:
    engine.now = Health(
        lag=None, last_tick=clock.now(), workers=None, failures=9, trouble="no database"
    )
    assert await vitals.trouble() == "no database"
    assert (await vitals.health())["trouble"] == "no database"
    assert b"runbell_work_lag_seconds NaN" in await vitals.metrics()


async def test_what_cannot_be_read_is_left_out_and_said(
    vitals: Vitals, lost: Store
) -> None:
    health = await vitals.health()
    assert "no such table" in health["trouble"]
    assert set(health) == {"trouble"}


async def test_figures_are_told_though_the_store_cannot_be_read(
    vitals: Vitals, lost: Store
) -> None:
    assert b"runbell_outbox_messages" in await vitals.metrics()


async def test_figures_are_those_of_the_moment_they_are_asked_for(
    vitals: Vitals, store: Store, clock: FakeClock
) -> None:
    now = clock.now()
    async with store.write() as tx:
        await tx.lanes.save(Lane(connection="shop", due_at=now, blind_since=now))
        await tx.outbox.add([a_delivery(created_at=now)])
    clock.move(HOUR)
    text = (await vitals.metrics()).decode()
    assert "runbell_outbox_messages 1.0" in text
    assert "runbell_outbox_oldest_seconds 3600.0" in text
    assert 'runbell_connection_blind{connection="shop"} 1.0' in text
    assert "runbell_work_lag_seconds 3.0" in text
