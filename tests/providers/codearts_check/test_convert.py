"""What CodeArts Check's words, counts and times mean."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from providers.codearts_check import convert, convert_listed, findings
from providers.codearts_check.convert import Glance
from providers.codearts_check.findings import Issues
from providers.codearts_check.wire import (
    LISTED_TASKS,
    WireListedTask,
    WireLogEntry,
    WireProgress,
    WireRecord,
    WireStatistic,
    WireSummary,
)
from providers.model import Fact, PipelineRef, Reason, Run, State, Trigger

SHANGHAI = ZoneInfo("Asia/Shanghai")
TASK = PipelineRef("main", "t1")
ROW = {"check_time": "2024-05-01 20:00:00", "check_end_time": "2024-05-01 20:10:00"}
ROW_ID = "20240501T120000Z"


def glance(status: object = 2, ratio: object = None, **summary: Any) -> Glance:
    progress = {"task_status": status, "progress": {"ratio": ratio}}
    return Glance(
        ref=TASK,
        url=None,
        zone=SHANGHAI,
        progress=WireProgress.model_validate(progress),
        summary=WireSummary.model_validate(summary),
    )


def newest(seen: Glance, *rows: dict[str, Any]) -> Run:
    records = [WireRecord.model_validate(row) for row in rows]
    return convert.scans(seen, records, newest=True)[0]


@pytest.mark.parametrize("form", [int, str], ids=["as a number", "as text"])
@pytest.mark.parametrize(
    ("word", "state"),
    [
        (0, State.RUNNING),
        (1, State.FAILED),
        (2, State.SUCCEEDED),
        (3, State.CANCELED),
        (4, State.UNKNOWN),
    ],
)
def test_every_documented_task_status_has_its_state(
    word: int, state: State, form: type
) -> None:
    run = newest(glance(form(word), is_access="1"), ROW)

    assert run.state is state
    assert run.native == str(word)


@pytest.mark.parametrize(
    ("word", "state", "reason", "fact"),
    [
        ("1", State.SUCCEEDED, None, "passed"),
        ("true", State.SUCCEEDED, None, "passed"),
        (True, State.SUCCEEDED, None, "passed"),
        ("Success", State.SUCCEEDED, None, "passed"),
        ("0", State.FAILED, Reason.QUALITY_GATE, "failed"),
        (0, State.FAILED, Reason.QUALITY_GATE, "failed"),
        (False, State.FAILED, Reason.QUALITY_GATE, "failed"),
        ("error", State.FAILED, Reason.QUALITY_GATE, "failed"),
        ("maybe", State.SUCCEEDED, Reason.UNVERIFIED, "unknown (maybe)"),
        ("", State.SUCCEEDED, Reason.UNVERIFIED, "unknown"),
        (None, State.SUCCEEDED, Reason.UNVERIFIED, "unknown"),
    ],
)
def test_a_scan_that_ended_well_can_still_fail_its_gate(
    word: object, state: State, reason: Reason | None, fact: str
) -> None:
    """The literals of `is_access` are documented nowhere: the rest is unverified."""
    run = newest(glance(2, is_access=word), ROW)

    assert (run.state, run.reason) == (state, reason)
    assert Fact("Quality gate", fact) in run.facts


def test_the_gate_of_the_scan_before_says_nothing_of_one_that_runs_or_failed() -> None:
    for status in (0, 1, 3):
        run = newest(glance(status, is_access="0", trigger_type="1"), ROW)
        assert run.reason is None
        assert run.facts == ()
        assert run.trigger is None


def test_the_progress_is_a_fact_while_the_scan_runs_only() -> None:
    assert newest(glance(0, ratio="45%")).facts == (Fact("Progress", "45%"),)
    assert Fact("Progress", "100%") not in newest(glance(2, ratio="100%"), ROW).facts


def test_severities_have_other_names_and_types_in_each_answer() -> None:
    """Pitfall 15: text in the summary, numbers and old names in the history."""
    counts = {"critical": 1, "serious": 2, "normal": 3, "prompt": 4}
    record = WireRecord.model_validate({**ROW, "issue_counts": counts})
    summary = WireSummary.model_validate(
        {
            "critical_count": "1",
            "major_count": "2",
            "minor_count": "3",
            "suggestion_count": "4",
        }
    )
    severity = {"critical": 1, "major": 2, "minor": "3", "suggestion": 4.0}
    statistic = WireStatistic.model_validate({"severity": severity})

    assert (
        findings.of_record(record.issue_counts)
        == findings.of_summary(summary)
        == findings.of_statistic(statistic)
        == Issues(1, 2, 3, 4)
    )


def test_a_severity_nobody_counted_is_left_out_and_not_zero() -> None:
    assert Issues(critical=0, minor=7).text == "0 critical, 7 minor"
    assert Issues().text is None
    assert findings.of_statistic(WireStatistic()) == Issues()


def test_the_history_lends_its_counts_where_the_summary_has_none() -> None:
    counts = {"critical": 1, "serious": 0, "normal": 0, "prompt": 0}
    run = newest(glance(2), {**ROW, "issue_counts": counts})
    full = convert.newest_in_full(run, glance(2), WireStatistic(), ())

    wanted = Fact("Issues", "1 critical, 0 major, 0 minor, 0 suggestions")
    assert wanted in run.facts
    assert wanted in full.facts


def test_a_time_without_zone_is_read_in_the_connections_zone() -> None:
    """Pitfall 14: the same instant in both forms is the same scan."""
    naive = newest(glance(2), ROW)
    zulu = newest(glance(2), {**ROW, "check_time": "2024-05-01T12:00:00Z"})

    assert naive.started_at == datetime(2024, 5, 1, 12, tzinfo=UTC)
    assert naive.ref == zulu.ref
    assert naive.ref.id == ROW_ID


def test_a_time_nobody_can_read_still_makes_an_id() -> None:
    run = newest(glance(2), {"check_time": "yesterday", "check_end_time": "today"})

    assert run.ref.id == "yesterday"
    assert run.started_at is None
    assert convert.is_meant(run, "yesterday")
    assert not convert.is_meant(run, ROW_ID)


@pytest.mark.parametrize(
    ("seen", "row", "expected"),
    [
        (glance(2, last_check_time="2024-05-01T12:00:00Z"), ROW, ROW_ID),
        (glance(2, last_check_time="2024-05-01T12:11:00Z"), ROW, ROW_ID),
        (glance(1, last_check_time="2024-05-01T13:00:00Z"), ROW, "20240501T130000Z"),
        (glance(1), ROW, ROW_ID),
        (glance(0), ROW, "running"),
        (glance(0), {"check_time": ROW["check_time"]}, ROW_ID),
        (
            glance(1, last_check_time="2024-05-01T12:30:00Z"),
            {"check_time": ROW["check_time"]},
            ROW_ID,
        ),
    ],
    ids=[
        "the summary tells when it began",
        "the summary tells when it ended",
        "the scan that failed is not in the history",
        "the summary tells no time",
        "the running scan is not in the history",
        "the running scan is in the history",
        "the scan that failed has no end in the history",
    ],
)
def test_the_status_goes_to_the_scan_it_is_of(
    seen: Glance, row: dict[str, Any], expected: str
) -> None:
    """Whether running and failed scans get into the history is not documented."""
    assert newest(seen, row).ref.id == expected


def test_a_scan_that_is_not_in_the_history_heads_it() -> None:
    seen = glance(1, last_check_time="2024-05-01T13:00:00Z")
    runs = convert.scans(seen, [WireRecord.model_validate(ROW)], newest=True)

    assert [(r.ref.id, r.state) for r in runs] == [
        ("20240501T130000Z", State.FAILED),
        (ROW_ID, State.SUCCEEDED),
    ]
    assert runs[0].updated_at == datetime(2024, 5, 1, 13, tzinfo=UTC)
    assert runs[0].started_at is None


def test_a_scan_of_the_past_is_unverified_and_one_without_end_is_unknown() -> None:
    rows = [ROW, {"check_time": "2024-04-30 20:00:00", "check_end_time": ""}]
    records = [WireRecord.model_validate(row) for row in rows]
    ended, open_ = convert.scans(glance(2, git_branch="dev"), records, newest=False)

    assert (ended.state, ended.reason) == (State.SUCCEEDED, Reason.UNVERIFIED)
    assert ended.native == "check_end_time"
    assert ended.branch == "dev"
    assert (open_.state, open_.reason, open_.native) == (State.UNKNOWN, None, None)


def test_the_summary_of_old_is_read_as_well() -> None:
    """A documented example has `result.info` with all values as text."""
    old = {
        "result": {
            "info": {
                "branch": "master",
                "lastCheckTime": "2019-09-24 15:00:41",
                "codeLine": "55777",
                "defectInfo": {"criticalCount": "1", "seriousCount": "2"},
            }
        }
    }
    summary = WireSummary.model_validate(old)

    assert summary.git_branch == "master"
    assert summary.last_check_time == "2019-09-24 15:00:41"
    assert summary.code_line == 55777
    assert findings.of_summary(summary) == Issues(1, 2, None, None)


def test_an_old_wrapper_of_another_shape_says_nothing() -> None:
    for result in ("text", ["x"], {"info": "text"}, None):
        summary = WireSummary.model_validate({"result": result})
        assert findings.of_summary(summary) == Issues()


def test_the_trigger_keeps_its_undocumented_word() -> None:
    run = newest(glance(2, trigger_type=1), ROW)

    assert run.trigger == Trigger(native="1")


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], None),
        ([{}], None),
        ([{"display_name": "Build", "log": "one\ntwo\n"}], "Build: two"),
        ([{"level": "error", "analysis": "no disk"}], "no disk"),
        (
            [
                {"level": "INFO", "display_name": "Clone", "log": "ok"},
                {"level": "Error", "display_name": "Build", "faq": "see 7"},
            ],
            "Build: see 7",
        ),
    ],
)
def test_a_failed_scan_says_why(
    entries: list[dict[str, Any]], expected: str | None
) -> None:
    wire = [WireLogEntry.model_validate(entry) for entry in entries]
    run = newest(glance(1), ROW)
    full = convert.newest_in_full(run, glance(1), None, wire)

    assert full.failing_path[-1].message == expected
    assert full.failing_path[-1].log == "log-detail"


def test_a_log_is_its_entries_under_their_titles() -> None:
    entries = [
        WireLogEntry(display_name="Clone", level="INFO", log="ok"),
        WireLogEntry(display_name=None, level=None, analysis="why", faq="what now"),
    ]

    assert findings.log_text(entries) == "[INFO] Clone\nok\nwhy\nwhat now"


def test_a_failed_gate_names_the_counts_where_there_are_any() -> None:
    with_counts = glance(2, is_access="0", critical_count="2")
    for seen, message in (
        (with_counts, "The quality gate was not passed: 2 critical"),
        (glance(2, is_access="0"), "The quality gate was not passed"),
    ):
        full = convert.newest_in_full(newest(seen, ROW), seen, None, ())
        assert [task.name for task in full.failing_path] == [
            "Code check",
            "Quality gate",
        ]
        assert full.failing_path[-1].message == message


def test_the_handling_falls_back_to_the_summary() -> None:
    summary = WireSummary.model_validate({"issue_count": 8, "solve_count": "3"})

    assert findings.handling_facts(summary, None) == (
        Fact("Handling", "8 unresolved, 3 resolved"),
    )
    assert findings.handling_facts(WireSummary(), None) == ()


def test_a_time_within_a_scan_is_its_id_too() -> None:
    run = newest(glance(2), ROW)

    assert convert.is_meant(run, ROW_ID)
    assert convert.is_meant(run, "20240501T121000Z")
    assert not convert.is_meant(run, "20240501T115959Z")
    assert not convert.is_meant(run, "20240501T121300Z")


def listed(**fields: Any) -> WireListedTask:
    return WireListedTask.model_validate({"id": "t1", **fields})


@pytest.mark.parametrize(
    ("word", "review", "state", "reason"),
    [
        ("executing", "error", State.RUNNING, None),
        ("failed", "error", State.FAILED, None),
        ("success", "success", State.SUCCEEDED, None),
        ("success", "error", State.FAILED, Reason.QUALITY_GATE),
        ("success", None, State.SUCCEEDED, Reason.UNVERIFIED),
        ("aborted", None, State.CANCELED, None),
    ],
)
def test_every_documented_word_of_the_newer_list_has_its_state(
    word: str, review: str | None, state: State, reason: Reason | None
) -> None:
    task = listed(
        job_status=word, review_result=review, last_check_time="2024-05-01T12:00:00Z"
    )

    assert convert_listed.tells(task, SHANGHAI)
    run = convert_listed.latest_run(task, TASK, None, SHANGHAI)
    assert run is not None
    assert (run.state, run.reason, run.native) == (state, reason, word)
    assert run.ref.id == ("running" if word == "executing" else ROW_ID)


def test_the_newer_list_knows_what_never_ran() -> None:
    task = listed(jobStatus="never_execute")

    assert convert_listed.tells(task, SHANGHAI)
    assert convert_listed.latest_run(task, TASK, None, SHANGHAI) is None


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"jobStatus": "success"},
        {"jobStatus": "success", "lastCheckTime": "soon"},
        {"jobStatus": "queued", "lastCheckTime": "2024-05-01T12:00:00Z"},
    ],
    ids=["nothing", "no time", "no readable time", "an unknown word"],
)
def test_an_entry_of_the_newer_list_that_tells_too_little_is_not_used(
    fields: dict[str, Any],
) -> None:
    assert not convert_listed.tells(listed(**fields), SHANGHAI)


@pytest.mark.parametrize(
    "result",
    [
        {"tasks": [{"id": "a"}], "total": 1},
        {"list": [{"taskId": "a"}], "total": "1"},
        {"data": [{"task_id": "a"}], "total": 1},
    ],
)
def test_the_newer_list_is_found_wherever_it_stands(result: dict[str, Any]) -> None:
    page = LISTED_TASKS.validate_python({"httpStatus": "OK", "result": result})

    assert [task.id for task in page.tasks or []] == ["a"]
    assert page.total == 1


def test_the_newer_list_may_be_the_result_itself() -> None:
    page = LISTED_TASKS.validate_python({"result": [{"id": "a"}], "total": 1})

    assert [task.id for task in page.tasks or []] == ["a"]
    assert page.total == 1
