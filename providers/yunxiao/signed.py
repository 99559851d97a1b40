"""The signed API: product devops, version 2021-06-25.

Singular and plural words in its paths are inconsistent, and are written here as its
own clients write them.

https://help.aliyun.com/document_detail/460566.html
https://github.com/aliyun/alibabacloud-python-sdk/tree/master/devops-20210625
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import override

from providers import target
from providers.auth.acs3 import ACTION
from providers.errors import Refused
from providers.paging import Sheet
from providers.yunxiao.dialect import Dialect, Narrowing
from providers.yunxiao.wire import (
    LOG_ENVELOPE,
    PIPELINE_LIST,
    RUN_ENVELOPE,
    RUN_LIST,
    WireEnvelope,
    WireLog,
    WirePipeline,
    WireRun,
    WireStep,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from providers.answer import Answer
    from providers.http import Http

PIPELINES = "/organization/{}/pipelines"
RUNS = "/organization/{}/pipelines/{}/pipelineRuns"
RUN = "/organization/{}/pipelines/{}/pipelineRuns/{}"
LOG = "/organization/{}/pipeline/{}/pipelineRun/{}/job/{}/logs"

NOT_PRESENT = "InvalidParam.ParamNotPresent"


class SignedApi(Dialect):
    """Envelopes around everything, paging by `maxResults` and `nextToken`."""

    def __init__(self, http: Http, organization: str) -> None:
        self._http = http
        self._organization = organization
        # A fact about the server that is learned once, see `_page`.
        self._first_token: str | None = None

    @override
    async def pipelines(
        self, operation: str, token: str | None, size: int
    ) -> Sheet[WirePipeline]:
        answer = await self._page(
            operation,
            "ListPipelines",
            PIPELINES,
            query={"maxResults": size},
            token=token,
        )
        wire, left_out = answer.decode_list(PIPELINE_LIST)
        _must_be_a_list(answer, wire, wire.pipelines, left_out)
        return Sheet(
            items=tuple(wire.pipelines or ()),
            next=wire.nextToken or None,
            total=wire.totalCount,
            left_out=left_out,
        )

    @override
    async def runs(
        self,
        operation: str,
        pipeline: str,
        narrowing: Narrowing,
        token: str | None,
        size: int,
    ) -> Sheet[WireRun]:
        answer = await self._page(
            operation,
            "ListPipelineRuns",
            RUNS,
            pipeline,
            query={
                "maxResults": size,
                "status": narrowing.status,
                "triggerMode": narrowing.mode,
                "startTime": narrowing.since,
                "endTime": narrowing.until,
            },
            token=token,
        )
        wire, left_out = answer.decode_list(RUN_LIST)
        _must_be_a_list(answer, wire, wire.pipelineRuns, left_out)
        return Sheet(
            items=tuple(wire.pipelineRuns or ()),
            next=wire.nextToken or None,
            total=wire.totalCount,
            left_out=left_out,
        )

    @override
    async def latest(self, pipeline: str) -> WireRun | None:
        sheet = await self.runs("latest_runs", pipeline, Narrowing(), None, 1)
        return sheet.items[0] if sheet.items else None

    @override
    async def run(self, operation: str, pipeline: str, run: str) -> WireRun:
        answer = await self._get(operation, "GetPipelineRun", RUN, pipeline, run)
        wire, _ = answer.decode_list(RUN_ENVELOPE)
        if wire.pipelineRun is None:
            raise answer.bad("no pipelineRun in the answer")
        return wire.pipelineRun

    @override
    async def steps(self, pipeline: str, run: str, job: str) -> Sequence[WireStep]:
        return ()

    @override
    async def log(self, pipeline: str, run: str, job: str) -> WireLog:
        answer = await self._get(
            "read_log", "LogPipelineJobRun", LOG, pipeline, run, job
        )
        wire = answer.decode(LOG_ENVELOPE)
        if wire.log is None:
            raise answer.bad("no log in the answer")
        return wire.log

    async def _page(
        self,
        operation: str,
        action: str,
        template: str,
        *parts: str,
        query: dict[str, target.Value],
        token: str | None,
    ) -> Answer:
        """Get a page of a list; the first one without a token.

        The documentation calls the token required, the vendor's own client does not: if
        the server refuses to go without, the first page has an empty one from then on.
        """
        first = token if token is not None else self._first_token
        try:
            return await self._get(
                operation, action, template, *parts, query={**query, "nextToken": first}
            )
        except Refused as error:
            if first is not None or error.code != NOT_PRESENT:
                raise
        answer = await self._get(
            operation, action, template, *parts, query={**query, "nextToken": ""}
        )
        self._first_token = ""
        return answer

    async def _get(
        self,
        operation: str,
        action: str,
        template: str,
        *parts: str,
        query: dict[str, target.Value] | None = None,
    ) -> Answer:
        """Get a path; the signature needs the name of the action beside it."""
        return await self._http.get(
            operation,
            template,
            self._organization,
            *parts,
            query=query,
            headers={ACTION: action},
        )


def _must_be_a_list(
    answer: Answer,
    envelope: WireEnvelope,
    items: Sequence[object] | None,
    left_out: int,
) -> None:
    """Raise for an answer that holds no list, and for one we can read nothing of.

    Only an envelope that says `success` may leave an empty list out.
    """
    if items is None and envelope.success is not True:
        raise answer.bad("no list in the answer")
    if left_out and not items:
        raise answer.bad("not one entry of the list could be read")
