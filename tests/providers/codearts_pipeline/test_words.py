"""Every documented word of CodeArts Pipeline, and what it means."""

from __future__ import annotations

import pytest

from providers.codearts_pipeline.words import (
    RUN_STATES,
    STATE_FILTER,
    TRIGGER_FILTER,
    TRIGGERS,
    native_states,
    native_triggers,
    part_state,
    run_state,
    trigger_kind,
)
from providers.model import Reason, State, TriggerKind

OF_RUNS = {
    "RUNNING": State.RUNNING,
    "COMPLETED": State.SUCCEEDED,
    "FAILED": State.FAILED,
    "CANCELED": State.CANCELED,
    "PAUSED": State.WAITING,
    "SUSPEND": State.WAITING,
    "IGNORED": State.SKIPPED,
}
OF_PARTS = {
    "INIT": State.QUEUED,
    "QUEUED": State.QUEUED,
    "RUNNING": State.RUNNING,
    "ASYNC_RUNNING": State.RUNNING,
    "REDISPATCH": State.RUNNING,
    "PAUSED": State.WAITING,
    "SUSPEND": State.WAITING,
    "COMPLETED": State.SUCCEEDED,
    "FAILED": State.FAILED,
    "ASYNC_FAILED": State.FAILED,
    "CANCELED": State.CANCELED,
    "SKIPPED": State.SKIPPED,
    "IGNORED": State.SKIPPED,
    "UNSELECTED": State.SKIPPED,
}
OF_TRIGGERS = {
    "Manual": TriggerKind.MANUAL,
    "Scheduler": TriggerKind.SCHEDULE,
    "MR": TriggerKind.CHANGE,
    "CR": TriggerKind.CHANGE,
    "Push": TriggerKind.PUSH,
    "CreateTag": TriggerKind.TAG,
    "Issue": TriggerKind.OTHER,
    "Note": TriggerKind.OTHER,
    "RollBack": TriggerKind.OTHER,
    "Generic": TriggerKind.WEBHOOK,
    "SubPipeline": TriggerKind.PIPELINE,
}


@pytest.mark.parametrize(("word", "state"), OF_RUNS.items())
def test_each_word_of_a_run_has_its_state(word: str, state: State) -> None:
    """Bite 7: runs have seven words, their parts fourteen."""
    assert run_state(word)[0] is state
    assert run_state(f" {word.lower()} ")[0] is state


@pytest.mark.parametrize("word", ["QUEUED", "INIT", "SKIPPED"])
def test_words_of_parts_are_known_where_a_run_says_them(word: str) -> None:
    assert run_state(word)[0] is OF_PARTS[word]


@pytest.mark.parametrize(("word", "state"), OF_PARTS.items())
def test_each_word_of_a_stage_job_or_step_has_its_state(
    word: str, state: State
) -> None:
    assert part_state(word, run_is_over=False)[0] is state
    assert part_state(f" {word.lower()}", run_is_over=False)[0] is state


@pytest.mark.parametrize("word", sorted(set(OF_PARTS) - {"INIT"}))
def test_a_word_means_the_same_once_the_run_is_over(word: str) -> None:
    assert part_state(word, run_is_over=True) == part_state(word, run_is_over=False)


def test_what_never_ran_is_queued_only_while_the_run_is_alive() -> None:
    """Bite 8: in a run that is over, INIT stays INIT for ever."""
    assert part_state("INIT", run_is_over=False) == (State.QUEUED, None)
    assert part_state("INIT", run_is_over=True) == (State.SKIPPED, Reason.NEVER_RAN)


@pytest.mark.parametrize("word", [None, "", "success", "ERROR", "CANCELLED", "完成"])
def test_any_other_word_is_unknown(word: str | None) -> None:
    assert run_state(word) == (State.UNKNOWN, None)
    assert part_state(word, run_is_over=True) == (State.UNKNOWN, None)
    assert trigger_kind(word) is None


@pytest.mark.parametrize(("word", "kind"), OF_TRIGGERS.items())
def test_each_trigger_has_its_kind(word: str, kind: TriggerKind) -> None:
    assert trigger_kind(word) is kind


def test_the_words_asked_for_are_those_that_are_read() -> None:
    for state, words in STATE_FILTER.items():
        found = {word for word, (means, _) in RUN_STATES.items() if means is state}
        assert found <= set(words)
    asked = {word.upper() for words in TRIGGER_FILTER.values() for word in words}
    assert asked == set(TRIGGERS)


def test_waiting_runs_are_looked_for_among_the_running_ones_too() -> None:
    """A run may say RUNNING while only its stage says PAUSED."""
    assert native_states({State.WAITING}) == ["PAUSED", "RUNNING", "SUSPEND"]


@pytest.mark.parametrize("state", [State.QUEUED, State.SKIPPED, State.UNKNOWN])
def test_a_state_with_undocumented_words_is_not_asked_for(state: State) -> None:
    assert native_states({State.FAILED, state}) is None


def test_a_trigger_the_vendor_has_no_word_for_is_not_asked_for() -> None:
    assert native_triggers({TriggerKind.API, TriggerKind.PUSH}) is None
    assert native_triggers({TriggerKind.CHANGE, TriggerKind.PUSH}) == [
        "CR",
        "MR",
        "Push",
    ]
