"""CodeArts Check: which calls answer which question.

`Tasks` and `Scans` make the calls; here they are put together.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from typing_extensions import override

from providers.codearts_check import convert, findings, pages
from providers.codearts_check.faults import read_fault
from providers.codearts_check.listed import OLD_PAGE, PAGE, Tasks
from providers.codearts_check.scans import Scans
from providers.contract import Capability, Filter, Page, Provider, RunQuery, each
from providers.errors import NotFound
from providers.gateways.huawei import authentication
from providers.http import Http
from providers.masking import Secrets
from providers.model import Identity, LogTail, State
from providers.paging import collect, enough_for, page_of_runs, sheets

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from providers.codearts_check.convert import Glance
    from providers.codearts_check.settings import CodeArtsCheckSettings
    from providers.contract import Look
    from providers.http.network import Network
    from providers.model import Pipeline, PipelineRef, Run, RunRef


class CodeArtsCheckProvider(Provider):
    """Huawei Cloud CodeArts Check: tasks are pipelines, scans are runs."""

    kind = "codearts-check"
    title = "CodeArts Check"
    can = frozenset({Capability.READ_LOG})
    # No state for a scan that waits for its turn is documented.
    tells_queue = False
    native_filters = frozenset({Filter.SINCE, Filter.UNTIL})

    def __init__(
        self, connection: str, settings: CodeArtsCheckSettings, http: Http
    ) -> None:
        super().__init__(connection)
        self._api = settings.api
        self._project = settings.project_id
        self._tasks = Tasks(connection, settings, http)
        self._scans = Scans(settings, http)

    @override
    def locate(self, url: str) -> RunRef | PipelineRef | None:
        return pages.located(self.connection, url, self._project)

    @override
    async def check(self) -> Identity:
        total = await self._tasks.count("check")
        unit = "check task" if total == 1 else "check tasks"
        return Identity(detail=None if total is None else f"{total} {unit}")

    @override
    async def list_pipelines(
        self, search: str = "", *, limit: int = 500
    ) -> Page[Pipeline]:
        tasks, wanted = self._tasks, search.casefold()
        is_newer = self._api == "v1"
        return await collect(
            tasks.fetch_new if is_newer else tasks.fetch_old,
            key=lambda p: p.ref,
            limit=limit,
            keep=lambda p: wanted in p.name.casefold(),
            most=enough_for(limit, PAGE if is_newer else OLD_PAGE),
        )

    @override
    async def list_runs(self, query: RunQuery) -> Page[Run]:
        ours = query.asked - self.native_filters
        glance = await self._scans.glance("list_runs", query.pipeline)
        if glance is None:
            return Page(items=(), filtered_here=ours)
        fetch = self._scans.fetch(
            "list_runs", glance, since=query.since, until=query.until
        )
        return await page_of_runs(fetch, query, ours=ours)

    @override
    async def latest_runs(
        self, refs: Collection[PipelineRef]
    ) -> Mapping[PipelineRef, Look]:
        told = await self._tasks.latest(set(refs)) if self._api == "v1" else {}

        async def look(ref: PipelineRef) -> Run | None:
            # What the newer list does not tell is asked for task by task.
            if ref in told:
                return told[ref]
            return await self._scans.newest("latest_runs", ref)

        return await each(refs, look)

    @override
    async def get_run(self, ref: RunRef) -> Run:
        glance = await self._scans.glance("get_run", ref.pipeline)
        if glance is None:
            raise self._no_such_scan("get_run", ref)
        moment = convert.time_of(ref.id)
        since = moment - convert.LONGEST if moment else None
        newest: Run | None = None
        async for sheet in sheets(
            self._scans.fetch("get_run", glance, since=since),
            key=lambda run: run.ref,
        ):
            newest = newest or next(iter(sheet.items), None)
            for run in sheet.items:
                if run is newest and ref.id in convert.PLACEHOLDERS:
                    return await self._newest_in_full(run, glance)
                if convert.is_meant(run, ref.id):
                    # A time within a scan stays the scan's id for who asked by it.
                    asked = replace(run, ref=ref)
                    if run is newest:
                        return await self._newest_in_full(asked, glance)
                    return convert.past_in_full(asked)
        raise self._no_such_scan("get_run", ref)

    @override
    async def read_log(self, ref: RunRef, log: str, *, lines: int = 50) -> LogTail:
        # Without the id of an execution, which no list tells, the log is the newest
        # scan's: it must not be shown as another's.
        newest = await self._scans.newest("read_log", ref.pipeline)
        is_its_log = newest is not None and convert.is_meant(newest, ref.id)
        if newest is None or not is_its_log or log != findings.LOG:
            raise self._no_such_scan("read_log", ref)
        entries = await self._scans.log("read_log", ref.pipeline)
        found = findings.log_text(entries).splitlines()
        tail = "\n".join(found[max(len(found) - lines, 0) :])
        return LogTail(text=tail, cut=len(found) > lines, url=newest.url)

    async def _newest_in_full(self, run: Run, glance: Glance) -> Run:
        ref = run.ref.pipeline
        if glance.scan is State.SUCCEEDED:
            counts = await self._scans.statistic("get_run", ref)
            return convert.newest_in_full(run, glance, counts, ())
        if glance.scan is State.FAILED:
            entries = await self._scans.log("get_run", ref)
            return convert.newest_in_full(run, glance, None, entries)
        return convert.newest_in_full(run, glance, None, ())

    def _no_such_scan(self, operation: str, ref: RunRef) -> NotFound:
        return NotFound(
            f"no such scan, or not the newest any more: {ref.id}",
            connection=self.connection,
            operation=operation,
        )


def connect(
    name: str, settings: CodeArtsCheckSettings, network: Network
) -> CodeArtsCheckProvider:
    """Return the provider of the connection `name`."""
    secrets = Secrets(settings.secrets())
    http = Http(
        network,
        connection=name,
        base_url=settings.service_url,
        settings=settings,
        auth=authentication(settings, network, secrets),
        secrets=secrets,
        read_fault=read_fault,
    )
    return CodeArtsCheckProvider(name, settings, http)
