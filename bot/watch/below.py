"""What the newest run hides: older runs that go on, or are run again, below it.

A look shows the newest run of a pipeline alone. Two sorts of news are below it, and
only the vendor's list tells them:

- What was under way already when the pipeline was first looked at. Its list is read
  once, right then.
- What is red, and is run again while a newer run (of another branch) is there. While a
  channel is being told of it, the list is read back to it every few minutes.

Nothing of this costs a request where nothing is red and nothing is new.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from bot.records import PastRun
from bot.store import Store
from bot.watch.catching_up import MOST_CAUGHT_UP, Pages, began, in_order
from bot.watch.failures import is_failure
from bot.watch.known import LONGEST_RUN, Gist, gist_of
from providers.clock import Clock
from providers.contract import Look, Provider
from providers.errors import ProviderError
from providers.model import PipelineRef, Run

log = structlog.get_logger(__name__)

AGAIN = timedelta(minutes=5)
"""How often the list is read back to what is red below the newest run."""

MOST_AT_ONCE = 10
"""Of how many pipelines of a connection in one look; the others are next."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is looked for in a pipeline's list."""

    since: datetime
    """Of runs that nobody has seen, those that ended later than this count."""
    runs: frozenset[str] = frozenset()
    """The ids of the runs to read back to; of none, one page is read."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found below the newest runs."""

    runs: Mapping[PipelineRef, tuple[Run, ...]] = field(default_factory=dict)
    """Those alone that are not as they were; the oldest first."""
    errors: Mapping[PipelineRef, ProviderError] = field(default_factory=dict)
    """Why the lists of some could not be read."""


class Below:
    """Looks below the newest runs of one connection's pipelines, now and then."""

    def __init__(self, provider: Provider, store: Store, clock: Clock) -> None:
        self._provider = provider
        self._store = store
        self._clock = clock
        self._waiting: dict[PipelineRef, _Wanted] = {}
        self._asked_at: datetime | None = None
        self._gone: set[tuple[PipelineRef, str]] = set()
        """Red runs that the list does not show, as far as it is read."""
        self._taken: dict[PipelineRef, dict[str, Gist]] = {}
        """What was found of red pipelines, as the list had it: read in full it may
        look a little different, and would be found again each time."""

    async def look(
        self, looks: Mapping[PipelineRef, Look], first: Iterable[PipelineRef]
    ) -> Found:
        """Return what is news below the newest runs.

        What cannot be read now is tried again with the next turn of its pipeline.

        Args:
            looks: what the look at the newest runs showed.
            first: the pipelines that were never looked at before.

        """
        now = self._clock.now()
        for ref in first:
            if _may_hide(looks.get(ref), now):
                self._waiting.setdefault(ref, _Wanted(now))
        if self._is_turn(now):
            await self._want_what_is_red(looks)
            self._asked_at = now
        if not self._waiting:
            return Found()
        turn = list(self._waiting.items())[:MOST_AT_ONCE]
        for ref, _ in turn:
            del self._waiting[ref]
        found = await asyncio.gather(
            *(self._one(ref, looks.get(ref), wanted) for ref, wanted in turn)
        )
        by_ref = dict(zip((ref for ref, _ in turn), found, strict=True))
        return Found(
            {r: f for r, f in by_ref.items() if f and not isinstance(f, ProviderError)},
            {r: f for r, f in by_ref.items() if isinstance(f, ProviderError)},
        )

    def forget(self, refs: Collection[PipelineRef]) -> None:
        """Find again what was found of these: it could not be kept."""
        for ref in refs:
            self._taken.pop(ref, None)

    def _is_turn(self, now: datetime) -> bool:
        last = self._asked_at
        return last is None or not timedelta() <= now - last < AGAIN

    async def _want_what_is_red(self, looks: Mapping[PipelineRef, Look]) -> None:
        """Have the lists read back to what channels are being told of.

        A run that is the newest shows by itself that it is run again.
        """
        async with self._store.read() as tx:
            incidents = await tx.incidents.open_about(self._provider.connection)
        red: set[PipelineRef] = set()
        for incident in incidents:
            run = incident.latest_run
            newest = looks.get(run.pipeline)
            is_below = isinstance(newest, Run) and newest.ref.id != run.id
            is_red = is_below and is_failure(incident)
            if not is_red or (run.pipeline, run.id) in self._gone:
                continue
            red.add(run.pipeline)
            known = self._waiting.get(run.pipeline, _Wanted(incident.opened_at))
            self._waiting[run.pipeline] = _Wanted(
                min(known.since, incident.opened_at), known.runs | {run.id}
            )
        self._taken = {ref: taken for ref, taken in self._taken.items() if ref in red}

    async def _one(
        self, ref: PipelineRef, newest: Look, wanted: _Wanted
    ) -> tuple[Run, ...] | ProviderError:
        # Without a time it cannot be placed among the runs of a list, where a vendor
        # may know it by another id (CodeArts Check's newer lists).
        if not isinstance(newest, Run) or began(newest) is None:
            return ()
        try:
            return await self._read(ref, newest, wanted)
        except ProviderError as error:
            log.info("runs below the newest cannot be read", why=str(error))
            return error
        except Exception:
            # A mistake of ours in a list must not keep the newest runs from people.
            log.exception("runs below the newest cannot be read", pipeline=str(ref))
            return ()

    async def _read(
        self, ref: PipelineRef, newest: Run, wanted: _Wanted
    ) -> tuple[Run, ...]:
        listed: dict[str, Run] = {}
        async for page in Pages(self._provider, ref, MOST_CAUGHT_UP):
            listed |= {run.ref.id: run for run in page}
            if wanted.runs <= listed.keys():
                break
        self._gone |= {(ref, ident) for ident in wanted.runs - listed.keys()}
        listed.pop(newest.ref.id, None)
        known = await self._known(ref, listed.values())
        taken = self._taken.setdefault(ref, {}) if wanted.runs else {}
        found: list[Run] = []
        for run in in_order(listed.values()):
            past = known.get(run.ref.id)
            if not (_is_news(run, past) if past else self._is_late(run, wanted)):
                continue
            whole = await self._whole(run, newest, past)
            if taken.get(run.ref.id) != gist_of(whole):
                taken[run.ref.id] = gist_of(whole)
                found.append(whole)
        return tuple(found)

    async def _known(
        self, ref: PipelineRef, listed: Iterable[Run]
    ) -> Mapping[str, PastRun]:
        """Return the runs that were seen of a pipeline; of each, its latest attempt."""
        oldest = min((at for run in listed if (at := began(run))), default=None)
        if oldest is None:
            return {}
        async with self._store.read() as tx:
            seen = await tx.runs.of(ref, oldest)
        return {past.ref.id: past for past in sorted(seen, key=lambda p: p.ref.attempt)}

    def _is_late(self, run: Run, wanted: _Wanted) -> bool:
        """Return whether a run that nobody has seen is to be taken in."""
        at = began(run)
        if run.state.is_under_way:
            return at is not None and self._clock.now() - at <= LONGEST_RUN
        return run.finished_at is not None and run.finished_at > wanted.since

    async def _whole(self, run: Run, newest: Run, past: PastRun | None) -> Run:
        """Return a listed run with its branch, where the list does not tell it."""
        if run.branch is not None:
            return run
        if past is not None:
            return replace(run, branch=past.branch)
        if newest.branch is None:
            return run
        full = await self._provider.get_run(run.ref)
        return replace(run, branch=full.branch, trigger=run.trigger or full.trigger)


def _is_news(run: Run, past: PastRun) -> bool:
    """Return whether a run is another sight than when it was kept."""
    before = (past.ref.attempt, past.state, past.finished_at)
    return before != (run.ref.attempt, run.state.value, run.finished_at)


def _may_hide(newest: Look, now: datetime) -> bool:
    """Return whether runs may be under way below this one that would be followed."""
    if not isinstance(newest, Run) or newest.number == 1:
        return False
    at = began(newest)
    return at is not None and now - at <= LONGEST_RUN
