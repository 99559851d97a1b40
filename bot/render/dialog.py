"""A form → the modal it is filled in on; pure, and within Slack's limits.

https://docs.slack.dev/surfaces/modals
https://docs.slack.dev/reference/block-kit/blocks/input-block
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.records import Event, Style
from bot.render import words
from bot.render.message import (
    LONGEST_WORD,
    Block,
    Element,
    clip,
    code,
    faint,
    lines,
    plain,
    printable,
    section,
)

if TYPE_CHECKING:
    from bot.answers import Form, Shelf

CALLBACK = "watch"
"""What Slack calls the form by when it is submitted."""

LONGEST_LABEL = 75
LONGEST_VALUE = 150
"""https://docs.slack.dev/reference/block-kit/composition-objects/option-object"""
LONGEST_METADATA = 3000
"""https://docs.slack.dev/reference/views/modal-views"""
NO_TARGET = "::"
"""The value of what is offered as a note: every target has a name before its colon."""
LONGEST_BRANCH = 255
LONGEST_COMMAND = 2000


class Field(StrEnum):
    """The fields: what Slack calls their blocks, and a part of what it calls them."""

    TARGET = "target"
    CHANNEL = "channel"
    ON = "on"
    BRANCH = "branch"
    MENTION = "mention"
    STYLE = "style"

    @property
    def action_id(self) -> str:
        """What a change of the field is called."""
        return f"{ACTION}{self.value}"


ACTION = "dialog."
"""What the `action_id` of every field begins with."""

STYLES: Mapping[Style, str] = {
    Style.BOTH: "One message that is edited, and its thread",
    Style.EDIT: "One message that is edited",
    Style.THREAD: "The thread of one message",
}


def dialog(
    form: Form, *, here: str | None, typed: str | None, note: str, metadata: str
) -> Block:
    """Return the modal of a form.

    Args:
        form: what it is filled in with.
        here: Slack's id of the channel it was asked for in; `None` in a direct message.
        typed: the same as a command; `None` where there is none yet.
        note: what is worth knowing of it, in a sentence.
        metadata: comes back with all that is done in it; `LONGEST_METADATA` characters.

    """
    about = [_watched(form)] if form.watch else [_target(form), _channel(form, here)]
    fields = [
        *about,
        _input(Field.ON, "Ring when", _events(form.on)),
        _branches(form.branch),
        _mention(form),
        _input(Field.STYLE, "Tell it on", _styles(form.style)),
    ]
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": metadata,
        "title": _plain("Change a watch" if form.watch else "New watch"),
        "submit": _plain("Save" if form.watch else "Watch"),
        "close": _plain("Cancel"),
        "blocks": [*fields, _command(form, typed, note)],
    }


def options(shelves: Sequence[Shelf]) -> list[Block]:
    """Return what is suggested, as a menu takes it; what does not fit is left out.

    https://docs.slack.dev/reference/block-kit/composition-objects/option-group-object
    """
    groups = (
        (shelf.title, [o for c in shelf.choices if (o := _option(c.label, c.target))])
        if not shelf.note
        else (shelf.title, [_must(shelf.note, NO_TARGET)])
        for shelf in shelves
    )
    return [
        {"label": _plain(_label(title)), "options": found}
        for title, found in groups
        if found
    ]


_BRANCH_HINT = (
    "Such as main, release/*; with a - in front, all but these. Empty: the default "
    "branch, where the vendor names one."
)


def _watched(form: Form) -> Block:
    return section(printable(f"{form.watch} watches {form.name or form.target}"), None)


def _target(form: Form) -> Block:
    chosen = _option(form.name or form.target or "", form.target or "")
    return _input(
        Field.TARGET,
        "Pipeline",
        {
            "type": "external_select",
            "min_query_length": 0,
            "placeholder": _plain("Search pipelines and groups…"),
            **({"initial_option": chosen} if chosen else {}),
        },
    )


def _channel(form: Form, here: str | None) -> Block:
    """Return the field of the channel that is told: Slack shows each their own.

    https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element#conversations_select
    """
    chosen = next((c for c in (form.channel, here) if c and c[0] in "CG"), None)
    return _input(
        Field.CHANNEL,
        "Channel",
        {
            "type": "conversations_select",
            "filter": {"include": ["public", "private", "mpim"]},
            "placeholder": _plain("Only me"),
            **({"initial_conversation": chosen} if chosen else {}),
        },
        hint=None if here else "Empty: you, in a direct message.",
        is_optional=here is None,
    )


def _events(on: frozenset[Event]) -> Element:
    ticks = {e: _must(f"it {does}", e.value) for e, does in words.EVENTS.items()}
    ticked = [option for event, option in ticks.items() if event in on]
    initial = {"initial_options": ticked} if ticked else {}
    return {"type": "checkboxes", "options": list(ticks.values()), **initial}


def _branches(text: str) -> Block:
    initial = {"initial_value": text} if 0 < len(text) <= LONGEST_BRANCH else {}
    element: Element = {
        "type": "plain_text_input",
        "max_length": LONGEST_BRANCH,
        "dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]},
        **initial,
    }
    return _input(
        Field.BRANCH, "Branches", element, hint=_BRANCH_HINT, is_optional=True
    )


def _mention(form: Form) -> Block:
    initial = {"initial_user": form.mention} if form.mention else {}
    element: Element = {
        "type": "users_select",
        "placeholder": _plain("Nobody"),
        **initial,
    }
    is_group = "mention:" in form.rest and form.mention is None
    hint = "A group is mentioned now; a person takes its place." if is_group else None
    return _input(Field.MENTION, "Mention", element, hint=hint, is_optional=True)


def _styles(style: Style) -> Element:
    choices = {key: _must(label, key.value) for key, label in STYLES.items()}
    return {
        "type": "static_select",
        "options": list(choices.values()),
        "initial_option": choices[style],
    }


def _command(form: Form, typed: str | None, note: str) -> Block:
    shown = clip(typed or "", LONGEST_COMMAND)
    parts = [
        code(shown[start : start + LONGEST_WORD])
        for start in range(0, len(shown), LONGEST_WORD)
    ]
    rows = [[plain("The same, typed: "), *parts]] if parts else []
    kept = clip(form.rest, LONGEST_COMMAND)
    rows += [[faint(f"It keeps: {kept}")]] if kept else []
    return lines([*rows, [faint(note)]])


def _input(
    field: Field,
    label: str,
    element: Element,
    *,
    hint: str | None = None,
    is_optional: bool = False,
) -> Block:
    return {
        "type": "input",
        "block_id": field.value,
        "label": _plain(label),
        "element": {**element, "action_id": field.action_id},
        "optional": is_optional,
        # Every change is told, so that the command can be shown as it is by then.
        "dispatch_action": True,
        **({"hint": _plain(hint)} if hint else {}),
    }


def _option(label: str, value: str) -> Element | None:
    return _must(label, value) if 0 < len(value) <= LONGEST_VALUE else None


def _must(label: str, value: str) -> Element:
    return {"text": _plain(_label(label)), "value": value}


def _label(text: str) -> str:
    return clip(printable(text).strip(), LONGEST_LABEL) or "…"


def _plain(text: str) -> Element:
    return {"type": "plain_text", "text": text, "emoji": True}
