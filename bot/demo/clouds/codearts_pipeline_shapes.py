"""What the simulated CodeArts Pipeline puts into its answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bot.demo.clouds.world import digits
from providers.model import State, TriggerKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.demo.clouds.world import JobView, RunView, StageView

SHANGHAI = ZoneInfo("Asia/Shanghai")

RUN_WORDS: Mapping[State, str] = {
    State.QUEUED: "QUEUED",
    State.RUNNING: "RUNNING",
    State.WAITING: "PAUSED",
    State.SUCCEEDED: "COMPLETED",
    State.FAILED: "FAILED",
    State.CANCELED: "CANCELED",
}
PART_WORDS = {**RUN_WORDS, State.QUEUED: "INIT"}

TRIGGER_WORDS: Mapping[TriggerKind, str] = {
    TriggerKind.MANUAL: "Manual",
    TriggerKind.SCHEDULE: "Scheduler",
    TriggerKind.PUSH: "Push",
    TriggerKind.CHANGE: "MR",
    TriggerKind.TAG: "CreateTag",
    TriggerKind.PIPELINE: "SubPipeline",
    TriggerKind.WEBHOOK: "Generic",
}


def is_asked_for(entry: dict[str, Any], asked: dict[str, Any]) -> bool:
    """Return whether a run passes the filters of a request."""
    since, until = int(asked.get("start_time") or 0), asked.get("end_time")
    started = entry["start_time"]
    return (
        entry["status"] in (asked.get("status") or [entry["status"]])
        and entry["trigger_type"]
        in (asked.get("trigger_type") or TRIGGER_WORDS.values())
        and since <= started <= int(until or started)
    )


def run_entry(view: RunView) -> dict[str, Any]:
    """Return a run as lists have it: two forms of time, stages without jobs."""
    stages = [
        {
            "id": stage_id(view, stage),
            "name": stage.name,
            "sequence": place,
            "status": PART_WORDS[stage.state],
            "start_time": local(stage.started_at),
            "end_time": local(stage.finished_at),
        }
        for place, stage in enumerate(view.stages)
    ]
    return {
        "pipeline_id": view.run.pipeline,
        "pipeline_run_id": view.run.id,
        "stage_status_list": stages,
        "build_params": build_params(view),
        "artifact_params": None,
        "modify_url": "",
        **common(view),
    }


def run_detail(view: RunView) -> dict[str, Any]:
    """Return a run in full; here all times are milliseconds."""
    source = {"type": "code", "params": {"build_params": build_params(view)}}
    return {
        "id": view.run.id,
        "subject_id": view.run.id,
        "pipeline_id": view.run.pipeline,
        "stages": [
            {
                "id": stage_id(view, stage),
                "sequence": place,
                "pre": [],
                "post": [],
                "jobs": [job_entry(view, job) for job in stage.jobs],
                **part(stage.name, stage),
            }
            for place, stage in enumerate(view.stages)
        ],
        "sources": [source],
        **common(view),
    }


def common(view: RunView) -> dict[str, Any]:
    """Return what a run has everywhere."""
    return {
        "executor_id": digits(view.run.actor),
        "executor_name": view.run.actor,
        "status": RUN_WORDS[view.state],
        "run_number": view.run.number,
        "trigger_type": TRIGGER_WORDS.get(view.run.trigger, "Manual"),
        "start_time": milliseconds(view.started_at or view.run.created_at),
        # A run under way has 0 here, not null.
        "end_time": milliseconds(view.finished_at) or 0,
        # It is empty for a credential that names no region.
        "detail_url": "",
    }


def build_params(view: RunView) -> dict[str, Any]:
    """Return what of the code a run is of."""
    run = view.run
    is_change = run.trigger is TriggerKind.CHANGE
    is_tag = run.trigger is TriggerKind.TAG
    return {
        "build_type": "tag" if is_tag else "branch",
        "commit_id": run.sha,
        "event_type": TRIGGER_WORDS.get(run.trigger, "Manual"),
        "merge_id": str(run.number) if is_change else None,
        "message": run.message,
        "source_branch": f"change-{run.number}" if is_change else None,
        "tag": f"v{run.number}" if is_tag else None,
        "target_branch": None if is_tag else run.branch,
        "git_url": f"https://git.example.com/shop/{run.pipeline[:8]}.git",
    }


def job_entry(view: RunView, job: JobView) -> dict[str, Any]:
    """Return a job with its steps: all but the last of them went well."""
    names = job.job.steps or (job.job.name,)
    last = len(names) - 1
    steps = [
        {
            "id": digits(f"{job_id(view, job)} {name}"),
            "task": "official_shell_plugin",
            "sequence": place,
            **part(name, job),
            "status": PART_WORDS[job.state if place == last else before(job.state)],
            "message": said(job) if place == last else None,
        }
        for place, name in enumerate(names)
    ]
    return {
        "id": job_id(view, job),
        "async": "false",
        "message": said(job),
        "steps": steps,
        **part(job.job.name, job),
    }


def part(name: str, view: StageView | JobView) -> dict[str, Any]:
    """Return what every part of a run has in its detail."""
    return {
        "name": name,
        "status": PART_WORDS[view.state],
        "start_time": milliseconds(view.started_at),
        "end_time": milliseconds(view.finished_at),
    }


def before(state: State) -> State:
    """Return the state of a job's earlier steps."""
    return state if state is State.QUEUED else State.SUCCEEDED


def said(job: JobView) -> str | None:
    """Return what a job says of its failure: JSON as text, as the real one does."""
    if not job.message:
        return None
    return json.dumps({"errorMessage": job.message, "errorCode": "DEV-CODECI-35002"})


def log_page(job: JobView, asked: dict[str, Any], step: str) -> dict[str, Any]:
    """Return the lines asked for, newest first where `sort` says so."""
    lines = [f"+ {name}" for name in (job.job.steps or (job.job.name,))]
    lines += [f"{job.job.name}: line {n}" for n in range(1, 100)]
    lines.append(job.message or "done")
    if asked["sort"] == "desc":
        lines.reverse()
    limit = asked["limit"]
    return {
        "log": "".join(f"{line}\n" for line in lines[:limit]),
        "has_more": len(lines) > limit,
        "start_offset": "0",
        "end_offset": str(limit),
        "step_run_id": step,
    }


def stage_id(view: RunView, stage: StageView) -> str:
    """Return the id of a stage of a run."""
    return digits(f"{view.run.id} stage {stage.name}")


def job_id(view: RunView, job: JobView) -> str:
    """Return the id of a job of a run."""
    return digits(f"{view.run.id} job {job.job.name}")


def milliseconds(moment: datetime | None) -> int | None:
    """Return a time as runs have it."""
    return int(moment.timestamp() * 1000) if moment else None


def local(moment: datetime | None) -> str | None:
    """Return a time as stages have it in lists: local, and without saying so."""
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}" if moment else None
