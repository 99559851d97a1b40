"""NSML passes the suite that every provider passes."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from typing_extensions import override

from providers import nsml
from providers.contract import RunQuery
from providers.errors import (
    BadAnswer,
    Forbidden,
    NotFound,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
)
from providers.model import PipelineRef, RunRef
from tests.fakes.cloud import Reply, Script
from tests.providers.contract import CONNECTION, Case, FaultCase, ProviderContract

ONE = PipelineRef(CONNECTION, "2mdnduoena36ekcv4v7")
TWO = PipelineRef(CONNECTION, "2x6ijrgeyq6s3ojy9ur")
IDLE = PipelineRef(CONNECTION, "neverranneverran000")
PROJECTS = "GET /nsml/v1/projects"
RUNS = "GET /nsml/v1/projects/runs"
PROJECT_ONE = "GET /nsml/v1/projects/2mdnduoena36ekcv4v7"
RUN_THREE = "GET /nsml/v1/projects/2mdnduoena36ekcv4v7/runs/3"


def gateway(status: int, code: object, message: str = "no") -> Reply:
    error = {"error": {"errorCode": code, "message": message, "details": "x"}}
    return Reply(json.dumps(error).encode(), status)


class TestNsml(ProviderContract):
    kind = nsml.KIND
    pipeline = ONE.id
    host = "nsml.apigw.ntruss.com"
    cases: ClassVar = [
        Case(
            name="check",
            ask=lambda p: p.check(),
            answers={PROJECTS: "projects.json"},
            calls=1,
        ),
        Case(
            name="pipelines",
            ask=lambda p: p.list_pipelines("project-2"),
            answers={PROJECTS: "projects.json"},
            calls=1,
        ),
        Case(
            name="runs_seed",
            ask=lambda p: p.list_runs(RunQuery(pipeline=ONE)),
            answers={RUNS: "runs_seed.json"},
            calls=1,
        ),
        Case(
            name="runs_of_table",
            ask=lambda p: p.list_runs(RunQuery(pipeline=ONE)),
            answers={RUNS: "runs_of_table.json"},
        ),
        Case(
            name="no_runs",
            ask=lambda p: p.list_runs(RunQuery(pipeline=ONE)),
            answers={RUNS: "empty.json", PROJECT_ONE: "project.json"},
            calls=2,
        ),
        Case(
            name="runs_of_two_pages",
            ask=lambda p: p.list_runs(RunQuery(pipeline=ONE)),
            answers={
                f"{RUNS}?page=1&pageSize=100": "runs_page_1.json",
                f"{RUNS}?page=2&pageSize=100": "runs_page_2.json",
            },
            calls=2,
        ),
        Case(
            name="latest_runs",
            ask=lambda p: p.latest_runs([ONE, TWO, IDLE]),
            answers={RUNS: "runs_seed.json"},
            calls=1,
        ),
        Case(
            name="run_detail",
            ask=lambda p: p.get_run(RunRef(ONE, "3")),
            answers={
                RUN_THREE: "run_detail.json",
                RUNS: "runs_seed.json",
            },
            calls=2,
        ),
        Case(
            name="run_detail_without_entry",
            ask=lambda p: p.get_run(RunRef(ONE, "3")),
            answers={RUN_THREE: "run_detail.json", RUNS: "empty.json"},
            calls=2,
        ),
    ]
    faults: ClassVar = [
        FaultCase(
            name="wrong signature",
            reply=gateway(401, "200", "Authentication Failed"),
            kind=Unauthorized,
            code="200",
        ),
        FaultCase(
            name="not subscribed",
            reply=gateway(401, 210, "Permission Denied"),
            kind=Forbidden,
            code="210",
        ),
        FaultCase(
            name="429 that waiting does not cure (pitfall 7)",
            reply=gateway(429, "400", "Quota Exceeded"),
            kind=Forbidden,
            code="400",
        ),
        FaultCase(
            name="throttled",
            reply=gateway(429, "410", "Throttle Limited"),
            kind=RateLimited,
            code="410",
        ),
        FaultCase(
            name="endpoint error",
            reply=gateway(503, "500", "Endpoint Error"),
            kind=Unavailable,
            code="500",
        ),
        FaultCase(
            name="an error inside a success",
            reply=gateway(200, "300", "Not Found Exception"),
            kind=NotFound,
            code="300",
        ),
        FaultCase(
            name="an error nobody documented inside a success",
            reply=Reply(b'{"responseError":{"returnCode":"9","returnMessage":"no"}}'),
            kind=Refused,
            code="9",
        ),
        FaultCase(
            name="no list, though a success",
            reply=Reply(b'{"status":{"code":"20000","message":"OK"}}'),
            kind=BadAnswer,
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
            name="other NCP envelope",
            reply=Reply(b'{"status":{"code":"1","message":"no"}}', 401),
            kind=Unauthorized,
            code="1",
        ),
    ]

    @override
    def settings(self) -> dict[str, Any]:
        return {
            "kind": "nsml",
            "access_key": "CANARY-access",
            "secret_key": "CANARY/secret+key=",
            "api_key": "CANARY-api",
        }

    @override
    def endless(self) -> Script:
        runs = [
            {"runName": str(n), "projectId": ONE.id, "status": "RUN_STATE_COMPLETED"}
            for n in range(100)
        ]
        return {"*": json.dumps({"runList": runs, "totalCount": 10**9}).encode()}

    @override
    def run_of_word(self, word: str) -> Script:
        run = {"runName": "1", "projectId": ONE.id, "status": word}
        return {"*": json.dumps({"runList": [run]}).encode()}
