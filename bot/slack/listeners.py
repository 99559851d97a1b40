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
    from bot.slack.sender import Sender
    from providers.clock import Clock

log = structlog.get_logger(__name__)

Ask = Callable[[str], Awaitable["Answer"]]
"""Text in, answer out."""

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
        # An unhandled event would count as a failed delivery and be sent three times.
        app.event(re.compile(".*"))(_ignore)

    async def slash(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Answer a slash command, privately."""
        await ack()
        delivery = str(body.get("trigger_id", ""))
        if delivery and delivery in self._taken:
            return
        self._taken[delivery] = True
        self._errands.run(
            self._answer(str(body.get("text", "")), str(body["response_url"]))
        )

    async def _answer(self, text: str, response_url: str) -> None:
        try:
            answer = await self._ask(text)
            message = render(answer, self._now())
        except Exception:
            # The edge: whatever went wrong inside, the person gets an answer.
            log.exception("a question could not be answered")
            message = render(OWN_FAULT, self._now())
        await self._sender.answer(response_url, message)

    def _now(self) -> datetime:
        return self._clock.now().astimezone(self._zone)


async def _ignore(event: dict[str, Any]) -> None:
    log.debug("an event nobody listens to", event_type=event.get("type"))
