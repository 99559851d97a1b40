"""NSML's JSON, in its own names.

https://api.ncloud-docs.com/docs/ai-application-service-clovansml
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import AliasChoices, Field, TypeAdapter, model_validator

from providers.shapes import Items, WireModel


class WireList(WireModel):
    """A list that an account without any entry may leave empty, null or out.

    An answer that has neither the list nor its total, but other things, is no list:
    it must not pass for an empty account.
    """

    list_name: ClassVar[str]

    totalCount: int | str | None = None

    @model_validator(mode="before")
    @classmethod
    def _is_a_list(cls, data: Any) -> Any:
        if (
            isinstance(data, dict)
            and data
            and not {cls.list_name, "totalCount"} & set(data)
        ):
            msg = f"neither {cls.list_name} nor totalCount"
            raise ValueError(msg)
        return data


class WireRun(WireModel):
    """An entry of `runList`.

    The table of the documentation leaves out creator and both times, and has
    `createdDate` and `updatedDate` by mistake; the example has what is written here.
    """

    runName: str
    projectId: str
    projectName: str | None = None
    status: str | None = None
    creator: str | None = None
    createTime: str | None = Field(
        default=None, validation_alias=AliasChoices("createTime", "createdDate")
    )
    updateTime: str | None = Field(
        default=None, validation_alias=AliasChoices("updateTime", "updatedDate")
    )
    runType: str | None = None


class WireRunList(WireList):
    """The list of all runs."""

    list_name = "runList"

    runList: Items[WireRun] | None = None


class WireRunDetail(WireModel):
    """One run; carries no times, so it is merged with its entry in the list.

    `envs` and `command` are not even read: they can hold secrets.
    """

    runName: str
    projectName: str | None = None
    status: str | None = None
    engFullName: str | None = None
    gpuSvrCode: str | None = None
    imageType: str | None = None
    imagePath: str | None = None
    creator: str | None = None
    note: str | None = None


class WireProject(WireModel):
    """An entry of the list of projects, or one project."""

    projectId: str
    projectName: str | None = None
    status: str | None = None


class WireProjectList(WireList):
    """The list of projects."""

    list_name = "projects"

    projects: Items[WireProject] | None = None


RUN_LIST = TypeAdapter(WireRunList)
RUN_DETAIL = TypeAdapter(WireRunDetail)
PROJECT = TypeAdapter(WireProject)
PROJECT_LIST = TypeAdapter(WireProjectList)
