"""Each limit of Block Kit: what just fits is taken, one more is refused, and where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack import Channel
from bot.demo.slack.blocks.check import check_blocks, check_view

JSON = dict[str, Any]


def plain(text: str = "x") -> JSON:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str = "x") -> JSON:
    return {"type": "mrkdwn", "text": text}


def section(**more: Any) -> JSON:
    return {"type": "section", "text": mrkdwn(), **more}


def button(**more: Any) -> JSON:
    return {"type": "button", "text": plain(), **more}


def option(value: str = "v", **more: Any) -> JSON:
    return {"text": plain(), "value": value, **more}


def select(count: int = 1, **more: Any) -> JSON:
    return {"type": "static_select", "options": [option()] * count, **more}


def actions(*elements: JSON) -> JSON:
    return {"type": "actions", "elements": list(elements)}


def asking(element: JSON, **more: Any) -> JSON:
    return {"type": "input", "label": plain(), "element": element, **more}


def image(**more: Any) -> JSON:
    return {
        "type": "image",
        "image_url": "https://example.com/i.png",
        "alt_text": "x",
        **more,
    }


def rich(text: str) -> JSON:
    words = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [words]}


def raw(text: str = "x") -> JSON:
    return {"type": "raw_text", "text": text}


def table(rows: int = 1, columns: int = 1, text: str = "x", **more: Any) -> JSON:
    return {"type": "table", "rows": [[raw(text)] * columns] * rows, **more}


def data_table(rows: int = 2, columns: int = 1, **more: Any) -> JSON:
    cells = [[raw()] * columns] * rows
    return {"type": "data_table", "rows": cells, "caption": "x", **more}


def confirm(**more: Any) -> JSON:
    words = ("title", "text", "confirm", "deny")
    return {**{word: plain() for word in words}, **more}


def many(kind: str, count: int) -> JSON:
    return {"type": kind, "options": [option()] * count}


def card(**more: Any) -> JSON:
    return {"type": "card", "title": mrkdwn(), **more}


def container(children: int = 1, **more: Any) -> JSON:
    blocks = [{"type": "divider"}] * children
    return {"type": "container", "title": plain(), "child_blocks": blocks, **more}


# What is limited → how to make one of that size, how much fits, and where it stands.
MOST: dict[str, tuple[Callable[[int], list[JSON]], int, str]] = {
    "blocks": (lambda n: [section()] * n, 50, "/blocks"),
    "section text": (lambda n: [section(text=mrkdwn("x" * n))], 3000, "/text/text"),
    "fields": (lambda n: [section(fields=[mrkdwn()] * n)], 10, "/fields"),
    "field": (
        lambda n: [section(fields=[mrkdwn("x" * n)])],
        2000,
        "/blocks/0/fields/0/text",
    ),
    "header": (
        lambda n: [{"type": "header", "text": plain("x" * n)}],
        150,
        "/blocks/0/text/text",
    ),
    "actions": (lambda n: [actions(*[button()] * n)], 25, "/blocks/0/elements"),
    "context": (
        lambda n: [{"type": "context", "elements": [mrkdwn()] * n}],
        10,
        "/blocks/0/elements",
    ),
    "context text": (
        lambda n: [{"type": "context", "elements": [mrkdwn("x" * n)]}],
        2000,
        "/blocks/0/elements/0/text",
    ),
    "context_actions": (
        lambda n: [
            {
                "type": "context_actions",
                "elements": [{"type": "icon_button", "icon": "trash", "text": plain()}]
                * n,
            }
        ],
        5,
        "/blocks/0/elements",
    ),
    "button text": (lambda n: [actions(button(text=plain("x" * n)))], 75, "/text/text"),
    "button value": (lambda n: [actions(button(value="x" * n))], 2000, "/value"),
    "button url": (lambda n: [actions(button(url="x" * n))], 3000, "/url"),
    "agent prompt": (
        lambda n: [actions(button(agent_prompt="x" * n))],
        4000,
        "/agent_prompt",
    ),
    "accessibility label": (
        lambda n: [actions(button(accessibility_label="x" * n))],
        75,
        "/accessibility_label",
    ),
    "action_id": (lambda n: [actions(button(action_id="x" * n))], 255, "/action_id"),
    "block_id": (lambda n: [section(block_id="x" * n)], 255, "/blocks/0/block_id"),
    "option text": (
        lambda n: [actions(select(options=[option(text=plain("x" * n))]))],
        75,
        "/options/0/text/text",
    ),
    "option value": (
        lambda n: [actions(select(options=[option("x" * n)]))],
        150,
        "/options/0/value",
    ),
    "option description": (
        lambda n: [actions(select(options=[option(description=plain("x" * n))]))],
        75,
        "/options/0/description/text",
    ),
    "select options": (
        lambda n: [actions(select(n))],
        100,
        "/blocks/0/elements/0/options",
    ),
    "select groups": (
        lambda n: [
            section(
                accessory={
                    "type": "static_select",
                    "option_groups": [{"label": plain(), "options": [option()]}] * n,
                }
            )
        ],
        100,
        "/blocks/0/accessory/option_groups",
    ),
    "overflow": (
        lambda n: [section(accessory=many("overflow", n))],
        5,
        "/accessory/options",
    ),
    "checkboxes": (lambda n: [actions(many("checkboxes", n))], 10, "/options"),
    "radio buttons": (lambda n: [actions(many("radio_buttons", n))], 10, "/options"),
    "placeholder": (
        lambda n: [actions(select(placeholder=plain("x" * n)))],
        150,
        "/placeholder/text",
    ),
    "confirm title": (
        lambda n: [actions(button(confirm=confirm(title=plain("x" * n))))],
        100,
        "/confirm/title/text",
    ),
    "confirm text": (
        lambda n: [actions(button(confirm=confirm(text=mrkdwn("x" * n))))],
        300,
        "/confirm/text/text",
    ),
    "confirm button": (
        lambda n: [actions(button(confirm=confirm(deny=plain("x" * n))))],
        30,
        "/confirm/deny/text",
    ),
    "image url": (lambda n: [image(image_url="x" * n)], 3000, "/image_url"),
    "image alt text": (lambda n: [image(alt_text="x" * n)], 2000, "/alt_text"),
    "image title": (lambda n: [image(title=plain("x" * n))], 2000, "/title/text"),
    "input label": (
        lambda n: [asking(select(), label=plain("x" * n))],
        2000,
        "/label/text",
    ),
    "input hint": (lambda n: [asking(select(), hint=plain("x" * n))], 2000, "/hint"),
    "input max_length": (
        lambda n: [asking({"type": "plain_text_input", "max_length": n})],
        3000,
        "/element/max_length",
    ),
    "markdown": (
        lambda n: [{"type": "markdown", "text": "x" * n}],
        12_000,
        "/blocks/0/text",
    ),
    "markdown in all": (
        lambda n: (
            [{"type": "markdown", "text": "x" * (n // 2)}] * 2
            + [{"type": "markdown", "text": "x"}] * (n % 2)
        ),
        12_000,
        "/blocks",
    ),
    "table rows": (lambda n: [table(n)], 100, "/blocks/0/rows"),
    "table columns": (lambda n: [table(1, n)], 20, "/blocks/0/rows/0"),
    "table settings": (
        lambda n: [table(column_settings=[{"align": "right"}] * n)],
        20,
        "/blocks/0/column_settings",
    ),
    "table characters": (lambda n: [table(text="x" * n)], 10_000, "/blocks"),
    "tables": (lambda n: [table()] * n, 1, "/blocks/1"),
    "data_table rows": (lambda n: [data_table(n)], 101, "/blocks/0/rows"),
    "data_table columns": (lambda n: [data_table(2, n)], 20, "/blocks/0/rows/0"),
    "data_table page": (lambda n: [data_table(page_size=n)], 100, "/page_size"),
    "card title": (lambda n: [card(title=mrkdwn("x" * n))], 150, "/title/text"),
    "card subtitle": (lambda n: [card(subtitle=mrkdwn("x" * n))], 150, "/subtitle"),
    "card body": (lambda n: [card(body=mrkdwn("x" * n))], 200, "/body/text"),
    "carousel": (
        lambda n: [{"type": "carousel", "elements": [card()] * n}],
        10,
        "/blocks/0/elements",
    ),
    "container title": (
        lambda n: [container(title=plain("x" * n))],
        150,
        "/blocks/0/title/text",
    ),
    "container blocks": (lambda n: [container(n)], 10, "/blocks/0/child_blocks"),
}


@pytest.mark.parametrize(("make", "most", "where"), MOST.values(), ids=MOST)
def test_as_much_as_the_limit_is_taken_and_one_more_is_refused(
    make: Callable[[int], list[JSON]], most: int, where: str
) -> None:
    assert check_blocks(make(most)) == []

    problems = check_blocks(make(most + 1))
    assert problems
    assert where in problems[0].rpartition("[json-pointer:")[2]


# What is wrong → the blocks, and what Slack says of them.
WRONG: dict[str, tuple[Any, str]] = {
    "no array": ({}, "must provide an array [json-pointer:/blocks]"),
    "no object": (["x"], "must provide an object [json-pointer:/blocks/0]"),
    "no type": ([{}], "missing required field: type [json-pointer:/blocks/0]"),
    "unknown block": (
        [{"type": "headline"}],
        "unsupported type: headline [json-pointer:/blocks/0/type]",
    ),
    "type of another kind": ([{"type": 7}], "unsupported type: 7"),
    "unknown key": (
        [section(colour="red")],
        "invalid additional property: colour [json-pointer:/blocks/0]",
    ),
    "empty section": (
        [section(text=mrkdwn(""))],
        "must be more than 0 characters [json-pointer:/blocks/0/text/text]",
    ),
    "section of nothing": ([{"type": "section"}], "missing required field: text"),
    "text that is no object": ([section(text="x")], "must provide an object"),
    "text that is no string": (
        [section(text={"type": "mrkdwn", "text": 7})],
        "must provide a string [json-pointer:/blocks/0/text/text]",
    ),
    "empty header": (
        [{"type": "header", "text": plain("")}],
        "must be more than 0 characters",
    ),
    "header in mrkdwn": (
        [{"type": "header", "text": mrkdwn()}],
        "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
    ),
    "no elements": ([actions()], "no fewer than 1 items allowed"),
    "elements that are none": (
        [{"type": "actions", "elements": {}}],
        "must provide an array [json-pointer:/blocks/0/elements]",
    ),
    "input in actions": (
        [actions({"type": "plain_text_input", "action_id": "x"})],
        "unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]",
    ),
    "two of one action_id": (
        [actions(button(action_id="a"), button(action_id="a"))],
        '`action_id` "a" already exists [json-pointer:/blocks/0/elements/1/action_id]',
    ),
    "two of one block_id": (
        [section(block_id="b"), section(block_id="b")],
        '`block_id` "b" already exists [json-pointer:/blocks/1/block_id]',
    ),
    "unknown style": (
        [actions(button(style="warning"))],
        "must be one of: primary, danger [json-pointer:/blocks/0/elements/0/style]",
    ),
    "button without text": (
        [actions({"type": "button"})],
        "missing required field: text [json-pointer:/blocks/0/elements/0]",
    ),
    "flag that is none": (
        [section(expand="yes")],
        "must provide a boolean [json-pointer:/blocks/0/expand]",
    ),
    "number that is none": (
        [asking({"type": "plain_text_input", "max_length": "7"})],
        "must provide an integer",
    ),
    "number too small": (
        [asking({"type": "plain_text_input", "max_length": 0})],
        "must be greater than 0",
    ),
    "cell that is no number": (
        [{"type": "table", "rows": [[{"type": "raw_number", "value": "7"}]]}],
        "must provide a number",
    ),
    "menu without options": (
        [actions({"type": "static_select"})],
        "must provide one of: options, option_groups",
    ),
    "overflow without options": (
        [section(accessory=many("overflow", 0))],
        "no fewer than 1 items allowed",
    ),
    "image without alt text": (
        [image(alt_text="")],
        "must be more than 0 characters [json-pointer:/blocks/0/alt_text]",
    ),
    "image without image": (
        [{"type": "image", "alt_text": "x"}],
        "must provide one of: image_url, slack_file",
    ),
    "two tables": ([table(), table()], "only_one_table_allowed"),
    "header row of rich text": (
        [
            {
                "type": "data_table",
                "caption": "x",
                "rows": [[rich("x")], [rich("x")]],
            }
        ],
        "unsupported type: rich_text [json-pointer:/blocks/0/rows/0/0/type]",
    ),
    "rows of two lengths": (
        [{"type": "data_table", "caption": "x", "rows": [[raw()], [raw(), raw()]]}],
        "all rows must have the same number of cells [json-pointer:/blocks/0/rows/1]",
    ),
    "data_table without caption": (
        [{"type": "data_table", "rows": [[raw()], [raw()]]}],
        "missing required field: caption",
    ),
    "alert in a message": (
        [{"type": "alert", "text": plain()}],
        "unsupported type: alert [json-pointer:/blocks/0/type]",
    ),
    "unknown state of a task": (
        [{"type": "task_card", "task_id": "1", "title": "x", "status": "failed"}],
        "must be one of: pending, in_progress, complete, error",
    ),
    "card of nothing": ([{"type": "card"}], "missing required field: hero_image"),
    "unknown part of rich text": (
        [{"type": "rich_text", "elements": [{"type": "rich_text_poem"}]}],
        "unsupported type: rich_text_poem",
    ),
    "empty rich text": ([rich("")], "must be more than 0 characters"),
    "filter of nothing": (
        [actions({"type": "conversations_select", "filter": {}})],
        "missing required field: include",
    ),
}


@pytest.mark.parametrize(("blocks", "problem"), WRONG.values(), ids=WRONG)
async def test_what_slack_refuses_is_refused_with_its_place(
    client: AsyncWebClient, ops: Channel, blocks: Any, problem: str
) -> None:
    with pytest.raises(SlackApiError) as refused:
        await client.api_call(
            "chat.postMessage",
            json={"channel": ops.id, "text": "x", "blocks": blocks},
        )

    answer = refused.value.response
    assert answer["error"] == "invalid_blocks"
    assert any(problem in error for error in answer["errors"])
    assert answer["response_metadata"]["messages"] == [
        f"[ERROR] {error}" for error in answer["errors"]
    ]


def test_an_ordinary_message_is_taken_as_it_is() -> None:
    blocks = [
        {"type": "header", "text": plain("release")},
        section(fields=[mrkdwn("*State*\nfailed")], accessory=image()),
        {"type": "divider"},
        rich("as typed"),
        {"type": "context", "elements": [image(), mrkdwn("by ann")]},
        actions(
            button(action_id="a", style="danger", confirm=confirm(style="danger")),
            select(action_id="b"),
            {"type": "datepicker", "initial_date": "2024-05-01"},
            {"type": "users_select", "action_id": "c"},
        ),
        {"type": "markdown", "text": "**bold**"},
        table(2, 2, column_settings=[{"is_wrapped": True}]),
        data_table(),
        {
            "type": "plan",
            "title": "Release",
            "tasks": [
                {
                    "type": "task_card",
                    "task_id": "1",
                    "title": "Build",
                    "status": "complete",
                    "output": rich("done"),
                    "sources": [
                        {"type": "url", "url": "https://example.com", "text": "x"}
                    ],
                }
            ],
        },
        container(icon=image(), is_collapsible=True),
        asking({"type": "number_input", "is_decimal_allowed": False}),
    ]

    assert check_blocks(blocks) == []


def test_an_alert_may_stand_in_a_modal() -> None:
    alert = {"type": "alert", "text": plain("Sure?"), "level": "warning"}

    view = {"type": "modal", "title": plain(), "blocks": [alert]}

    assert check_view(view) == []


async def test_what_has_no_id_is_given_one(
    client: AsyncWebClient, ops: Channel
) -> None:
    deep = card(actions=[button()])
    answer = await client.chat_postMessage(
        channel=ops.id, text="x", blocks=[section(accessory=button()), deep]
    )

    first, second = answer["message"]["blocks"]
    ids = [
        first["block_id"],
        first["accessory"]["action_id"],
        second["block_id"],
        second["actions"][0]["action_id"],
    ]
    assert len(set(ids)) == 4
    assert all(len(made_up) == 5 for made_up in ids)
