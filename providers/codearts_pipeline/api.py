"""CodeArts Pipeline: which calls answer which question.

The list of pipelines carries each one's latest run, a batch call gives the latest runs
of many pipelines by id, and nearly everything that reads is a POST.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import override

from providers.codearts_pipeline import convert, pages
from providers.codearts_pipeline.faults import read_fault
from providers.codearts_pipeline.wire import (
    LATEST_RUNS,
    LOG,
    PIPELINE_LIST,
    RUN_DETAIL,
    RUN_LIST,
)
from providers.codearts_pipeline.words import native_states, native_triggers
from providers.contract import Capability, Filter, Page, Provider, RunQuery
from providers.errors import NotFound, Refused
from providers.gateways.huawei import authentication
from providers.http import Http
from providers.masking import Secrets
from providers.model import Identity
from providers.paging import (
    Sheet,
    collect,
    enough_for,
    next_offset,
    page_of_runs,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from providers.answer import Answer
    from providers.codearts_pipeline.settings import CodeArtsPipelineSettings
    from providers.contract import Look
    from providers.http.network import Network
    from providers.model import LogTail, Pipeline, PipelineRef, Run, RunRef

ROOT = "/v5/{}/api/pipelines"
MOST_LISTED = 2000
"""How many pipelines of a project are looked through for one that was asked for."""

RUNS = f"{ROOT}/{{}}/pipeline-runs"
STEP_LOG = f"{RUNS}/{{}}/jobs/{{}}/steps/{{}}/logs"

MOST_SHEETS = 40
"""How many pages of pipelines are read for one question, where more is not asked."""

FIRST_LOOK = 10
"""Entries asked for where one would do: the older API refused fewer."""

MOST_LINES = 1000
"""The most lines of a log asked for; no maximum is documented, 1000 is known good."""


class CodeArtsPipelineProvider(Provider):
    """Huawei Cloud CodeArts Pipeline: one project's pipelines."""

    kind = "codearts-pipeline"
    title = "CodeArts Pipeline"
    can = frozenset({Capability.READ_LOG})
    native_filters = frozenset(
        {Filter.STATE, Filter.TRIGGER, Filter.SINCE, Filter.UNTIL}
    )

    def __init__(
        self, connection: str, settings: CodeArtsPipelineSettings, http: Http
    ) -> None:
        super().__init__(connection)
        self._settings = settings
        self._http = http
        self._project = settings.project_id
        self._view = convert.View(
            connection=connection,
            project_id=settings.project_id,
            zone=settings.zone,
            console=settings.console,
        )

    @override
    def locate(self, url: str) -> RunRef | PipelineRef | None:
        return pages.located(self.connection, url, self._project)

    @override
    async def check(self) -> Identity:
        answer = await self._list("check", {"offset": 0, "limit": FIRST_LOOK})
        wire, _ = answer.decode_list(PIPELINE_LIST)
        names = [p.project_name for p in wire.pipelines or () if p.project_name]
        unit = "pipeline" if wire.total == 1 else "pipelines"
        return Identity(
            name=names[0] if names else None,
            detail=None if wire.total is None else f"{wire.total} {unit}",
        )

    @override
    async def list_pipelines(
        self, search: str = "", *, limit: int = 500
    ) -> Page[Pipeline]:
        size = self._settings.page_size
        order = {"sort_key": "name", "sort_dir": "asc"}

        async def fetch(token: str | None) -> Sheet[Pipeline]:
            offset = int(token or 0)
            body = {"offset": offset, "limit": size, **order}
            answer = await self._list("list_pipelines", body)
            wire, left_out = answer.decode_list(PIPELINE_LIST)
            found = wire.pipelines or []
            return Sheet(
                items=tuple(convert.pipeline(p, self._view) for p in found),
                next=next_offset(
                    offset, size=size, got=len(found) + left_out, total=wire.total
                ),
                total=wire.total,
                left_out=left_out,
            )

        # The vendor's own search is "fuzzy", and nothing says that it minds no case.
        wanted = search.casefold()
        return await collect(
            fetch,
            key=lambda p: p.ref,
            limit=limit,
            keep=lambda p: wanted in p.name.casefold(),
            most=enough_for(limit, size, least=MOST_SHEETS),
        )

    @override
    async def list_runs(self, query: RunQuery) -> Page[Run]:
        asked_for, ours = _native(query)
        return await page_of_runs(
            lambda token: self._runs(query.pipeline, token, asked_for), query, ours=ours
        )

    async def _runs(
        self, pipeline: PipelineRef, token: str | None, asked_for: dict[str, Any]
    ) -> Sheet[Run]:
        offset, size = int(token or 0), self._settings.page_size
        answer = await self._http.post(
            "list_runs",
            f"{RUNS}/list",
            self._project,
            pipeline.id,
            json={
                **asked_for,
                "offset": offset,
                "limit": size,
                "sort_key": "start_time",
                "sort_dir": "desc",
            },
            repeatable=True,
        )
        wire, left_out = answer.decode_list(RUN_LIST)
        found = wire.pipeline_runs or []
        return Sheet(
            items=tuple(convert.run(r, self._view) for r in found),
            next=next_offset(
                offset, size=size, got=len(found) + left_out, total=wire.total
            ),
            total=wire.total,
            left_out=left_out,
        )

    @override
    async def latest_runs(
        self, refs: Collection[PipelineRef]
    ) -> Mapping[PipelineRef, Look]:
        unique = list(dict.fromkeys(refs))
        size = self._settings.batch_size
        latest: dict[PipelineRef, Look] = {}
        for start in range(0, len(unique), size):
            latest |= await self._latest(unique[start : start + size])
        return latest

    async def _latest(self, refs: list[PipelineRef]) -> dict[PipelineRef, Look]:
        """Return the latest runs of as many pipelines as one call may ask for.

        The answer leaves out pipelines that have never run, so its entries are told by
        their ids, never by their place.
        """
        try:
            answer = await self._http.post(
                "latest_runs",
                f"{ROOT}/status",
                self._project,
                json=[ref.id for ref in refs],
                repeatable=True,
            )
        except (NotFound, Refused):
            # Whether one odd id spoils the whole batch is documented nowhere.
            return await self._latest_of_list(refs)
        wire, left_out = answer.decode_list(LATEST_RUNS)
        found = {r.pipeline_id: convert.run(r, self._view) for r in wire}
        # An entry we cannot read may be anybody's: then nobody "has never run".
        absent = answer.bad("an entry could not be read") if left_out else None
        return {ref: found.get(ref.id, absent) for ref in refs}

    async def _latest_of_list(self, refs: list[PipelineRef]) -> dict[PipelineRef, Look]:
        """Return the latest runs as the list of all pipelines has them."""
        page = await self.list_pipelines(limit=MOST_LISTED)
        listed = {pipeline.ref: pipeline for pipeline in page.items}
        return {
            ref: listed[ref].latest if ref in listed else self._not_listed(ref)
            for ref in refs
        }

    def _not_listed(self, ref: PipelineRef) -> NotFound:
        return NotFound(
            f"the project lists no pipeline {ref.id}",
            connection=self.connection,
            operation="latest_runs",
        )

    @override
    async def get_run(self, ref: RunRef) -> Run:
        answer = await self._http.get(
            "get_run",
            f"{RUNS}/detail",
            self._project,
            ref.pipeline.id,
            query={"pipeline_run_id": ref.id},
        )
        wire, left_out = answer.decode_list(RUN_DETAIL)
        if wire.id != ref.id:
            # Without an id it knows, the service answers with the latest run.
            raise answer.bad("another run than the one asked for")
        pipeline = ref.pipeline.id
        return convert.run_in_full(wire, self._view, pipeline, left_out=left_out)

    @override
    async def read_log(self, ref: RunRef, log: str, *, lines: int = 50) -> LogTail:
        job, _, step = log.partition("/")
        answer = await self._http.post(
            "read_log",
            STEP_LOG,
            self._project,
            ref.pipeline.id,
            ref.id,
            job,
            step,
            json={
                "limit": min(lines, MOST_LINES),
                "sort": "desc",
                "start_offset": 0,
                "end_offset": 0,
            },
            repeatable=True,
        )
        wire = answer.decode(LOG)
        return convert.log_tail(wire, lines)

    async def _list(self, operation: str, body: dict[str, Any]) -> Answer:
        return await self._http.post(
            operation, f"{ROOT}/list", self._project, json=body, repeatable=True
        )


def _native(query: RunQuery) -> tuple[dict[str, Any], frozenset[Filter]]:
    """Return what of a query the vendor is asked for, and which filters are left to us.

    Whom a run is by can be asked for by id only, and people write names.
    """
    values: dict[Filter, tuple[str, Any]] = {
        Filter.STATE: ("status", native_states(query.states)),
        Filter.TRIGGER: ("trigger_type", native_triggers(query.triggers)),
        Filter.SINCE: ("start_time", _milliseconds(query.since)),
        Filter.UNTIL: ("end_time", _milliseconds(query.until)),
    }
    told = {name: pair for name, pair in values.items() if pair[1]}
    return dict(told.values()), query.asked - told.keys()


def _milliseconds(moment: datetime | None) -> str | None:
    """Return a time as the filters take it; text without a zone would be a guess."""
    return str(int(moment.timestamp() * 1000)) if moment else None


def connect(
    name: str, settings: CodeArtsPipelineSettings, network: Network
) -> CodeArtsPipelineProvider:
    """Return the provider of the connection `name`."""
    secrets = Secrets(settings.secrets())
    http = Http(
        network,
        connection=name,
        base_url=settings.address,
        settings=settings,
        auth=authentication(settings, network, secrets),
        secrets=secrets,
        read_fault=read_fault,
    )
    return CodeArtsPipelineProvider(name, settings, http)
