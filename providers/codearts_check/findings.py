"""What a scan found, as facts and as a tree of tasks; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from providers.model import Fact, Reason, Run, State, Task, TaskKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from providers.codearts_check.wire import (
        WireIssueCounts,
        WireLogEntry,
        WireStatistic,
        WireSummary,
    )

# `success` and `error` are documented for the filter by review result:
# https://support.huaweicloud.com/intl/en-us/api-codecheck/ShowTasksList.html
# `is_access` has no documented values; these are the ones that can mean one thing only.
GATES: Mapping[str, bool] = {
    "1": True,
    "true": True,
    "success": True,
    "0": False,
    "false": False,
    "error": False,
}
"""Whether the quality gate let a scan pass."""

SCANNED = "check_end_time"
"""The native word of a scan in the history: that it has an end is all that is said."""

ISSUES = "Issues"
"""The label of the counts."""

LOG = "log-detail"
"""`Task.log` of the newest scan; older scans have no log that can be asked for."""

ERRORS = frozenset({"error", "fatal"})
"""The levels of a log that explain a failure; which there are is not documented."""


@dataclass(frozen=True, slots=True)
class Issues:
    """How many issues a scan found, by severity; `None` where it is not said."""

    critical: int | None = None
    major: int | None = None
    minor: int | None = None
    suggestions: int | None = None

    @property
    def text(self) -> str | None:
        """The counts in words; `None` where none is known."""
        counts = {
            "critical": self.critical,
            "major": self.major,
            "minor": self.minor,
            "suggestions": self.suggestions,
        }
        known = [f"{n} {name}" for name, n in counts.items() if n is not None]
        return ", ".join(known) or None


def of_record(counts: WireIssueCounts | None) -> Issues:
    """Return the counts of a scan in the history, which has older names for them."""
    if counts is None:
        return Issues()
    return Issues(counts.critical, counts.serious, counts.normal, counts.prompt)


def of_summary(summary: WireSummary) -> Issues:
    """Return the counts of the newest scan, as its summary has them."""
    return Issues(
        summary.critical_count,
        summary.major_count,
        summary.minor_count,
        summary.suggestion_count,
    )


def of_statistic(statistic: WireStatistic) -> Issues:
    """Return the counts of the newest scan, as its statistic has them."""
    found = statistic.severity
    if found is None:
        return Issues()
    return Issues(found.critical, found.major, found.minor, found.suggestion)


def best(*sources: Issues) -> Issues:
    """Return the first counts that say anything."""
    return next((issues for issues in sources if issues.text), Issues())


def gate(word: str | None) -> bool | None:
    """Return whether the quality gate let a scan pass; `None` where nobody can say."""
    return GATES.get((word or "").lower())


def verdict(scan: State, word: str | None) -> tuple[State, Reason | None]:
    """Return the state of a run: a scan that ended well can still fail its gate."""
    if scan is not State.SUCCEEDED:
        return scan, None
    passed = gate(word)
    if passed is None:
        return State.SUCCEEDED, Reason.UNVERIFIED
    return (State.SUCCEEDED, None) if passed else (State.FAILED, Reason.QUALITY_GATE)


def issue_facts(issues: Issues) -> tuple[Fact, ...]:
    """Return the counts as a fact, where any is known."""
    return (Fact(ISSUES, issues.text),) if issues.text else ()


def gate_fact(word: str | None) -> Fact:
    """Return what the quality gate said; an unknown word as it came."""
    passed = gate(word)
    if passed is None:
        return Fact("Quality gate", f"unknown ({word})" if word else "unknown")
    return Fact("Quality gate", "passed" if passed else "failed")


def handling_facts(
    summary: WireSummary, statistic: WireStatistic | None
) -> tuple[Fact, ...]:
    """Return how many issues are still open and how many were dealt with."""
    status = statistic.status if statistic else None
    counts = {
        "unresolved": status.unresolved if status else summary.issue_count,
        "resolved": status.resolved if status else summary.solve_count,
        "dismissed": status.dismissed if status else None,
    }
    known = [f"{n} {name}" for name, n in counts.items() if n is not None]
    return (Fact("Handling", ", ".join(known)),) if known else ()


def measure_facts(summary: WireSummary) -> tuple[Fact, ...]:
    """Return what was measured of the code."""
    lines, total = summary.code_line, summary.code_line_total
    measured = {
        "Lines of code": None if lines is None else str(lines),
        "Lines in all": None if total is None else str(total),
        "Duplication": summary.duplication_ratio,
        "Complexity per method": summary.cyclomatic_complexity_per_method,
    }
    return tuple(Fact(label, value) for label, value in measured.items() if value)


def tree(run: Run, scan: Task, gate_step: Task | None = None) -> tuple[Task, ...]:
    """Return the one stage of a run: the scan, then the quality gate."""
    steps = (scan, gate_step) if gate_step else (scan,)
    return (
        Task(
            kind=TaskKind.STAGE,
            name="Code check",
            state=run.state,
            reason=run.reason,
            native=run.native,
            started_at=run.started_at,
            finished_at=run.finished_at,
            children=steps,
        ),
    )


def scan_step(run: Run, state: State, entries: Sequence[WireLogEntry]) -> Task:
    """Return the scan as a step; where it failed, with what its log says."""
    failed = state is State.FAILED
    return Task(
        kind=TaskKind.STEP,
        name="Scan",
        state=state,
        reason=Reason.UNVERIFIED if run.native == SCANNED else None,
        native=run.native,
        message=explanation(entries) if failed else None,
        started_at=run.started_at,
        finished_at=run.finished_at,
        log=LOG if failed else None,
    )


def gate_step(word: str | None, scan: State, issues: Issues) -> Task:
    """Return the quality gate as a step; it has a say once a scan has ended well."""
    passed = gate(word) if scan is State.SUCCEEDED else None
    return Task(
        kind=TaskKind.STEP,
        name="Quality gate",
        state=_GATE_STATES.get((scan, passed), State.UNKNOWN),
        native=word if scan is State.SUCCEEDED else None,
        message=_gate_message(issues) if passed is False else None,
    )


_GATE_STATES: Mapping[tuple[State, bool | None], State] = {
    (State.SUCCEEDED, True): State.SUCCEEDED,
    (State.SUCCEEDED, False): State.FAILED,
    (State.RUNNING, None): State.QUEUED,
    (State.FAILED, None): State.SKIPPED,
    (State.CANCELED, None): State.SKIPPED,
}


def _gate_message(issues: Issues) -> str:
    found = f": {issues.text}" if issues.text else ""
    return f"The quality gate was not passed{found}"


def explanation(entries: Sequence[WireLogEntry]) -> str | None:
    """Return why a scan failed: what the log's errors, or else all of it, come to."""
    errors = [e for e in entries if (e.level or "").lower() in ERRORS] or entries
    parts = [": ".join(p for p in (e.display_name, _cause(e)) if p) for e in errors]
    return "\n".join(part for part in parts if part) or None


def _cause(entry: WireLogEntry) -> str | None:
    """Return the analysis with its link, or else the last line of the log."""
    if entry.analysis or entry.faq:
        return " ".join(part for part in (entry.analysis, entry.faq) if part)
    return entry.log.splitlines()[-1].strip() if entry.log else None


def log_text(entries: Sequence[WireLogEntry]) -> str:
    """Return the whole log, each entry under its title."""
    lines: list[str] = []
    for entry in entries:
        level = f"[{entry.level}] " if entry.level else ""
        title = f"{level}{entry.display_name or ''}".strip()
        lines += [t for t in (title, entry.log, entry.analysis, entry.faq) if t]
    return "\n".join(lines)
