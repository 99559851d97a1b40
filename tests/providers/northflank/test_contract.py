"""Northflank passes the suite that every provider passes."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, ClassVar

from typing_extensions import override

from providers import northflank
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

FLOW = PipelineRef(CONNECTION, "default-project/pipelines/example-pipeline/development")
SERVICE = PipelineRef(CONNECTION, "default-project/services/example-service")
JOB = PipelineRef(CONNECTION, "default-project/jobs/example-job")
JOB_BUILDS = PipelineRef(CONNECTION, "default-project/jobs/example-job/builds")

P = "GET /v1/projects/default-project"
FLOWS = f"{P}/pipelines/example-pipeline/release-flows"
RUNS = f"{FLOWS}/development/runs"
NONE_HERE = Reply(b'{"error":{"status":404,"message":"Not found","id":"e-1"}}', 404)


def error(status: int, message: str = "no", **more: Any) -> Reply:
    said = {"status": status, "message": message, "id": "nf-1", **more}
    return Reply(json.dumps({"error": said}).encode(), status)


class TestNorthflank(ProviderContract):
    kind = northflank.KIND
    pipeline = FLOW.id
    host = "api.northflank.com"
    cases: ClassVar = [
        Case(
            name="check",
            ask=lambda p: p.check(),
            answers={"GET /v1/auth": "auth.json"},
            calls=1,
        ),
        Case(
            name="pipelines",
            ask=lambda p: p.list_pipelines(),
            answers={
                "GET /v1/projects": "projects.json",
                f"{P}/pipelines": "pipelines.json",
                f"{RUNS}": "runs_seed.json",
                f"{FLOWS}/staging/runs": NONE_HERE,
                f"{FLOWS}/production/runs": "no_runs.json",
                f"{P}/services": "services.json",
                f"{P}/jobs": "jobs.json",
            },
            calls=7,
        ),
        Case(
            name="pipelines_found",
            ask=lambda p: p.list_pipelines("PIPELINE (Dev"),
            answers={
                "GET /v1/projects": "projects.json",
                f"{P}/pipelines": "pipelines.json",
                f"{RUNS}": "runs_seed.json",
                f"{P}/services": "services.json",
                f"{P}/jobs": "jobs.json",
            },
            calls=5,
        ),
        Case(
            name="runs_seed",
            ask=lambda p: p.list_runs(RunQuery(pipeline=FLOW)),
            answers={RUNS: "runs_seed.json"},
            calls=1,
        ),
        Case(
            name="runs_mixed",
            ask=lambda p: p.list_runs(RunQuery(pipeline=FLOW)),
            answers={RUNS: "runs_mixed.json"},
            calls=1,
        ),
        Case(
            name="runs_of_one_state",
            ask=lambda p: p.list_runs(
                RunQuery(pipeline=FLOW, states=frozenset({State.QUEUED}))
            ),
            answers={f"{RUNS}?concluded=false&per_page=100": "runs_mixed.json"},
            calls=1,
        ),
        Case(
            name="no_runs",
            ask=lambda p: p.list_runs(RunQuery(pipeline=FLOW)),
            answers={RUNS: "no_runs.json"},
            calls=1,
        ),
        Case(
            name="builds",
            ask=lambda p: p.list_runs(RunQuery(pipeline=SERVICE)),
            answers={f"{P}/services/example-service/build": "builds.json"},
            calls=1,
        ),
        Case(
            name="job_builds",
            ask=lambda p: p.list_runs(RunQuery(pipeline=JOB_BUILDS, limit=1)),
            answers={f"{P}/jobs/example-job/build": "builds.json"},
            calls=1,
        ),
        Case(
            name="job_runs",
            ask=lambda p: p.list_runs(RunQuery(pipeline=JOB)),
            answers={f"{P}/jobs/example-job/runs": "job_runs.json"},
            calls=1,
        ),
        Case(
            name="latest_runs",
            ask=lambda p: p.latest_runs([FLOW, SERVICE, JOB, JOB_BUILDS]),
            answers={
                RUNS: "runs_seed.json",
                f"{P}/services/example-service/build": "builds.json",
                f"{P}/jobs/example-job/runs": "job_runs.json",
                f"{P}/jobs/example-job/build": NONE_HERE,
            },
            calls=4,
        ),
        Case(
            name="flow_run_example",
            ask=lambda p: p.get_run(
                RunRef(FLOW, "110ddb52-bdcd-482d-8ac2-05ba580afe2f")
            ),
            answers={
                f"{RUNS}/110ddb52-bdcd-482d-8ac2-05ba580afe2f": "flow_run_example.json"
            },
            calls=1,
        ),
        Case(
            name="flow_run_failed",
            ask=lambda p: p.get_run(RunRef(FLOW, "4")),
            answers={f"{RUNS}/4": "flow_run_failed.json"},
            calls=1,
        ),
        Case(
            name="flow_run_waiting",
            ask=lambda p: p.get_run(RunRef(FLOW, "2")),
            answers={f"{RUNS}/2": "flow_run_waiting.json"},
            calls=1,
        ),
        Case(
            name="build_failed",
            ask=lambda p: p.get_run(RunRef(SERVICE, "rough-sea-77")),
            answers={
                f"{P}/services/example-service/build/rough-sea-77": "build_failed.json"
            },
            calls=1,
        ),
        Case(
            name="job_build_failed",
            ask=lambda p: p.get_run(RunRef(JOB_BUILDS, "rough-sea-77")),
            answers={f"{P}/jobs/example-job/build/rough-sea-77": "build_failed.json"},
            calls=1,
        ),
        Case(
            name="job_run",
            ask=lambda p: p.get_run(RunRef(JOB, "d3")),
            answers={f"{P}/jobs/example-job/runs/d3": "job_run.json"},
            calls=1,
        ),
        Case(
            name="log_example",
            ask=lambda p: p.read_log(
                RunRef(SERVICE, "b-1"), "service-builds/default-project/web/b-1"
            ),
            answers={
                f"{P}/services/web/build-logs?buildId=b-1&queryType=range"
                "&direction=backward&lineLimit=51": "log_example.json"
            },
            calls=1,
        ),
        Case(
            name="log_backward",
            ask=lambda p: p.read_log(
                RunRef(JOB, "r-1"), "job-runs/default-project/migrate/r-1", lines=3
            ),
            answers={
                f"{P}/jobs/migrate/logs?runId=r-1&queryType=range"
                "&direction=backward&lineLimit=4": "log_backward.json"
            },
            calls=1,
        ),
        Case(
            name="log_of_job_build",
            ask=lambda p: p.read_log(
                RunRef(JOB_BUILDS, "b-1"), "job-builds/default-project/migrate/b-1"
            ),
            answers={
                f"{P}/jobs/migrate/build-logs?buildId=b-1&queryType=range"
                "&direction=backward&lineLimit=51": Reply(
                    b'{"data":{"logs":[{"log":"the other form"}]}}'
                )
            },
            calls=1,
        ),
    ]
    faults: ClassVar = [
        FaultCase(
            name="wrong token",
            reply=error(401, "Unauthorized"),
            kind=Unauthorized,
        ),
        FaultCase(
            name="role without the permission",
            reply=error(403, "Missing permission"),
            kind=Forbidden,
        ),
        FaultCase(name="not there or not visible", reply=error(404), kind=NotFound),
        FaultCase(
            name="validation",
            reply=error(400, "Invalid", details={"stage": ["unknown"]}),
            kind=Refused,
        ),
        FaultCase(name="conflict", reply=error(409), kind=Refused),
        FaultCase(
            name="an error in an answer of status 200",
            reply=Reply(b'{"error":{"status":404,"message":"Not found"}}'),
            kind=NotFound,
        ),
        FaultCase(
            name="an error of no known status in an answer of status 200",
            reply=Reply(b'{"data":{},"error":{"status":"no","message":""}}'),
            kind=Refused,
        ),
        FaultCase(
            name="429 waits x-ratelimit-reset, which is seconds and no epoch",
            reply=Reply(
                error(429, "Too many").body, 429, {"x-ratelimit-reset": "1800"}
            ),
            kind=RateLimited,
            retry_after=timedelta(minutes=30),
        ),
        FaultCase(name="down", reply=error(503), kind=Unavailable),
        FaultCase(
            name="a page of a proxy in HTML",
            reply=Reply(b"<html><title>502 Bad Gateway</title></html>", 502),
            kind=Unavailable,
        ),
        FaultCase(
            name="a body that is plain words",
            reply=Reply(b"Unauthorized", 401),
            kind=Unauthorized,
        ),
    ]

    @override
    def settings(self) -> dict[str, Any]:
        return {"kind": "northflank", "token": "nf-CANARY-token"}

    @override
    def endless(self) -> Script:
        runs = [{"id": str(n), "status": "success"} for n in range(100)]
        calls = iter(range(10**6))

        def page(_: object) -> bytes:
            pagination = {"hasNextPage": True, "cursor": f"c{next(calls)}"}
            fresh = [{**run, "id": f"{next(calls)}-{run['id']}"} for run in runs]
            answer = {"data": {"runs": fresh}, "pagination": pagination}
            return json.dumps(answer).encode()

        return {"*": page}

    @override
    def run_of_word(self, word: str) -> Script:
        return {
            "*": json.dumps({"data": {"runs": [{"id": "1", "status": word}]}}).encode()
        }
