"""The runs of a pipeline since the last one that was seen, with those still under way.

What a look shows is the newest run alone. If that is another one than before, there may
be more between the two, which only the vendor's list tells.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from bot.watch.known import LONGEST_RUN, Known
from providers.contract import Look, Provider, RunQuery
from providers.errors import ProviderError
from providers.model import PipelineRef, Run

log = structlog.get_logger(__name__)

MOST_CAUGHT_UP = 100
"""How many runs are read back after a gap; older ones are too old to ring."""

PAGE = 20

_NO_TIME = datetime.min.replace(tzinfo=UTC)


class CatchingUp:
    """Reads back what happened between two looks."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def runs(self, known: Known, newest: Look) -> tuple[Run, ...]:
        """Return the runs since the last one that was seen, the oldest first.

        Args:
            known: what the look before this one has shown.
            newest: what this one shows.

        Raises:
            ProviderError: the list cannot be read now, but may be at the next look.

        """
        if not isinstance(newest, Run):
            return ()
        wanted = known.under_way | ({known.newest} if known.newest else set())
        is_next = bool(wanted) and wanted <= {newest.ref.id}
        # A run that does not say when it began cannot be placed among those of a list,
        # where a vendor may know it by another id (CodeArts Check's newer lists).
        if not known.is_seen or is_next or began(newest) is None:
            return (newest,)
        try:
            listed = await self._read_back(newest, wanted)
            runs = [await self._whole(run, newest, known) for run in listed]
        except ProviderError as error:
            if error.transient:
                raise
            log.warning("runs cannot be listed; the newest counts", why=str(error))
            return (newest,)
        except Exception:
            # A mistake of ours in a list must not keep the newest run from people.
            log.exception("runs cannot be listed", pipeline=str(newest.ref.pipeline))
            return (newest,)
        return tuple(runs)

    async def _read_back(self, newest: Run, wanted: frozenset[str]) -> list[Run]:
        found: dict[str, Run] = {}
        ref = newest.ref.pipeline
        async for page in Pages(self._provider, ref, MOST_CAUGHT_UP):
            found |= {run.ref.id: run for run in page}
            if wanted and wanted <= found.keys():
                break
        listed = found.get(newest.ref.id)
        found[newest.ref.id] = _joined(newest, listed) if listed else newest
        runs = in_order(found.values())
        if not wanted or not wanted <= found.keys():
            return runs
        # What is older than all that is wanted was taken in long since, but for what
        # was begun again meanwhile.
        oldest = next(i for i, run in enumerate(runs) if run.ref.id in wanted)
        again = [run for run in runs[:oldest] if _goes_on(run, newest)]
        return [*again, *runs[oldest:]]

    async def _whole(self, run: Run, newest: Run, known: Known) -> Run:
        """Return a listed run with its branch, where only the full answer tells it.

        Without one it would be compared with other runs than its own branch's.
        https://help.aliyun.com/zh/yunxiao/developer-reference/listpipelineruns
        """
        if run.branch is not None or newest.branch is None:
            return run
        if gist := known.gists.get(run.ref.id):
            return replace(run, branch=gist[-1])
        full = await self._provider.get_run(run.ref)
        return replace(run, branch=full.branch, trigger=run.trigger or full.trigger)


def _joined(look: Run, listed: Run) -> Run:
    """Return one run of two answers: the list came later, the look may say more."""
    return replace(
        listed,
        branch=listed.branch or look.branch,
        trigger=listed.trigger or look.trigger,
    )


def _goes_on(run: Run, newest: Run) -> bool:
    at, last = began(run), began(newest)
    is_young = at is not None and last is not None and last - at <= LONGEST_RUN
    return run.state.is_under_way and is_young


class Pages:
    """The pages of a pipeline's list of runs, the newest first.

    They end with the list, with so many runs, or with a page that brings nothing new.

    Raises:
        ProviderError: the next page cannot be read.

    """

    def __init__(self, provider: Provider, pipeline: PipelineRef, most: int) -> None:
        self._provider = provider
        self._pipeline = pipeline
        self._most = most

    async def __aiter__(self) -> AsyncIterator[tuple[Run, ...]]:
        seen: set[str] = set()
        cursor: str | None = None
        while len(seen) < self._most:
            query = RunQuery(pipeline=self._pipeline, limit=PAGE, cursor=cursor)
            page = await self._provider.list_runs(query)
            fresh = {run.ref.id for run in page.items} - seen
            yield page.items
            cursor = page.next
            if cursor is None or not fresh:
                break
            seen |= fresh


def began(run: Run) -> datetime | None:
    """Return when a run began, by the earliest time that is known of it."""
    moments = (run.created_at, run.queued_at, run.started_at)
    return min((moment for moment in moments if moment), default=None)


def in_order(runs: Iterable[Run]) -> list[Run]:
    """Return runs as they began, the oldest first."""
    return sorted(runs, key=lambda run: (began(run) or _NO_TIME, run.number or 0))
