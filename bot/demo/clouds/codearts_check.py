"""A simulated CodeArts Check: one project whose tasks scan its repositories.

It keeps to the documented oddities: errors inside HTTP 200, page numbers called offset,
no status in the list, counts as text in one answer and as numbers in the next, times
with and without a zone.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from typing_extensions import override

from bot.demo.clouds.huawei import LOGIN, HuaweiCloud, error
from providers.model import State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from bot.demo.clouds.world import RunView, SimPipeline

T = TypeVar("T")

SHANGHAI = ZoneInfo("Asia/Shanghai")

FAILS = "fails"
SCAN = "scan"
"""A pipeline's trait `fails: scan` says that its scans fail, not their quality gate."""

STATUS: Mapping[State, int] = {
    State.QUEUED: 0,
    State.RUNNING: 0,
    State.WAITING: 0,
    State.FAILED: 1,
    State.SUCCEEDED: 2,
    State.CANCELED: 3,
}
JOB_STATUS = ("executing", "failed", "success", "aborted")


class CodeArtsCheckCloud(HuaweiCloud):
    """The API of one project; each pipeline of the world is a check task."""

    @override
    def routes(self) -> Sequence[BaseRoute]:
        task = "/v2/tasks/{task}"
        own = "/v2/{project}/tasks"
        return [
            Route(LOGIN, self.gate.login, methods=["POST"]),
            Route(own, self._tasks),
            Route("/v1/tasks", self._listed),
            Route(f"{task}/progress", self._of_task(progress)),
            Route(f"{task}/defects-summary", self._of_task(summary)),
            Route(f"{task}/defects-statistic", self._of_task(statistic)),
            Route(f"{own}/{{task}}/checkrecord", self._history),
            Route(f"{own}/{{task}}/log-detail", self._of_task(log)),
        ]

    @override
    def down(self) -> Response:
        return error("CC.00000000", "The network is busy. Try again later.", 400)

    async def _tasks(self, request: Request) -> Response:
        if request.path_params["project"] != self.project_id:
            return error("CC.00050013", "The project does not exist.", 200)
        every = self.world.pipelines()
        part = page(request, every, first=0, names=("offset", "limit"))
        tasks = [simple_task(p, self._newest(p.id)) for p in part]
        return JSONResponse({"tasks": tasks, "total": len(every)})

    async def _listed(self, request: Request) -> Response:
        if request.query_params.get("project_id") != self.project_id:
            why = {"code": "CC.00050013", "message": "no such project"}
            return JSONResponse({"httpStatus": "OK", "result": why, "status": "error"})
        every = self.world.pipelines()
        part = page(request, every, first=1, names=("page", "page_size"))
        tasks = [listed_task(p, self._newest(p.id)) for p in part]
        result = {"tasks": tasks, "total": len(every)}
        return JSONResponse({"httpStatus": "OK", "result": result, "status": "success"})

    async def _history(self, request: Request) -> Response:
        pipeline = self.world.pipeline(request.path_params["task"])
        if pipeline is None or request.path_params["project"] != self.project_id:
            return no_task()
        since = request.query_params.get("start_time", "2000-01-01T00:00:00Z")
        until = request.query_params.get("end_time", "2100-01-01T00:00:00Z")
        records = [
            record(view)
            for view in self.world.runs(pipeline.id)
            if view.started_at and since <= zulu(view.started_at)
            if view.finished_at and zulu(view.finished_at) <= until
        ]
        part = page(request, records, first=0, names=("offset", "limit"))
        return JSONResponse({"data": part, "total": len(records)})

    def _of_task(
        self, say: Callable[[SimPipeline, RunView | None], dict[str, Any]]
    ) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            pipeline = self.world.pipeline(request.path_params["task"])
            if pipeline is None:
                return no_task()
            return JSONResponse(say(pipeline, self._newest(pipeline.id)))

        return answer

    def _newest(self, pipeline: str) -> RunView | None:
        return next(iter(self.world.runs(pipeline)), None)


def no_task() -> Response:
    """Return what is said of a task that is not there."""
    return error("CC.10010204.400", "The task does not exist or was deleted.", 400)


def page(
    request: Request, items: Sequence[T], *, first: int, names: Sequence[str]
) -> Sequence[T]:
    """Return the page asked for; pages are counted from `first`."""
    number, size = (int(request.query_params.get(name, 10)) for name in names)
    begin = (number - first) * size
    return items[begin : begin + size]


def zulu(moment: datetime) -> str:
    """Return a time in UTC, as newer answers have it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def local(moment: datetime) -> str:
    """Return a time without its zone, as older answers have it."""
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def status(pipeline: SimPipeline, view: RunView) -> int:
    """Return the status of a scan, which may end well and fail its gate."""
    if view.state is State.FAILED and pipeline.traits.get(FAILS) != SCAN:
        return STATUS[State.SUCCEEDED]
    return STATUS[view.state]


def counts(view: RunView) -> tuple[int, int, int, int]:
    """Return how many issues a scan found: critical, major, minor, suggestions."""
    n = view.run.number
    serious = 1 + n % 3 if view.state is State.FAILED else 0
    return (serious, 2 * serious, n % 7, n % 4)


def simple_task(pipeline: SimPipeline, view: RunView | None) -> dict[str, Any]:
    """Return an entry of the list of tasks."""
    began = view.started_at if view else None
    return {
        "task_id": pipeline.id,
        "task_name": pipeline.name,
        "git_branch": pipeline.default_branch,
        "git_url": f"git@example.com:{pipeline.group}/{pipeline.name}.git",
        "last_check_time": local(began) if began else None,
    }


def listed_task(pipeline: SimPipeline, view: RunView | None) -> dict[str, Any]:
    """Return an entry of the newer list of tasks."""
    began = view.started_at if view else None
    gate = "error" if view and view.state is State.FAILED else "success"
    word = JOB_STATUS[status(pipeline, view)] if view else "never_execute"
    return {
        "id": pipeline.id,
        "name": pipeline.name,
        "gitBranch": pipeline.default_branch,
        "jobStatus": word,
        "reviewResult": gate if word == "success" else None,
        "lastCheckTime": zulu(began) if began else None,
    }


def progress(pipeline: SimPipeline, view: RunView | None) -> dict[str, Any]:
    """Return where the newest scan stands; all null where there is none."""
    if view is None:
        return {"task_status": None, "progress": {"ratio": None, "info": None}}
    word = status(pipeline, view)
    ratio = f"{view.progress:.0%}" if word in {0, 2} else None
    info = {0: "running", 2: "success"}.get(word)
    return {"task_status": word, "progress": {"ratio": ratio, "info": info}}


def summary(pipeline: SimPipeline, view: RunView | None) -> dict[str, Any]:
    """Return what the newest scan found; counts are text here."""
    found = counts(view) if view else (0, 0, 0, 0)
    names = ("critical_count", "major_count", "minor_count", "suggestion_count")
    began = view.started_at if view else None
    return {
        **{name: str(count) for name, count in zip(names, found, strict=True)},
        "task_id": pipeline.id,
        "task_name": pipeline.name,
        "git_branch": pipeline.default_branch,
        "last_check_time": zulu(began) if began else None,
        "issue_count": sum(found),
        "code_line": 55_777,
        "code_line_total": 63_371,
        "duplication_ratio": "4.51%",
        "cyclomatic_complexity_per_method": "2.10",
        "is_access": "0" if view and view.state is State.FAILED else "1",
    }


def statistic(_: SimPipeline, view: RunView | None) -> dict[str, Any]:
    """Return the newest scan's issues, counted; counts are numbers here."""
    found = counts(view) if view else (0, 0, 0, 0)
    names = ("critical", "major", "minor", "suggestion")
    return {
        "severity": dict(zip(names, found, strict=True)),
        "status": {"unresolved": sum(found), "resolved": 3, "dismissed": 0},
    }


def record(view: RunView) -> dict[str, Any]:
    """Return a scan in the history: old names, and times without a zone."""
    names = ("critical", "serious", "normal", "prompt")
    began, ended = view.started_at, view.finished_at
    return {
        "check_time": local(began) if began else None,
        "check_end_time": local(ended) if ended else None,
        "issue_counts": dict(zip(names, counts(view), strict=True)),
    }


def log(_: SimPipeline, view: RunView | None) -> dict[str, Any]:
    """Return why the newest scan failed."""
    jobs = [job for stage in view.stages for job in stage.jobs] if view else []
    entries = [
        {
            "display_name": job.job.name,
            "log": f"{job.job.name} started\n{job.message or 'done'}",
            "level": "ERROR" if job.message else "INFO",
            "analysis": job.message,
            "faq": None,
        }
        for job in jobs
        if job.finished_at
    ]
    return {"param_info": {"language": "java"}, "log_info": entries}
