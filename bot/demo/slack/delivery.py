"""Telling the app that something happened, and what it said to that.

https://docs.slack.dev/apis/events-api/#retries — an event that was not taken within
three seconds is sent three times more; commands and interactions are sent once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal, Protocol

from bot.demo.slack.messages import Message
from bot.demo.slack.state import State

Kind = Literal["slash_commands", "interactive", "events_api"]

PATIENCE = 3.0
"""Seconds within which everything has to be acknowledged."""
RETRY_WAITS = (timedelta(), timedelta(minutes=1), timedelta(minutes=5))


@dataclass(frozen=True, slots=True)
class Envelope:
    """One thing to be told."""

    kind: Kind
    payload: dict[str, Any]
    retry_num: int = 0
    retry_reason: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: `failure` is the word of `x-slack-retry-reason`, or None."""

    body: Any = None
    status: int | None = None
    failure: str | None = None
    wants_no_retry: bool = False


class Way(Protocol):
    """A way to reach the app: its request URL, or its sockets."""

    async def send(self, envelope: Envelope) -> Reply:
        """Tell the app, and return what it said; never raises, never gives up."""


@dataclass(frozen=True, slots=True)
class Ack:
    """The record of one delivery."""

    envelope: Envelope
    ts: str
    """The workspace's stamp at the moment of the act: answers are later than this."""
    body: Any = None
    """What the acknowledgement carried: a JSON object, a text, or None."""
    status: int | None = None
    """The HTTP status, where the delivery was a request."""
    took: timedelta = timedelta()
    error: str | None = None
    """What the person sees instead of an answer: `operation_timeout` after three
    seconds, `dispatch_failed`, or what is wrong with the answer."""
    failure: str | None = None
    """For an event: why it counts as not delivered."""
    message: Message | None = None
    """What the person said, or what the acknowledgement made the app say."""

    @property
    def payload(self) -> dict[str, Any]:
        """What the app was told."""
        return self.envelope.payload


class Courier:
    """Delivers, keeps a record of every attempt, and repeats what has to be."""

    def __init__(self, state: State, way: Callable[[], Way]) -> None:
        self._state = state
        self._way = way
        self._errands: set[asyncio.Task[None]] = set()
        self.patience = PATIENCE
        self.attempts: list[Ack] = []

    async def deliver(self, envelope: Envelope, ts: str | None = None) -> Ack:
        """Tell the app once, and wait for its acknowledgement."""
        ts = ts or self._state.workspace.stamp()
        loop = asyncio.get_running_loop()
        start = loop.time()
        try:
            async with asyncio.timeout(self.patience):
                reply = await self._way().send(envelope)
        except TimeoutError:
            reply = Reply(failure="http_timeout")
        ack = Ack(
            envelope,
            ts,
            body=reply.body,
            status=reply.status,
            took=timedelta(seconds=loop.time() - start),
            error=_seen_by_person(reply.failure),
            failure=reply.failure,
        )
        self.attempts.append(ack)
        self._state.changes.announce()
        if reply.failure and envelope.kind == "events_api":
            self._repeat(ack, stop=reply.wants_no_retry)
        return ack

    async def redeliver(self, ack: Ack) -> Ack:
        """Tell the app again what it was told before, as Slack does in error."""
        again = replace(
            ack.envelope,
            retry_num=ack.envelope.retry_num + 1,
            retry_reason=ack.failure or "http_timeout",
        )
        return await self.deliver(again, ack.ts)

    async def close(self) -> None:
        """Give up what is still to be repeated."""
        for errand in self._errands:
            errand.cancel()
        await asyncio.gather(*self._errands, return_exceptions=True)

    def _repeat(self, ack: Ack, *, stop: bool) -> None:
        if stop or ack.envelope.retry_num >= len(RETRY_WAITS):
            return
        self._run(self._wait_and_redeliver(ack))

    async def _wait_and_redeliver(self, ack: Ack) -> None:
        await self._state.clock.sleep(RETRY_WAITS[ack.envelope.retry_num])
        await self.redeliver(ack)

    def _run(self, errand: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)


def _seen_by_person(failure: str | None) -> str | None:
    if failure is None:
        return None
    return "operation_timeout" if failure == "http_timeout" else "dispatch_failed"
