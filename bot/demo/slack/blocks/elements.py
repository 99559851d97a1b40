"""Block elements: what can be pressed, chosen, typed into.

https://docs.slack.dev/reference/block-kit/block-elements
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.demo.slack.blocks.objects import (
    CONFIRM,
    CONVERSATION_FILTER,
    DISPATCH,
    ID,
    LABELLED,
    OPTION,
    OPTION_GROUP,
    OVERFLOW_OPTION,
    SLACK_FILE,
    STYLE,
    plain_text,
)
from bot.demo.slack.blocks.rich_text import RICH_TEXT
from bot.demo.slack.blocks.rules import (
    Fields,
    Rule,
    boolean,
    integer,
    items,
    kind,
    string,
    thing,
)

ACTION: Fields = {"action_id": ID}
ASKS_FIRST: Fields = {**ACTION, "confirm": CONFIRM}
FOCUS: Fields = {**ACTION, "focus_on_load": boolean}
FIELD: Fields = {**FOCUS, "placeholder": plain_text(150)}
CHOICE: Fields = {**FIELD, "confirm": CONFIRM}
TYPED: Fields = {**FIELD, "dispatch_action_config": DISPATCH}
MANY: Fields = {**CHOICE, "max_selected_items": integer(1)}
WORD = string()
WORDS = items(string())

IMAGE: Fields = {"image_url": string(3000), "slack_file": SLACK_FILE}
"""https://docs.slack.dev/reference/block-kit/block-elements/image-element"""

FEW = 10
"""Checkboxes and radio buttons."""
MENU = 100
"""Options of a menu, and groups of options."""

# https://docs.slack.dev/reference/block-kit/block-elements/feedback-buttons-element
FEEDBACK = thing(
    {"text": plain_text(75), "value": string(2000)},
    {"accessibility_label": string(75)},
)

# https://docs.slack.dev/reference/block-kit/block-elements/icon-button-element
ICON_BUTTON: Fields = {
    **ASKS_FIRST,
    "value": string(2000),
    "accessibility_label": string(75),
    "visible_to_user_ids": items(string(), least=0),
}

OPTIONS: Fields = {
    "options": items(OPTION, most=MENU),
    "option_groups": items(OPTION_GROUP, most=MENU),
}
EITHER = ("options", "option_groups")


ALL: Mapping[str, Rule] = dict(
    [
        kind(
            "button",
            {"text": plain_text(75)},
            {
                **ASKS_FIRST,
                "url": string(3000, least=0),
                "value": string(2000, least=0),
                "style": STYLE,
                "accessibility_label": string(75),
                "agent_prompt": string(4000),
                "agent_prompt_display": string(),
                "visible_to_user_ids": items(string(), least=0),
            },
        ),
        kind("image", {"alt_text": string(2000)}, IMAGE, only_one_of=(*IMAGE,)),
        kind(
            "overflow",
            {"options": items(OVERFLOW_OPTION, least=1, most=5)},
            ASKS_FIRST,
        ),
        kind(
            "static_select",
            {},
            {**CHOICE, **OPTIONS, "initial_option": OPTION},
            only_one_of=EITHER,
        ),
        kind(
            "multi_static_select",
            {},
            {**MANY, **OPTIONS, "initial_options": items(OPTION, most=MENU)},
            only_one_of=EITHER,
        ),
        kind(
            "external_select",
            {},
            {**CHOICE, "min_query_length": integer(0), "initial_option": OPTION},
        ),
        kind(
            "multi_external_select",
            {},
            {
                **MANY,
                "min_query_length": integer(0),
                "initial_options": items(OPTION, most=MENU),
            },
        ),
        kind("users_select", {}, {**CHOICE, "initial_user": WORD}),
        kind("multi_users_select", {}, {**MANY, "initial_users": WORDS}),
        kind(
            "channels_select",
            {},
            {**CHOICE, "initial_channel": WORD, "response_url_enabled": boolean},
        ),
        kind("multi_channels_select", {}, {**MANY, "initial_channels": WORDS}),
        kind(
            "conversations_select",
            {},
            {
                **CHOICE,
                "initial_conversation": WORD,
                "default_to_current_conversation": boolean,
                "response_url_enabled": boolean,
                "filter": CONVERSATION_FILTER,
            },
        ),
        kind(
            "multi_conversations_select",
            {},
            {
                **MANY,
                "initial_conversations": WORDS,
                "default_to_current_conversation": boolean,
                "filter": CONVERSATION_FILTER,
            },
        ),
        kind("datepicker", {}, {**CHOICE, "initial_date": WORD}),
        kind("timepicker", {}, {**CHOICE, "initial_time": WORD, "timezone": WORD}),
        kind(
            "datetimepicker",
            {},
            {**FOCUS, "confirm": CONFIRM, "initial_date_time": integer(0)},
        ),
        kind(
            "checkboxes",
            {"options": items(LABELLED, most=FEW)},
            {**FOCUS, "confirm": CONFIRM, "initial_options": items(LABELLED, most=FEW)},
        ),
        kind(
            "radio_buttons",
            {"options": items(LABELLED, most=FEW)},
            {**FOCUS, "confirm": CONFIRM, "initial_option": LABELLED},
        ),
        kind(
            "plain_text_input",
            {},
            {
                **TYPED,
                "initial_value": string(least=0),
                "multiline": boolean,
                "min_length": integer(0, 3000),
                "max_length": integer(1, 3000),
            },
        ),
        kind("rich_text_input", {}, {**TYPED, "initial_value": RICH_TEXT}),
        kind("email_text_input", {}, {**TYPED, "initial_value": WORD}),
        kind("url_text_input", {}, {**TYPED, "initial_value": WORD}),
        kind(
            "number_input",
            # Numbers travel as strings here, so that no precision is lost.
            {"is_decimal_allowed": boolean},
            {**TYPED, "initial_value": WORD, "min_value": WORD, "max_value": WORD},
        ),
        kind(
            "file_input",
            {},
            {**ACTION, "filetypes": WORDS, "max_files": integer(1, 10)},
        ),
        kind(
            "feedback_buttons",
            {"positive_button": FEEDBACK, "negative_button": FEEDBACK},
            ACTION,
        ),
        kind("icon_button", {"icon": WORD, "text": plain_text(75)}, ICON_BUTTON),
    ]
)
"""Every element, whatever block it stands in."""

SELECTS = (
    "static_select",
    "external_select",
    "users_select",
    "channels_select",
    "conversations_select",
)
MULTI_SELECTS = tuple(f"multi_{name}" for name in SELECTS)
PICKERS = ("datepicker", "timepicker", "checkboxes", "radio_buttons")
WRITTEN = (
    "plain_text_input",
    "rich_text_input",
    "email_text_input",
    "url_text_input",
    "number_input",
    "file_input",
)


def _some(*names: str) -> Mapping[str, Rule]:
    return {name: ALL[name] for name in names}


# "Works with block types", on each element's page.
ACCESSORY = _some("button", "image", "overflow", *SELECTS, *MULTI_SELECTS, *PICKERS)
IN_ACTIONS = _some("button", "overflow", *SELECTS, *PICKERS, "datetimepicker")
IN_INPUT = _some(*SELECTS, *MULTI_SELECTS, *PICKERS, "datetimepicker", *WRITTEN)
IN_CONTEXT_ACTIONS = _some("feedback_buttons", "icon_button")
