"""What Yunxiao's words, times and odd shapes become."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from providers.answer import Answer
from providers.model import PipelineRef, Reason, Run, State, TriggerKind
from providers.yunxiao import convert, words
from providers.yunxiao.convert import Setting
from providers.yunxiao.wire import (
    LOG,
    PIPELINES,
    RUN,
    STEPS,
    WireLog,
    WireSteps,
)

REF = PipelineRef("main", "1234")
CHINA = ZoneInfo("Asia/Shanghai")
HERE = Setting(zone=CHINA, site="https://flow.aliyun.com")
SHA = "8d5c1f0a9b7e6d5c4b3a29181716151413121110"


def run(**fields: Any) -> Run:
    """Return the run that an answer with these fields becomes."""
    said = Answer(
        connection="main",
        operation="get_run",
        status=200,
        headers={},
        body=json.dumps({"pipelineRunId": 7, **fields}).encode(),
    )
    wire, _ = said.decode_list(RUN)
    return convert.run(REF, wire, HERE)


def stage(name: str, status: str, *jobs: dict[str, Any], **info: Any) -> dict[str, Any]:
    return {
        "name": name,
        "stageInfo": {"name": name, "status": status, "jobs": list(jobs), **info},
    }


def job(name: str, status: str | None, *actions: str, **more: Any) -> dict[str, Any]:
    offered = [{"type": action, "disable": False} for action in actions]
    return {"id": 1, "name": name, "status": status, "actions": offered, **more}


@pytest.mark.parametrize(
    ("word", "state", "reason"),
    [
        ("SUCCESS", State.SUCCEEDED, None),
        ("FINISH", State.SUCCEEDED, Reason.UNVERIFIED),
        ("FAIL", State.FAILED, None),
        ("FAILED", State.FAILED, None),
        ("RUNNING", State.RUNNING, None),
        ("CANCELLING", State.RUNNING, Reason.CANCELING),
        ("WAITING", State.WAITING, None),
        ("PENDING", State.QUEUED, None),
        ("QUEUED", State.QUEUED, None),
        ("READY", State.QUEUED, None),
        ("CANCELED", State.CANCELED, None),
        ("CANCELLED", State.CANCELED, None),
        ("SKIP", State.SKIPPED, None),
        ("SKIPPED", State.SKIPPED, None),
        ("UNKOWN", State.UNKNOWN, None),
        ("UNKNOWN", State.UNKNOWN, None),
    ],
)
def test_every_documented_word_has_its_state(
    word: str, state: State, reason: Reason | None
) -> None:
    assert words.state_of(word) == (state, reason)
    assert words.state_of(f" {word.lower()} ") == (state, reason)


def test_the_table_above_is_the_whole_table() -> None:
    marks = getattr(test_every_documented_word_has_its_state, "pytestmark")  # noqa: B009 - pytest puts it there, types do not know
    assert {row[0] for row in marks[0].args[1]} == set(words.STATES)


@pytest.mark.parametrize("word", [None, "", "ABORTED", "TERMINATED", "INIT", "新状态"])
def test_a_word_nobody_documented_is_unknown_and_kept(word: str | None) -> None:
    found = run(status=word)

    assert found.state is State.UNKNOWN
    assert found.native == word


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        (1, TriggerKind.MANUAL),
        (2, TriggerKind.SCHEDULE),
        (3, TriggerKind.PUSH),
        ("5", TriggerKind.PIPELINE),
        (6, TriggerKind.WEBHOOK),
        (4, TriggerKind.OTHER),
        (99, TriggerKind.OTHER),
    ],
)
def test_every_trigger_mode_has_its_kind_and_an_unknown_one_its_number(
    mode: int | str, kind: TriggerKind
) -> None:
    trigger = run(triggerMode=mode).trigger

    assert trigger is not None
    assert (trigger.kind, trigger.native) == (kind, str(mode))


def test_a_run_that_names_nobody_has_no_trigger() -> None:
    assert run(creatorAccountId="").trigger is None


def test_account_ids_survive_beyond_what_floats_can_hold_pitfall_6() -> None:
    trigger = run(creatorAccountId=1001234567890123457).trigger

    assert trigger is not None
    assert trigger.actor == "1001234567890123457"
    assert trigger.kind is None


@pytest.mark.parametrize("end", [None, 0, "", "0"])
def test_a_running_run_has_no_end_however_that_is_said_pitfall_4(end: Any) -> None:
    found = run(status="RUNNING", startTime=1714557600000, endTime=end)

    assert found.started_at == datetime(2024, 5, 1, 10, tzinfo=UTC)
    assert found.finished_at is None


def test_a_retried_job_reopens_the_same_run_whose_old_end_counts_no_more() -> None:
    """Pitfall 8: FAIL goes back to RUNNING under the same pipelineRunId."""
    failed = run(status="FAIL", endTime=1714557600000)
    reopened = run(status="RUNNING", endTime=1714557600000)

    assert failed.ref == reopened.ref
    assert (failed.state, reopened.state) == (State.FAILED, State.RUNNING)
    assert failed.finished_at is not None
    assert reopened.finished_at is None


def test_a_run_in_full_takes_its_times_from_the_stages_pitfall_4() -> None:
    first = stage("a", "SUCCESS", startTime=1714557600000, endTime=1714557660000)
    second = stage("b", "FAIL", startTime=1714557660000, endTime=1714557720000)
    found = run(status="FAIL", updateTime=1714560000000, stages=[second, first])

    assert found.started_at == datetime(2024, 5, 1, 10, tzinfo=UTC)
    assert found.finished_at == datetime(2024, 5, 1, 10, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (1586863220000, datetime(2020, 4, 14, 11, 20, 20, tzinfo=UTC)),
        ("1586863220000", datetime(2020, 4, 14, 11, 20, 20, tzinfo=UTC)),
        ("2026-09-22 11:12:29.0", datetime(2026, 9, 22, 3, 12, 29, tzinfo=UTC)),
        ("2026-09-22T11:12:29Z", datetime(2026, 9, 22, 11, 12, 29, tzinfo=UTC)),
        ("0001-01-01 00:00:00", None),
        ("yesterday", None),
        ("", None),
        (0, None),
        (None, None),
        (10**18, None),
        ("9" * 5000, None),
    ],
)
def test_times_are_milliseconds_or_texts_in_the_connections_zone(
    said: int | str | None, meant: datetime | None
) -> None:
    assert words.when(said, CHINA) == meant


@pytest.mark.parametrize(
    ("said", "sha", "message"),
    [
        (json.dumps({"commitId": SHA, "message": "Fix"}), SHA, "Fix"),
        (json.dumps([{"id": SHA}]), SHA, None),
        ({"sha": SHA, "title": "Fix"}, SHA, "Fix"),
        (SHA, SHA, None),
        (json.dumps({"id": 12, "commitMessage": "Fix"}), None, "Fix"),
    ],
)
def test_the_commit_is_found_in_the_text_called_commint_pitfalls_5_and_7(
    said: object, sha: str | None, message: str | None
) -> None:
    found = run(sources=[{"data": {"branch": "main", "commint": said}}])

    assert found.branch == "main"
    assert found.commit is not None
    assert (found.commit.sha, found.commit.message) == (sha, message)


@pytest.mark.parametrize(
    "said", [None, "", "{}", "[]", "null", "7", "{cut", '{"id": "not a sha"}', 7, []]
)
def test_a_commint_that_says_nothing_is_no_commit_pitfall_7(said: object) -> None:
    found = run(sources=[{"data": {"branch": "main", "commint": said}}])

    assert found.commit is None
    assert found.branch == "main"


def test_a_source_may_be_json_in_json_or_nothing_at_all_pitfall_7() -> None:
    inside = json.dumps({"branch": "dev", "repo": "https://codeup.aliyun.com/a.git"})

    assert run(sources=[{"data": inside}]).branch == "dev"
    assert run(sources=[{"data": "{cut"}]).branch is None
    assert run(sources=[{"data": "[" * 5000}]).branch is None
    assert run(sources=None).branch is None
    assert run(sources=["odd", {"data": {"branch": "main"}}]).branch == "main"


def test_a_password_in_a_repositorys_address_is_not_shown() -> None:
    repo = "https://me:not-a-real-password@codeup.aliyun.com/a.git?private=1#x"
    [fact] = run(sources=[{"data": {"repo": repo}}]).facts

    assert fact.value == "https://codeup.aliyun.com/a.git"


@pytest.mark.parametrize("repo", [None, "", "http://[broken"])
def test_a_source_without_a_readable_address_is_no_fact(repo: str | None) -> None:
    assert run(sources=[{"data": {"repo": repo}}]).facts == ()


def test_global_parameters_and_webhooks_are_read_nowhere() -> None:
    found = run(
        globalParams=[{"key": "K", "value": "not-a-real-secret"}],
        sources=[{"data": {"webhook": "http://x/not-a-real-secret", "branch": "m"}}],
    )

    assert "not-a-real-secret" not in repr(found)


def test_a_job_with_a_shut_gate_waits_for_approval_and_so_does_its_run() -> None:
    gate = job("Approve", "RUNNING", "PassPipelineValidate", "RefusePipelineValidator")
    found = run(status="RUNNING", stages=[stage("deploy", "RUNNING", gate)])

    assert (found.state, found.reason) == (State.WAITING, Reason.APPROVAL)
    assert found.native == "RUNNING"


def test_who_may_approve_does_not_matter_disable_is_left_aside() -> None:
    gate = job("Approve", "WAITING")
    gate["actions"] = [{"type": "PassPipelineValidate", "disable": True}]
    found = run(status="WAITING", stages=[stage("deploy", "WAITING", gate)])

    assert (found.state, found.reason) == (State.WAITING, Reason.APPROVAL)


def test_a_run_in_which_something_still_moves_does_not_wait() -> None:
    gate = job("Approve", "RUNNING", "PassPipelineValidate")
    found = run(
        status="RUNNING",
        stages=[
            stage("a", "RUNNING", gate),
            stage("b", "RUNNING", job("x", "RUNNING")),
        ],
    )

    assert (found.state, found.reason) == (State.RUNNING, None)


@pytest.mark.parametrize("word", ["SUCCESS", "FAIL", "CANCELED", "NEW_WORD"])
def test_a_gate_left_open_says_nothing_of_a_run_that_is_over(word: str) -> None:
    gate = job("Approve", "RUNNING", "PassPipelineValidate")
    found = run(status=word, stages=[stage("deploy", "RUNNING", gate)])

    assert found.reason is None
    assert found.state is words.state_of(word)[0]


def test_a_gate_that_was_passed_does_not_wait() -> None:
    gate = job("Approve", "SUCCESS", "PassPipelineValidate")
    found = run(status="RUNNING", stages=[stage("deploy", "RUNNING", gate)])

    assert found.state is State.RUNNING
    assert found.tasks is not None
    assert found.tasks[0].children[0].state is State.SUCCEEDED


@pytest.mark.parametrize(
    ("group", "order"),
    [
        ([["b"], ["a", "c"]], ["b", "a", "c", "d"]),
        (json.dumps([["c"], ["b"]]), ["c", "b", "a", "d"]),
        ([["b", "b"], "a"], ["b", "a", "c", "d"]),
        ([[7]], ["a", "b", "c", "d"]),
        (None, ["a", "b", "c", "d"]),
        ("{cut", ["a", "b", "c", "d"]),
    ],
)
def test_stages_stand_in_the_order_of_the_stage_group(
    group: object, order: list[str]
) -> None:
    stages = [stage(name, "SUCCESS") for name in "abcd"]
    found = run(status="SUCCESS", stageGroup=group, stages=stages)

    assert [task.name for task in found.tasks or ()] == order


def test_a_stage_may_have_nothing_but_a_name_or_not_even_that() -> None:
    found = run(status="SUCCESS", stages=[{"name": "a"}, {}, "odd"])

    assert [(t.name, t.state) for t in found.tasks or ()] == [
        ("a", State.UNKNOWN),
        ("?", State.UNKNOWN),
    ]
    assert run(stages=[{"stageInfo": {}}]).tasks is not None


@pytest.mark.parametrize(
    ("fields", "log"),
    [
        (job("a", "FAIL", "LogPipelineJobRun"), "1"),
        (job("a", "FAIL", "RetryPipelineJobRun"), None),
        ({"id": 1, "name": "a", "startTime": 1714557600000}, "1"),
        ({"id": 1, "name": "a"}, None),
        ({"name": "a", "startTime": 1714557600000}, None),
    ],
)
def test_a_log_is_where_it_is_announced_or_where_nothing_is_and_the_job_began(
    fields: dict[str, Any], log: str | None
) -> None:
    found = run(stages=[stage("s", "FAIL", fields)])

    assert found.tasks is not None
    assert found.tasks[0].children[0].log == log


@pytest.mark.parametrize(
    ("said", "lines", "text", "cut"),
    [
        ({"content": "a\nb\nc\n"}, 50, "a\nb\nc", False),
        ({"content": "a\nb\nc\n"}, 2, "b\nc", True),
        ({"content": "a\nb", "more": True}, 50, "a\nb", True),
        ({"content": "a", "more": "true"}, 50, "a", True),
        ({"content": "a"}, 0, "", True),
        ({"content": None, "more": False}, 50, "", False),
        ({}, 50, "", False),
    ],
)
def test_a_log_is_cut_to_its_end_and_more_says_so_pitfall_9(
    said: dict[str, Any], lines: int, text: str, *, cut: bool
) -> None:
    wire: WireLog = LOG.validate_python(said)
    tail = convert.log_tail(wire, lines, None)

    assert (tail.text, tail.cut) == (text, cut)


@pytest.mark.parametrize("name", ["mvn verify(331s)", "mvn verify (331s)"])
def test_a_finished_step_loses_the_seconds_at_the_end_of_its_name(name: str) -> None:
    [wire] = [STEPS.validate_python({"steps": [{"nodeName": name, "status": "fail"}]})]
    assert isinstance(wire, WireSteps)
    failed = stage("s", "FAIL", job("a", "FAIL"))
    full = RUN.validate_python(
        {"pipelineRunId": 7, "status": "FAIL", "stages": [failed]}
    )

    found = convert.run(REF, full, HERE, {"1": wire.steps or []})

    assert [task.name for task in found.failing_path] == ["s", "a", "mvn verify"]


def test_the_failed_jobs_are_those_whose_word_says_so() -> None:
    wire = RUN.validate_python(
        {
            "pipelineRunId": 7,
            "stages": [
                stage("a", "FAIL", {"id": 1, "status": "FAIL"}, {"status": "FAIL"}),
                stage("b", "FAIL", {"id": 2, "status": "fail"}, {"id": 3}),
                {"name": "c"},
            ],
        }
    )

    assert convert.failed_jobs(wire) == ("1", "2")
    assert convert.failed_jobs(RUN.validate_python({"pipelineRunId": 7})) == ()


@pytest.mark.parametrize("ident", ["x1", "9" * 5000])
def test_a_run_whose_id_is_no_number_has_none_and_a_region_has_no_links(
    ident: str,
) -> None:
    wire = RUN.validate_python({"pipelineRunId": ident})
    found = convert.run(REF, wire, Setting(zone=CHINA, site=None))

    assert found.ref.id == ident
    assert found.number is None
    assert found.url is None


@pytest.mark.parametrize("said", ["pipelineName", "name"])
def test_a_pipeline_is_named_by_either_of_two_fields_pitfall_5(said: str) -> None:
    """Lists have `createAccountId` where all else has `creatorAccountId`: unused."""
    fields = {"pipelineId": 7, said: "Release", "createAccountId": "1"}
    [wire] = PIPELINES.validate_python([fields])
    found = convert.pipeline("main", wire, HERE)

    assert (found.ref.id, found.name) == ("7", "Release")


def test_texts_in_a_job_that_should_be_json_upset_nothing_pitfall_7() -> None:
    """`params` and `result` are JSON in text, or broken: neither is read."""
    odd = job("a", "FAIL", params="{cut", result="not json")
    found = run(status="FAIL", stages=[stage("s", "FAIL", odd)])

    assert [task.name for task in found.failing_path] == ["s", "a"]


def test_the_documented_prose_for_a_status_is_unknown_pitfall_1() -> None:
    found = run(status="FAIL 运行失败 SUCCESS 运行成功 RUNNING 运行中")

    assert found.state is State.UNKNOWN
