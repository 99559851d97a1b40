"""CodeArts Pipeline passes the suite that every provider passes."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from typing_extensions import override

from providers import codearts_pipeline
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

PROJECT = "54f90b75fc1447b1b65e8d3a9f77923d"
ROOT = f"/v5/{PROJECT}/api/pipelines"
ONE = PipelineRef(CONNECTION, "d19799d619424b2bb2625ec2d93ea087")
NEVER = PipelineRef(CONNECTION, "0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f")
RUN = RunRef(ONE, "ad6b7f66283a45be9c1f82b06c831e59")
RUNS = f"POST {ROOT}/{ONE.id}/pipeline-runs/list"
DETAIL = f"GET {ROOT}/{ONE.id}/pipeline-runs/detail?pipeline_run_id={RUN.id}"
JOB, STEP = "6ce8600f396c4d5ba5290201ba9fd762", "7a1a7bb1b5e74d1c944d8b8971621034"
LOG = f"POST {ROOT}/{ONE.id}/pipeline-runs/{RUN.id}/jobs/{JOB}/steps/{STEP}/logs"


def said(code: str, message: str = "no", status: int = 200) -> Reply:
    """Return the flat envelope of an error."""
    body = {"error_code": code, "error_msg": message}
    return Reply(json.dumps(body).encode(), status)


def nested(code: str, message: str = "no", status: int = 200) -> Reply:
    """Return the nested envelope of an error."""
    body = {"error": {"code": code, "message": message}, "status": "error"}
    return Reply(json.dumps(body).encode(), status)


class TestCodeArtsPipeline(ProviderContract):
    kind = codearts_pipeline.KIND
    pipeline = ONE.id
    host = "cloudpipeline-ext.cn-north-4.myhuaweicloud.com"
    reading_posts = frozenset({"/pipelines/list", "/status", "-runs/list", "/logs"})
    cases: ClassVar = [
        Case(
            name="check",
            ask=lambda p: p.check(),
            answers={f"POST {ROOT}/list": "pipelines.json"},
            calls=1,
        ),
        Case(
            name="check_of_an_empty_project",
            ask=lambda p: p.check(),
            answers={f"POST {ROOT}/list": "pipelines_empty.json"},
        ),
        Case(
            name="pipelines",
            ask=lambda p: p.list_pipelines(),
            answers={f"POST {ROOT}/list": "pipelines.json"},
            calls=1,
        ),
        Case(
            name="pipelines_searched",
            ask=lambda p: p.list_pipelines("NIGHTLY"),
            answers={f"POST {ROOT}/list": "pipelines.json"},
            calls=1,
        ),
        Case(
            name="latest_runs_seed",
            ask=lambda p: p.latest_runs([NEVER, ONE]),
            answers={f"POST {ROOT}/status": "status_seed.json"},
            calls=1,
        ),
        Case(
            name="runs",
            ask=lambda p: p.list_runs(RunQuery(pipeline=ONE)),
            answers={RUNS: "runs.json"},
            calls=1,
        ),
        Case(
            name="run_that_failed",
            ask=lambda p: p.get_run(RUN),
            answers={DETAIL: "detail_failed.json"},
            calls=1,
        ),
        Case(
            name="run_that_failed_at_a_gate",
            ask=lambda p: p.get_run(RUN),
            answers={DETAIL: "detail_gate.json"},
            calls=1,
        ),
        Case(
            name="run_that_waits_for_review",
            ask=lambda p: p.get_run(RUN),
            answers={DETAIL: "detail_review.json"},
            calls=1,
        ),
        Case(
            name="log",
            ask=lambda p: p.read_log(RUN, f"{JOB}/{STEP}", lines=50),
            answers={LOG: "log.json"},
            calls=1,
        ),
    ]
    faults: ClassVar = [
        FaultCase(
            name="no permission, sent as 401",
            reply=said("DEVCP.00021018", status=401),
            kind=Forbidden,
            code="DEVCP.00021018",
        ),
        FaultCase(
            name="no such record, inside HTTP 200 (bite 1)",
            reply=said("DEVCP.00012002"),
            kind=NotFound,
            code="DEVCP.00012002",
        ),
        FaultCase(
            name="the same in the nested envelope (bite 2)",
            reply=nested("DEVCP.00012002"),
            kind=NotFound,
            code="DEVCP.00012002",
        ),
        FaultCase(
            name="no permission to create, inside HTTP 200",
            reply=said("DEVCP.00014031"),
            kind=Forbidden,
            code="DEVCP.00014031",
        ),
        FaultCase(
            name="a parameter, inside HTTP 200",
            reply=said("DEVCP.00014004"),
            kind=Refused,
            code="DEVCP.00014004",
        ),
        FaultCase(
            name="a code nobody knows, inside HTTP 200",
            reply=said("DEVPIPE.99999999"),
            kind=Refused,
            code="DEVPIPE.99999999",
        ),
        FaultCase(
            name="no such project",
            reply=said("DEV_21_100169", status=404),
            kind=NotFound,
            code="DEV_21_100169",
        ),
        FaultCase(
            name="busy, inside HTTP 200",
            reply=said("DEVPIPE.00011127"),
            kind=Unavailable,
            code="DEVPIPE.00011127",
        ),
        FaultCase(
            name="too often, sent as 500",
            reply=said("COCT.0070003", status=500),
            kind=RateLimited,
            code="COCT.0070003",
        ),
        FaultCase(
            name="a start that is queued (bite 10): never asked for, so no data",
            reply=Reply(
                b'{"error_code": "DEVPIPE.00011169", "error_msg": "queued",'
                b' "error": {"pipeline_run_id": "r", "queue_id": "q"}}'
            ),
            kind=Refused,
            code="DEVPIPE.00011169",
        ),
        FaultCase(
            name="a refusal without a code, inside HTTP 200 (bite 11)",
            reply=Reply(b'{"pipeline_run_id": "", "error_msg": "no"}'),
            kind=Refused,
        ),
        FaultCase(
            name="a page of a proxy in HTML",
            reply=Reply(b"<html><title>502 Bad Gateway</title></html>", 502),
            kind=Unavailable,
        ),
        FaultCase(
            name="a body that is plain words",
            reply=Reply(b"upstream connect error", 504),
            kind=Unavailable,
        ),
        FaultCase(
            name="throttled by the gateway",
            reply=said("APIGW.0308", "limit:60,time:1 minute", 429),
            kind=RateLimited,
            code="APIGW.0308",
        ),
        FaultCase(
            name="wrong signature",
            reply=said("APIGW.0301", "verify aksk signature fail", 401),
            kind=Unauthorized,
            code="APIGW.0301",
        ),
        FaultCase(
            name="not this API's address",
            reply=said("APIGW.0101", "The API does not exist", 404),
            kind=BadAnswer,
            code="APIGW.0101",
        ),
    ]

    @override
    def settings(self) -> dict[str, Any]:
        return {
            "kind": "codearts-pipeline",
            "region": "cn-north-4",
            "project_id": PROJECT,
            "access_key": "CANARY-access",
            "secret_key": "CANARY/secret+key=",
            "security_token": "CANARY-token",
        }

    @override
    def endless(self) -> Script:
        runs = [entry(f"{n:032x}", "FAILED") for n in range(50)]
        return {"*": json.dumps({"total": 10**9, "pipeline_runs": runs}).encode()}

    @override
    def run_of_word(self, word: str) -> Script:
        return {"*": json.dumps({"pipeline_runs": [entry("r", word)]}).encode()}


def entry(ident: str, status: str) -> dict[str, Any]:
    """Return the least a run in a list can be."""
    return {"pipeline_id": ONE.id, "pipeline_run_id": ident, "status": status}
