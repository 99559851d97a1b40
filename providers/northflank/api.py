"""Northflank: which calls answer which question.

A pipeline here is one list of runs: the release flow of a stage of a pipeline, the
builds of a service, the runs of a job or its builds.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from typing_extensions import override

from providers.auth.token import HeaderToken
from providers.contract import Capability, Filter, Page, Provider, RunQuery, each
from providers.errors import BadAnswer, NotFound
from providers.http import Http
from providers.masking import Secrets
from providers.model import LogTail
from providers.northflank import convert, pages, words
from providers.northflank.calls import Calls
from providers.northflank.faults import read_fault, read_quota
from providers.northflank.inventory import Inventory
from providers.northflank.source import LogSource, Source
from providers.paging import Sheet, page_of_runs, sheets

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from providers.contract import Look
    from providers.http.network import Network
    from providers.model import Identity, Pipeline, PipelineRef, Run, RunRef
    from providers.northflank.convert import Place
    from providers.northflank.settings import NorthflankSettings

MOST_SHEETS = 20
"""How many pages are read to find the newest of runs that come in no order."""

LONGEST_QUEUED = timedelta(days=1)
"""Runs are ordered by when they appeared and filtered by when they started: how far
the two are taken to lie apart at the most."""

FORMS = (
    "a pipeline is written project/pipelines/pipeline/stage, project/services/service, "
    "project/jobs/job or project/jobs/job/builds"
)


class NorthflankProvider(Provider):
    """Northflank: release flows, builds and job runs."""

    kind = "northflank"
    title = "Northflank"
    can = frozenset({Capability.READ_LOG})
    native_filters = frozenset({Filter.STATE})

    def __init__(
        self, connection: str, settings: NorthflankSettings, http: Http
    ) -> None:
        super().__init__(connection)
        self._settings = settings
        self._secrets = Secrets(settings.secrets())
        self._calls = Calls(http, settings.team)
        self._inventory = Inventory(connection, settings, self._calls)

    @override
    def locate(self, url: str) -> RunRef | PipelineRef | None:
        return pages.located(self.connection, url, self._settings.projects)

    @override
    async def check(self) -> Identity:
        found = await self._calls.who()
        return convert.identity(found, self._settings.team, self._settings.zone)

    @override
    async def list_pipelines(
        self, search: str = "", *, limit: int = 500
    ) -> Page[Pipeline]:
        return await self._inventory.pipelines(search, limit)

    @override
    async def list_runs(self, query: RunQuery) -> Page[Run]:
        place = self._place(query.pipeline, "list_runs")
        native = words.native_filter(place.source.kind, query.states)

        async def fetch(token: str | None) -> Sheet[Run]:
            sheet = await self._calls.runs("list_runs", place, token, native)
            runs = convert.newest_first(sheet.items)
            is_past = _is_past(query, sheet.items)
            return replace(sheet, items=runs, next=None if is_past else sheet.next)

        ours = query.asked - ({Filter.STATE} if native else set())
        page = await page_of_runs(fetch, query, ours=ours)
        return replace(page, items=convert.newest_first(page.items))

    @override
    async def latest_runs(
        self, refs: Collection[PipelineRef]
    ) -> Mapping[PipelineRef, Look]:
        return await each(refs, self._newest)

    async def _newest(self, ref: PipelineRef) -> Run | None:
        """Return the newest run, in one call where the page proves to be in order."""
        place = self._place(ref, "latest_runs")
        newest: tuple[Run, ...] = ()
        left_out = 0
        async for sheet in sheets(
            lambda token: self._calls.runs("latest_runs", place, token),
            key=lambda run: run.ref,
            most=MOST_SHEETS,
        ):
            newest = convert.newest_first((*newest, *sheet.items))[:1]
            left_out += sheet.left_out
            # The order is undocumented. Behind a page that is newest first nothing is
            # newer; behind one that is not, anything may be.
            if sheet.next is None or convert.is_newest_first(sheet.items):
                break
        else:
            raise self._unclear("runs in no order, and more behind the last page read")
        if left_out and not newest:
            raise self._unclear("runs, and not one that could be read")
        return newest[0] if newest else None

    def _unclear(self, detail: str) -> BadAnswer:
        return BadAnswer(detail, connection=self.connection, operation="latest_runs")

    @override
    async def get_run(self, ref: RunRef) -> Run:
        return await self._calls.run(self._place(ref.pipeline, "get_run"), ref.id)

    @override
    async def read_log(self, ref: RunRef, log: str, *, lines: int = 50) -> LogTail:
        place = self._place(ref.pipeline, "read_log")
        source = LogSource.parse(log)
        if source is None:
            raise self._no_such("read_log", log, "a log is named by its task")
        # One more than wanted: it says whether there is more before.
        found = await self._calls.log(source, lines=lines + 1)
        tail = convert.log_lines(found)
        last = tail[max(len(tail) - lines, 0) :]
        return LogTail(
            text=self._secrets.mask("\n".join(last)),
            cut=len(tail) > lines,
            url=place.url,
        )

    def _place(self, ref: PipelineRef, operation: str) -> Place:
        source = Source.parse(ref.id)
        if source is None:
            raise self._no_such(operation, ref.id, FORMS)
        return self._inventory.place(source)

    def _no_such(self, operation: str, what: str, hint: str) -> NotFound:
        return NotFound(
            f"no such thing: {what!r}; {hint}",
            connection=self.connection,
            operation=operation,
        )


def _is_past(query: RunQuery, runs: tuple[Run, ...]) -> bool:
    """Return whether all behind these runs is older than what is asked for."""
    if query.since is None or not runs or not convert.is_newest_first(runs):
        return False
    oldest = runs[-1].created_at or runs[-1].started_at
    return oldest is not None and oldest < query.since - LONGEST_QUEUED


def connect(
    name: str, settings: NorthflankSettings, network: Network
) -> NorthflankProvider:
    """Return the provider of the connection `name`."""
    http = Http(
        network,
        connection=name,
        base_url=settings.base_url,
        settings=settings,
        auth=HeaderToken.bearer(settings.token.get_secret_value()),
        secrets=Secrets(settings.secrets()),
        read_fault=read_fault,
        read_quota=read_quota,
    )
    return NorthflankProvider(name, settings, http)
