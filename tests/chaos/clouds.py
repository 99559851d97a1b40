"""Simulated clouds whose pipelines break and recover by chance, with a ledger of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from bot.demo.clouds.codearts_pipeline import CodeArtsPipelineCloud
from bot.demo.clouds.northflank import NorthflankCloud
from bot.demo.clouds.server import Cloud, LoopbackServer
from bot.demo.clouds.world import Ending, Job, SimPipeline, Stage, World, digits
from bot.demo.clouds.yunxiao import ORGANIZATION, TOKEN, YunxiaoCloud
from providers.clock import Clock
from tests.chaos.ledger import End

PROJECT = digits("the project of the chaos")
HUAWEI = {"access_key": "chaos-access-key", "secret_key": "chaos-secret-key"}
NORTHFLANK_TOKEN = "nf-chaos-token"  # obviously fake
PLENTY = 10_000_000

WORK = Stage(
    "Work",
    (Job("work", timedelta(seconds=1), ("checkout", "make"), "2 of 80 tests failed"),),
)
EVERY = timedelta(days=2)
"""No run comes by itself: the chance here starts them all."""

REST = 15.0
"""Seconds between two runs of a pipeline, on average."""

PROJECT_OF: Mapping[str, str] = {
    "flow": "{number}",
    "codearts": "{digits}",
    "northflank": "shop/services/{name}",
}
"""What a pipeline's id looks like, by connection."""


@dataclass(kw_only=True)
class Clouds:
    """The clouds, and all that truly happened in them."""

    clock: Clock
    chance: Random
    served: Mapping[str, Cloud]
    """By the names of the bot's connections."""
    urls: Mapping[str, str]
    pipelines: Mapping[str, str]
    """The connection of each pipeline, by its name."""
    ends: list[End] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    """The numbers of runs, by their ids, and by their pipelines and starts."""

    def target(self, name: str) -> str:
        """Return what is watched, as it is typed."""
        return f"{self.pipelines[name]}:{_ident(self.pipelines[name], name)}"

    async def play(self) -> None:
        """Start runs for ever, one after the other in each pipeline."""
        async with asyncio.TaskGroup() as group:
            for name in self.pipelines:
                group.create_task(self._play(name))

    async def settle(self) -> None:
        """Return when every run has ended."""
        last = max((end.at for end in self.ends), default=self.clock.now())
        await self.clock.sleep(max(last - self.clock.now(), timedelta()))

    async def _play(self, name: str) -> None:
        while True:
            await self._rest()
            last = self._start(name)
            await self.clock.sleep(max(last - self.clock.now(), timedelta()))

    def _start(self, name: str) -> Any:
        connection = self.pipelines[name]
        is_good = self.chance.random() < 1 / 2
        ending = Ending.PASSES if is_good else Ending.FAILS
        run = self.served[connection].world.start(_ident(connection, name), ending)
        self.numbers[run.id] = run.number
        view = run.at(self.clock.now() + timedelta(days=1))
        assert view.finished_at is not None
        for begun in filter(None, (run.created_at, view.started_at)):
            self.numbers[f"{name} {int(begun.timestamp())}"] = run.number
        self.ends.append(End(name, run.number, is_good, view.finished_at))
        return view.finished_at

    async def _rest(self) -> None:
        await self.clock.sleep(timedelta(seconds=self.chance.expovariate(1 / REST)))

    def connections(self) -> dict[str, dict[str, Any]]:
        """Return the connections as they stand in runbell.yml; see `ENVIRONMENT`."""
        said: dict[str, dict[str, Any]] = {
            "flow": {
                "kind": "yunxiao",
                "token": "${CHAOS_FLOW}",
                "organization": ORGANIZATION,
            },
            "codearts": {
                "kind": "codearts-pipeline",
                "region": "cn-north-4",
                "project_id": PROJECT,
                "access_key": "${CHAOS_HUAWEI_ACCESS}",
                "secret_key": "${CHAOS_HUAWEI_SECRET}",
            },
            "northflank": {"kind": "northflank", "token": "${CHAOS_NORTHFLANK}"},
        }
        return {
            name: {**said[name], "base_url": url, "allow_http": True}
            for name, url in self.urls.items()
        }


ENVIRONMENT = {
    "CHAOS_FLOW": TOKEN,
    "CHAOS_HUAWEI_ACCESS": HUAWEI["access_key"],
    "CHAOS_HUAWEI_SECRET": HUAWEI["secret_key"],
    "CHAOS_NORTHFLANK": NORTHFLANK_TOKEN,
}
"""What the configuration refers to."""


@asynccontextmanager
async def open_clouds(
    clock: Clock, chance: Random, *, each: int
) -> AsyncIterator[Clouds]:
    """Serve three clouds with so many pipelines each."""
    worlds = {connection: World(clock) for connection in PROJECT_OF}
    pipelines: dict[str, str] = {}
    for connection, world in worlds.items():
        for number in range(each):
            name = f"{connection}-{number}"
            pipelines[name] = connection
            world.add(
                SimPipeline(
                    id=_ident(connection, name),
                    name=name,
                    stages=(WORK,),
                    every=EVERY,
                    phase=EVERY / 2,
                ),
                history=2,
            )
    served: dict[str, Cloud] = {
        "flow": YunxiaoCloud(worlds["flow"]),
        "codearts": CodeArtsPipelineCloud(
            worlds["codearts"], project_id=PROJECT, **HUAWEI
        ),
        "northflank": NorthflankCloud(
            worlds["northflank"], token=NORTHFLANK_TOKEN, requests_per_hour=PLENTY
        ),
    }
    async with AsyncExitStack() as stack:
        urls = {
            name: (await stack.enter_async_context(LoopbackServer(cloud.app()))).url
            for name, cloud in served.items()
        }
        yield Clouds(
            clock=clock,
            chance=chance,
            served=served,
            urls=urls,
            pipelines=pipelines,
        )


def _ident(connection: str, name: str) -> str:
    return PROJECT_OF[connection].format(
        name=name, digits=digits(name), number=1000 + int(name.rpartition("-")[2])
    )
