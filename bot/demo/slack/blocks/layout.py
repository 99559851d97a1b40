"""Layout blocks: the rows of a message or a view.

https://docs.slack.dev/reference/block-kit/blocks — not here, and so refused as an
unsupported type, are `file` and `call` (no app can post them as they are),
`auth_provider`, `video` and `data_visualization`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.demo.slack.blocks.elements import (
    ACCESSORY,
    ALL,
    IMAGE,
    IN_ACTIONS,
    IN_CONTEXT_ACTIONS,
    IN_INPUT,
)
from bot.demo.slack.blocks.objects import (
    ID,
    RAW_NUMBER,
    RAW_TEXT,
    any_text,
    distinct_actions,
    plain_text,
)
from bot.demo.slack.blocks.rich_text import RICH_TEXT, RICH_TEXT_ROW, texts
from bot.demo.slack.blocks.rules import (
    Fields,
    Rule,
    boolean,
    both,
    by_type,
    integer,
    items,
    kind,
    one_of,
    problem,
    string,
    thing,
)

MARKDOWN_MOST = 12_000
"""https://docs.slack.dev/reference/block-kit/blocks/markdown-block"""
COLUMNS = 20
CELLS_MOST = 10_000
"""Characters over all cells of the tables of a message."""

BLOCK: Fields = {"block_id": ID}
PICTURE = by_type({"image": ALL["image"]})

CELL = by_type(dict([RAW_TEXT, RAW_NUMBER, RICH_TEXT_ROW]))
HEADER_CELL = by_type(dict([RAW_TEXT, RAW_NUMBER]))
ROW = items(CELL, most=COLUMNS)


def _data_rows(value: Any, where: str) -> Iterator[str]:
    """The rows of a data_table are as long as its header, which is no rich text."""
    rows = [row for row in value if isinstance(row, list)] if value else []
    for index, row in enumerate(rows):
        if len(row) != len(rows[0]):
            yield problem(
                "all rows must have the same number of cells", f"{where}/{index}"
            )
    for index, cell in enumerate(rows[0] if rows else ()):
        yield from HEADER_CELL(cell, f"{where}/0/{index}")


def cell_characters(block: Mapping[str, Any]) -> int:
    """Return how many characters the cells of a table hold."""
    return sum(len(text) for text in texts(block.get("rows")))


def _container(value: Any, where: str) -> Iterator[str]:
    yield from by_type(BLOCKS)(value, where)


URL_SOURCE = by_type(dict([kind("url", {"url": string(), "text": string()})]))
TASK = kind(
    "task_card",
    {
        "task_id": string(),
        "title": string(),
        "status": one_of("pending", "in_progress", "complete", "error"),
    },
    {
        **BLOCK,
        "details": RICH_TEXT,
        "output": RICH_TEXT,
        "sources": items(URL_SOURCE, least=0),
    },
)
CARD = kind(
    "card",
    {},
    {
        **BLOCK,
        "hero_image": PICTURE,
        "icon": PICTURE,
        "title": any_text(150),
        "subtitle": any_text(150),
        "body": any_text(200),
        "actions": both(items(by_type({"button": ALL["button"]})), distinct_actions),
    },
    any_of=("hero_image", "title", "actions", "body"),
)
COLUMN = thing({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean})

# One row per block; the page of each is <the address above>/<name>-block.
BLOCKS: Mapping[str, Rule] = dict(
    [
        kind(
            "section",
            {},
            {
                **BLOCK,
                "text": any_text(3000),
                "fields": items(any_text(2000), most=10),
                "accessory": by_type(ACCESSORY),
                "expand": boolean,
            },
            any_of=("text", "fields"),
        ),
        kind("header", {"text": plain_text(150)}, BLOCK),
        kind("divider", {}, BLOCK),
        kind(
            "image",
            {"alt_text": string(2000)},
            {**BLOCK, **IMAGE, "title": plain_text(2000)},
            only_one_of=(*IMAGE,),
        ),
        kind(
            "context",
            {
                "elements": items(
                    by_type(
                        {
                            "image": ALL["image"],
                            "plain_text": any_text(2000),
                            "mrkdwn": any_text(2000),
                        }
                    ),
                    most=10,
                )
            },
            BLOCK,
        ),
        kind(
            "actions",
            {"elements": both(items(by_type(IN_ACTIONS), most=25), distinct_actions)},
            BLOCK,
        ),
        kind(
            "context_actions",
            {
                "elements": both(
                    items(by_type(IN_CONTEXT_ACTIONS), most=5), distinct_actions
                )
            },
            BLOCK,
        ),
        kind(
            "input",
            {"label": plain_text(2000), "element": by_type(IN_INPUT)},
            {
                **BLOCK,
                "hint": plain_text(2000),
                "optional": boolean,
                "dispatch_action": boolean,
            },
        ),
        RICH_TEXT_ROW,
        kind("markdown", {"text": string(MARKDOWN_MOST)}, BLOCK),
        kind(
            "table",
            {"rows": items(ROW, most=100)},
            {**BLOCK, "column_settings": items(COLUMN, most=COLUMNS, least=0)},
        ),
        kind(
            "data_table",
            {
                "rows": both(items(ROW, least=2, most=101), _data_rows),
                "caption": string(),
            },
            {
                **BLOCK,
                "page_size": integer(1, 100),
                "row_header_column_index": integer(0),
            },
        ),
        kind(
            "alert",
            {"text": any_text(3000)},
            {
                **BLOCK,
                "level": one_of("default", "info", "warning", "error", "success"),
            },
        ),
        TASK,
        kind(
            "plan",
            {"title": string()},
            {**BLOCK, "tasks": items(by_type(dict([TASK])), least=0)},
        ),
        CARD,
        kind("carousel", {"elements": items(by_type(dict([CARD])), most=10)}, BLOCK),
        kind(
            "container",
            {"child_blocks": items(_container, most=10)},
            {
                **BLOCK,
                "title": plain_text(150),
                "rich_text_title": RICH_TEXT,
                "subtitle": any_text(150),
                "icon": PICTURE,
                "width": one_of("narrow", "standard", "wide", "full"),
                "is_collapsible": boolean,
                "default_collapsed": boolean,
                "has_header_divider": boolean,
            },
            any_of=("title", "rich_text_title"),
        ),
    ]
)

ONLY_IN: Mapping[str, frozenset[str]] = {
    # "Available in surfaces", on each block's page; the others may stand anywhere.
    "alert": frozenset({"modal"}),
    "markdown": frozenset({"message"}),
    "table": frozenset({"message"}),
    "context_actions": frozenset({"message"}),
    "task_card": frozenset({"message"}),
    "plan": frozenset({"message"}),
}
