"""Watches are asked for, told to all, listed, changed and undone over real sockets."""

from __future__ import annotations

from typing import Any

from bot.demo.slack import Message
from bot.demo.stage import Stage
from bot.records import Watch
from bot.render.message import Message as Rendered
from bot.render.terminal import terminal
from tests.e2e.test_buttons import pressable, slash
from tests.fakes.clock import FakeClock


def shown(message: Message, clock: FakeClock) -> str:
    drawn = Rendered(message.text, tuple(message.blocks))
    return terminal(drawn, clock.now()).plain


async def press(
    stage: Stage, message: Message, action_id: str, value: str | None = None
) -> Message:
    """Press something, and return what the presser sees last."""
    ack = await stage.slack.press(stage.person, message, action_id, value)
    assert ack.error is None
    await stage.bot.errands.settle()
    return stage.slack.everything(stage.channel, viewer=stage.person)[-1]


def public(stage: Stage) -> list[Message]:
    """Return what somebody else sees in the channel."""
    other = stage.slack.add_user("someone else")
    return stage.slack.everything(stage.channel, viewer=other)


async def kept(stage: Stage) -> list[Watch]:
    store = stage.bot.desk.store
    assert store is not None
    async with store.read() as tx:
        return await tx.watches.in_channel(stage.channel.id)


def a_target(stage: Stage) -> str:
    pipeline = stage.clouds["flow"].world.pipelines()[0]
    return f"flow:{pipeline.id}"


async def test_a_watch_is_confirmed_in_private_told_in_public_and_undone(
    stage: Stage, clock: FakeClock
) -> None:
    await slash(stage, f"watch {a_target(stage)} on:broken")

    [watch] = await kept(stage)
    assert (watch.owner, watch.channel) == (stage.person.id, stage.channel.id)
    [line] = public(stage)
    assert f"{stage.person.id} watches " in shown(line, clock)
    said = stage.slack.everything(stage.channel, viewer=stage.person)[-1]
    assert shown(said, clock).startswith("I watch ")
    assert pressable(said)["choice.0"]["value"] == f"unwatch {watch.id}"

    await press(stage, said, "choice.0")
    assert await kept(stage) == []
    assert f"ended {watch.id}" in shown(public(stage)[-1], clock)


async def test_a_watch_is_tested_muted_and_removed_from_its_menu(
    stage: Stage, clock: FakeClock
) -> None:
    await slash(stage, f"watch {a_target(stage)}")
    [watch] = await kept(stage)

    listed = await slash(stage, "watches")
    name = stage.clouds["flow"].world.pipelines()[0].name
    assert f"{watch.id} · {name} (flow)" in shown(listed, clock)
    menu = next(b["accessory"] for b in listed.blocks if "accessory" in b)
    commands: dict[str, Any] = {
        option["text"]["text"]: option["value"] for option in menu["options"]
    }
    tested = await press(stage, listed, "more", commands["Test"])
    assert shown(tested, clock).startswith(watch.id)
    muted = await press(stage, listed, "more", commands["Mute for a day"])
    assert "I keep silent here about watch" in shown(muted, clock)
    await press(stage, listed, "more", commands["Edit"])
    assert stage.slack.view(stage.person) is not None
    await press(stage, listed, "more", commands["Remove"])
    assert await kept(stage) == []


async def test_what_was_shown_as_typed_is_understood_when_it_is_typed(
    stage: Stage, clock: FakeClock
) -> None:
    await slash(stage, f"watch {a_target(stage)} branch:release/* after:2")
    said = stage.slack.everything(stage.channel, viewer=stage.person)[-1]
    _, _, typed = shown(said, clock).partition("The same, typed: ")

    await slash(stage, typed.splitlines()[0])

    assert len(await kept(stage)) == 1
    again = stage.slack.everything(stage.channel, viewer=stage.person)[-1]
    assert shown(again, clock).startswith("I watch that already")
