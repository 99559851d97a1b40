"""CodeArts Pipeline's shapes in the common words; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from providers.codearts_pipeline import tasks
from providers.codearts_pipeline.tasks import finished_at, number
from providers.codearts_pipeline.wire import WireBuildParams, WireRun, WireSourceParams
from providers.codearts_pipeline.words import run_state, trigger_kind
from providers.gateways.huawei_times import instant
from providers.model import (
    Commit,
    Fact,
    LogTail,
    Pipeline,
    PipelineRef,
    Reason,
    Run,
    RunRef,
    State,
    Trigger,
)
from providers.target import escape

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from providers.codearts_pipeline.wire import WireLog, WirePipeline, WireRunDetail


# As in https://support.huaweicloud.com/api-codeci/ShowActionInfo.html, where the logs
# of build steps come from.
_STAMP = re.compile(r"\[?\d{4}([-/])\d\d\1\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d+)?")

LONGEST_PAUSE = timedelta(days=365).total_seconds()
"""A longer one is no pause but a mistake, such as a moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What must be known of a connection to read its answers."""

    connection: str
    project_id: str
    zone: ZoneInfo
    console: str | None
    """Where the console is, without a slash at the end; `None` where nobody knows."""


def pipeline(wire: WirePipeline, view: View) -> Pipeline:
    """Return an entry of the list of pipelines, with the latest run it carries."""
    return Pipeline(
        ref=PipelineRef(view.connection, wire.pipeline_id),
        name=wire.name or wire.pipeline_id,
        group=wire.project_name or None,
        url=_page(view, "history", wire.pipeline_id),
        latest=run(wire.latest_run, view) if wire.latest_run else None,
    )


def run(wire: WireRun, view: View) -> Run:
    """Return a run as lists have it; of its tasks they have the stages only."""
    state, reason = run_state(wire.status)
    stages = tasks.stages_only(
        wire.stage_status_list, view.zone, run_is_over=state.is_over
    )
    if state is State.RUNNING and tasks.is_only_waiting(stages or ()):
        state, reason = State.WAITING, Reason.PAUSED
    built = wire.build_params or WireBuildParams()
    return Run(
        ref=RunRef(
            PipelineRef(view.connection, wire.pipeline_id), wire.pipeline_run_id
        ),
        state=state,
        reason=reason,
        native=wire.status,
        number=number(wire.run_number),
        url=_web(wire.detail_url)
        or _page(view, "detail", wire.pipeline_id, wire.pipeline_run_id),
        started_at=instant(wire.start_time, view.zone),
        finished_at=finished_at(state, wire.end_time, view.zone),
        branch=_branch(built),
        commit=_commit(built),
        change=f"!{built.merge_id}" if built.merge_id else None,
        trigger=_trigger(wire),
        tasks=stages,
        facts=_facts(
            ("Repository", _repository(built.git_url)),
            ("Into", built.target_branch if built.merge_id else None),
        ),
    )


def run_in_full(
    wire: WireRunDetail, view: View, pipeline_id: str, *, left_out: int = 0
) -> Run:
    """Return one run with all its tasks.

    The `inputs` of steps are left where they are: they can hold secrets.
    """
    bare = WireRun(
        pipeline_id=pipeline_id,
        pipeline_run_id=wire.id,
        executor_id=wire.executor_id,
        executor_name=wire.executor_name,
        status=wire.status,
        run_number=wire.run_number,
        trigger_type=wire.trigger_type,
        build_params=_built(wire),
        start_time=wire.start_time,
        end_time=wire.end_time,
        detail_url=wire.detail_url,
    )
    base = run(bare, view)
    all_tasks = tasks.tree(wire.stages, view.zone, run_is_over=base.state.is_over)
    if base.state is State.RUNNING and tasks.is_only_waiting(all_tasks):
        base = replace(base, state=State.WAITING, reason=Reason.PAUSED)
    facts = _facts(
        ("Group", wire.group_name),
        ("Description", wire.description),
        ("Paused for", _duration(number(wire.pause_time))),
        ("Failed sub-pipeline", ", ".join(tasks.failed_sub_pipelines(wire.stages))),
        ("Not shown", "parts that could not be read" if left_out else None),
    )
    return replace(base, tasks=all_tasks, facts=(*base.facts, *facts))


def log_tail(wire: WireLog, lines: int) -> LogTail:
    """Return the end of a log that was asked for newest line first, oldest line first.

    What "desc" does to the lines of one answer is documented nowhere: where they begin
    with times, the times tell.
    """
    found = (wire.log or "").splitlines()
    if not _is_oldest_first(found):
        found.reverse()
    cut = bool(wire.has_more) or len(found) > lines
    last = found[max(len(found) - lines, 0) :]
    return LogTail(text="\n".join(last), cut=cut)


def _is_oldest_first(lines: list[str]) -> bool:
    stamps = [found[0] for line in lines if (found := _STAMP.match(line))]
    return bool(stamps) and stamps[0] < stamps[-1]


def _built(wire: WireRunDetail) -> WireBuildParams:
    """Return what the first source of code says; a run may have several, or none."""
    found = [source.params for source in wire.sources or () if source.params]
    with_code = [params for params in found if params.build_params]
    source = next(iter(with_code or found), WireSourceParams())
    built = source.build_params or WireBuildParams()
    return built.model_copy(update={"git_url": built.git_url or source.git_url})


def _branch(built: WireBuildParams) -> str | None:
    """Return the branch or tag that was built; of a merge request, its own branch."""
    if (built.build_type or "").lower() == "tag":
        return built.tag or None
    if built.merge_id:
        return built.source_branch or None
    return built.target_branch or None


def _commit(built: WireBuildParams) -> Commit | None:
    if not (built.commit_id or built.message):
        return None
    return Commit(sha=built.commit_id or None, message=built.message or None)


def _trigger(wire: WireRun) -> Trigger | None:
    actor = wire.executor_name or wire.executor_id or None
    if not (actor or wire.trigger_type):
        return None
    kind = trigger_kind(wire.trigger_type)
    return Trigger(kind=kind, actor=actor, native=wire.trigger_type or None)


def _page(view: View, page: str, *ids: str) -> str | None:
    """Return the address of a page of the console."""
    if view.console is None:
        return None
    path = "/".join(escape(ident) for ident in ids)
    project = escape(view.project_id)
    return f"{view.console}/cicd/project/{project}/pipeline/{page}/{path}?v=1"


def _web(url: str | None) -> str | None:
    """Return an address that people can open; it is empty for some credentials."""
    return url if url and url.startswith(("https://", "http://")) else None


def _repository(git_url: str | None) -> str | None:
    """Return `group/name` of a repository's address, which may hold a password."""
    if not _web(git_url):
        return None
    try:
        path = urlsplit(git_url or "").path
    except ValueError:
        return None
    return path.strip("/").removesuffix(".git") or None


def _duration(milliseconds: int | None) -> str | None:
    seconds = (milliseconds or 0) // 1000
    return str(timedelta(seconds=seconds)) if 0 < seconds < LONGEST_PAUSE else None


def _facts(*pairs: tuple[str, str | None]) -> tuple[Fact, ...]:
    return tuple(Fact(label, value) for label, value in pairs if value)
