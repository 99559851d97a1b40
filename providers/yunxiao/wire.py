"""Yunxiao Flow's JSON, in its own names: one set of shapes for both APIs.

The signed API (2021-06-25) wraps what it says in an envelope, the newer one does not;
inside, both speak of the same things, and nearly every field may be missing.

https://help.aliyun.com/document_detail/460566.html (ListPipelineRuns)
https://help.aliyun.com/document_detail/460565.html (GetPipelineRun)
https://help.aliyun.com/zh/yunxiao/developer-reference/listpipelineruns
https://help.aliyun.com/zh/yunxiao/developer-reference/getpipelinerun
https://github.com/aliyun/alibabacloud-devops-mcp-server (Alibaba's own client)
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field, TypeAdapter

from providers.shapes import Items, WireModel


def unwrapped(value: object) -> object:
    """Return what a JSON text holds; several fields are JSON inside JSON, or are not.

    What is no JSON is `None`: an odd text must not cost the answer.
    """
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _object_or_none(value: object) -> object:
    found = unwrapped(value)
    return found if isinstance(found, dict) else None


Moment = int | str | None
"""Milliseconds since the epoch; of steps, a text without a zone."""


class WireSourceData(WireModel):
    """Which state of a source a run was made of."""

    branch: str | None = None
    # The vendor's own spelling; holds a JSON text.
    commint: Any = None
    repo: str | None = None


class WireSource(WireModel):
    """A source of a pipeline. Its `webhook`, a secret, is left out on purpose."""

    type: str | None = None
    data: Annotated[WireSourceData | None, BeforeValidator(_object_or_none)] = None


class WireAction(WireModel):
    """Something that may be done with a job right now."""

    type: str | None = None


class WireJob(WireModel):
    """A job of a stage."""

    id: str | None = None
    name: str | None = None
    status: str | None = None
    startTime: Moment = None
    endTime: Moment = None
    actions: Items[WireAction] | None = None


class WireStageInfo(WireModel):
    """What there is to know of a stage."""

    name: str | None = None
    status: str | None = None
    startTime: Moment = None
    endTime: Moment = None
    jobs: Items[WireJob] | None = None


class WireStage(WireModel):
    """A stage of a run."""

    name: str | None = None
    stageInfo: WireStageInfo | None = None


class WireRun(WireModel):
    """A run: as lists have it (start and end), or in full (stages, but no such times).

    `globalParams` are left where they are: they can hold secrets.
    """

    pipelineRunId: str
    status: str | None = None
    triggerMode: str | None = None
    startTime: Moment = None
    endTime: Moment = None
    createTime: Moment = None
    updateTime: Moment = None
    creatorAccountId: str | None = None
    creator: str | None = None
    stageGroup: Annotated[Any, BeforeValidator(unwrapped)] = None
    sources: Items[WireSource] | None = None
    stages: Items[WireStage] | None = None


class WireEnvelope(WireModel):
    """What the signed API puts around a list.

    `errorCode` and `errorMessage` say nothing as long as `success` is true: the
    documented example has two curly quotes in them.
    """

    success: bool | None = None
    totalCount: int | None = None
    nextToken: str | None = None


class WireRunList(WireEnvelope):
    """The signed API's list of runs."""

    pipelineRuns: Items[WireRun] | None = None


class WireRunEnvelope(WireModel):
    """The signed API's single run."""

    pipelineRun: WireRun | None = None


class WirePipeline(WireModel):
    """An entry of a list of pipelines."""

    pipelineId: str
    pipelineName: str | None = Field(
        # Single pipelines are called `name` where lists have `pipelineName`.
        default=None,
        validation_alias=AliasChoices("pipelineName", "name"),
    )


class WirePipelineList(WireEnvelope):
    """The signed API's list of pipelines."""

    pipelines: Items[WirePipeline] | None = None


class WireLog(WireModel):
    """A job's log; `more` says that this is not all of it."""

    content: str | None = None
    more: bool | None = None


class WireLogEnvelope(WireModel):
    """The signed API's log of a job."""

    log: WireLog | None = None


class WireStep(WireModel):
    """A step of a job; only the newer API has them."""

    nodeName: str | None = None
    status: str | None = None
    startTime: Moment = None


class WireSteps(WireModel):
    """The steps of a job: `steps` in the documentation, else `buildProcessNodes`."""

    steps: Items[WireStep] | None = Field(
        default=None, validation_alias=AliasChoices("steps", "buildProcessNodes")
    )


RUN = TypeAdapter(WireRun)
RUNS = TypeAdapter(Items[WireRun])
RUN_LIST = TypeAdapter(WireRunList)
RUN_ENVELOPE = TypeAdapter(WireRunEnvelope)
PIPELINES = TypeAdapter(Items[WirePipeline])
PIPELINE_LIST = TypeAdapter(WirePipelineList)
LOG = TypeAdapter(WireLog)
LOG_ENVELOPE = TypeAdapter(WireLogEnvelope)
STEPS: TypeAdapter[list[WireSteps] | WireSteps] = TypeAdapter(
    list[WireSteps] | WireSteps
)
