"""What can be pressed on a card: every value is a command, as one would type it.

https://docs.slack.dev/reference/block-kit/block-elements/button-element
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bot.render.message import Block

if TYPE_CHECKING:
    from bot.alerts import Card
    from providers.refs import RunRef

LONGEST_VALUE = 2000
LONGEST_OPTION = 150
"""https://docs.slack.dev/reference/block-kit/composition-objects/option-object"""

# What might not read back as it stands: quotes, `#`, what Slack escapes, odd spaces.
_UNTYPABLE = re.compile(r"[^\w\-./:@+=,~%!$'()*;?\[\]{}|^]")


def buttons(card: Card) -> Block | None:
    """Return Ack, Mute and Log, and the rest in a menu; `None` where nothing fits."""
    elements = [
        _button(label, command)
        for label, command in _main(card)
        if 0 < len(command) <= LONGEST_VALUE
    ]
    options = [
        _option(label, command)
        for label, command in _more(card)
        if 0 < len(command) <= LONGEST_OPTION
    ]
    if options:
        menu = {"type": "overflow", "action_id": "more", "options": options}
        elements.append(menu)
    return {"type": "actions", "elements": elements} if elements else None


def _main(card: Card) -> Iterator[tuple[str, str]]:
    incident = _word(card.incident)
    if incident and not card.acked_by:
        yield "Ack", f"ack {incident}"
    if incident and card.muted_by:
        yield "Unmute", f"unmute {incident}"
    elif incident:
        yield "Mute", f"mute {incident} until fixed"
    yield "Log", _of_run("log", card.run.ref)


def _more(card: Card) -> Iterator[tuple[str, str]]:
    yield "Show the run", _of_run("show", card.run.ref)
    yield "Why this alert", _of_run("why", card.run.ref)
    if incident := _word(card.incident):
        yield "Mute for 1 h", f"mute {incident} for 1h"
        yield "Mute until fixed", f"mute {incident} until fixed"
        yield "Mute for today", f"mute {incident} until tomorrow"


def _of_run(verb: str, ref: RunRef) -> str:
    """Return a command about a run, or nothing where it could not be typed."""
    run, name = _word(ref.id), f"{ref.pipeline.connection}:{ref.pipeline.id}"
    if not run or not all(map(_word, name.split(" "))):
        return ""
    pipeline = f'"{name}"' if " " in name else name
    return f"{verb} {pipeline} #{run}"


def _word(text: str) -> str:
    return "" if _UNTYPABLE.search(text) else text


def _button(label: str, command: str) -> dict[str, Any]:
    return {
        "type": "button",
        "action_id": label.lower(),
        "text": {"type": "plain_text", "text": label, "emoji": True},
        "value": command,
    }


def _option(label: str, command: str) -> dict[str, Any]:
    text = {"type": "plain_text", "text": label, "emoji": True}
    return {"text": text, "value": command}
