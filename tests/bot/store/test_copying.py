"""Moving from SQLite to PostgreSQL: everything, or nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.records import ChannelState, DeliveryState, Follow, Lane, Unreadable
from bot.store import Store, StoreError, copy, open_store
from bot.store.tables import metadata
from providers.refs import RunRef
from tests.bot.store.samples import (
    MAIN,
    NOON,
    SHOP,
    a_delivery,
    a_happening,
    a_mute,
    a_run,
    a_verdict,
    a_watch,
    an_incident,
)
from tests.fakes.clock import FakeClock


async def fill(store: Store) -> None:
    """Put something into every table, and more than one portion into some."""
    async with store.write() as tx:
        await tx.watches.add(a_watch(target="odd \x00 text"))
        await tx.watches.add(a_watch("gone"))
        await tx.watches.remove("gone", by="U0001", at=NOON)
        await tx.mutes.add(a_mute())
        await tx.lineages.save({MAIN: "{}"}, NOON)
        await tx.happenings.add([a_happening()])
        await tx.verdicts.add([a_verdict()])
        await tx.incidents.save(an_incident())
        await tx.outbox.add([a_delivery(f"k{n}") for n in range(2500)])
        await tx.channels.save(ChannelState(channel="C0123"))
        await tx.lanes.save(Lane(connection="flow", due_at=NOON))
        await tx.lanes.claim("flow", "me", now=NOON, hold=timedelta(minutes=1))
        await tx.unreadable.save(
            [Unreadable(pipeline=SHOP, name="shop", since=NOON, reason="gone")]
        )
        await tx.runs.add([a_run(number=10**30)])
        await tx.follows.add(Follow(run=RunRef(SHOP, "1"), user="U1", created_at=NOON))


async def contents(store: Store) -> dict[str, list[tuple[object, ...]]]:
    async with store.read() as tx:
        return {
            table.name: sorted(
                (tuple(row) for row in await tx.connection.execute(select(table))),
                key=repr,
            )
            for table in metadata.sorted_tables
        }


async def test_everything_arrives_and_the_source_stays(
    url: str, tmp_path: Path
) -> None:
    source_url = f"sqlite:///{tmp_path}/source.db"
    clock = FakeClock()
    async with open_store(source_url, clock=clock) as source:
        await fill(source)
        before = await contents(source)
    copied = await copy(source_url, url, clock=clock)
    assert copied == {name: len(rows) for name, rows in before.items()}
    assert min(copied.values()) > 0
    assert copied["outbox"] == 2500
    async with open_store(url, clock=clock) as target:
        assert await contents(target) == before
        async with target.write() as tx:
            last = (await tx.outbox.waiting("C0123", 2500))[-1]
            assert await tx.outbox.add([a_delivery("after the move")])
            await tx.outbox.settle(last.id, DeliveryState.SENT)
            assert (await tx.outbox.waiting("C0123", 2500))[-1].id == last.id + 1
    async with open_store(source_url, clock=clock) as source:
        assert await contents(source) == before


async def test_a_store_that_holds_nothing_can_be_moved(
    url: str, tmp_path: Path
) -> None:
    copied = await copy(f"sqlite:///{tmp_path}/source.db", url, clock=FakeClock())
    assert set(copied.values()) == {0}
    async with open_store(url, clock=FakeClock()) as target, target.write() as tx:
        assert await tx.outbox.add([a_delivery()])


async def test_a_target_that_holds_anything_is_refused_and_left_alone(
    url: str, tmp_path: Path
) -> None:
    clock = FakeClock()
    source_url = f"sqlite:///{tmp_path}/source.db"
    async with open_store(source_url, clock=clock) as source:
        await fill(source)
    async with open_store(url, clock=clock) as target, target.write() as tx:
        await tx.lanes.save(Lane(connection="flow", due_at=NOON))
    with pytest.raises(StoreError, match=r"not empty \(lanes: 1\); nothing was copied"):
        await copy(source_url, url, clock=clock)
    async with open_store(url, clock=clock) as target, target.read() as tx:
        assert await tx.watches.all() == []


async def test_a_store_in_use_is_not_copied(url: str, tmp_path: Path) -> None:
    source_url = f"sqlite:///{tmp_path}/source.db"
    async with open_store(source_url, clock=FakeClock()):
        with pytest.raises(StoreError, match="in use by another Runbell"):
            await copy(source_url, url, clock=FakeClock())
