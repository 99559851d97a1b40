"""What one look at a connection shows, beyond what the one before it showed.

However many watch a pipeline, it is read once. What has not changed since the last look
costs nothing more; what has is read back to the last run that was seen, so that runs
between two looks are not lost, and failed runs are read in full for their cards.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import structlog

from bot.records import Follow, Watch
from bot.store import Store
from bot.watch.below import Below
from bot.watch.catching_up import CatchingUp, in_order
from bot.watch.covering import Covering
from bot.watch.details import read_failures
from bot.watch.following import Followed
from bot.watch.intake import Sighting
from bot.watch.known import LONGEST_RUN, NEVER_SEEN, Known
from bot.watch.overdue import TIMED
from bot.watch.targets import Coverage, Targets, Watched
from bot.watch.unreadable import Sight
from providers.clock import Clock
from providers.contract import (
    CONCERNS_THE_CONNECTION,
    Capability,
    Look,
    Provider,
)
from providers.errors import NotFound, ProviderError, RateLimited
from providers.model import Pipeline, PipelineRef, Run, RunRef, State

log = structlog.get_logger(__name__)

MOST_FOLLOWED = 20
"""How many followed runs are read in one look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a look at a connection showed."""

    sightings: tuple[Sighting, ...] = ()
    """Of the pipelines of which there is news."""
    known: Mapping[PipelineRef, Known]
    """What is known of those, once the sightings are kept."""
    sight: Sight
    """Which pipelines were looked at, and which of them could not be read."""
    matched: frozenset[str] = frozenset()
    """The ids of the watches that mean at least one pipeline."""
    is_busy: bool = False
    """Whether something is under way, so that the next look should come soon."""
    trouble: ProviderError | None = None
    """Why not all could be read, where that asks for more patience."""


class Looking:
    """Looks at the watched pipelines of one connection."""

    def __init__(
        self, provider: Provider, store: Store, clock: Clock, targets: Targets
    ) -> None:
        self._provider = provider
        self._store = store
        self._clock = clock
        self._covering = Covering(provider, clock, targets)
        self._catching_up = CatchingUp(provider)
        self._below = Below(provider, store, clock)
        self._coverage = Coverage({}, frozenset())
        self._gone: dict[PipelineRef, Pipeline] = {}
        self._known: dict[PipelineRef, Known] = {}

    async def look(self, watches: Sequence[Watch]) -> Seen:
        """Look at all that is watched of the connection.

        Args:
            watches: those that may mean one of its pipelines; the very same object as
                before where nothing about them has changed.

        Raises:
            ProviderError: nothing could be seen of it.

        """
        covered = await self._cover(watches)
        watched = covered.watched
        if not watched:
            sight = Sight(gone=self._gone)
            return Seen(known={}, sight=sight, matched=covered.matched)
        await self._remember(watched.keys() - self._known.keys())
        looks = await self._provider.latest_runs(watched.keys())
        errors = {r: e for r, e in looks.items() if isinstance(e, ProviderError)}
        if len(errors) == len(watched) and (why := _blind_by(errors.values())):
            raise why
        news = [ref for ref in watched if self._is_news(ref, looks.get(ref), watched)]
        runs, late = await self._catch_up(news, looks)
        first = [ref for ref in watched if not self._known[ref].is_seen]
        below = await self._below.look(looks, first)
        runs |= {
            r: _joined(runs.get(r, ()), b, looks[r]) for r, b in below.runs.items()
        }
        errors |= late
        failed = (*errors.values(), *below.errors.values())
        trouble = next((e for e in failed if _asks_for_patience(e)), None)
        for error in list(errors.values())[:1]:
            log.warning("some pipelines cannot be read", why=str(error))
        return Seen(
            sightings=tuple(await self._sightings(runs, watched)),
            known={ref: Known.of(looks.get(ref), found) for ref, found in runs.items()},
            sight=Sight(watched=watched, errors=errors, gone=self._gone),
            matched=covered.matched,
            is_busy=any(
                isinstance(f, Run) and f.state.is_under_way
                for f in chain(looks.values(), *below.runs.values())
            ),
            trouble=trouble,
        )

    async def look_at(self, follows: Sequence[Follow]) -> list[Followed]:
        """Return how the followed runs stand; those that cannot be read just now aside.

        Raises:
            ProviderError: nothing could be seen of the connection.

        """
        if not follows:
            return []
        names = {p.ref: p for p in await self._covering.pipelines()}
        runs = list(dict.fromkeys(follow.run for follow in follows))[:MOST_FOLLOWED]
        read = dict(
            zip(runs, await asyncio.gather(*map(self._followed, runs)), strict=True)
        )
        return [
            Followed(
                follow,
                names.get(ref) or Pipeline(ref=ref, name=ref.id),
                found,
                has_logs=Capability.READ_LOG in self._provider.can,
            )
            for follow in follows
            for ref in [follow.run.pipeline]
            if follow.run in read
            and not isinstance(found := read[follow.run], ProviderError)
        ]

    async def _followed(self, ref: RunRef) -> Run | ProviderError | None:
        try:
            return await self._provider.get_run(ref)
        except NotFound:
            return None
        except ProviderError as error:
            log.info("a followed run cannot be read", why=str(error))
            return error

    def took_in(self, seen: Seen, *, except_for: Collection[PipelineRef] = ()) -> None:
        """Remember what was seen, now that it is kept; until then it stays news."""
        self._known |= {r: k for r, k in seen.known.items() if r not in except_for}
        self._below.forget(except_for)
        self._gone = {}

    def shows_news(self, looks: Mapping[PipelineRef, Look]) -> bool:
        """Return whether somebody else's look shows what ours did not."""
        known = self._known
        return any(
            ref in known and isinstance(found, Run) and not known[ref].has(found)
            for ref, found in looks.items()
        )

    async def _cover(self, watches: Sequence[Watch]) -> Coverage:
        found = await self._covering.of(watches)
        if found is not self._coverage:
            gone = self._coverage.watched.keys() - found.watched.keys()
            if gone:
                gone -= {pipeline.ref for pipeline in await self._covering.pipelines()}
            self._gone |= {r: self._coverage.watched[r].pipeline for r in gone}
            # What is watched no more may be so again: then it is taken up anew.
            self._known = {r: k for r, k in self._known.items() if r in found.watched}
            self._coverage = found
        return found

    async def _remember(self, refs: Collection[PipelineRef]) -> None:
        """Take up where the process before this one, or another replica, has left."""
        if not refs:
            return
        since = self._clock.now() - LONGEST_RUN
        async with self._store.read() as tx:
            newest = await tx.runs.newest_of(refs)
            under_way = await tx.runs.under_way(refs, since)
            looked_at = await tx.lineages.looked_at(refs)
        open_ones: dict[PipelineRef, list[Known]] = {}
        for past in under_way:
            open_ones.setdefault(past.ref.pipeline, []).append(Known.of_past(past))
        for ref in refs:
            known = NEVER_SEEN
            if ref in newest:
                known = Known.of_past(newest[ref])
            elif ref in looked_at:
                known = Known.of(None, ())
            self._known[ref] = known.with_open(open_ones.get(ref, ()))

    def _is_news(
        self, ref: PipelineRef, found: Look, watched: Mapping[PipelineRef, Watched]
    ) -> bool:
        """Return whether a look shows what the one before it did not, or may."""
        known = self._known.get(ref, NEVER_SEEN)
        if not isinstance(found, Run):
            return found is None and not known.is_seen
        # An older run that is under way still is not what the look shows.
        if not known.has(found) or known.under_way - {found.ref.id}:
            return True
        # Nothing changes about what is stuck: that is just what is to be noticed.
        return found.state.is_under_way and _is_timed(watched[ref])

    async def _catch_up(
        self, news: Sequence[PipelineRef], looks: Mapping[PipelineRef, Look]
    ) -> tuple[dict[PipelineRef, tuple[Run, ...]], dict[PipelineRef, ProviderError]]:
        """Return what is new by pipeline, and why some have to wait for another look.

        What fails of one pipeline costs no other.
        """

        async def one(ref: PipelineRef) -> tuple[Run, ...] | ProviderError:
            try:
                return await self._catching_up.runs(self._known[ref], looks.get(ref))
            except ProviderError as error:
                return error

        found = await asyncio.gather(*(one(ref) for ref in news))
        by_ref = dict(zip(news, found, strict=True))
        return (
            {r: f for r, f in by_ref.items() if not isinstance(f, ProviderError)},
            {r: f for r, f in by_ref.items() if isinstance(f, ProviderError)},
        )

    async def _sightings(
        self,
        found: Mapping[PipelineRef, tuple[Run, ...]],
        watched: Mapping[PipelineRef, Watched],
    ) -> list[Sighting]:
        details = await read_failures(
            self._provider,
            [
                run
                for ref, runs in found.items()
                for run in runs
                if run.state is State.FAILED and self._known[ref].is_news(run)
            ],
        )
        sightings = []
        for ref, runs in found.items():
            known = self._known[ref]
            unchanged = frozenset(run.ref for run in runs if known.has(run))
            if runs and len(unchanged) == len(runs) and not _is_timed(watched[ref]):
                continue
            sightings.append(
                Sighting(
                    watched=watched[ref],
                    runs=tuple(details.runs.get(run.ref, run) for run in runs),
                    unchanged=unchanged,
                    logs=details.logs,
                    has_logs=Capability.READ_LOG in self._provider.can,
                )
            )
        return sightings


def _joined(
    caught_up: Sequence[Run], below: Sequence[Run], newest: Look
) -> tuple[Run, ...]:
    """Return the runs of two lists, and the newest; what lay below was read last."""
    last = (newest,) if isinstance(newest, Run) else ()
    return tuple(in_order({r.ref.id: r for r in (*last, *caught_up, *below)}.values()))


def _is_timed(watched: Watched) -> bool:
    return any(watch.on & TIMED for watch in watched.watches)


def _blind_by(errors: Collection[ProviderError]) -> ProviderError | None:
    """Return why nothing is seen of the connection, where not one could be read.

    Pipelines that are not there are just that: the vendor has answered.
    """
    for error in errors:
        if isinstance(error, CONCERNS_THE_CONNECTION):
            return error
    return next((e for e in errors if not isinstance(e, NotFound)), None)


def _asks_for_patience(error: ProviderError) -> bool:
    return isinstance(error, RateLimited)
