"""Reading from providers: asked once for many, remembered for a little while.

However many people ask at once, a provider is asked once (single flight), and for some
seconds not again (cachetools). While it fails, the last known answer is handed out with
its age and with the error: never instead of it.
"""

from __future__ import annotations

import asyncio
import copy
import math
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from cachetools import TTLCache

from bot.readings import Ages, Key, Question, Reading
from providers.errors import BadAnswer, ProviderError, Unavailable

if TYPE_CHECKING:
    from providers.clock import Clock
    from providers.contract import Look, Page, Provider, RunQuery
    from providers.model import (
        Identity,
        LogTail,
        Pipeline,
        PipelineRef,
        Run,
        RunRef,
    )

log = structlog.get_logger(__name__)

T = TypeVar("T")

MOST_KEPT = 2000
"""How many answers are remembered of each sort."""

MOST_LOOKS = 20_000
"""How many pipelines' latest runs are remembered for when a provider fails."""

MOST_PIPELINES = 500
"""How many pipelines of a connection are looked at."""


class Reader:
    """Coalesced, cached reads over the providers, by the names of their connections."""

    def __init__(
        self,
        providers: Mapping[str, Provider],
        *,
        clock: Clock,
        ages: Ages | None = None,
        patience: timedelta = timedelta(seconds=15),
    ) -> None:
        self.providers = providers
        self._clock = clock
        self._ages = ages or Ages()
        self._patience = patience
        self._fresh: dict[timedelta, TTLCache[Key, Reading[Any]]] = {}
        self._last: TTLCache[Key, Reading[Any]] = self._cache(self._ages.stale)
        self._failing: dict[tuple[str, str], tuple[type[ProviderError], datetime]] = {}
        # By pipeline, since the next question may be about others of the connection.
        self._looks: TTLCache[PipelineRef, tuple[Look, datetime]] = self._keep(
            MOST_LOOKS, self._ages.stale
        )
        self._flights: dict[Key, asyncio.Task[Reading[Any]]] = {}
        self._question = Question(heard=None)
        self._listeners: list[Callable[[str, Mapping[PipelineRef, Look]], None]] = []

    def listen(self, hear: Callable[[str, Mapping[PipelineRef, Look]], None]) -> None:
        """Have every look at latest runs told, as it comes: a question is a look."""
        self._listeners.append(hear)

    def until(self, patience: timedelta) -> Reader:
        """Return a view for one question that is in a hurry; all else is shared.

        What has not come within `patience` from now is pending: not a failure, with
        the last known value where there is one. `waiting_for` then says of whom.
        """
        deadline = asyncio.get_running_loop().time() + patience.total_seconds()
        return self._asked(Question(heard={}, deadline=deadline))

    def patiently(self) -> Reader:
        """Return a view for the same question put again, with all patience.

        What the hurried view has heard stays as it was heard, good or bad, and what it
        has begun to read is waited for.
        """
        return self._asked(replace(self._question, deadline=None))

    @property
    def waiting_for(self) -> tuple[str, ...]:
        """The connections that did not answer this view in time."""
        return tuple(self._question.missed)

    @property
    def time_left(self) -> float:
        """How many seconds of its hurry this view has left; infinite without one."""
        if self._question.deadline is None:
            return math.inf
        now = asyncio.get_running_loop().time()
        return max(0, self._question.deadline - now)

    async def pipelines(self, connection: str) -> Reading[Page[Pipeline]]:
        """Return the pipelines of a connection, `MOST_PIPELINES` at the most.

        In a hurry they may take half of the time: of those that are there, more will
        be asked.
        """
        return await self._read(
            ("pipelines", connection),
            self._ages.pipelines,
            lambda: self.providers[connection].list_pipelines(limit=MOST_PIPELINES),
            share=0.5,
        )

    async def latest(
        self, connection: str, refs: Collection[PipelineRef]
    ) -> Reading[Mapping[PipelineRef, Look]]:
        """Return the latest run of each of a connection's pipelines.

        While the provider fails, the value has those pipelines only of which a latest
        run is known, and `read_at` is the age of the oldest of them.
        """

        async def look() -> Mapping[PipelineRef, Look]:
            looks = await self.providers[connection].latest_runs(refs)
            now = self._clock.now()
            self._looks.update({ref: (found, now) for ref, found in looks.items()})
            for hear in self._listeners:
                hear(connection, looks)
            return looks

        reading = await self._read(
            ("latest", connection, frozenset(refs)), self._ages.latest, look
        )
        if reading.error is None:
            return reading
        known = {ref: self._looks[ref] for ref in refs if ref in self._looks}
        return Reading(
            value={ref: found for ref, (found, _) in known.items()} or None,
            read_at=min((read_at for _, read_at in known.values()), default=None),
            error=reading.error,
            failing_since=reading.failing_since,
            is_pending=reading.is_pending,
        )

    async def runs(self, query: RunQuery) -> Reading[Page[Run]]:
        """Return a page of a pipeline's runs."""
        return await self._read(
            ("runs", query.pipeline.connection, query),
            self._ages.runs,
            lambda: self.providers[query.pipeline.connection].list_runs(query),
        )

    async def run(self, ref: RunRef) -> Reading[Run]:
        """Return one run in full."""
        return await self._read(
            ("run", ref.pipeline.connection, ref),
            self._ages.run,
            lambda: self.providers[ref.pipeline.connection].get_run(ref),
        )

    async def check(self, connection: str) -> Reading[Identity]:
        """Return who a connection is to its vendor."""
        return await self._read(
            ("check", connection),
            self._ages.runs,
            self.providers[connection].check,
        )

    async def log(self, ref: RunRef, log: str, *, lines: int) -> Reading[LogTail]:
        """Return the last lines of a task's log."""
        return await self._read(
            ("log", ref.pipeline.connection, ref, log, lines),
            self._ages.run,
            lambda: self.providers[ref.pipeline.connection].read_log(
                ref, log, lines=lines
            ),
        )

    async def close(self) -> None:
        """Give up what is still being read."""
        flights = tuple(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    def _asked(self, question: Question) -> Reader:
        view = copy.copy(self)
        view._question = question  # noqa: SLF001 - one of our own
        return view

    async def _read(
        self,
        key: Key,
        age: timedelta,
        ask: Callable[[], Awaitable[T]],
        *,
        share: float = 1,
    ) -> Reading[T]:
        heard = self._question.heard
        if heard is not None and key in heard:
            return heard[key]
        reading = await self._ask(key, age, ask, self.time_left * share)
        if heard is not None and not reading.is_pending:
            heard[key] = reading
        return reading

    async def _ask(
        self, key: Key, age: timedelta, ask: Callable[[], Awaitable[T]], left: float
    ) -> Reading[T]:
        if (known := self._cache_of(age).get(key)) is not None:
            return known
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(self._fly(key, age, ask))
            self._flights[key] = flight
            flight.add_done_callback(lambda _: self._flights.pop(key, None))
        # One who gives up does not take the answer from the others, nor from the cache.
        patience = self._patience.total_seconds()
        done, _ = await asyncio.wait({flight}, timeout=min(patience, left))
        if done:
            return flight.result()
        if left < patience:
            return self._pending(key)
        return self._failed(key, self._still_waiting(key))

    def _pending(self, key: Key) -> Reading[Any]:
        _, connection = _sort(key)
        self._question.missed[connection] = None
        last = self._last.get(key)
        return Reading(
            value=last.value if last else None,
            read_at=last.read_at if last else None,
            error=self._still_waiting(key),
            is_pending=True,
        )

    async def _fly(
        self, key: Key, age: timedelta, ask: Callable[[], Awaitable[T]]
    ) -> Reading[T]:
        try:
            value = await ask()
        except ProviderError as error:
            return self._failed(key, error)
        except Exception:
            # A mistake of ours about one vendor must not take the others' answers away.
            log.exception("a provider failed in an unforeseen way", asked=str(key))
            return self._failed(key, _our_fault(key))
        reading = Reading(value=value, read_at=self._clock.now())
        self._cache_of(age)[key] = reading
        self._last[key] = reading
        self._failing.pop(_sort(key), None)
        return reading

    def _failed(self, key: Key, error: ProviderError) -> Reading[Any]:
        # Other trouble than before begins now; that of one question is that of all.
        kind, since = self._failing.get(_sort(key), (type(error), self._clock.now()))
        since = since if kind is type(error) else self._clock.now()
        self._failing[_sort(key)] = (type(error), since)
        last = self._last.get(key)
        return Reading(
            value=last.value if last else None,
            read_at=last.read_at if last else None,
            error=error,
            failing_since=since,
        )

    def _still_waiting(self, key: Key) -> Unavailable:
        operation, connection = _sort(key)
        return Unavailable(
            f"no answer yet after {self._patience.total_seconds():g} s; still asking",
            connection=connection,
            operation=operation,
            advice="Ask again in a moment: the answer may be there by then.",
        )

    def _cache_of(self, age: timedelta) -> TTLCache[Key, Reading[Any]]:
        if age not in self._fresh:
            self._fresh[age] = self._cache(age)
        return self._fresh[age]

    def _cache(self, age: timedelta) -> TTLCache[Key, Reading[Any]]:
        return self._keep(MOST_KEPT, age)

    def _keep(self, most: int, age: timedelta) -> TTLCache[Any, Any]:
        return TTLCache(
            most,
            ttl=age.total_seconds(),
            timer=lambda: self._clock.now().timestamp(),
        )


def _sort(key: Key) -> tuple[str, str]:
    """Return what a key asks, and of which connection."""
    return str(key[0]), str(key[1])


def _our_fault(key: Key) -> BadAnswer:
    operation, connection = _sort(key)
    return BadAnswer(
        "Runbell could not make sense of it; its log says more",
        connection=connection,
        operation=operation,
        advice="This is a mistake in Runbell: please report it with the log.",
    )
