"""CodeArts Check passes the suite that every provider passes."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, ClassVar

from typing_extensions import override

from providers import codearts_check
from providers.contract import RunQuery
from providers.errors import (
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
TASK = "435b58343tg5g36907c1384d01c94a6"
IDLE = "435b58343tg5g36907c1384d01c94a7"
ONE = PipelineRef(CONNECTION, TASK)
TASKS = f"GET /v2/{PROJECT}/tasks"
PROGRESS = f"GET /v2/tasks/{TASK}/progress"
SUMMARY = f"GET /v2/tasks/{TASK}/defects-summary"
STATISTIC = f"GET /v2/tasks/{TASK}/defects-statistic"
HISTORY = f"GET /v2/{PROJECT}/tasks/{TASK}/checkrecord"
LOG = f"GET /v2/{PROJECT}/tasks/{TASK}/log-detail"
NEWEST = "20200220T033746Z"
BEFORE = "20200219T150000Z"


def said(code: str, status: int = 200, message: str = "no") -> Reply:
    return Reply(
        json.dumps({"error_code": code, "error_msg": message}).encode(), status
    )


class TestCodeArtsCheck(ProviderContract):
    kind = codearts_check.KIND
    pipeline = TASK
    host = "codearts-check.cn-north-4.myhuaweicloud.com"
    cases: ClassVar = [
        Case(
            name="check",
            ask=lambda p: p.check(),
            answers={TASKS: "tasks_documented.json"},
            calls=1,
        ),
        Case(
            name="pipelines",
            ask=lambda p: p.list_pipelines("csharp_0"),
            answers={TASKS: "tasks_documented.json"},
            calls=1,
        ),
        Case(
            name="no_pipelines",
            ask=lambda p: p.list_pipelines(),
            answers={TASKS: "no_tasks.json"},
            calls=1,
        ),
        Case(
            name="runs_gate_failed",
            ask=lambda p: p.list_runs(RunQuery(pipeline=ONE)),
            answers={
                PROGRESS: "progress_succeeded.json",
                SUMMARY: "summary_gate_failed.json",
                HISTORY: "history.json",
            },
            calls=3,
        ),
        Case(
            name="runs_while_running",
            ask=lambda p: p.list_runs(RunQuery(pipeline=ONE)),
            answers={
                PROGRESS: "progress_running.json",
                SUMMARY: "summary_gate_failed.json",
                HISTORY: "history.json",
            },
        ),
        Case(
            name="runs_never",
            ask=lambda p: p.list_runs(RunQuery(pipeline=ONE)),
            answers={PROGRESS: "progress_never.json"},
            calls=1,
        ),
        Case(
            name="latest_runs",
            ask=lambda p: p.latest_runs([ONE, PipelineRef(CONNECTION, IDLE)]),
            answers={
                PROGRESS: "progress_succeeded.json",
                SUMMARY: "summary_passed.json",
                HISTORY: "history.json",
                f"GET /v2/tasks/{IDLE}/progress": "progress_never.json",
            },
            calls=4,
        ),
        Case(
            name="run_gate_failed",
            ask=lambda p: p.get_run(RunRef(ONE, NEWEST)),
            answers={
                PROGRESS: "progress_succeeded.json",
                SUMMARY: "summary_gate_failed.json",
                HISTORY: "history.json",
                STATISTIC: "statistic.json",
            },
            calls=4,
        ),
        Case(
            name="run_gate_unknown",
            ask=lambda p: p.get_run(RunRef(ONE, NEWEST)),
            answers={
                PROGRESS: "progress_succeeded.json",
                SUMMARY: "summary_gate_unknown.json",
                HISTORY: "history.json",
                STATISTIC: "statistic.json",
            },
        ),
        Case(
            name="run_of_old_summary",
            ask=lambda p: p.get_run(RunRef(ONE, "20190924T070041Z")),
            answers={
                PROGRESS: "progress_succeeded.json",
                SUMMARY: "summary_old.json",
                HISTORY: "no_history.json",
                STATISTIC: Reply(b"{}"),
            },
        ),
        Case(
            name="run_of_nulls",
            ask=lambda p: p.get_run(RunRef(ONE, "latest")),
            answers={
                PROGRESS: "progress_succeeded.json",
                SUMMARY: "summary_nulls.json",
                HISTORY: "no_history.json",
                STATISTIC: Reply(b'{"severity": null, "status": null}'),
            },
        ),
        Case(
            name="run_failed",
            ask=lambda p: p.get_run(RunRef(ONE, NEWEST)),
            answers={
                PROGRESS: "progress_failed.json",
                SUMMARY: "summary_passed.json",
                HISTORY: "history.json",
                LOG: "log.json",
            },
            calls=4,
        ),
        Case(
            name="run_running",
            ask=lambda p: p.get_run(RunRef(ONE, "20200221T000000Z")),
            answers={
                PROGRESS: "progress_running.json",
                SUMMARY: "summary_passed.json",
                HISTORY: "history_running.json",
            },
            calls=3,
        ),
        Case(
            name="run_stopped",
            ask=lambda p: p.get_run(RunRef(ONE, NEWEST)),
            answers={
                PROGRESS: "progress_stopped.json",
                SUMMARY: "summary_passed.json",
                HISTORY: "history.json",
            },
            calls=3,
        ),
        Case(
            name="run_of_the_past",
            ask=lambda p: p.get_run(RunRef(ONE, BEFORE)),
            answers={
                PROGRESS: "progress_succeeded.json",
                SUMMARY: "summary_gate_failed.json",
                HISTORY: "history.json",
            },
            calls=3,
        ),
        Case(
            name="log",
            ask=lambda p: p.read_log(RunRef(ONE, NEWEST), "log-detail", lines=4),
            answers={
                PROGRESS: "progress_failed.json",
                SUMMARY: "summary_passed.json",
                HISTORY: "history.json",
                LOG: "log.json",
            },
            calls=4,
        ),
    ]
    faults: ClassVar = [
        FaultCase(
            name="the documented 400 that a later try may cure",
            reply=said("CC.00000000", 400, "The network is busy."),
            kind=Unavailable,
            code="CC.00000000",
        ),
        FaultCase(
            name="the documented expired credential",
            reply=said("CC.00000003", 401, "The authentication information expired."),
            kind=Unauthorized,
            code="CC.00000003",
        ),
        FaultCase(
            name="an error inside HTTP 200 (pitfalls 1 and 2)",
            reply=said("CC.00050001"),
            kind=Unavailable,
            code="CC.00050001",
        ),
        FaultCase(
            name="a code inside HTTP 200 that nobody knows",
            reply=said("CC.00059999"),
            kind=Refused,
            code="CC.00059999",
        ),
        FaultCase(
            name="no permission inside HTTP 200",
            reply=said("CC.00050010"),
            kind=Forbidden,
            code="CC.00050010",
        ),
        FaultCase(
            name="retry later inside HTTP 200",
            reply=said("CC.00050012"),
            kind=Unavailable,
            code="CC.00050012",
        ),
        FaultCase(
            name="no such project inside HTTP 200",
            reply=said("CC.00050013"),
            kind=NotFound,
            code="CC.00050013",
        ),
        FaultCase(
            name="a task that was deleted, as HTTP 400",
            reply=said("CC.10010204.400", 400),
            kind=NotFound,
            code="CC.10010204.400",
        ),
        FaultCase(
            name="a newer code that ends in its HTTP status",
            reply=said("CC.10019999.403"),
            kind=Forbidden,
            code="CC.10019999.403",
        ),
        FaultCase(
            name="more issues than can be stored",
            reply=said("CC.00070400.500", 500),
            kind=Refused,
            code="CC.00070400.500",
        ),
        FaultCase(
            name="the wrapper of the newer calls",
            reply=Reply(
                b'{"httpStatus": "INTERNAL_SERVER_ERROR", "status": "error",'
                b' "result": {"code": "CC.00050006", "message": "inner error"}}'
            ),
            kind=Unavailable,
            code="CC.00050006",
        ),
        FaultCase(
            name="throttled, sent as 500",
            reply=said("COCT.0070003", 500, "too frequent"),
            kind=RateLimited,
            code="COCT.0070003",
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
            reply=said("APIGW.0308", 429, "policy ratelimit,limit:60,time:1 minute"),
            kind=RateLimited,
            code="APIGW.0308",
            retry_after=timedelta(minutes=1),
        ),
        FaultCase(
            name="a wrong signature",
            reply=said("APIGW.0301", 401, "verify aksk signature fail"),
            kind=Unauthorized,
            code="APIGW.0301",
        ),
    ]

    @override
    def settings(self) -> dict[str, Any]:
        return {
            "kind": "codearts-check",
            "region": "cn-north-4",
            "project_id": PROJECT,
            "access_key": "CANARY-access",
            "secret_key": "CANARY/secret+key=",
        }

    @override
    def endless(self) -> Script:
        scans = [
            {"check_time": f"2024-05-01 {h:02}:{m:02}:00"}
            for h in range(10)
            for m in range(0, 60, 6)
        ]
        return {
            PROGRESS: b'{"task_status": 2}',
            SUMMARY: b'{"git_branch": "master", "is_access": "1"}',
            HISTORY: json.dumps({"data": scans, "total": 10**9}).encode(),
        }

    @override
    def run_of_word(self, word: str) -> Script:
        return {
            PROGRESS: json.dumps({"task_status": word}).encode(),
            SUMMARY: b"{}",
            HISTORY: b'{"data": [{"check_time": "2024-05-01 12:00:00"}], "total": 1}',
        }
