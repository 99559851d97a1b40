"""A provider played from a table; it counts what it is asked and fails on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from typing_extensions import override

from providers.contract import Look, Page, Provider, RunQuery
from providers.errors import NotFound, ProviderError
from providers.model import (
    Identity,
    Pipeline,
    PipelineRef,
    Run,
    RunRef,
    State,
    Trigger,
)

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def make_run(
    ref: PipelineRef, number: int, state: State = State.SUCCEEDED, **more: Any
) -> Run:
    """Return a run that began `number` minutes after noon and took one minute."""
    start = NOON + timedelta(minutes=number)
    known: dict[str, Any] = {
        "native": state.value.upper(),
        "number": number,
        "branch": "main",
        "trigger": Trigger(actor="kim"),
        "started_at": start,
        "finished_at": start + timedelta(minutes=1) if state.is_over else None,
    }
    return Run(ref=RunRef(ref, str(number)), state=state, **{**known, **more})


class FakeProvider(Provider):
    """Its pipelines are named in `runs`; the newest run stands last."""

    kind = "fake"
    title = "Fake CI"

    def __init__(self, connection: str, runs: Mapping[str, Collection[State]]) -> None:
        super().__init__(connection)
        self.asked: list[str] = []
        self.failure: ProviderError | None = None
        self.broken: dict[str, ProviderError] = {}
        self.gate: asyncio.Event | None = None
        self.runs = {
            PipelineRef(connection, ident): [
                make_run(PipelineRef(connection, ident), number, state)
                for number, state in enumerate(states, 1)
            ]
            for ident, states in runs.items()
        }

    @override
    def locate(self, url: str) -> RunRef | PipelineRef | None:
        page = url.removeprefix("https://fake.example/")
        pipeline, _, run = page.partition("/")
        ref = PipelineRef(self.connection, pipeline)
        if ref not in self.runs:
            return None
        return RunRef(ref, run) if run else ref

    @override
    async def check(self) -> Identity:
        await self._asked("check")
        return Identity(name="fake")

    @override
    async def list_pipelines(
        self, search: str = "", *, limit: int = 500
    ) -> Page[Pipeline]:
        await self._asked("list_pipelines")
        found = [
            Pipeline(ref=ref, name=ref.id.rpartition("/")[2], group="shop")
            for ref in self.runs
            if search in ref.id
        ]
        return Page(items=tuple(found[:limit]), next="more" if found[limit:] else None)

    @override
    async def list_runs(self, query: RunQuery) -> Page[Run]:
        await self._asked("list_runs")
        if query.pipeline.id in self.broken:
            raise self.broken[query.pipeline.id]
        newest_first = self.runs[query.pipeline][::-1]
        return Page(
            items=tuple(newest_first[: query.limit]),
            next="more" if newest_first[query.limit :] else None,
            filtered_here=query.asked,
        )

    @override
    async def latest_runs(
        self, refs: Collection[PipelineRef]
    ) -> Mapping[PipelineRef, Look]:
        await self._asked("latest_runs")
        return {
            ref: self.broken.get(ref.id)
            or (self.runs[ref][-1] if self.runs[ref] else None)
            for ref in refs
        }

    @override
    async def get_run(self, ref: RunRef) -> Run:
        await self._asked("get_run")
        for run in self.runs[ref.pipeline]:
            if run.ref == ref:
                return run
        raise NotFound("no such run", connection=self.connection, operation="get_run")

    async def _asked(self, operation: str) -> None:
        self.asked.append(operation)
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
