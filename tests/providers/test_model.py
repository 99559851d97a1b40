"""The common words, and the addresses that read back as they were written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from providers.model import (
    Pipeline,
    PipelineRef,
    Run,
    RunRef,
    State,
    Task,
    TaskKind,
    first_failing_path,
    utc_from_epoch_ms,
)

NAMES = st.text(st.characters(), min_size=1)
"""Any text at all, lone surrogates included: JSON can carry them."""

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
REF = RunRef(PipelineRef("main", "p"), "1")


# --- addresses --------------------------------------------------------------------


@given(NAMES, NAMES)
@example("a:b", "c#d@2%25 e/f")
@example("main", "中文 流水线/👋")
@example("%3A", "%")
@example("\n", "\ud800")
def test_a_pipelines_address_reads_back_the_same(connection: str, ident: str) -> None:
    ref = PipelineRef(connection, ident)

    assert PipelineRef.parse(str(ref)) == ref
    assert str(PipelineRef.parse(str(ref))) == str(ref)
    assert str(ref).isascii()


@given(NAMES, NAMES, NAMES, st.integers(min_value=0))
@example("c", "p", "7@2", 1)
@example("c", "p#7", "#@", 3)
@example("c", "p", "1", 0)
def test_a_runs_address_reads_back_the_same(
    connection: str, pipeline: str, ident: str, attempt: int
) -> None:
    ref = RunRef(PipelineRef(connection, pipeline), ident, attempt)

    assert RunRef.parse(str(ref)) == ref


@given(NAMES, NAMES, NAMES, NAMES)
def test_two_addresses_never_read_the_same(a: str, b: str, c: str, d: str) -> None:
    one, other = PipelineRef(a, b), PipelineRef(c, d)

    assert (str(one) == str(other)) == (one == other)


def test_addresses_stay_readable() -> None:
    pipeline = PipelineRef("github", "team/app build, nightly")

    assert str(pipeline) == "github:team/app build, nightly"
    assert str(RunRef(pipeline, "7")) == "github:team/app build, nightly#7"
    assert str(RunRef(pipeline, "7", 2)) == "github:team/app build, nightly#7@2"


@pytest.mark.parametrize(
    "text", ["", "main", "main:", ":p", ":", "main:p#7", "main:%FF", "#"]
)
def test_what_is_no_pipelines_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not the address|decode"):
        PipelineRef.parse(text)


@pytest.mark.parametrize(
    "text",
    ["", "main:p", "main:p#", "#7", "main#7", "main:p#7@", "main:p#7@x", "main:p#7@-1"],
)
def test_what_is_no_runs_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not the address"):
        RunRef.parse(text)


def test_an_attempt_no_number_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="digits"):
        RunRef.parse(f"main:p#7@{'9' * 5000}")


def test_attempts_of_a_run_are_different_runs() -> None:
    first, second = RunRef(REF.pipeline, "7"), RunRef(REF.pipeline, "7", 2)

    assert len({first, second, RunRef(REF.pipeline, "7", 1)}) == 2


# --- states -----------------------------------------------------------------------

OVER = {State.SUCCEEDED, State.FAILED, State.CANCELED, State.SKIPPED}


@pytest.mark.parametrize("state", State)
def test_only_what_ends_by_itself_is_over(state: State) -> None:
    assert state.is_over == (state in OVER)


# --- the failing path -------------------------------------------------------------


def task(name: str, state: State, *children: Task) -> Task:
    return Task(kind=TaskKind.JOB, name=name, state=state, children=children)


def names(path: tuple[Task, ...]) -> list[str]:
    return [t.name for t in path]


PASSED, FAILED = State.SUCCEEDED, State.FAILED
PATHS = {
    "nothing failed": ([task("a", PASSED, task("b", PASSED))], []),
    "no tasks": ([], []),
    "a failed leaf": ([task("a", FAILED)], ["a"]),
    "a failed parent of which nothing below failed": (
        [task("a", FAILED, task("b", PASSED), task("c", State.CANCELED))],
        ["a"],
    ),
    "all the way down": (
        [task("a", FAILED, task("b", FAILED, task("c", FAILED)))],
        ["a", "b", "c"],
    ),
    "the first of several": (
        [task("a", PASSED), task("b", FAILED, task("c", FAILED), task("d", FAILED))],
        ["b", "c"],
    ),
    "a parent that runs on": (
        [task("a", State.RUNNING, task("b", PASSED), task("c", FAILED))],
        ["a", "c"],
    ),
    "a parent of an unknown state": (
        [task("a", State.UNKNOWN, task("b", FAILED))],
        ["a", "b"],
    ),
    "a failure that was allowed comes after one that was not": (
        [task("lint", PASSED, task("x", FAILED)), task("test", FAILED)],
        ["test"],
    ),
    "a failure that was allowed, where it is the only one": (
        [task("lint", PASSED, task("x", FAILED))],
        ["lint", "x"],
    ),
}


@pytest.mark.parametrize(("tasks", "path"), PATHS.values(), ids=PATHS)
def test_the_failing_path_leads_to_the_first_failed_leaf(
    tasks: list[Task], path: list[str]
) -> None:
    run = Run(ref=REF, state=FAILED, tasks=tuple(tasks))

    assert names(run.failing_path) == path
    assert names(first_failing_path(tuple(tasks))) == path


def test_a_run_whose_tasks_are_not_known_has_no_failing_path() -> None:
    assert Run(ref=REF, state=FAILED).failing_path == ()


def test_walking_a_task_goes_depth_first() -> None:
    tree = task("a", PASSED, task("b", PASSED, task("c", PASSED)), task("d", PASSED))

    assert [t.name for t in tree.walk()] == ["a", "b", "c", "d"]


# --- times ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "started", "finished", "took"),
    [
        (State.SUCCEEDED, NOON, NOON + MINUTE, MINUTE),
        (State.FAILED, NOON, NOON - MINUTE, timedelta()),
        (State.FAILED, NOON, None, None),
        (State.FAILED, None, NOON, None),
        (State.RUNNING, NOON, None, 5 * MINUTE),
        (State.WAITING, NOON, None, 5 * MINUTE),
        (State.RUNNING, NOON + 9 * MINUTE, None, timedelta()),
        (State.RUNNING, None, None, None),
        (State.QUEUED, NOON, None, None),
        (State.UNKNOWN, NOON, None, None),
        (State.UNKNOWN, NOON, NOON + MINUTE, MINUTE),
    ],
)
def test_how_long_a_run_took_is_known_or_none(
    state: State,
    started: datetime | None,
    finished: datetime | None,
    took: timedelta | None,
) -> None:
    run = Run(ref=REF, state=state, started_at=started, finished_at=finished)

    assert run.took(NOON + 5 * MINUTE) == took


def test_the_moment_of_a_run_is_its_start_else_when_it_appeared() -> None:
    times = [NOON + n * MINUTE for n in range(4)]
    fields = ["started_at", "queued_at", "created_at", "updated_at"]

    for first in range(4):
        known = dict(zip(fields[first:], times[first:], strict=True))
        assert Run(ref=REF, state=PASSED, **known).moment == times[first]  # type: ignore[arg-type]
    assert Run(ref=REF, state=PASSED).moment is None


@pytest.mark.parametrize(
    ("milliseconds", "moment"),
    [
        (1_714_564_800_123, datetime(2024, 5, 1, 12, 0, 0, 123_000, UTC)),
        (1, datetime(1970, 1, 1, 0, 0, 0, 1000, UTC)),
        (1_714_564_800_000.0, NOON),
        (None, None),
        (0, None),
        (-1, None),
        (float("nan"), None),
        (float("inf"), None),
        (10**400, None),
        (10**17, None),
    ],
)
def test_an_epoch_becomes_a_time_or_none(
    milliseconds: float | None, moment: datetime | None
) -> None:
    found = utc_from_epoch_ms(milliseconds)

    assert found == moment
    assert found is None or found.tzinfo is UTC


def test_what_is_not_known_of_a_pipeline_is_none() -> None:
    pipeline = Pipeline(ref=REF.pipeline, name="p")

    assert (pipeline.group, pipeline.url, pipeline.latest) == (None, None, None)
