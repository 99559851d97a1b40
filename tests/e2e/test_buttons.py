"""What stands below an answer can be pressed, wherever the answer stands."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.commands.answering import answer
from bot.demo.clouds.world import Ending
from bot.demo.slack import Channel, Message
from bot.demo.stage import Stage, open_stage
from bot.render import message as messages
from bot.render.message import Message as Rendered
from bot.render.terminal import terminal
from bot.settings import Mode
from tests.fakes.clock import FakeClock

CONNECTIONS = ("nsml", "flow", "codearts", "check", "northflank")


async def slash(stage: Stage, text: str) -> Message:
    ack = await stage.slack.slash(stage.person, stage.channel, "/runs", text)
    return await settled(stage, stage.channel, ack)


async def mention(stage: Stage, text: str) -> Message:
    ack = await stage.slack.mention(stage.person, stage.channel, text)
    return await settled(stage, stage.channel, ack)


async def dm(stage: Stage, text: str) -> Message:
    ack = await stage.slack.dm(stage.person, text)
    return await settled(stage, stage.slack.open_dm(stage.person), ack)


async def settled(stage: Stage, place: Channel, ack: Any) -> Message:
    assert ack.error is None
    said = await stage.slack.next_message(place, after=ack, viewer=stage.person)
    await stage.bot.errands.settle()
    return said


async def press(
    stage: Stage, message: Message, action_id: str, value: str | None = None
) -> None:
    ack = await stage.slack.press(stage.person, message, action_id, value)
    assert ack.error is None
    assert ack.took < timedelta(seconds=1)
    await stage.bot.errands.settle()


async def look(stage: Stage, message: Message, action_id: str, value: str) -> Message:
    """Press what is answered below, and return that answer."""
    await press(stage, message, action_id, value)
    said = stage.slack.everything(message.channel, viewer=stage.person)[-1]
    assert said is not message
    return said


def text(message: Message, clock: FakeClock) -> str:
    drawn = Rendered(message.text, tuple(message.blocks))
    return terminal(drawn, clock.now()).plain


def pressable(message: Message) -> dict[str, Any]:
    rows = [b["elements"] for b in message.blocks if b["type"] == "actions"]
    return {element["action_id"]: element for row in rows for element in row}


def fail(stage: Stage, clock: FakeClock, name: str) -> str:
    """Let a pipeline of a cloud fail, and return a target that means it."""
    world = stage.clouds[name].world
    pipeline = world.pipelines()[0]
    clock.move(timedelta(seconds=30))
    world.start(pipeline.id, Ending.FAILS)
    clock.move(pipeline.every - timedelta(seconds=60))
    return f"{name}:{pipeline.name}*"


ASK = {"slash": slash, "mention": mention, "dm": dm}
Door = Callable[[Stage, str], Awaitable[Message]]

SAID: dict[str, str] = {
    "": "",
    "status {}": "{0}  ",
    "list {}": "newest first",
    "show {}": "{1} ",
    "log {}": "Log of ",
    "health": "connections well",
    "help": "What I can do",
}
"""What can be asked, and a word that only its answer has."""

NO_LOG = "No part of this run has a log."


@pytest.mark.parametrize("door", ASK.values(), ids=ASK)
async def test_every_question_is_answered_through_every_door_for_every_cloud(
    stage: Stage, clock: FakeClock, door: Door
) -> None:
    for name in CONNECTIONS:
        pipeline = stage.clouds[name].world.pipelines()[0]
        target = f"{name}:{pipeline.name}*"
        for question, word in SAID.items():
            asked = question.format(target)
            said = await door(stage, asked)
            found = text(said, clock)
            expected = {word.format(name, pipeline.name)}
            if question.startswith("log"):
                expected |= {NO_LOG, "has no logs to read"}
            assert any(one in found for one in expected), (asked, found)
            assert said.is_ephemeral == (door is slash)
            can_share = "share" in pressable(said)
            is_answer = word != "What I can do" and NO_LOG not in found
            has_log = "no logs" not in found
            assert can_share == (door is slash and is_answer and has_log), asked


async def test_refresh_shows_in_place_what_has_happened(
    stage: Stage, clock: FakeClock
) -> None:
    for door in ASK.values():
        said = await door(stage, "status flow")
        clock.move(timedelta(minutes=1))
        before = len(stage.slack.everything(said.channel, viewer=stage.person))
        world = stage.clouds["flow"].world
        pipeline = world.pipelines()[0]
        world.start(pipeline.id, Ending.FAILS)
        clock.move(timedelta(seconds=15))

        await press(stage, said, "refresh")

        assert f"🔄 running  {pipeline.name}" in text(said, clock)
        after = len(stage.slack.everything(said.channel, viewer=stage.person))
        assert after == before
        clock.move(pipeline.every)


async def test_a_history_is_paged_in_place_there_and_back(
    stage: Stage, clock: FakeClock
) -> None:
    world = stage.clouds["flow"].world
    pipeline = world.pipelines()[0]
    for _ in range(14):
        clock.move(pipeline.every)
    views = world.runs(pipeline.id)
    assert len(views) > 10
    said = await slash(stage, f"list flow:{pipeline.name}")
    newest, eleventh = (f"#{views[n].run.number} " for n in (0, 10))
    assert newest in text(said, clock)

    await press(stage, said, "next")
    assert eleventh in text(said, clock)
    assert newest not in text(said, clock)
    assert "(page 2)" in text(said, clock)

    await press(stage, said, "previous")
    assert newest in text(said, clock)
    assert "previous" not in pressable(said)


@pytest.mark.parametrize("name", CONNECTIONS)
async def test_from_the_status_down_to_the_log_without_typing(
    stage: Stage, clock: FakeClock, name: str
) -> None:
    target = fail(stage, clock, name)
    status = await slash(stage, f"status {target}")
    [option] = pressable(status)["open"]["options"]

    run = await look(stage, status, "open", option["value"])

    assert run.is_ephemeral
    found = text(run, clock)
    assert ("completed" if name == "nsml" else "failed") in found.splitlines()[0]
    if "log" not in pressable(run):
        assert name in {"nsml", "check"}
        return
    await press(stage, run, "log")
    log = stage.slack.everything(stage.channel, viewer=stage.person)[-1]
    assert "Log of " in text(log, clock)
    # What was looked at before still stands above.
    assert text(status, clock).splitlines()[0] in text(status, clock)
    assert not run.deleted


async def test_in_a_thread_a_closer_look_is_private_and_in_the_thread(
    stage: Stage, clock: FakeClock
) -> None:
    other = stage.slack.add_user("other")
    status = await mention(stage, "status flow")
    value = pressable(status)["open"]["options"][0]["value"]

    run = await look(stage, status, "open", value)

    assert run.is_ephemeral
    assert run.thread_ts == status.thread_ts
    assert not run.is_visible_to(other)
    assert "share" in pressable(run)


async def test_what_is_shared_is_there_for_all_and_no_longer_in_private(
    stage: Stage, clock: FakeClock
) -> None:
    for name in CONNECTIONS:
        private = await slash(stage, f"status {name}")
        told = text(private, clock)

        await press(stage, private, "share")

        assert private.deleted
        shared = stage.slack.messages(stage.channel)[-1]
        assert not shared.is_ephemeral
        first, *rest = text(shared, clock).splitlines()
        assert first.startswith("shared by ")
        assert "\n".join(rest).strip() == told.strip()
        person = shared.blocks[0]["elements"][0]["elements"][1]["user_id"]
        assert person == stage.person.id
        assert "share" not in pressable(shared)
        assert "refresh" in pressable(shared)


async def test_a_private_answer_in_a_thread_is_shared_in_that_thread(
    stage: Stage,
) -> None:
    status = await mention(stage, "status flow")
    value = pressable(status)["open"]["options"][0]["value"]
    run = await look(stage, status, "open", value)

    await press(stage, run, "share")

    shared = stage.slack.messages(stage.channel, thread_ts=status.thread_ts)[-1]
    assert shared.thread_ts == status.thread_ts
    assert not shared.is_ephemeral
    assert run.deleted


async def test_where_several_are_meant_one_is_chosen_by_its_name(
    stage: Stage, clock: FakeClock
) -> None:
    for door in ASK.values():
        said = await door(stage, "show northflank:*")
        assert "Which pipeline do you mean?" in text(said, clock)
        labels = [e["text"]["text"] for e in pressable(said).values()]
        names = [p.name for p in stage.clouds["northflank"].world.pipelines()]
        assert all(any(n in label for n in names) for label in labels)

        await press(stage, said, "choice.0")

        assert "Which pipeline do you mean?" not in text(said, clock)
        assert "refresh" in pressable(said)


async def test_a_link_opens_where_the_run_is_and_does_nothing_else(
    stage: Stage, clock: FakeClock
) -> None:
    said = await slash(stage, "show " + fail(stage, clock, "flow"))
    before = len(stage.slack.everything(stage.channel, viewer=stage.person))

    await press(stage, said, "link")

    assert pressable(said)["link"]["url"].startswith("https://")
    after = len(stage.slack.everything(stage.channel, viewer=stage.person))
    assert after == before


async def test_a_press_delivered_twice_does_it_once(stage: Stage) -> None:
    said = await slash(stage, "health")
    ack = await stage.slack.press(stage.person, said, "refresh")
    await stage.slack.redeliver(ack)
    await stage.bot.errands.settle()

    assert len(said.edited) == 1


async def test_what_a_run_was_stays_that_run(stage: Stage, clock: FakeClock) -> None:
    """A refreshed run is the same run, though a newer one has begun."""
    world = stage.clouds["flow"].world
    pipeline = world.pipelines()[0]
    said = await slash(stage, f"show flow:{pipeline.name}")
    first = text(said, clock).splitlines()[0]
    clock.move(timedelta(minutes=1))
    world.start(pipeline.id, Ending.FAILS)

    await press(stage, said, "refresh")

    assert text(said, clock).splitlines()[0] == first


# --- what is not ready at once ------------------------------------------------------


@pytest.fixture(params=list(Mode), ids=str)
async def hurried(
    request: pytest.FixtureRequest, clock: FakeClock
) -> AsyncIterator[Stage]:
    """A stage on which nothing is waited for: what is not cached comes later."""
    async with open_stage(
        clock,
        random.Random(7),  # noqa: S311 - repeatable on purpose
        mode=request.param,
        haste=timedelta(milliseconds=300),
    ) as stage:
        yield stage
        assert stage.slack.refused == [], "Slack refused something the bot sent"


async def hang(stage: Stage, name: str) -> asyncio.Event:
    """Let a cloud hang; what the others say is remembered, and so is there at once."""
    for other in CONNECTIONS:
        if other != name:
            await answer(stage.bot.desk, f"status {other}")
            await stage.bot.desk.reader.check(other)
    over = stage.clouds[name].trouble.hangs_until = asyncio.Event()
    return over


async def test_in_a_thread_the_others_are_shown_until_the_slow_one_has_answered(
    hurried: Stage, clock: FakeClock
) -> None:
    stage = hurried
    over = await hang(stage, "northflank")
    ack = await stage.slack.mention(stage.person, stage.channel, "status")
    said = await stage.slack.next_message(stage.channel, after=ack)
    first = text(said, clock)
    assert "⏳ still asking northflank" in first
    assert "⚠️" not in first
    assert pressable(said) == {}
    for name in CONNECTIONS:
        pipelines = stage.clouds[name].world.pipelines()
        is_shown = all(f"  {pipeline.name}" in first for pipeline in pipelines)
        assert is_shown == (name != "northflank")

    over.set()
    await stage.bot.errands.settle()

    whole = text(said, clock)
    assert "still asking" not in whole
    assert all(p.name in whole for p in stage.clouds["northflank"].world.pipelines())
    assert "refresh" in pressable(said)
    assert len(stage.slack.everything(stage.channel)) == 2
    assert said.edited_ts is None


async def test_a_command_is_told_for_whom_it_waits_and_is_answered_once(
    hurried: Stage, clock: FakeClock
) -> None:
    stage = hurried
    over = await hang(stage, "northflank")
    ack = await stage.slack.slash(stage.person, stage.channel, "/runs", "status")
    said = await stage.slack.next_message(stage.channel, after=ack, viewer=stage.person)
    assert said.text == "⏳ Still asking northflank. The answer follows."

    over.set()
    await stage.bot.errands.settle()

    assert all(name in text(said, clock) for name in CONNECTIONS)
    [only] = stage.slack.messages(stage.channel, viewer=stage.person)
    assert only is said


async def test_a_refresh_keeps_the_last_known_in_sight(
    hurried: Stage, clock: FakeClock
) -> None:
    stage = hurried
    said = await mention(stage, "status northflank")
    # On a slow machine even the first answer comes in two parts.
    await stage.bot.errands.settle()
    whole, edits = text(said, clock), len(said.edited)
    clock.move(timedelta(seconds=30))
    over = await hang(stage, "northflank")

    await stage.slack.press(stage.person, said, "refresh")
    await stage.slack.wait_for(lambda: len(said.edited) > edits)
    between = text(said, clock)
    over.set()
    await stage.bot.errands.settle()

    assert "last known, read 30 s ago" in between
    assert "⏳ still asking northflank" in between
    pipelines = stage.clouds["northflank"].world.pipelines()
    assert all(pipeline.name in between for pipeline in pipelines)
    assert "still asking" not in text(said, clock)
    assert text(said, clock).splitlines()[-1] == whole.splitlines()[-1]


async def test_nobody_is_asked_twice_for_an_answer_in_two_parts(
    hurried: Stage,
) -> None:
    stage = hurried
    over = await hang(stage, "northflank")
    ack = await stage.slack.mention(stage.person, stage.channel, "health")
    await stage.slack.next_message(stage.channel, after=ack)
    before = {name: len(cloud.seen) for name, cloud in stage.clouds.items()}
    over.set()
    await stage.bot.errands.settle()

    assert {name: len(cloud.seen) for name, cloud in stage.clouds.items()} == before


async def test_an_answer_deleted_by_a_person_is_not_said_again(
    hurried: Stage, clock: FakeClock
) -> None:
    stage = hurried
    over = await hang(stage, "northflank")
    ack = await stage.slack.mention(stage.person, stage.channel, "status")
    said = await stage.slack.next_message(stage.channel, after=ack)
    said.deleted = True

    over.set()
    await stage.bot.errands.settle()

    assert len(stage.slack.everything(stage.channel)) == 1
    [refused] = stage.slack.refused
    assert refused.error == "message_not_found"
    stage.slack.refused.clear()


async def test_blocks_that_slack_does_not_take_are_said_as_text(
    socket_stage: Stage,
) -> None:
    stage = socket_stage
    for method, door in (("chat.postMessage", mention), ("response_url", slash)):
        stage.slack.fail_next(method, "invalid_blocks")
        said = await door(stage, "status")

        assert messages.WITHOUT_BLOCKS in said.text
        assert "failed" in said.text
        assert said.blocks == []


async def test_bolt_asks_slack_who_we_are_no_second_time(stage: Stage) -> None:
    await slash(stage, "help")

    assert len(stage.slack.called("auth.test")) == 1
