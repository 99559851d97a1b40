"""Yunxiao's words and times, and what they mean; pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from providers.model import Reason, State, TriggerKind, utc_from_epoch_ms

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from providers.yunxiao.wire import Moment

# Runs, stages and jobs are documented as FAIL, SUCCESS and RUNNING; the pipelines'
# status filter adds CANCELED and WAITING, the notification of a task the rest:
# https://help.aliyun.com/document_detail/460566.html
# https://help.aliyun.com/zh/yunxiao/developer-reference/listpipelines
# https://help.aliyun.com/document_detail/160761.html
# Hosts of a deployment say Success, Pending, Running, Cancelled, Queued, Failed and
# Skipped; steps say success, running and ready. Compared in capitals.
STATES: Mapping[str, tuple[State, Reason | None]] = {
    "SUCCESS": (State.SUCCEEDED, None),
    # A word of the notifications that says it ended, not that it ended well.
    "FINISH": (State.SUCCEEDED, Reason.UNVERIFIED),
    "FAIL": (State.FAILED, None),
    "FAILED": (State.FAILED, None),
    "RUNNING": (State.RUNNING, None),
    "CANCELLING": (State.RUNNING, Reason.CANCELING),
    "WAITING": (State.WAITING, None),
    "PENDING": (State.QUEUED, None),
    "QUEUED": (State.QUEUED, None),
    "READY": (State.QUEUED, None),
    "CANCELED": (State.CANCELED, None),
    "CANCELLED": (State.CANCELED, None),
    "SKIP": (State.SKIPPED, None),
    "SKIPPED": (State.SKIPPED, None),
    # The notifications' own spelling.
    "UNKOWN": (State.UNKNOWN, None),
    "UNKNOWN": (State.UNKNOWN, None),
}

FILTERED_BY: Mapping[State, str] = {
    State.FAILED: "FAIL",
    State.SUCCEEDED: "SUCCESS",
    State.RUNNING: "RUNNING",
}
"""The only words that the list of runs can be narrowed by."""

# https://help.aliyun.com/document_detail/460565.html; 4 is not documented, though runs
# started through the API seem to have it.
TRIGGERS: Mapping[str, TriggerKind] = {
    "1": TriggerKind.MANUAL,
    "2": TriggerKind.SCHEDULE,
    "3": TriggerKind.PUSH,
    "5": TriggerKind.PIPELINE,
    "6": TriggerKind.WEBHOOK,
}

MODES: Mapping[TriggerKind, str] = {kind: mode for mode, kind in TRIGGERS.items()}

# What can be done with a job right now, by https://help.aliyun.com/document_detail/2360596.html
APPROVE = "PassPipelineValidate"
READ_LOG = "LogPipelineJobRun"

_DIGITS = 18
"""What is longer is no time, no count and no number of a run."""


def state_of(word: str | None) -> tuple[State, Reason | None]:
    """Return the state that a word means; one nobody documented is unknown."""
    return STATES.get((word or "").strip().upper(), (State.UNKNOWN, None))


def whole(text: str | None) -> int | None:
    """Return a number that came as text; `None` for all that is none of ours."""
    digits = (text or "").strip()
    return int(digits) if digits.isdecimal() and len(digits) <= _DIGITS else None


def when(moment: Moment, zone: ZoneInfo) -> datetime | None:
    """Return a time as UTC; steps give a text that carries no zone."""
    if not isinstance(moment, str):
        return utc_from_epoch_ms(moment)
    milliseconds = whole(moment)
    if milliseconds is None:
        return _when_written(moment.strip(), zone)
    return utc_from_epoch_ms(milliseconds)


def _when_written(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
