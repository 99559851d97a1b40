"""What the page shows at one moment, as a flat table of small JSON documents.

Being flat, two pictures are easily compared: only what differs travels to the browser.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from providers.registry import kinds

if TYPE_CHECKING:
    from bot.demo.slack import Channel, Message, View
    from bot.demo.stage import Stage

Picture = Mapping[str, Any]
"""Documents by key.

`you`, `modal`, `place:<id>`, `message:<place>:<ts>`, `cloud:<name>`.
"""

MOST_MESSAGES = 100
"""How many messages of one place are shown; older ones are left out."""


def picture(stage: Stage) -> Picture:
    """Return what the person on the stage sees now."""
    shown: dict[str, Any] = {"you": _you(stage)}
    for place in places(stage):
        shown[f"place:{place.id}"] = _place(place, stage)
        said = stage.slack.everything(place, viewer=stage.person)
        for message in said[-MOST_MESSAGES:]:
            shown[f"message:{place.id}:{message.ts}"] = _message(message)
    view = stage.slack.view(stage.person)
    if view is not None:
        shown["modal"] = _modal(view)
    known = kinds()
    for name, cloud in stage.clouds.items():
        title = known[stage.settings.connections[name].kind].provider.title
        down = cloud.trouble.down != 0
        shown[f"cloud:{name}"] = {
            "name": name,
            "title": title,
            "down": down,
            "pipeline": cloud.world.pipelines()[0].name,
        }
    return shown


def difference(before: Picture, after: Picture) -> dict[str, Any]:
    """Return what has to be written over one picture, and left out, to get another."""
    return {
        "set": {key: doc for key, doc in after.items() if before.get(key) != doc},
        "gone": [key for key in before if key not in after],
    }


def places(stage: Stage) -> list[Channel]:
    """Return where the person can talk: the channel, and the bot's direct messages."""
    return [stage.channel, stage.slack.open_dm(stage.person)]


def _you(stage: Stage) -> dict[str, Any]:
    bot, person = stage.slack.bot, stage.person
    return {
        "id": person.id,
        "name": person.name,
        "bot": {"id": bot.id, "name": bot.name},
        "command": stage.settings.command,
    }


def _place(place: Channel, stage: Stage) -> dict[str, Any]:
    name = stage.slack.bot.name if place.is_im else place.name
    return {"id": place.id, "name": name, "direct": place.is_im}


def _message(message: Message) -> dict[str, Any]:
    return {
        "place": message.channel.id,
        "ts": message.ts,
        "thread": message.thread_ts if message.is_reply else None,
        "broadcast": message.is_broadcast,
        "name": message.user.name,
        "bot": message.user.is_bot,
        "ephemeral": message.is_ephemeral,
        "edited": message.edited_ts is not None,
        "revision": len(message.edited),
        "text": message.text,
        "blocks": message.blocks,
        "attachments": message.content.attachments,
        "reactions": {name: len(who) for name, who in message.reactions.items()},
    }


def _modal(view: View) -> dict[str, Any]:
    shown = ("title", "submit", "close", "blocks")
    return {"id": view.id, **{key: view.content.get(key) for key in shown}}
