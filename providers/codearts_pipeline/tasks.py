"""The parts of a CodeArts Pipeline run as a tree of tasks; pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar

from providers.codearts_pipeline.words import part_state
from providers.gateways.huawei_times import instant
from providers.model import State, Task, TaskKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from providers.codearts_pipeline.wire import (
        Number,
        WireJob,
        WirePart,
        WireStage,
        WireStep,
    )

    P = TypeVar("P", bound=WirePart)

SUB_PIPELINE = "official_devcloud_subPipeline"
"""The plugin whose step is the run of another pipeline."""

ELSEWHERE = "The sub-pipeline failed: the error is in its own run."

MOST_DIGITS = 18
"""Longer numbers are none of ours."""

_WITHOUT_LOG = frozenset({State.QUEUED, State.SKIPPED})


def stages_only(
    stages: Sequence[WirePart] | None, zone: ZoneInfo, *, run_is_over: bool
) -> tuple[Task, ...] | None:
    """Return the stages as a list of runs has them; `None` where it has none."""
    if stages is None:
        return None
    kind = TaskKind.STAGE
    return tuple(
        _task(kind, stage, zone, run_is_over=run_is_over) for stage in _ordered(stages)
    )


def tree(
    stages: Sequence[WireStage] | None, zone: ZoneInfo, *, run_is_over: bool
) -> tuple[Task, ...]:
    """Return stages, jobs and steps.

    A stage's entry and pass conditions are steps right below it, around its jobs: a
    stage can fail by one of them alone, with all of its jobs completed.
    """

    def step(wire: WireStep, job: str | None = None) -> Task:
        return _step(wire, job or wire.job_run_id, zone, run_is_over=run_is_over)

    def job(wire: WireJob) -> Task:
        steps = tuple(step(s, wire.id) for s in _ordered(wire.steps))
        return _task(
            TaskKind.JOB,
            wire,
            zone,
            run_is_over=run_is_over,
            message=unwrapped(wire.message),
            children=steps,
        )

    def stage(wire: WireStage) -> Task:
        before = (step(s) for s in _ordered(wire.pre))
        after = (step(s) for s in _ordered(wire.post))
        children = (*before, *(job(j) for j in _ordered(wire.jobs)), *after)
        return _task(
            TaskKind.STAGE, wire, zone, run_is_over=run_is_over, children=children
        )

    return tuple(stage(wire) for wire in _ordered(stages))


def is_only_waiting(tasks: Sequence[Task]) -> bool:
    """Return whether something waits and nothing else moves."""
    waits = any(t.state is State.WAITING for top in tasks for t in top.walk())
    return waits and not any(_is_moving(task) for task in tasks)


def failed_sub_pipelines(stages: Sequence[WireStage] | None) -> list[str]:
    """Return the names of the failed steps that are runs of other pipelines."""
    jobs = [job for stage in stages or () for job in stage.jobs or ()]
    steps = [step for job in jobs for step in job.steps or ()]
    return [s.name or SUB_PIPELINE for s in steps if _is_failed_sub_pipeline(s)]


def unwrapped(message: str | None) -> str | None:
    """Return a message with the JSON it ends in, or wholly is, in plain words.

    Real messages are text, JSON with `errorMessage` and `errorCode`, or one after the
    other.
    """
    text = (message or "").strip()
    before, brace, _ = text.partition("{")
    try:
        data = json.loads(text[len(before) :]) if brace else None
    except (ValueError, RecursionError):
        return text or None
    if not isinstance(data, dict) or not data.get("errorMessage"):
        return text or None
    code = data.get("errorCode")
    parts = (before.strip(), str(data["errorMessage"]), f"[{code}]" if code else "")
    return " ".join(part for part in parts if part)


def number(value: Number) -> int | None:
    """Return a number that may have come as text."""
    if isinstance(value, str):
        return int(value) if value.isdecimal() and len(value) <= MOST_DIGITS else None
    return value


def _step(
    wire: WireStep, job: str | None, zone: ZoneInfo, *, run_is_over: bool
) -> Task:
    state, _ = part_state(wire.status, run_is_over=run_is_over)
    has_log = bool(job and wire.id) and state not in _WITHOUT_LOG
    message = unwrapped(wire.message)
    if message is None and _is_failed_sub_pipeline(wire):
        message = ELSEWHERE
    return _task(
        TaskKind.STEP,
        wire,
        zone,
        run_is_over=run_is_over,
        message=message,
        log=f"{job}/{wire.id}" if has_log else None,
    )


def _task(
    kind: TaskKind,
    wire: WirePart,
    zone: ZoneInfo,
    *,
    run_is_over: bool,
    message: str | None = None,
    log: str | None = None,
    children: tuple[Task, ...] = (),
) -> Task:
    state, reason = part_state(wire.status, run_is_over=run_is_over)
    return Task(
        kind=kind,
        name=wire.name or kind.value,
        state=state,
        reason=reason,
        native=wire.status,
        message=message,
        started_at=instant(wire.start_time, zone),
        finished_at=finished_at(state, wire.end_time, zone),
        log=log,
        children=children,
    )


def finished_at(state: State, value: Number, zone: ZoneInfo) -> datetime | None:
    """Return when it ended; what is under way, perhaps once more, has not ended."""
    return None if state.is_under_way else instant(value, zone)


def _is_failed_sub_pipeline(wire: WireStep) -> bool:
    plugin = (wire.task or "").partition("@")[0]
    state, _ = part_state(wire.status, run_is_over=False)
    return plugin == SUB_PIPELINE and state is State.FAILED


def _is_moving(task: Task) -> bool:
    if task.state is State.WAITING:
        return False
    if task.children:
        return any(_is_moving(child) for child in task.children)
    return task.state is State.RUNNING


def _ordered(parts: Sequence[P] | None) -> list[P]:
    """Return the parts by their `sequence`; those without one stay where they are."""
    return sorted(parts or (), key=lambda part: number(part.sequence) or 0)
