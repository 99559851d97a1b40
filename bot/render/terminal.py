"""Message → text for a terminal: the same blocks, drawn with rich; pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.style import Style
from rich.text import Text

from bot.render import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.render.message import Block, Element, Message

_STYLES = {"bold": "bold", "italic": "dim", "code": "cyan"}


def terminal(message: Message, now: datetime) -> Text:
    """Return the message as a terminal shows it; `now` turns dates into ages."""
    drawn = Text()
    # Buttons are commands, which a terminal has people type.
    blocks = [block for block in message.blocks if block["type"] != "actions"]
    for place, block in enumerate(blocks):
        if place:
            drawn.append("\n")
        for line in _lines(block, now):
            drawn.append_text(line).append("\n")
    return drawn


def _lines(block: Block, now: datetime) -> Iterator[Text]:
    match block["type"]:
        case "header":
            yield Text(block["text"]["text"], style="bold underline")
        case "section":
            yield from Text(block["text"]["text"]).split("\n")
        case "rich_text":
            for section in block["elements"]:
                parts = (_element(e, now) for e in section["elements"])
                yield from Text.assemble(*parts).split("\n")
        case other:
            # Nothing may vanish without a word.
            yield Text(f"[{other}]", style="dim")


def _element(element: Element, now: datetime) -> Text:
    styles = [_STYLES[s] for s in _names(element.get("style", {})) if s in _STYLES]
    style = Style.parse(" ".join(styles) or "none")
    match element["type"]:
        case "text":
            return Text(element["text"], style=style)
        case "link":
            return Text(element["text"], style=style + Style(link=element["url"]))
        case "date":
            moment = datetime.fromtimestamp(element["timestamp"], tz=UTC)
            return Text(age(now, moment), style=style)
        case "user" | "usergroup" | "channel" as kind:
            return Text(element[f"{kind}_id"], style=style)
        case other:
            return Text(f"[{other}]", style=style)


def age(now: datetime, moment: datetime) -> str:
    """Return how long ago a moment was, as Slack's `{ago}` says it."""
    count, unit, *_ = words.duration(abs(now - moment)).split(" ")
    return f"in {count} {unit}" if moment > now else f"{count} {unit} ago"


def _names(style: Mapping[str, Any]) -> list[str]:
    return [name for name, is_on in style.items() if is_on]
