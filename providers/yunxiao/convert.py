"""Yunxiao's shapes in the common words; pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from providers.model import (
    Commit,
    Fact,
    LogTail,
    Pipeline,
    PipelineRef,
    Reason,
    Run,
    RunRef,
    State,
    Task,
    TaskKind,
    Trigger,
    TriggerKind,
)
from providers.yunxiao.wire import WireSourceData, unwrapped
from providers.yunxiao.words import APPROVE, READ_LOG, TRIGGERS, state_of, when, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from providers.yunxiao.wire import (
        WireJob,
        WireLog,
        WirePipeline,
        WireRun,
        WireSource,
        WireStage,
        WireStep,
    )

_COMMIT_IDS = ("commitId", "commit", "sha", "id")
_COMMIT_MESSAGES = ("commitMessage", "message", "title")
_SHA = re.compile(r"[0-9a-fA-F]{7,64}")
_TOOK = re.compile(r"\s*\(\d+s\)$")
"""What a finished step's name ends in."""

_NO_SOURCE = WireSourceData()
_UNDER_WAY = frozenset({State.RUNNING, State.WAITING})


class Setting(NamedTuple):
    """What of a connection's settings the words depend on."""

    zone: ZoneInfo
    site: str | None
    """Where people open pipelines."""


def pipeline(connection: str, wire: WirePipeline, setting: Setting) -> Pipeline:
    """Return an entry of the list of pipelines."""
    where = f"{setting.site}/pipelines/{wire.pipelineId}/current"
    return Pipeline(
        ref=PipelineRef(connection, wire.pipelineId),
        name=wire.pipelineName or wire.pipelineId,
        url=where if setting.site else None,
    )


def run(
    ref: PipelineRef,
    wire: WireRun,
    setting: Setting,
    steps: Mapping[str, Sequence[WireStep]] | None = None,
) -> Run:
    """Return a run of a pipeline, with tasks where the answer has them.

    Args:
        ref: the pipeline that was asked for.
        wire: the run, from a list or in full.
        setting: the connection's time zone and site.
        steps: the steps of jobs, by the job's id.

    """
    tasks = None if wire.stages is None else _tasks(wire, setting.zone, steps or {})
    state, reason = _run_state(wire.status, tasks or ())
    started, finished = _span(wire, setting.zone, state)
    address = RunRef(ref, wire.pipelineRunId)
    sources = [s.data for s in wire.sources or () if s.data is not None]
    first = sources[0] if sources else _NO_SOURCE
    return Run(
        ref=address,
        state=state,
        reason=reason,
        native=wire.status,
        number=whole(wire.pipelineRunId),
        url=url(address, setting),
        created_at=when(wire.createTime, setting.zone),
        started_at=started,
        finished_at=finished,
        updated_at=when(wire.updateTime, setting.zone),
        branch=first.branch or None,
        commit=commit(first.commint) if first.commint else None,
        trigger=_trigger(wire),
        tasks=tasks,
        facts=tuple(_facts(wire.sources)) if wire.sources else (),
    )


def url(ref: RunRef, setting: Setting) -> str | None:
    """Return where people open a run; its form is the one that users report."""
    if setting.site is None:
        return None
    return f"{setting.site}/pipelines/{ref.pipeline.id}/builds/{ref.id}"


def log_tail(wire: WireLog, lines: int, where: str | None) -> LogTail:
    """Return the last lines of a log; `more` says that the vendor kept some back."""
    every = (wire.content or "").splitlines()
    last = every[-lines:] if lines > 0 else []
    is_cut = bool(wire.more) or len(last) < len(every)
    return LogTail(text="\n".join(last), cut=is_cut, url=where)


def failed_jobs(wire: WireRun) -> tuple[str, ...]:
    """Return the ids of the jobs that failed, in the order of the answer."""
    jobs = [
        job
        for stage in wire.stages or ()
        if stage.stageInfo
        for job in stage.stageInfo.jobs or ()
    ]
    return tuple(j.id for j in jobs if j.id and state_of(j.status)[0] is State.FAILED)


def commit(said: Any) -> Commit | None:
    """Return the commit of a source, out of the JSON text in `commint`.

    What stands in that text is not documented: only what looks like a commit's id
    under one of the usual names is taken for one.
    """
    found = unwrapped(said)
    found = found[0] if isinstance(found, list) and found else found
    if isinstance(said, str) and _SHA.fullmatch(said):
        return Commit(sha=said)
    if not isinstance(found, dict):
        return None
    ids = [v for k in _COMMIT_IDS if isinstance(v := found.get(k), str)]
    sha = next((text for text in ids if _SHA.fullmatch(text)), None)
    words = [v for k in _COMMIT_MESSAGES if isinstance(v := found.get(k), str) and v]
    message = words[0] if words else None
    return Commit(sha=sha, message=message) if sha or message else None


def _run_state(
    word: str | None, tasks: tuple[Task, ...]
) -> tuple[State, Reason | None]:
    """Return the run's state; it waits where a job waits and nothing else moves.

    A run is RUNNING to the vendor while somebody has to approve.
    """
    state, reason = state_of(word)
    if state not in _UNDER_WAY or reason is not None:
        return state, reason
    jobs = [t for top in tasks for t in top.walk() if t.kind is TaskKind.JOB]
    if any(job.state is State.RUNNING for job in jobs):
        return state, reason
    if any(job.reason is Reason.APPROVAL for job in jobs):
        return State.WAITING, Reason.APPROVAL
    return state, reason


def _span(
    wire: WireRun, zone: ZoneInfo, state: State
) -> tuple[datetime | None, datetime | None]:
    """Return when the run started and ended.

    Only lists have both. In full, a run has neither (`updateTime` is no end: whatever
    is done to the run moves it), so they are the stages' first start and last end.
    """
    started, finished = when(wire.startTime, zone), when(wire.endTime, zone)
    if wire.stages:
        infos = [stage.stageInfo for stage in wire.stages if stage.stageInfo]
        starts = [t for i in infos if (t := when(i.startTime, zone))]
        ends = [t for i in infos if (t := when(i.endTime, zone))]
        started = started or min(starts, default=None)
        finished = finished or max(ends, default=None)
    # What goes on has no end yet, even if it had one before a job was retried.
    return started, None if state.is_under_way else finished


def _tasks(
    wire: WireRun, zone: ZoneInfo, steps: Mapping[str, Sequence[WireStep]]
) -> tuple[Task, ...]:
    """Return the stages in the order of `stageGroup`; unnamed ones come last."""
    names = list(_flat(wire.stageGroup))
    place = {name: i for i, name in reversed(list(enumerate(names)))}

    def order(stage: WireStage) -> int:
        info = stage.stageInfo.name if stage.stageInfo else None
        known = [place[n] for n in (stage.name, info) if n in place]
        return min(known, default=len(names))

    stages = sorted(wire.stages or (), key=order)
    return tuple(_stage(stage, zone, steps) for stage in stages)


def _flat(group: Any) -> Iterable[str]:
    """Yield the names in a list of lists of names."""
    if isinstance(group, str):
        yield group
    elif isinstance(group, list):
        for part in group:
            yield from _flat(part)


def _stage(
    wire: WireStage, zone: ZoneInfo, steps: Mapping[str, Sequence[WireStep]]
) -> Task:
    info = wire.stageInfo
    if info is None:
        return Task(kind=TaskKind.STAGE, name=wire.name or "?", state=State.UNKNOWN)
    state, reason = state_of(info.status)
    return Task(
        kind=TaskKind.STAGE,
        name=info.name or wire.name or "?",
        state=state,
        reason=reason,
        native=info.status,
        started_at=when(info.startTime, zone),
        finished_at=None if state.is_under_way else when(info.endTime, zone),
        children=tuple(_job(job, zone, steps) for job in info.jobs or ()),
    )


def _job(
    wire: WireJob, zone: ZoneInfo, steps: Mapping[str, Sequence[WireStep]]
) -> Task:
    state, reason = state_of(wire.status)
    actions = {action.type for action in wire.actions or ()}
    # The action is offered while the gate is shut. Its `disable` is left aside: it says
    # whether we may act, and somebody has to in any case.
    if APPROVE in actions and not state.is_over:
        state, reason = State.WAITING, Reason.APPROVAL
    started = when(wire.startTime, zone)
    has_log = READ_LOG in actions or (wire.actions is None and started is not None)
    return Task(
        kind=TaskKind.JOB,
        name=wire.name or wire.id or "?",
        state=state,
        reason=reason,
        native=wire.status,
        started_at=started,
        finished_at=None if state.is_under_way else when(wire.endTime, zone),
        log=wire.id if has_log else None,
        children=tuple(_step(step, zone) for step in steps.get(wire.id or "", ())),
    )


def _step(wire: WireStep, zone: ZoneInfo) -> Task:
    state, reason = state_of(wire.status)
    return Task(
        kind=TaskKind.STEP,
        name=_TOOK.sub("", wire.nodeName or "") or "?",
        state=state,
        reason=reason,
        native=wire.status,
        started_at=when(wire.startTime, zone),
    )


def _trigger(wire: WireRun) -> Trigger | None:
    actor = wire.creatorAccountId or wire.creator or None
    if wire.triggerMode is None and actor is None:
        return None
    mode = wire.triggerMode
    kind = (TRIGGERS.get(mode) or TriggerKind.OTHER) if mode else None
    return Trigger(kind=kind, actor=actor, native=mode)


def _facts(sources: Sequence[WireSource]) -> Iterable[Fact]:
    """Yield each source; the branch too, where there are several to tell apart."""
    for source in sources:
        data = source.data
        if data is None or not (repo := _without_user(data.repo)):
            continue
        more = f" ({data.branch})" if data.branch and len(sources) > 1 else ""
        yield Fact("Repository", f"{repo}{more}")


def _without_user(repo: str | None) -> str | None:
    """Return a repository's address without what may be a password in it."""
    try:
        parts = urlsplit(repo or "")
        host = parts.netloc.rpartition("@")[2]
        return parts._replace(netloc=host, query="", fragment="").geturl() or None
    except ValueError:
        return None
