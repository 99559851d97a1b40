"""What the simulated Northflank answers with, made of the world's runs; pure."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from providers.model import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from bot.demo.clouds.world import JobView, RunView, StageView

FLOW: Mapping[State, str] = {
    State.QUEUED: "queued",
    State.RUNNING: "running",
    State.WAITING: "approval_wait",
    State.SUCCEEDED: "success",
    State.FAILED: "failure",
    State.CANCELED: "aborted",
}
# A node has no word for running: it waits for what it has started.
NODE: Mapping[State, str] = {**FLOW, State.RUNNING: "async_wait"}
BUILD: Mapping[State, str] = {
    State.QUEUED: "QUEUED",
    State.RUNNING: "BUILDING",
    State.WAITING: "UNSCHEDULABLE",
    State.SUCCEEDED: "SUCCESS",
    State.FAILED: "FAILURE",
    State.CANCELED: "ABORTED",
}
JOB_RUN: Mapping[State, str] = {
    State.SUCCEEDED: "SUCCESS",
    State.FAILED: "FAILED",
    State.CANCELED: "FAILED",
}


def spaced(moment: datetime | None) -> str | None:
    """Return a time as runs of release flows have it: a space and milliseconds."""
    return f"{moment:%Y-%m-%d %H:%M:%S}.000Z" if moment else None


def iso(moment: datetime | None) -> str | None:
    """Return a time as builds and job runs have it."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z" if moment else None


def seconds(moment: datetime | None) -> int | None:
    """Return a time as the nodes of a tree and the ends of builds have it."""
    return int(moment.timestamp()) if moment else None


def known(**values: Any) -> dict[str, Any]:
    """Return what has a value: the vendor leaves out what has none."""
    return {name: value for name, value in values.items() if value is not None}


def flow_run(view: RunView) -> dict[str, Any]:
    """Return a run of a release flow as an entry of the list."""
    return known(
        id=view.run.id,
        name=f"Release {view.run.number}",
        status=FLOW[view.state],
        concluded=view.state.is_over,
        createdAt=spaced(view.run.created_at),
        startedAt=spaced(view.started_at),
        concludedAt=spaced(view.finished_at),
        updatedAt=spaced(view.updated_at),
    )


def flow_run_in_full(view: RunView) -> dict[str, Any]:
    """Return a run of a release flow with its tree."""
    places = itertools.count()
    steps = [stage_node(view, stage, places) for stage in view.stages]
    root = {"kind": "Workflow", "spec": {"type": "sequential", "steps": steps}}
    return {
        **flow_run(view),
        "apiVersion": "v1.2",
        "arguments": {"region": "not-to-be-shown"},
        "options": {"concurrencyPolicy": "queue", "paused": False},
        "spec": root | response(view.state, view.started_at, view.finished_at),
    }


def stage_node(
    view: RunView, stage: StageView, places: Iterator[int]
) -> dict[str, Any]:
    """Return a stage as a workflow inside the workflow."""
    steps = [job_node(view, job, next(places)) for job in stage.jobs]
    node = {"kind": "Workflow", "ref": stage.name, "spec": {"steps": steps}}
    return node | response(stage.state, stage.started_at, stage.finished_at)


def job_node(view: RunView, job: JobView, place: int) -> dict[str, Any]:
    """Return a job as a node: what it is, is read out of its name."""
    name = job.job.name.lower().replace(" ", "-")
    product: dict[str, Any] = {"id": f"{view.run.id}-{place}"}
    node: dict[str, Any] = {"kind": "JobRun", "spec": {"jobId": name}}
    if "approv" in name:
        node, product = {"kind": "Approval", "spec": {"amount": 1}}, {}
    elif "build" in name:
        product |= {"sha": view.run.sha, "branch": view.run.branch}
        node = {"kind": "Build", "spec": {"id": name, "type": "service"}}
    answer = response(job.state, job.started_at, job.finished_at, job.message)
    if answer and product:
        answer["response"]["data"] = product
    return {**node, "ref": job.job.name, **answer}


def response(
    state: State,
    began: datetime | None,
    ended: datetime | None,
    complaint: str | None = None,
) -> dict[str, Any]:
    """Return how a node went; one that was not reached has no response."""
    if began is None:
        return {}
    said = known(status=NODE[state], startTime=seconds(began), endTime=seconds(ended))
    if complaint:
        said["error"] = {"code": 400, "message": complaint}
    return {"response": said}


def build(view: RunView) -> dict[str, Any]:
    """Return a build of a service."""
    words = [job.message for stage in view.stages for job in stage.jobs if job.message]
    return known(
        id=view.run.id,
        branch=view.run.branch,
        status=BUILD[view.state],
        sha=view.run.sha,
        concluded=view.state.is_over,
        createdAt=iso(view.run.created_at),
        success=view.state is State.SUCCEEDED if view.state.is_over else None,
        message=words[0] if words else None,
        buildConcludedAt=seconds(view.finished_at),
    )


def job_run(view: RunView) -> dict[str, Any]:
    """Return a run of a job; one in the queue is under way already, for all it says."""
    return {
        "id": view.run.id,
        "runName": f"run-{view.run.number}",
        "status": JOB_RUN.get(view.state, "RUNNING"),
        "concluded": view.state.is_over,
        "startedAt": iso(view.started_at),
        "concludedAt": iso(view.finished_at),
    }


def log_lines(job: JobView) -> list[dict[str, str]]:
    """Return what a job has written so far."""
    if job.started_at is None:
        return []
    said = [f"stdout F {job.job.name}"]
    said += [f"stdout F {step}" for step in job.job.steps]
    said += [f"stderr F {job.message}"] if job.message else []
    end = job.finished_at or job.started_at
    return [{"log": line, "ts": iso(end) or ""} for line in said]
