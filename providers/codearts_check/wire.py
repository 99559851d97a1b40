"""CodeArts Check's JSON, in its own names.

https://support.huaweicloud.com/intl/en-us/api-codecheck/ShowTaskListByProjectIdV2.html
and the pages named below. The same count is text in one answer and a number in the
next, and anything may be null: `Text` and `Count` take what comes.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import (
    AliasChoices,
    AliasPath,
    BeforeValidator,
    Field,
    TypeAdapter,
    model_validator,
)

from providers.shapes import Items, WireModel


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value).strip() or None
    return None


def _count(value: object) -> int | None:
    text = (_text(value) or "").removesuffix(".0")
    return int(text) if text.isdecimal() and text.isascii() else None


Text = Annotated[str | None, BeforeValidator(_text)]
"""A word, a number or a truth value, as text; `None` for nothing and for an object."""

Count = Annotated[int | None, BeforeValidator(_count)]
"""A number that may come as text; `None` for all that is no count."""

Id = Annotated[str, Field(min_length=1)]


def _also(name: str, *path: str) -> AliasChoices:
    """Return a field's name, and where it stands in the answer of old versions.

    https://support.huaweicloud.com/api-codecheck/codecheck_03_0014.html
    """
    return AliasChoices(name, AliasPath("result", "info", *path))


class WireTask(WireModel):
    """An entry of the list of tasks; it has no status."""

    task_id: Id
    task_name: Text = None
    git_branch: Text = None


class _WireList(WireModel):
    """A page of a list, which is known by its count where the list is left out.

    An answer that has neither is no list: it must not pass for an empty one.
    """

    @model_validator(mode="after")
    def _is_a_list(self) -> _WireList:
        if self.model_fields_set:
            return self
        msg = "neither a list nor its total"
        raise ValueError(msg)


class WireTaskList(_WireList):
    """A page of the list of tasks."""

    tasks: Items[WireTask] | None = None
    total: Count = None


class WireRatio(WireModel):
    """How far a scan is; only while it runs."""

    ratio: Text = None


class WireProgress(WireModel):
    """Where a task's newest scan stands; all null where it has never been scanned.

    https://support.huaweicloud.com/intl/en-us/api-codecheck/ShowProgressDetailV2.html
    """

    task_status: Text = None
    progress: WireRatio | None = None


class WireSummary(WireModel):
    """What the newest scan found, and whether the quality gate let it pass.

    https://support.huaweicloud.com/intl/en-us/api-codecheck/ShowTaskDetailV2.html
    """

    git_branch: Text = Field(
        default=None, validation_alias=_also("git_branch", "branch")
    )
    last_check_time: Text = Field(
        default=None, validation_alias=_also("last_check_time", "lastCheckTime")
    )
    is_access: Text = None
    trigger_type: Text = None
    critical_count: Count = Field(
        default=None,
        validation_alias=_also("critical_count", "defectInfo", "criticalCount"),
    )
    major_count: Count = Field(
        default=None,
        validation_alias=_also("major_count", "defectInfo", "seriousCount"),
    )
    minor_count: Count = Field(
        default=None,
        validation_alias=_also("minor_count", "defectInfo", "normalCount"),
    )
    suggestion_count: Count = Field(
        default=None,
        validation_alias=_also("suggestion_count", "defectInfo", "promptCount"),
    )
    issue_count: Count = None
    solve_count: Count = None
    code_line_total: Count = Field(
        default=None, validation_alias=_also("code_line_total", "codeLineTotal")
    )
    code_line: Count = Field(
        default=None, validation_alias=_also("code_line", "codeLine")
    )
    duplication_ratio: Text = None
    cyclomatic_complexity_per_method: Text = None


class WireIssueCounts(WireModel):
    """Counts of a scan in the history.

    serious, normal and prompt are the names of old for major, minor and suggestion.
    """

    critical: Count = None
    serious: Count = None
    normal: Count = None
    prompt: Count = None


class WireRecord(WireModel):
    """A scan in the history; it has neither an id nor a status.

    https://support.huaweicloud.com/intl/en-us/api-codecheck/CheckRecord.html
    """

    check_time: Id
    check_end_time: Text = None
    issue_counts: WireIssueCounts | None = None


class WireHistory(_WireList):
    """A page of a task's history; in which order is not documented."""

    data: Items[WireRecord] | None = None
    total: Count = None


class WireSeverity(WireModel):
    """Issues by severity."""

    critical: Count = None
    major: Count = None
    minor: Count = None
    suggestion: Count = None


class WireHandling(WireModel):
    """Issues by what was done with them."""

    unresolved: Count = None
    resolved: Count = None
    dismissed: Count = None


class WireStatistic(WireModel):
    """The issues of the newest scan, counted.

    https://support.huaweicloud.com/intl/en-us/api-codecheck/ShowTaskDefectsStatisticV2.html
    """

    severity: WireSeverity | None = None
    status: WireHandling | None = None


class WireLogEntry(WireModel):
    """One thing that went wrong in a scan."""

    display_name: Text = None
    log: Text = None
    level: Text = None
    analysis: Text = None
    faq: Text = None


class WireLog(WireModel):
    """Why a scan failed.

    `param_info` is left out: the address of a repository can hold an access token.

    https://support.huaweicloud.com/intl/en-us/api-codecheck/ShowTasklog.html
    """

    log_info: Items[WireLogEntry] | None = None


class WireListedTask(WireModel):
    """An entry of the newer list of tasks.

    Only `id` is documented; the other names are those of the filters of the call and
    of its sister calls, in both of the spellings these APIs use.

    https://support.huaweicloud.com/intl/en-us/api-codecheck/ShowTasksList.html
    """

    id: Id = Field(validation_alias=AliasChoices("id", "task_id", "taskId"))
    name: Text = Field(
        default=None, validation_alias=AliasChoices("name", "task_name", "taskName")
    )
    branch: Text = Field(
        default=None, validation_alias=AliasChoices("git_branch", "gitBranch", "branch")
    )
    job_status: Text = Field(
        default=None,
        validation_alias=AliasChoices(
            *("job_status", "jobStatus", "job_status_type", "jobStatusType", "status")
        ),
    )
    review_result: Text = Field(
        default=None,
        validation_alias=AliasChoices(
            *("review_result", "reviewResult"),
            *("review_result_type", "reviewResultType"),
        ),
    )
    last_check_time: Text = Field(
        default=None,
        validation_alias=AliasChoices("last_check_time", "lastCheckTime"),
    )


class WireListedTasks(WireModel):
    """A page of the newer list of tasks."""

    tasks: Items[WireListedTask] | None = Field(
        default=None,
        validation_alias=AliasChoices(
            AliasPath("result", "tasks"),
            AliasPath("result", "list"),
            AliasPath("result", "data"),
            "result",
        ),
    )
    total: Count = Field(
        default=None,
        validation_alias=AliasChoices(AliasPath("result", "total"), "total"),
    )


TASK_LIST = TypeAdapter(WireTaskList)
PROGRESS = TypeAdapter(WireProgress)
SUMMARY = TypeAdapter(WireSummary)
HISTORY = TypeAdapter(WireHistory)
STATISTIC = TypeAdapter(WireStatistic)
LOG = TypeAdapter(WireLog)
LISTED_TASKS = TypeAdapter(WireListedTasks)
