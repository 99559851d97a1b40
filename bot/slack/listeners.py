"""What Slack tells us → a question, acknowledged at once and answered by its own task.

Bolt runs with `process_before_response=True`: the acknowledgement then takes 0.3 ms
instead of 11, and a listener must not do any work itself.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import structlog
from cachetools import TTLCache

from bot.answers import Problem
from bot.render.rendering import render

if TYPE_CHECKING:
    from slack_bolt.async_app import AsyncApp
    from slack_bolt.context.ack.async_ack import AsyncAck

    from bot.answers import Answer
    from bot.render.message import Message
    from bot.slack.sender import Sender
    from providers.clock import Clock

log = structlog.get_logger(__name__)

Ask = Callable[[str], Awaitable["Answer"]]
"""Text in, answer out."""

# https://docs.slack.dev/reference/events/app_mention
_MENTIONS = re.compile(r"<@[UW][A-Z0-9]+(?:\|[^>]*)?>")

OWN_FAULT = Problem(
    what="Something went wrong inside Runbell itself; it is in its log.",
    hint="Ask again; if it stays, show the log to whoever runs the bot.",
)


class Errands:
    """The tasks that listeners leave behind; closed with the bot."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def run(self, errand: Coroutine[Any, Any, None]) -> None:
        """Start an errand and keep hold of it until it is done."""
        task = asyncio.create_task(errand)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def close(self, patience: float = 5) -> None:
        """Let what is under way finish, for at most `patience` seconds."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


class Listeners:
    """Registers what the bot listens to."""

    def __init__(
        self,
        *,
        ask: Ask,
        sender: Sender,
        clock: Clock,
        zone: ZoneInfo,
        errands: Errands,
        command: str,
    ) -> None:
        self._ask = ask
        self._sender = sender
        self._clock = clock
        self._zone = zone
        self._errands = errands
        self._command = command
        # Slack repeats a delivery it thinks lost; a trigger id is unique to one typing.
        self._taken: TTLCache[str, bool] = TTLCache(
            10_000, ttl=3600, timer=lambda: clock.now().timestamp()
        )

    def register(self, app: AsyncApp) -> None:
        """Register the listeners with Bolt."""
        app.command(self._command)(self.slash)
        app.event("app_mention")(self.spoken_to)
        app.event("message")(self.spoken_to)
        # An unhandled event would count as a failed delivery and be sent three times.
        app.event(re.compile(".*"))(_ignore)

    async def slash(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Answer a slash command, privately."""
        await ack()
        if self._is_new(str(body.get("trigger_id", ""))):
            url = str(body["response_url"])
            self._errands.run(self._answer(str(body.get("text", "")), url))

    async def spoken_to(self, body: dict[str, Any], event: dict[str, Any]) -> None:
        """Answer a mention in its thread, and a direct message where it was said."""
        if not _is_for_us(event) or not self._is_new(str(body.get("event_id", ""))):
            return
        text = _MENTIONS.sub("", str(event.get("text", "")), count=1).strip()
        # An answer in a channel belongs into a thread; a direct message is one anyway.
        is_direct = event.get("channel_type") == "im"
        thread = event.get("thread_ts") or (None if is_direct else event.get("ts"))
        self._errands.run(self._reply(text, str(event["channel"]), thread))

    async def _answer(self, text: str, response_url: str) -> None:
        await self._sender.answer(response_url, await self._message(text))

    async def _reply(self, text: str, channel: str, thread: str | None) -> None:
        await self._sender.say(channel, await self._message(text), thread=thread)

    async def _message(self, text: str) -> Message:
        try:
            return render(await self._ask(text), self._now())
        except Exception:
            # The edge: whatever went wrong inside, the person gets an answer.
            log.exception("a question could not be answered")
            return render(OWN_FAULT, self._now())

    def _is_new(self, delivery: str) -> bool:
        """Return whether a delivery comes for the first time, and remember it."""
        if delivery and delivery in self._taken:
            return False
        self._taken[delivery] = True
        return True

    def _now(self) -> datetime:
        return self._clock.now().astimezone(self._zone)


def _is_for_us(event: dict[str, Any]) -> bool:
    """Return whether a person speaks to us: not a bot, not an edit, not the channel."""
    if event.get("bot_id") or event.get("subtype") or not event.get("channel"):
        return False
    return event.get("type") == "app_mention" or event.get("channel_type") == "im"


async def _ignore(event: dict[str, Any]) -> None:
    log.debug("an event nobody listens to", event_type=event.get("type"))
