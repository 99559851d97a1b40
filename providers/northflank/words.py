"""The words Northflank has for states; each list of runs has its own, case and all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from providers.model import Reason, State
from providers.northflank.source import SourceKind

if TYPE_CHECKING:
    from collections.abc import Mapping

Meaning = tuple[State, Reason | None]

# https://northflank.com/docs/v1/api/project/pipelines/get-release-flow-run-details
# The words of a run (13) and of a node (11, of which only `invalid` is not among them).
FLOW: Mapping[str, Meaning] = {
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

# https://northflank.com/docs/v1/api/project/services/list-service-builds
BUILD: Mapping[str, Meaning] = {
    "QUEUED": (State.QUEUED, None),
    "PENDING": (State.QUEUED, None),
    "UNSCHEDULABLE": (State.QUEUED, Reason.INFRASTRUCTURE),
    "STARTING": (State.RUNNING, None),
    "CLONING": (State.RUNNING, None),
    "BUILDING": (State.RUNNING, None),
    "UPLOADING": (State.RUNNING, None),
    "IN_PROGRESS": (State.RUNNING, None),
    "SUCCESS": (State.SUCCEEDED, None),
    "FAILURE": (State.FAILED, None),
    "SUBMISSION_FAILURE": (State.FAILED, Reason.STARTUP),
    "CRASHED": (State.FAILED, None),
    "ABORTED": (State.CANCELED, None),
}

# https://northflank.com/docs/v1/api/project/jobs/get-job-runs
# A run that was aborted has no word of its own.
JOB_RUN: Mapping[str, Meaning] = {
    "RUNNING": (State.RUNNING, None),
    "SUCCESS": (State.SUCCEEDED, None),
    "FAILED": (State.FAILED, None),
}


def meaning(table: Mapping[str, Meaning], word: str | None) -> Meaning:
    """Return what a word means; one that is not in the table is unknown."""
    return table.get(word or "", (State.UNKNOWN, None))


# https://northflank.com/docs/v1/api/project/pipelines/list-release-flow-runs
# `status` takes one word, `concluded` means "aborted, success, failed".
STATUS: Mapping[frozenset[State], str] = {
    frozenset({State.SUCCEEDED}): "success",
    frozenset({State.FAILED}): "failure",
    frozenset({State.CANCELED}): "aborted",
    frozenset({State.SKIPPED}): "skipped",
}
CONCLUDED = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELED})
NOT_CONCLUDED = frozenset({State.QUEUED, State.RUNNING, State.WAITING})


def native_filter(
    kind: SourceKind, states: frozenset[State]
) -> Mapping[str, str | bool]:
    """Return the vendor's own filter for these states, which may let more through.

    It is empty where the vendor has none: only the runs of release flows can be
    narrowed, and only where every state asked for is on one side of `concluded`.
    """
    if kind is not SourceKind.RELEASE_FLOWS or not states:
        return {}
    if word := STATUS.get(states):
        return {"status": word}
    if states <= CONCLUDED:
        return {"concluded": True}
    if states <= NOT_CONCLUDED:
        return {"concluded": False}
    return {}
