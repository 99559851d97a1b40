"""`unwatch`, `watches` and `test`: what there is, and what it would have rung for."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.answers import (
    Pending,
    Rehearsal,
    Watches,
)
from bot.reader import Reader
from bot.records import (
    Event,
)
from tests.bot.commands.room import (
    FAILED,
    KIM,
    LEE,
    PASSED,
    RELEASE,
    Room,
    breaks,
    broken,
    is_problem,
)
from tests.fakes.provider import make_run


@pytest.mark.parametrize("by", ["{id}", "release", "ci:release", "RELEASE"])
async def test_a_watch_is_ended_by_its_id_or_by_what_it_watches(
    room: Room, by: str
) -> None:
    kept = await room.watch("watch release after:2 on:broken")

    wrote = await room.wrote(f"unwatch {by.format(id=kept.id)}")

    assert await room.watches() == []
    assert wrote.public is not None
    assert wrote.public.did == f"ended {kept.id}, which watched release (ci)."
    back = await room.watch(wrote.undo or "")
    assert replace(back, id=kept.id, created_at=kept.created_at) == kept


async def test_of_several_watches_of_the_same_one_is_chosen(room: Room) -> None:
    first = await room.watch("watch release")
    room.clock.move(timedelta(minutes=1))
    second = await room.watch("watch release on:waiting")

    problem = is_problem(await room.ask("unwatch release"), "2 watches here are of")

    commands = [offer.command for offer in problem.instead]
    assert commands == [f"unwatch {first.id}", f"unwatch {second.id}"]


async def test_the_incidents_of_a_watch_that_ends_are_closed(room: Room) -> None:
    kept = await room.watch("watch release")
    await broken(room, kept)

    await room.wrote(f"unwatch {kept.id}")

    async with room.store.read() as tx:
        assert await tx.incidents.open_in("C0CI") == []


async def test_watches_are_those_of_here_of_mine_or_all(room: Room) -> None:
    here = await room.watch("watch release")
    there = await room.watch("watch nightly", replace(KIM, channel="C0DEV"))
    hers = await room.watch("watch train", LEE)

    async def listed(text: str) -> list[str]:
        found = await room.ask(text)
        assert isinstance(found, Watches)
        assert found.again == text
        return [row.watch.id for row in found.rows]

    assert await listed("watches") == [here.id]
    assert set(await listed("watches mine")) == {here.id, there.id}
    assert set(await listed("watches all")) == {here.id, there.id, hers.id}
    is_problem(await room.ask("watches theirs"), "“theirs” is none of")


async def test_a_row_offers_what_can_be_done_with_its_watch(room: Room) -> None:
    kept = await room.watch("watch release")
    await breaks(room)
    await room.wrote(f"mute {kept.id} until fixed")

    found = await room.ask("watches")

    assert isinstance(found, Watches)
    [row] = found.rows
    assert row.muted_until == "until it is fixed"
    assert [offer.label for offer in row.offers] == ["Edit", "Test", "Unmute", "Remove"]
    for offer in row.offers:
        assert not isinstance(await room.ask(offer.command), Pending)


async def test_watches_are_listed_by_name_where_that_is_known_and_nobody_waits(
    room: Room,
) -> None:
    await room.watch("watch release")
    await room.watch("watch ci:*")
    reader = Reader(room.desk.reader.providers, clock=room.clock)

    async def listed() -> list[str]:
        found = await room.ask("watches")
        assert isinstance(found, Watches)
        return sorted(row.name for row in found.rows)

    assert await listed() == ["ci:*", "release (ci)"]
    room.ci.gate = asyncio.Event()
    room.desk = replace(room.desk, reader=reader)
    assert await listed() == ["ci:*", "ci:release"]
    room.ci.gate.set()
    await reader.pipelines("ci")
    assert await listed() == ["ci:*", "release (ci)"]


async def test_long_lists_of_watches_have_pages(room: Room) -> None:
    for after in range(1, 13):
        await room.wrote(f"watch release after:{after}")

    first = await room.ask("watches")
    assert isinstance(first, Watches)
    assert (len(first.rows), first.count, first.next) == (10, 12, "watches page:2")
    second = await room.ask(first.next or "")

    assert isinstance(second, Watches)
    assert (len(second.rows), second.previous, second.next) == (2, "watches", None)
    is_problem(await room.ask("watches page:3"), "There is no page 3")


async def test_a_test_shows_what_a_watch_would_have_rung_for(room: Room) -> None:
    kept = await room.watch("watch release")

    found = await room.ask(f"test {kept.id}")

    assert isinstance(found, Rehearsal)
    told = [(one.event, one.run.number) for one in found.ringings]
    assert told == [(Event.FIXED, 4), (Event.BROKEN, 2)]


async def test_a_watch_can_be_tested_before_there_is_one(room: Room) -> None:
    found = await room.ask("test release on:every-failure,slow")

    assert isinstance(found, Rehearsal)
    told = [(one.event, one.run.number) for one in found.ringings]
    assert told == [(Event.EVERY_FAILURE, 3), (Event.EVERY_FAILURE, 2)]
    assert any(note.startswith("Not rehearsed: slow") for note in found.notes)
    assert await room.watches() == []
    is_problem(await room.ask("test"), "Which watch is to be tested?")


async def test_what_was_red_before_is_the_baseline_of_a_test(room: Room) -> None:
    start = room.clock.now() - timedelta(days=7)
    runs = [
        make_run(
            RELEASE,
            number,
            state,
            started_at=start + timedelta(hours=hours),
            finished_at=start + timedelta(hours=hours, minutes=1),
        )
        for number, (hours, state) in enumerate(
            [(-5, FAILED), (1, FAILED), (2, PASSED), (3, FAILED)], 1
        )
    ]
    room.ci.runs[RELEASE] = runs

    found = await room.ask("test release")

    assert isinstance(found, Rehearsal)
    assert [(one.event, one.run.number) for one in found.ringings] == [
        (Event.BROKEN, 4)
    ]


async def test_all_watches_are_listed_channel_by_channel(room: Room) -> None:
    for text, asker in (
        ("watch release", KIM),
        ("watch nightly", LEE),
        ("watch nightly", KIM),
        ("watch release", LEE),
    ):
        await room.wrote(text, asker)

    found = await room.ask("watches all")

    assert isinstance(found, Watches)
    channels = [row.watch.channel for row in found.rows]
    assert channels == ["C0CI", "C0CI", "C0OTHER", "C0OTHER"]
