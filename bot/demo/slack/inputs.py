"""What a person can press, choose and type, and how Slack words what they did.

https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
https://docs.slack.dev/reference/views/view-interaction-payloads
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bot.demo.slack.blocks.check import elements_of
from bot.demo.slack.errors import NotPossible

JSON = dict[str, Any]

# Under which key an element tells what was chosen; buttons choose nothing.
CHOSEN: Mapping[str, str] = {
    "static_select": "selected_option",
    "external_select": "selected_option",
    "radio_buttons": "selected_option",
    "overflow": "selected_option",
    "multi_static_select": "selected_options",
    "multi_external_select": "selected_options",
    "checkboxes": "selected_options",
    "users_select": "selected_user",
    "multi_users_select": "selected_users",
    "channels_select": "selected_channel",
    "multi_channels_select": "selected_channels",
    "conversations_select": "selected_conversation",
    "multi_conversations_select": "selected_conversations",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "plain_text_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "number_input": "value",
    "rich_text_input": "rich_text_value",
}
STATELESS = frozenset({"button", "overflow", "icon_button", "feedback_buttons"})

INITIAL: Mapping[str, str] = {
    **{key: key.replace("selected", "initial", 1) for key in set(CHOSEN.values())},
    "value": "initial_value",
    "rich_text_value": "initial_value",
}


def find(
    blocks: Iterable[JSON], action_id: str, block_id: str | None = None
) -> tuple[JSON, JSON]:
    """Return an element and the block it stands in.

    Raises:
        NotPossible: there is no such element, or more than one.

    """
    found = [
        (block, element)
        for block in blocks
        if block_id in (None, block.get("block_id"))
        for element in elements_of(block)
        if element.get("action_id") == action_id
    ]
    if not found:
        raise NotPossible("nothing here has this action_id", action_id)
    if len(found) > 1:
        raise NotPossible("more than one has this action_id: say block_id", action_id)
    return found[0]


def act(block: Mapping[str, Any], element: JSON, value: Any, action_ts: str) -> JSON:
    """Return one entry of `actions`: what was done with an element.

    Raises:
        NotPossible: the element has no such choice.

    """
    action: JSON = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": action_ts,
    }
    if element["type"] in CHOSEN:
        return {**action, **_choose(element, value)}
    if value is not None and value != element.get("value"):
        raise NotPossible("the button has another value", value)
    copied = ("text", "value", "style", "url")
    return {**action, **{key: element[key] for key in copied if key in element}}


def state_of(
    blocks: Iterable[Mapping[str, Any]], given: Mapping[str, Any] | None = None
) -> dict[str, dict[str, JSON]]:
    """Return `state.values`: block_id → action_id → what stands in the field.

    `given` says what the person has put in, by block_id or by action_id, `None` for
    what they have taken out; the other fields hold what they began with.
    """
    typed = given or {}
    values: dict[str, dict[str, JSON]] = {}
    for block in blocks:
        for element in elements_of(block):
            if element["type"] in STATELESS or element["type"] not in CHOSEN:
                continue
            names = (block["block_id"], element["action_id"])
            name = next((name for name in names if name in typed), None)
            filled = _choose(element, typed[name]) if name else _initial(element)
            entry = {"type": element["type"], **filled}
            values.setdefault(block["block_id"], {})[element["action_id"]] = entry
    return values


def check_inputs(
    blocks: Sequence[Mapping[str, Any]], given: Mapping[str, Any]
) -> dict[str, dict[str, JSON]]:
    """Return the state a view is submitted with.

    Raises:
        NotPossible: Slack's client would not submit it: a field is missing, too
            short or too long, or there is no such field.

    """
    names = {
        name
        for block in blocks
        for element in elements_of(block)
        for name in (block["block_id"], element["action_id"])
    }
    if unknown := set(given) - names:
        raise NotPossible("the view has no such field", *sorted(unknown))
    state = state_of(blocks, given)
    for block in blocks:
        if block["type"] == "input":
            _check_input(block, state[block["block_id"]])
    return state


def _check_input(block: Mapping[str, Any], filled: Mapping[str, JSON]) -> None:
    element = block["element"]
    value = filled[element["action_id"]].get(CHOSEN[element["type"]])
    if not value:
        if not block.get("optional", False):
            raise NotPossible("this field has to be filled in", block["block_id"])
        return
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if isinstance(value, str) and not least <= len(value) <= most:
        raise NotPossible("this field is too short or too long", block["block_id"])


def _initial(element: JSON) -> JSON:
    key = CHOSEN[element["type"]]
    empty: Any = [] if key == "selected_options" else None
    return {key: element.get(INITIAL[key], empty)}


def _choose(element: JSON, value: Any) -> JSON:
    key = CHOSEN[element["type"]]
    if value is None:
        return {key: [] if key.endswith("s") else None}
    if key == "selected_option":
        return {key: _option(element, value)}
    if key == "selected_options":
        return {key: [_option(element, one) for one in value]}
    return {key: value}


def _option(element: JSON, value: Any) -> JSON:
    if isinstance(value, dict):
        return value
    for option in _options(element):
        if option["value"] == value:
            return option
    raise NotPossible("there is no such option", value)


def _options(element: JSON) -> Iterator[JSON]:
    yield from element.get("options", ())
    for group in element.get("option_groups", ()):
        yield from group["options"]
