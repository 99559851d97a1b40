"""A simulated Yunxiao Flow: both of its APIs over the same world.

The signed API checks signature, date and nonce over the bytes that arrived; the newer
one its token. Paths without an organization are those of a Region edition.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from typing_extensions import override

from bot.demo.clouds.server import Cloud, Seen
from bot.demo.clouds.yunxiao_shapes import (
    entry_of,
    envelope,
    gateway_error,
    job_of,
    log_of,
    newer_error,
    newer_page,
    pipeline_of,
    run_of,
    signed_page,
    steps_of,
)
from providers.auth.acs3 import ACTION, ALGORITHM, canonical_request, is_signed
from providers.auth.acs3 import signature as acs3_signature

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from bot.demo.clouds.world import RunView, World

    Handler = Callable[[Request], Response]

ORGANIZATION = "5ebbc0228123212b59demo0"
ACCESS_KEY_ID = "LTAI-demo"
ACCESS_KEY_SECRET = "demo-secret"  # noqa: S105 - the demo's, obviously fake
TOKEN = "pt-demo"  # noqa: S105 - the demo's, obviously fake

NEWER = "/oapi/"
CLOCK_SKEW = timedelta(minutes=15)


class YunxiaoCloud(Cloud):
    """Yunxiao Flow: one organization, a key pair and a personal access token for it.

    `lists_status` can be switched off: the newer API's documentation leaves the state
    out of its lists.
    """

    def __init__(
        self,
        world: World,
        *,
        organization: str = ORGANIZATION,
        access_key_id: str = ACCESS_KEY_ID,
        access_key_secret: str = ACCESS_KEY_SECRET,
        token: str = TOKEN,
        lists_status: bool = True,
    ) -> None:
        super().__init__(world)
        self.lists_status = lists_status
        self._organization = organization
        self._access_key_id = access_key_id
        self._access_key_secret = access_key_secret
        self._token = token
        self._nonces: set[str] = set()

    # --- who may ask ------------------------------------------------------------------

    @override
    def refuses(self, seen: Seen) -> Response | None:
        if seen.target.startswith(NEWER):
            sent = seen.headers.get("x-yunxiao-token", "")
            is_right = hmac.compare_digest(sent.encode(), self._token.encode())
            return None if is_right else self.unauthorized()
        code = self._what_is_wrong(seen)
        return gateway_error(400, code, "The signature was refused.") if code else None

    def _what_is_wrong(self, seen: Seen) -> str | None:
        """Return the gateway's code for what is wrong with a signature."""
        scheme, _, rest = seen.headers.get("authorization", "").partition(" ")
        parts = dict(p.split("=", 1) for p in rest.split(",") if "=" in p)
        names = parts.get("SignedHeaders", "").split(";")
        needed = {name for name in seen.headers if is_signed(name)}
        if scheme != ALGORITHM or not needed <= set(names) <= seen.headers.keys():
            return "IncompleteSignature"
        if parts.get("Credential") != self._access_key_id:
            return "InvalidAccessKeyId.NotFound"
        body_hash = hashlib.sha256(seen.body).hexdigest()
        canonical = canonical_request(
            seen.method,
            seen.target,
            headers={name: seen.headers[name] for name in names},
            content_sha256=body_hash,
        )
        right = acs3_signature(canonical, secret_key=self._access_key_secret)
        if not hmac.compare_digest(right, parts.get("Signature", "")):
            return "SignatureDoesNotMatch"
        return self._what_is_stale(seen.headers)

    def _what_is_stale(self, headers: Mapping[str, str]) -> str | None:
        sent = datetime.fromisoformat(headers["x-acs-date"])
        if abs(self.world.clock.now() - sent) > CLOCK_SKEW:
            return "InvalidTimeStamp.Expired"
        nonce = headers["x-acs-signature-nonce"]
        if nonce in self._nonces:
            return "SignatureNonceUsed"
        self._nonces.add(nonce)
        return None

    # --- trouble ----------------------------------------------------------------------

    @property
    def _is_newer(self) -> bool:
        """Whether the request at hand is one to the newer API."""
        return bool(self.seen) and self.seen[-1].target.startswith(NEWER)

    @override
    def unauthorized(self) -> Response:
        if self._is_newer:
            return newer_error(401, "InvalidTokenError", "Token is invalid")
        return gateway_error(
            400, "SignatureDoesNotMatch", "The signature does not match."
        )

    @override
    def down(self) -> Response:
        if self._is_newer:
            return newer_error(500, "InternalServerError", "An internal error occurs")
        # The gateway answers in XML where it pleases.
        xml = (
            "<?xml version='1.0' encoding='UTF-8'?><Error><RequestId>DEMO</RequestId>"
            "<Code>ServiceUnavailable</Code><Message>Down for now.</Message></Error>"
        )
        return Response(xml, 503, media_type="text/xml")

    @override
    def throttled(self) -> Response:
        wait = self.trouble.retry_after
        if self._is_newer:
            answer = newer_error(429, "TooManyRequests", "Too many requests")
            if wait is not None:
                answer.headers["retry-after"] = str(int(wait.total_seconds()))
            return answer
        answer = gateway_error(429, "Throttling.User", "Request was denied.")
        if wait is not None:
            milliseconds = int(wait.total_seconds() * 1000)
            answer.headers["x-acs-retry-after"] = str(milliseconds)
        return answer

    @override
    def not_found(self) -> Response:
        if self._is_newer:
            return newer_error(404, "NotFound", "Not found")
        return gateway_error(404, "InvalidAction.NotFound", "No such operation.")

    # --- what there is ----------------------------------------------------------------

    @override
    def routes(self) -> Sequence[BaseRoute]:
        old = "/organization/{org}/pipelines"
        run = "/organization/{org}/pipeline/{pid}/pipelineRun/{rid}"
        signed: tuple[tuple[str, str, Handler], ...] = (
            ("ListPipelines", old, self._old_pipelines),
            ("ListPipelineRuns", old + "/{pid}/pipelineRuns", self._old_runs),
            ("GetPipelineRun", old + "/{pid}/pipelineRuns/{rid}", self._old_run),
            ("LogPipelineJobRun", run + "/job/{jid}/logs", self._old_log),
        )
        newer: tuple[tuple[str, Handler], ...] = (
            ("/pipelines", self._new_pipelines),
            ("/pipelines/{pid}/runs", self._new_runs),
            ("/pipelines/{pid}/runs/latestPipelineRun", self._new_latest),
            ("/pipelines/{pid}/runs/{rid}", self._new_run),
            ("/pipelines/{pid}/runs/{rid}/job/{jid}/log", self._new_log),
            ("/pipelines/{pid}/pipelineRuns/{rid}/jobs/{jid}/steps", self._new_steps),
        )
        roots = ("/oapi/v1/flow/organizations/{org}", "/oapi/v1/flow")
        return [
            *(Route(path, self._answering(do, name)) for name, path, do in signed),
            *(
                Route(root + p, self._answering(do))
                for root in roots
                for p, do in newer
            ),
        ]

    def _answering(
        self, handler: Handler, action: str | None = None
    ) -> Callable[[Request], Awaitable[Response]]:
        """Return the endpoint that checks what all operations have in common."""

        async def endpoint(request: Request) -> Response:
            if action is not None and request.headers.get(ACTION) != action:
                return self.not_found()
            if request.path_params.get("org", self._organization) != self._organization:
                return self._no("InvalidOrganization.NotFound")
            pipeline = request.path_params.get("pid")
            if pipeline is not None and self.world.pipeline(pipeline) is None:
                return self._no("InvalidPipeline.NotFound")
            if "rid" in request.path_params and self._view(request) is None:
                return self._no("InvalidPipelineRun.NotFound")
            return handler(request)

        return endpoint

    def _no(self, code: str) -> Response:
        if self._is_newer:
            return newer_error(404, code, "Not found")
        # Failures of Yunxiao itself may come inside an HTTP 200.
        failure = {"success": False, "errorCode": code, "errorMessage": "Not found."}
        return JSONResponse({"requestId": "DEMO", **failure})

    def _view(self, request: Request) -> RunView | None:
        return self.world.run(request.path_params["pid"], request.path_params["rid"])

    def _known(self, request: Request) -> RunView:
        view = self._view(request)
        assert view is not None  # noqa: S101 - `_answering` has looked
        return view

    def _old_pipelines(self, request: Request) -> Response:
        return signed_page(request, "pipelines", self._pipelines())

    def _old_runs(self, request: Request) -> Response:
        return signed_page(request, "pipelineRuns", self._listed(request, "endTime"))

    def _old_run(self, request: Request) -> Response:
        return envelope(pipelineRun=run_of(self._known(request)))

    def _old_log(self, request: Request) -> Response:
        return envelope(log=log_of(self._known(request), request.path_params["jid"]))

    def _new_pipelines(self, request: Request) -> Response:
        return newer_page(request, self._pipelines())

    def _new_runs(self, request: Request) -> Response:
        runs = self._listed(request, "endTme")
        if not self.lists_status:
            runs = [{k: v for k, v in r.items() if k != "status"} for r in runs]
        return newer_page(request, runs)

    def _new_latest(self, request: Request) -> Response:
        runs = self.world.runs(request.path_params["pid"])
        return JSONResponse(run_of(runs[0]) if runs else None)

    def _new_run(self, request: Request) -> Response:
        return JSONResponse(run_of(self._known(request)))

    def _new_log(self, request: Request) -> Response:
        return JSONResponse(log_of(self._known(request), request.path_params["jid"]))

    def _new_steps(self, request: Request) -> Response:
        job = job_of(self._known(request), request.path_params["jid"])
        return JSONResponse({"buildId": 1, "steps": steps_of(job) if job else []})

    def _pipelines(self) -> list[dict[str, Any]]:
        return [pipeline_of(p.id, p.name) for p in self.world.pipelines()]

    def _listed(self, request: Request, until: str) -> list[dict[str, Any]]:
        """Return the entries of the list of runs that pass the request's filters."""
        asked = request.query_params
        wanted = {
            "status": asked.get("status"),
            "triggerMode": int(asked["triggerMode"])
            if "triggerMode" in asked
            else None,
        }
        since, end = int(asked.get("startTime", 0)), int(asked.get(until, 10**15))
        entries = [
            entry_of(view) for view in self.world.runs(request.path_params["pid"])
        ]
        return [
            entry
            for entry in entries
            if all(v is None or entry[k] == v for k, v in wanted.items())
            and since <= entry["startTime"] <= end
        ]
