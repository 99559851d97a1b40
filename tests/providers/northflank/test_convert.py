"""Northflank's shapes in the common words, where they are odd."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from providers.answer import Answer, Quota
from providers.model import Reason, State, Task, first_failing_path
from providers.northflank import convert
from providers.northflank.convert import Place, when
from providers.northflank.faults import read_quota
from providers.northflank.nodes import Tree, task
from providers.northflank.source import Source
from providers.northflank.wire import (
    WireBuild,
    WireFlowRunDetail,
    WireJobRun,
    WireLogLine,
    WireNode,
)

UTC_ZONE = ZoneInfo("UTC")
FLOW = Source.parse("shop/pipelines/release/production")
SERVICE = Source.parse("shop/services/web")


def place(source: Source | None = FLOW) -> Place:
    assert source is not None
    return Place("main", source, None, UTC_ZONE)


def tree(*, is_over: bool) -> Tree:
    return Tree(project="shop", is_over=is_over, when=lambda t: when(t, UTC_ZONE))


def node(**said: Any) -> WireNode:
    return WireNode.model_validate(said)


def read(*, is_over: bool = False, **said: Any) -> Task:
    return task(node(**said), tree(is_over=is_over))


# --- times --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2021-01-01 12:01:00.000Z", datetime(2021, 1, 1, 12, 1, tzinfo=UTC)),
        ("2021-07-28T15:55:38.296Z", datetime(2021, 7, 28, 15, 55, 38, 296000, UTC)),
        ("2020-12-08T11:47:08Z", datetime(2020, 12, 8, 11, 47, 8, tzinfo=UTC)),
        ("1606237973", datetime(2020, 11, 24, 17, 12, 53, tzinfo=UTC)),
        ("1606237973.5", datetime(2020, 11, 24, 17, 12, 53, 500000, UTC)),
        ("2020-12-08T13:47:08+02:00", datetime(2020, 12, 8, 11, 47, 8, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_in_every_form_there_is(text: str, moment: datetime) -> None:
    """Pitfall 5: a space in timestamps, seconds in nodes, a number in builds."""
    assert when(text, UTC_ZONE) == moment


def test_a_time_without_a_zone_is_read_in_the_connections() -> None:
    moment = when("2021-01-01 12:00:00", ZoneInfo("Europe/Berlin"))

    assert moment == datetime(2021, 1, 1, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [None, "", "soon", "0", "nan", "inf", "1e300", "0001-01-01T00:00:00+14:00"],
)
def test_what_is_no_time_is_none(text: str | None) -> None:
    assert when(text, UTC_ZONE) is None


# --- runs ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "change"), [(12, "#12"), (12.0, "#12"), ("12", "#12"), (None, None)]
)
def test_a_pull_request_is_read_in_every_form(said: Any, change: str | None) -> None:
    wire = WireBuild.model_validate({"id": "b-1", "pullRequestId": said})

    assert convert.build(place(SERVICE), wire).change == change


def test_a_job_run_under_way_has_no_end_whatever_the_schema_says() -> None:
    """Pitfall 7: `concludedAt` is called required."""
    wire = WireJobRun.model_validate({"id": "r-1", "status": "RUNNING"})

    found = convert.job_run(place(), wire)

    assert found.state is State.RUNNING
    assert found.finished_at is None


def test_the_status_of_a_job_run_wins_over_its_counters() -> None:
    wire = WireJobRun.model_validate(
        {"id": "r-1", "status": "SUCCESS", "succeeded": 0, "failed": 1}
    )

    assert convert.job_run(place(), wire).state is State.SUCCEEDED


@pytest.mark.parametrize(("flag", "said"), [(True, "yes"), (False, "no")])
def test_an_unknown_word_stays_unknown_and_says_whether_it_concluded(
    *, flag: bool, said: str
) -> None:
    wire = WireJobRun.model_validate(
        {"id": "r-1", "status": "EVICTED", "concluded": flag}
    )

    found = convert.job_run(place(), wire)

    assert found.state is State.UNKNOWN
    assert [(f.label, f.value) for f in found.facts] == [("Concluded", said)]


def test_a_run_that_has_not_begun_is_the_newest() -> None:
    runs = [
        convert.job_run(place(), WireJobRun.model_validate(said))
        for said in (
            {"id": "old", "status": "FAILED"},
            {"id": "ran", "status": "SUCCESS", "startedAt": "2020-12-08T11:47:08Z"},
            {"id": "new", "status": "RUNNING"},
        )
    ]

    assert [r.ref.id for r in convert.newest_first(runs)] == ["new", "ran", "old"]
    assert not convert.is_newest_first(runs)


def test_arguments_show_their_names_and_never_their_values() -> None:
    wire = WireFlowRunDetail.model_validate(
        {"id": "1", "status": "success", "arguments": {"DB_PASSWORD": "NEVER-SHOWN"}}
    )

    found = convert.flow_run_in_full(place(), wire, left_out=0)

    assert [(f.label, f.value) for f in found.facts] == [("Arguments", "DB_PASSWORD")]
    assert found.tasks == ()
    assert "NEVER-SHOWN" not in repr(found)


# --- the tree of a release flow -----------------------------------------------------


def test_a_node_without_a_response_is_queued_until_the_run_is_over() -> None:
    before = read(kind="Release")
    after = read(kind="Release", is_over=True)

    assert (before.state, before.reason) == (State.QUEUED, None)
    assert (after.state, after.reason) == (State.SKIPPED, Reason.NEVER_RAN)


def test_a_node_that_waits_for_its_turn_never_ran_once_the_run_is_over() -> None:
    before = read(kind="Release", response={"status": "waiting"})
    after = read(kind="Release", response={"status": "waiting"}, is_over=True)

    assert before.state is State.WAITING
    assert (after.state, after.reason) == (State.SKIPPED, Reason.NEVER_RAN)
    assert after.native == "waiting"


def test_an_approval_nobody_gave_still_waits_when_the_run_is_over() -> None:
    found = read(kind="Approval", response={"status": "approval_wait"}, is_over=True)

    assert found.state is State.WAITING


def test_a_silent_workflow_is_never_shown_as_a_success() -> None:
    done = {"kind": "Build", "response": {"status": "success"}}
    spec = {"type": "sequential", "steps": [done]}

    assert read(kind="Workflow", spec=spec).state is State.RUNNING
    assert read(kind="Workflow", spec=spec, is_over=True).state is State.UNKNOWN


def test_a_silent_workflow_of_silent_nodes_is_queued() -> None:
    spec = {"steps": [{"kind": "Build"}, {"kind": "Release"}]}

    assert read(kind="Workflow", spec=spec).state is State.QUEUED
    assert read(kind="Workflow", spec=spec, is_over=True).reason is Reason.NEVER_RAN


def test_the_failing_path_leads_to_the_leaf_with_its_message() -> None:
    failed = {"status": "failure", "error": {"code": 400, "message": "no image"}}
    inner = {"kind": "Workflow", "ref": "deploy", "response": {"status": "failure"}}
    inner["spec"] = {"steps": [{"kind": "Release", "ref": "web", "response": failed}]}
    root = read(
        kind="Workflow", response={"status": "failure"}, spec={"steps": [inner]}
    )

    path = first_failing_path((root,))

    assert [t.name for t in path] == ["Workflow", "deploy", "web"]
    assert path[-1].message == "no image"


@pytest.mark.parametrize(
    ("response", "message"),
    [
        ({"status": "failure"}, None),
        ({"status": "failure", "error": 7}, "7"),
        ({"status": "failure", "error": ["?"]}, None),
        ({"status": "failure", "error": {"code": 1}}, None),
        ({"status": "retrying"}, None),
        ({"status": "retrying", "retries": {}}, None),
        ({"status": "retrying", "retries": {"attempts": 2}}, "attempt 2"),
        ({"status": "success", "retries": {"attempts": 2, "maxAttempts": 3}}, None),
    ],
    ids=str,
)
def test_a_message_is_the_error_or_the_attempt(
    response: dict[str, Any], message: str | None
) -> None:
    assert read(kind="Condition", response=response).message == message


BUILD_OF_SERVICE = {"kind": "Build", "spec": {"id": "web", "type": "service"}}
BUILD_OF_JOB = {"kind": "Build", "spec": {"id": "job", "type": "job"}}
RUN_OF_JOB = {"kind": "JobRun", "spec": {"jobId": "job"}}
RUN_ELSEWHERE = {"kind": "JobRun", "spec": {"jobId": "job", "projectId": "ops"}}


@pytest.mark.parametrize(
    ("said", "log"),
    [
        (BUILD_OF_SERVICE, "service-builds/shop/web/x-1"),
        (BUILD_OF_JOB, "job-builds/shop/job/x-1"),
        (RUN_OF_JOB, "job-runs/shop/job/x-1"),
        (RUN_ELSEWHERE, "job-runs/ops/job/x-1"),
        ({"kind": "JobRun", "spec": {"jobId": "${args.job}"}}, None),
        ({"kind": "JobRun", "spec": {}}, None),
        ({"kind": "JobRun"}, None),
        ({"kind": "Build", "spec": {"id": "web", "type": "addon"}}, None),
        ({"kind": "Release", "spec": {"id": "web", "type": "service"}}, None),
    ],
    ids=str,
)
def test_a_log_is_named_where_the_answer_names_the_build_or_run(
    said: dict[str, Any], log: str | None
) -> None:
    response = {"status": "failure", "data": {"id": "x-1"}}

    assert read(**said, response=response).log == log
    assert read(**said, response={"status": "failure", "data": ["?"]}).log is None


def test_a_node_with_odd_fields_is_still_shown() -> None:
    found = read(kind=None, ref={"?": 1}, spec=["?"], response={"data": 7})

    assert found.name == "node"
    assert found.state is State.UNKNOWN


def test_what_was_built_is_a_fact_where_the_answer_says_so() -> None:
    sha = "12c15e7ee25fd78f567ebf87f9178b8ad70025b3"
    build = {"kind": "Build", "response": {"data": {"sha": sha}}}
    wire = WireFlowRunDetail.model_validate(
        {"id": "1", "spec": {"kind": "Workflow", "spec": {"steps": [build]}}}
    )

    found = convert.flow_run_in_full(place(), wire, left_out=0)

    assert [(f.label, f.value) for f in found.facts] == [("Built", f"? {sha}")]


# --- logs and quota -----------------------------------------------------------------


def test_lines_are_in_the_order_of_their_times_whatever_the_server_did() -> None:
    forward = [
        WireLogLine(log=text, ts=f"2026-05-02T09:00:0{at}.123456789Z")
        for at, text in enumerate(("stdout F one", "stderr F two", "stdout F"))
    ]

    assert convert.log_lines(forward) == ["one", "two", "stdout F"]
    assert convert.log_lines(forward[::-1]) == ["one", "two", "stdout F"]


def test_lines_without_times_are_turned_round() -> None:
    found = [WireLogLine(log="last"), WireLogLine(log="a\nb", ts="soon")]

    assert convert.log_lines(found) == ["a", "b", "last"]


def test_a_line_may_be_empty_or_an_object() -> None:
    found = [WireLogLine(log={"level": "error"}), WireLogLine(log="")]

    assert convert.log_lines(found) == ["", '{"level": "error"}']


@pytest.mark.parametrize(
    ("remaining", "reset", "seconds"),
    [
        ("12", "1800", 1800),
        ("0", "0.5", 0.5),
        # An epoch, should it ever be one, must not lock us out for years.
        ("0", "1777712405", 3600),
    ],
)
def test_the_headers_of_an_answer_say_what_is_left(
    remaining: str, reset: str, seconds: float
) -> None:
    headers = {"x-ratelimit-remaining": remaining, "x-ratelimit-reset": reset}
    said = Answer(connection="", operation="", status=200, headers=headers, body=b"")

    assert read_quota(said) == Quota(
        remaining=int(remaining), resets_in=timedelta(seconds=seconds)
    )


@pytest.mark.parametrize(
    ("remaining", "reset"),
    [
        *(("", "9"), ("-1", "9"), ("9" * 5000, "9")),
        *(("5", ""), ("5", "soon"), ("5", "-1"), ("5", "inf")),
    ],
)
def test_headers_that_say_nothing_are_no_quota(remaining: str, reset: str) -> None:
    headers = {"x-ratelimit-remaining": remaining, "x-ratelimit-reset": reset}
    said = Answer(connection="", operation="", status=200, headers=headers, body=b"")

    assert read_quota(said) is None
