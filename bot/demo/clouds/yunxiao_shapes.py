"""The world in Yunxiao's shapes, which both of its APIs share."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from bot.demo.clouds.world import digits
from providers.model import State, TriggerKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from starlette.requests import Request

    from bot.demo.clouds.world import JobView, RunView, StageView

MOST_ON_A_PAGE = 30
NO_WORDS = "”“"
"""What the documented answers have for `errorCode` where nothing is wrong."""

# A run that is queued or waits for an approval is RUNNING to Yunxiao.
RUN_WORDS: Mapping[State, str] = {
    State.SUCCEEDED: "SUCCESS",
    State.FAILED: "FAIL",
    State.CANCELED: "CANCELED",
}
TASK_WORDS: Mapping[State, str] = {
    **RUN_WORDS,
    State.RUNNING: "RUNNING",
    State.WAITING: "WAITING",
    State.QUEUED: "WAITING",
}
STEP_WORDS: Mapping[State, str] = {
    State.SUCCEEDED: "success",
    State.FAILED: "fail",
    State.CANCELED: "canceled",
    State.RUNNING: "running",
}
MODES: Mapping[TriggerKind, int] = {
    TriggerKind.MANUAL: 1,
    TriggerKind.SCHEDULE: 2,
    TriggerKind.PUSH: 3,
    TriggerKind.API: 4,
    TriggerKind.PIPELINE: 5,
    TriggerKind.WEBHOOK: 6,
}


def pipeline_of(ident: str, name: str) -> dict[str, Any]:
    """Return an entry of the list of pipelines."""
    return {"pipelineId": int(ident), "pipelineName": name, "createTime": 1586863220000}


def entry_of(view: RunView) -> dict[str, Any]:
    """Return an entry of a list of runs: no end is a 0, no branch is in it."""
    run = view.run
    return {
        "pipelineId": int(run.pipeline),
        "pipelineRunId": run.number,
        "status": RUN_WORDS.get(view.state, "RUNNING"),
        "triggerMode": MODES.get(run.trigger, 4),
        "startTime": _milliseconds(view.started_at or run.created_at),
        "endTime": _milliseconds(view.finished_at) or 0,
        "creatorAccountId": _account(run.actor),
    }


def run_of(view: RunView) -> dict[str, Any]:
    """Return a run in full: it has stages and a source, but neither start nor end."""
    entry = entry_of(view)
    del entry["startTime"], entry["endTime"]
    commit = {"commitId": view.run.sha, "commitMessage": view.run.message}
    source = {
        "branch": view.run.branch,
        "commint": json.dumps(commit),
        "repo": "https://codeup.aliyun.com/demo/shop.git",
    }
    numbers = iter(range(1, 1000))
    return {
        **entry,
        "createTime": _milliseconds(view.run.created_at),
        "updateTime": _milliseconds(view.updated_at),
        "stageGroup": [[stage.name] for stage in view.stages],
        "sources": [{"sign": "shop", "type": "codeup", "data": source}],
        "stages": [_stage(view, stage, numbers) for stage in view.stages],
    }


def job_of(view: RunView, ident: str) -> JobView | None:
    """Return the job with this id."""
    jobs = [job for stage in view.stages for job in stage.jobs]
    found = [j for n, j in enumerate(jobs, 1) if str(_job_id(view, n)) == ident]
    return found[0] if found else None


def log_of(view: RunView, ident: str) -> dict[str, Any]:
    """Return the log of the job with this id."""
    job = job_of(view, ident)
    if job is None or job.started_at is None:
        return {"content": "", "more": False}
    lines = [f"[INFO] {step}" for step in job.job.steps]
    if job.state is State.FAILED:
        lines += [f"[ERROR] {job.message}", "Process exited with code 1."]
    return {"content": "\n".join(lines) + "\n", "more": False}


def steps_of(job: JobView) -> list[dict[str, Any]]:
    """Return the steps of a job: all went well but the last, which decides."""
    last = len(job.job.steps) - 1
    words = ["success"] * last + [STEP_WORDS.get(job.state, "ready")]
    return [
        {"nodeName": f"{name}(7s)", "nodeIndex": str(place), "status": word}
        for place, (name, word) in enumerate(zip(job.job.steps, words, strict=True))
    ]


def _stage(view: RunView, stage: StageView, numbers: Iterator[int]) -> dict[str, Any]:
    info = {
        "name": stage.name,
        "status": TASK_WORDS.get(stage.state, "RUNNING"),
        "startTime": _milliseconds(stage.started_at),
        "endTime": _milliseconds(stage.finished_at),
        "jobs": [_job(view, job, next(numbers)) for job in stage.jobs],
    }
    return {"name": stage.name, "stageInfo": info}


def _job(view: RunView, job: JobView, number: int) -> dict[str, Any]:
    offered = ["LogPipelineJobRun"] if job.started_at else []
    if job.state is State.WAITING:
        offered = ["PassPipelineValidate", "RefusePipelineValidator"]
    if job.state is State.FAILED:
        offered += ["RetryPipelineJobRun", "SkipPipelineJobRun"]
    return {
        "id": _job_id(view, number),
        "name": job.job.name,
        "status": TASK_WORDS[job.state],
        "startTime": _milliseconds(job.started_at),
        "endTime": _milliseconds(job.finished_at),
        "params": "{}",
        "actions": [{"type": t, "disable": False, "params": {}} for t in offered],
    }


def _job_id(view: RunView, number: int) -> int:
    return view.run.number * 1000 + number


def _account(actor: str) -> str:
    """Return the digits of an account: Yunxiao names nobody in its answers."""
    return str(10**18 + int(digits(actor)[:12], 16))


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)


def gateway_error(status: int, code: str, message: str) -> Response:
    """Return what the gateway before the signed API says is wrong."""
    body = {"RequestId": "DEMO", "Code": code, "Message": message}
    return JSONResponse(body, status)


def newer_error(status: int, code: str, message: str) -> Response:
    """Return what the newer API says is wrong."""
    return JSONResponse({"errorCode": code, "errorMessage": message}, status)


def envelope(**payload: Any) -> Response:
    """Return what the signed API puts around a success."""
    words = {"errorCode": NO_WORDS, "errorMessage": NO_WORDS}
    return JSONResponse({"requestId": "DEMO", "success": True, **words, **payload})


def signed_page(request: Request, name: str, items: list[dict[str, Any]]) -> Response:
    """Return a page by `maxResults` and a token that has to be escaped."""
    asked = request.query_params
    if "maxResults" not in asked:
        return gateway_error(400, "InvalidParam.ParamNotPresent", "No maxResults.")
    begin = int((asked.get("nextToken") or "0").partition(" ")[0])
    end = begin + int(asked["maxResults"])
    following = f"{end} +/=" if end < len(items) else ""
    page = {name: items[begin:end]}
    return envelope(totalCount=len(items), nextToken=following, **page)


def newer_page(request: Request, items: list[dict[str, Any]]) -> Response:
    """Return a page by number, with what the vendor says of it in headers."""
    page = int(request.query_params.get("page", 1))
    size = min(int(request.query_params.get("perPage", 10)), MOST_ON_A_PAGE)
    is_last = page * size >= len(items)
    headers = {
        "x-page": str(page),
        "x-per-page": str(size),
        "x-total": str(len(items)),
        "x-next-page": "" if is_last else str(page + 1),
    }
    return JSONResponse(items[(page - 1) * size : page * size], headers=headers)
