"""A watch is made and changed by filling in a form, over real sockets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.demo.slack import Message, View
from bot.demo.stage import Stage
from bot.records import Event, Style, Watch
from bot.render.dialog import Field
from tests.e2e.test_asking_to_watch import kept, public, shown
from tests.e2e.test_buttons import mention, pressable, slash
from tests.fakes.clock import FakeClock

QUICKLY = timedelta(seconds=1)


def before(stage: Stage) -> View:
    """Return the form that the person has before them."""
    view = stage.slack.view(stage.person)
    assert view is not None
    return view


async def ask(stage: Stage, text: str) -> View:
    """Type a command whose answer is a form."""
    ack = await stage.slack.slash(stage.person, stage.channel, "/runs", text)
    assert ack.error is None
    assert ack.took < QUICKLY
    await stage.bot.errands.settle()
    return before(stage)


def told(view: View) -> str:
    """Return what a form says below its fields."""
    rows = view.blocks[-1]["elements"]
    return "\n".join("".join(e["text"] for e in row["elements"]) for row in rows)


def pipeline(stage: Stage) -> Any:
    return stage.clouds["flow"].world.pipelines()[0]


async def suggested(stage: Stage, query: str) -> list[dict[str, Any]]:
    ack = await stage.slack.suggest(
        stage.person, before(stage), Field.TARGET.action_id, query
    )
    assert ack.error is None
    return [o for g in ack.body.get("option_groups", ()) for o in g["options"]]


async def choose(stage: Stage, field: Field, value: Any) -> View:
    ack = await stage.slack.press(stage.person, before(stage), field.action_id, value)
    assert ack.error is None
    assert ack.took < QUICKLY
    await stage.bot.errands.settle()
    return before(stage)


async def submit(stage: Stage, given: dict[str, Any]) -> None:
    ack = await stage.slack.submit(before(stage), given)
    assert ack.error is None
    assert ack.took < QUICKLY
    await stage.bot.errands.settle()


def mine(stage: Stage) -> Message:
    return stage.slack.everything(stage.channel, viewer=stage.person)[-1]


async def made(stage: Stage) -> Watch:
    [watch] = await kept(stage)
    return watch


async def test_a_watch_is_searched_chosen_and_submitted(
    stage: Stage, clock: FakeClock
) -> None:
    await ask(stage, "watch")
    name = pipeline(stage).name

    [option] = [
        o
        for o in await suggested(stage, name[:5])
        if o["value"] == f"flow:{pipeline(stage).id}"
    ]
    view = await choose(stage, Field.TARGET, option)
    assert f"The same, typed: /runs watch {option['value']}" in told(view)
    assert "In the last 7 days it would " in told(view)

    view = await choose(stage, Field.ON, ["broken", "done"])
    assert f"/runs watch {option['value']} on:broken,done" in told(view)
    assert stage.slack.everything(stage.channel, viewer=stage.person) == []

    await submit(stage, {"branch": "main, release/*", "mention": stage.person.id})
    watch = await made(stage)
    assert watch.target == option["value"]
    assert watch.on == {Event.BROKEN, Event.DONE}
    assert watch.filters.startswith("branch:main,release/*")
    assert watch.mention == stage.person.id
    assert watch.owner == stage.person.id
    assert stage.slack.view(stage.person) is None
    [line] = public(stage)
    assert f"{stage.person.id} watches " in shown(line, clock)
    assert shown(mine(stage), clock).startswith(f"I watch {name} (flow), as {watch.id}")


async def test_edit_opens_the_form_with_what_the_watch_says(
    stage: Stage, clock: FakeClock
) -> None:
    target = f"flow:{pipeline(stage).id}"
    await slash(stage, f"watch {target} on:broken after:2 branch:main")
    watch = await made(stage)

    ack = await stage.slack.press(stage.person, mine(stage), "open.1")
    assert ack.error is None
    await stage.bot.errands.settle()
    view = before(stage)
    assert view.content["title"]["text"] == "Change a watch"
    watched = f"{watch.id} watches {pipeline(stage).name} (flow)"
    assert view.blocks[0]["text"]["text"] == watched
    assert "It keeps: after:2" in told(view)
    assert f"/runs watch {watch.id} after:2 branch:main on:broken" in told(view)
    assert "In the last 7 days it would " in told(view)

    await submit(stage, {"on": ["fixed"], "branch": "develop", "style": "edit"})
    changed = await made(stage)
    assert (changed.id, changed.target, changed.after) == (watch.id, target, 2)
    assert changed.on == {Event.FIXED}
    assert changed.style is Style.EDIT
    assert changed.filters.startswith("branch:develop")
    assert f"changed {watch.id}" in shown(public(stage)[-1], clock)
    assert shown(mine(stage), clock).startswith(f"{watch.id} now watches ")


async def test_after_a_mention_a_button_opens_the_form(
    stage: Stage, clock: FakeClock
) -> None:
    said = await mention(stage, "watch")
    assert shown(said, clock).startswith("What do you want to watch?")
    assert pressable(said)["open"]["text"]["text"] == "New watch"

    ack = await stage.slack.press(stage.person, said, "open")
    assert ack.error is None
    await stage.bot.errands.settle()

    assert before(stage).content["title"]["text"] == "New watch"
    chosen = (await suggested(stage, pipeline(stage).name))[0]
    await submit(stage, {"target": chosen})
    assert (await made(stage)).target == chosen["value"]
    assert shown(mine(stage), clock).startswith("I watch ")


async def test_a_group_is_watched_in_a_direct_message(
    stage: Stage, clock: FakeClock
) -> None:
    place = stage.slack.open_dm(stage.person)
    ack = await stage.slack.slash(stage.person, place, "/runs", "watch")
    assert ack.error is None
    await stage.bot.errands.settle()
    group = next(iter(stage.settings.groups))
    [option] = [o for o in await suggested(stage, group) if o["value"] == group]

    await submit(stage, {"target": option})

    store = stage.bot.desk.store
    assert store is not None
    async with store.read() as tx:
        [watch] = await tx.watches.in_channel(stage.person.id)
    assert watch.target == group
    said = stage.slack.everything(place, viewer=stage.person)[-1]
    assert shown(said, clock).startswith("I watch ")


async def test_what_is_too_long_to_be_typed_is_told_at_its_field(stage: Stage) -> None:
    long = "x" * 700
    await slash(stage, f"watch flow:{pipeline(stage).id} actor:{long}")
    watch = await made(stage)
    view = await ask(stage, f"watch {watch.id}")

    ack = await stage.slack.submit(view, {"branch": '"' * 250})

    assert ack.error is None
    assert ack.body["response_action"] == "errors"
    assert list(ack.body["errors"]) == [Field.BRANCH]
    assert before(stage) is view
    assert await made(stage) == watch


async def test_a_form_that_comes_too_late_for_its_place_is_confirmed_directly(
    socket_stage: Stage, clock: FakeClock
) -> None:
    stage = socket_stage
    await ask(stage, "watch")
    chosen = (await suggested(stage, pipeline(stage).name))[0]
    clock.move(timedelta(minutes=31))

    await submit(stage, {"target": chosen})

    assert (await made(stage)).target == chosen["value"]
    place = stage.slack.open_dm(stage.person)
    said = stage.slack.everything(place, viewer=stage.person)[-1]
    assert shown(said, clock).startswith("I watch ")


async def test_another_channel_is_chosen_told_and_shown_in_the_command(
    stage: Stage, clock: FakeClock
) -> None:
    ops = stage.slack.add_channel("ops", stage.person, private=True)
    await ask(stage, "watch")
    target = (await suggested(stage, pipeline(stage).name))[0]
    await choose(stage, Field.TARGET, target)

    view = await choose(stage, Field.CHANNEL, ops.id)
    assert f"/runs watch {target['value']} in {ops.id}" in told(view)

    await submit(stage, {"target": target, "channel": ops.id})
    assert await kept(stage) == []
    assert public(stage) == []
    [line] = stage.slack.everything(ops)
    assert f"{stage.person.id} watches " in shown(line, clock)
    assert shown(mine(stage), clock).startswith("I watch ")


async def test_a_channel_that_i_am_no_member_of_is_told_at_its_field(
    socket_stage: Stage,
) -> None:
    stage = socket_stage
    outside = stage.slack.add_channel("outside", stage.person, bot=False, private=True)
    view = await ask(stage, "watch")
    target = (await suggested(stage, pipeline(stage).name))[0]

    given = {"target": target, "channel": outside.id}
    ack = await stage.slack.submit(view, given)

    assert ack.error is None
    [(field, said)] = ack.body["errors"].items()
    assert field == Field.CHANNEL
    assert said.endswith("Invite me there, or no alert will arrive.")
    assert before(stage) is view

    await stage.slack.invite(stage.person, outside)
    await submit(stage, given)
    assert len(stage.slack.everything(outside)) == 1


async def test_without_the_optional_scopes_the_answer_tells_what_was_not_told(
    socket_stage: Stage, clock: FakeClock
) -> None:
    stage = socket_stage
    stage.slack.scopes.difference_update({"channels:history", "groups:history"})
    stage.slack.scopes.difference_update({"im:history", "mpim:history"})
    stage.slack.scopes.discard("chat:write.public")
    outside = stage.slack.add_channel("outside", stage.person, bot=False)
    await ask(stage, "watch")
    target = (await suggested(stage, pipeline(stage).name))[0]

    await submit(stage, {"target": target, "channel": outside.id})

    said = shown(mine(stage), clock)
    assert said.startswith("I watch ")
    assert "I could not tell the channel (not_in_channel). Invite me there, or" in said


async def test_two_quick_submits_make_one_watch_and_say_so_once(stage: Stage) -> None:
    view = await ask(stage, "watch")
    target = (await suggested(stage, pipeline(stage).name))[0]
    ack = await stage.slack.submit(view, {"target": target})
    again = await stage.slack.redeliver(ack)
    await stage.bot.errands.settle()

    assert (ack.error, again.error) == (None, None)
    await made(stage)
    assert len(public(stage)) == 1
    assert len(stage.slack.everything(stage.channel, viewer=stage.person)) == 2
