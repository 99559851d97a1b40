"""The yardstick of `decoding`: the same answers as anybody's plain pydantic models.

The fields of an entry are those of Runbell's own shapes (`wire.py`), the ones that the
measured answers leave out included. Times are `datetime` and statuses are enums, as
they are in the model objects that Runbell makes; nothing is lenient, nothing has a
meaning, and no entry is kept where its neighbour cannot be read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, TypeAdapter


class Status(StrEnum):
    """The documented statuses of CodeArts' runs and stages."""

    COMPLETED = "COMPLETED"
    RUNNING = "RUNNING"
    FAILED = "FAILED"
    CANCELED = "CANCELED"
    PAUSED = "PAUSED"
    SUSPEND = "SUSPEND"
    IGNORED = "IGNORED"
    INIT = "INIT"


class Stage(BaseModel):
    """A stage of CodeArts'."""

    name: str | None = None
    sequence: int | None = None
    status: Status | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None


class BuildParams(BaseModel):
    """What a CodeArts run was made of."""

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


class CodeArtsRun(BaseModel):
    """An entry of CodeArts' batch answer."""

    pipeline_id: str
    pipeline_run_id: str
    executor_id: str | None = None
    executor_name: str | None = None
    stage_status_list: list[Stage] | None = None
    status: Status | None = None
    run_number: int | None = None
    trigger_type: str | None = None
    build_params: BuildParams | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    detail_url: str | None = None


class YunxiaoStatus(StrEnum):
    """The documented statuses of Yunxiao's runs."""

    SUCCESS = "SUCCESS"
    FAIL = "FAIL"
    RUNNING = "RUNNING"


class YunxiaoSource(BaseModel):
    """A source of a run; lists have none."""

    type: str | None = None
    data: str | None = None


class YunxiaoStage(BaseModel):
    """A stage of a run; lists have none."""

    name: str | None = None


class YunxiaoRun(BaseModel):
    """An entry of Yunxiao's lists of runs."""

    pipelineRunId: int
    status: YunxiaoStatus | None = None
    triggerMode: int | None = None
    startTime: datetime | None = None
    endTime: datetime | None = None
    createTime: datetime | None = None
    updateTime: datetime | None = None
    creatorAccountId: str | None = None
    creator: str | None = None
    stageGroup: list[list[str]] | None = None
    sources: list[YunxiaoSource] | None = None
    stages: list[YunxiaoStage] | None = None


class YunxiaoList(BaseModel):
    """The envelope of the signed API."""

    success: bool
    totalCount: int
    nextToken: str | None = None
    pipelineRuns: list[YunxiaoRun]


CODEARTS = TypeAdapter(list[CodeArtsRun])
TOKEN_RUNS = TypeAdapter(list[YunxiaoRun])
SIGNED_RUNS = TypeAdapter(YunxiaoList)


def codearts(body: bytes) -> list[CodeArtsRun]:
    """Return the runs of a batch answer."""
    return CODEARTS.validate_python(json.loads(body))


def token(pages: Sequence[bytes]) -> list[YunxiaoRun]:
    """Return the runs on the newer API's pages."""
    return [
        run for page in pages for run in TOKEN_RUNS.validate_python(json.loads(page))
    ]


def signed(pages: Sequence[bytes]) -> list[YunxiaoRun]:
    """Return the runs on the signed API's pages."""
    return [
        run
        for page in pages
        for run in SIGNED_RUNS.validate_python(json.loads(page)).pipelineRuns
    ]
