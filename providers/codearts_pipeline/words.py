"""CodeArts Pipeline's words and what they mean; tables only.

https://support.huaweicloud.com/intl/en-us/api-pipeline/ListPipelineRuns.html (runs)
https://support.huaweicloud.com/intl/en-us/api-pipeline/ShowPipelineRunDetail.html
(stages, jobs and steps)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from providers.model import Reason, State, TriggerKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Meaning = tuple[State, Reason | None]

RUN_STATES: Mapping[str, Meaning] = {
    "RUNNING": (State.RUNNING, None),
    "COMPLETED": (State.SUCCEEDED, None),
    "FAILED": (State.FAILED, None),
    "CANCELED": (State.CANCELED, None),
    # At a manual checkpoint, a review or a delay: the word is the same for all.
    "PAUSED": (State.WAITING, Reason.PAUSED),
    # By the plugin that suspends a pipeline, until somebody resumes it.
    "SUSPEND": (State.WAITING, Reason.PAUSED),
    # Not carried out, such as one too many at once.
    "IGNORED": (State.SKIPPED, None),
    # Not documented for runs, but answered: they are documented for the parts of a run.
    "QUEUED": (State.QUEUED, None),
    "INIT": (State.QUEUED, None),
    "SKIPPED": (State.SKIPPED, None),
}
"""The status of a run."""

PART_STATES: Mapping[str, Meaning] = {
    "INIT": (State.QUEUED, None),
    "QUEUED": (State.QUEUED, None),
    "RUNNING": (State.RUNNING, None),
    "ASYNC_RUNNING": (State.RUNNING, None),
    # Being handed out once more.
    "REDISPATCH": (State.RUNNING, None),
    "PAUSED": (State.WAITING, Reason.PAUSED),
    "SUSPEND": (State.WAITING, Reason.PAUSED),
    "COMPLETED": (State.SUCCEEDED, None),
    "FAILED": (State.FAILED, None),
    "ASYNC_FAILED": (State.FAILED, None),
    "CANCELED": (State.CANCELED, None),
    "SKIPPED": (State.SKIPPED, None),
    "IGNORED": (State.SKIPPED, None),
    # Not chosen when the run was started.
    "UNSELECTED": (State.SKIPPED, None),
}
"""The status of a stage, a job or a step."""

NEVER_RAN: Meaning = (State.SKIPPED, Reason.NEVER_RAN)
"""What INIT means in a run that is over."""

STATE_FILTER: Mapping[State, tuple[str, ...]] = {
    # A run that only waits inside its stages still says RUNNING of itself.
    State.WAITING: ("PAUSED", "SUSPEND", "RUNNING"),
    State.RUNNING: ("RUNNING",),
    State.SUCCEEDED: ("COMPLETED",),
    State.FAILED: ("FAILED",),
    State.CANCELED: ("CANCELED",),
}
"""The words that find all runs of a state; the other states have undocumented ones."""

TRIGGERS: Mapping[str, TriggerKind] = {
    "MANUAL": TriggerKind.MANUAL,
    "SCHEDULER": TriggerKind.SCHEDULE,
    "MR": TriggerKind.CHANGE,
    "CR": TriggerKind.CHANGE,
    "PUSH": TriggerKind.PUSH,
    "CREATETAG": TriggerKind.TAG,
    "ISSUE": TriggerKind.OTHER,
    "NOTE": TriggerKind.OTHER,
    "ROLLBACK": TriggerKind.OTHER,
    "GENERIC": TriggerKind.WEBHOOK,
    "SUBPIPELINE": TriggerKind.PIPELINE,
}
"""What set a run off, in capitals."""

TRIGGER_FILTER: Mapping[TriggerKind, tuple[str, ...]] = {
    TriggerKind.MANUAL: ("Manual",),
    TriggerKind.SCHEDULE: ("Scheduler",),
    TriggerKind.CHANGE: ("MR", "CR"),
    TriggerKind.PUSH: ("Push",),
    TriggerKind.TAG: ("CreateTag",),
    TriggerKind.OTHER: ("Issue", "Note", "RollBack"),
    TriggerKind.WEBHOOK: ("Generic",),
    TriggerKind.PIPELINE: ("SubPipeline",),
}
"""The same the other way round, as the vendor writes it."""


def run_state(word: str | None) -> Meaning:
    """Return what a run's status means; a word not in the table is unknown."""
    return RUN_STATES.get(_plain(word), (State.UNKNOWN, None))


def part_state(word: str | None, *, run_is_over: bool) -> Meaning:
    """Return what the status of a stage, job or step means."""
    plain = _plain(word)
    if run_is_over and plain == "INIT":
        return NEVER_RAN
    return PART_STATES.get(plain, (State.UNKNOWN, None))


def trigger_kind(word: str | None) -> TriggerKind | None:
    """Return what set a run off; `None` for a word not in the table."""
    return TRIGGERS.get(_plain(word))


def native_states(states: Iterable[State]) -> list[str] | None:
    """Return the words to ask for; `None` where words cannot say it."""
    wanted = list(states)
    if not all(state in STATE_FILTER for state in wanted):
        return None
    return sorted({word for state in wanted for word in STATE_FILTER[state]})


def native_triggers(kinds: Iterable[TriggerKind]) -> list[str] | None:
    """Return the words to ask for; `None` where words cannot say it."""
    wanted = list(kinds)
    if not all(kind in TRIGGER_FILTER for kind in wanted):
        return None
    return sorted({word for kind in wanted for word in TRIGGER_FILTER[kind]})


def _plain(word: str | None) -> str:
    return (word or "").strip().upper()
