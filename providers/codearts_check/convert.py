"""CodeArts Check's shapes in the common words; pure.

A scan has no id that any list tells of, so a run's id is the time its scan began, as
the history has it. Only the newest scan has a status; of those before it the history
says no more than when they began and ended and what they found.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from providers.codearts_check import findings
from providers.codearts_check.findings import SCANNED
from providers.gateways.huawei import instant
from providers.model import (
    Fact,
    Pipeline,
    PipelineRef,
    Reason,
    Run,
    RunRef,
    State,
    Trigger,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from providers.codearts_check.wire import (
        WireLogEntry,
        WireProgress,
        WireRecord,
        WireStatistic,
        WireSummary,
        WireTask,
    )

# https://support.huaweicloud.com/intl/en-us/api-codecheck/ShowProgressDetailV2.html
# No word for a scan that waits for its turn is documented.
STATES: Mapping[str, State] = {
    "0": State.RUNNING,
    "1": State.FAILED,
    "2": State.SUCCEEDED,
    "3": State.CANCELED,
}

RUNNING_ID = "running"
"""The id of a running scan that the history does not show yet."""

LATEST_ID = "latest"
"""The id of a newest scan of which no time is known."""

PLACEHOLDERS = frozenset({RUNNING_ID, LATEST_ID})
"""The ids that mean whichever scan is the newest."""

LONGEST = timedelta(hours=12)
"""One scan takes no longer.

https://support.huaweicloud.com/intl/zh-cn/productdesc-codecheck/codecheck_07_0001.html
"""

SLACK = timedelta(minutes=2)
"""How far apart two of the service's times of one event may stand."""

_ID = "%Y%m%dT%H%M%SZ"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """A task, and all that is known of its newest scan without the history."""

    ref: PipelineRef
    url: str | None
    zone: ZoneInfo
    progress: WireProgress
    summary: WireSummary

    @property
    def scan(self) -> State:
        """Where the newest scan stands, the quality gate left aside."""
        return STATES.get(self.progress.task_status or "", State.UNKNOWN)

    def when(self, text: str | None) -> datetime | None:
        """Return a time of this task's, in UTC."""
        return instant(text, self.zone)


def pipeline(connection: str, task: WireTask, url: str | None) -> Pipeline:
    """Return a check task as a pipeline."""
    return Pipeline(
        ref=PipelineRef(connection, task.task_id),
        name=task.task_name or task.task_id,
        url=url,
        default_branch=task.git_branch,
    )


def scans(
    glance: Glance, records: Sequence[WireRecord], *, newest: bool
) -> tuple[Run, ...]:
    """Return a part of the history as runs, newest first.

    Args:
        glance: the task and its newest scan.
        records: the part of the history, in any order.
        newest: whether this is the newest part, so that the newest scan heads it.

    """
    ordered = sorted(records, key=lambda r: _begun(glance, r), reverse=True)
    if not newest:
        return tuple(past_run(glance, record) for record in ordered)
    head = ordered[0] if ordered and is_of_newest(glance, ordered[0]) else None
    before = ordered[1:] if head else ordered
    return (
        newest_run(glance, head),
        *(past_run(glance, record) for record in before),
    )


def is_of_newest(glance: Glance, record: WireRecord) -> bool:
    """Return whether the newest scan in the history is the one that has the status.

    Whether a running or a failed scan gets into the history is not documented; so it
    takes a look at the times.
    """
    ended = glance.when(record.check_end_time)
    if glance.scan is State.RUNNING:
        return ended is None
    told = glance.when(glance.summary.last_check_time)
    begun = glance.when(record.check_time)
    if told is None or begun is None:
        return True
    return told <= (ended or begun + LONGEST) + SLACK


def newest_run(glance: Glance, record: WireRecord | None) -> Run:
    """Return the newest scan: the one whose state and quality gate are known."""
    progress, summary = glance.progress, glance.summary
    state, reason = findings.verdict(glance.scan, summary.is_access)
    ended = glance.when(record.check_end_time) if record else None
    is_running = glance.scan is State.RUNNING
    told = None if record or is_running else glance.when(summary.last_check_time)
    return Run(
        ref=RunRef(glance.ref, _newest_id(glance, record, told)),
        state=state,
        reason=reason,
        native=progress.task_status,
        url=glance.url,
        started_at=glance.when(record.check_time) if record else None,
        finished_at=None if is_running else ended,
        # Whether this is when the scan began or ended is not documented.
        updated_at=told,
        branch=summary.git_branch,
        trigger=_trigger(glance),
        facts=_newest_facts(glance, record),
    )


def past_run(glance: Glance, record: WireRecord) -> Run:
    """Return a scan of the history: it ended, but whether well is said nowhere."""
    is_over = record.check_end_time is not None
    return Run(
        ref=RunRef(glance.ref, _record_id(glance, record)),
        state=State.SUCCEEDED if is_over else State.UNKNOWN,
        reason=Reason.UNVERIFIED if is_over else None,
        native=SCANNED if is_over else None,
        url=glance.url,
        started_at=glance.when(record.check_time),
        finished_at=glance.when(record.check_end_time),
        branch=glance.summary.git_branch,
        facts=findings.issue_facts(findings.of_record(record.issue_counts)),
    )


def past_in_full(run: Run) -> Run:
    """Return a scan of the history with its one task."""
    scan = findings.scan_step(run, run.state, ())
    return replace(run, tasks=findings.tree(run, scan))


def newest_in_full(
    run: Run,
    glance: Glance,
    statistic: WireStatistic | None,
    entries: Sequence[WireLogEntry],
) -> Run:
    """Return the newest scan with its tasks, its findings and why it failed."""
    summary = glance.summary
    issues = findings.of_summary(summary)
    facts = run.facts
    if statistic is not None:
        issues = findings.best(findings.of_statistic(statistic), issues)
        listed = tuple(fact for fact in facts if fact.label == findings.ISSUES)
        facts = (
            *(findings.issue_facts(issues) or listed),
            findings.gate_fact(summary.is_access),
            *findings.handling_facts(summary, statistic),
            *findings.measure_facts(summary),
        )
    scan = findings.scan_step(run, glance.scan, entries)
    gate = findings.gate_step(summary.is_access, glance.scan, issues)
    return replace(run, tasks=findings.tree(run, scan, gate), facts=facts)


def is_meant(run: Run, ident: str) -> bool:
    """Return whether an id is this scan's: it is its own, or a time within the scan.

    The newer list of tasks has a time of the newest scan, but not which one.
    """
    moment = time_of(ident)
    if run.ref.id == ident or moment is None or run.started_at is None:
        return run.ref.id == ident
    return run.started_at <= moment <= (run.finished_at or run.started_at) + SLACK


def id_of(moment: datetime) -> str:
    """Return the id of the scan that began at a time."""
    return moment.strftime(_ID)


def time_of(ident: str) -> datetime | None:
    """Return the time that a run's id is made of, in UTC."""
    try:
        return datetime.strptime(ident, _ID).replace(tzinfo=UTC)
    except ValueError:
        return None


def is_oldest_first(records: Sequence[WireRecord], zone: ZoneInfo) -> bool:
    """Return whether a part of the history runs from old to new."""
    times = [t for r in records if (t := instant(r.check_time, zone))]
    return len(times) > 1 and times[0] < times[-1]


def _newest_facts(glance: Glance, record: WireRecord | None) -> tuple[Fact, ...]:
    if glance.scan is State.RUNNING:
        ratio = glance.progress.progress.ratio if glance.progress.progress else None
        return (Fact("Progress", ratio),) if ratio else ()
    if glance.scan is not State.SUCCEEDED:
        return ()  # the summary still has the findings of the scan before
    counted = findings.of_record(record.issue_counts if record else None)
    issues = findings.best(findings.of_summary(glance.summary), counted)
    return (
        *findings.issue_facts(issues),
        findings.gate_fact(glance.summary.is_access),
    )


def _trigger(glance: Glance) -> Trigger | None:
    """Return how the scan was set off: a word whose values are not documented."""
    word = glance.summary.trigger_type
    return Trigger(native=word) if word and glance.scan is State.SUCCEEDED else None


def _newest_id(glance: Glance, record: WireRecord | None, told: datetime | None) -> str:
    if record:
        return _record_id(glance, record)
    if told:
        return id_of(told)
    return RUNNING_ID if glance.scan is State.RUNNING else LATEST_ID


def _record_id(glance: Glance, record: WireRecord) -> str:
    moment = glance.when(record.check_time)
    return id_of(moment) if moment else record.check_time


def _begun(glance: Glance, record: WireRecord) -> datetime:
    return glance.when(record.check_time) or _LONG_AGO
