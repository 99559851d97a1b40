"""A simulated CLOVA NSML: one account whose projects have runs.

It keeps to what is documented: one listing for all projects, two words for the state
(a run that crashed is COMPLETED like any other), names that are numbers in text, times
without a zone, no times in a run's detail.
"""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from typing_extensions import override

from bot.demo.clouds.server import Cloud
from providers.auth.ncp import signature
from providers.model import utc_from_epoch_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from bot.demo.clouds.server import Seen
    from bot.demo.clouds.world import RunView, SimPipeline, World

T = TypeVar("T")

ACCESS_KEY = "ncp-demo-access-key"
SECRET_KEY = "ncp-demo-secret-key"  # noqa: S105 - the demo's, obviously fake
API_KEY = "ncp-demo-api-key"

BASE = "/nsml/v1"
SEOUL = ZoneInfo("Asia/Seoul")
SKEW = timedelta(minutes=5)
PAGE_SIZE = 10

GPU = "gpu"
"""A pipeline's trait `gpu` is the name of the GPU its runs use."""


class NsmlCloud(Cloud):
    """The API of one account; each pipeline of the world is a project.

    The order of the listing is documented nowhere: `oldest_first` turns it round.
    """

    tells_failures = False

    def __init__(
        self,
        world: World,
        *,
        access_key: str = ACCESS_KEY,
        secret_key: str = SECRET_KEY,
        api_key: str = API_KEY,
        oldest_first: bool = False,
    ) -> None:
        super().__init__(world)
        self._access_key = access_key
        self._secret_key = secret_key
        self._api_key = api_key
        self._oldest_first = oldest_first

    @override
    def routes(self) -> Sequence[BaseRoute]:
        project = f"{BASE}/projects/{{project}}"
        return [
            Route(f"{BASE}/projects", self._projects),
            # Before the next one: as a path, `runs` could be a project as well.
            Route(f"{BASE}/projects/runs", self._runs),
            Route(project, self._project),
            Route(f"{project}/runs/{{name}}", self._run),
        ]

    # --- who may ask --------------------------------------------------------------

    @override
    def refuses(self, seen: Seen) -> Response | None:
        timestamp = seen.headers.get("x-ncp-apigw-timestamp", "")
        sent = {
            "x-ncp-iam-access-key": self._access_key,
            "x-ncp-apigw-api-key": self._api_key,
            "x-ncp-apigw-signature-v2": signature(
                seen.method,
                seen.target,
                timestamp=timestamp,
                access_key=self._access_key,
                secret_key=self._secret_key,
            ),
        }
        is_right = all(
            hmac.compare_digest(seen.headers.get(name, "").encode(), value.encode())
            for name, value in sent.items()
        )
        return None if is_right and self._is_fresh(timestamp) else self.unauthorized()

    def _is_fresh(self, timestamp: str) -> bool:
        sent = utc_from_epoch_ms(int(timestamp)) if timestamp.isdecimal() else None
        return sent is not None and abs(self.world.clock.now() - sent) <= SKEW

    # --- what it says when it does not answer -------------------------------------

    @override
    def unauthorized(self) -> Response:
        return gateway_error(401, "200", "Authentication Failed")

    @override
    def down(self) -> Response:
        return gateway_error(503, "500", "Endpoint Error")

    @override
    def throttled(self) -> Response:
        refusal = gateway_error(429, "410", "Throttle Limited")
        if (wait := self.trouble.retry_after) is not None:
            refusal.headers["retry-after"] = str(int(wait.total_seconds()))
        return refusal

    @override
    def not_found(self) -> Response:
        return gateway_error(404, "300", "Not Found Exception")

    # --- what it answers ----------------------------------------------------------

    async def _projects(self, request: Request) -> Response:
        return page_of("projects", self.world.pipelines(), self._shown, request)

    async def _project(self, request: Request) -> Response:
        sim = self.world.pipeline(request.path_params["project"])
        return JSONResponse(self._shown(sim)) if sim else self.not_found()

    async def _runs(self, request: Request) -> Response:
        views = [
            (sim, view)
            for sim in self.world.pipelines()
            for view in self.world.runs(sim.id)
        ]
        views.sort(
            key=lambda pair: (pair[1].run.created_at, pair[1].run.number),
            reverse=not self._oldest_first,
        )
        return page_of("runList", views, lambda pair: entry_of(*pair), request)

    async def _run(self, request: Request) -> Response:
        sim = self.world.pipeline(request.path_params["project"])
        name = request.path_params["name"]
        # A name is the number of the run alone, not the world's own id of it.
        view = self.world.run(sim.id, name) if sim and name.isdecimal() else None
        return JSONResponse(detail_of(sim, view)) if sim and view else self.not_found()

    def _shown(self, sim: SimPipeline) -> dict[str, Any]:
        """Return a project, as the list and its own page show it."""
        views = self.world.runs(sim.id)
        return {
            "projectId": sim.id,
            "projectName": sim.name,
            "status": "CREATED",
            "runCount": len(views),
            "nodeCount": 1,
            **({"updatedDate": when(views[0].updated_at)} if views else {}),
        }


def page_of(
    name: str,
    found: Sequence[T],
    entry: Callable[[T], dict[str, Any]],
    request: Request,
) -> Response:
    """Return the page asked for, or the gateway's word for a page that cannot be."""
    texts = (
        request.query_params.get("page", "1"),
        request.query_params.get("pageSize", str(PAGE_SIZE)),
    )
    if not all(text.isdecimal() and int(text) for text in texts):
        return gateway_error(400, "100", "Bad Request Exception")
    page, size = (int(text) for text in texts)
    part = [entry(one) for one in found[(page - 1) * size : page * size]]
    return JSONResponse({name: part, "totalCount": len(found)})


def entry_of(sim: SimPipeline, view: RunView) -> dict[str, Any]:
    """Return an entry of the listing."""
    return {
        "runName": str(view.run.number),
        "projectId": sim.id,
        "projectName": sim.name,
        "status": word_of(view),
        "creator": view.run.actor,
        "createTime": when(view.run.created_at),
        "updateTime": when(view.updated_at),
    }


def detail_of(sim: SimPipeline, view: RunView) -> dict[str, Any]:
    """Return a run; what it is started with holds secrets in real life."""
    return {
        "runName": str(view.run.number),
        "projectId": sim.id,
        "projectName": sim.name,
        "status": word_of(view),
        "engFullName": sim.traits.get(GPU, "NVIDIA A100 x 1"),
        "gpuSvrCode": "SVR.GPU.DEMO",
        "imageType": "BASE",
        "imagePath": "nsml/pytorch:2.1",
        "command": "python train.py --token demo-not-to-be-shown",
        "creator": view.run.actor,
        "envs": {"HF_TOKEN": "demo-not-to-be-shown"},
        "note": view.run.message,
    }


def word_of(view: RunView) -> str:
    """Return one of the two words there are: COMPLETED says nothing of success."""
    return "RUN_STATE_COMPLETED" if view.state.is_over else "RUN_STATE_IN_PROGRESS"


def when(moment: datetime) -> str:
    """Return a time as NSML writes it: Korean, and without a zone."""
    return moment.astimezone(SEOUL).strftime("%Y-%m-%d %H:%M:%S")


def gateway_error(status: int, code: str, message: str) -> Response:
    """Return an error in the API Gateway's envelope."""
    error = {"errorCode": code, "message": message, "details": message}
    return JSONResponse({"error": error}, status)
