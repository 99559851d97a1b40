"""Composition objects: texts, options, confirmations.

https://docs.slack.dev/reference/block-kit/composition-objects
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.demo.slack.blocks.rules import (
    Rule,
    boolean,
    by_type,
    items,
    kind,
    number,
    one_of,
    problem,
    string,
    thing,
)

ID = string(255)
"""action_id, block_id, callback_id."""

STYLE = one_of("primary", "danger")


def plain_text(most: int) -> Rule:
    """Return the rule of a text object that may not be mrkdwn.

    https://docs.slack.dev/reference/block-kit/composition-objects/text-object
    """
    return by_type(
        dict([kind("plain_text", {"text": string(most)}, {"emoji": boolean})])
    )


def any_text(most: int) -> Rule:
    """Return the rule of a text object of either type."""
    return by_type(
        dict(
            [
                kind("plain_text", {"text": string(most)}, {"emoji": boolean}),
                kind("mrkdwn", {"text": string(most)}, {"verbatim": boolean}),
            ]
        )
    )


# https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object
CONFIRM = thing(
    {
        "title": plain_text(100),
        "text": any_text(300),
        "confirm": plain_text(30),
        "deny": plain_text(30),
    },
    {"style": STYLE},
)


def _option(text: Rule, *, url: bool = False) -> Rule:
    more = {"url": string(3000)} if url else {}
    return thing(
        {"text": text, "value": string(150)},
        {"description": any_text(75), **more},
    )


# https://docs.slack.dev/reference/block-kit/composition-objects/option-object
OPTION = _option(plain_text(75))
"""An option of a select menu; only plain text."""

LABELLED = _option(any_text(75))
"""An option of checkboxes and radio buttons, which may be mrkdwn."""

OVERFLOW_OPTION = _option(plain_text(75), url=True)

# https://docs.slack.dev/reference/block-kit/composition-objects/option-group-object
OPTION_GROUP = thing({"label": plain_text(75), "options": items(OPTION, most=100)})

# https://docs.slack.dev/reference/block-kit/composition-objects/conversation-filter-object
CONVERSATION_FILTER = thing(
    {},
    {
        "include": items(one_of("im", "mpim", "private", "public")),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
    any_of=("include", "exclude_external_shared_channels", "exclude_bot_users"),
)

# https://docs.slack.dev/reference/block-kit/composition-objects/dispatch-action-configuration-object
DISPATCH = thing(
    {"trigger_actions_on": items(one_of("on_enter_pressed", "on_character_entered"))}
)

# https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object
SLACK_FILE = thing({}, {"id": string(), "url": string()}, only_one_of=("id", "url"))

# https://docs.slack.dev/reference/block-kit/composition-objects/raw-text-object
RAW_TEXT = kind("raw_text", {"text": string(least=0)})
RAW_NUMBER = kind("raw_number", {"value": number}, {"text": string()})


def distinct_actions(value: Any, where: str) -> Iterator[str]:
    """Refuse a block in which two elements share an action_id.

    https://docs.slack.dev/reference/block-kit/block-elements/button-element
    """
    seen: set[str] = set()
    for index, element in enumerate(value if isinstance(value, list) else ()):
        action_id = element.get("action_id") if isinstance(element, dict) else None
        if not isinstance(action_id, str):
            continue
        if action_id in seen:
            yield problem(
                f'`action_id` "{action_id}" already exists',
                f"{where}/{index}/action_id",
            )
        seen.add(action_id)
