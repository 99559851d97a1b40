"""What can be pressed on a card: every value is a command, as one would type it.

https://docs.slack.dev/reference/block-kit/block-elements/button-element
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from bot.render.message import Block

if TYPE_CHECKING:
    from bot.alerts import Card, Storm
    from providers.refs import RunRef

LONGEST_VALUE = 2000
LONGEST_OPTION = 150
"""https://docs.slack.dev/reference/block-kit/composition-objects/option-object"""

# What might not read back as it stands: quotes, `#`, what Slack escapes, odd spaces.
_UNTYPABLE = re.compile(r"[^\w\-./:@+=,~%!$'()*;?\[\]{}|^]")


def buttons(card: Card) -> Block | None:
    """Return Ack, Mute and Log, and the rest in a menu; `None` where nothing fits."""
    return _block(_main(card), _more(card))


def storm_buttons(storm: Storm) -> Block | None:
    """Return Ack and Mute of a whole storm, and a menu; `None` where nothing fits."""
    return _block(_of_storm(storm), _more_of_storm(storm))


def _block(
    main: Iterable[tuple[str, str]], more: Iterable[tuple[str, str]]
) -> Block | None:
    elements = [
        _button(label, command)
        for label, command in main
        if 0 < len(command) <= LONGEST_VALUE
    ]
    options = [
        _option(label, command)
        for label, command in more
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
    if card.has_log and (card.run.tasks is None or card.run.log_path):
        yield "Log", _of_run("log", card.run.ref)


def _more(card: Card) -> Iterator[tuple[str, str]]:
    yield "Show the run", _of_run("show", card.run.ref)
    yield "Why this alert", _of_run("why", card.run.ref)
    if incident := _word(card.incident):
        yield "Mute for 1 h", f"mute {incident} for 1h"
        yield "Mute for today", f"mute {incident} until tomorrow"


def _of_storm(storm: Storm) -> Iterator[tuple[str, str]]:
    if (incident := _word(storm.incident)) and not storm.acked_by:
        yield "Ack", f"ack {incident}"
    if all_of_it := _connection(storm):
        yield "Mute for 1 h", f"mute {all_of_it} for 1h"


def _more_of_storm(storm: Storm) -> Iterator[tuple[str, str]]:
    if all_of_it := _connection(storm):
        yield "Show how they are", f"status {all_of_it}"
        yield "Mute for today", f"mute {all_of_it} until tomorrow"


def _connection(storm: Storm) -> str:
    """Return what means all that is watched of a storm's connection."""
    return f"{storm.connection}:*" if _word(storm.connection or "") else ""


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
        "action_id": label.lower().partition(" ")[0],
        "text": {"type": "plain_text", "text": label, "emoji": True},
        "value": command,
    }


def _option(label: str, command: str) -> dict[str, Any]:
    text = {"type": "plain_text", "text": label, "emoji": True}
    return {"text": text, "value": command}
