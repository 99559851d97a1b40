"""The watches of the file, and what makes the store hold them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.records import Event, Origin, Style, Watch
from bot.settings import FiledWatch
from bot.store import Store, open_store
from bot.watch.filed import FILE, Changes, compare, reconcile, records
from tests.bot.store.samples import HOUR, NOON, a_watch
from tests.fakes.clock import FakeClock


def filed(**more: Any) -> FiledWatch:
    return FiledWatch.model_validate({"target": "flow:a", "in": "C0123456", **more})


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(f"sqlite:///{tmp_path}/x.db", clock=FakeClock()) as store:
        yield store


async def kept(store: Store) -> list[Watch]:
    async with store.read() as tx:
        return await tx.watches.all()


async def settle(store: Store, *watches: FiledWatch, later: int = 0) -> Changes:
    async with store.write() as tx:
        return await reconcile(tx, watches, NOON + later * HOUR)


def test_a_watch_of_the_file_is_one_like_any_other_but_for_its_origin() -> None:
    everything = filed(
        filters="branch:main",
        default_branch_only=False,
        on="slow,stuck",
        after=2,
        queued="30m",
        longer="1h",
        mention="S0123456",
        style="edit",
        owner="U0123456",
    )
    (watch,) = records([everything], NOON)
    for name, value in everything.model_dump().items():
        assert getattr(watch, name) == value, name
    assert watch.origin is Origin.FILE
    assert watch.created_at == NOON


def test_an_id_stays_the_same_whatever_stands_around_it_in_the_file() -> None:
    one, other = filed(), filed(target="flow:b")
    ids = {watch.target: watch.id for watch in records([one, other], NOON)}
    turned = {watch.target: watch.id for watch in records([other, one], NOON + HOUR)}
    assert ids == turned
    # It is stored and shown, so that no later version may make another one of it.
    assert ids["flow:a"] == "fmg33moyn"


@pytest.mark.parametrize(
    "changed", [{"on": "slow"}, {"after": 3}, {"style": "edit"}, {"mention": "U012345"}]
)
def test_what_is_rung_for_may_change_and_it_is_the_same_watch(
    changed: dict[str, Any],
) -> None:
    (old,), (new,) = records([filed()], NOON), records([filed(**changed)], NOON)
    assert old.id == new.id
    assert old != new


@pytest.mark.parametrize(
    "other", [{"target": "flow:b"}, {"in": "C6543210"}, {"filters": "branch:x"}]
)
def test_another_target_channel_or_filter_is_another_watch(
    other: dict[str, Any],
) -> None:
    (old,), (new,) = records([filed()], NOON), records([filed(**other)], NOON)
    assert old.id != new.id


def test_two_watches_of_one_target_in_one_channel_are_told_apart() -> None:
    loud, quiet = records([filed(mention="S012345"), filed(on="slow")], NOON)
    assert loud.id != quiet.id


def test_thousands_of_watches_have_thousands_of_ids() -> None:
    many = records([filed(target=f"flow:{n}") for n in range(20_000)], NOON)
    assert len({watch.id for watch in many}) == len(many)


async def test_the_store_comes_to_hold_what_the_file_says(store: Store) -> None:
    changes = await settle(store, filed(), filed(target="flow:b"))
    assert [w.target for w in changes.added] == ["flow:a", "flow:b"]
    assert not changes.gone
    assert {w.target for w in await kept(store)} == {"flow:a", "flow:b"}


async def test_the_same_file_once_more_changes_nothing(store: Store) -> None:
    await settle(store, filed())
    before = await kept(store)
    assert not await settle(store, filed(), later=1)
    assert await kept(store) == before


async def test_a_changed_watch_is_as_old_as_it_was(store: Store) -> None:
    await settle(store, filed())
    changes = await settle(store, filed(style="edit"), later=1)
    assert changes == Changes(changed=tuple(await kept(store)))
    (watch,) = await kept(store)
    assert (watch.style, watch.created_at) == (Style.EDIT, NOON)


async def test_a_watch_that_is_gone_from_the_file_ends_and_may_come_back(
    store: Store,
) -> None:
    await settle(store, filed())
    changes = await settle(store, later=1)
    assert [w.target for w in changes.gone] == ["flow:a"]
    assert await kept(store) == []
    await settle(store, filed(), later=2)
    # As a new one: what happened in between is not told.
    assert [w.created_at for w in await kept(store)] == [NOON + 2 * HOUR]


async def test_what_was_made_in_slack_is_left_alone(store: Store) -> None:
    mine = a_watch("w1", on=frozenset({Event.SLOW}))
    async with store.write() as tx:
        await tx.watches.add(mine)
    changes = await settle(store, filed(target=mine.target))
    assert not changes.gone
    assert mine in await kept(store)


async def test_the_file_takes_over_what_slack_said_word_for_word(store: Store) -> None:
    """Else both would ring: that is how an export is pasted into the file."""
    mine = a_watch("w1", channel="C0123456", filters="-actor:*[bot]", owner="U0123456")
    async with store.write() as tx:
        await tx.watches.add(mine)
    changes = await settle(store, filed(target=mine.target))
    assert changes.taken_over == changes.gone == (mine,)
    assert [w.origin for w in await kept(store)] == [Origin.FILE]
    assert not await settle(store, filed(target=mine.target), later=1)


FILED = st.builds(
    filed,
    target=st.sampled_from(["flow:a", "flow:b"]),
    style=st.sampled_from(["edit", "both"]),
    on=st.sampled_from(["broken", "slow"]),
)


@given(old=st.lists(FILED, max_size=4), new=st.lists(FILED, max_size=4))
def test_after_any_change_the_store_holds_the_new_file_and_nothing_else(
    old: list[FiledWatch], new: list[FiledWatch]
) -> None:
    before = records(old, NOON)
    changes = compare(records(new, NOON + HOUR), before)
    after = {watch.id: watch for watch in before}
    for watch in (*changes.added, *changes.changed):
        after[watch.id] = watch
    for watch in changes.gone:
        del after[watch.id]
    wanted = {watch.id: watch for watch in records(new, NOON)}
    ages = {watch.id: watch.created_at for watch in before}
    assert after == {
        ident: replace(watch, created_at=ages.get(ident, NOON + HOUR))
        for ident, watch in wanted.items()
    }


def test_who_removed_a_watch_is_named_as_people_know_it() -> None:
    assert FILE == "runbell.yml"
