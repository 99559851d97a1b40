"""What holds for a message, an attachment or a view as a whole.

https://docs.slack.dev/reference/block-kit/blocks,
https://docs.slack.dev/surfaces/modals, https://docs.slack.dev/surfaces/app-home
"""

from __future__ import annotations

import copy
import json
import re
import string as letters
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from bot.demo.slack.blocks.elements import ALL
from bot.demo.slack.blocks.layout import (
    BLOCKS,
    CELLS_MOST,
    MARKDOWN_MOST,
    ONLY_IN,
    cell_characters,
)
from bot.demo.slack.blocks.objects import plain_text
from bot.demo.slack.blocks.rules import (
    boolean,
    by_type,
    items,
    kind,
    problem,
    string,
)

IN_MESSAGE = 50
IN_VIEW = 100
VIEW_BYTES = 250_000
ATTACHMENTS = 100
COLOUR = re.compile(r"good|warning|danger|#?[0-9a-fA-F]{6}")

Blocks = list[dict[str, Any]]


def check_blocks(
    blocks: Any, surface: str = "message", where: str = "/blocks"
) -> list[str]:
    """Return what is wrong with the blocks of a `message`, `modal` or `home`."""
    most = IN_MESSAGE if surface == "message" else IN_VIEW
    found = list(items(by_type(BLOCKS), most=most, least=0)(blocks, where))
    if isinstance(blocks, list):
        known = [(i, b) for i, b in enumerate(blocks) if isinstance(b, dict)]
        found += _in_wrong_place(known, surface, where)
        found += _same_ids(known, where)
        found += _together(known, where)
    return found


def _in_wrong_place(
    blocks: list[tuple[int, dict[str, Any]]], surface: str, where: str
) -> Iterator[str]:
    for index, block in blocks:
        kind_of_block = str(block.get("type"))
        if surface not in ONLY_IN.get(kind_of_block, {surface}):
            yield problem(f"unsupported type: {kind_of_block}", f"{where}/{index}/type")


def _same_ids(blocks: list[tuple[int, dict[str, Any]]], where: str) -> Iterator[str]:
    seen: set[str] = set()
    for index, block in blocks:
        block_id = block.get("block_id")
        if isinstance(block_id, str) and block_id in seen:
            yield problem(
                f'`block_id` "{block_id}" already exists', f"{where}/{index}/block_id"
            )
        seen.add(str(block_id))


def _together(blocks: list[tuple[int, dict[str, Any]]], where: str) -> Iterator[str]:
    """Yield what only shows when the blocks of a message are counted together."""
    tables = [(i, b) for i, b in blocks if b.get("type") == "table"]
    for index, _ in tables[1:]:
        yield problem("only_one_table_allowed", f"{where}/{index}")
    if sum(cell_characters(table) for _, table in tables) > CELLS_MOST:
        yield problem(
            f"cells must be less than {CELLS_MOST + 1} characters in all", where
        )
    markdown = [str(b.get("text")) for _, b in blocks if b.get("type") == "markdown"]
    if len(markdown) > 1 and sum(map(len, markdown)) > MARKDOWN_MOST:
        yield problem(
            f"markdown must be less than {MARKDOWN_MOST + 1} characters in all", where
        )


def check_attachments(attachments: Any) -> list[str]:
    """Return what is wrong with attachments, of which Runbell uses colour and blocks.

    https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments
    """
    if not isinstance(attachments, list):
        return [problem("must provide an array", "/attachments")]
    found = []
    for index, attachment in enumerate(attachments):
        where = f"/attachments/{index}"
        if not isinstance(attachment, dict):
            found.append(problem("must provide an object", where))
            continue
        colour = attachment.get("color")
        if colour is not None and not COLOUR.fullmatch(str(colour)):
            found.append(problem("must be a colour", f"{where}/color"))
        if "footer" in attachment:
            found += string(300)(attachment["footer"], f"{where}/footer")
        if "blocks" in attachment:
            found += check_blocks(attachment["blocks"], where=f"{where}/blocks")
    return found


def _blocks_of_view(value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield problem("must provide an array", where)


_SHARED = {
    "private_metadata": string(3000, least=0),
    "callback_id": string(255, least=0),
    "external_id": string(255, least=0),
}
_VIEW = by_type(
    dict(
        [
            kind(
                "modal",
                {"title": plain_text(24), "blocks": _blocks_of_view},
                {
                    **_SHARED,
                    "submit": plain_text(24),
                    "close": plain_text(24),
                    "clear_on_close": boolean,
                    "notify_on_close": boolean,
                    "submit_disabled": boolean,
                },
            ),
            kind("home", {"blocks": _blocks_of_view}, _SHARED),
        ]
    )
)


def check_view(view: Any, kinds: tuple[str, ...] = ("modal",)) -> list[str]:
    """Return what is wrong with a view of one of these kinds."""
    found = list(_VIEW(view, "/view"))
    if not isinstance(view, dict) or view.get("type") not in ("modal", "home"):
        return found
    surface = str(view["type"])
    if surface not in kinds:
        found.append(problem(f"unsupported type: {surface}", "/view/type"))
    blocks = view.get("blocks")
    if isinstance(blocks, list):
        found += check_blocks(blocks, surface, "/view/blocks")
        asks = any(isinstance(b, dict) and b.get("type") == "input" for b in blocks)
        if asks and surface == "modal" and "submit" not in view:
            found.append(
                problem("must define `submit` to use an `input` block", "/view")
            )
    return found


def is_too_large(view: Any) -> bool:
    """Return whether a view is more than Slack keeps (`view_too_large`)."""
    return len(json.dumps(view).encode()) > VIEW_BYTES


def complete(blocks: Blocks, random: Random) -> Blocks:
    """Return the blocks with the ids Slack makes up where the app gave none."""
    done = copy.deepcopy(blocks)
    for block in done:
        block.setdefault("block_id", _made_up(random))
        for element in elements_of(block):
            element.setdefault("action_id", _made_up(random))
    return done


def elements_of(block: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what a person can press, choose or type into in a block."""
    nested = [*block.get("elements", ()), *block.get("actions", ())]
    for element in (*nested, block.get("accessory"), block.get("element")):
        if isinstance(element, dict) and _is_interactive(element):
            yield element
    for inner in (*nested, *block.get("child_blocks", ())):
        if isinstance(inner, dict) and inner.get("type") in BLOCKS:
            yield from elements_of(inner)


def _is_interactive(element: Mapping[str, Any]) -> bool:
    return element.get("type") in ALL and element.get("type") != "image"


def _made_up(random: Random) -> str:
    return "".join(random.choices(letters.ascii_letters + letters.digits, k=5))
