"""The stage of a campaign: clouds, Slack, a store, and the bots between them."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import asyncpg  # type: ignore[import-untyped] # it has no types
import yaml

from bot.clock import SystemClock
from bot.demo.slack import LocalSlack
from tests.chaos.bots import POINTS, Life, Nursery, open_nursery
from tests.chaos.checker import compare
from tests.chaos.clouds import ENVIRONMENT, Clouds, open_clouds
from tests.chaos.hearing import hear, hear_in
from tests.chaos.ledger import Ledgers
from tests.chaos.plan import Plan

BOT_TOKEN = "xoxb-chaos"
APP_TOKEN = "xapp-chaos"
SIGNING_SECRET = "chaos-signing-secret"

FRESHNESS = 5
"""Seconds between two looks: the least that the settings allow."""

NAMED = 0.5
"""The share of lives that die at a named point, where they come to it in time."""

SHORTEST = 0.1
"""Seconds that a life lasts at the least."""

LEASE = timedelta(seconds=15)
"""After so long a replica that stands still is taken for dead, and so is its claim."""

SQLITE = "sqlite:///"

OFTEN = 50
"""After so many kills it is said how far it came."""

GLANCE = timedelta(seconds=0.5)


@dataclass(kw_only=True)
class Stage:
    """All that plays in a campaign."""

    plan: Plan
    clock: SystemClock
    chance: Random
    slack: LocalSlack
    clouds: Clouds
    channels: dict[str, str]
    url: str
    """Of the database."""
    nursery: Nursery
    kills: list[datetime] = field(default_factory=list)
    died_at: Counter[str] = field(default_factory=Counter)
    crashes: list[int] = field(default_factory=list)

    def ledgers(self) -> Ledgers:
        """Return both ledgers as they stand now."""
        now = self.clock.now()
        return Ledgers(
            ends=[end for end in self.clouds.ends if end.at <= now],
            said=hear(self.slack, self.channels, self.clouds.numbers),
            channels=self.channels,
        )

    def was_told(self, pipeline: str, number: int) -> bool:
        """Return whether the channel of a pipeline was told of a run."""
        heard = hear_in(self.slack, self.channels[pipeline], self.clouds.numbers)
        return any(s.pipeline == pipeline and s.number >= number for s in heard)

    async def until_looked_at(self) -> None:
        """Return when the first look at every pipeline is kept: from then on it counts.

        It is the only time that anything here looks into the bot's own store.
        """
        async with asyncio.timeout(90):
            while await _looked_at(self.url) < len(self.channels):
                await self.clock.sleep(GLANCE)

    async def lives(self, count: int) -> None:
        """Start the bot and kill it, until it was killed so many times.

        One that ends by itself is no kill; where too many do, it is over.
        """
        killed = ended = 0
        while killed < count and ended <= count:
            if await self._life():
                killed += 1
            else:
                ended += 1
            if killed and len(self.kills) % OFTEN == 0:
                self.plan.say(f"{self.plan.name}: {len(self.kills)} killed")

    async def _life(self) -> bool:
        """Start the bot, and kill it somewhere; whether that is how it ended."""
        point, times = None, 1
        if self.chance.random() < NAMED:
            point, times = self.chance.choice(POINTS), self.chance.randint(1, 3)
        life = await self.nursery.start(point, times)
        lasts = self.chance.uniform(SHORTEST, self.plan.longest)
        if await life.lasts(timedelta(seconds=lasts)):
            await life.kill()
            point = None
        if life.code != -signal.SIGKILL:
            self.crashes.append(life.code or 0)
            return False
        self.died_at[point or "anywhere"] += 1
        self.kills.append(self.clock.now())
        return True

    async def stand_still(self) -> None:
        """Have one of several replicas stand still for longer than its lease, often."""
        lives = [await self.nursery.start() for _ in range(self.plan.replicas)]
        for _ in range(self.plan.pauses):
            await self.clock.sleep(timedelta(seconds=self.chance.uniform(1, 5)))
            life = self.chance.choice(lives)
            life.send(signal.SIGSTOP)
            await self.clock.sleep(LEASE + timedelta(seconds=self.chance.uniform(2, 6)))
            life.send(signal.SIGCONT)
            self.plan.say(f"{self.plan.name}: stood still once more")
        for life in lives:
            await self._stop(life)

    async def run_to_the_end(self) -> None:
        """Let the bot run undisturbed until all is told, or patience ends."""
        lives = [await self.nursery.start() for _ in range(self.plan.replicas)]
        until = self.clock.now() + self.plan.patience
        while compare(self.ledgers()).lost and self.clock.now() < until:
            await self.clock.sleep(GLANCE)
        calls, since = -1, self.clock.now()
        while self.clock.now() < min(since + self.plan.quiet, until):
            await self.clock.sleep(GLANCE)
            if len(self.slack.calls) != calls:
                calls, since = len(self.slack.calls), self.clock.now()
        for life in lives:
            await self._stop(life)

    async def _stop(self, life: Life) -> None:
        """Ask a bot to end; it has to, and to say that all went well."""
        life.send(signal.SIGTERM)
        if await life.lasts(timedelta(seconds=20)):
            await life.kill()
        if life.code != 0:
            self.crashes.append(life.code or 0)


@asynccontextmanager
async def open_stage(
    plan: Plan, clock: SystemClock, chance: Random
) -> AsyncIterator[Stage]:
    """Set the stage for a plan."""
    async with contextlib.AsyncExitStack() as stack:
        clouds = await stack.enter_async_context(
            open_clouds(clock, Random(plan.seed + 2), each=plan.each)  # noqa: S311
        )
        slack = LocalSlack(
            clock,
            Random(plan.seed + 3),  # noqa: S311 - as above
            signing_secret=SIGNING_SECRET,
            bot_token=BOT_TOKEN,
            app_token=APP_TOKEN,
        )
        await stack.enter_async_context(slack)
        slack.limits.per_channel()
        channels = _channels(slack, clouds.pipelines)
        url = f"{SQLITE}{file_of(plan)}"
        if plan.postgres is not None:
            url = await stack.enter_async_context(plan.postgres.database())
        config = plan.folder / "runbell.yml"
        document = {
            "slack": {"api_url": slack.api_url},
            "watch": {"idle": FRESHNESS, "running": FRESHNESS},
            "connections": clouds.connections(),
            "watches": [
                {"target": clouds.target(name), "in": channel}
                for name, channel in channels.items()
            ],
        }
        config.write_text(yaml.safe_dump(document), encoding="utf-8")
        environment = {
            **ENVIRONMENT,
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "RUNBELL_DATABASE_URL": url,
        }
        nursery = await stack.enter_async_context(
            open_nursery(clock, config, plan.folder / "bots.log", environment)
        )
        yield Stage(
            plan=plan,
            clock=clock,
            chance=chance,
            slack=slack,
            clouds=clouds,
            channels=channels,
            url=url,
            nursery=nursery,
        )


def _channels(slack: LocalSlack, pipelines: Iterable[str]) -> dict[str, str]:
    """Make a channel for each pipeline, but one for the last ones of all clouds."""
    person = slack.add_user("kim")
    by_cloud = {name.rpartition("-")[0]: name for name in pipelines}
    together = slack.add_channel("together", person, slack.bot).id
    return {
        name: together
        if name in by_cloud.values()
        else slack.add_channel(name, person, slack.bot).id
        for name in pipelines
    }


async def _looked_at(url: str) -> int:
    """Return of how many pipelines the first look is kept."""
    count = "SELECT count(*) FROM lineages"
    if url.startswith(SQLITE):
        with contextlib.closing(sqlite3.connect(url.removeprefix(SQLITE))) as file:
            try:
                [[found]] = file.execute(count).fetchall()
            except sqlite3.OperationalError:
                found = 0
        return int(found)
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval(count))
    except asyncpg.UndefinedTableError:
        return 0
    finally:
        await connection.close()


def file_of(plan: Plan) -> Path:
    """Return where the database is, where it is a file."""
    return plan.folder / "runbell.db"
