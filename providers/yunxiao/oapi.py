"""The newer API (`/oapi/v1`), with a personal access token.

https://help.aliyun.com/zh/yunxiao/developer-reference/pipeline-running-instance/
https://github.com/aliyun/alibabacloud-devops-mcp-server (Alibaba's own client)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from typing_extensions import override

from providers.errors import NotFound
from providers.paging import Sheet, next_page
from providers.yunxiao.dialect import Dialect, Narrowing
from providers.yunxiao.wire import (
    LOG,
    PIPELINES,
    RUN,
    RUNS,
    STEPS,
    WireLog,
    WirePipeline,
    WireRun,
    WireStep,
)
from providers.yunxiao.words import whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from providers.answer import Answer
    from providers.http import Http
    from providers.target import Value

T = TypeVar("T")

CENTRAL = "/oapi/v1/flow/organizations/{}"
REGION = "/oapi/v1/flow"
"""A Region edition is one organization on a domain of its own."""

EMPTY = frozenset({b"", b"null", b"{}"})


class TokenApi(Dialect):
    """Bare arrays and objects; paging by number, with the answer's headers."""

    def __init__(self, http: Http, organization: str | None) -> None:
        """Speak to an organization, or to a Region edition where it is `None`."""
        self._http = http
        self._root = REGION if organization is None else CENTRAL
        self._org = () if organization is None else (organization,)

    @override
    async def pipelines(
        self, operation: str, token: str | None, size: int
    ) -> Sheet[WirePipeline]:
        page = int(token or 1)
        answer = await self._get(
            operation, "/pipelines", query={"page": page, "perPage": size}
        )
        found, left_out = answer.decode_list(PIPELINES)
        return _sheet(answer, found, left_out, page, size)

    @override
    async def runs(
        self,
        operation: str,
        pipeline: str,
        narrowing: Narrowing,
        token: str | None,
        size: int,
    ) -> Sheet[WireRun]:
        page = int(token or 1)
        answer = await self._get(
            operation,
            "/pipelines/{}/runs",
            pipeline,
            query={
                "page": page,
                "perPage": size,
                "status": narrowing.status,
                "triggerMode": narrowing.mode,
                "startTime": narrowing.since,
                # The parameter's real name, typing error and all:
                # https://help.aliyun.com/zh/yunxiao/developer-reference/listpipelineruns
                "endTme": narrowing.until,
            },
        )
        found, left_out = answer.decode_list(RUNS)
        return _sheet(answer, found, left_out, page, size)

    @override
    async def latest(self, pipeline: str) -> WireRun | None:
        """Return the newest run in full, in one call.

        What this call says of a pipeline that never ran is not documented; where it
        says "not found", the list tells whether the pipeline is there.
        """
        try:
            answer = await self._get(
                "latest_runs", "/pipelines/{}/runs/latestPipelineRun", pipeline
            )
        except NotFound:
            sheet = await self.runs("latest_runs", pipeline, Narrowing(), None, 1)
            return sheet.items[0] if sheet.items else None
        if answer.body.strip() in EMPTY:
            return None
        return answer.decode_list(RUN)[0]

    @override
    async def run(self, operation: str, pipeline: str, run: str) -> WireRun:
        answer = await self._get(operation, "/pipelines/{}/runs/{}", pipeline, run)
        return answer.decode_list(RUN)[0]

    @override
    async def steps(self, pipeline: str, run: str, job: str) -> Sequence[WireStep]:
        answer = await self._get(
            "get_run", "/pipelines/{}/pipelineRuns/{}/jobs/{}/steps", pipeline, run, job
        )
        wire, _ = answer.decode_list(STEPS)
        every = wire if isinstance(wire, list) else [wire]
        return tuple(step for part in every for step in part.steps or ())

    @override
    async def log(self, pipeline: str, run: str, job: str) -> WireLog:
        answer = await self._get(
            "read_log", "/pipelines/{}/runs/{}/job/{}/log", pipeline, run, job
        )
        return answer.decode(LOG)

    async def _get(
        self,
        operation: str,
        tail: str,
        *parts: str,
        query: dict[str, Value] | None = None,
    ) -> Answer:
        return await self._http.get(
            operation, self._root + tail, *self._org, *parts, query=query
        )


def _sheet(
    answer: Answer, found: list[T], left_out: int, page: int, size: int
) -> Sheet[T]:
    """Return a page with what its headers say of the next one and of all."""
    if left_out and not found:
        raise answer.bad("not one entry of the list could be read")
    total = whole(answer.headers.get("x-total"))
    following = next_page(page, size=size, got=len(found) + left_out, total=total)
    if "x-next-page" in answer.headers:
        named = whole(answer.headers["x-next-page"])
        following = str(named) if named else None
    return Sheet(items=tuple(found), next=following, total=total, left_out=left_out)
