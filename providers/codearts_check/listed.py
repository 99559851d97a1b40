"""Reading all tasks: the old list, and the newer one that knows how they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from providers.codearts_check import convert, convert_listed
from providers.codearts_check.wire import LISTED_TASKS, TASK_LIST
from providers.model import PipelineRef
from providers.paging import Sheet, enough_for, next_page, sheets

if TYPE_CHECKING:
    from collections.abc import Collection

    from providers.codearts_check.settings import CodeArtsCheckSettings
    from providers.codearts_check.wire import WireListedTask
    from providers.http import Http
    from providers.model import Pipeline, Run

OLD_PAGE = 100
"""Tasks on a page of the old list: the documented maximum."""

PAGE = 200
"""Tasks on a page of the newer list: the documented maximum."""

MOST_SHEETS = 50
"""How many pages of the newer list are read for the latest scans of a few tasks."""


class Tasks:
    """The calls about all tasks of a project."""

    def __init__(
        self, connection: str, settings: CodeArtsCheckSettings, http: Http
    ) -> None:
        self._connection = connection
        self._settings = settings
        self._http = http

    async def count(self, operation: str) -> int | None:
        """Return how many tasks there are, where it is said, at the least cost."""
        answer = await self._http.get(
            operation,
            "/v2/{}/tasks",
            self._settings.project_id,
            query={"offset": 0, "limit": 1},
        )
        return answer.decode(TASK_LIST).total

    async def fetch_old(self, token: str | None) -> Sheet[Pipeline]:
        """Return a page of the old list."""
        # `offset` is the number of a page, counted from 0, not of a record.
        page = int(token or 0)
        answer = await self._http.get(
            "list_pipelines",
            "/v2/{}/tasks",
            self._settings.project_id,
            query={"offset": page, "limit": OLD_PAGE},
        )
        wire, left_out = answer.decode_list(TASK_LIST)
        found = wire.tasks or []
        got = len(found) + left_out
        more = next_page(page + 1, size=OLD_PAGE, got=got, total=wire.total)
        return Sheet(
            items=tuple(
                convert.pipeline(
                    self._connection, task, self._settings.page_of(task.task_id)
                )
                for task in found
            ),
            next=str(page + 1) if more else None,
            total=wire.total,
            left_out=left_out,
        )

    async def fetch_new(self, token: str | None) -> Sheet[Pipeline]:
        """Return a page of the newer list."""
        sheet = await self._listed("list_pipelines", token)
        return Sheet(
            items=tuple(
                convert_listed.pipeline(
                    task,
                    PipelineRef(self._connection, task.id),
                    self._settings.page_of(task.id),
                    self._settings.zone,
                )
                for task in sheet.items
            ),
            next=sheet.next,
            total=sheet.total,
            left_out=sheet.left_out,
        )

    async def latest(
        self, wanted: Collection[PipelineRef]
    ) -> dict[PipelineRef, Run | None]:
        """Return the latest scans that the newer list tells of, of those wanted."""
        latest: dict[PipelineRef, Run | None] = {}
        zone = self._settings.zone
        async for sheet in sheets(
            lambda token: self._listed("latest_runs", token),
            key=lambda task: task.id,
            most=enough_for(len(wanted), PAGE, least=MOST_SHEETS),
        ):
            for task in sheet.items:
                ref = PipelineRef(self._connection, task.id)
                if ref in wanted and convert_listed.tells(task, zone):
                    url = self._settings.page_of(task.id)
                    latest[ref] = convert_listed.latest_run(task, ref, url, zone)
            if len(latest) == len(wanted):
                break
        return latest

    async def _listed(self, operation: str, token: str | None) -> Sheet[WireListedTask]:
        page = int(token or 1)
        answer = await self._http.get(
            operation,
            "/v1/tasks",
            query={
                "project_id": self._settings.project_id,
                "page": page,
                "page_size": PAGE,
            },
        )
        wire, left_out = answer.decode_list(LISTED_TASKS)
        found = wire.tasks or []
        got = len(found) + left_out
        return Sheet(
            items=tuple(found),
            next=next_page(page, size=PAGE, got=got, total=wire.total),
            total=wire.total,
            left_out=left_out,
        )
