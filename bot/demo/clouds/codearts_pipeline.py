"""A simulated CodeArts Pipeline: one project, whose pipelines are the world's.

It keeps to the documented oddities: errors inside HTTP 200, two forms of time in one
answer, pipelines without runs left out of the batch, logs that come newest line first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from typing_extensions import override

from bot.demo.clouds.codearts_pipeline_shapes import (
    is_asked_for,
    job_id,
    log_page,
    milliseconds,
    run_detail,
    run_entry,
)
from bot.demo.clouds.huawei import LOGIN, HuaweiCloud, error

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from bot.demo.clouds.world import SimPipeline


T = TypeVar("T")


class CodeArtsPipelineCloud(HuaweiCloud):
    """The API of one project, and IAM beside it."""

    @override
    def routes(self) -> Sequence[BaseRoute]:
        root = "/v5/{project}/api/pipelines"
        runs = f"{root}/{{pipeline}}/pipeline-runs"
        step = f"{runs}/{{run}}/jobs/{{job}}/steps/{{step}}"
        return [
            Route(LOGIN, self.gate.login, methods=["POST"]),
            Route(f"{root}/list", self._own(self._list), methods=["POST"]),
            Route(f"{root}/status", self._own(self._status), methods=["POST"]),
            Route(f"{runs}/list", self._own(self._runs), methods=["POST"]),
            Route(f"{runs}/detail", self._own(self._detail)),
            Route(f"{step}/logs", self._own(self._log), methods=["POST"]),
        ]

    @override
    def down(self) -> Response:
        return error("DEVCP.00020500", "The network is busy. Try again later.", 500)

    def _own(
        self, answer: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Return the same for the one project there is."""

        async def guarded(request: Request) -> Response:
            if request.path_params["project"] != self.project_id:
                return error("DEV_21_100169", "The project does not exist", 404)
            return await answer(request)

        return guarded

    async def _list(self, request: Request) -> Response:
        asked = await request.json()
        every = list(self.world.pipelines())
        if asked.get("sort_key") == "name":
            every.sort(key=lambda pipeline: pipeline.name)
        return self._page(asked, "pipelines", every, self._entry)

    async def _status(self, request: Request) -> Response:
        found = (self._latest(ident) for ident in await request.json())
        return JSONResponse([latest for latest in found if latest])

    async def _runs(self, request: Request) -> Response:
        pipeline = self.world.pipeline(request.path_params["pipeline"])
        if pipeline is None:
            return no_record()
        asked = await request.json()
        entries = [run_entry(view) for view in self.world.runs(pipeline.id)]
        kept = [entry for entry in entries if is_asked_for(entry, asked)]
        return self._page(asked, "pipeline_runs", kept, dict)

    async def _detail(self, request: Request) -> Response:
        pipeline = request.path_params["pipeline"]
        # Without an id, this is the latest run.
        runs = self.world.runs(pipeline)
        wanted = request.query_params.get("pipeline_run_id")
        view = next((v for v in runs if wanted in {None, v.run.id}), None)
        return JSONResponse(run_detail(view)) if view else no_record()

    async def _log(self, request: Request) -> Response:
        place = request.path_params
        view = self.world.run(place["pipeline"], place["run"])
        jobs = [job for stage in view.stages for job in stage.jobs] if view else []
        for job in jobs:
            if view and job_id(view, job) == place["job"]:
                return JSONResponse(log_page(job, await request.json(), place["step"]))
        return no_record()

    def _entry(self, pipeline: SimPipeline) -> dict[str, Any]:
        return {
            "pipeline_id": pipeline.id,
            "name": pipeline.name,
            "project_id": self.project_id,
            "project_name": pipeline.group,
            "manifest_version": "3.0",
            "banned": False,
            "latest_run": self._latest(pipeline.id),
        }

    def _latest(self, pipeline: str) -> dict[str, Any] | None:
        view = next(iter(self.world.runs(pipeline)), None)
        return run_entry(view) if view else None

    def _page(
        self,
        asked: dict[str, Any],
        name: str,
        found: Sequence[T],
        entry: Callable[[T], dict[str, Any]],
    ) -> Response:
        offset, limit = asked["offset"], asked["limit"]
        return JSONResponse(
            {
                "offset": offset,
                "limit": limit,
                "total": len(found),
                "current_system_time": milliseconds(self.world.clock.now()),
                name: [entry(one) for one in found[offset : offset + limit]],
            }
        )


def no_record() -> Response:
    """Return what is said of what is not there, with status 200."""
    return error("DEVCP.00012002", "The record does not exist.", 200)
