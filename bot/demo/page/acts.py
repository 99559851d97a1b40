"""What a person does on the page, done in the local Slack."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from bot.demo.clouds.world import Ending
from bot.demo.page.picture import places
from bot.demo.slack import Ack, NotPossible

if TYPE_CHECKING:
    from bot.demo.slack import Channel, Message, View
    from bot.demo.stage import Stage

# What Slack tells people when an app does not answer.
# https://docs.slack.dev/interactivity/implementing-slash-commands
PROBLEMS: Mapping[str, str] = {
    "operation_timeout": "it did not answer within three seconds",
    "dispatch_failed": "it could not be reached",
    "not_in_channel": "it is not in this channel",
}

Told = dict[str, Any]
"""What the page is told: nothing, a `problem`, or the `errors` of a form."""


class _Act(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Say(_Act):
    """Something typed into a place, or into a thread there."""

    place: str
    text: str
    thread: str | None = None

    async def do(self, stage: Stage) -> Told:
        """Deliver it as Slack would: a command, a mention, or a direct message."""
        text = self.text.strip()
        place = _place(stage, self.place)
        if text.startswith("/"):
            return await self._command(stage, place, text)
        slack, person = stage.slack, stage.person
        if place.is_im:
            return _told(await slack.dm(person, text, thread_ts=self.thread))
        name = re.compile(rf"@{re.escape(slack.bot.name)}\b[:,]?\s*", re.IGNORECASE)
        if not name.search(text):
            start = f"{stage.settings.command} or @{slack.bot.name}"
            return {"problem": f"Nobody else is here. Begin with {start}."}
        said = name.sub("", text, count=1)
        ack = await slack.mention(person, place, said, thread_ts=self.thread)
        return _told(ack)

    async def _command(self, stage: Stage, place: Channel, text: str) -> Told:
        command, _, rest = text.partition(" ")
        known = stage.settings.command
        if self.thread is not None:
            return {"problem": f"Slack takes no commands in threads: {command}"}
        if command != known:
            return {"problem": f"{command} is no command here. Try {known} help"}
        ack = await stage.slack.slash(stage.person, place, command, rest.strip())
        return _told(ack)


class Press(_Act):
    """A button pressed, or something chosen, in a message or in the modal."""

    action_id: str
    block_id: str | None = None
    value: Any = None
    place: str | None = None
    ts: str | None = None
    view: str | None = None
    values: Mapping[str, Any] = {}
    """What else is filled in, in the modal."""

    async def do(self, stage: Stage) -> Told:
        """Press it."""
        return _told(
            await stage.slack.press(
                stage.person,
                _holder(stage, self.place, self.ts, self.view),
                self.action_id,
                self.value,
                block_id=self.block_id,
                given=self.values,
            )
        )


class Suggest(_Act):
    """A menu opened that asks the bot for its options."""

    action_id: str
    query: str = ""
    place: str | None = None
    ts: str | None = None
    view: str | None = None

    async def do(self, stage: Stage) -> Told:
        """Return the menu's `options`, or its `option_groups`."""
        holder = _holder(stage, self.place, self.ts, self.view)
        ack = await stage.slack.suggest(
            stage.person, holder, self.action_id, self.query
        )
        return _told(ack) or dict(ack.body or {})


class Submit(_Act):
    """The modal submitted; `values` goes by block_id or action_id."""

    view: str
    values: dict[str, Any]

    async def do(self, stage: Stage) -> Told:
        """Submit it; what is wrong with a field is told by its block_id."""
        view = _view(stage, self.view)
        try:
            ack = await stage.slack.submit(view, self.values)
        except NotPossible as refusal:
            what, *where = refusal.args
            said = f"{what[:1].upper()}{what[1:]}."
            if not {block["block_id"] for block in view.blocks}.intersection(where):
                raise
            return {"errors": {str(block): said for block in where}}
        body = ack.body if isinstance(ack.body, dict) else {}
        if not ack.error and body.get("response_action") == "errors":
            return {"errors": body["errors"]}
        return _told(ack)


class Close(_Act):
    """The modal closed without submitting it."""

    view: str

    async def do(self, stage: Stage) -> Told:
        """Close it."""
        ack = await stage.slack.close(_view(stage, self.view))
        return _told(ack) if ack else {}


class Break(_Act):
    """A cloud broken, or repaired."""

    cloud: str
    down: bool

    async def do(self, stage: Stage) -> Told:
        """Let every request to the cloud fail from now on, or none."""
        if self.cloud not in stage.clouds:
            raise NotPossible("there is no such cloud", self.cloud)
        stage.clouds[self.cloud].trouble.down = -1 if self.down else 0
        return {}


class Start(_Act):
    """A run of a cloud's first pipeline, and how it is going to end."""

    cloud: str
    ending: Ending

    async def do(self, stage: Stage) -> Told:
        """Start it, by hand and now."""
        if self.cloud not in stage.clouds:
            raise NotPossible("there is no such cloud", self.cloud)
        cloud = stage.clouds[self.cloud]
        first = cloud.world.pipelines()[0]
        cloud.world.start(first.id, self.ending)
        if self.ending is Ending.FAILS and not cloud.tells_failures:
            said = f"{first.name} runs and will fail, but its cloud says only that runs"
            return {"problem": f"{said} end. To hear of that, watch it with on:done."}
        return {}


Act = Say | Press | Suggest | Submit | Close | Break | Start
ACTS: Mapping[str, type[Act]] = {
    "say": Say,
    "press": Press,
    "suggest": Suggest,
    "submit": Submit,
    "close": Close,
    "break": Break,
    "start": Start,
}


def _told(ack: Ack) -> Told:
    if ack.error is None:
        return {}
    why = PROBLEMS.get(ack.error, "its answer is not what Slack takes")
    return {"problem": f"Runbell has a problem: {why} ({ack.error})."}


def _place(stage: Stage, place_id: str) -> Channel:
    for place in places(stage):
        if place.id == place_id:
            return place
    raise NotPossible("there is no such place", place_id)


def _holder(
    stage: Stage, place_id: str | None, ts: str | None, view_id: str | None
) -> Message | View:
    """Return what a button stands in."""
    if view_id is not None:
        return _view(stage, view_id)
    place = _place(stage, place_id or "")
    for message in stage.slack.everything(place, viewer=stage.person):
        if message.ts == ts:
            return message
    raise NotPossible("this message is gone", str(ts))


def _view(stage: Stage, view_id: str) -> View:
    view = stage.slack.view(stage.person)
    if view is None or view.id != view_id:
        raise NotPossible("this modal is gone", view_id)
    return view
