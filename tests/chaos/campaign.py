"""So many cycles of start, trouble and kill; then quiet, and the ledgers compared."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import yaml

from bot.clock import SystemClock
from bot.demo.slack import LocalSlack
from bot.setup.findings import WRONG
from tests.chaos.bots import POINTS, Life, Nursery, open_nursery
from tests.chaos.checker import Found, compare
from tests.chaos.clouds import ENVIRONMENT, Clouds, open_clouds
from tests.chaos.hearing import hear
from tests.chaos.ledger import Ledgers
from tests.chaos.plan import Outcome, Plan
from tests.chaos.trouble import Trouble, locking, restarting

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

GLANCE = timedelta(seconds=0.5)


@dataclass(kw_only=True)
class _Stage:
    """All that plays in a campaign."""

    plan: Plan
    clock: SystemClock
    chance: Random
    slack: LocalSlack
    clouds: Clouds
    channels: dict[str, str]
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

    async def until_looked_at(self) -> None:
        """Return when every cloud was asked, and had time to be taken in."""
        async with asyncio.timeout(60):
            while not all(cloud.seen for cloud in self.clouds.served.values()):
                await self.clock.sleep(GLANCE)
        await self.clock.sleep(timedelta(seconds=4))

    async def lives(self, count: int) -> None:
        """Start the bot so many times, and kill it each time."""
        for _ in range(count):
            point, times = None, 1
            if self.chance.random() < NAMED:
                point, times = self.chance.choice(POINTS), self.chance.randint(1, 3)
            life = await self.nursery.start(point, times)
            lasts = self.chance.uniform(SHORTEST, self.plan.longest)
            if await life.lasts(timedelta(seconds=lasts)):
                await life.kill()
                point = None
            self.died_at[point or "anywhere"] += 1
            self.kills.append(self.clock.now())
            if life.code != -signal.SIGKILL:
                self.crashes.append(life.code or 0)

    async def stand_still(self) -> None:
        """Have one of several replicas stand still for longer than its lease, often."""
        lives = [await self.nursery.start() for _ in range(self.plan.replicas)]
        for _ in range(self.plan.pauses):
            await self.clock.sleep(timedelta(seconds=self.chance.uniform(1, 5)))
            life = self.chance.choice(lives)
            life.send(signal.SIGSTOP)
            await self.clock.sleep(LEASE + timedelta(seconds=self.chance.uniform(2, 6)))
            life.send(signal.SIGCONT)
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


async def campaign(plan: Plan) -> Outcome:
    """Carry out a plan, and return what came of it."""
    clock = SystemClock()
    begun = clock.now()
    chance = Random(plan.seed)  # noqa: S311 - repeatable on purpose
    async with _stage(plan, clock, chance) as stage:
        first = await stage.nursery.start()
        await stage.until_looked_at()
        trouble = Trouble(
            clock=clock,
            chance=Random(plan.seed + 1),  # noqa: S311 - as above
            slack=stage.slack,
            clouds=tuple(stage.clouds.served.values()),
            disturb_database=(
                restarting(plan.postgres)
                if plan.postgres
                else locking(_file(plan), clock)
            ),
        )
        around = [
            asyncio.create_task(stage.clouds.play()),
            asyncio.create_task(trouble.go_on()),
        ]
        await first.kill()
        if plan.pauses:
            await stage.stand_still()
        share = plan.cycles // plan.replicas
        await asyncio.gather(*(stage.lives(share) for _ in range(plan.replicas)))
        for task in around:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await stage.clouds.settle()
        await stage.run_to_the_end()
        ledgers = stage.ledgers()
        found = compare(ledgers)
        outcome = Outcome(
            plan=plan,
            found=found,
            kills=len(stage.kills),
            died_at=stage.died_at,
            pauses=plan.pauses,
            trouble=trouble.made,
            notices=sum(one.form == "notice" for one in ledgers.said),
            in_vain=stage.crashes.count(WRONG),
            crashes=tuple(code for code in stage.crashes if code != WRONG),
            recoveries=tuple(_recoveries(found, stage.kills)),
            took=clock.now() - begun,
            is_whole=_is_whole(plan),
        )
        _write_down(plan, ledgers, found)
        return outcome


@asynccontextmanager
async def _stage(
    plan: Plan, clock: SystemClock, chance: Random
) -> AsyncIterator[_Stage]:
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
        person = slack.add_user("kim")
        channels = {
            name: slack.add_channel(name, person, slack.bot).id
            for name in clouds.pipelines
        }
        database = plan.folder / "runbell.db"
        url = f"sqlite:///{database}"
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
        yield _Stage(
            plan=plan,
            clock=clock,
            chance=chance,
            slack=slack,
            clouds=clouds,
            channels=channels,
            nursery=nursery,
        )


def _file(plan: Plan) -> Path:
    return plan.folder / "runbell.db"


def _recoveries(found: Found, kills: list[datetime]) -> list[timedelta]:
    return [
        told_at - min(met)
        for happened_at, told_at in found.times
        if (met := [kill for kill in kills if happened_at < kill < told_at])
    ]


def _is_whole(plan: Plan) -> bool:
    if plan.postgres is not None:
        return True  # it looks through its journal by itself when it starts
    with contextlib.closing(sqlite3.connect(_file(plan))) as file:
        [[word]] = file.execute("PRAGMA integrity_check").fetchall()
    return bool(word == "ok")


def _write_down(plan: Plan, ledgers: Ledgers, found: Found) -> None:
    """Leave both ledgers and what is wrong beside the bots' log."""
    lines = [
        *("WRONG: " + what for kind in found.kinds.values() for what in kind),
        *(f"{end.at:%H:%M:%S.%f} true: {end}" for end in ledgers.ends),
        *(f"{said.ts} said: {said}" for said in ledgers.said),
    ]
    text = "\n".join(lines) + "\n"
    (plan.folder / "ledgers.txt").write_text(text, encoding="utf-8")
