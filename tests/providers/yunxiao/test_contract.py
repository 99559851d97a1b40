"""Yunxiao passes the suite that every provider passes, through both of its APIs."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from providers import yunxiao
from providers.contract import RunQuery
from providers.errors import (
    Forbidden,
    NotFound,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
)
from providers.model import PipelineRef, RunRef, State
from tests.fakes.cloud import Reply, Script
from tests.providers.contract import CONNECTION, Case, FaultCase, ProviderContract

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from providers.errors import ProviderError

RELEASE = PipelineRef(CONNECTION, "1234")
NIGHTLY = PipelineRef(CONNECTION, "1235")
IDLE = PipelineRef(CONNECTION, "1236")

ORG = "5ebbc0228123212b59xxxxx"
SIGNED = f"GET /organization/{ORG}"
RUNS = f"{SIGNED}/pipelines/1234/pipelineRuns"
TOKEN = f"GET /oapi/v1/flow/organizations/{ORG}"


def said(status: int, headers: Mapping[str, str] | None = None, **body: Any) -> Reply:
    return Reply(json.dumps(body).encode(), status, headers or {})


def xml(status: int, code: str) -> Reply:
    return Reply(
        f"<?xml version='1.0' encoding='UTF-8'?><Error><RequestId>R-1</RequestId>"
        f"<HostId>devops.aliyuncs.com</HostId><Code>{code}</Code>"
        f"<Message>No.</Message></Error>".encode(),
        status,
        {"content-type": "text/xml"},
    )


def documented(status: int, code: str, kind: type[ProviderError]) -> FaultCase:
    """Return a code from the signed API's table of errors."""
    reply = said(status, Code=code, Message="no", RequestId="R-1")
    return FaultCase(name=code, reply=reply, kind=kind, code=code)


def newer(status: int, code: str, kind: type[ProviderError]) -> FaultCase:
    """Return a code from the newer API's table of errors."""
    reply = said(status, errorCode=code, errorMessage="no")
    return FaultCase(name=code, reply=reply, kind=kind, code=code)


class TestSigned(ProviderContract):
    kind = yunxiao.KIND
    pipeline = RELEASE.id
    host = "devops.cn-hangzhou.aliyuncs.com"
    cases: ClassVar = [
        Case(
            name="signed_check",
            ask=lambda p: p.check(),
            answers={f"{SIGNED}/pipelines": "signed_pipelines.json"},
            calls=1,
        ),
        Case(
            name="signed_pipelines",
            ask=lambda p: p.list_pipelines("RELEASE"),
            answers={f"{SIGNED}/pipelines": "signed_pipelines.json"},
            calls=1,
        ),
        Case(
            name="signed_runs_documented",
            ask=lambda p: p.list_runs(RunQuery(pipeline=RELEASE, limit=1)),
            answers={RUNS: "signed_runs_documented.json"},
            calls=1,
        ),
        Case(
            name="signed_runs",
            ask=lambda p: p.list_runs(RunQuery(pipeline=RELEASE)),
            answers={RUNS: "signed_runs.json"},
            calls=1,
        ),
        Case(
            name="signed_runs_by_branch",
            ask=lambda p: p.list_runs(
                RunQuery(
                    pipeline=RELEASE,
                    branch="release/*",
                    states=frozenset({State.FAILED, State.WAITING}),
                )
            ),
            answers={
                RUNS: "signed_runs.json",
                f"{RUNS}/40": said(404),
                f"{RUNS}/41": "signed_run_documented.json",
                f"{RUNS}/42": "signed_run_failed.json",
                f"{RUNS}/43": "signed_run_waiting.json",
            },
            calls=5,
        ),
        Case(
            name="signed_no_runs",
            ask=lambda p: p.list_runs(RunQuery(pipeline=IDLE)),
            answers={f"{SIGNED}/pipelines/1236/pipelineRuns": "signed_no_runs.json"},
            calls=1,
        ),
        Case(
            # Two of the calls are for the running one: only its detail tells whether it
            # waits for somebody.
            name="signed_latest_runs",
            ask=lambda p: p.latest_runs([RELEASE, NIGHTLY, IDLE]),
            answers={
                RUNS: "signed_latest_success.json",
                f"{SIGNED}/pipelines/1235/pipelineRuns": "signed_latest_running.json",
                f"{SIGNED}/pipelines/1235/pipelineRuns/7": "signed_run_waiting.json",
                f"{SIGNED}/pipelines/1236/pipelineRuns": "signed_no_runs.json",
            },
            calls=4,
        ),
        Case(
            name="signed_run_documented",
            ask=lambda p: p.get_run(RunRef(RELEASE, "1")),
            answers={f"{RUNS}/1": "signed_run_documented.json"},
            calls=1,
        ),
        Case(
            name="signed_run_failed",
            ask=lambda p: p.get_run(RunRef(RELEASE, "42")),
            answers={f"{RUNS}/42": "signed_run_failed.json"},
            calls=1,
        ),
        Case(
            name="signed_run_waiting",
            ask=lambda p: p.get_run(RunRef(RELEASE, "43")),
            answers={f"{RUNS}/43": "signed_run_waiting.json"},
            calls=1,
        ),
        Case(
            name="signed_log",
            ask=lambda p: p.read_log(RunRef(RELEASE, "42"), "903", lines=2),
            answers={
                f"{SIGNED}/pipeline/1234/pipelineRun/42/job/903/logs": "signed_log.json"
            },
            calls=1,
        ),
    ]
    faults: ClassVar = [
        documented(400, "InvalidParam.ParamNotPresent", Refused),
        documented(400, "InvalidUser.NotFound", Forbidden),
        documented(403, "Forbidden.UserNotInCurrentOrganization", Forbidden),
        documented(404, "InvalidOrganization.NotFound", NotFound),
        documented(404, "InvalidPipeline.NotFound", NotFound),
        documented(404, "InvalidPipelineRun.NotFound", NotFound),
        documented(400, "SignatureDoesNotMatch", Unauthorized),
        documented(404, "InvalidAccessKeyId.NotFound", Unauthorized),
        documented(400, "SignatureNonceUsed", Unauthorized),
        documented(400, "InvalidTimeStamp.Expired", Unauthorized),
        documented(503, "ServiceUnavailable", Unavailable),
        documented(500, "InternalError", Unavailable),
        FaultCase(
            name="HTTP 200 with success false (the SDK does not raise)",
            reply=said(
                200,
                success=False,
                errorCode="InvalidPipeline.NotFound",
                errorMessage="The pipeline is not found.",
                requestId="R-1",
            ),
            kind=NotFound,
            code="InvalidPipeline.NotFound",
        ),
        FaultCase(
            name="HTTP 200 with success false and nothing but quotes",
            reply=said(200, success=False, errorCode="”“", errorMessage='""'),
            kind=Refused,
        ),
        FaultCase(
            name="throttled, with the gateway's own header in milliseconds",
            reply=said(
                400, {"x-acs-retry-after": "12500"}, Code="Throttling.User", Message="-"
            ),
            kind=RateLimited,
            code="Throttling.User",
            retry_after=timedelta(seconds=12.5),
        ),
        FaultCase(
            name="throttled as a 503",
            reply=said(
                503, {"x-acs-retry-after": "60000"}, Code="Throttling.Api", Message="-"
            ),
            kind=RateLimited,
            code="Throttling.Api",
            retry_after=timedelta(minutes=1),
        ),
        FaultCase(
            name="throttled as a 429 without a time",
            reply=said(429, Code="Throttling", Message="-"),
            kind=RateLimited,
            code="Throttling",
        ),
        FaultCase(
            name="throttled, in a word not seen before",
            reply=said(400, Code="Throttling.Something", Message="-"),
            kind=RateLimited,
            code="Throttling.Something",
        ),
        FaultCase(
            name="a gateway error in XML",
            reply=xml(404, "InvalidAccessKeyId.NotFound"),
            kind=Unauthorized,
            code="InvalidAccessKeyId.NotFound",
        ),
        FaultCase(
            name="a gateway error in XML that is a throttling, sent as 500",
            reply=xml(500, "Throttling.User"),
            kind=RateLimited,
            code="Throttling.User",
        ),
        FaultCase(
            name="a page of a proxy in HTML",
            reply=Reply(b"<html><title>502 Bad Gateway</title></html>", 502),
            kind=Unavailable,
        ),
        FaultCase(
            name="a body that is plain words",
            reply=Reply(b"upstream connect error", 503),
            kind=Unavailable,
        ),
        FaultCase(
            name="a body that is a JSON string",
            reply=Reply(b'"no healthy upstream"', 502),
            kind=Unavailable,
        ),
    ]

    @override
    def settings(self) -> dict[str, Any]:
        return {
            "kind": "yunxiao",
            "api": "2021-06-25",
            "organization": ORG,
            "access_key_id": "CANARY-id",
            "access_key_secret": "CANARY/secret+key=",
            "security_token": "CANARY-sts",
        }

    @override
    def endless(self) -> Script:
        runs = [
            {"pipelineRunId": n, "status": "SUCCESS", "startTime": 1586863220000}
            for n in range(20, 0, -1)
        ]

        def answer(request: httpx.Request) -> bytes:
            if not request.url.path.endswith("pipelineRuns"):
                detail = {"pipelineRunId": 1, "status": "SUCCESS", "stages": []}
                return json.dumps({"success": True, "pipelineRun": detail}).encode()
            first = int(request.url.params.get("nextToken") or 10**9)
            page = [{**run, "pipelineRunId": first - n} for n, run in enumerate(runs)]
            body = {"success": True, "nextToken": str(first - 20), "pipelineRuns": page}
            return json.dumps(body).encode()

        return {"*": answer}

    @override
    def run_of_word(self, word: str) -> Script:
        run = {"pipelineRunId": 1, "status": word}
        return {"*": json.dumps({"success": True, "pipelineRuns": [run]}).encode()}


class TestToken(ProviderContract):
    kind = yunxiao.KIND
    pipeline = RELEASE.id
    host = "openapi-rdc.aliyuncs.com"
    cases: ClassVar = [
        Case(
            name="token_check",
            ask=lambda p: p.check(),
            answers={f"{TOKEN}/pipelines": Reply(b"[]", headers={"x-total": "3"})},
            calls=1,
        ),
        Case(
            name="token_pipelines",
            ask=lambda p: p.list_pipelines("web"),
            answers={f"{TOKEN}/pipelines": "token_pipelines.json"},
            calls=1,
        ),
        Case(
            name="token_pipelines_documented",
            ask=lambda p: p.list_pipelines(),
            answers={f"{TOKEN}/pipelines": "token_pipelines_documented.json"},
            calls=1,
        ),
        Case(
            # The documented entry has no status: the run is read in full.
            name="token_runs_documented",
            ask=lambda p: p.list_runs(RunQuery(pipeline=RELEASE)),
            answers={
                f"{TOKEN}/pipelines/1234/runs": "token_runs_documented.json",
                f"{TOKEN}/pipelines/1234/runs/1": "token_run_failed.json",
            },
            calls=2,
        ),
        Case(
            name="token_runs",
            ask=lambda p: p.list_runs(RunQuery(pipeline=RELEASE)),
            answers={f"{TOKEN}/pipelines/1234/runs": "token_runs.json"},
            calls=1,
        ),
        Case(
            name="token_latest_runs",
            ask=lambda p: p.latest_runs([RELEASE, NIGHTLY, IDLE]),
            answers={
                f"{TOKEN}/pipelines/1234/runs/latestPipelineRun": (
                    "token_run_waiting.json"
                ),
                f"{TOKEN}/pipelines/1235/runs/latestPipelineRun": (
                    "token_run_failed.json"
                ),
                f"{TOKEN}/pipelines/1236/runs/latestPipelineRun": Reply(b"null"),
            },
            calls=3,
        ),
        Case(
            name="token_run_failed",
            ask=lambda p: p.get_run(RunRef(RELEASE, "42")),
            answers={
                f"{TOKEN}/pipelines/1234/runs/42": "token_run_failed.json",
                f"{TOKEN}/pipelines/1234/pipelineRuns/42/jobs/903/steps": (
                    "token_steps.json"
                ),
            },
            calls=2,
        ),
        Case(
            name="token_log",
            ask=lambda p: p.read_log(RunRef(RELEASE, "42"), "903"),
            answers={f"{TOKEN}/pipelines/1234/runs/42/job/903/log": "token_log.json"},
            calls=1,
        ),
    ]
    faults: ClassVar = [
        newer(400, "BadRequest", Refused),
        newer(400, "UnsupportedInCurrentEnv", Refused),
        newer(400, "UnsupportedCurrentTokenType", Unauthorized),
        newer(401, "Unauthorized", Unauthorized),
        newer(401, "ExpiredTokenError", Unauthorized),
        newer(401, "InvalidTokenError", Unauthorized),
        newer(403, "Forbidden", Forbidden),
        newer(403, "Forbidden.InvalidUser.UserNotInCurrentOrganization", Forbidden),
        newer(403, "Forbidden.InvalidOrganizationMember", Forbidden),
        newer(500, "InternalServerError", Unavailable),
        newer(200, "InternalServerError", Unavailable),
        FaultCase(
            name="a 429 that names no time is waited out for a minute",
            reply=said(429, errorCode="TooManyRequests", errorMessage="slow down"),
            kind=RateLimited,
            code="TooManyRequests",
            retry_after=timedelta(minutes=1),
        ),
        FaultCase(
            name="a body that is a plain string although labelled JSON",
            reply=Reply(b"token is invalid", 401, {"content-type": "application/json"}),
            kind=Unauthorized,
        ),
    ]

    @override
    def settings(self) -> dict[str, Any]:
        return {
            "kind": "yunxiao",
            "api": "oapi",
            "organization": ORG,
            "token": "pt-CANARY",
        }

    @override
    def endless(self) -> Script:
        def answer(request: httpx.Request) -> Reply | bytes:
            if not request.url.path.endswith("/runs"):
                return b'{"pipelineRunId": 1, "status": "SUCCESS", "stages": []}'
            page = int(request.url.params["page"])
            runs = [
                {"pipelineRunId": 10**9 - page * 100 - n, "status": "SUCCESS"}
                for n in range(int(request.url.params["perPage"]))
            ]
            headers = {"x-next-page": str(page + 1), "x-total": "1000000000"}
            return Reply(json.dumps(runs).encode(), headers=headers)

        return {"*": answer}

    @override
    def run_of_word(self, word: str) -> Script:
        return {"*": json.dumps([{"pipelineRunId": 1, "status": word}]).encode()}


class TestRegionEdition(TestToken):
    """A Region edition: a domain of its own, and no organization in the paths."""

    host = "yunxiao.example.com"
    cases: ClassVar = [
        Case(
            name="region_pipelines",
            ask=lambda p: p.list_pipelines(),
            answers={"GET /oapi/v1/flow/pipelines": "token_pipelines.json"},
            calls=1,
        ),
        Case(
            name="region_run",
            ask=lambda p: p.get_run(RunRef(RELEASE, "43")),
            answers={
                "GET /oapi/v1/flow/pipelines/1234/runs/43": "token_run_waiting.json"
            },
            calls=1,
        ),
    ]
    faults: ClassVar = TestToken.faults[:1]

    @override
    def settings(self) -> dict[str, Any]:
        return {
            "kind": "yunxiao",
            "api": "oapi",
            "edition": "region",
            "base_url": "https://yunxiao.example.com",
            "token": "pt-CANARY",
        }
