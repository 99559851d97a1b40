"""Slack as the courier sees it, played from a script, with a ledger of what it took."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from itertools import count

from bot.render.message import Message
from bot.watch.posting import REQUEST, Found, Outcome, Result, mark
from tests.fakes.clock import FakeClock


class Crash(BaseException):
    """The process dies here."""


class Act(Enum):
    """How Slack, or the line to it, takes the next call."""

    OK = "ok"
    LIMITED = "429"
    UNREACHABLE = "no connection"
    FAILED = "500, nothing taken"
    FAILED_AFTER = "500, but taken"
    TIMED_OUT = "no answer, nothing taken"
    TIMED_OUT_AFTER = "no answer, but taken"
    LATE = "no answer, and taken a while later"
    REFUSED = "refused for what it holds"
    CRASH = "the process dies before it is taken"
    CRASH_AFTER = "the process dies after it was taken"


TAKEN = frozenset({Act.OK, Act.FAILED_AFTER, Act.TIMED_OUT_AFTER, Act.CRASH_AFTER})
SLOW = frozenset({Act.TIMED_OUT, Act.TIMED_OUT_AFTER, Act.LATE})
LATENESS = timedelta(seconds=4)
"""After the time-out; still within SETTLE."""

ANSWERS = {
    Act.LIMITED: Outcome(
        result=Result.NOT_SENT,
        error="ratelimited",
        retry_after=timedelta(seconds=7),
    ),
    Act.UNREACHABLE: Outcome(result=Result.NOT_SENT, error="ClientConnectorError"),
    Act.REFUSED: Outcome(result=Result.BAD_MESSAGE, error="invalid_blocks"),
}
UNKNOWN = Outcome(result=Result.UNKNOWN, error="TimeoutError")


@dataclass
class Posted:
    """A message in the ledger; `said` holds all that it ever said."""

    channel: str
    ts: str
    key: str
    thread: str | None
    with_metadata: bool
    said: list[Message] = field(default_factory=list)
    is_deleted: bool = False


@dataclass
class _Late:
    due: float
    call: Iterator[None]


class SlackLedger:
    """Satisfies `bot.watch.posting.Poster`."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._stamps = count(1)
        self._late: list[_Late] = []
        self.script: list[Act] = []
        self.searches: list[Outcome] = []
        """What the next look-ups come to, instead of an answer."""
        self.closed: dict[str, Outcome] = {}
        """What every call for a channel is answered with; looks, by a bad install."""
        self.meanwhile: Callable[[], Awaitable[None]] | None = None
        """What goes on elsewhere while a call is on its way."""
        self.closed_threads = False
        """Whether Slack takes no replies."""
        self.messages: list[Posted] = []
        self.refusals: list[str] = []
        self.calls: list[tuple[str, str]] = []
        self.looked: list[str] = []

    async def post(
        self,
        channel: str,
        message: Message,
        *,
        key: str,
        thread: str | None,
        with_metadata: bool,
    ) -> Outcome:
        self.calls.append(("post", key))
        await self._meanwhile()
        if thread and self.closed_threads:
            word = "restricted_action_non_threadable_channel"
            return Outcome(result=Result.BAD_THREAD, error=word)
        if thread and self._live(thread) is None:
            return Outcome(result=Result.GONE, error="thread_not_found")
        posted = Posted(channel, "", key, thread, with_metadata, [message])

        def take() -> Iterator[None]:
            stamp = self._clock.now().timestamp()
            posted.ts = f"{stamp:.0f}.{next(self._stamps):06d}"
            self.messages.append(posted)
            yield

        outcome = self._carry(channel, key, take())
        if outcome.result is Result.SENT:
            return Outcome(result=Result.SENT, ts=posted.ts)
        return outcome

    async def update(self, channel: str, ts: str, message: Message) -> Outcome:
        self.calls.append(("update", ts))
        await self._meanwhile()
        posted = self._live(ts)
        if posted is None:
            return Outcome(result=Result.GONE, error="message_not_found")

        def take() -> Iterator[None]:
            posted.said.append(message)
            yield

        outcome = self._carry(channel, ts, take())
        if outcome.result is Result.SENT:
            return Outcome(result=Result.SENT, ts=ts)
        return outcome

    async def find(
        self,
        channel: str,
        keys: Collection[str],
        *,
        oldest: str,
        thread: str | None,
    ) -> Found:
        self._arrive()
        self.looked.append(channel)
        if self.searches:
            return Found(ts={}, trouble=self.searches.pop(0))
        closed = self.closed.get(channel)
        if closed is not None and closed.result is Result.BAD_INSTALL:
            return Found(ts={}, trouble=closed)
        found = {}
        for posted in self.messages:
            is_there = posted.channel == channel and posted.thread == thread
            if is_there and not posted.is_deleted and posted.ts > oldest:
                for key in keys:
                    by_text = mark(key) in posted.said[-1].text
                    by_data = posted.with_metadata and posted.key == key
                    if by_text or by_data:
                        found[key] = posted.ts
        return Found(ts=found)

    def in_channel(self, channel: str) -> list[Posted]:
        """Return what was taken, in Slack's order."""
        self._arrive()
        there = [p for p in self.messages if p.channel == channel]
        return sorted(there, key=lambda p: p.ts)

    async def _meanwhile(self) -> None:
        if self.meanwhile is not None:
            await self.meanwhile()

    def _live(self, ts: str) -> Posted | None:
        self._arrive()
        found = (p for p in self.messages if p.ts == ts and not p.is_deleted)
        return next(found, None)

    def _carry(self, channel: str, about: str, take: Iterator[None]) -> Outcome:
        self._arrive()
        if channel in self.closed:
            return self.closed[channel]
        act = self.script.pop(0) if self.script else Act.OK
        if act in TAKEN:
            next(take)
        if act in SLOW:
            self._clock.move(REQUEST)
        if act is Act.LATE:
            due = (self._clock.now() + LATENESS).timestamp()
            self._late.append(_Late(due, take))
        if act in {Act.CRASH, Act.CRASH_AFTER}:
            raise Crash
        if act is Act.REFUSED:
            self.refusals.append(about)
        if act is Act.OK:
            return Outcome(result=Result.SENT)
        return ANSWERS.get(act, UNKNOWN)

    def _arrive(self) -> None:
        now = self._clock.now().timestamp()
        for late in [late for late in self._late if late.due <= now]:
            self._late.remove(late)
            next(late.call)
