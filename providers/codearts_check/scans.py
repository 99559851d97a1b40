"""Reading one task: how its newest scan stands, and the history of its scans.

The status has no times and the history has no status, so one look at a task takes its
progress, its summary and the top of its history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from providers.codearts_check import convert
from providers.codearts_check.wire import HISTORY, LOG, PROGRESS, STATISTIC, SUMMARY
from providers.paging import Fetch, Sheet, next_page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from providers.codearts_check.convert import Glance
    from providers.codearts_check.settings import CodeArtsCheckSettings
    from providers.codearts_check.wire import WireLogEntry, WireRecord, WireStatistic
    from providers.http import Http
    from providers.model import PipelineRef, Run

PAGE = 100
"""Scans on a page of the history; up to 1000 are documented."""


class Scans:
    """The calls about one task; `operation` is the word that errors name."""

    def __init__(self, settings: CodeArtsCheckSettings, http: Http) -> None:
        self._settings = settings
        self._http = http

    async def glance(self, operation: str, ref: PipelineRef) -> Glance | None:
        """Return what is known of a task's newest scan; `None`: never scanned."""
        answer = await self._http.get(operation, "/v2/tasks/{}/progress", ref.id)
        progress = answer.decode(PROGRESS)
        if progress.task_status is None:
            return None
        answer = await self._http.get(operation, "/v2/tasks/{}/defects-summary", ref.id)
        return convert.Glance(
            ref=ref,
            url=self._settings.page_of(ref.id),
            zone=self._settings.zone,
            progress=progress,
            summary=answer.decode(SUMMARY),
        )

    async def newest(self, operation: str, ref: PipelineRef) -> Run | None:
        """Return a task's newest scan; `None`: never scanned."""
        glance = await self.glance(operation, ref)
        if glance is None:
            return None
        return (await self.fetch(operation, glance)(None)).items[0]

    def fetch(
        self,
        operation: str,
        glance: Glance,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Fetch[Run]:
        """Return what fetches a page of a task's scans, the newest scan at its head.

        Args:
            operation: the word in errors.
            glance: the task.
            since: when a scan in the history began at the earliest.
            until: when it began at the latest.

        """
        # A window that ends in the past may end before the newest scan, which then can
        # be told from those in the window only by its time.
        is_told = glance.when(glance.summary.last_check_time) is not None
        has_newest = until is None or is_told
        # The vendor's window ends by when scans ended, ours by when they began.
        window = {
            "start_time": _utc(since),
            "end_time": _utc(until + convert.LONGEST if until else None),
        }

        async def fetch(token: str | None) -> Sheet[Run]:
            sheet = await self._history(operation, glance, token, window)
            newest = token is None and has_newest
            return Sheet(
                items=convert.scans(glance, sheet.items, newest=newest),
                next=sheet.next,
                total=sheet.total,
                left_out=sheet.left_out,
            )

        return fetch

    async def statistic(self, operation: str, ref: PipelineRef) -> WireStatistic:
        """Return the counts of the newest scan's issues."""
        answer = await self._http.get(
            operation, "/v2/tasks/{}/defects-statistic", ref.id
        )
        return answer.decode(STATISTIC)

    async def log(self, operation: str, ref: PipelineRef) -> Sequence[WireLogEntry]:
        """Return why the newest scan failed."""
        project = self._settings.project_id
        answer = await self._http.get(
            operation, "/v2/{}/tasks/{}/log-detail", project, ref.id
        )
        wire, _ = answer.decode_list(LOG)
        return wire.log_info or ()

    async def _history(
        self,
        operation: str,
        glance: Glance,
        token: str | None,
        window: Mapping[str, str | None],
    ) -> Sheet[WireRecord]:
        """Return a page of the history; a token with a minus goes from the end back.

        The order is not documented: where the history runs from old to new, its last
        page is our first.
        """
        sheet = await self._page(operation, glance, token or "0", window)
        total = sheet.total
        if token is None and sheet.next and total:
            if not convert.is_oldest_first(sheet.items, glance.zone):
                return sheet
            last = f"-{(total - 1) // PAGE}"
            return await self._page(operation, glance, last, window)
        return sheet

    async def _page(
        self,
        operation: str,
        glance: Glance,
        token: str,
        window: Mapping[str, str | None],
    ) -> Sheet[WireRecord]:
        # `offset` is the number of a page, counted from 0, not of a record.
        page, backwards = int(token.removeprefix("-")), token.startswith("-")
        answer = await self._http.get(
            operation,
            "/v2/{}/tasks/{}/checkrecord",
            self._settings.project_id,
            glance.ref.id,
            query={"offset": page, "limit": PAGE, **window},
        )
        wire, left_out = answer.decode_list(HISTORY)
        found = wire.data or []
        got = len(found) + left_out
        if backwards:
            following = f"-{page - 1}" if page else None
        else:
            more = next_page(page + 1, size=PAGE, got=got, total=wire.total)
            following = str(page + 1) if more else None
        return Sheet(
            items=tuple(found), next=following, total=wire.total, left_out=left_out
        )


def _utc(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
