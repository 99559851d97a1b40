"""NSML's shapes in the common words."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from providers.model import Fact, PipelineRef, Reason, RunRef, State
from providers.nsml import convert
from providers.nsml.order import newest_first
from providers.nsml.wire import WireProject, WireRun, WireRunDetail

SEOUL = ZoneInfo("Asia/Seoul")
PROJECT = "2mdnduoena36ekcv4v7"
REF = RunRef(PipelineRef("main", PROJECT), "3")


def wire_run(**fields: object) -> WireRun:
    base = {"runName": "3", "projectId": PROJECT, "status": "RUN_STATE_COMPLETED"}
    return WireRun.model_validate({**base, **fields})


def wire_detail(**fields: object) -> WireRunDetail:
    return WireRunDetail.model_validate({"runName": "3", **fields})


@pytest.mark.parametrize(
    ("word", "state", "reason"),
    [
        ("RUN_STATE_IN_PROGRESS", State.RUNNING, None),
        ("RUN_STATE_COMPLETED", State.SUCCEEDED, Reason.UNVERIFIED),
    ],
)
def test_every_documented_word_has_its_state(
    word: str, state: State, reason: Reason | None
) -> None:
    run = convert.run("main", wire_run(status=word), SEOUL)

    assert (run.state, run.reason, run.native) == (state, reason, word)


def test_no_other_word_is_in_the_table() -> None:
    assert set(convert.STATES) == {"RUN_STATE_IN_PROGRESS", "RUN_STATE_COMPLETED"}


@pytest.mark.parametrize(
    "word",
    ["RUN_STATE_FAILED", "RUN_STATE_ERROR", "RUN_STATE_COMPLETED_WITH_ERROR", "", " "],
)
def test_an_undocumented_word_is_never_guessed_at(word: str) -> None:
    run = convert.run("main", wire_run(status=word), SEOUL)

    assert (run.state, run.reason, run.native) == (State.UNKNOWN, None, word)


def test_completed_is_never_a_verified_success() -> None:
    """Nobody documents whether a crashed run ends as COMPLETED too."""
    run = convert.run("main", wire_run(), SEOUL)

    assert run.reason is Reason.UNVERIFIED


def test_the_time_of_the_update_is_not_taken_for_the_end() -> None:
    times = {"createTime": "2023-02-20 17:48:47", "updateTime": "2023-02-20 17:52:37"}
    run = convert.run("main", wire_run(**times), SEOUL)

    assert run.updated_at == datetime(2023, 2, 20, 8, 52, 37, tzinfo=UTC)
    assert (run.started_at, run.finished_at) == (None, None)
    assert run.took(datetime(2024, 1, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("zone", "hour"), [("Asia/Seoul", 8), ("UTC", 17), ("America/New_York", 22)]
)
def test_a_time_without_a_zone_is_read_in_the_connections_zone(
    zone: str, hour: int
) -> None:
    """Pitfall 5: the zone is documented nowhere."""
    moment = convert.when("2023-02-20 17:48:47", ZoneInfo(zone))

    assert moment == datetime(2023, 2, 20, hour, 48, 47, tzinfo=UTC)


def test_a_time_that_carries_a_zone_keeps_it() -> None:
    moment = convert.when("2023-02-20T17:48:47+02:00", SEOUL)

    assert moment == datetime(2023, 2, 20, 15, 48, 47, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", [None, "", "yesterday", "2023-02-30 00:00:00", "0001-01-01 00:00:00"]
)
def test_what_is_no_time_is_not_known(text: str | None) -> None:
    assert convert.when(text, SEOUL) is None


def test_fields_that_only_the_example_has_are_optional() -> None:
    """Pitfall 2: creator and both times are in the example, but in no table."""
    run = convert.run("main", wire_run(), SEOUL)

    assert (run.trigger, run.created_at, run.updated_at) == (None, None, None)
    assert run.facts == ()


def test_fields_that_only_the_table_has_are_read_as_well() -> None:
    """Pitfall 2: createdDate and updatedDate are in the table, but in no example."""
    dates = {
        "createdDate": "2023-02-20 17:48:47",
        "updatedDate": "2023-02-20 17:52:37",
    }
    run = convert.run("main", wire_run(**dates), SEOUL)

    assert run.created_at == datetime(2023, 2, 20, 8, 48, 47, tzinfo=UTC)
    assert run.updated_at == datetime(2023, 2, 20, 8, 52, 37, tzinfo=UTC)


def test_names_of_runs_are_sorted_as_numbers() -> None:
    """Pitfall 4: as text, "10" comes before "9"."""
    names = ("9", "10", "8", "100")
    runs = [convert.run("main", wire_run(runName=n), SEOUL) for n in names]

    assert [r.number for r in newest_first(runs)] == [100, 10, 9, 8]


def test_a_name_that_came_as_a_number_is_the_same_run() -> None:
    assert convert.run("main", wire_run(runName=3), SEOUL).ref == REF


@pytest.mark.parametrize("name", ["baseline", "-1", "1.5", "٣", "9" * 5000])
def test_a_name_that_is_no_number_has_none(name: str) -> None:
    run = convert.run("main", wire_run(runName=name), SEOUL)

    assert (run.number, run.ref.id) == (None, name)


@pytest.mark.parametrize(
    ("given", "expected"), [(2, 2), ("2", 2), ("", None), (None, None), ("many", None)]
)
def test_a_total_may_be_a_number_or_text(
    given: int | str | None, expected: int | None
) -> None:
    assert convert.whole(given) == expected


def test_a_project_without_a_name_goes_by_its_id() -> None:
    assert convert.pipeline("main", WireProject(projectId="p")).name == "p"


def test_the_detail_never_shows_command_and_environment() -> None:
    wire = wire_detail(command="train --token hush", envs={"HF_TOKEN": "hush"})

    assert "hush" not in repr(convert.run_in_full(REF, wire, None, SEOUL))
    assert "hush" not in repr(wire)


def test_the_detail_says_the_code_of_the_gpu_where_it_has_no_name() -> None:
    run = convert.run_in_full(REF, wire_detail(gpuSvrCode="GPU1"), None, SEOUL)

    assert run.facts == (Fact("GPU", "GPU1"),)


def test_what_the_detail_leaves_out_is_taken_from_the_list() -> None:
    entry = wire_run(
        creator="kim", projectName="vision", createTime="2023-02-20 17:48:47"
    )
    listed = convert.run("main", entry, SEOUL)

    run = convert.run_in_full(REF, wire_detail(), listed, SEOUL)

    assert (run.state, run.reason) == (State.SUCCEEDED, Reason.UNVERIFIED)
    assert run.native == "RUN_STATE_COMPLETED"
    assert (run.trigger, run.created_at) == (listed.trigger, listed.created_at)
    assert run.facts == (Fact("Project", "vision"),)


def test_a_word_of_the_detail_wins_over_that_of_the_list() -> None:
    listed = convert.run("main", wire_run(status="RUN_STATE_IN_PROGRESS"), SEOUL)

    run = convert.run_in_full(REF, wire_detail(status="BROKE"), listed, SEOUL)

    assert (run.state, run.native) == (State.UNKNOWN, "BROKE")


def test_a_run_is_known_to_have_no_tasks() -> None:
    run = convert.run_in_full(REF, wire_detail(), None, SEOUL)

    assert (run.tasks, run.failing_path) == ((), ())
    assert run.state is State.UNKNOWN
