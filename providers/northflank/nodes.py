"""The tree of a release flow's run as tasks; pure.

https://northflank.com/docs/v1/api/project/pipelines/get-release-flow-run-details
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from providers.model import Reason, State, Task, TaskKind
from providers.northflank import words
from providers.northflank.source import LogSource, SourceKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from providers.northflank.wire import WireNode, WireResponse

_SHA = re.compile(r"[0-9a-f]{40}")

_LOGS = {
    ("Build", "service"): SourceKind.SERVICE_BUILDS,
    ("Build", "job"): SourceKind.JOB_BUILDS,
    ("JobRun", None): SourceKind.JOB_RUNS,
}
"""Kind of node, and type of what it builds, to whose log it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """What all nodes of a run have in common."""

    project: str
    """Where a build or a job is that names no project of its own."""
    is_over: bool
    when: Callable[[str | None], datetime | None]


def task(node: WireNode, tree: Tree, depth: int = 0) -> Task:
    """Return a node and all below it: the root is a stage, what has steps is a job.

    The other nodes are steps. A node without a response has not been reached; once
    the run is over, it never will be.
    """
    steps = _steps(node)
    children = tuple(task(step, tree, depth + 1) for step in steps)
    state, reason = _meaning(node, children, tree)
    response = node.response
    return Task(
        kind=_kind(depth, has_steps=bool(steps)),
        name=_name(node),
        state=state,
        reason=reason,
        native=response.status if response else None,
        message=_message(response) if response else None,
        started_at=tree.when(response.startTime) if response else None,
        finished_at=tree.when(response.endTime) if response else None,
        log=_log(node, tree),
        children=children,
    )


def built(node: WireNode) -> Iterator[str]:
    """Yield what each build below made, where the undocumented answer says so."""
    made = node.response.data if node.response else None
    if node.kind == "Build" and made and made.sha and _SHA.fullmatch(made.sha):
        of = (node.spec.id if node.spec else None) or "?"
        yield " ".join(p for p in (of, made.branch, made.sha) if p)
    for step in _steps(node):
        yield from built(step)


def _steps(node: WireNode) -> list[WireNode]:
    return (node.spec.steps if node.spec else None) or []


def _kind(depth: int, *, has_steps: bool) -> TaskKind:
    if depth == 0:
        return TaskKind.STAGE
    return TaskKind.JOB if has_steps else TaskKind.STEP


def _name(node: WireNode) -> str:
    """Return the name its author gave it, or its kind and what it works on."""
    if node.ref:
        return node.ref
    spec = node.spec
    on = (spec.id or spec.jobId) if spec else None
    return " ".join(p for p in (node.kind or "node", on) if p)


def _meaning(node: WireNode, children: tuple[Task, ...], tree: Tree) -> words.Meaning:
    never = (State.SKIPPED, Reason.NEVER_RAN)
    if node.response is not None:
        if tree.is_over and node.response.status == "waiting":
            return never
        return words.meaning(words.FLOW, node.response.status)
    if any(_has_begun(child) for child in children):
        # It has begun, whatever its own silence; how it ended is not for us to guess.
        return (State.UNKNOWN if tree.is_over else State.RUNNING), None
    if tree.is_over:
        return never
    if node.skipNodeExecution == "true":
        return State.SKIPPED, Reason.CONFIGURATION
    return State.QUEUED, None


def _has_begun(child: Task) -> bool:
    return child.state is not State.QUEUED and child.state is not State.SKIPPED


def _message(response: WireResponse) -> str | None:
    """Return why it failed, or else how often it was tried."""
    error = response.error
    said = error if isinstance(error, str) or error is None else error.message
    if said:
        return said
    tries = response.retries
    if response.status != "retrying" or tries is None or tries.attempts is None:
        return None
    most = f" of {tries.maxAttempts}" if tries.maxAttempts is not None else ""
    return f"attempt {tries.attempts}{most}"


def _log(node: WireNode, tree: Tree) -> str | None:
    """Return where the log is, where the answer names the build or the run."""
    made = node.response.data if node.response else None
    spec = node.spec
    if spec is None or made is None or made.id is None:
        return None
    kind = _LOGS.get((node.kind or "", spec.type if node.kind == "Build" else None))
    owner = spec.id if node.kind == "Build" else spec.jobId
    if kind is None or owner is None:
        return None
    return LogSource(
        kind=kind,
        project=spec.projectId or tree.project,
        object=owner,
        run=made.id,
    ).text
