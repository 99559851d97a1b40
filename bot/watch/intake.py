"""What was seen → what is remembered and what is to be said, in one transaction.

State, happenings, verdicts, incidents and the messages that follow are committed
together or not at all. Taking in the same again changes nothing: every happening and
every message has a key of its own, made of what it is about.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from bot.records import Event, Happening, Lineage
from bot.store import Store, StoreError, Tx
from bot.watch.claim import Lost
from bot.watch.lineage import LineageState, lineage_of, pack, unpack
from bot.watch.log_ends import LogEnd
from bot.watch.moving_on import move_on
from bot.watch.overdue import TIMED, overdue, usual_longest
from bot.watch.past import past_of
from bot.watch.storm import STORM_LINE, USUAL, Gale
from bot.watch.targets import Targets, Watched
from bot.watch.telling import Seen, Telling
from bot.watch.transitions import look
from providers.clock import Clock
from providers.model import Run, RunRef, State
from providers.refs import PipelineRef

log = structlog.get_logger(__name__)

ENOUGH_DURATIONS = 200
"""How many good runs say how long one usually takes."""

AT_ONCE = 200
"""How many sightings are kept in one transaction: others wait for the store too."""


Check = Callable[[Tx], Awaitable[None]]
"""Raises `Lost` where what was seen is not to be kept any more."""


async def _always(_: Tx) -> None:
    """Let all be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What one look at a watched pipeline showed."""

    watched: Watched
    runs: tuple[Run, ...]
    unchanged: frozenset[RunRef] = frozenset()
    """Those among them that were seen just so before."""
    logs: Mapping[RunRef, LogEnd] = field(default_factory=dict)
    """The ends of the logs of what failed, where they could be read."""
    has_logs: bool = True
    """Whether its vendor gives out logs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of taking in."""

    channels: frozenset[str] = frozenset()
    """Who has something to say."""
    happened: tuple[Happening, ...] = ()
    failed: frozenset[PipelineRef] = frozenset()
    """The pipelines of which nothing was kept, by a mistake of ours."""

    def __add__(self, other: Taken) -> Taken:
        return Taken(
            channels=self.channels | other.channels,
            happened=self.happened + other.happened,
            failed=self.failed | other.failed,
        )


class Intake:
    """Takes in what was seen."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        targets: Targets,
        shows_log: Callable[[str], bool] = lambda _: True,
        gale: Gale = USUAL,
    ) -> None:
        """Make an intake.

        `shows_log` says which channels want the ends of logs, `gale` when many failures
        are a storm.
        """
        self._store = store
        self._clock = clock
        self._targets = targets
        self._shows_log = shows_log
        self._gale = gale

    async def take_in(
        self, sightings: Sequence[Sighting], check: Check = _always
    ) -> Taken:
        """Take in what was seen; seen again, it is taken in again, and changes nothing.

        Args:
            sightings: what was seen.
            check: whether it may still be kept, asked in each transaction.

        Raises:
            StoreError: not all of it was kept.
            Lost: not all of it was kept, since somebody else has looked meanwhile.

        """
        taken = Taken()
        for start in range(0, len(sightings), AT_ONCE):
            taken += await self._one_by_one(sightings[start : start + AT_ONCE], check)
        return taken

    async def _one_by_one(self, sightings: Sequence[Sighting], check: Check) -> Taken:
        """Take in some together; one that cannot be taken in costs no other."""
        try:
            return await self._take_in(sightings, check)
        except (StoreError, Lost):
            raise
        except Exception:
            log.exception("what was seen could not be taken in", count=len(sightings))
            if len(sightings) == 1:
                return Taken(
                    failed=frozenset(s.watched.pipeline.ref for s in sightings)
                )
        taken = Taken()
        for sighting in sightings:
            taken += await self._one_by_one([sighting], check)
        return taken

    async def _take_in(self, sightings: Sequence[Sighting], check: Check) -> Taken:
        now = self._clock.now()
        async with self._store.write() as tx:
            await check(tx)
            telling = self._telling(tx, now)
            memory = await _Memory.of(tx, sightings)
            happened = [
                [*memory.take_in(sighting, now), *await _overdue(tx, sighting, now)]
                for sighting in sightings
            ]
            # Kept before they are judged: verdicts and incidents point at them.
            fresh = await tx.happenings.add(one for some in happened for one in some)
            changed = [
                run
                for sighting in sightings
                for run in sighting.runs
                if run.ref not in sighting.unchanged
            ]
            await tx.runs.add(past_of(run, now) for run in changed)
            for sighting, some in zip(sightings, happened, strict=True):
                new = [one for one in some if one.key in fresh]
                runs = {run.ref.id: run for run in sighting.runs}
                seen = Seen(runs, sighting.logs, sighting.has_logs)
                await telling.tell(sighting.watched, new, seen)
            await telling.gather_storms()
            edited = await move_on(tx, changed, now)
            await tx.lineages.save(memory.changed(), now)
        new = [one for some in happened for one in some if one.key in fresh]
        return Taken(channels=telling.channels | edited, happened=tuple(new))

    def _telling(self, tx: Tx, now: datetime) -> Telling:
        return Telling(tx, self._targets, now, self._shows_log, self._gale)

    async def sweep_storms(self) -> frozenset[str]:
        """End the storms that are over; return the channels that are told so.

        One that cannot be gathered keeps no other from its end.
        """
        async with self._store.read() as tx:
            storms = await tx.incidents.open_on(STORM_LINE)
        told = frozenset[str]()
        for storm in storms:
            connection = storm.lineage.pipeline.connection
            try:
                async with self._store.write() as tx:
                    telling = self._telling(tx, self._clock.now())
                    await telling.gather_storm(storm.channel, connection)
                told |= telling.channels
            except StoreError:
                raise
            except Exception:
                log.exception("a storm could not be gathered", connection=connection)
        return told


@dataclass(slots=True)
class _Memory:
    """What the lineages of some pipelines remember, before and after."""

    before: Mapping[Lineage, str]
    states: dict[Lineage, LineageState]
    since: Mapping[PipelineRef, datetime]
    """When a pipeline was first looked at: a new branch of it is no first sight."""

    @classmethod
    async def of(cls, tx: Tx, sightings: Iterable[Sighting]) -> _Memory:
        refs = {sighting.watched.pipeline.ref for sighting in sightings}
        before = await tx.lineages.load(refs)
        states = {lineage: unpack(text) for lineage, text in before.items()}
        since: dict[PipelineRef, datetime] = {}
        for lineage, state in states.items():
            if state.since is not None:
                earliest = since.get(lineage.pipeline, state.since)
                since[lineage.pipeline] = min(earliest, state.since)
        return cls(before, states, since)

    def take_in(self, sighting: Sighting, now: datetime) -> list[Happening]:
        """Return what happened, by what a look showed."""
        pipeline = sighting.watched.pipeline.ref
        known = self.since.get(pipeline)
        happened: list[Happening] = []
        lines: dict[Lineage, list[Run]] = {}
        for run in sighting.runs:
            lines.setdefault(lineage_of(run), []).append(run)
        if not sighting.runs and known is None:
            # It has never run: that it was looked at is what counts, once it does.
            lines[Lineage(pipeline, "")] = []
        for lineage, runs in lines.items():
            step = look(
                self.states.get(lineage) or LineageState(since=known), runs, now
            )
            self.states[lineage] = step.state
            happened += step.happenings
        return happened

    def changed(self) -> Mapping[Lineage, str]:
        """Return the states that are not what they were."""
        packed = {lineage: pack(state) for lineage, state in self.states.items()}
        return {
            lineage: text
            for lineage, text in packed.items()
            if self.before.get(lineage) != text
        }


async def _overdue(tx: Tx, sighting: Sighting, now: datetime) -> list[Happening]:
    """Return which runs are stuck or slow, by the measure of each watch."""
    watches = [w for w in sighting.watched.watches if w.on & TIMED]
    goes_by_history = any(w.longer is None and Event.SLOW in w.on for w in watches)
    found: dict[str, Happening] = {}
    for run in sighting.runs if watches else ():
        usual = None
        if run.state is State.RUNNING and goes_by_history:
            pipeline, most = run.ref.pipeline, ENOUGH_DURATIONS
            usual = usual_longest(
                await tx.runs.durations(pipeline, run.branch, limit=most)
            )
        for watch in watches:
            late = overdue(run, watch, now, usual)
            if late is not None:
                found.setdefault(late.key, late)
    return list(found.values())
