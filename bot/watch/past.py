"""A run → what is kept of it, and back; pure."""

from __future__ import annotations

from datetime import datetime

from bot.records import PastRun
from bot.watch.lineage import line_of
from providers.model import Reason, Run, State, Trigger, TriggerKind


def past_of(run: Run, now: datetime) -> PastRun:
    """Return what is kept of a run that was seen at `now`."""
    trigger = run.trigger
    return PastRun(
        ref=run.ref,
        line=line_of(run),
        state=run.state.value,
        reason=run.reason.value if run.reason else None,
        native=run.native,
        number=run.number,
        branch=run.branch,
        actor=trigger.actor if trigger else None,
        trigger=trigger.kind.value if trigger and trigger.kind else None,
        title=run.title,
        url=run.url,
        moment=run.moment,
        started_at=run.started_at,
        finished_at=run.finished_at,
        seen_at=now,
    )


def run_of(past: PastRun) -> Run:
    """Return a run as far as it was kept; its tasks were not."""
    kind = TriggerKind(past.trigger) if past.trigger else None
    return Run(
        ref=past.ref,
        state=State(past.state),
        reason=Reason(past.reason) if past.reason else None,
        native=past.native,
        number=past.number,
        branch=past.branch,
        title=past.title,
        url=past.url,
        created_at=past.moment,
        started_at=past.started_at,
        finished_at=past.finished_at,
        trigger=Trigger(kind=kind, actor=past.actor) if kind or past.actor else None,
    )
