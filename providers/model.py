"""The common words: what a pipeline, a run and its tasks are, whoever runs them.

Everything here is frozen and knows nothing of any vendor, of HTTP or of time. What is
not known is `None`; nothing is guessed. All times are aware and in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from providers.refs import PipelineRef, RunRef

if TYPE_CHECKING:
    from collections.abc import Iterator


__all__ = [
    "Commit",
    "Fact",
    "Identity",
    "LogTail",
    "Pipeline",
    "PipelineRef",
    "Reason",
    "Run",
    "RunRef",
    "State",
    "Task",
    "TaskKind",
    "Trigger",
    "TriggerKind",
    "first_failing_path",
    "utc_from_epoch_ms",
]


class State(StrEnum):
    """Where a run or a task stands."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    """For a person or a gate: nothing moves until somebody acts."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    """A word nobody has seen: shown as it came, never an error, never a success."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens by itself; `unknown` is not over."""
        return self in _OVER

    @property
    def is_under_way(self) -> bool:
        """Whether it is known to go on: neither over nor `unknown`."""
        return self is not State.UNKNOWN and not self.is_over


_PASSED = frozenset({State.SUCCEEDED, State.SKIPPED})
_OVER = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELED, State.SKIPPED})


class Reason(StrEnum):
    """Why a state is what it is, where the vendor says so."""

    TIMEOUT = "timeout"
    INFRASTRUCTURE = "infrastructure"
    STARTUP = "startup"
    CONFIGURATION = "configuration"
    SUPERSEDED = "superseded"
    UPSTREAM = "upstream"
    UNSTABLE = "unstable"
    PARTIAL = "partial"
    NEUTRAL = "neutral"
    APPROVAL = "approval"
    RETRY = "retry"
    EXPIRED = "expired"
    CANCELING = "canceling"
    PAUSED = "paused"
    QUALITY_GATE = "quality gate"
    NEVER_RAN = "never ran"
    UNVERIFIED = "unverified"
    """The vendor says it ended, but not whether it ended well."""


class TriggerKind(StrEnum):
    """What set a run off."""

    MANUAL = "manual"
    SCHEDULE = "schedule"
    PUSH = "push"
    CHANGE = "change"
    """A pull request, merge request or the like."""
    TAG = "tag"
    PIPELINE = "pipeline"
    """Another pipeline."""
    WEBHOOK = "webhook"
    API = "api"
    OTHER = "other"


class TaskKind(StrEnum):
    """Which of the vendor's levels a task stands on."""

    STAGE = "stage"
    JOB = "job"
    STEP = "step"


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """The change a run was made of."""

    sha: str | None = None
    message: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What and who set a run off."""

    kind: TriggerKind | None = None
    actor: str | None = None
    """The name people know, or the vendor's id of the person where it gives no name."""
    native: str | None = None
    """The vendor's own word."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing worth showing that only this vendor has."""

    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A part of a run: stage, job or step, one inside the other.

    `log` is what `Provider.read_log` takes to find the task's log, or `None` where
    there is none.
    """

    kind: TaskKind
    name: str
    state: State
    reason: Reason | None = None
    native: str | None = None
    message: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    log: str | None = None
    children: tuple[Task, ...] = ()

    def failing_path(self) -> tuple[Task, ...]:
        """Return this task and the way down to its first failed leaf, or `()`."""
        if self.state is not State.FAILED:
            # A parent may be still running, or say nothing, while a child has failed.
            below = first_failing_path(self.children)
            return (self, *below) if below else ()
        return (self, *first_failing_path(self.children))

    def walk(self) -> Iterator[Task]:
        """Yield this task and all below it, depth first."""
        yield self
        for child in self.children:
            yield from child.walk()


def first_failing_path(tasks: tuple[Task, ...]) -> tuple[Task, ...]:
    """Return the way from a stage down to the first failed leaf; `()` where none.

    What failed below a task that passed all the same was allowed to: it comes last.
    """
    for task in sorted(tasks, key=lambda task: task.state in _PASSED):
        if path := task.failing_path():
            return path
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a pipeline.

    `native` is the vendor's own word for the state. `tasks` is `None` where this
    answer did not carry them (a list), and `()` where there are none.
    """

    ref: RunRef
    state: State
    native: str | None = None
    reason: Reason | None = None
    number: int | None = None
    title: str | None = None
    url: str | None = None
    created_at: datetime | None = None
    queued_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    updated_at: datetime | None = None
    branch: str | None = None
    commit: Commit | None = None
    change: str | None = None
    """The pull or merge request, as people write it (`!12`, `#34`)."""
    trigger: Trigger | None = None
    tasks: tuple[Task, ...] | None = None
    facts: tuple[Fact, ...] = ()

    @property
    def failing_path(self) -> tuple[Task, ...]:
        """The way from a stage down to the first failed leaf; `()` where none."""
        return first_failing_path(self.tasks or ())

    @property
    def log_path(self) -> tuple[Task, ...]:
        """The way down to the task whose log says most; `()` where none has a log.

        That is the deepest one with a log on the failing path, else the last one that
        has a log at all.
        """
        failing = self.failing_path
        for end in range(len(failing), 0, -1):
            if failing[end - 1].log is not None:
                return failing[:end]
        below = [path for path in _paths(self.tasks or ()) if path[-1].log is not None]
        return below[-1] if below else ()

    @property
    def moment(self) -> datetime | None:
        """The best known time of the run: when it started, else when it appeared."""
        return self.started_at or self.queued_at or self.created_at or self.updated_at

    def took(self, now: datetime) -> timedelta | None:
        """Return how long the run took, or has been running at `now`."""
        if self.started_at is None:
            return None
        if self.finished_at is not None:
            return max(self.finished_at - self.started_at, timedelta())
        if self.state in {State.RUNNING, State.WAITING}:
            return max(now - self.started_at, timedelta())
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """Something that has runs.

    `latest` is the newest run where the vendor's list carries it for nothing; `None`
    says only that this answer did not have it.
    """

    ref: PipelineRef
    name: str
    group: str | None = None
    """The vendor's project, folder or organisation, as people know it."""
    url: str | None = None
    default_branch: str | None = None
    latest: Run | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogTail:
    """The last lines of a log, oldest first; `cut` says that more stands before."""

    text: str
    cut: bool = False
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a connection is to its vendor, as far as the vendor says."""

    name: str | None = None
    detail: str | None = None
    expires_at: datetime | None = None


def _paths(
    tasks: tuple[Task, ...], above: tuple[Task, ...] = ()
) -> list[tuple[Task, ...]]:
    found: list[tuple[Task, ...]] = []
    for task in tasks:
        path = (*above, task)
        found += [path, *_paths(task.children, path)]
    return found


def utc_from_epoch_ms(milliseconds: float | None) -> datetime | None:
    """Return the time of an epoch in milliseconds; `None`, 0 and -1 are "no time".

    An epoch no calendar has is "no time" too: one odd field must not cost the answer.
    """
    if milliseconds is None or milliseconds <= 0:
        return None
    try:
        # By place, since by name it takes twice as long: lists are full of times.
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None
