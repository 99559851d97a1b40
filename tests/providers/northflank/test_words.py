"""Every word Northflank documents, and what the bot makes of it."""

from __future__ import annotations

import pytest

from providers.model import Reason, State
from providers.northflank import words
from providers.northflank.source import SourceKind

FLOW = {
    "pending": (State.QUEUED, None),
    "queued": (State.QUEUED, None),
    "running": (State.RUNNING, None),
    "retrying": (State.RUNNING, Reason.RETRY),
    "aborting": (State.RUNNING, Reason.CANCELING),
    "waiting": (State.WAITING, None),
    "async_wait": (State.WAITING, None),
    "approval_wait": (State.WAITING, Reason.APPROVAL),
    "success": (State.SUCCEEDED, None),
    "failure": (State.FAILED, None),
    "invalid": (State.FAILED, Reason.CONFIGURATION),
    "aborted": (State.CANCELED, None),
    "skipped": (State.SKIPPED, None),
    "unknown": (State.UNKNOWN, None),
}
BUILD = {
    "QUEUED": State.QUEUED,
    "PENDING": State.QUEUED,
    "UNSCHEDULABLE": State.QUEUED,
    "STARTING": State.RUNNING,
    "CLONING": State.RUNNING,
    "BUILDING": State.RUNNING,
    "UPLOADING": State.RUNNING,
    "ABORTED": State.CANCELED,
    "FAILURE": State.FAILED,
    "SUBMISSION_FAILURE": State.FAILED,
    "SUCCESS": State.SUCCEEDED,
    "CRASHED": State.FAILED,
    "IN_PROGRESS": State.RUNNING,
}
JOB_RUN = {
    "SUCCESS": State.SUCCEEDED,
    "RUNNING": State.RUNNING,
    "FAILED": State.FAILED,
}
FLOWS = SourceKind.RELEASE_FLOWS


def test_the_13_words_of_a_run_and_the_invalid_of_a_node_are_known() -> None:
    assert dict(words.FLOW) == FLOW


def test_the_13_words_of_a_build_are_known() -> None:
    assert {word: state for word, (state, _) in words.BUILD.items()} == BUILD


def test_the_three_words_of_a_job_run_are_known() -> None:
    assert {word: state for word, (state, _) in words.JOB_RUN.items()} == JOB_RUN


@pytest.mark.parametrize(
    ("table", "word"),
    [
        (words.FLOW, "SUCCESS"),
        (words.BUILD, "success"),
        (words.BUILD, "FAILED"),
        (words.JOB_RUN, "FAILURE"),
        (words.JOB_RUN, "ABORTED"),
    ],
    ids=str,
)
def test_each_list_has_its_own_words_case_and_all(
    table: dict[str, words.Meaning], word: str
) -> None:
    """Pitfall 4: `success` of flows, `SUCCESS` of builds, `FAILED` of job runs."""
    assert words.meaning(table, word) == (State.UNKNOWN, None)


@pytest.mark.parametrize("word", [None, "", "rolled_back"])
def test_a_word_nobody_has_seen_is_unknown(word: str | None) -> None:
    """Pitfall 3: the six words of 2024 have become 13."""
    assert words.meaning(words.FLOW, word) == (State.UNKNOWN, None)


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (State.SUCCEEDED, "success"),
        (State.FAILED, "failure"),
        (State.CANCELED, "aborted"),
        (State.SKIPPED, "skipped"),
    ],
)
def test_a_state_with_one_word_is_asked_for_by_that_word(
    state: State, word: str
) -> None:
    assert words.native_filter(FLOWS, frozenset({state})) == {"status": word}
    assert words.meaning(words.FLOW, word)[0] is state


@pytest.mark.parametrize(
    ("states", "concluded"),
    [
        ({State.FAILED, State.CANCELED}, True),
        ({State.QUEUED}, False),
        ({State.RUNNING, State.WAITING}, False),
    ],
)
def test_states_on_one_side_of_concluded_are_asked_for_by_it(
    states: set[State], *, concluded: bool
) -> None:
    found = words.native_filter(FLOWS, frozenset(states))

    assert found == {"concluded": concluded}


@pytest.mark.parametrize(
    "states",
    [
        (),
        (State.UNKNOWN,),
        (State.UNKNOWN, State.FAILED),
        (State.RUNNING, State.FAILED),
        # Whether a skipped run counts as concluded is not documented.
        (State.SKIPPED, State.FAILED),
    ],
    ids="-".join,
)
def test_what_the_vendor_cannot_narrow_is_not_narrowed(
    states: tuple[State, ...],
) -> None:
    assert words.native_filter(FLOWS, frozenset(states)) == {}


@pytest.mark.parametrize("kind", sorted(set(SourceKind) - {FLOWS}))
def test_builds_and_job_runs_cannot_be_filtered(kind: SourceKind) -> None:
    assert words.native_filter(kind, frozenset({State.FAILED})) == {}
