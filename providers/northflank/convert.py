"""Northflank's shapes in the common words; pure."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from providers.model import (
    Commit,
    Fact,
    Identity,
    Pipeline,
    PipelineRef,
    Run,
    RunRef,
    State,
    Task,
    TaskKind,
    utc_from_epoch_ms,
)
from providers.northflank import words
from providers.northflank.nodes import Tree, built, task
from providers.northflank.source import LogSource, Source, SourceKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import tzinfo
    from zoneinfo import ZoneInfo

    from providers.northflank.wire import (
        WireAuth,
        WireBuild,
        WireFlowRun,
        WireFlowRunDetail,
        WireGitOps,
        WireJobRun,
        WireLogLine,
    )

LABELS = {
    SourceKind.SERVICE_BUILDS: "build",
    SourceKind.JOB_RUNS: "job",
    SourceKind.JOB_BUILDS: "job build",
}
"""What stands behind the name of a service or a job; behind that of a pipeline, its
stage."""

_PREFIX = re.compile(r"\A(?:stdout|stderr) [FP] ")
"""What the container runtime puts before a line: the stream, and full or partial."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer's runs belong: their connection, source, page and time zone."""

    connection: str
    source: Source
    url: str | None
    zone: ZoneInfo

    @property
    def ref(self) -> PipelineRef:
        """The pipeline's address."""
        return PipelineRef(self.connection, self.source.id)


def identity(wire: WireAuth, team: str | None, zone: ZoneInfo) -> Identity:
    """Return who a token is; a hint where it is an organisation's without a team."""
    role = wire.role.name if wire.role else None
    owner = f"{wire.entityType or 'owner'} {wire.entityId}" if wire.entityId else None
    needs_team = wire.entityType == "org" and team is None
    hint = "set `team`: this token belongs to an organisation" if needs_team else None
    details = (owner, f"role {role}" if role else None, hint)
    return Identity(
        name=wire.name or wire.id,
        detail=", ".join(d for d in details if d) or None,
        expires_at=when(wire.expiresAt, zone),
    )


def name(source: Source, own: str | None) -> str:
    """Return the name people read: `shop release (production)`, `web (build)`."""
    return f"{own or source.object} ({source.stage or LABELS[source.kind]})"


def pipeline(
    place: Place, own: str | None, *, group: str, latest: Run | None = None
) -> Pipeline:
    """Return a list of runs as a pipeline, named after the object it belongs to."""
    return Pipeline(
        ref=place.ref,
        name=name(place.source, own),
        group=group,
        url=place.url,
        latest=latest,
    )


def flow_run(place: Place, wire: WireFlowRun) -> Run:
    """Return a run of a release flow; it has no branch, commit or author."""
    state, reason = words.meaning(words.FLOW, wire.status)
    return Run(
        ref=RunRef(place.ref, wire.id),
        state=state,
        reason=reason,
        native=wire.status,
        title=wire.name or None,
        url=place.url,
        created_at=when(wire.createdAt, place.zone),
        started_at=when(wire.startedAt, place.zone),
        finished_at=when(wire.concludedAt, place.zone),
        updated_at=when(wire.updatedAt, place.zone),
        facts=_facts(
            ("Description", wire.description),
            ("Concluded", _concluded(state, concluded=wire.concluded)),
        ),
    )


def flow_run_in_full(place: Place, wire: WireFlowRunDetail, *, left_out: int) -> Run:
    """Return a run of a release flow with its tree; of arguments, only the names."""
    run = flow_run(place, wire)
    tree = Tree(
        project=place.source.project,
        is_over=run.state.is_over or wire.concluded is True,
        when=lambda text: when(text, place.zone),
    )
    nodes = [wire.spec] if wire.spec else []
    policy = wire.options.concurrencyPolicy if wire.options else None
    return replace(
        run,
        tasks=tuple(task(node, tree) for node in nodes),
        facts=(
            *run.facts,
            *(Fact("Built", text) for node in nodes for text in built(node)),
            *_facts(
                ("Arguments", ", ".join(wire.arguments or {})),
                ("Concurrency", policy),
                ("Definition", _definition(wire.gitops)),
                ("Incomplete", "some steps could not be read" if left_out else None),
            ),
        ),
    )


def build(place: Place, wire: WireBuild) -> Run:
    """Return a build; when it left the queue and began is not said."""
    state, reason = words.meaning(words.BUILD, wire.status)
    number = (wire.pullRequestId or "").removesuffix(".0")
    return Run(
        ref=RunRef(place.ref, wire.id),
        state=state,
        reason=reason,
        native=wire.status,
        url=place.url,
        created_at=when(wire.createdAt, place.zone),
        finished_at=when(wire.buildConcludedAt, place.zone),
        branch=wire.branch or None,
        commit=Commit(sha=wire.sha) if wire.sha else None,
        change=f"#{number}" if number else None,
        facts=_facts(
            ("Image", wire.registry.uri if wire.registry else None),
            ("Concluded", _concluded(state, concluded=wire.concluded)),
        ),
    )


def build_in_full(place: Place, wire: WireBuild) -> Run:
    """Return a build with its one task and the message that says how it stands."""
    return _with_task(place, build(place, wire), "build", wire.message)


def job_run(place: Place, wire: WireJobRun) -> Run:
    """Return a run of a job; its counters contradict its status, and lose."""
    state, reason = words.meaning(words.JOB_RUN, wire.status)
    return Run(
        ref=RunRef(place.ref, wire.id),
        state=state,
        reason=reason,
        native=wire.status,
        title=wire.runName or None,
        url=place.url,
        started_at=when(wire.startedAt, place.zone),
        finished_at=when(wire.concludedAt, place.zone),
        facts=_facts(("Concluded", _concluded(state, concluded=wire.concluded))),
    )


def job_run_in_full(place: Place, wire: WireJobRun) -> Run:
    """Return a run of a job with its one task; Northflank gives it no message."""
    return _with_task(place, job_run(place, wire), "run", None)


def _with_task(place: Place, run: Run, kind: str, message: str | None) -> Run:
    source = place.source
    log = LogSource(
        kind=source.kind, project=source.project, object=source.object, run=run.ref.id
    )
    only = Task(
        kind=TaskKind.JOB,
        name=f"{kind} {source.object}",
        state=run.state,
        reason=run.reason,
        native=run.native,
        message=message or None,
        started_at=run.started_at,
        finished_at=run.finished_at,
        log=log.text,
    )
    return replace(run, tasks=(only,))


def newest_first(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Return the runs by age; one that has no time yet and is not over comes first."""
    return tuple(sorted(runs, key=_age, reverse=True))


def is_newest_first(runs: Sequence[Run]) -> bool:
    """Return whether the vendor's order, which it does not document, is by age."""
    return all(_age(a) >= _age(b) for a, b in itertools.pairwise(runs))


def _age(run: Run) -> tuple[bool, datetime]:
    appeared = run.created_at or run.started_at
    is_ahead = appeared is None and not run.state.is_over
    return is_ahead, appeared or datetime.min.replace(tzinfo=UTC)


def log_lines(lines: Sequence[WireLogLine]) -> list[str]:
    """Return the lines of an answer that was asked for backwards, oldest first."""
    turned = list(reversed(lines))
    times = [when(line.ts, UTC) for line in turned]
    known = [moment for moment in times if moment is not None]
    if len(known) == len(turned):
        places = sorted(range(len(turned)), key=known.__getitem__)
        turned = [turned[place] for place in places]
    return [part for line in turned for part in _text(line.log).splitlines() or [""]]


def _text(said: Any) -> str:
    if isinstance(said, str):
        return _PREFIX.sub("", said)
    return json.dumps(said, ensure_ascii=False)


def when(text: str | None, zone: tzinfo) -> datetime | None:
    """Return a time as UTC, in any form there is; `None` for what is none.

    Seconds since 1970 (nodes, `buildConcludedAt`), ISO with a `T` (builds, job runs)
    and with a space instead of it (runs of release flows).
    """
    if not text:
        return None
    try:
        return utc_from_epoch_ms(float(text) * 1000)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _concluded(state: State, *, concluded: bool | None) -> str | None:
    """Return the flag where the word is unknown: then it is all that is known."""
    if state is not State.UNKNOWN or concluded is None:
        return None
    return "yes" if concluded else "no"


def _definition(git: WireGitOps | None) -> str | None:
    """Return where the flow itself is kept; an address with a password is not shown."""
    if git is None or not git.repoUrl or "@" in git.repoUrl:
        return None
    return " ".join(p for p in (git.repoUrl, git.branch, git.filePath) if p)


def _facts(*pairs: tuple[str, str | None]) -> tuple[Fact, ...]:
    return tuple(Fact(label, value) for label, value in pairs if value)
