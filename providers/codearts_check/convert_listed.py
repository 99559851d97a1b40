"""The newer list of tasks in the common words; pure.

Its answer is hardly documented, so an entry counts only where it tells enough.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from providers.codearts_check import findings
from providers.codearts_check.convert import RUNNING_ID, id_of
from providers.gateways.huawei import instant
from providers.model import Pipeline, Run, RunRef, State

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from providers.codearts_check.wire import WireListedTask
    from providers.model import PipelineRef

# https://support.huaweicloud.com/intl/en-us/api-codecheck/ShowTasksList.html
STATES: Mapping[str, State] = {
    "executing": State.RUNNING,
    "failed": State.FAILED,
    "success": State.SUCCEEDED,
    "aborted": State.CANCELED,
}
NEVER_EXECUTED = "never_execute"


def pipeline(
    task: WireListedTask, ref: PipelineRef, url: str | None, zone: ZoneInfo
) -> Pipeline:
    """Return a check task as a pipeline, with its latest scan where the list tells."""
    return Pipeline(
        ref=ref,
        name=task.name or task.id,
        url=url,
        default_branch=task.branch,
        latest=latest_run(task, ref, url, zone) if tells(task, zone) else None,
    )


def tells(task: WireListedTask, zone: ZoneInfo) -> bool:
    """Return whether an entry says all it takes to make a run: a word, and a time."""
    word = _word(task)
    if word in STATES and STATES[word].is_over:
        return instant(task.last_check_time, zone) is not None
    return word in STATES or word == NEVER_EXECUTED


def latest_run(
    task: WireListedTask, ref: PipelineRef, url: str | None, zone: ZoneInfo
) -> Run | None:
    """Return the newest scan of an entry that `tells`; `None`: never scanned."""
    if _word(task) == NEVER_EXECUTED:
        return None
    scan = STATES[_word(task)]
    state, reason = findings.verdict(scan, task.review_result)
    # While a scan runs, the time may still be that of the scan before.
    checked = instant(task.last_check_time, zone) if scan.is_over else None
    is_gated = scan is State.SUCCEEDED
    return Run(
        ref=RunRef(ref, id_of(checked) if checked else RUNNING_ID),
        state=state,
        reason=reason,
        native=task.job_status,
        url=url,
        updated_at=checked,
        branch=task.branch,
        facts=(findings.gate_fact(task.review_result),) if is_gated else (),
    )


def _word(task: WireListedTask) -> str:
    return (task.job_status or "").lower()
