"""What CodeArts Pipeline's answers mean: the pitfalls, one by one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from providers.codearts_pipeline import convert, tasks
from providers.codearts_pipeline.wire import (
    LATEST_RUNS,
    RUN_DETAIL,
    WireLog,
    WirePipeline,
    WireRun,
    WireRunDetail,
    WireStep,
)
from providers.model import Fact, Reason, Run, State, TaskKind
from tests.providers.contract import find_task

PAYLOADS = Path(__file__).parent / "payloads"
VIEW = convert.View(
    connection="main",
    project_id="54f90b75fc1447b1b65e8d3a9f77923d",
    zone=ZoneInfo("Asia/Shanghai"),
    console="https://devcloud.cn-north-4.huaweicloud.com",
)
ABROAD = convert.View(
    connection="main", project_id="p", zone=ZoneInfo("UTC"), console=None
)


def seed(view: convert.View = VIEW, **changes: Any) -> Run:
    """Return the run of the documented example, changed."""
    [run] = json.loads((PAYLOADS / "status_seed.json").read_text("utf-8"))
    return convert.run(WireRun.model_validate({**run, **changes}), view)


def built(**changes: Any) -> Run:
    """Return the same with other build parameters."""
    [run] = json.loads((PAYLOADS / "status_seed.json").read_text("utf-8"))
    return seed(build_params={**run["build_params"], **changes})


def detail(name: str, **changes: Any) -> Run:
    data = json.loads((PAYLOADS / f"detail_{name}.json").read_text("utf-8"))
    wire = RUN_DETAIL.validate_python({**data, **changes})
    return convert.run_in_full(wire, VIEW, "d19799d619424b2bb2625ec2d93ea087")


# --- times ----------------------------------------------------------------------------


def test_times_of_stages_without_a_zone_agree_with_those_of_their_run() -> None:
    """Bite 13: milliseconds and Chinese local time stand in one object."""
    run = seed()
    [stage] = run.tasks or ()

    assert run.started_at == datetime(2023, 3, 4, 8, 48, 8, tzinfo=UTC)
    assert stage.started_at == datetime(2023, 3, 4, 8, 48, 9, tzinfo=UTC)
    assert run.finished_at == stage.finished_at


def test_another_zone_can_be_set_for_another_region() -> None:
    [stage] = seed(view=ABROAD).tasks or ()

    assert stage.started_at == datetime(2023, 3, 4, 16, 48, 9, tzinfo=UTC)


@pytest.mark.parametrize("end", [None, 0, "", "0"])
def test_a_run_under_way_has_no_end(end: object) -> None:
    assert seed(status="RUNNING", end_time=end).finished_at is None


def test_a_run_that_was_retried_is_under_way_again_under_its_own_id() -> None:
    """Bite 9: the id stays, and the old end may stay with it."""
    failed, again = seed(), seed(status="RUNNING")

    assert failed.ref == again.ref
    assert (failed.state, again.state) == (State.FAILED, State.RUNNING)
    assert failed.finished_at is not None
    assert again.finished_at is None


def test_the_time_of_a_pause_is_a_duration_not_a_moment() -> None:
    run = detail("gate")

    assert Fact("Paused for", "0:03:05") in run.facts


@pytest.mark.parametrize("value", [0, None, "", 999, -5, 1677919688000, "9" * 40])
def test_a_pause_that_cannot_be_one_is_not_shown(value: object) -> None:
    labels = {fact.label for fact in detail("gate", pause_time=value).facts}

    assert "Paused for" not in labels


# --- states ---------------------------------------------------------------------------


def test_a_run_whose_stages_only_wait_is_waiting() -> None:
    stages = [
        {"name": "a", "status": "COMPLETED", "sequence": 0},
        {"name": "b", "status": "PAUSED", "sequence": 1},
        {"name": "c", "status": "INIT", "sequence": 2},
    ]
    run = seed(status="RUNNING", stage_status_list=stages)

    assert (run.state, run.reason) == (State.WAITING, Reason.PAUSED)
    assert run.native == "RUNNING"


def test_a_run_with_something_moving_beside_what_waits_is_running() -> None:
    stages = [
        {"name": "a", "status": "ASYNC_RUNNING"},
        {"name": "b", "status": "SUSPEND"},
    ]

    assert seed(status="RUNNING", stage_status_list=stages).state is State.RUNNING


def test_a_review_deep_inside_a_running_stage_is_seen() -> None:
    run = detail("review")

    assert (run.state, run.reason) == (State.WAITING, Reason.PAUSED)
    assert find_task(run, "审核").state is State.RUNNING
    review = next(t for t in (run.tasks or ())[1].walk() if t.kind is TaskKind.JOB)
    assert review.state is State.WAITING


def test_what_never_ran_in_a_failed_run_is_skipped() -> None:
    """Bite 8: INIT in a run that is over is not queued."""
    deploy = find_task(detail("failed"), "部署")

    assert {t.state for t in deploy.walk()} == {State.SKIPPED}
    assert {t.reason for t in deploy.walk()} == {Reason.NEVER_RAN}
    assert {t.log for t in deploy.walk()} == {None}


def test_the_same_in_a_run_under_way_is_queued() -> None:
    deploy = find_task(detail("review"), "部署")

    assert deploy.state is State.QUEUED


# --- why it failed --------------------------------------------------------------------


def test_a_stage_that_fails_by_its_pass_condition_leads_there() -> None:
    """Bite 19: all jobs completed, and yet the stage failed."""
    run = detail("gate")

    assert [t.name for t in run.failing_path] == ["门禁", "准出条件"]
    assert run.failing_path[-1].message == "代码检查问题数超过阈值"
    assert run.failing_path[-1].log is None


def test_a_stage_that_fails_by_its_entry_condition_leads_there() -> None:
    gate = json.loads((PAYLOADS / "detail_gate.json").read_text("utf-8"))
    [stage] = gate["stages"]
    stage["pre"], stage["post"] = stage["post"], []

    run = detail("gate", stages=[stage])

    assert [t.name for t in run.failing_path] == ["门禁", "准出条件"]


def test_the_failing_path_goes_down_to_the_step() -> None:
    run = detail("failed")

    assert [t.name for t in run.failing_path] == ["构建", "编译", "Maven构建"]
    assert run.failing_path[-1].message == "编译失败:找不到符号 [DEV-CODECI-35002]"
    assert run.failing_path[-1].log == (
        "6ce8600f396c4d5ba5290201ba9fd762/7a1a7bb1b5e74d1c944d8b8971621034"
    )


def test_a_failed_sub_pipeline_is_named_as_such() -> None:
    """Bite 20: the error itself is in the run of another pipeline."""
    run = detail("failed")

    assert Fact("Failed sub-pipeline", "下游流水线") in run.facts
    assert find_task(run, "下游流水线").message == tasks.ELSEWHERE


def test_what_the_vendor_says_of_a_sub_pipeline_wins() -> None:
    step = WireStep(
        id="s", task=tasks.SUB_PIPELINE, status="FAILED", message="child failed"
    )
    stage = {"name": "x", "jobs": [{"name": "j", "steps": [step.model_dump()]}]}
    wire = WireRunDetail.model_validate(
        {"id": "r", "status": "FAILED", "stages": [stage]}
    )
    run = convert.run_in_full(wire, VIEW, "p")

    assert run.failing_path[-1].message == "child failed"
    assert Fact("Failed sub-pipeline", tasks.SUB_PIPELINE) in run.facts


@pytest.mark.parametrize(
    ("message", "plain"),
    [
        (None, None),
        ("", None),
        ("  ", None),
        ("步骤失败", "步骤失败"),
        ('{"errorMessage":"no symbol","errorCode":"E-1"}', "no symbol [E-1]"),
        ('{"errorMessage":"no symbol"}', "no symbol"),
        ('failed: {"errorMessage":"no","errorCode":1}', "failed: no [1]"),
        ('{"errorCode":"E-1"}', '{"errorCode":"E-1"}'),
        ("use {name} here", "use {name} here"),
        ("cut {", "cut {"),
        ("{" * 3, "{" * 3),
        ("[1] {}", "[1] {}"),
    ],
)
def test_a_message_with_json_inside_is_unwrapped(
    message: str | None, plain: str | None
) -> None:
    assert tasks.unwrapped(message) == plain


def test_a_message_nested_beyond_reason_is_left_as_it_is() -> None:
    text = '{"a":' * 100_000

    assert tasks.unwrapped(text) == text


def test_secrets_in_inputs_and_addresses_are_not_shown() -> None:
    """Step inputs and clone addresses can hold passwords."""
    shown = repr(detail("failed"))

    assert "INPUT-SECRET" not in shown
    assert "GIT-SECRET" not in shown
    assert Fact("Repository", "clsyz00001/111") in detail("failed").facts


# --- what it was made of --------------------------------------------------------------


def test_a_merge_request_is_the_change_and_its_own_branch_the_branch() -> None:
    run = built(merge_id=12, source_branch="feature/x", target_branch="main")

    assert run.change == "!12"
    assert run.branch == "feature/x"
    assert Fact("Into", "main") in run.facts


def test_a_tag_stands_for_the_branch() -> None:
    run = built(build_type="tag", tag="v1.2.0", target_branch="main")

    assert run.branch == "v1.2.0"


@pytest.mark.parametrize(
    "changes",
    [
        {"build_type": "tag", "tag": None},
        {"merge_id": "12", "source_branch": None},
        {"target_branch": ""},
    ],
    ids=str,
)
def test_a_branch_that_is_not_said_is_not_guessed(changes: dict[str, Any]) -> None:
    assert built(**changes).branch is None


def test_a_run_without_code_has_neither_branch_nor_commit() -> None:
    run = seed(build_params=None)

    assert (run.branch, run.commit, run.change, run.facts) == (None, None, None, ())


@pytest.mark.parametrize(
    ("changes", "actor"),
    [
        ({}, "beta环境账号"),
        ({"executor_name": None}, "847a5317086c41798469d0868535943a"),
        ({"executor_name": "", "executor_id": ""}, None),
    ],
    ids=str,
)
def test_who_is_named_or_else_known_by_id(
    changes: dict[str, Any], actor: str | None
) -> None:
    trigger = seed(**changes).trigger

    assert trigger is not None
    assert trigger.actor == actor


def test_a_run_set_off_by_nobody_knows_what_has_no_trigger() -> None:
    run = seed(executor_name=None, executor_id=None, trigger_type=None)

    assert run.trigger is None


@pytest.mark.parametrize(
    ("git_url", "name"),
    [
        ("https://example.com/group/name.git", "group/name"),
        ("https://u:pw@example.com/group/name", "group/name"),
        ("git@example.com:group/name.git", None),
        ("https://example.com", None),
        ("https://[broken", None),
        (None, None),
    ],
)
def test_a_repository_is_shown_without_its_host_and_credentials(
    git_url: str | None, name: str | None
) -> None:
    facts = {fact.label: fact.value for fact in built(git_url=git_url).facts}

    assert facts.get("Repository") == name


@pytest.mark.parametrize("value", ["7", 7])
def test_a_number_may_come_as_text(value: object) -> None:
    assert seed(run_number=value).number == 7


@pytest.mark.parametrize("value", [None, "", "seven", "9" * 40, "-"])
def test_a_number_that_is_none_is_not_shown(value: object) -> None:
    assert seed(run_number=value).number is None


# --- links ----------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["", None, "javascript:alert(1)", "//x"])
def test_without_a_link_the_consoles_page_is_written_for_mainland_regions(
    given: str | None,
) -> None:
    assert seed(detail_url=given).url == (
        "https://devcloud.cn-north-4.huaweicloud.com/cicd/project/"
        "54f90b75fc1447b1b65e8d3a9f77923d/pipeline/detail/"
        "d19799d619424b2bb2625ec2d93ea087/ad6b7f66283a45be9c1f82b06c831e59?v=1"
    )
    assert seed(view=ABROAD, detail_url=given).url is None


def test_a_link_that_is_given_is_kept() -> None:
    given = "https://devcloud.example.com/run"

    assert seed(detail_url=given).url == given
    assert seed(view=ABROAD, detail_url=given).url == given


def test_a_pipelines_page_is_its_history() -> None:
    wire = WirePipeline(pipeline_id="a/b")

    assert convert.pipeline(wire, VIEW).url == (
        "https://devcloud.cn-north-4.huaweicloud.com/cicd/project/"
        "54f90b75fc1447b1b65e8d3a9f77923d/pipeline/history/a%2Fb?v=1"
    )
    assert convert.pipeline(wire, ABROAD).url is None
    assert convert.pipeline(wire, ABROAD).name == "a/b"


# --- shapes ---------------------------------------------------------------------------


def test_stages_stand_in_the_order_of_their_numbers() -> None:
    stages = [
        {"name": "last", "sequence": "10"},
        {"name": "first", "sequence": 0},
        {"name": "middle", "sequence": 2},
    ]

    names = [t.name for t in seed(stage_status_list=stages).tasks or ()]

    assert names == ["first", "middle", "last"]


def test_a_list_that_carries_no_stages_leaves_the_tasks_open() -> None:
    assert seed(stage_status_list=None).tasks is None
    assert seed(stage_status_list=[]).tasks == ()


def test_parts_without_names_are_called_by_their_kind() -> None:
    wire = WireRunDetail.model_validate(
        {"id": "r", "stages": [{"jobs": [{"steps": [{}]}]}]}
    )
    run = convert.run_in_full(wire, VIEW, "p")

    [stage] = run.tasks or ()
    assert [t.name for t in stage.walk()] == ["stage", "job", "step"]
    assert {t.state for t in stage.walk()} == {State.UNKNOWN}


def test_a_step_that_names_its_job_has_a_log_even_before_the_jobs() -> None:
    step = {"id": "s", "job_run_id": "j", "status": "COMPLETED"}
    wire = WireRunDetail.model_validate({"id": "r", "stages": [{"pre": [step]}]})
    run = convert.run_in_full(wire, VIEW, "p")

    [stage] = run.tasks or ()
    assert stage.children[0].log == "j/s"


def test_unknown_fields_and_odd_parts_cost_only_themselves() -> None:
    runs = LATEST_RUNS.validate_python(
        [{"pipeline_id": "p", "pipeline_run_id": "r", "new_field": {"x": [1]}}, 7],
        context={"rejected": []},
    )

    assert [r.pipeline_run_id for r in runs] == ["r"]


# --- logs -----------------------------------------------------------------------------


def wire_log(name: str) -> WireLog:
    return WireLog.model_validate_json((PAYLOADS / name).read_bytes())


def test_a_log_that_came_newest_first_is_turned_round() -> None:
    tail = convert.log_tail(wire_log("log.json"), 50)

    assert tail.text.splitlines() == [
        "[INFO] Compiling 12 source files",
        "",
        "[ERROR] 找不到符号",
        "[ERROR] BUILD FAILURE",
    ]
    assert tail.cut


def test_a_log_whose_times_say_that_it_is_in_order_stays_so() -> None:
    tail = convert.log_tail(wire_log("log_stamped.json"), 50)

    assert tail.text.splitlines()[0] == "[2023/03/04 16:48:10.120] start"
    assert not tail.cut


def test_a_log_with_times_the_other_way_round_is_turned_round() -> None:
    newest_first = WireLog(log="2023-03-04 16:50:09 b\n2023-03-04 16:48:10 a\n")

    assert convert.log_tail(newest_first, 50).text.endswith(":09 b")


def test_no_more_lines_are_shown_than_asked_for_and_it_says_so() -> None:
    tail = convert.log_tail(wire_log("log_stamped.json"), 2)

    assert tail.text.splitlines() == [
        "  at line 3",
        "[2023/03/04 16:50:09.001] failed",
    ]
    assert tail.cut


def test_no_lines_at_all_are_none_of_the_log() -> None:
    tail = convert.log_tail(wire_log("log_stamped.json"), 0)

    assert (tail.text, tail.cut) == ("", True)


def test_an_empty_log_is_empty() -> None:
    assert convert.log_tail(WireLog(log=None), 50).text == ""
