"""Simulated clouds whose pipelines break and recover by chance, with a ledger of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any

from bot.demo.clouds.codearts_pipeline import CodeArtsPipelineCloud
from bot.demo.clouds.northflank import NorthflankCloud
from bot.demo.clouds.server import Cloud, LoopbackServer
from bot.demo.clouds.world import (
    Ending,
    Job,
    SimPipeline,
    SimRun,
    Stage,
    World,
    digits,
)
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

GOOD = 0.5
"""The share of runs that end well, and of retries."""

RETRIED = 0.4
"""The share of failures that are retried, under the same id, and those again."""

IN_HASTE = 0.5
"""The share of retries that a machine makes; the others are made by somebody who was
told of the failure in the channel."""

LONGEST_HASTE = 8.0
"""Seconds after which a machine retries at the latest."""

PATIENCE = timedelta(seconds=60)
"""For how long somebody waits to be told."""

GLANCE = timedelta(seconds=1)
"""How often somebody looks whether the channel was told."""

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
    was_told: Callable[[str, int], bool] = lambda _, __: False
    """Whether the channel of a pipeline was told of a run of it."""
    ends: list[End] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    """The numbers of runs, by their ids, and by their pipelines and starts."""
    retries: Counter[str] = field(default_factory=Counter)
    """How many failed runs were retried, and how."""

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
        world = self.served[self.pipelines[name]].world
        ident = _ident(self.pipelines[name], name)
        while True:
            await self._rest()
            end = self._ends(name, world.start(ident, self._ending()))
            await self._until_over(end)
            while not end.is_good and self.chance.random() < RETRIED:
                if not await self._is_to_be_retried(end):
                    break
                again = world.retry(ident, end.number, self._ending())
                end = self._ends(name, again)
                await self._until_over(end)

    def _ending(self) -> Ending:
        is_good = self.chance.random() < GOOD
        return Ending.PASSES if is_good else Ending.FAILS

    def _ends(self, name: str, run: SimRun) -> End:
        """Write down how a run that was started now, or once more, is going to end."""
        self.numbers[run.id] = run.number
        view = run.at(self.clock.now() + timedelta(days=1))
        assert view.finished_at is not None
        for begun in filter(None, (run.created_at, view.started_at)):
            self.numbers[f"{name} {int(begun.timestamp())}"] = run.number
        is_good = run.ending is Ending.PASSES
        end = End(name, run.number, is_good, view.finished_at)
        self.ends.append(end)
        return end

    async def _until_over(self, end: End) -> None:
        await self.clock.sleep(max(end.at - self.clock.now(), timedelta()))

    async def _is_to_be_retried(self, end: End) -> bool:
        """Wait until a machine, or somebody who was told, retries; or nobody does."""
        if self.chance.random() < IN_HASTE:
            haste = timedelta(seconds=self.chance.uniform(0, LONGEST_HASTE))
            await self.clock.sleep(haste)
            self.ends[self.ends.index(end)] = replace(end, is_hasty=True)
            self.retries["in haste"] += 1
            return True
        until = self.clock.now() + PATIENCE
        while not self.was_told(end.pipeline, end.number):
            if self.clock.now() > until:
                return False
            await self.clock.sleep(GLANCE)
        self.retries["once told"] += 1
        return True

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
