"""What a watch would have rung for: known runs, fed through the watch's own rules."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.answers import Part, Ringing
from bot.commands.describing import OUTCOMES
from bot.commands.gather import in_trouble
from bot.records import Event, Incident, Lineage, Ruling, Watch
from bot.watch.decide import decide
from bot.watch.incident import tell
from bot.watch.lineage import LineageState, ended_at, lineage_of, unpack
from bot.watch.past import run_of
from bot.watch.rules import Situation
from bot.watch.transitions import advance, look
from providers.contract import RunQuery
from providers.model import Reason

if TYPE_CHECKING:
    from bot.commands.gather import Desk
    from providers.model import Pipeline, Run

SPAN = timedelta(days=7)
"""How far back a rehearsal goes."""

MOST_READ = 5
"""Of more pipelines than this, only what the store knows is looked at: one call for
each would use up the budget that the connection has for an hour."""

MOST_KNOWN = 100
"""Of how many pipelines the stored runs are looked at."""

MOST_RUNS = 100
"""How many runs of a pipeline are read."""

NOT_REHEARSED = frozenset({Event.WAITING, Event.STUCK, Event.SLOW})
"""What runs that are over do not tell of any more."""

Histories = Sequence[tuple["Pipeline", Sequence["Run"]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookBack:
    """What would have been rung, and what is not known of it."""

    ringings: tuple[Ringing, ...]
    """Newest first."""
    since: datetime
    notes: tuple[str, ...]
    parts: tuple[Part, ...]
    is_whole: bool
    """Whether all of the window could be looked at: else there may be more."""

    @property
    def is_known(self) -> bool:
        """Whether it says anything: of a part of the window, silence does not."""
        return self.is_whole or bool(self.ringings)

    def sentence(self) -> str:
        """Return how often it would have rung."""
        if not self.is_known:
            return "How often it would have rung is not known."
        last = f"In the last {SPAN.days} days"
        if not self.ringings:
            return f"{last} it would not have rung at all."
        count = len(self.ringings)
        times = "once" if count == 1 else f"{count} times"
        least = "" if self.is_whole else "at least "
        return f"{last} it would have rung {least}{times}."


async def look_back(
    desk: Desk, watch: Watch, pipelines: Sequence[Pipeline]
) -> LookBack:
    """Return what a watch would have rung for in the last days."""
    since = desk.now() - SPAN
    notes: list[str] = []
    parts: dict[str, Part] = {}
    histories, is_whole = (
        await _read(desk, pipelines, since, notes, parts)
        if len(pipelines) <= MOST_READ
        else await _known(desk, pipelines, since, notes)
    )
    if unclear := list(_unclear(watch, histories, since)):
        notes += unclear
        is_whole = False
    if watch.on <= NOT_REHEARSED:
        is_whole = False
    if missing := [event for event in Event if event in watch.on & NOT_REHEARSED]:
        notes.append(
            f"Not rehearsed: {', '.join(missing)}; a run that is over does not show it."
        )
    # Pure, and it may take a while: the bot goes on listening meanwhile.
    ringings = await asyncio.to_thread(rehearse, watch, histories, since)
    return LookBack(
        ringings=ringings,
        since=since,
        notes=tuple(notes),
        parts=tuple(parts.values()),
        is_whole=is_whole,
    )


async def _read(
    desk: Desk,
    pipelines: Sequence[Pipeline],
    since: datetime,
    notes: list[str],
    parts: dict[str, Part],
) -> tuple[Histories, bool]:
    """Return the runs of a few pipelines, and whether that is all of the window."""
    readings = await asyncio.gather(
        *(
            desk.reader.runs(RunQuery(pipeline=p.ref, limit=MOST_RUNS))
            for p in pipelines
        )
    )
    found = []
    is_whole = True
    for pipeline, reading in zip(pipelines, readings, strict=True):
        name = pipeline.ref.connection
        if reading.error:
            parts[name] = in_trouble(desk.reader, name, reading)
        if reading.value is None:
            notes.append(f"The runs of {pipeline.name} could not be read.")
            is_whole = False
            continue
        runs = reading.value.items
        moments = [run.moment for run in runs if run.moment]
        if reading.value.next and moments and min(moments) > since:
            notes.append(
                f"Of {pipeline.name} only the last {len(runs)} runs were read."
            )
            is_whole = False
        found.append((pipeline, runs))
    return found, is_whole


def _unclear(watch: Watch, histories: Histories, since: datetime) -> Iterable[str]:
    """Yield of which pipelines past runs do not say how they ended, where that matters.

    The newest run may tell more than a list of past ones does, so that the watch rings
    all the same.
    """
    if not watch.on & OUTCOMES:
        return
    for pipeline, runs in histories:
        recent = [run for run in runs if run.moment is None or run.moment >= since]
        over = [run for run in recent if run.state.is_over]
        untold = sum(run.reason is Reason.UNVERIFIED for run in over)
        if untold:
            yield (
                f"How they ended is not known of {untold} of {len(over)} past runs of "
                f"{pipeline.name}: these do not count."
            )


async def _known(
    desk: Desk, pipelines: Sequence[Pipeline], since: datetime, notes: list[str]
) -> tuple[Histories, bool]:
    """Return the runs that the store has, and whether it has all of the window."""
    some = pipelines[:MOST_KNOWN]
    notes.append(
        f"It means {len(pipelines)} pipelines: only what I have seen of "
        f"{'them' if len(some) == len(pipelines) else f'the first {len(some)}'} counts."
    )
    if desk.store is None:
        return [], False
    refs = [pipeline.ref for pipeline in some]
    async with desk.store.read() as tx:
        # What came before the window says how it began.
        past = await tx.runs.of_pipelines(refs, since - SPAN)
        lineages = await tx.lineages.load(refs)
    watched: dict[object, datetime] = {}
    for lineage, state in lineages.items():
        began = unpack(state).since or since + SPAN
        watched[lineage.pipeline] = min(began, watched.get(lineage.pipeline, began))
    is_whole = all(ref in watched and watched[ref] <= since for ref in refs)
    runs: dict[object, list[Run]] = {}
    for one in past:
        runs.setdefault(one.ref.pipeline, []).append(run_of(one))
    found = [(p, runs[p.ref]) for p in some if p.ref in runs]
    return found, is_whole and len(some) == len(pipelines)


def rehearse(
    watch: Watch, histories: Histories, since: datetime
) -> tuple[Ringing, ...]:
    """Return what a watch would have rung for since a moment, newest first; pure.

    Everything goes the way that it goes when it is watched; what had ended before that
    moment is the baseline of the first look.
    """
    rehearsed = replace(watch, created_at=since)
    found = [
        ringing
        for pipeline, runs in histories
        for line in _by_lineage(runs).values()
        for ringing in _of_lineage(rehearsed, pipeline, line, since)
    ]
    return tuple(sorted(found, key=lambda ringing: ringing.at, reverse=True))


def _by_lineage(runs: Iterable[Run]) -> Mapping[Lineage, list[Run]]:
    lines: dict[Lineage, list[Run]] = {}
    for run in runs:
        if run.state.is_over and (ended_at(run) or run.moment):
            lines.setdefault(lineage_of(run), []).append(run)
    return lines


def _of_lineage(
    watch: Watch,
    pipeline: Pipeline,
    runs: Sequence[Run],
    since: datetime,
) -> Iterable[Ringing]:
    ordered = sorted(runs, key=_ended)
    before = [run for run in ordered if _ended(run) < since]
    state = LineageState(since=since)
    if before:
        state = look(LineageState(), before, since).state
    by_ref = {run.ref: run for run in ordered}
    incident: Incident | None = None
    rang: dict[object, set[Event]] = {}
    for run in ordered[len(before) :]:
        now = _ended(run)
        step = advance(state, run, now)
        state = step.state
        for happening in step.happenings:
            about = by_ref.get(happening.run, run)
            situation = Situation(
                pipeline=pipeline,
                run=about,
                now=now,
                incident=incident,
                rang=frozenset(rang.get(happening.run, ())),
            )
            verdict = decide(happening, watch, situation)
            told = tell(
                verdict,
                happening,
                run=about,
                pipeline=pipeline,
                watch=watch,
                incident=incident,
                now=now,
            )
            if told.incident is not None:
                incident = None if told.incident.closed_at else told.incident
            if verdict.ruling is Ruling.RING and told.deliveries:
                rang.setdefault(happening.run, set()).add(happening.event)
                yield Ringing(
                    pipeline=pipeline, run=about, event=happening.event, at=now
                )


def _ended(run: Run) -> datetime:
    found = ended_at(run) or run.moment
    assert found is not None  # noqa: S101 - `_by_lineage` keeps no others
    return found
