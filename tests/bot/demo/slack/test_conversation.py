"""People and a real Bolt app talk through the local Slack, by either way."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.demo.slack import Channel, LocalSlack, NotPossible, User

BUTTON = [
    {
        "type": "actions",
        "block_id": "choices",
        "elements": [
            {
                "type": "button",
                "action_id": "again",
                "text": {"type": "plain_text", "text": "Again"},
                "value": "run-7",
            },
            {
                "type": "static_select",
                "action_id": "branch",
                "options": [
                    {"text": {"type": "plain_text", "text": name}, "value": name}
                    for name in ("main", "next")
                ],
            },
        ],
    }
]


async def test_a_command_is_acknowledged_and_answered_through_its_response_url(
    slack: LocalSlack, bolt: Any, ann: User, bob: User, ops: Channel
) -> None:
    @bolt.app.command("/runs")
    async def runs(ack: Any, respond: Any, command: Any) -> None:
        await ack()
        await respond(f"{command['user_id']} asks {command['text']}")

    ack = await slack.slash(ann, ops, "/runs", "status of #ops & more")
    answer = await slack.next_message(ops, after=ack, viewer=ann)

    assert (ack.error, ack.body) == (None, None)
    assert answer.text == f"{ann.id} asks status of <#{ops.id}|ops> &amp; more"
    assert answer.is_ephemeral
    assert slack.messages(ops, viewer=ann) == [answer]
    assert slack.messages(ops, viewer=bob) == slack.messages(ops) == []


async def test_an_acknowledgement_can_carry_the_answer(
    slack: LocalSlack, bolt: Any, ann: User, ops: Channel
) -> None:
    @bolt.app.command("/runs")
    async def runs(ack: Any) -> None:
        await ack("All green.")

    ack = await slack.slash(ann, ops, "/runs")

    assert ack.message is not None
    assert (ack.message.text, ack.message.is_ephemeral) == ("All green.", True)


async def test_an_answer_to_all_shows_what_was_typed(
    slack: LocalSlack, bolt: Any, ann: User, ops: Channel
) -> None:
    @bolt.app.command("/runs")
    async def runs(ack: Any) -> None:
        await ack(text="All green.", response_type="in_channel")

    await slack.slash(ann, ops, "/runs", "status")

    said = [(message.user, message.text) for message in slack.messages(ops)]
    assert said == [(ann, "/runs status"), (slack.bot, "All green.")]


async def test_a_mention_is_answered_in_its_thread(
    slack: LocalSlack, bolt: Any, ann: User, bob: User, ops: Channel
) -> None:
    @bolt.app.event("app_mention")
    async def mentioned(event: Any, say: Any) -> None:
        await say(text=f"heard: {event['text']}", thread_ts=event["ts"])

    asked = await slack.mention(ann, ops, "what is red, @bob?")
    answer = await slack.next_message(ops, after=asked)

    assert asked.message is not None
    assert answer.thread_ts == asked.message.ts
    heard = f"<@{slack.bot_user_id}> what is red, <@{bob.id}>?"
    assert answer.text == f"heard: {heard}"
    assert slack.messages(ops) == [asked.message]
    assert slack.messages(ops, asked.message.ts) == [asked.message, answer]


async def test_a_direct_message_reaches_the_app(
    slack: LocalSlack, bolt: Any, ann: User
) -> None:
    @bolt.app.message("hello")
    async def hello(message: Any, say: Any) -> None:
        await say(f"hello, {message['channel_type']}")

    asked = await slack.dm(ann, "hello")
    answer = await slack.next_message(slack.open_dm(ann), after=asked)

    assert answer.text == "hello, im"


async def test_a_pressed_button_updates_its_message(
    slack: LocalSlack, bolt: Any, ann: User, ops: Channel
) -> None:
    @bolt.app.action("again")
    async def again(ack: Any, body: Any, action: Any, client: Any) -> None:
        await ack()
        await client.chat_update(
            channel=body["channel"]["id"],
            ts=body["message"]["ts"],
            text=f"{action['value']} again",
            blocks=[],
        )

    posted = await bolt.app.client.chat_postMessage(
        channel=ops.id, text="run 7", blocks=BUTTON
    )
    [message] = slack.messages(ops)
    ack = await slack.press(ann, message, "again")

    assert ack.error is None
    assert posted["ts"] == message.ts
    assert (message.text, message.blocks) == ("run-7 again", [])
    assert [before.text for before in message.edited] == ["run 7"]


async def test_a_choice_in_a_menu_arrives_with_its_option(
    slack: LocalSlack, bolt: Any, ann: User, ops: Channel
) -> None:
    chosen: list[Any] = []

    @bolt.app.action("branch")
    async def branch(ack: Any, action: Any) -> None:
        await ack()
        chosen.append(action)

    await bolt.app.client.chat_postMessage(channel=ops.id, text="x", blocks=BUTTON)
    [message] = slack.messages(ops)
    await slack.press(ann, message, "branch", "next")

    assert chosen[0]["block_id"] == "choices"
    assert chosen[0]["selected_option"]["value"] == "next"
    with pytest.raises(NotPossible):
        await slack.press(ann, message, "branch", "gone")


async def test_a_button_in_an_ephemeral_message_can_replace_it(
    slack: LocalSlack, bolt: Any, ann: User, bob: User, ops: Channel
) -> None:
    @bolt.app.action("again")
    async def again(ack: Any, body: Any, respond: Any) -> None:
        await ack()
        told = "message" in body
        await respond(f"told what it said: {told}", replace_original=True)

    await bolt.app.client.chat_postEphemeral(
        channel=ops.id, user=ann.id, text="run 7", blocks=BUTTON
    )
    [message] = slack.messages(ops, viewer=ann)
    with pytest.raises(NotPossible):
        await slack.press(bob, message, "again")
    await slack.press(ann, message, "again")
    await slack.wait_for(lambda: message.edited)

    assert (message.text, message.is_ephemeral) == ("told what it said: False", True)


async def test_a_menu_that_asks_the_app_is_filled(
    slack: LocalSlack, bolt: Any, ann: User, ops: Channel
) -> None:
    @bolt.app.options("pipeline")
    async def pipelines(ack: Any, payload: Any) -> None:
        name = f"{payload['value']}lease"
        option = {"text": {"type": "plain_text", "text": name}, "value": name}
        await ack(options=[option] if payload["value"] == "re" else [{}])

    menu = {"type": "external_select", "action_id": "pipeline"}
    blocks = [{"type": "actions", "elements": [menu]}]
    await bolt.app.client.chat_postMessage(channel=ops.id, text="x", blocks=blocks)
    [message] = slack.messages(ops)
    good = await slack.suggest(ann, message, "pipeline", "re")
    bad = await slack.suggest(ann, message, "pipeline", "zz")

    assert [option["value"] for option in good.body["options"]] == ["release"]
    assert bad.error == "invalid_options"


async def test_an_app_that_does_not_answer_in_time_is_a_timeout_for_the_person(
    slack: LocalSlack, bolt: Any, ann: User, ops: Channel
) -> None:
    let_go = asyncio.Event()

    @bolt.app.command("/runs")
    async def runs(ack: Any) -> None:
        await let_go.wait()
        await ack("too late")

    slack.ack_patience = 0.05
    ack = await slack.slash(ann, ops, "/runs")
    let_go.set()

    assert ack.error == "operation_timeout"
    assert ack.took.total_seconds() >= 0.05
    assert slack.messages(ops, viewer=ann) == []


async def test_an_answer_that_slack_refuses_is_seen_in_the_record(
    slack: LocalSlack, bolt: Any, ann: User, ops: Channel
) -> None:
    @bolt.app.command("/runs")
    async def runs(ack: Any) -> None:
        await ack(text="x", blocks=[{"type": "headline"}])

    ack = await slack.slash(ann, ops, "/runs")

    assert ack.error == "invalid_blocks"


async def test_where_the_bot_is_no_member_a_mention_reaches_nobody(
    slack: LocalSlack, bolt: Any, ann: User
) -> None:
    joined: list[str] = []

    @bolt.app.event("member_joined_channel")
    async def greet(event: Any) -> None:
        joined.append(event["channel"])

    quiet = slack.add_channel("quiet", ann, bot=False)
    ack = await slack.mention(ann, quiet, "anybody there?")
    invited = await slack.invite(ann, quiet)

    assert ack.error == "not_in_channel"
    assert slack.deliveries == [invited]
    assert joined == [quiet.id]


async def test_nobody_speaks_where_they_are_not(
    slack: LocalSlack, ann: User, ops: Channel
) -> None:
    eve = slack.add_user("eve")

    for act in (slack.slash(eve, ops, "/runs"), slack.mention(eve, ops, "hi")):
        with pytest.raises(NotPossible):
            await act
    with pytest.raises(NotPossible):
        await slack.mention(ann, ops, "hi", thread_ts="1.000000")


async def test_a_mention_in_a_thread_says_which(
    slack: LocalSlack, bolt: Any, ann: User, ops: Channel
) -> None:
    threads: list[str | None] = []

    @bolt.app.event("app_mention")
    async def mentioned(event: Any) -> None:
        threads.append(event.get("thread_ts"))

    first = (await slack.mention(ann, ops, "hello")).message
    assert first is not None
    await slack.mention(ann, ops, "and here?", thread_ts=first.ts)
    await slack.wait_for(lambda: len(threads) == 2)

    assert threads == [None, first.ts]
