"""What the simulated clouds have in common: pipelines whose runs progress by a clock.

A run is a plan made when it starts (which jobs, how long each takes, how it ends);
where it stands at any time is computed from that plan, so nothing has to tick. No
vendor's word occurs here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import cycle
from typing import TYPE_CHECKING

from providers.model import State, TriggerKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from providers.clock import Clock


class Ending(StrEnum):
    """How a run is going to end."""

    PASSES = "passes"
    FAILS = "fails"
    CANCELED = "canceled"
    WAITS = "waits"
    """For an approval that never comes."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job, the time it takes, and what it says when it is the one that fails."""

    name: str
    takes: timedelta
    steps: tuple[str, ...] = ()
    complaint: str = "exit status 1"


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage; its jobs run one after the other."""

    name: str
    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """Where a job stands at a moment."""

    job: Job
    state: State
    started_at: datetime | None
    finished_at: datetime | None
    message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageView:
    """Where a stage stands at a moment."""

    name: str
    state: State
    started_at: datetime | None
    finished_at: datetime | None
    jobs: tuple[JobView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """Where a run stands at a moment."""

    run: SimRun
    state: State
    started_at: datetime | None
    finished_at: datetime | None
    stages: tuple[StageView, ...]

    @property
    def updated_at(self) -> datetime:
        """When something about the run last changed."""
        times = [self.run.created_at, self.started_at, self.finished_at]
        times += [t for s in self.stages for t in (s.started_at, s.finished_at)]
        return max(t for t in times if t is not None)

    @property
    def progress(self) -> float:
        """The share of the jobs that are over, from 0 to 1."""
        jobs = [j for s in self.stages for j in s.jobs]
        over = sum(j.state.is_over for j in jobs)
        return over / len(jobs) if jobs else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SimRun:
    """The plan of a run; `at` says where it stands."""

    pipeline: str
    number: int
    created_at: datetime
    ending: Ending
    stages: tuple[Stage, ...]
    branch: str = "main"
    message: str = "Update dependencies"
    actor: str = "kim"
    trigger: TriggerKind = TriggerKind.PUSH
    attempt: int = 1
    queued_for: timedelta = timedelta(seconds=5)
    fails_in: int = -1
    """The index, over all jobs, of the one that fails, is stopped or waits."""

    @property
    def id(self) -> str:
        """32 hexadecimal digits that are always the same for this run."""
        return digits(f"{self.pipeline}#{self.number}")

    @property
    def sha(self) -> str:
        """The commit: 40 hexadecimal digits, the same for every attempt."""
        return (digits(f"commit {self.pipeline} {self.number}") * 2)[:40]

    def at(self, now: datetime) -> RunView:
        """Return where the run stands at `now`."""
        begin = self.created_at + self.queued_for
        if now < begin:
            return self._view(State.QUEUED, None, None, self._stages(begin, now))
        stages = self._stages(begin, now)
        ends = [j.finished_at for s in stages for j in s.jobs if j.finished_at]
        states = [j.state for s in stages for j in s.jobs]
        for end in (State.FAILED, State.CANCELED):
            if end in states:
                return self._view(end, begin, max(ends), stages)
        if State.WAITING in states:
            return self._view(State.WAITING, begin, None, stages)
        if all(state is State.SUCCEEDED for state in states):
            return self._view(State.SUCCEEDED, begin, max(ends, default=begin), stages)
        return self._view(State.RUNNING, begin, None, stages)

    def _view(
        self,
        state: State,
        started_at: datetime | None,
        finished_at: datetime | None,
        stages: tuple[StageView, ...],
    ) -> RunView:
        return RunView(
            run=self,
            state=state,
            started_at=started_at,
            finished_at=finished_at,
            stages=stages,
        )

    def _stages(self, begin: datetime, now: datetime) -> tuple[StageView, ...]:
        count = sum(len(stage.jobs) for stage in self.stages)
        bad = self.fails_in % count if count else 0
        views: list[StageView] = []
        at, place, stopped = begin, 0, False
        for stage in self.stages:
            jobs: list[JobView] = []
            for job in stage.jobs:
                view = self._job(job, at, now, is_bad=place == bad, stopped=stopped)
                stopped = stopped or view.state is not State.SUCCEEDED
                jobs.append(view)
                at += job.takes
                place += 1
            views.append(_stage_view(stage.name, tuple(jobs)))
        return tuple(views)

    def _job(
        self, job: Job, at: datetime, now: datetime, *, is_bad: bool, stopped: bool
    ) -> JobView:
        end = at + job.takes
        if stopped or now < at:
            return _job_view(job, State.QUEUED)
        if is_bad and self.ending is Ending.WAITS:
            return _job_view(job, State.WAITING, at)
        if now < end:
            return _job_view(job, State.RUNNING, at)
        if is_bad and self.ending is Ending.FAILS:
            return _job_view(job, State.FAILED, at, end, job.complaint)
        if is_bad and self.ending is Ending.CANCELED:
            return _job_view(job, State.CANCELED, at, end)
        return _job_view(job, State.SUCCEEDED, at, end)


def _job_view(
    job: Job,
    state: State,
    started_at: datetime | None = None,
    finished_at: datetime | None = None,
    message: str | None = None,
) -> JobView:
    return JobView(
        job=job,
        state=state,
        started_at=started_at,
        finished_at=finished_at,
        message=message,
    )


def _stage_view(name: str, jobs: tuple[JobView, ...]) -> StageView:
    states = [job.state for job in jobs]
    order = (State.FAILED, State.CANCELED, State.WAITING, State.RUNNING)
    worst = next((state for state in order if state in states), None)
    if worst is None:
        done = [state is State.SUCCEEDED for state in states]
        begun = State.RUNNING if any(done) else State.QUEUED
        worst = State.SUCCEEDED if all(done) else begun
    starts = [job.started_at for job in jobs if job.started_at]
    ends = [job.finished_at for job in jobs if job.finished_at]
    return StageView(
        name=name,
        state=worst,
        started_at=min(starts, default=None),
        finished_at=max(ends) if worst.is_over and ends else None,
        jobs=jobs,
    )


@dataclass(slots=True, kw_only=True)
class SimPipeline:
    """A pipeline that starts a run every so often, ending as its list says in turn.

    `group` is the vendor's project; a cloud may read more out of `traits` (a stage, the
    kind of object), which only it understands.
    """

    id: str
    name: str
    stages: tuple[Stage, ...]
    group: str = "shop"
    every: timedelta = timedelta(minutes=30)
    endings: tuple[Ending, ...] = (Ending.PASSES,)
    default_branch: str = "main"
    actors: tuple[str, ...] = ("kim", "lee", "sam")
    triggers: tuple[TriggerKind, ...] = (TriggerKind.PUSH,)
    traits: dict[str, str] = field(default_factory=dict)
    phase: timedelta = timedelta(seconds=1)
    """How long after the world begins its next run starts."""
    broken: bool = False
    """While it is, every new run fails."""


COMMITS = (
    "Update dependencies",
    "Fix rounding of totals",
    "Speed up search",
    "Add a retry to the importer",
    "Rename a column",
)


class World:
    """All pipelines and their runs so far; runs appear as the clock moves on."""

    def __init__(self, clock: Clock, *, history: int = 12) -> None:
        self.clock = clock
        self._history = history
        self._pipelines: dict[str, SimPipeline] = {}
        self._runs: dict[str, list[SimRun]] = {}
        self._next: dict[str, datetime] = {}
        self._endings: dict[str, Iterator[Ending]] = {}
        self._over: dict[str, tuple[RunView, ...]] = {}
        """What no clock changes any more: where all runs of a pipeline are over."""

    def add(self, pipeline: SimPipeline, *, history: int | None = None) -> SimPipeline:
        """Add a pipeline that has run `history` times already (0: it never ran)."""
        past = self._history if history is None else history
        self._pipelines[pipeline.id] = pipeline
        self._runs[pipeline.id] = []
        self._endings[pipeline.id] = iter(cycle(pipeline.endings))
        first = self.clock.now() - pipeline.every * past + pipeline.phase
        self._next[pipeline.id] = (
            first if past else datetime.max.replace(tzinfo=first.tzinfo)
        )
        return pipeline

    def pipelines(self) -> tuple[SimPipeline, ...]:
        """Return all pipelines, in the order they were added."""
        return tuple(self._pipelines.values())

    def pipeline(self, ident: str) -> SimPipeline | None:
        """Return one pipeline, or `None`."""
        return self._pipelines.get(ident)

    def runs(self, pipeline: str) -> tuple[RunView, ...]:
        """Return the runs of a pipeline as they stand now, newest first."""
        if pipeline not in self._pipelines:
            return ()
        self._catch_up(pipeline)
        if pipeline in self._over:
            return self._over[pipeline]
        now = self.clock.now()
        views = tuple(run.at(now) for run in reversed(self._runs[pipeline]))
        if all(view.state.is_over for view in views):
            self._over[pipeline] = views
        return views

    def run(self, pipeline: str, ident: str) -> RunView | None:
        """Return one run, by its id or its number."""
        views = self.runs(pipeline)
        return next((v for v in views if ident in {v.run.id, str(v.run.number)}), None)

    def start(
        self,
        pipeline: str,
        ending: Ending = Ending.PASSES,
        *,
        actor: str = "kim",
        trigger: TriggerKind = TriggerKind.MANUAL,
    ) -> SimRun:
        """Start a run now."""
        self._catch_up(pipeline)
        return self._append(pipeline, self.clock.now(), ending, actor, trigger)

    def retry(self, pipeline: str, number: int, ending: Ending) -> SimRun:
        """Run a run again, under the same number, from now on."""
        self._catch_up(pipeline)
        runs = self._runs[pipeline]
        place = next(i for i, run in enumerate(runs) if run.number == number)
        old = runs[place]
        runs[place] = replace(
            old, created_at=self.clock.now(), attempt=old.attempt + 1, ending=ending
        )
        self._over.pop(pipeline, None)
        return runs[place]

    def _catch_up(self, pipeline: str) -> None:
        """Append the scheduled runs whose time has come."""
        sim = self._pipelines[pipeline]
        while (due := self._next[pipeline]) <= self.clock.now():
            count = len(self._runs[pipeline])
            ending = next(self._endings[pipeline])
            actor = sim.actors[count % len(sim.actors)]
            trigger = sim.triggers[count % len(sim.triggers)]
            self._append(pipeline, due, ending, actor, trigger)
            self._next[pipeline] = due + sim.every

    def _append(
        self,
        pipeline: str,
        at: datetime,
        ending: Ending,
        actor: str,
        trigger: TriggerKind,
    ) -> SimRun:
        sim = self._pipelines[pipeline]
        number = len(self._runs[pipeline]) + 1
        run = SimRun(
            pipeline=pipeline,
            number=number,
            created_at=at,
            ending=Ending.FAILS if sim.broken else ending,
            stages=sim.stages,
            branch=sim.default_branch,
            message=COMMITS[number % len(COMMITS)],
            actor=actor,
            trigger=trigger,
        )
        self._runs[pipeline].append(run)
        self._over.pop(pipeline, None)
        return run


def digits(text: str) -> str:
    """Return 32 hexadecimal digits made of a text, always the same ones."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]
