"""Yunxiao Flow: which calls answer which question, whichever of its APIs is spoken.

Lists say little: no branch, no commit, in the newer API perhaps not even a state, and a
run that waits for somebody's approval is RUNNING there. Where a question turns on such
a thing, the run is read in full.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from typing_extensions import override

from providers.auth.acs3 import Acs3Signature
from providers.auth.token import HeaderToken
from providers.contract import Capability, Filter, Page, Provider, RunQuery
from providers.errors import BadAnswer, NotFound, ProviderError
from providers.http import Http
from providers.masking import Secrets
from providers.model import Identity, State
from providers.paging import (
    MOST_SHEETS,
    Sheet,
    collect,
    enough_for,
    page_of_runs,
)
from providers.yunxiao import convert, pages, words
from providers.yunxiao.convert import Setting
from providers.yunxiao.dialect import Dialect, Narrowing
from providers.yunxiao.faults import read_fault
from providers.yunxiao.oapi import TokenApi
from providers.yunxiao.settings import SIGNED
from providers.yunxiao.signed import SignedApi

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import SecretStr

    from providers.http.network import Network
    from providers.model import LogTail, Pipeline, PipelineRef, Run, RunRef
    from providers.yunxiao.settings import YunxiaoSettings
    from providers.yunxiao.wire import WireRun, WireStep

MOST_LISTED = 50
"""How many pages of pipelines are read, where more is not asked for."""

FILL_IN = 10
"""Runs on a page of which each may have to be read in full."""

MOST_FILLED_IN = 3
"""Such pages read at the most: a question by branch costs 33 calls and no more."""

MOST_FAILED_JOBS = 3
"""Failed jobs of a run whose steps are asked for, one call each."""


class YunxiaoProvider(Provider):
    """Yunxiao Flow: pipelines of one organization; stages, jobs and steps of a run."""

    kind = "yunxiao"
    title = "Alibaba Cloud Yunxiao Flow"
    can = frozenset({Capability.READ_LOG})
    # No word for a run that waits for its turn is documented: it is shown as running.
    tells_queue = False
    native_filters = frozenset(
        {Filter.STATE, Filter.TRIGGER, Filter.SINCE, Filter.UNTIL}
    )

    def __init__(
        self, connection: str, settings: YunxiaoSettings, dialect: Dialect
    ) -> None:
        super().__init__(connection)
        self._size = settings.page_size
        self._setting = Setting(zone=settings.zone, site=settings.site)
        self._dialect = dialect

    @override
    def locate(self, url: str) -> RunRef | PipelineRef | None:
        return pages.located(self.connection, url, self._setting.site)

    @override
    async def check(self) -> Identity:
        # Asking who we are would prove the key, but neither the organization nor that
        # its pipelines may be read.
        sheet = await self._dialect.pipelines("check", None, 1)
        total = sheet.total
        unit = "pipeline" if total == 1 else "pipelines"
        return Identity(detail=None if total is None else f"{total} {unit}")

    @override
    async def list_pipelines(
        self, search: str = "", *, limit: int = 500
    ) -> Page[Pipeline]:
        async def fetch(token: str | None) -> Sheet[Pipeline]:
            sheet = await self._dialect.pipelines("list_pipelines", token, self._size)
            items = (
                convert.pipeline(self.connection, wire, self._setting)
                for wire in sheet.items
            )
            return Sheet(
                items=tuple(items),
                next=sheet.next,
                total=sheet.total,
                left_out=sheet.left_out,
            )

        # The vendor's `pipelineName` is not used: whether it means the whole name or a
        # part of it is not documented.
        wanted = search.casefold()
        return await collect(
            fetch,
            key=lambda p: p.ref,
            limit=limit,
            keep=lambda p: wanted in p.name.casefold(),
            most=enough_for(limit, self._size, least=MOST_LISTED),
        )

    @override
    async def list_runs(self, query: RunQuery) -> Page[Run]:
        narrowing, native = _narrowed(query)
        by_branch = query.branch is not None
        others = replace(query, states=frozenset(), branch=None)

        async def fetch(token: str | None) -> Sheet[Run]:
            sheet = await self._dialect.runs(
                "list_runs",
                query.pipeline.id,
                narrowing,
                token,
                min(self._size, FILL_IN) if by_branch else self._size,
            )
            runs = await self._as_asked(query, others, sheet.items)
            # The order is documented nowhere; numbers are given in turn.
            runs.sort(key=lambda run: run.number or 0, reverse=True)
            return Sheet(
                items=tuple(runs),
                next=sheet.next,
                total=sheet.total,
                left_out=sheet.left_out,
            )

        page = await page_of_runs(
            fetch,
            query,
            ours=query.asked - native,
            most=MOST_FILLED_IN if by_branch else MOST_SHEETS,
        )
        newest_first = sorted(page.items, key=lambda r: r.number or 0, reverse=True)
        return replace(page, items=tuple(newest_first))

    @override
    async def _latest_run(self, ref: PipelineRef) -> Run | None:
        wire = await self._dialect.latest(ref.id)
        if wire is None:
            return None
        run = convert.run(ref, wire, self._setting)
        if run.tasks is None and _may_wait(run):
            return await self._filled_in("latest_runs", ref, wire)
        return run

    @override
    async def get_run(self, ref: RunRef) -> Run:
        wire = await self._dialect.run("get_run", ref.pipeline.id, ref.id)
        jobs = convert.failed_jobs(wire)[:MOST_FAILED_JOBS]
        steps = await asyncio.gather(*(self._steps(ref, job) for job in jobs))
        by_job = dict(zip(jobs, steps, strict=True))
        run = convert.run(ref.pipeline, wire, self._setting, by_job)
        return replace(run, tasks=run.tasks or ())

    @override
    async def read_log(self, ref: RunRef, log: str, *, lines: int = 50) -> LogTail:
        wire = await self._dialect.log(ref.pipeline.id, ref.id, log)
        return convert.log_tail(wire, lines, convert.url(ref, self._setting))

    async def _steps(self, ref: RunRef, job: str) -> Sequence[WireStep]:
        try:
            return await self._dialect.steps(ref.pipeline.id, ref.id, job)
        except ProviderError:
            # The run itself is known, and that its job failed: steps are an extra, and
            # reading them is a permission of its own.
            return ()

    async def _as_asked(
        self, query: RunQuery, others: RunQuery, wires: Sequence[WireRun]
    ) -> list[Run]:
        """Return listed runs, read in full where the question turns on it."""
        runs = [convert.run(query.pipeline, wire, self._setting) for wire in wires]
        is_open = bool(query.states & {State.RUNNING, State.WAITING})
        by_branch = query.branch is not None
        unclear = [
            place
            for place, run in enumerate(runs)
            if (by_branch or run.native is None or (is_open and _may_wait(run)))
            and others.matches(run)
        ]
        if not unclear:
            return runs
        full = await asyncio.gather(
            *(
                self._filled_in("list_runs", query.pipeline, wires[place])
                for place in unclear
            )
        )
        for place, run in zip(unclear, full, strict=True):
            runs[place] = run
        return runs

    async def _filled_in(self, operation: str, ref: PipelineRef, wire: WireRun) -> Run:
        """Return a listed run in full; only the list has its start and its end."""
        try:
            full = await self._dialect.run(operation, ref.id, wire.pipelineRunId)
        except (NotFound, BadAnswer):
            # What the list said still stands.
            return convert.run(ref, wire, self._setting)
        listed = wire.model_dump(include={"pipelineRunId", "startTime", "endTime"})
        return convert.run(ref, full.model_copy(update=listed), self._setting)


def _may_wait(run: Run) -> bool:
    """Return whether the vendor's list may hide that somebody has to act."""
    return run.state in {State.RUNNING, State.WAITING} and run.reason is None


def _narrowed(query: RunQuery) -> tuple[Narrowing, frozenset[Filter]]:
    """Return what the vendor can narrow its list by, and which filters those are."""
    states = [words.FILTERED_BY.get(state) for state in query.states]
    modes = [words.MODES.get(kind) for kind in query.triggers]
    narrowing = Narrowing(
        # One value each: several are sifted here.
        status=states[0] if len(states) == 1 else None,
        mode=modes[0] if len(modes) == 1 else None,
        since=int(query.since.timestamp() * 1000) if query.since else None,
        until=int(query.until.timestamp() * 1000) if query.until else None,
    )
    used: Mapping[Filter, object] = {
        Filter.STATE: narrowing.status,
        Filter.TRIGGER: narrowing.mode,
        Filter.SINCE: narrowing.since,
        Filter.UNTIL: narrowing.until,
    }
    return narrowing, frozenset(f for f, value in used.items() if value is not None)


def connect(name: str, settings: YunxiaoSettings, network: Network) -> YunxiaoProvider:
    """Return the provider of the connection `name`."""
    http = Http(
        network,
        connection=name,
        base_url=settings.address,
        settings=settings,
        auth=_auth(settings, network),
        secrets=Secrets(settings.secrets()),
        read_fault=read_fault,
    )
    organization = settings.organization or ""
    dialect: Dialect
    if settings.api == SIGNED:
        dialect = SignedApi(http, organization)
    else:
        is_region = settings.edition == "region"
        dialect = TokenApi(http, None if is_region else organization)
    return YunxiaoProvider(name, settings, dialect)


def _auth(settings: YunxiaoSettings, network: Network) -> Acs3Signature | HeaderToken:
    if settings.api == SIGNED:
        return Acs3Signature(
            access_key_id=_plain(settings.access_key_id),
            access_key_secret=_plain(settings.access_key_secret),
            security_token=_plain(settings.security_token) or None,
            version=SIGNED,
            now=network.clock.now,
            nonce=network.nonce,
        )
    return HeaderToken(_plain(settings.token), header="x-yunxiao-token")


def _plain(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
