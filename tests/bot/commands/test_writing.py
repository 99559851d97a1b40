"""How what changes something is answered, whoever asks, and from where."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.answers import (
    Pending,
    Problem,
    Said,
    Wrote,
)
from bot.commands.answering import answers
from bot.commands.asker import Asker
from bot.commands.grammar import WRITING, Command, Verb, parse
from bot.store import open_store
from tests.bot.commands.room import (
    ALONE,
    KIM,
    LEE,
    Members,
    Room,
    is_problem,
)


async def test_what_takes_long_is_done_once_and_said_when_it_is_done(
    room: Room,
) -> None:
    room.ci.gate = asyncio.Event()
    words: list[Said] = []
    async for word in answers(
        room.desk, "watch ci:release", timedelta(milliseconds=20), KIM
    ):
        words.append(word)
        assert len(await room.watches()) == (1 if len(words) > 1 else 0)
        room.ci.gate.set()

    assert [type(word.answer) for word in words] == [Pending, Wrote]
    assert words[0].waiting_for == ("ci",)
    assert len(await room.watches()) == 1


async def test_a_store_that_fails_is_never_shown_as_success(
    room: Room, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_store(f"sqlite:///{tmp_path}/gone.db", clock=room.clock) as gone:
        async with gone.write() as tx:
            await tx.connection.exec_driver_sql("DROP TABLE watches")
        room.desk = replace(room.desk, store=gone)

        is_problem(await room.ask("watch release"), "I could not write that down")
        is_problem(await room.ask("watches"), "I cannot look that up just now.")
    assert "watches" in capsys.readouterr().out


WORDS = (
    *("", "release", "nothing-such", "ci:*", "ci", "all-ci", "w7k3f", "a1b2c3d4e5f6"),
    *('"in"', "#12", "release #3", "https://fake.example/release/3", "https://x.y/z"),
    *("here", "ML:", "release on:slow after:3", "release in C0DEV", "release in U0LEE"),
    *("release until fixed", "release for 2h", "* for 1h", "mention:U0LEE", "page:2"),
)


@pytest.mark.parametrize("asker", [KIM, replace(KIM, thread="1.2"), ALONE, None])
async def test_whatever_is_asked_and_by_whom_there_is_an_answer(
    room: Room, asker: Asker | None
) -> None:
    """Each answer that changes something says so, and what it offers can be asked."""
    for verb in (*WRITING, Verb.WATCHES, Verb.MUTES, Verb.TEST, Verb.WHY):
        for words in WORDS:
            found = await room.ask(f"{verb} {words}", asker)
            if isinstance(found, Wrote):
                assert found.sentence
                offered = [found.undo, found.typed, *(o.command for o in found.offers)]
                commands = [command for command in offered if command is not None]
            elif isinstance(found, Problem):
                assert found.what
                commands = [offer.command for offer in found.instead]
            else:
                commands = []
            for command in commands:
                assert isinstance(parse(command), Command), command


@pytest.mark.parametrize(
    "text",
    [
        "watch release in C0DEV",
        "watches in C0DEV",
        "mute release in C0DEV",
        "unmute release in C0DEV",
        "mutes in C0DEV",
        "ack release in C0DEV",
        "follow train #1 in C0DEV",
        "test release in C0DEV",
        "why https://acme.slack.com/archives/C0DEV/p1714564800123456",
    ],
)
async def test_a_channel_is_for_those_who_are_in_it(room: Room, text: str) -> None:
    room.desk = replace(room.desk, is_member=Members(("U0LEE", "C0DEV")))

    found = is_problem(await room.ask(text), "That channel is for those who are in it")

    assert found.hint == "Join it, or ask somebody who is there."
    assert await room.watches("C0DEV") == []
    among = await room.ask(text, LEE)
    assert not isinstance(among, Problem) or "for those" not in among.what


async def test_nobody_is_kept_out_where_it_is_not_known_who_is_in(room: Room) -> None:
    room.desk = replace(room.desk, is_member=Members(says=None))

    await room.wrote("watch release in C0DEV")

    assert len(await room.watches("C0DEV")) == 1


async def test_where_somebody_asks_they_are(room: Room) -> None:
    members = Members()
    room.desk = replace(room.desk, is_member=members)

    await room.wrote("watch release")
    await room.wrote("watch release in C0CI on:done")
    await room.wrote("watch release", ALONE)

    assert members.asked == []
