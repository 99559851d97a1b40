"""What a person can press and choose, and what their client does not let them do."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack import Channel, LocalSlack, Message, NotPossible, User
from bot.demo.slack.inputs import act, check_inputs, find, state_of

JSON = dict[str, Any]


def plain(text: str) -> JSON:
    return {"type": "plain_text", "text": text}


def option(value: str) -> JSON:
    return {"text": plain(value), "value": value}


def button(action_id: str, **more: Any) -> JSON:
    return {"type": "button", "action_id": action_id, "text": plain("x"), **more}


def actions(block_id: str, *elements: JSON) -> JSON:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def asking(element: JSON, **more: Any) -> JSON:
    label = plain("x")
    return {"type": "input", "block_id": "b", "label": label, "element": element} | more


GROUPS = {
    "type": "static_select",
    "action_id": "branch",
    "option_groups": [{"label": plain("all"), "options": [option("main")]}],
    "initial_option": option("main"),
}


@pytest.fixture
async def message(slack: LocalSlack, client: AsyncWebClient, ops: Channel) -> Message:
    blocks = [
        actions("one", button("go", value="1"), button("only")),
        actions("two", button("go", value="2"), GROUPS),
        {
            "type": "container",
            "title": plain("x"),
            "child_blocks": [{"type": "divider"}],
        },
    ]
    await client.chat_postMessage(channel=ops.id, text="x", blocks=blocks)
    return slack.messages(ops)[0]


def test_an_element_is_found_by_its_block_when_its_action_id_is_not_enough(
    message: Message,
) -> None:
    assert find(message.blocks, "go", "two")[1]["value"] == "2"
    with pytest.raises(NotPossible):
        find(message.blocks, "go")
    with pytest.raises(NotPossible):
        find(message.blocks, "gone")


def test_a_button_has_the_value_it_has(message: Message) -> None:
    block, element = find(message.blocks, "go", "one")

    assert act(block, element, "1", "1.0")["value"] == "1"
    with pytest.raises(NotPossible):
        act(block, element, "2", "1.0")


def test_an_option_in_a_group_can_be_chosen(message: Message) -> None:
    block, element = find(message.blocks, "branch")

    assert act(block, element, "main", "1.0")["selected_option"] == option("main")
    # What a menu that asks the app has offered is given as a whole.
    offered = option("release")
    assert act(block, element, offered, "1.0")["selected_option"] == offered


def test_a_field_holds_what_it_began_with(message: Message) -> None:
    picker = {"type": "datepicker", "action_id": "d", "initial_date": "2024-05-01"}
    boxes = {"type": "checkboxes", "action_id": "c", "options": [option("a")]}
    typed = {"type": "plain_text_input", "action_id": "t", "initial_value": "hello"}

    state = state_of([*message.blocks, actions("three", picker, boxes), asking(typed)])

    assert set(state) == {"two", "three", "b"}
    assert state["two"]["branch"]["selected_option"] == option("main")
    assert state["three"]["d"]["selected_date"] == "2024-05-01"
    assert state["three"]["c"]["selected_options"] == []
    assert state["b"]["t"]["value"] == "hello"


def test_an_optional_field_may_stay_empty() -> None:
    typed = {"type": "plain_text_input", "action_id": "t", "max_length": 3}

    state = check_inputs([asking(typed, optional=True)], {})

    assert state["b"]["t"]["value"] is None
    with pytest.raises(NotPossible):
        check_inputs([asking(typed)], {"t": "long"})


def test_what_was_taken_out_of_a_field_is_no_longer_in_it() -> None:
    person = {"type": "users_select", "action_id": "p", "initial_user": "U1"}
    many = {"type": "multi_users_select", "action_id": "m", "initial_users": ["U1"]}
    rows = [asking(person), {**asking(many), "block_id": "c"}]

    assert state_of(rows)["b"]["p"]["selected_user"] == "U1"
    taken_out = state_of(rows, {"b": None, "c": None})
    assert taken_out["b"]["p"]["selected_user"] is None
    assert taken_out["c"]["m"]["selected_users"] == []


async def test_a_menu_with_options_of_its_own_asks_nobody(
    slack: LocalSlack, message: Message, ann: User
) -> None:
    with pytest.raises(NotPossible):
        await slack.suggest(ann, message, "branch")
    assert slack.deliveries == []


async def test_a_modal_without_a_button_cannot_be_submitted(
    slack: LocalSlack, client: AsyncWebClient, ann: User, ops: Channel
) -> None:
    ack = await slack.slash(ann, ops, "/watch")
    view = {"type": "modal", "title": plain("Look"), "blocks": []}
    await client.views_open(trigger_id=ack.payload["trigger_id"], view=view)
    opened = slack.view(ann)

    assert opened is not None
    with pytest.raises(NotPossible):
        await slack.submit(opened)


async def test_an_address_that_is_not_http_is_no_answer(
    slack: LocalSlack, session: aiohttp.ClientSession, ann: User, ops: Channel
) -> None:
    assert not session.closed
    slack.request_url = "nowhere:"

    ack = await slack.slash(ann, ops, "/runs")

    assert (ack.error, ack.failure) == ("dispatch_failed", "unknown_error")
