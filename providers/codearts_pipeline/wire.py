"""CodeArts Pipeline's JSON, in its own names.

https://support.huaweicloud.com/intl/en-us/api-pipeline/ (version 5 of the API)

Almost every field may be missing or null, and fields come and go between versions.
"""

from __future__ import annotations

from pydantic import AliasChoices, Field, TypeAdapter, model_validator

from providers.shapes import Items, OrNone, WireModel

Number = int | str | None
"""A number that may come as text, and a time in milliseconds or as text."""


class WireBuildParams(WireModel):
    """What of the code a run is of."""

    action: str | None = None
    build_type: str | None = None
    commit_id: str | None = None
    event_type: str | None = None
    merge_id: str | None = None
    message: str | None = None
    source_branch: str | None = None
    tag: str | None = None
    target_branch: str | None = None
    git_url: str | None = None


class WirePart(WireModel):
    """What every part of a run has: stage, job and step."""

    name: str | None = None
    sequence: Number = None
    status: str | None = None
    start_time: Number = None
    """Text without a zone in lists, milliseconds in a run's detail; so is the end."""
    end_time: Number = None


class WireRun(WireModel):
    """A run as lists and the batch of latest runs have it."""

    pipeline_id: str
    pipeline_run_id: str
    executor_id: str | None = None
    executor_name: str | None = None
    stage_status_list: list[WirePart] | None = None
    status: str | None = None
    run_number: Number = None
    trigger_type: str | None = None
    build_params: WireBuildParams | None = None
    start_time: Number = None
    end_time: Number = None
    detail_url: str | None = None


class WirePipeline(WireModel):
    """An entry of the list of pipelines."""

    # The documentation prints `pipelineId` in places; the wire has `pipeline_id`.
    pipeline_id: str = Field(validation_alias=AliasChoices("pipeline_id", "pipelineId"))
    name: str | None = None
    project_name: str | None = None
    # What cannot be read must not cost the pipeline.
    latest_run: OrNone[WireRun] = None


class _WireList(WireModel):
    """A page of a list, which is known by its count where the list is left out."""

    total: int | None = None

    @model_validator(mode="after")
    def _is_a_list(self) -> _WireList:
        if self.model_fields_set:
            return self
        msg = "neither a list nor its total"
        raise ValueError(msg)


class WirePipelineList(_WireList):
    """A page of the project's pipelines."""

    pipelines: Items[WirePipeline] | None = None


class WireRunList(_WireList):
    """A page of a pipeline's runs."""

    pipeline_runs: Items[WireRun] | None = None


class WireStep(WirePart):
    """A step of a job, or one that a stage has before or after its jobs.

    `inputs` is left where it is: it can hold secrets.
    """

    id: str | None = None
    task: str | None = None
    """The plugin it runs."""
    message: str | None = None
    job_run_id: str | None = None


class WireJob(WirePart):
    """A job of a stage."""

    id: str | None = None
    message: str | None = None
    steps: Items[WireStep] | None = None


class WireStage(WirePart):
    """A stage of a run, with its entry (`pre`) and pass (`post`) conditions."""

    pre: Items[WireStep] | None = None
    post: Items[WireStep] | None = None
    jobs: Items[WireJob] | None = None


class WireSourceParams(WireModel):
    """Where the code of a run comes from."""

    git_url: str | None = None
    build_params: WireBuildParams | None = None


class WireSource(WireModel):
    """One source of a run."""

    params: WireSourceParams | None = None


class WireRunDetail(WireModel):
    """One run in full; here its id is called `id`, and all times are milliseconds."""

    id: str
    pipeline_id: str | None = None
    description: str | None = None
    executor_id: str | None = None
    executor_name: str | None = None
    status: str | None = None
    trigger_type: str | None = None
    run_number: Number = None
    pause_time: Number = None
    """How long it was paused, in milliseconds: no moment."""
    start_time: Number = None
    end_time: Number = None
    stages: Items[WireStage] | None = None
    sources: Items[WireSource] | None = None
    group_name: str | None = None
    detail_url: str | None = None


class WireLog(WireModel):
    """A part of a step's log."""

    log: str | None
    has_more: bool | None = None


PIPELINE_LIST = TypeAdapter(WirePipelineList)
RUN_LIST = TypeAdapter(WireRunList)
LATEST_RUNS = TypeAdapter(Items[WireRun])
RUN_DETAIL = TypeAdapter(WireRunDetail)
LOG = TypeAdapter(WireLog)
