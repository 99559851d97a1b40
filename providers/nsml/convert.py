"""NSML's shapes in the common words; pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

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
from providers.nsml.wire import WireRun

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from providers.nsml.wire import WireProject, WireRunDetail

# https://api.ncloud-docs.com/docs/ai-application-service-clovansml: the only two words
# documented anywhere.
STATES: Mapping[str, tuple[State, Reason | None]] = {
    "RUN_STATE_IN_PROGRESS": (State.RUNNING, None),
    # Nobody says whether a crashed run ends as COMPLETED too.
    "RUN_STATE_COMPLETED": (State.SUCCEEDED, Reason.UNVERIFIED),
}


_DIGITS = 18
"""What is longer is no count, and no number of a run."""


def pipeline(connection: str, project: WireProject) -> Pipeline:
    """Return a project as a pipeline: NSML's runs belong to projects."""
    return Pipeline(
        ref=PipelineRef(connection, project.projectId),
        name=project.projectName or project.projectId,
    )


def run(connection: str, wire: WireRun, zone: ZoneInfo) -> Run:
    """Return an entry of the list of runs; its times are read in `zone`."""
    state, reason = _state(wire.status)
    return Run(
        ref=_ref(connection, wire.projectId, wire.runName),
        state=state,
        reason=reason,
        native=wire.status,
        # Text in the answer, but "numeric, auto increment" in the documentation.
        number=whole(wire.runName),
        created_at=when(wire.createTime, zone),
        updated_at=when(wire.updateTime, zone),
        trigger=Trigger(actor=wire.creator) if wire.creator else None,
        facts=_facts(("Project", wire.projectName), ("Type", wire.runType)),
    )


def run_in_full(
    ref: RunRef, wire: WireRunDetail, listed: Run | None, zone: ZoneInfo
) -> Run:
    """Return one run with what its detail adds to its entry in the list.

    There is nothing finer than a run, so its tasks are known to be none.
    """
    bare = WireRun(
        runName=ref.id,
        projectId=ref.pipeline.id,
        projectName=wire.projectName,
        status=wire.status,
        creator=wire.creator,
    )
    base = run(ref.pipeline.connection, bare, zone)
    facts = _facts(
        ("GPU", wire.engFullName or wire.gpuSvrCode),
        ("Image", wire.imagePath),
        ("Image type", wire.imageType),
    )
    full = replace(base, title=wire.note or None, tasks=(), facts=(*base.facts, *facts))
    if listed is None:
        return full
    stands = full if wire.status is not None else listed
    return replace(
        full,
        state=stands.state,
        reason=stands.reason,
        native=stands.native,
        created_at=listed.created_at,
        updated_at=listed.updated_at,
        trigger=full.trigger or listed.trigger,
        facts=tuple(dict.fromkeys((*listed.facts, *full.facts))),
    )


def whole(text: str | int | None) -> int | None:
    """Return a number that came as text or as a number; `None` for all else."""
    digits = str(text).strip()
    is_number = digits.isascii() and digits.isdecimal() and len(digits) <= _DIGITS
    return int(digits) if is_number else None


def when(text: str | None, zone: ZoneInfo) -> datetime | None:
    """Return `YYYY-MM-DD HH:MM:SS`, which carries no zone, as UTC.

    What is no time, or none that a calendar has, is no known time.
    """
    try:
        moment = datetime.fromisoformat(text or "")
        aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _state(word: str | None) -> tuple[State, Reason | None]:
    return STATES.get((word or "").strip().upper(), (State.UNKNOWN, None))


def _ref(connection: str, project: str, run_name: str) -> RunRef:
    return RunRef(PipelineRef(connection, project), run_name)


def _facts(*pairs: tuple[str, str | None]) -> tuple[Fact, ...]:
    return tuple(Fact(label, value) for label, value in pairs if value)
