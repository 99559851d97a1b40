"""`follow`, `unfollow` and `why`."""

from __future__ import annotations

import pytest

from bot.answers import (
    Why,
)
from providers.model import PipelineRef, RunRef
from tests.bot.commands.room import (
    Room,
    broken,
    is_problem,
)


async def test_a_run_under_way_is_followed_and_not_any_more(room: Room) -> None:
    wrote = await room.wrote("follow train")

    assert wrote.sentence == "I tell you in a direct message when train #1 ends."
    assert wrote.public is None
    async with room.store.read() as tx:
        [kept] = await tx.follows.all()
    assert (kept.run, kept.user, kept.channel) == (
        RunRef(PipelineRef("ml", "train"), "1"),
        "U0KIM",
        None,
    )
    await room.wrote(wrote.undo or "")
    async with room.store.read() as tx:
        assert await tx.follows.all() == []
    is_problem(await room.ask("unfollow train"), "You do not follow train #1.")


async def test_a_run_is_followed_in_a_channel_that_is_named(room: Room) -> None:
    wrote = await room.wrote("follow train #1 in C0DEV")

    assert wrote.public is not None
    assert wrote.public.channel == "C0DEV"
    async with room.store.read() as tx:
        [kept] = await tx.follows.all()
    assert kept.channel == "C0DEV"


async def test_a_run_that_is_over_is_not_followed(room: Room) -> None:
    is_problem(
        await room.ask("follow release"),
        "There is nothing to wait for: release #4 is over.",
    )
    is_problem(await room.ask("follow train", None), "That is about a channel")


@pytest.mark.parametrize(
    "text",
    [
        "why ci:release #3",
        "why release",
        "why https://fake.example/release/3",
        "why https://acme.slack.com/archives/C0CI/p1714564800000100",
        "why https://acme.slack.com/archives/C0CI/p1714564800000100?thread_ts=1.2&cid=C",
        "why a1b2c3d4e5f6",
    ],
)
async def test_why_tells_which_rule_decided_and_leaves_other_channels_out(
    room: Room, text: str
) -> None:
    kept = await room.watch("watch release")
    await broken(room, kept)

    found = await room.ask(text)

    assert isinstance(found, Why), found
    assert found.about == "release #3"
    [reasoning] = found.reasonings
    assert reasoning.happening.reason == "Run 3 failed."
    assert [(v.watch, v.rule) for v in reasoning.verdicts] == [(kept.id, "asked-for")]
    assert found.elsewhere == 1


async def test_why_tells_of_watches_that_have_ended_and_takes_them_for_no_others(
    room: Room,
) -> None:
    ended = await room.watch("watch release")
    await broken(room, ended)
    await room.wrote(f"unwatch {ended.id}")

    found = await room.ask("why release")

    assert isinstance(found, Why), found
    assert found.elsewhere == 1
    assert [v.watch for v in found.reasonings[0].verdicts] == [ended.id]
    assert found.notes == (f"{ended.id} has ended since.",)


async def test_why_says_what_it_does_not_know(room: Room) -> None:
    room.ci.asked.clear()

    is_problem(await room.ask("why release #99"), "I have not seen release #99.")
    is_problem(await room.ask("why"), "why is about one run or alert.")
    is_problem(
        await room.ask("why https://acme.slack.com/archives/C0CI/p1714564800000999"),
        "That message is no alert of mine",
    )
