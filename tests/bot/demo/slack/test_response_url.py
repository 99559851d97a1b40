"""Response URLs: five answers within half an hour, and what they may change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack import Channel, LocalSlack, User
from tests.fakes.clock import FakeClock

Answer = Callable[..., Awaitable[tuple[int, Any]]]
BUTTON = {
    "type": "button",
    "action_id": "again",
    "text": {"type": "plain_text", "text": "Again"},
}


def answering(session: aiohttp.ClientSession, url: str) -> Answer:
    async def answer(**body: Any) -> tuple[int, Any]:
        async with session.post(url, json=body) as response:
            return response.status, await response.json()

    return answer


@pytest.fixture
async def to_command(
    slack: LocalSlack, session: aiohttp.ClientSession, ann: User, ops: Channel
) -> Answer:
    """Answer a command that nobody has acknowledged."""
    ack = await slack.slash(ann, ops, "/runs")
    return answering(session, ack.payload["response_url"])


@pytest.fixture
async def to_button(
    slack: LocalSlack,
    session: aiohttp.ClientSession,
    client: AsyncWebClient,
    ann: User,
    ops: Channel,
) -> Answer:
    """Answer a button in a message everybody sees."""
    blocks = [{"type": "actions", "elements": [BUTTON]}]
    await client.chat_postMessage(channel=ops.id, text="run 7", blocks=blocks)
    [message] = slack.messages(ops)
    ack = await slack.press(ann, message, "again")
    return answering(session, ack.payload["response_url"])


async def test_five_answers_are_taken_and_the_sixth_is_not(
    slack: LocalSlack, to_command: Answer, ann: User, ops: Channel
) -> None:
    refused = await to_command(text="")
    statuses = [(await to_command(text=str(n)))[0] for n in range(5)]
    sixth = await to_command(text="one too many")

    assert refused == (400, {"ok": False, "error": "no_text"})
    assert statuses == [200] * 5
    assert sixth == (404, {"ok": False, "error": "used_url"})
    said = [message.text for message in slack.messages(ops, viewer=ann)]
    assert said == ["0", "1", "2", "3", "4"]


async def test_after_half_an_hour_it_is_too_late(
    to_command: Answer, clock: FakeClock
) -> None:
    clock.move(timedelta(minutes=29))
    assert (await to_command(text="in time"))[0] == 200
    clock.move(timedelta(minutes=2))

    assert await to_command(text="x") == (404, {"ok": False, "error": "expired_url"})


async def test_an_address_nobody_was_given_leads_nowhere(
    slack: LocalSlack, session: aiohttp.ClientSession
) -> None:
    answer = answering(session, f"{slack.base_url}/actions/T1/guessed")

    assert await answer(text="x") == (404, {"ok": False, "error": "invalid_url"})


async def test_progress_is_replaced_by_the_answer(
    slack: LocalSlack, to_command: Answer, ann: User, ops: Channel
) -> None:
    await to_command(text="looking …", replace_original=True)
    await to_command(text="all green", replace_original=True)

    [message] = slack.messages(ops, viewer=ann)
    assert message.text == "all green"
    assert [before.text for before in message.edited] == ["looking …"]


async def test_an_answer_for_all_bypasses_membership(
    slack: LocalSlack, session: aiohttp.ClientSession, ann: User
) -> None:
    quiet = slack.add_channel("quiet", ann, bot=False)
    ack = await slack.slash(ann, quiet, "/runs")
    answer = answering(session, ack.payload["response_url"])

    await answer(text="shared", response_type="in_channel")

    [message] = slack.messages(quiet)
    assert (message.text, message.is_ephemeral) == ("shared", False)


async def test_a_private_answer_never_becomes_public(
    slack: LocalSlack, to_command: Answer, ann: User, bob: User, ops: Channel
) -> None:
    await to_command(text="psst")
    await to_command(text="all!", replace_original=True, response_type="in_channel")

    assert [m.text for m in slack.messages(ops, viewer=ann)] == ["all!"]
    assert slack.messages(ops, viewer=bob) == []


async def test_the_pressed_message_is_replaced(
    slack: LocalSlack, to_button: Answer, ops: Channel
) -> None:
    await to_button(text="run 8", replace_original=True)

    [message] = slack.messages(ops)
    assert (message.text, message.blocks) == ("run 8", [])


async def test_the_pressed_message_is_deleted_once(
    slack: LocalSlack, to_button: Answer, ops: Channel
) -> None:
    assert (await to_button(delete_original=True))[0] == 200
    again = await to_button(delete_original=True)

    assert slack.messages(ops) == []
    assert again == (400, {"ok": False, "error": "message_not_found"})


async def test_an_answer_can_go_into_the_thread_of_the_pressed_message(
    slack: LocalSlack, to_button: Answer, ops: Channel
) -> None:
    [message] = slack.messages(ops)
    await to_button(
        text="why",
        response_type="in_channel",
        thread_ts=message.ts,
        replace_original=False,
    )

    assert slack.messages(ops) == [message]
    assert [m.text for m in slack.messages(ops, message.ts)] == ["run 7", "why"]


async def test_a_response_url_can_be_made_to_fail(
    slack: LocalSlack, to_command: Answer
) -> None:
    slack.fail_next("response_url", "ratelimited", retry_after=7)

    assert (await to_command(text="x"))[0] == 429
    assert (await to_command(text="x"))[0] == 200
    assert [call.args["text"] for call in slack.called("response_url")] == ["x"]
