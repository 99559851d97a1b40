"""A simulated Northflank: release flows, builds and jobs of a few projects.

A pipeline's id in the world is its id in Runbell, such as
`shop/pipelines/release/production`, `shop/services/web` or `shop/jobs/migrate`. The
cloud keeps to the documented oddities: three vocabularies, times with a space, numbers
for times in the tree, `runs` left out where there are none, logs turned round.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from typing_extensions import override

from bot.demo.clouds.northflank_shapes import (
    build,
    flow_run,
    flow_run_in_full,
    job_run,
    log_lines,
)
from bot.demo.clouds.server import Cloud

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from starlette.routing import BaseRoute

    from bot.demo.clouds.server import Seen
    from bot.demo.clouds.world import RunView, SimPipeline, World

HOUR = timedelta(hours=1)
MOST = 100
"""The most entries on a page."""

Say = Callable[[Request], Response]


class NorthflankCloud(Cloud):
    """The API of one team, whose token allows so many requests an hour."""

    def __init__(
        self,
        world: World,
        *,
        token: str,
        team: str = "demo",
        requests_per_hour: int = 1000,
    ) -> None:
        super().__init__(world)
        self._token = token
        self._team = team
        self._per_hour = requests_per_hour
        self._spent = 0
        self._resets_at: datetime | None = None

    @override
    def routes(self) -> Sequence[BaseRoute]:
        flow = "/pipelines/{object}/release-flows/{stage}/runs"
        paths: dict[str, Say] = {
            "": self._projects,
            "/{project}/pipelines": self._objects("pipelines"),
            "/{project}/services": self._objects("services"),
            "/{project}/jobs": self._objects("jobs"),
            f"/{{project}}{flow}": self._listed("runs", flow_run),
            f"/{{project}}{flow}/{{run}}": self._one(flow_run_in_full),
            "/{project}/services/{object}/build": self._listed("builds", build),
            "/{project}/services/{object}/build/{run}": self._one(build),
            "/{project}/jobs/{object}/runs": self._listed("runs", job_run),
            "/{project}/jobs/{object}/runs/{run}": self._one(job_run),
            "/{project}/services/{object}/build-logs": self._log("buildId"),
            "/{project}/jobs/{object}/logs": self._log("runId"),
        }
        roots = ("/v1/projects", "/v1/teams/{team}/projects")
        return [
            Route("/v1/auth", self._metered(self._auth)),
            *(
                Route(root + path, self._metered(say))
                for root in roots
                for path, say in paths.items()
            ),
        ]

    @override
    def refuses(self, seen: Seen) -> Response | None:
        said = seen.headers.get("authorization", "").encode()
        if hmac.compare_digest(said, f"Bearer {self._token}".encode()):
            return None
        return self.unauthorized()

    @override
    def unauthorized(self) -> Response:
        return error(401, "Invalid or missing API token.")

    @override
    def down(self) -> Response:
        return error(503, "Service unavailable.")

    @override
    def throttled(self) -> Response:
        wait = self.trouble.retry_after or timedelta(seconds=1)
        response = error(429, "Rate limit exceeded.")
        response.headers["x-ratelimit-reset"] = f"{wait.total_seconds():.0f}"
        return response

    @override
    def not_found(self) -> Response:
        return error(404, "Not found.")

    def _metered(self, say: Say) -> Say:
        """Count the requests of an hour, which begins with its first one."""

        def answer(request: Request) -> Response:
            now = self.world.clock.now()
            if self._resets_at is None or now >= self._resets_at:
                self._spent, self._resets_at = 0, now + HOUR
            self._spent += 1
            left = self._per_hour - self._spent
            is_ours = request.path_params.get("team", self._team) == self._team
            if left < 0:
                response = error(429, "Rate limit exceeded.")
            else:
                response = say(request) if is_ours else self.not_found()
            resets_in = (self._resets_at - now).total_seconds()
            response.headers["x-ratelimit-limit"] = str(self._per_hour)
            response.headers["x-ratelimit-remaining"] = str(max(left, 0))
            response.headers["x-ratelimit-reset"] = f"{resets_in:.0f}"
            return response

        return answer

    def _auth(self, _: Request) -> Response:
        who = {"tokenKind": "api", "id": "runbell", "name": "Runbell"}
        team = {"entityId": self._team, "entityType": "team", "role": {"name": "Read"}}
        return JSONResponse({"data": {**who, **team}})

    def _projects(self, request: Request) -> Response:
        found = {p.id.split("/")[0]: p.group for p in self.world.pipelines()}
        named = [{"id": ident, "name": name} for ident, name in found.items()]
        return page(request, "projects", named)

    def _objects(self, kind: str) -> Say:
        def answer(request: Request) -> Response:
            start = f"{request.path_params['project']}/{kind}/"
            sims = [p for p in self.world.pipelines() if p.id.startswith(start)]
            # A pipeline with several stages is one entry.
            found = {sim.id.split("/")[2]: sim.name for sim in sims}
            more = {"serviceType": "combined"} if kind == "services" else {}
            named = [{"id": i, "name": name, **more} for i, name in found.items()]
            return page(request, kind, named)

        return answer

    def _listed(self, name: str, shape: Callable[[RunView], dict[str, Any]]) -> Say:
        def answer(request: Request) -> Response:
            sim = self._sim(request)
            if sim is None:
                return self.not_found()
            runs = [shape(view) for view in self.world.runs(sim.id)]
            return page(request, name, [r for r in runs if wanted(request, r)])

        return answer

    def _one(self, shape: Callable[[RunView], dict[str, Any]]) -> Say:
        def answer(request: Request) -> Response:
            sim = self._sim(request)
            view = self.world.run(sim.id, request.path_params["run"]) if sim else None
            return JSONResponse({"data": shape(view)}) if view else self.not_found()

        return answer

    def _log(self, parameter: str) -> Say:
        def answer(request: Request) -> Response:
            ident = request.query_params.get(parameter, "")
            project = request.path_params["project"]
            lines = list(self._lines(project, ident))
            size = int(request.query_params.get("lineLimit", MOST))
            if request.query_params.get("direction") == "backward":
                lines.reverse()
            return JSONResponse({"data": lines[:size]})

        return answer

    def _lines(self, project: str, ident: str) -> Iterable[dict[str, str]]:
        """Return the log of a run, or of the job of a run with a number behind it."""
        run, _, place = ident.partition("-")
        for sim in self.world.pipelines():
            view = self.world.run(sim.id, run)
            if view is None or not sim.id.startswith(f"{project}/"):
                continue
            jobs = [job for stage in view.stages for job in stage.jobs]
            yield from (
                line
                for at, job in enumerate(jobs)
                if place in {"", str(at)}
                for line in log_lines(job)
            )

    def _sim(self, request: Request) -> SimPipeline | None:
        """Return the pipeline a path speaks of."""
        parts = request.path_params
        kind = next(
            k for k in ("pipelines", "services", "jobs") if f"/{k}/" in request.url.path
        )
        ident = "/".join((parts["project"], kind, parts["object"]))
        stage = parts.get("stage")
        return self.world.pipeline(f"{ident}/{stage}" if stage else ident)


def error(status: int, message: str) -> Response:
    """Return an error as this vendor puts it."""
    said = {"status": status, "message": message, "id": f"demo-{status}"}
    return JSONResponse({"error": said}, status)


def page(request: Request, name: str, items: list[dict[str, Any]]) -> Response:
    """Return the page that the cursor asks for; an empty list is left out."""
    size = min(int(request.query_params.get("per_page", 50)), MOST)
    begin = int(request.query_params.get("cursor", "at-0").removeprefix("at-"))
    part = items[begin : begin + size]
    end = begin + len(part)
    pagination: dict[str, Any] = {"hasNextPage": end < len(items), "count": len(part)}
    if end < len(items):
        pagination["cursor"] = f"at-{end}"
    data = {name: part} if part else {}
    return JSONResponse({"data": data, "pagination": pagination})


def wanted(request: Request, run: Mapping[str, Any]) -> bool:
    """Return whether a run passes the two filters there are, both for flows only."""
    if "stage" not in request.path_params:
        return True
    status = request.query_params.get("status", run["status"])
    concluded = request.query_params.get("concluded")
    same = concluded is None or json.loads(concluded) == run["concluded"]
    return status == run["status"] and same
